/** What synchronization leaves in the database besides its checkpoint, and how it goes: rows of `settings`. */
import * as z from 'zod/mini';
import type { Scope } from '../catalogue/scope';
import { scope } from '../catalogue/scope-shape';
import { id, ms, readRow } from '../catalogue/shapes';
import { checkpointId } from '../records/append';
import type { Database } from '../storage/database';
import { LOCAL_KEY } from '../sync/session';
import { place } from '../sync/state';

const CAPABILITY = 'cloud-sync';

const keyRow = z.strictObject({
  key: z.literal(LOCAL_KEY),
  cryptoKey: z.custom<CryptoKey>((raw) => raw instanceof CryptoKey && !raw.extractable),
});

export const localKey = async (database: Database): Promise<CryptoKey | undefined> =>
  readRow(keyRow, await database.get('settings', LOCAL_KEY))?.cryptoKey;

/** A deletion of the remote copy that the person chose with a revocation, until it is done or dropped. */
export const ERASURE_KEY = 'sync-erasure';
const erasureRow = z.strictObject({
  key: z.literal(ERASURE_KEY),
  scope,
  /** The grant that it goes with: while that one is live, nothing is deleted. */
  grantId: id,
  place,
  sinceMs: ms,
  tries: z.number().check(z.int(), z.nonnegative()),
  lastTrouble: z.nullable(z.strictObject({ atMs: ms, why: z.string() })),
});
export type ErasureRow = z.infer<typeof erasureRow>;

export const pendingErasure = async (database: Database): Promise<ErasureRow | undefined> =>
  readRow(erasureRow, await database.get('settings', ERASURE_KEY));

/** Origins that the browser's permission is kept for without a grant, until what lies there is deleted. */
export async function pendingScopes(database: Database): Promise<Scope[]> {
  const row = await pendingErasure(database);
  return row?.place.kind === 'webdav' ? [row.scope] : [];
}

/** Rows that are no data of the person's, and that no file can hold. */
export const notExported: readonly string[] = [LOCAL_KEY];

/** What an erasure of everything leaves: the deletion that is still to be done, and what it needs. */
export const keptForErasure = async (database: Database): Promise<readonly string[]> =>
  (await pendingErasure(database)) ? [ERASURE_KEY, LOCAL_KEY] : [];

/**
 * Erases what synchronization kept of grants that are not `live`: checkpoints, and the device's own key once nothing is
 * sealed with it. In one transaction with what it rests on.
 */
export async function forgetSync(database: Database, live: readonly { readonly grantId: string }[]): Promise<void> {
  const transaction = database.transaction(['uses', 'settings'], 'readwrite');
  const [uses, settings] = [transaction.objectStore('uses'), transaction.objectStore('settings')];
  const kept = live.map(({ grantId }) => checkpointId(grantId));
  const range = IDBKeyRange.bound([CAPABILITY], [`${CAPABILITY}\u0000`], false, true);
  for (const key of await uses.index('capability').getAllKeys(range)) {
    if (key.endsWith('|checkpoint') && !kept.includes(key)) uses.delete(key);
  }
  if (live.length === 0 && (await settings.get(ERASURE_KEY)) === undefined) settings.delete(LOCAL_KEY);
  await transaction.done;
}

/** 'Everything about me': one export of all that is kept, and one erasure of all that can go. */
import type { StoreNames } from 'idb';
import { readRows } from '../catalogue/shapes';
import { grantRow, intentRow } from '../grants/schema';
import type { ErasedEverything, StoredRow } from '../messages/contract';
import type { Database, Stores } from '../storage/database';
import { type Core, HALTED_KEY, HEAD_KEY } from './core';
import { keptForErasure, notExported } from './sync-rows';

const BATCH = 250;

/** Every row of every store, as it is. A store that a later version adds comes along by itself. */
export async function* everything(core: Core): AsyncGenerator<readonly StoredRow[], void, void> {
  const { database } = core.openStatus();
  for (const store of database.objectStoreNames) yield* rowsOf(database, store);
  for (const key of [HEAD_KEY, HALTED_KEY]) {
    const value = await core.ports.local.get(key);
    if (value !== undefined) yield [{ store: 'local', row: { key, value } }];
  }
}

async function* rowsOf(
  database: Database,
  store: StoreNames<Stores>,
): AsyncGenerator<readonly StoredRow[], void, void> {
  for (let from: IDBValidKey | undefined; ; ) {
    const range = from === undefined ? null : IDBKeyRange.lowerBound(from, true);
    const transaction = database.transaction(store);
    // The key is not read out of the row: it may be a damaged one.
    const [keys, rows] = await Promise.all([
      transaction.store.getAllKeys(range as never, BATCH),
      transaction.store.getAll(range as never, BATCH),
    ]);
    // Keys that can't be read out have no form in a file.
    const written = rows.filter((row) => !('key' in row && notExported.includes(String(row.key))));
    if (written.length > 0) yield written.map((row) => ({ store, row }));
    if (rows.length < BATCH) return;
    from = keys.at(-1);
  }
}

/**
 * Rows of `settings` that an erasure leaves: which database this is, which policy it knows (the next start would otherwise
 * take this for a lost history, or keep quiet about a new policy), and up to which entry news was dismissed. A deletion of
 * the copy at a place of synchronization that is still to be done stays with what it needs.
 */
const keptSettings: readonly string[] = ['database', 'policy', 'told'];

/**
 * Takes back every live grant, then erases all but the history, the present state of each permission, and the notices
 * that these rest on. What stays is what keeps a revocation in force and on record.
 */
export async function eraseEverything(core: Core): Promise<ErasedEverything> {
  const { stopped } = await core.stopAll();
  // One that was taken back earlier may not be on record either.
  const undurable = core.undurable.length;
  if (undurable > 0) return { kind: 'not-stopped', undurable };
  const { database, archive, book } = core.openStatus();
  const records = await archive.eraseEverything();
  const { grants } = await book.everything();
  for (const { capability, scope, seals } of grants) {
    if (seals.length === 0) continue;
    await book.unseal(
      capability,
      scope,
      seals.map((seal) => seal.grantId),
    );
  }
  const notices = await eraseNotices(database);
  const settings = await eraseSettings(database);
  await book.note('erased', 'person', { details: { what: 'everything', records, notices, settings } });
  return { kind: 'erased', stopped, records, notices, settings };
}

/** Notices that neither a grant nor an open question refers to. */
async function eraseNotices(database: Database): Promise<number> {
  const transaction = database.transaction(['grants', 'intents', 'notices'], 'readwrite');
  const notices = transaction.objectStore('notices');
  const [grants, intents, hashes] = await Promise.all([
    transaction.objectStore('grants').getAll(),
    transaction.objectStore('intents').getAll(),
    notices.getAllKeys(),
  ]);
  const refs = [...readRows(grantRow, grants).rows, ...readRows(intentRow, intents).rows];
  const needed = new Set(refs.map((row) => row.notice?.hash));
  const spare = hashes.filter((hash) => !needed.has(hash));
  for (const hash of spare) notices.delete(hash);
  await transaction.done;
  return spare.length;
}

async function eraseSettings(database: Database): Promise<number> {
  const kept = [...keptSettings, ...(await keptForErasure(database))];
  const transaction = database.transaction('settings', 'readwrite');
  const spare = (await transaction.store.getAllKeys()).filter((key) => !kept.includes(key));
  for (const key of spare) transaction.store.delete(key);
  await transaction.done;
  return spare.length;
}

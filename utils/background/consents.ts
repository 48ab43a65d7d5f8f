/** Consent records out of the book, batch by batch: of a long ledger only what a record needs is held. */
import * as z from 'zod/mini';
import type { CapabilityId } from '../catalogue/catalogue';
import type { Scope } from '../catalogue/scope';
import { id, readRow, readRows } from '../catalogue/shapes';
import { type ConsentEntry, consentRecord, noticeOf } from '../exports/consent-records';
import { type LedgerEntry, ledgerEntry } from '../grants/ledger-entry';
import { type Grant, grantRow } from '../grants/schema';
import type { ConsentRecord } from '../messages/contract';
import type { Ids } from '../platform/ids';
import type { Database } from '../storage/database';

const BATCH = 250;

/** The ledger's rows as they are, oldest first: verification is for whoever reads them. */
export async function* ledgerBatches(database: Database): AsyncGenerator<readonly LedgerEntry[], void, void> {
  const read = (from: number) => database.getAll('ledger', IDBKeyRange.lowerBound(from, true), BATCH);
  for (let reading = read(0); ; ) {
    const batch = (await reading) as LedgerEntry[];
    const last = batch.at(-1);
    if (last === undefined) return;
    // The next ones are read while these are worked on; a reader that leaves early leaves that answer unheard.
    reading = read(last.seq);
    reading.catch(() => undefined);
    yield batch;
    if (batch.length < BATCH) return;
  }
}

/** The entries about one capability, oldest first. */
async function* entriesAbout(
  database: Database,
  capability: CapabilityId,
): AsyncGenerator<readonly object[], void, void> {
  for (let from = 0; ; ) {
    const range = IDBKeyRange.bound([capability, from], [capability, Number.MAX_SAFE_INTEGER], true);
    const batch = await database.getAllFromIndex('ledger', 'capability', range, BATCH);
    if (batch.length > 0) yield batch;
    if (batch.length < BATCH) return;
    from = (batch.at(-1) as { seq: number }).seq;
  }
}

const keyOf = ({ capability, scope }: Pick<ConsentEntry, 'capability' | 'scope'>): string => `${capability} ${scope}`;

/** The entries of these grants, by grant. */
async function entriesOf(
  batches: AsyncIterable<readonly object[]>,
  grants: readonly Grant[],
): Promise<Map<string, ConsentEntry[]>> {
  const found = new Map<string, ConsentEntry[]>(grants.map((grant) => [keyOf(grant), []]));
  for await (const batch of batches) {
    for (const { capability, scope, seq, atMs, kind, by, hash } of readRows(ledgerEntry, batch).rows) {
      found.get(keyOf({ capability, scope }))?.push({ capability, scope, seq, atMs, kind, by, hash });
    }
  }
  return found;
}

const recordOf = async (database: Database, grant: Grant, entries: readonly ConsentEntry[]): Promise<ConsentRecord> =>
  consentRecord(grant, entries, grant.notice ? noticeOf(await database.get('notices', grant.notice.hash)) : null);

/** One record a grant, each a batch of its own. */
export async function* consentRecords(database: Database): AsyncGenerator<readonly ConsentRecord[], void, void> {
  const { rows } = readRows(grantRow, await database.getAll('grants'));
  const entries = await entriesOf(ledgerBatches(database), rows);
  for (const grant of rows) yield [await recordOf(database, grant, entries.get(keyOf(grant)) ?? [])];
}

/** The record of one grant; `null` where nothing was ever decided about it. */
export async function consentOf(
  database: Database,
  capability: CapabilityId,
  scope: Scope,
): Promise<ConsentRecord | null> {
  const grant = readRow(grantRow, await database.get('grants', [capability, scope]));
  if (!grant) return null;
  const entries = await entriesOf(entriesAbout(database, capability), [grant]);
  return recordOf(database, grant, entries.get(keyOf(grant)) ?? []);
}

const SUBJECT_KEY = 'subject';
const subjectRow = z.strictObject({ key: z.literal(SUBJECT_KEY), id });

/** The random id that stands for the person in consent records. It is made when the first record is, and sent nowhere. */
export async function subjectId(database: Database, ids: Ids, how: 'look' | 'make' | 'renew'): Promise<string | null> {
  if (how === 'look') return readRow(subjectRow, await database.get('settings', SUBJECT_KEY))?.id ?? null;
  const transaction = database.transaction('settings', 'readwrite', { durability: 'strict' });
  const known = readRow(subjectRow, await transaction.store.get(SUBJECT_KEY))?.id;
  const wanted = known === undefined || how === 'renew' ? ids.fresh() : known;
  if (wanted !== known) transaction.store.put({ key: SUBJECT_KEY, id: wanted });
  await transaction.done;
  return wanted;
}

/** A fresh database and a book on it, with a clock and ids that a test holds. */
import { IDBFactory } from 'fake-indexeddb';
import { Book } from '../../utils/grants/book';
import { ChainVerifier } from '../../utils/grants/chain';
import type { LedgerEntry, NoticeRef } from '../../utils/grants/ledger-entry';
import type { HeadMark } from '../../utils/grants/schema';
import type { Clock } from '../../utils/platform/clock';
import { hashOf } from '../../utils/platform/hash';
import type { Ids } from '../../utils/platform/ids';
import { type Database, openDatabase } from '../../utils/storage/database';

export const START_MS = 1_800_000_000_000;

export class TestClock implements Clock {
  constructor(public at = START_MS) {}
  nowMs(): number {
    return this.at;
  }
}

export class TestIds implements Ids {
  #last = 0;
  fresh(): string {
    this.#last += 1;
    return `id-${this.#last}`;
  }
}

export async function freshDatabase(): Promise<Database> {
  globalThis.indexedDB = new IDBFactory();
  const opened = await openDatabase({ onLost: () => undefined });
  if (opened.kind !== 'open') throw new Error(`no database: ${opened.kind}`);
  return opened.database;
}

export interface Opened {
  readonly database: Database;
  readonly book: Book;
  readonly clock: TestClock;
  readonly commits: { head: HeadMark; entries: readonly LedgerEntry[] }[];
}

export async function freshBook(): Promise<Opened> {
  const database = await freshDatabase();
  const clock = new TestClock();
  const commits: Opened['commits'] = [];
  const book = new Book(database, 'database-1', clock, new TestIds(), (head, entries) =>
    commits.push({ head, entries }),
  );
  return { database, book, clock, commits };
}

export const ledgerOf = async (database: Database): Promise<LedgerEntry[]> =>
  (await database.getAll('ledger')) as LedgerEntry[];

export async function verdictOf(database: Database) {
  const verifier = new ChainVerifier();
  verifier.add(await database.getAll('ledger'));
  return verifier.verdict();
}

export const noticeRef = (text = 'notice'): NoticeRef => ({
  hash: hashOf(text),
  policyVersion: '2019-01',
  language: 'en',
  clauses: [],
});

/**
 * Runs in an extension page of a copy of the build (`builds.ts`): the project's own write function, book and chain on a
 * database of their own, timed in the page itself. `measure.ts` calls it by `window.cloudoptBench`.
 */
import { openDB } from 'idb';
import type { Scope } from '../../utils/catalogue/scope';
import { Book } from '../../utils/grants/book';
import { ChainVerifier, link } from '../../utils/grants/chain';
import type { LedgerEntry, NoticeRef } from '../../utils/grants/ledger-entry';
import type { RecordDraft } from '../../utils/leases/lease';
import { localDay, systemClock } from '../../utils/platform/clock';
import { randomIds } from '../../utils/platform/ids';
import { Appender, ROWS_PER_TRANSACTION } from '../../utils/records/append';
import { DATABASE_VERSION, type Database, migrations, type Stores } from '../../utils/storage/database';
import { encodeDocument } from '../../utils/sync/document';
import {
  makePassphrase,
  newKeyring,
  openDocument,
  openKeyring,
  sealDocument,
  sealKeyring,
} from '../../utils/sync/envelope';

const NAME = 'cloudopt-bench';
const SITE = 'shop.example';
const CAPABILITY = 'site-insight';
/** Rows that the options page reads at once while it verifies. */
const VERIFY_ROWS = 250;
const STAMPS_FROM_MS = Date.UTC(2026, 0, 1);
const YEAR_MS = 365 * 86_400_000;
/** Links of the chain that one transaction of the preparation puts. */
const BULK_ROWS = 2000;

export type Breadth = 'one site' | 'all sites';
const scopes: Readonly<Record<Breadth, Scope>> = { 'one site': `*://${SITE}/*` as Scope, 'all sites': '*' as Scope };

type Authority = Parameters<Appender['append']>[0];

async function open(): Promise<Database> {
  return await openDB<Stores>(NAME, DATABASE_VERSION, {
    upgrade(db, from, _to, transaction) {
      for (const migration of migrations.slice(from)) {
        migration.up(db as unknown as IDBDatabase, transaction as unknown as IDBTransaction);
      }
    },
  });
}

const bookOf = (database: Database): Book => new Book(database, 'bench', systemClock, randomIds, () => undefined);

async function allow(book: Book, breadth: Breadth): Promise<Authority> {
  const scope = scopes[breadth];
  const changed = await book.change({ capability: CAPABILITY, scope, event: 'allow', by: 'person', notice: notice() });
  if (changed.kind !== 'changed') throw new Error(`not granted: ${changed.kind}`);
  const { grantId, epoch } = changed.fence;
  return { capability: CAPABILITY, scope, grantId, epoch, signal: new AbortController().signal };
}

const notice = (): NoticeRef => ({
  hash: 'a'.repeat(64),
  policyVersion: '2019-01',
  language: 'en',
  clauses: [
    { id: 'I.5', hash: 'b'.repeat(64) },
    { id: 'III', hash: 'c'.repeat(64) },
  ],
});

let made = 0;

/** Drafts as site insight hands them in. */
function drafts(rows: number): RecordDraft[] {
  return Array.from({ length: rows }, () => {
    made += 1;
    const party = `cdn${made % 40}.ads.example`;
    return {
      key: `visit${Math.trunc(made / 40)}|${party}`,
      site: SITE,
      atMs: Date.now(),
      data: { party, requests: 3 },
    };
  });
}

/** The rows that the write function makes of them. */
function rowsOf({ capability, scope, grantId, epoch }: Authority, given: readonly RecordDraft[]): object[] {
  return given.map(({ key, site, atMs, data }) => ({
    ...data,
    capability,
    scope,
    grantId,
    epoch,
    id: `${grantId}|${key}`,
    site,
    atMs,
    day: localDay(atMs),
  }));
}

/** The same store and durability, over records alone and without a fence. */
async function putBare(database: Database, rows: readonly object[]): Promise<void> {
  const transaction = database.transaction('records', 'readwrite');
  for (const row of rows) void transaction.store.put(row);
  await transaction.done;
}

async function timed(task: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await task();
  return performance.now() - began;
}

/** Milliseconds of each write, fenced and bare by turns on rows made beforehand. */
async function writes(breadth: Breadth, rows: number, pairs: number): Promise<{ fenced: number[]; bare: number[] }> {
  const database = await open();
  await database.clear('records');
  const lease = await allow(bookOf(database), breadth);
  const appender = new Appender(database, systemClock);
  const fenced: number[] = [];
  const bare: number[] = [];
  // The first few pairs compile the code.
  const warmUps = 5;
  for (let pair = -warmUps; pair < pairs; pair += 1) {
    const records = drafts(rows);
    const ready = rowsOf(lease, drafts(rows));
    const one = async () => {
      const ms = await timed(() => appender.append(lease, { records }));
      if (pair >= 0) fenced.push(ms);
    };
    const other = async () => {
      const ms = await timed(() => putBare(database, ready));
      if (pair >= 0) bare.push(ms);
    };
    // Whoever comes second works beside what the first one left to the disk: each does it as often.
    for (const write of pair % 2 === 0 ? [one, other] : [other, one]) await write();
  }
  database.close();
  return { fenced, bare };
}

/** Milliseconds from the call of a revocation to its commit, one of each trial, with one writer at full speed. */
async function revocations(trials: number): Promise<number[]> {
  const database = await open();
  await database.clear('records');
  const book = bookOf(database);
  const appender = new Appender(database, systemClock);
  const measured: number[] = [];
  for (let trial = 0; trial < trials; trial += 1) {
    const lease = await allow(book, 'all sites');
    let written = 0;
    let flowing: () => void = () => undefined;
    const due = 2 + Math.trunc(Math.random() * 4);
    const midway = new Promise<void>((resolve) => {
      flowing = resolve;
    });
    const flood = (async () => {
      // The signal stays quiet, so that nothing but the fence ends the flood.
      for (;;) {
        const { kind } = await appender.append(lease, { records: drafts(ROWS_PER_TRANSACTION) });
        if (kind !== 'kept') return kind;
        written += 1;
        if (written === due) flowing();
      }
    })();
    await midway;
    // At any point of the next write. Not by a timer: a flood keeps Firefox from its timers for seconds.
    for (let turns = Math.trunc(Math.random() * 20); turns > 0; turns -= 1) await nextTask();
    const { capability, scope } = lease;
    measured.push(await timed(() => book.change({ capability, scope: scope as Scope, event: 'revoke', by: 'person' })));
    const end = await flood;
    if (end !== 'stale-lease') throw new Error(`the flood ended with ${end}`);
    await database.clear('records');
  }
  database.close();
  return measured;
}

/** Entries a second, one a transaction, each durable before the next. */
async function ledgerAppends(entries: number): Promise<number> {
  const database = await open();
  const book = bookOf(database);
  const ms = await timed(async () => {
    for (let left = entries; left > 0; left -= 1) {
      const about = { capability: CAPABILITY, scope: scopes['one site'], details: { records: left } } as const;
      await book.note('erased', 'person', about);
    }
  });
  database.close();
  return entries / (ms / 1000);
}

/** A chain of `asked`, `granted` and `revoked` in the database, in place of what was there. */
async function makeChain(entries: number): Promise<void> {
  const database = await open();
  await database.clear('ledger');
  let last: LedgerEntry | undefined;
  const kinds = ['asked', 'granted', 'revoked'] as const;
  while ((last?.seq ?? 0) < entries) {
    const transaction = database.transaction('ledger', 'readwrite', { durability: 'relaxed' });
    for (let left = Math.min(BULK_ROWS, entries - (last?.seq ?? 0)); left > 0; left -= 1) {
      const epoch: number = Math.trunc((last?.seq ?? 0) / 3) + 1;
      last = link(last, {
        atMs: Date.now(),
        kind: kinds[(last?.seq ?? 0) % 3] ?? 'asked',
        capability: CAPABILITY,
        scope: scopes['one site'],
        grantId: crypto.randomUUID(),
        epoch,
        maxEpoch: epoch,
        by: 'person',
        notice: notice(),
        details: { lifetime: 'until-revoked' },
      });
      void transaction.store.put(last);
    }
    await transaction.done;
  }
  database.close();
}

/** Entries a second, the next ones read while some are verified, as the options page does with its stream. */
async function verifyChain(entries: number): Promise<{ perSecond: number; verifyingShare: number }> {
  const database = await open();
  const verifier = new ChainVerifier();
  const read = (after: number) =>
    database.getAll('ledger', IDBKeyRange.lowerBound(after, true), VERIFY_ROWS) as Promise<LedgerEntry[]>;
  let verifyingMs = 0;
  const ms = await timed(async () => {
    let next = read(0);
    for (;;) {
      const rows = await next;
      const last = rows.at(-1);
      if (!last) return;
      next = read(last.seq);
      const began = performance.now();
      const whole = verifier.add(rows);
      verifyingMs += performance.now() - began;
      if (!whole) return;
    }
  });
  database.close();
  const verdict = verifier.verdict();
  if (verdict.kind !== 'intact' || verdict.entries !== entries) throw new Error(JSON.stringify(verdict));
  return { perSecond: entries / (ms / 1000), verifyingShare: verifyingMs / ms };
}

function nextTask(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

/** Milliseconds of sealing and opening, and the bytes of a document of many settings, each with a stamp of its own. */
async function envelope(hosts: readonly string[], documents: number, keyFiles: number) {
  const keyring = newKeyring();
  const entries = hosts.map((host, n) => {
    // Apart by odd seconds: stamps that compress well would flatter.
    const at = { ms: STAMPS_FROM_MS + Math.round(((n * 0.618_033_988) % 1) * YEAR_MS), n: 0, by: `device-${n % 4}` };
    return [`protection.host/${host}`, { at, value: n % 2 ? 'allow' : 'block' }] as const;
  });
  const bytes = encodeDocument({ entries: Object.fromEntries(entries) });
  const sealMs: number[] = [];
  const openMs: number[] = [];
  const sealKeysMs: number[] = [];
  const openKeysMs: number[] = [];
  let text = '';
  for (let n = 0; n < documents; n += 1) {
    const sealing = async () => {
      const sealed = await sealDocument(bytes, keyring);
      if (sealed.kind !== 'sealed') throw new Error(sealed.kind);
      text = sealed.text;
    };
    const opening = async () => {
      const opened = await openDocument(text, keyring);
      if (opened.kind !== 'opened' || opened.bytes.length !== bytes.length) throw new Error(opened.kind);
    };
    sealMs.push(await timed(sealing));
    openMs.push(await timed(opening));
  }
  const passphrase = makePassphrase();
  for (let n = 0; n < keyFiles; n += 1) {
    let file = '';
    const sealing = async () => {
      file = await sealKeyring(keyring, passphrase);
    };
    const opening = async () => {
      const opened = await openKeyring(file, { passphrase });
      if (opened.kind !== 'opened') throw new Error(opened.kind);
    };
    sealKeysMs.push(await timed(sealing));
    openKeysMs.push(await timed(opening));
  }
  return { sealMs, openMs, sealKeysMs, openKeysMs, plainBytes: bytes.length, sealedBytes: text.length };
}

const harness = { writes, revocations, ledgerAppends, makeChain, verifyChain, envelope };
export type Harness = typeof harness;
Object.assign(window, { cloudoptBench: harness });

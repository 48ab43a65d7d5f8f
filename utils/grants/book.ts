/**
 * The book: the only code that changes `fences`, `grants`, `ledger`, `notices` and `intents`. Each change of a grant is one
 * strict-durability transaction, so that state, fence and history can't disagree.
 */
import type { IDBPTransaction } from 'idb';
import type { CapabilityId, Lifetime } from '../catalogue/catalogue';
import { ALL, type Scope } from '../catalogue/scope';
import { readRow, readRows } from '../catalogue/shapes';
import { type Clock, DAY_MS, HOUR_MS } from '../platform/clock';
import { hashOf } from '../platform/hash';
import type { Ids } from '../platform/ids';
import type { Database, Stores } from '../storage/database';
import { link, type Unlinked } from './chain';
import { type Actor, type LedgerEntry, type LedgerKind, ledgerEntry, type NoticeRef } from './ledger-entry';
import { type GrantEvent, isLive, transition } from './machine';
import { type Fence, fenceRow, type Grant, grantRow, type HeadMark, type Intent, intentRow, type Seal } from './schema';

/** Days that the records of an ended grant stay, sealed, unless the person erases them. */
export const SEALED_DAYS = 30;
/** Days after 'not now' in which nothing offers the capability on its own. */
export const QUIET_DAYS = 7;
/** Numbers that entries have. A damaged row beyond them, or with another kind of key, is no end of the history. */
const SEQ_MAX = 2 ** 48;
/** Damaged rows at the end behind which the latest whole entry is looked for. */
const DAMAGED_LOOKBACK = 250;
/** Entries among which a prompt's answer is looked for. */
const SETTLING_LOOKBACK = 50;
/** How long a click on Allow waits for the browser's own prompt to be answered. */
export const INTENT_MS = 10 * 60 * 1000;

export interface Change {
  readonly capability: CapabilityId;
  readonly scope: Scope;
  readonly event: GrantEvent;
  readonly by: Actor;
  /** With `allow`: what the person chose. */
  readonly lifetime?: Lifetime;
  readonly session?: string | null;
  readonly notice?: NoticeRef | null;
  /** Takes this site out of a live grant for all sites. */
  readonly exclude?: boolean;
  /** The prompt that this settles; its row goes in the same transaction. */
  readonly nonce?: string;
  readonly details?: LedgerEntry['details'];
}

export type Changed =
  | { kind: 'changed'; grant: Grant; fence: Fence; entry: LedgerEntry; before: Grant | undefined }
  /** The state machine knows no such transition: nothing was written. */
  | { kind: 'unchanged'; grant: Grant | undefined }
  /** The prompt that it would settle is gone: another one settled it. Nothing was written. */
  | { kind: 'settled-already'; grant: Grant | undefined };

type BookStores = ['fences', 'grants', 'ledger', 'outbox', 'intents', 'notices'];
type BookTransaction = IDBPTransaction<Stores, BookStores, 'readwrite'>;
const bookStores: BookStores = ['fences', 'grants', 'ledger', 'outbox', 'intents', 'notices'];

export interface Everything {
  readonly grants: readonly Grant[];
  readonly fences: readonly Fence[];
  readonly intents: readonly Intent[];
  /** Rows of these stores that don't parse: nothing rests on them. */
  readonly unreadable: number;
}

/** The end of the history, as what comes next is linked to it. */
interface End {
  readonly last: Pick<LedgerEntry, 'seq' | 'hash'> | undefined;
  readonly maxEpoch: number;
}

/** The seals of a grant's row, once these grants have ended. */
const sealed = (kept: readonly Seal[], ended: readonly string[], scope: Scope, atMs: number): Seal[] => [
  ...kept.filter((seal) => !ended.includes(seal.grantId)),
  ...ended.map((grantId): Seal => ({ grantId, scope, atMs, eraseAtMs: atMs + SEALED_DAYS * DAY_MS })),
];

const numbered = (): IDBKeyRange => IDBKeyRange.bound(1, SEQ_MAX);

/** What stands for a damaged row in the chain; some of what a database can hold has no canonical JSON. */
function hashOfDamaged(raw: unknown): string {
  try {
    return hashOf(raw);
  } catch {
    return hashOf(null);
  }
}

export class Book {
  constructor(
    private readonly database: Database,
    private readonly databaseId: string,
    private readonly clock: Clock,
    private readonly ids: Ids,
    /** Called after each commit, with the new head and the entries that led to it. */
    private readonly committed: (head: HeadMark, entries: readonly LedgerEntry[]) => void,
  ) {}

  /** Applies one event to one grant. Rejects where the transaction can't commit: then nothing was written. */
  async change(change: Change): Promise<Changed> {
    return await this.#write(async (transaction) => {
      const result = await this.#apply(transaction, change);
      return { result, entries: result.kind === 'changed' ? [result.entry] : [] };
    });
  }

  /** Writes that a prompt is on screen: its row, the notice that it shows, and 'asked'. */
  async open(intent: Omit<Intent, 'openedAtMs' | 'allowed'>, notice: object): Promise<LedgerEntry> {
    return await this.#write(async (transaction) => {
      const [raw, end] = await Promise.all([
        transaction.objectStore('grants').get([intent.capability, intent.scope]),
        this.#end(transaction),
      ]);
      const grant = readRow(grantRow, raw);
      const atMs = this.clock.nowMs();
      transaction.objectStore('notices').put({ hash: intent.notice.hash, notice });
      transaction.objectStore('intents').put({ ...intent, openedAtMs: atMs, allowed: null });
      const asked = this.#append(transaction, end, {
        kind: 'asked',
        by: 'person',
        capability: intent.capability,
        scope: intent.scope,
        grantId: grant?.grantId ?? null,
        epoch: grant?.epoch ?? 0,
        notice: intent.notice,
      });
      return { result: asked, entries: [asked] };
    });
  }

  /** Writes that Allow was clicked. `false` where the prompt is gone or was answered. */
  async intend(nonce: string, scope: Scope, lifetime: Lifetime): Promise<boolean> {
    const transaction = this.database.transaction('intents', 'readwrite', { durability: 'strict' });
    const intent = readRow(intentRow, await transaction.store.get(nonce));
    if (intent) {
      const atMs = this.clock.nowMs();
      transaction.store.put({ ...intent, allowed: { scope, lifetime, atMs, expiresAtMs: atMs + INTENT_MS } });
    }
    await transaction.done;
    return intent !== undefined;
  }

  async intent(nonce: string): Promise<Intent | undefined> {
    return readRow(intentRow, await this.database.get('intents', nonce));
  }

  /** The entry that settled a prompt, if it is among the latest: whoever settled it, the page can still be told how. */
  async settling(nonce: string): Promise<LedgerEntry | undefined> {
    let cursor = await this.database.transaction('ledger').store.openCursor(numbered(), 'prev');
    for (let left = SETTLING_LOOKBACK; cursor && left > 0; left -= 1) {
      const entry = readRow(ledgerEntry, cursor.value);
      if (entry?.details.prompt === nonce) return entry;
      cursor = await cursor.continue();
    }
    return undefined;
  }

  /** Entries that change no grant's state: `handed-back`, `erased`, `exported`, `policy-changed`, `history-lost`. */
  async note(
    kind: LedgerKind,
    by: Actor,
    about: Partial<Pick<Unlinked, 'capability' | 'scope' | 'grantId' | 'epoch' | 'details' | 'maxEpoch'>> = {},
  ): Promise<LedgerEntry> {
    return await this.#write(async (transaction) => {
      const noted = this.#append(transaction, await this.#end(transaction), { kind, by, ...about });
      return { result: noted, entries: [noted] };
    });
  }

  /** Takes seals off a grant's row once their records are erased. */
  async unseal(capability: CapabilityId, scope: Scope, grantIds: readonly string[]): Promise<void> {
    const transaction = this.database.transaction('grants', 'readwrite', { durability: 'strict' });
    const grant = readRow(grantRow, await transaction.store.get([capability, scope]));
    if (grant) {
      transaction.store.put({ ...grant, seals: grant.seals.filter((seal) => !grantIds.includes(seal.grantId)) });
    }
    await transaction.done;
  }

  /** Raises the latest time seen of live timed grants, and the time of the last use of all given ones. */
  async touch(nowMs: number, lastUsedMs: ReadonlyMap<string, number>): Promise<void> {
    const transaction = this.database.transaction(['fences', 'grants'], 'readwrite');
    const { rows: fences } = readRows(fenceRow, await transaction.objectStore('fences').getAll());
    for (const fence of fences) {
      if (fence.live && fence.validUntilMs !== null && fence.latestSeenMs < nowMs) {
        transaction.objectStore('fences').put({ ...fence, latestSeenMs: nowMs });
      }
    }
    const { rows: grants } = readRows(grantRow, await transaction.objectStore('grants').getAll());
    for (const grant of grants) {
      const usedMs = lastUsedMs.get(grant.grantId) ?? 0;
      if (usedMs > grant.lastUsedMs) transaction.objectStore('grants').put({ ...grant, lastUsedMs: usedMs });
    }
    await transaction.done;
  }

  async everything(): Promise<Everything> {
    const transaction = this.database.transaction(['grants', 'fences', 'intents']);
    const [grants, fences, intents] = await Promise.all([
      transaction.objectStore('grants').getAll(),
      transaction.objectStore('fences').getAll(),
      transaction.objectStore('intents').getAll(),
    ]);
    const read = {
      grants: readRows(grantRow, grants),
      fences: readRows(fenceRow, fences),
      intents: readRows(intentRow, intents),
    };
    return {
      grants: read.grants.rows,
      fences: read.fences.rows,
      intents: read.intents.rows,
      unreadable: read.grants.unreadable + read.fences.unreadable + read.intents.unreadable,
    };
  }

  async fence(capability: CapabilityId, scope: Scope): Promise<Fence | undefined> {
    return readRow(fenceRow, await this.database.get('fences', [capability, scope]));
  }

  async head(): Promise<HeadMark> {
    const cursor = await this.database.transaction('ledger').store.openCursor(numbered(), 'prev');
    const last = readRow(ledgerEntry, cursor?.value);
    return this.#mark(last);
  }

  #mark(last: LedgerEntry | undefined): HeadMark {
    return {
      databaseId: this.databaseId,
      seq: last?.seq ?? 0,
      hash: last?.hash ?? '0'.repeat(64),
      maxEpoch: last?.maxEpoch ?? 0,
    };
  }

  async #write<T>(work: (transaction: BookTransaction) => Promise<{ result: T; entries: LedgerEntry[] }>): Promise<T> {
    const transaction = this.database.transaction(bookStores, 'readwrite', { durability: 'strict' });
    // A put that fails aborts the transaction, and `done` says so; nobody else may meet that rejection unhandled.
    transaction.done.catch(() => undefined);
    try {
      const { result, entries } = await work(transaction);
      await transaction.done;
      if (entries.length > 0) this.committed(this.#mark(entries.at(-1)), entries);
      return result;
    } catch (error) {
      try {
        transaction.abort();
      } catch (alreadyOver) {
        if (!(alreadyOver instanceof DOMException)) throw alreadyOver;
      }
      throw error;
    }
  }

  /** Where the history ends, and the epochs known there; an end that doesn't parse keeps its place in the numbering. */
  async #end(transaction: BookTransaction): Promise<End> {
    let cursor = await transaction.objectStore('ledger').openCursor(numbered(), 'prev');
    if (!cursor) return { last: undefined, maxEpoch: 0 };
    const seq = Math.trunc(cursor.key);
    const raw = cursor.value;
    // Epochs go on above the latest whole entry, whatever was damaged after it.
    for (let left = DAMAGED_LOOKBACK; cursor && left > 0; left -= 1) {
      const entry = readRow(ledgerEntry, cursor.value);
      if (entry)
        return { last: cursor.key === seq ? entry : { seq, hash: hashOfDamaged(raw) }, maxEpoch: entry.maxEpoch };
      cursor = await cursor.continue();
    }
    return { last: { seq, hash: hashOfDamaged(raw) }, maxEpoch: 0 };
  }

  #append(
    transaction: BookTransaction,
    { last, maxEpoch: known }: End,
    entry: Pick<Unlinked, 'kind' | 'by'> & Partial<Unlinked>,
  ): LedgerEntry {
    const linked = link(last, {
      capability: null,
      scope: null,
      grantId: null,
      epoch: 0,
      notice: null,
      details: {},
      ...entry,
      atMs: this.clock.nowMs(),
      maxEpoch: Math.max(known, entry.maxEpoch ?? 0, entry.epoch ?? 0),
    });
    transaction.objectStore('ledger').put(linked);
    return linked;
  }

  async #apply(transaction: BookTransaction, change: Change): Promise<Changed> {
    const { capability, scope, event, by, nonce } = change;
    const [grants, intents] = [transaction.objectStore('grants'), transaction.objectStore('intents')];
    const outbox = transaction.objectStore('outbox');
    // All that is read is asked for at once: a revocation under a flood of writes waits for one way there and back.
    const [raw, intent, rawFences, rawBroad, waiting, end] = await Promise.all([
      grants.get([capability, scope]),
      nonce === undefined ? undefined : intents.get(nonce),
      transaction.objectStore('fences').getAll(),
      change.exclude ? grants.get([capability, ALL]) : undefined,
      outbox.index('capability').getAllKeys(capability),
      this.#end(transaction),
    ]);
    const before = readRow(grantRow, raw);
    if (nonce !== undefined) {
      if (intent === undefined) return { kind: 'settled-already', grant: before };
      intents.delete(nonce);
    }
    const step = transition(before?.state ?? 'off', event);
    if (!step) return { kind: 'unchanged', grant: before };
    const nowMs = this.clock.nowMs();
    const { rows: fences } = readRows(fenceRow, rawFences);
    const epoch = Math.max(end.maxEpoch, ...fences.map((fence) => fence.epoch)) + 1;
    const continues = step.kind === 'resumed' || (step.kind === 'granted' && before?.state === 'granted');
    const starts = event === 'allow' && !continues;
    const grantId = before && !starts ? before.grantId : this.ids.fresh();
    const ends = before !== undefined && isLive(before.state) && !isLive(step.to);
    const lifetime = change.lifetime ?? before?.lifetime ?? 'until-revoked';
    const allowed = event === 'allow';
    // What the grant for all sites collected there is closed too, whether or not the site had a grant of its own.
    const broad = readRow(grantRow, rawBroad);
    const ended = [...(ends ? [before.grantId] : []), ...(broad ? [broad.grantId] : [])];
    const kept = (before?.seals ?? []).filter((seal) => !(continues && seal.grantId === grantId));
    const seals = sealed(kept, ended, scope, nowMs);
    const grant: Grant = {
      capability,
      scope,
      grantId,
      state: step.to,
      epoch,
      sinceMs: nowMs,
      lifetime,
      validUntilMs: allowed && lifetime === 'hour' ? nowMs + HOUR_MS : allowed ? null : (before?.validUntilMs ?? null),
      session: allowed ? (lifetime === 'session' ? (change.session ?? null) : null) : (before?.session ?? null),
      notice: change.notice ?? before?.notice ?? null,
      quietUntilMs: event === 'refuse' ? nowMs + QUIET_DAYS * DAY_MS : (before?.quietUntilMs ?? 0),
      lastUsedMs: allowed ? nowMs : (before?.lastUsedMs ?? 0),
      seals,
    };
    const fence: Fence = {
      capability,
      scope,
      grantId,
      epoch,
      live: isLive(step.to),
      validUntilMs: grant.validUntilMs,
      latestSeenMs: nowMs,
      // A grant of its own does not put a site back into all sites: when it ends, what was taken out is out.
      excluded:
        change.exclude === true ||
        fences.some((one) => one.capability === capability && one.scope === scope && one.excluded),
    };
    grants.put(grant);
    transaction.objectStore('fences').put(fence);
    if (ends || change.exclude) for (const key of waiting) outbox.delete(key);
    const entry = this.#append(transaction, end, {
      kind: step.kind,
      by,
      capability,
      scope,
      grantId,
      epoch,
      notice: grant.notice,
      details: {
        ...(allowed ? { lifetime } : {}),
        ...(change.exclude ? { takenOutOf: ALL } : {}),
        ...(nonce === undefined ? {} : { prompt: nonce }),
        ...change.details,
      },
    });
    return { kind: 'changed', grant, fence, entry, before };
  }
}

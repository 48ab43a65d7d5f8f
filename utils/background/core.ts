/**
 * The background's centre: starts, settles prompts, ends grants, and brings ledger, fences, leases and browser into
 * agreement. All state that matters is in the database; what is held here is only what the running code needs.
 */
import * as z from 'zod/mini';
import type { CapabilityBrowser } from '../capabilities/capability';
import {
  allowsScope,
  type CapabilityId,
  capability,
  capabilityIds,
  hasSites,
  type Lifetime,
  needsOf,
} from '../catalogue/catalogue';
import { type Endpoint, type Endpoints, endpointOf, endpointsUnder, named } from '../catalogue/endpoints';
import { ALL, type Scope } from '../catalogue/scope';
import { scope as scopeShape } from '../catalogue/scope-shape';
import { capabilityId, ms, readRow, readRows } from '../catalogue/shapes';
import type { Carry } from '../egress/carry';
import { Door } from '../egress/door';
import type { Post } from '../egress/post';
import type { RawSyncArea } from '../egress/sync-area';
import { Book, type Change, type Changed, type Everything } from '../grants/book';
import { passes } from '../grants/fences';
import { candidates, heldFor, holdsAll, intersection, surplus, type Wanted } from '../grants/holdings';
import { type Actor, actors, type LedgerEntry, ledgerEntry } from '../grants/ledger-entry';
import type { GrantEvent } from '../grants/machine';
import { type Fence, type Grant, type HeadMark, headMark, type Intent } from '../grants/schema';
import { elsewhere, endingOf, hasMoved, movedBy } from '../grants/standing';
import type { Draft, Lease, Written } from '../leases/lease';
import { LeaseOffice } from '../leases/office';
import type { Notice, Revoked, Settled } from '../messages/contract';
import { askingLock } from '../messages/names';
import {
  type AlarmsPort,
  type Area,
  type Held,
  isEmpty,
  type LocksPort,
  type ManagedPort,
  type PermissionsPort,
  type RulesPort,
  type ScriptsPort,
} from '../platform/browser-types';
import { type Clock, DAY_MS, MINUTE_MS } from '../platform/clock';
import { errorText } from '../platform/error-text';
import { hashOf } from '../platform/hash';
import type { Ids } from '../platform/ids';
import { invariant } from '../platform/invariant';
import { serial } from '../platform/serial';
import type { Bulletin } from '../policy/bulletins';
import { barred, forbids, type Managed, parseManaged, unreadManaged } from '../policy/managed';
import { currentPolicy, grantedClauses } from '../policy/versions';
import { Appender } from '../records/append';
import { Archive } from '../records/archive';
import type { Database, Opened } from '../storage/database';
import { arrived } from './bulletins';
import { forgetSync, pendingScopes } from './sync-rows';

export interface CorePorts {
  readonly permissions: PermissionsPort;
  readonly local: Area;
  readonly session: Area;
  readonly managed: ManagedPort;
  readonly alarms: AlarmsPort;
  readonly scripts: ScriptsPort;
  readonly rules: Pick<RulesPort, 'takeDown'>;
  readonly locks: LocksPort;
  readonly egressLocks: Pick<LockManager, 'request'>;
  readonly post: Post;
  readonly carry: Carry;
  readonly syncArea: RawSyncArea;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly browser: CapabilityBrowser;
  /** Whether this browser has Firefox's data collection permissions. */
  readonly knowsDataCollection: boolean;
  wait(forMs: number): Promise<void>;
  openDatabase(onLost: () => void): Promise<Opened>;
  /** Starts a capability's code under a lease, in the browser session of this id. */
  startCapability(lease: Lease, session: string): Promise<void>;
  /** Bulletins that came with an update. */
  announced(bulletins: readonly Bulletin[]): void;
  /** Something changed that open pages may show. */
  changed(): void;
  /** Entries that the person did not cause and should be told of. */
  told(entries: readonly LedgerEntry[]): void;
  report(error: unknown): void;
}

/** Keys of `storage.local`. */
export const HEAD_KEY = 'head';
export const HALTED_KEY = 'halted';
/** The organisation's policy as it was last read: what counts until a browser that is just starting says it anew. */
export const MANAGED_KEY = 'managed';
/** Key of `storage.session`: its absence is the end of the browser's session. */
export const SESSION_KEY = 'session';

/** A revocation that the database would not take. No start issues a lease for what is listed here. */
const haltedMark = z.strictObject({
  capability: capabilityId,
  scope: scopeShape,
  event: z.enum(['revoke', 'expire', 'pause', 'never']),
  by: z.enum(actors),
  /** One site of a live grant for all sites: until it is on record, that grant rests too. */
  exclude: z.optional(z.boolean()),
  atMs: ms,
});
export type HaltedMark = z.infer<typeof haltedMark>;

const managedMark = z.strictObject({ policy: z.unknown() });
const databaseRow = z.strictObject({ key: z.literal('database'), id: z.string() });
const policyRow = z.strictObject({ key: z.literal('policy'), version: z.string() });
const toldRow = z.strictObject({ key: z.literal('told'), seq: z.number() });

/** How long a revocation's transaction may take before it counts as unwritable (it may still commit later). */
export const REVOKE_WAIT_MS = 5000;
/** How long a halt waits for a reading: a database that does not answer must not keep anything running. */
const READ_WAIT_MS = 1000;
/**
 * How long the organisation's policy is waited for. Chromium takes seconds to say it, set or not, at the browser's start:
 * https://github.com/ghostery/ghostery-extension/issues/3367
 */
const MANAGED_WAIT_MS = 250;
/** When what could not be written is tried again; browsers ring an alarm no sooner. */
const RETRY_MS = MINUTE_MS / 2;
/** Days that a report which left, or could not, stays for the person to see. */
const OUTBOX_KEPT_DAYS = 7;
/** How long a closed prompt page's Allow may still be followed by the browser's yes. */
const AFTER_CLOSE_MS = 2000;

/** Entries after `told` that pages tell of, newest first. */
async function readNews(database: Database, told: number, limit: number): Promise<LedgerEntry[]> {
  const { store } = database.transaction('ledger');
  const index = store.index('by');
  // Of a long history only the numbers of what is told are read; then the newest rows.
  const numbers = await Promise.all(
    actors
      .filter((by) => by !== 'person')
      .flatMap((by) => tellingKinds.map((kind) => [by, kind] as const))
      .map(([by, kind]) =>
        index.getAllKeys(IDBKeyRange.bound([by, kind, told], [by, kind, Number.MAX_SAFE_INTEGER], true)),
      ),
  );
  const newest = numbers.flat().sort((a, b) => b - a);
  const rows = await Promise.all(newest.slice(0, limit).map((seq) => store.get(seq)));
  return readRows(ledgerEntry, rows).rows;
}

/** Kinds that the person is told of when somebody else caused them. */
const tellingKinds: readonly LedgerEntry['kind'][] = [
  'revoked',
  'expired',
  'paused',
  'handed-back',
  'policy-changed',
  'history-lost',
];

export type Status =
  | { kind: 'starting' }
  | { kind: 'open'; database: Database; databaseId: string; book: Book; archive: Archive; appender: Appender }
  | { kind: 'closed'; closed: { kind: 'no-database'; why: string } | { kind: 'newer-database' } };

type Ended = { kind: 'ended'; changed: Changed } | { kind: 'not-durable'; marked: boolean };

export class Core {
  status: Status = { kind: 'starting' };
  /** Rows of the book that did not parse at the last look. */
  unreadableRows = 0;
  storageFull = false;
  /** Revocations that are in force but not on record. */
  undurable: { mark: HaltedMark; marked: boolean }[] = [];
  /** What the organisation has set, as it was last read. */
  managed: Managed = unreadManaged('not asked for yet');
  readonly office: LeaseOffice;
  /** The one way out; a revocation waits for it. */
  readonly door: Door;
  readonly #inTurn = serial();
  /** Markers are read, added to and written back: one after another, or one would be lost. */
  readonly #marking = serial();
  /** The last reading asked for is the last to be believed. */
  readonly #readingManaged = serial();
  #rememberedManaged = '';
  #session = '';
  #starting = true;
  #sweeping: Promise<unknown> = Promise.resolve();
  #lost = false;
  readonly #toTell: LedgerEntry[] = [];
  #newsRead: { readonly asOf: string; readonly entries: readonly LedgerEntry[] } | undefined;
  /** Hand-backs that wait for a prompt's lock, by the capabilities they wait for. */
  readonly #waiting = new Set<string>();
  readonly #keptByBrowser = new Set<string>();
  /** The last comparison with what the browser holds failed. */
  #uncompared = false;

  constructor(readonly ports: CorePorts) {
    this.office = new LeaseOffice({
      write: (lease, draft) => this.#write(lease, draft),
      lastCheckpoint: async (lease) =>
        this.status.kind === 'open' ? this.status.archive.checkpoint(lease) : undefined,
      start: (lease) => this.ports.startCapability(lease, this.#session),
    });
    this.door = new Door({
      locks: ports.egressLocks,
      clock: ports.clock,
      post: ports.post,
      carry: ports.carry,
      syncArea: ports.syncArea,
      firefox: ports.knowsDataCollection,
      endpoint: (lease) => this.#endpoint(lease.capability),
      passes: async (lease) => {
        if (this.status.kind !== 'open') return false;
        const fence = await this.status.book.fence(lease.capability, lease.scope);
        return passes(fence, { grantId: lease.grantId, epoch: lease.epoch, nowMs: ports.clock.nowMs() });
      },
    });
  }

  /** The endpoints in force: none while the organisation's policy could not be read. */
  get endpoints(): Endpoints {
    return endpointsUnder(this.managed.endpoints);
  }

  #endpoint(id: CapabilityId): Endpoint | null {
    return endpointOf(capability(id).destination, this.endpoints);
  }

  // ---------------------------------------------------------------------------------------------------------- start

  /** Opens the database, judges every grant, settles what a killed background left open, and issues leases. */
  start(): Promise<void> {
    const started = this.#inTurn(() => this.#start());
    // What nobody waits for comes after it: whoever woke us has an answer first.
    // The sweep is not in turn: it may have a million records to erase, and what the browser took back waits for none.
    this.#sweeping = this.#inTurn(() => this.#announce())
      .then(() => this.sweep())
      .catch(this.ports.report);
    return started;
  }

  /** Resolves when whatever is under way in turn (a start, a reconciling) is done. */
  settled(): Promise<void> {
    return this.#inTurn(async () => undefined);
  }

  /** Resolves when what the last start had to erase is erased. */
  swept(): Promise<unknown> {
    return this.#sweeping;
  }

  async #start(): Promise<void> {
    this.#starting = true;
    const [session, opened] = await Promise.all([
      this.#readSession(),
      this.ports.openDatabase(() => this.#databaseLost()),
      this.#readManaged(),
    ]);
    this.#session = session;
    if (opened.kind !== 'open') return this.#close(opened);
    const { database } = opened;
    try {
      await this.#open(database);
    } catch (error) {
      this.ports.report(error);
      database.close();
      await this.#close({ kind: 'unavailable', why: errorText(error) });
      return;
    }
    await this.#retryMarked();
    // What a full disk breaks may not keep the start from ending: what is granted must be seen and taken back.
    await this.#pausePolicy().catch(this.ports.report);
    await this.#touch().catch(this.ports.report);
    await this.#reconcile('start');
    this.#starting = false;
    this.#tell();
  }

  async #readSession(): Promise<string> {
    const known = await this.ports.session.get(SESSION_KEY);
    if (typeof known === 'string' && known !== '') return known;
    const fresh = this.ports.ids.fresh();
    await this.ports.session.set(SESSION_KEY, fresh);
    return fresh;
  }

  async #open(database: Database): Promise<void> {
    const mark = readRow(headMark, await this.ports.local.get(HEAD_KEY));
    const stored = readRow(databaseRow, await database.get('settings', 'database'));
    const databaseId = stored?.id ?? this.ports.ids.fresh();
    if (!stored) await database.put('settings', { key: 'database', id: databaseId });
    const { clock, ids } = this.ports;
    const book = new Book(database, databaseId, clock, ids, (head, entries) => this.#committed(head, entries));
    const lost = mark !== undefined && (await isOtherHistory(database, databaseId, mark));
    const appender = new Appender(database, clock);
    const archive = new Archive(database, clock);
    this.status = { kind: 'open', database, databaseId, book, archive, appender };
    if (!lost) return;
    // Epochs go on above every one that the lost history can have given out, and nothing of what is left is live. The
    // mark of the lost history stands until that is on record: a start that is killed half way finds it again.
    this.#lost = true;
    await this.#endAllRows(book);
    this.#lost = false;
    await book.note('history-lost', 'recovery', {
      maxEpoch: mark.maxEpoch,
      epoch: mark.maxEpoch,
      details: { lostSeq: mark.seq, lostHash: mark.hash },
    });
  }

  /** After a lost history: rows that an older copy of the database calls live are ended. */
  async #endAllRows(book: Book): Promise<void> {
    const { grants } = await book.everything();
    for (const { capability, scope, state } of grants) {
      if (state === 'granted') await book.change({ capability, scope, event: 'revoke', by: 'recovery' });
    }
  }

  /** Nothing can be kept, so nothing is granted: whatever the browser holds goes back. */
  async #close(opened: Exclude<Opened, { kind: 'open' }>): Promise<void> {
    this.status = {
      kind: 'closed',
      closed: opened.kind === 'newer' ? { kind: 'newer-database' } : { kind: 'no-database', why: opened.why },
    };
    this.office.suspendAll();
    await this.#unregisterScripts();
    await this.#takeRulesDown();
    await this.ports.permissions.drop(surplus(await this.ports.permissions.held(), [])).catch(this.ports.report);
    // A database that was there once may come back, once the disk has room; where there never was one, nothing waits.
    const mark = await this.ports.local.get(HEAD_KEY).catch(this.ports.report);
    if (opened.kind === 'unavailable' && readRow(headMark, mark)) await this.#retryLater();
    this.ports.changed();
  }

  async #retryLater(): Promise<void> {
    await this.ports.alarms.at('retry', this.ports.clock.nowMs() + RETRY_MS).catch(this.ports.report);
  }

  /** The database was deleted or closed under us. Stops at once, then starts anew: a lost one is not a fresh one. */
  #databaseLost(): void {
    if (this.status.kind !== 'open') return;
    this.status = { kind: 'starting' };
    this.office.suspendAll();
    this.start().catch(this.ports.report);
  }

  // ------------------------------------------------------------------------------------------ the organisation's policy

  #readManaged(): Promise<void> {
    return this.#readingManaged(async () => {
      const reading = this.ports.managed.read();
      try {
        const raw = await withinTime(reading, MANAGED_WAIT_MS);
        this.managed = parseManaged(raw);
        await this.#rememberManaged(raw);
      } catch (error) {
        await this.#retryLater();
        if (error instanceof Late) {
          const known = readRow(managedMark, await this.ports.local.get(MANAGED_KEY).catch(this.ports.report));
          this.managed = known ? parseManaged(known.policy) : unreadManaged(errorText(error));
          reading.then(() => this.managedChanged()).catch(this.ports.report);
        } else {
          this.ports.report(error);
          this.managed = unreadManaged(errorText(error));
        }
      }
    });
  }

  async #rememberManaged(raw: unknown): Promise<void> {
    const text = JSON.stringify(raw ?? {});
    if (text === this.#rememberedManaged) return;
    this.#rememberedManaged = text;
    await this.ports.local.set(MANAGED_KEY, { policy: raw ?? {} }).catch(this.ports.report);
  }

  /** The organisation's policy changed: what it forbids or leads elsewhere stops before anything else, then ends on record. */
  async managedChanged(): Promise<void> {
    await this.#readManaged();
    for (const lease of this.office.leases()) {
      if (this.#rests(lease)) this.office.suspend(lease.capability, lease.scope);
    }
    await this.reconcile();
    this.ports.changed();
  }

  // ----------------------------------------------------------------------------------------------------- the ledger

  #committed(head: HeadMark, entries: readonly LedgerEntry[]): void {
    if (!this.#lost) this.ports.local.set(HEAD_KEY, head).catch(this.ports.report);
    const telling = entries.filter((entry) => entry.by !== 'person' && tellingKinds.includes(entry.kind));
    this.#toTell.push(...telling);
    if (!this.#starting) this.#tell();
    this.ports.changed();
  }

  /** Told once leases are issued: during a start nobody could hear it yet. */
  #tell(): void {
    const entries = this.#toTell.splice(0);
    if (entries.length > 0) this.ports.told(entries);
  }

  /** Said once leases are issued, as news is. */
  async #announce(): Promise<void> {
    if (this.status.kind !== 'open') return;
    const fresh = await arrived(this.status.database);
    if (fresh.length > 0) this.ports.announced(fresh);
  }

  /** Entries that the person did not cause and has not dismissed, newest first. */
  async news(limit = 20): Promise<readonly LedgerEntry[]> {
    const { database, book } = this.openStatus();
    const [row, head] = await Promise.all([database.get('settings', 'told'), book.head()]);
    const told = readRow(toldRow, row)?.seq ?? 0;
    // Entries are only added: while the history ends where it did, so does its news. Every page asks for it each time.
    const asOf = `${head.databaseId} ${head.hash} ${told} ${limit}`;
    if (this.#newsRead?.asOf !== asOf) this.#newsRead = { asOf, entries: await readNews(database, told, limit) };
    return this.#newsRead.entries;
  }

  async dismiss(upTo: number): Promise<void> {
    await this.openStatus().database.put('settings', { key: 'told', seq: upTo });
    this.ports.changed();
  }

  openStatus(): Extract<Status, { kind: 'open' }> {
    invariant(this.status.kind === 'open', 'the database is open');
    return this.status;
  }

  // --------------------------------------------------------------------------------------------------------- writes

  async #write(lease: Lease, draft: Draft): Promise<Written> {
    if (this.status.kind !== 'open') return { kind: 'failed', why: 'no database' };
    try {
      const written = await this.status.appender.append(lease, draft);
      if (written.kind !== 'stale-lease' && this.storageFull !== (written.kind === 'full')) {
        this.storageFull = written.kind === 'full';
        this.ports.changed();
      }
      // The fence says no although this code still holds a lease: the clock, or another generation of the background.
      if (written.kind === 'stale-lease' && !lease.signal.aborted) this.reconcile().catch(this.ports.report);
      return written;
    } catch (error) {
      this.ports.report(error);
      return { kind: 'failed', why: errorText(error) };
    }
  }

  // -------------------------------------------------------------------------------------------------------- prompts

  /** Writes that a question is on screen. An older question of the same capability is over: its page is gone. */
  openPrompt(intent: Omit<Intent, 'openedAtMs' | 'allowed'>, notice: Notice): Promise<void> {
    return this.#inTurn(async () => {
      const { book } = this.openStatus();
      const { intents } = await book.everything();
      for (const old of intents) {
        if (old.capability === intent.capability) await this.#settle(old, 'reopened');
      }
      await book.open(intent, notice);
    });
  }

  /** Allow was clicked. Not in turn: it must be on disk as soon as can be, while the browser's prompt is opening. */
  allow(nonce: string, scope: Scope, lifetime: Lifetime): Promise<boolean> {
    return this.openStatus().book.intend(nonce, scope, lifetime);
  }

  /** The page has the browser's answer; what counts is what the browser holds. */
  settlePrompt(nonce: string): Promise<Settled> {
    return this.#inTurn(async () => {
      const intent = await this.openStatus().book.intent(nonce);
      return intent ? this.#settle(intent, 'answered') : this.#settledBefore(nonce);
    });
  }

  /** How a prompt that is settled was settled: `onAdded` may have come before the page's own message. */
  async #settledBefore(nonce: string): Promise<Settled> {
    const { book } = this.openStatus();
    const entry = await book.settling(nonce);
    if (!entry?.capability || entry.scope === null) return { kind: 'gone' };
    if (entry.kind === 'refused' && entry.by === 'browser') return { kind: 'refused-by-browser' };
    if (entry.kind === 'refused' && entry.details.why === 'endpoint') return { kind: 'moved' };
    if (entry.kind === 'refused' && entry.by === 'managed') return { kind: 'forbidden' };
    const { capability, scope } = entry;
    const { grants } = await book.everything();
    const grant = grants.find((row) => sameGrant(row, { capability, scope }));
    // Granted by this prompt, and nothing has happened to the grant since.
    if (grant?.state !== 'granted' || grant.epoch !== entry.epoch) return { kind: 'gone' };
    return { kind: 'granted', capability, scope, validUntilMs: grant.validUntilMs };
  }

  declinePrompt(nonce: string, answer: 'not-now' | 'never'): Promise<'recorded' | 'gone'> {
    return this.#inTurn(async () => {
      const intent = await this.openStatus().book.intent(nonce);
      if (!intent) return 'gone';
      await this.#decline(intent, answer, 'person');
      return 'recorded';
    });
  }

  /** The page of a question went away. Unanswered means not now; after Allow, the browser's yes may still be on its way. */
  async promptClosed(nonce: string): Promise<void> {
    if (this.status.kind !== 'open') return;
    const intent = await this.status.book.intent(nonce);
    if (!intent) return;
    if (intent.allowed) await this.ports.wait(AFTER_CLOSE_MS);
    // The lock goes with the page, a moment before or after the port. A page that came back holds it on.
    await this.ports.locks.exclusively(askingLock(intent.capability), () =>
      this.#inTurn(async () => {
        if (this.status.kind !== 'open') return;
        const still = await this.status.book.intent(nonce);
        if (still) await this.#settle(still, 'closed');
      }),
    );
  }

  /** Brings a question to its end by what the browser holds now. */
  async #settle(intent: Intent, how: 'answered' | 'closed' | 'reopened' | 'recovered'): Promise<Settled> {
    const { capability, allowed } = intent;
    const by: Actor = how === 'recovered' ? 'recovery' : how === 'answered' ? 'browser' : 'person';
    const nowMs = this.ports.clock.nowMs();
    if (!allowed || allowed.expiresAtMs <= nowMs) {
      await this.#decline(intent, 'not-now', how === 'answered' ? 'clock' : by);
      return { kind: 'gone' };
    }
    const { scope, lifetime } = allowed;
    await this.#retryMarked();
    await this.#readManaged();
    const bar = barred(this.managed, capability, scope);
    if (bar !== undefined) {
      await this.#decline({ ...intent, scope }, 'not-now', bar === 'unread' ? 'recovery' : 'managed');
      const why = this.managed.problems[0]?.word ?? '';
      return bar === 'unread' ? { kind: 'failed', why } : { kind: 'forbidden' };
    }
    if (hasMoved(intent, this.endpoints)) {
      const moved = { why: 'endpoint' };
      await this.#decline({ ...intent, scope }, 'not-now', movedBy(intent, this.managed), moved);
      return { kind: 'moved' };
    }
    const held = await this.ports.permissions.held();
    if (!holdsAll({ ...intent, scope }, held, this.ports.knowsDataCollection)) {
      await this.#decline({ ...intent, scope }, 'not-now', by);
      return { kind: 'refused-by-browser' };
    }
    const { book } = this.openStatus();
    const changed = await book.change({
      capability,
      scope,
      event: 'allow',
      by: 'person',
      lifetime,
      session: this.#session,
      notice: intent.notice,
      nonce: intent.nonce,
    });
    // Another generation of the background was faster.
    if (changed.kind !== 'changed') return this.#settledBefore(intent.nonce);
    await this.#issueLeases();
    // A listener added now never wakes a stopped background: a minute on it is started anew if it stopped, and then the
    // listener stands in its first turn.
    await this.ports.alarms.at('wake', nowMs + MINUTE_MS).catch(this.ports.report);
    return { kind: 'granted', capability, scope, validUntilMs: changed.grant.validUntilMs };
  }

  async #decline(
    { nonce, capability, scope, notice }: Intent,
    answer: 'not-now' | 'never',
    by: Actor,
    details: LedgerEntry['details'] = {},
  ): Promise<void> {
    const event = answer === 'never' ? 'never' : 'refuse';
    const change: Change = { capability, scope, event, by, notice, nonce, details };
    if (answer === 'never') await this.#end({ ...change, event: 'never' });
    else await this.openStatus().book.change(change);
    this.handBack();
  }

  // -------------------------------------------------------------------------------------------------------- halting

  /**
   * Takes a grant back. Resolves once the revocation is on disk, nothing is in flight, and everything that ran under it
   * has stopped. Leases end before anything is awaited.
   */
  async revoke(capability: CapabilityId, scope: Scope, by: Actor = 'person'): Promise<Revoked> {
    if (!allowsScope(capability, scope)) return { kind: 'not-live' };
    // Of what has no sites, `*` does not cover a scope.
    const apart = scope === ALL || !hasSites(capability);
    const broad = !apart && this.office.lease(capability, ALL) !== undefined;
    this.office.end(capability, scope);
    // A database that is lost while it is being opened is opened once more.
    for (let starts = 0; starts < 3 && this.status.kind === 'starting'; starts += 1) await this.settled();
    // What can't be read now may be called live when it can be read again.
    if (this.status.kind !== 'open') {
      return { kind: 'not-durable', marked: await this.#mark({ capability, scope, event: 'revoke', by }) };
    }
    const { book, archive } = this.status;
    // What can't be read may be live: it ends all the same.
    const rows = await withinTime(book.everything(), READ_WAIT_MS).catch(this.ports.report);
    const row = rows?.grants.find((grant) => sameGrant(grant, { capability, scope }));
    const own = rows && fenceOf(rows.fences, { capability, scope });
    const exclude = !apart && (rows ? fenceOf(rows.fences, { capability, scope: ALL })?.live === true : broad);
    const revocable = row?.state === 'granted' || row?.state === 'paused' || own?.live === true;
    if (rows && !revocable && !(exclude && own?.excluded !== true)) return { kind: 'not-live' };
    const ended = await this.#end({ capability, scope, event: 'revoke', by, exclude });
    if (ended.kind === 'not-durable') return ended;
    const wanted = { capability, scope, notice: row?.notice ?? null };
    const seals = ended.changed.kind === 'changed' ? ended.changed.grant.seals : [];
    const [live, held, pending, records] = await Promise.all([
      this.liveGrants(),
      this.ports.permissions.held(),
      this.pendingScopes(),
      archive.countSealed(
        wanted,
        seals.map((seal) => seal.grantId),
      ),
    ]);
    const kept = !isEmpty(heldFor(wanted, held, live, pending));
    // What only a deletion still holds serves no other grant.
    const unshared = !isEmpty(heldFor(wanted, held, live));
    const { knowsDataCollection } = this.ports;
    const needs = needsOf(capability, scope, knowsDataCollection, wanted.notice?.endpoint ?? null);
    // Where this browser was asked for nothing, it holds nothing for anybody.
    const shared = !unshared && !isEmpty(needs) && holdsAll(wanted, held, knowsDataCollection);
    return { kind: 'revoked', held: kept ? 'kept-by-browser' : shared ? 'shared' : 'nothing', records };
  }

  /** Every live grant, at once. */
  async stopAll(): Promise<{ stopped: number; undurable: number }> {
    const leases = this.office.leases();
    this.office.suspendAll();
    // What can't be read may be live: whatever ran under a lease ends all the same.
    const live: readonly Wanted[] = await withinTime(this.#calledLive(), READ_WAIT_MS).catch((error: unknown) => {
      this.ports.report(error);
      return leases;
    });
    // All sites first: a single site revoked while all sites are live would be taken out of them for good.
    const revokeEach = (grants: readonly Wanted[]) =>
      Promise.all(grants.map(({ capability, scope }) => this.revoke(capability, scope)));
    const ended = [
      ...(await revokeEach(live.filter((grant) => grant.scope === ALL))),
      ...(await revokeEach(live.filter((grant) => grant.scope !== ALL))),
    ];
    return {
      stopped: ended.filter((one) => one.kind === 'revoked').length,
      undurable: ended.filter((one) => one.kind === 'not-durable').length,
    };
  }

  /** Whatever may run has a live fence; a damaged row may call live what no grant explains. */
  async #calledLive(): Promise<Wanted[]> {
    if (this.status.kind !== 'open') return [];
    const { fences } = await this.status.book.everything();
    return fences.filter((fence) => fence.live);
  }

  /** The one way a live grant ends, whoever ends it: fence and ledger first, then everything that runs. */
  async #end(change: Change & { event: Exclude<GrantEvent, 'allow' | 'refuse'> }): Promise<Ended> {
    const { capability, scope } = change;
    const { book } = this.openStatus();
    // The transaction is queued in the same turn in which the leases end; neither waits for the other.
    const writing = withinTime(book.change(change), REVOKE_WAIT_MS);
    this.office.end(capability, scope);
    if (change.exclude) this.office.suspend(capability, ALL);
    let ended: Ended;
    try {
      ended = { kind: 'ended', changed: await writing };
    } catch (error) {
      this.ports.report(error);
      ended = { kind: 'not-durable', marked: await this.#mark(change) };
    }
    // A read that began before may still say granted: what is over is not issued from it.
    const changed = ended.kind === 'ended' && ended.changed.kind === 'changed' ? ended.changed : undefined;
    this.office.end(capability, scope, changed?.grant.epoch);
    await Promise.all([
      this.#letGo({
        capability,
        scope,
        notice: changed ? (changed.before?.notice ?? null) : this.#shownNow(capability),
      }),
      this.#unregisterScripts(),
      this.#takeRulesDown(),
      this.door.quiet(capability).then((quiet) => {
        if (quiet.kind === 'stolen') this.ports.report(new Error(`a send of ${capability} did not stop in time`));
      }),
      ended.kind === 'ended' ? this.#armAlarms() : undefined,
    ]);
    // Only now: what was in flight may have rested on it.
    if (capability === 'cloud-sync') await this.forgetSync();
    if (ended.kind === 'ended' && change.exclude) await this.#issueLeases();
    this.ports.changed();
    return ended;
  }

  /** What a notice of now would name: where the database does not say what a grant's own did. */
  #shownNow(id: CapabilityId): Wanted['notice'] {
    const endpoint = this.#endpoint(id);
    return endpoint && { endpoint: named(endpoint) };
  }

  /** Gives back what served this grant and no other live one. The browser's answer is not trusted; `held` counts. */
  async #letGo(ended: Wanted): Promise<void> {
    try {
      // Where the database does not answer, what runs is what is live.
      const running: Promise<readonly Wanted[]> = withinTime(this.#standing(), READ_WAIT_MS).catch((error: unknown) => {
        this.ports.report(error);
        return this.office.leases();
      });
      const live = (await running).filter((grant) => !sameGrant(grant, ended));
      await this.#dropFor(ended, live);
    } catch (error) {
      // An enterprise policy may forbid it: shown as held by the browser.
      this.ports.report(error);
    }
  }

  async #dropFor(ended: Wanted, live: readonly Wanted[]): Promise<void> {
    const [held, pending] = await Promise.all([this.ports.permissions.held(), this.pendingScopes()]);
    const spare = heldFor(ended, held, live, pending);
    if (!isEmpty(spare)) await this.ports.permissions.drop(spare);
  }

  /** Gives back what served this grant after its end, such as a deletion that is done now. */
  async release(wanted: Wanted): Promise<void> {
    await this.#dropFor(wanted, await this.#standing()).catch(this.ports.report);
  }

  /** Origins that no grant explains, but a deletion that is still to be done. What can't be read explains nothing. */
  async pendingScopes(): Promise<Scope[]> {
    if (this.status.kind !== 'open') return [];
    const reading = withinTime(pendingScopes(this.status.database), READ_WAIT_MS);
    return reading.catch((error: unknown) => {
      this.ports.report(error);
      return [];
    });
  }

  /** What synchronization kept goes with its grant. `known`: the grants as they were just read. */
  async forgetSync(known?: readonly Grant[]): Promise<void> {
    if (this.status.kind !== 'open') return;
    try {
      const { book, database } = this.status;
      const grants = known ?? (await book.everything()).grants;
      await forgetSync(
        database,
        grants.filter(({ capability, state }) => capability === 'cloud-sync' && state === 'granted'),
      );
    } catch (error) {
      this.ports.report(error);
    }
  }

  /** Keeps a revocation that the database would not take where the next start finds it. */
  async #mark({ capability, scope, event, by, exclude }: Change): Promise<boolean> {
    const mark: HaltedMark = {
      capability,
      scope,
      event: event === 'allow' || event === 'refuse' ? 'revoke' : event,
      by,
      ...(exclude ? { exclude } : {}),
      atMs: this.ports.clock.nowMs(),
    };
    this.undurable = [...this.undurable.filter((one) => !sameGrant(one.mark, mark)), { mark, marked: false }];
    const marked = await this.#marking(async () => {
      const others = (await this.#readMarks()).filter((other) => !sameGrant(other, mark));
      await this.ports.local.set(HALTED_KEY, [...others, mark]);
    }).then(
      () => true,
      (error: unknown) => {
        this.ports.report(error);
        return false;
      },
    );
    this.undurable = this.undurable.map((one) => (one.mark === mark ? { mark, marked } : one));
    await this.#retryLater();
    return marked;
  }

  async #readMarks(): Promise<HaltedMark[]> {
    const raw = await this.ports.local.get(HALTED_KEY);
    return (Array.isArray(raw) ? raw : []).flatMap((one) => readRow(haltedMark, one) ?? []);
  }

  /** Tries again to open the database where it was gone, and to write what it would not take. */
  retry(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.status.kind === 'closed' && this.status.closed.kind === 'no-database') return this.#start();
      const before = this.undurable.length;
      await this.#retryMarked();
      // What rested with an unrecorded revocation, such as all sites with one of them, goes on once it is on record;
      // what rested because the organisation's policy could not be read, once it can be.
      if (this.undurable.length < before || this.managed.unread || this.#uncompared) await this.#reconcileOrLater();
    });
  }

  async #retryMarked(): Promise<void> {
    if (this.status.kind !== 'open') return;
    const marks = await this.#readMarks();
    for (const { mark } of this.undurable) if (!marks.some((one) => sameGrant(one, mark))) marks.push(mark);
    if (marks.length === 0) return;
    const left: HaltedMark[] = [];
    for (const mark of marks) {
      const { capability, scope, event, by } = mark;
      this.office.end(capability, scope);
      if (mark.exclude) this.office.suspend(capability, ALL);
      try {
        // A write that had only been late is on record by now.
        if (await withinTime(this.#isOver(mark), REVOKE_WAIT_MS)) continue;
        const exclude = mark.exclude === true;
        const details = { haltedAtMs: mark.atMs };
        const writing = this.status.book.change({ capability, scope, event, by, exclude, details });
        const changed = await withinTime(writing, REVOKE_WAIT_MS);
        if (changed.kind === 'changed') this.office.end(capability, scope, changed.grant.epoch);
      } catch (error) {
        this.ports.report(error);
        left.push(mark);
      }
    }
    const marked = await this.#marking(() =>
      left.length > 0 ? this.ports.local.set(HALTED_KEY, left) : this.ports.local.remove(HALTED_KEY),
    ).then(
      () => true,
      (error: unknown) => {
        this.ports.report(error);
        return false;
      },
    );
    this.undurable = left.map((mark) => ({ mark, marked }));
    if (left.length > 0) await this.#retryLater();
    this.ports.changed();
  }

  /** Whether what a marker says has been put on record after all. */
  async #isOver({ capability, scope, event, exclude }: HaltedMark): Promise<boolean> {
    const { grants, fences } = await this.openStatus().book.everything();
    const state = grants.find((grant) => sameGrant(grant, { capability, scope }))?.state;
    const fence = fenceOf(fences, { capability, scope });
    const ended =
      event === 'never' ? state === 'never' : state !== 'granted' && !(event === 'revoke' && state === 'paused');
    return ended && fence?.live !== true && (!exclude || fence?.excluded === true);
  }

  // ---------------------------------------------------------------------------------------------------- reconciling

  /** Compares what is granted with what the browser holds and what the clock says, and ends what must end. */
  reconcile(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.status.kind === 'open') await this.#reconcileOrLater();
      else if (this.status.kind === 'closed') await this.#close(closedAs(this.status.closed));
    });
  }

  /** What the browser took away is told once: a comparison that failed is made again. */
  async #reconcileOrLater(): Promise<void> {
    this.#uncompared = true;
    try {
      await this.#reconcile('event');
      this.#uncompared = false;
    } catch (error) {
      await this.#retryLater();
      throw error;
    }
  }

  async #reconcile(when: 'start' | 'event'): Promise<void> {
    if (this.status.kind !== 'open') return;
    const { book } = this.status;
    await this.#readManaged();
    const held = await this.ports.permissions.held();
    const { grants, fences, intents, unreadable } = await book.everything();
    this.unreadableRows = unreadable;
    const { managed, endpoints } = this;
    const moment = { nowMs: this.ports.clock.nowMs(), session: this.#session, managed, endpoints };
    for (const grant of grants) {
      const fence = fenceOf(fences, grant);
      const taken = grant.state === 'granted' && !holdsAll(grant, held, this.ports.knowsDataCollection);
      const ending =
        endingOf(grant, fence, moment) ?? (taken ? { event: 'revoke' as const, by: 'browser' as const } : undefined);
      if (!ending || ending.event === 'allow' || ending.event === 'refuse') continue;
      await this.#end({ capability: grant.capability, scope: grant.scope, ...ending, event: ending.event });
    }
    // A fence that calls live what no grant explains is a damaged row: closed.
    for (const { capability, scope, live } of fences) {
      if (live && !grants.some((grant) => grant.state === 'granted' && sameGrant(grant, { capability, scope }))) {
        await this.#end({ capability, scope, event: 'revoke', by: 'recovery', details: { why: 'fence' } });
      }
    }
    await this.#settleIntents(intents, held, when);
    await this.#issueLeases();
    this.handBack();
  }

  async #settleIntents(intents: readonly Intent[], held: Held, when: 'start' | 'event'): Promise<void> {
    for (const intent of intents) {
      const { allowed, capability } = intent;
      const expired = allowed !== null && allowed.expiresAtMs <= this.ports.clock.nowMs();
      const holds =
        allowed !== null && holdsAll({ ...intent, scope: allowed.scope }, held, this.ports.knowsDataCollection);
      const gone = expired || (when === 'start' && !(await this.ports.locks.held(askingLock(capability))));
      // One that a full disk keeps from being settled stays for the next time.
      if (holds && !expired) await this.#settle(intent, 'answered').catch(this.ports.report);
      else if (gone) await this.#settle(intent, 'recovered').catch(this.ports.report);
    }
  }

  /** Grants under which something may run now. */
  async liveGrants(): Promise<Grant[]> {
    return this.status.kind === 'open' ? this.liveAmong(await this.status.book.everything()) : [];
  }

  /** The same, of rows that were read together. */
  liveAmong({ grants, fences }: Pick<Everything, 'grants' | 'fences'>): Grant[] {
    return grants.filter((grant) => this.#mayRun(grant, fenceOf(fences, grant)));
  }

  /** Grants that explain what the browser holds: the live ones, and those that rest. */
  async #standing(): Promise<Grant[]> {
    if (this.status.kind !== 'open') return [];
    const { grants, fences } = await this.status.book.everything();
    return grants.filter((grant) => this.#stands(grant, fenceOf(fences, grant)));
  }

  #stands(grant: Grant, fence: Fence | undefined): boolean {
    const { grantId, epoch } = grant;
    return (
      grant.state === 'granted' &&
      passes(fence, { grantId, epoch, nowMs: this.ports.clock.nowMs() }) &&
      !this.undurable.some(({ mark }) => sameGrant(mark, grant))
    );
  }

  /**
   * A grant for all sites rests while one of its sites was taken out and that is not on record; any grant, while the
   * organisation's policy forbids it or could not be read, or while what it collects would go elsewhere than was shown.
   */
  #rests({ capability, scope, notice }: Grant | Lease): boolean {
    if (forbids(this.managed, capability, scope) || hasMoved({ capability, notice }, this.endpoints)) return true;
    return scope === ALL && this.undurable.some(({ mark }) => mark.exclude === true && mark.capability === capability);
  }

  #mayRun(grant: Grant, fence: Fence | undefined): boolean {
    return this.#stands(grant, fence) && !this.#rests(grant);
  }

  /** Leases for exactly the grants that are live now; others end. */
  async #issueLeases(): Promise<void> {
    if (this.status.kind !== 'open') return;
    const everything = await this.status.book.everything();
    const { grants, fences } = everything;
    const live = this.liveAmong(everything);
    for (const lease of this.office.leases()) {
      if (!live.some((grant) => sameGrant(grant, lease))) this.office.end(lease.capability, lease.scope);
    }
    for (const grant of live) {
      await this.office.issue(grant, elsewhere(grant, grants, fences)).catch((error: unknown) => {
        this.office.end(grant.capability, grant.scope);
        this.ports.report(error);
      });
    }
    await Promise.all([
      this.#unregisterScripts(),
      this.#takeRulesDown(),
      this.forgetSync(grants),
      this.#armAlarms(everything),
    ]);
  }

  /** Blocking rules that no lease stands behind. Both browsers keep them over a restart, whatever is granted then. */
  async #takeRulesDown(): Promise<void> {
    if (this.office.leases().some((lease) => lease.capability === 'protection')) return;
    await this.ports.rules.takeDown().catch(this.ports.report);
  }

  /** Content scripts that no lease stands behind. A script's id is `CAPABILITY SCOPE`. */
  async #unregisterScripts(): Promise<void> {
    try {
      const wanted = this.office.leases().map((lease) => `${lease.capability} ${lease.scope}`);
      for (const id of await this.ports.scripts.registered()) {
        if (!wanted.includes(id)) await this.ports.scripts.unregister(id);
      }
    } catch (error) {
      this.ports.report(error);
    }
  }

  /**
   * Hands back what the browser holds and no live grant explains. It first takes the lock that an open prompt holds, so
   * that a permission whose question is still being answered is not mistaken for an orphan. Never waited for by a start.
   */
  handBack(): Promise<void> {
    return this.#handBackOnce().catch(this.ports.report);
  }

  async #handBackOnce(): Promise<void> {
    if (this.status.kind !== 'open') return;
    const spare = surplus(await this.ports.permissions.held(), await this.#standing(), await this.pendingScopes());
    if (isEmpty(spare) || this.#keptByBrowser.has(hashOf(spare))) return;
    const locks = candidates(spare, this.endpoints).map(askingLock);
    const key = locks.join();
    if (this.#waiting.has(key)) return;
    this.#waiting.add(key);
    const underLocks = locks.reduceRight<() => Promise<void>>(
      (task, name) => () => this.ports.locks.exclusively(name, task),
      () => {
        this.#waiting.delete(key);
        return this.#inTurn(() => this.#handBackNow(spare));
      },
    );
    await underLocks().finally(() => this.#waiting.delete(key));
    // What came while this waited was left to it, and may be more than the locks answered for.
    await this.#handBackOnce();
  }

  /** @param locked what the locks that are held answer for: nothing else is handed back. */
  async #handBackNow(locked: Held): Promise<void> {
    if (this.status.kind !== 'open') return;
    const before = await this.ports.permissions.held();
    const { intents } = await this.status.book.everything();
    await this.#settleIntents(
      intents.filter((intent) => intent.allowed !== null),
      before,
      'event',
    );
    const pending = await this.pendingScopes();
    const spare = intersection(locked, surplus(before, await this.#standing(), pending));
    if (isEmpty(spare)) return;
    await this.ports.permissions.drop(spare).catch(this.ports.report);
    const left = intersection(spare, surplus(await this.ports.permissions.held(), await this.#standing(), pending));
    if (!isEmpty(left)) this.#keptByBrowser.add(hashOf(left));
    const [only, ...others] = candidates(spare, this.endpoints);
    const named = only !== undefined && others.length === 0 ? only : null;
    await this.status.book.note('handed-back', 'browser', {
      capability: named,
      details: {
        permissions: [...spare.permissions, ...spare.dataCollection],
        origins: [...spare.origins],
        ...(isEmpty(left) ? {} : { kept: [...left.permissions, ...left.dataCollection, ...left.origins] }),
      },
    });
  }

  // --------------------------------------------------------------------------------------------- policy and the clock

  /** Writes down a newer policy version. The grants whose clauses changed in substance pause in the reconciling after it. */
  async #pausePolicy(): Promise<void> {
    if (this.status.kind !== 'open') return;
    const { database, book } = this.status;
    const known = readRow(policyRow, await database.get('settings', 'policy'));
    if (known?.version === currentPolicy.version) return;
    if (known) {
      const changed = currentPolicy.clauses.filter((clause) => clause.revision).map((clause) => clause.id);
      await book.note('policy-changed', 'policy', {
        details: { from: known.version, to: currentPolicy.version, clauses: changed },
      });
    }
    await database.put('settings', { key: 'policy', version: currentPolicy.version });
  }

  /** Once a minute at most while something is timed or measured: the clock's part, and the last uses. */
  async tick(): Promise<void> {
    if (this.status.kind !== 'open') return;
    await this.#touch();
    await this.reconcile();
  }

  /** Writes into the book when each grant was last used, and the latest time seen. */
  async #touch(): Promise<void> {
    if (this.status.kind !== 'open') return;
    const { book, archive } = this.status;
    await book.touch(this.ports.clock.nowMs(), await archive.lastUses());
  }

  /** Erases what is past its time: records by the catalogue's days, sealed ones by their date, uses after 30 days. */
  async sweep(): Promise<void> {
    if (this.status.kind !== 'open') return;
    const { archive, book } = this.status;
    const nowMs = this.ports.clock.nowMs();
    const { grants } = await book.everything();
    for (const grant of grants) {
      const due = grant.seals.filter((seal) => seal.eraseAtMs <= nowMs);
      if (due.length > 0)
        await this.eraseSealed(
          grant,
          due.map((seal) => seal.grantId),
          'clock',
        );
    }
    for (const id of capabilityIds) await archive.eraseExpired(id);
    await archive.eraseOldUses(grants.filter((grant) => grant.state === 'granted').map((grant) => grant.grantId));
    await archive.eraseOutbox(undefined, nowMs - OUTBOX_KEPT_DAYS * DAY_MS);
  }

  /** Erases what ended grants collected, and writes that down. @returns how many records. */
  async eraseSealed(grant: Wanted, grantIds: readonly string[], by: Actor): Promise<number> {
    const { archive, book } = this.openStatus();
    const erased = await archive.eraseSealed(grant, grantIds);
    await book.unseal(grant.capability, grant.scope, grantIds);
    await book.note('erased', by, {
      capability: grant.capability,
      scope: grant.scope,
      details: { records: erased, sealed: grantIds.length },
    });
    return erased;
  }

  async #armAlarms(read?: Everything): Promise<void> {
    if (this.status.kind !== 'open') return;
    try {
      const everything = read ?? (await this.status.book.everything());
      const { grants, intents } = everything;
      const live = this.liveAmong(everything);
      const ends = [
        ...live.flatMap((grant) => grant.validUntilMs ?? []),
        ...intents.flatMap((intent) => intent.allowed?.expiresAtMs ?? []),
      ];
      if (ends.length > 0) await this.ports.alarms.at('end', Math.min(...ends));
      else await this.ports.alarms.clear('end');
      const sealed = grants.some((grant) => grant.seals.length > 0);
      // Counts of use outlive the grant that they were made under.
      const used = (await this.status.database.count('uses')) > 0;
      if (live.length > 0 || sealed || used) await this.ports.alarms.every('sweep', DAY_MS / MINUTE_MS / 4);
      else await this.ports.alarms.clear('sweep');
    } catch (error) {
      this.ports.report(error);
    }
  }

  /** The clauses, as an entry of the ledger refers to a notice. */
  static noticeRef(notice: Notice) {
    return {
      hash: hashOf(notice),
      policyVersion: notice.policyVersion,
      language: notice.language,
      clauses: grantedClauses(notice.clauses.map((clause) => clause.id)),
      ...(notice.endpoint ? { endpoint: notice.endpoint } : {}),
    };
  }

  get session(): string {
    return this.#session;
  }
}

const sameGrant = (a: Wanted, b: Wanted): boolean => a.capability === b.capability && a.scope === b.scope;

const fenceOf = (fences: readonly Fence[], grant: Wanted): Fence | undefined =>
  fences.find((fence) => sameGrant(fence, grant));

const closedAs = (closed: Extract<Status, { kind: 'closed' }>['closed']): Exclude<Opened, { kind: 'open' }> =>
  closed.kind === 'newer-database' ? { kind: 'newer' } : { kind: 'unavailable', why: closed.why };

/** Whether the database is another one than the mark's, or an older copy of it. */
async function isOtherHistory(database: Database, databaseId: string, mark: HeadMark): Promise<boolean> {
  if (mark.databaseId !== databaseId) return true;
  if (mark.seq === 0) return false;
  const row = await database.get('ledger', mark.seq);
  return row === undefined || (row as { hash?: unknown }).hash !== mark.hash;
}

class Late extends Error {}

/** Rejects with {@link Late} after a time; the work itself goes on and may still succeed. */
async function withinTime<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Late(`no answer within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

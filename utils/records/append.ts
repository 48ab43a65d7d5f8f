import type { IDBPTransaction } from 'idb';
import { checkpoint as checkpointShape, hourOfUse } from '../catalogue/record';
import { ALL, covers } from '../catalogue/scope';
import { readRow, readRows } from '../catalogue/shapes';
import { passes } from '../grants/fences';
import type { Fence } from '../grants/schema';
import { fenceRow } from '../grants/schema';
import type { Draft, Lease, RecordDraft, SettingsDraft, Written } from '../leases/lease';
import { type Clock, HOUR_MS, localDay, MINUTE_MS } from '../platform/clock';
import { invariant } from '../platform/invariant';
import { serial } from '../platform/serial';
import type { Database, Stores } from '../storage/database';

/** Rows that one transaction holds at most: IndexedDB is first in, first out, and a revocation waits behind it. */
export const ROWS_PER_TRANSACTION = 100;

type Authority = Pick<Lease, 'capability' | 'scope' | 'grantId' | 'epoch' | 'signal'>;
type Stamped = Record<string, unknown> & { id: string };
interface Put {
  readonly store: 'records' | 'uses' | 'outbox';
  readonly id: string;
  /** `undefined`: the row that stands there stays. */
  readonly row: Stamped | ((before: unknown) => Stamped | undefined);
}

/**
 * The one write function of the project: whatever a capability keeps beyond memory goes through it. Each transaction
 * reads the fence and aborts unless the fence lets this lease through; the read and the puts are sent without an await
 * between them. One transaction is in flight at a time.
 */
export class Appender {
  readonly #queue = serial();

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  append(lease: Authority, draft: Draft): Promise<Written> {
    const puts = this.#puts(lease, draft);
    const sites = [...new Set((draft.records ?? []).flatMap((record) => record.site ?? []))];
    return this.#queue(async () => {
      let from = 0;
      while (from < puts.length || (from === 0 && draft.settings)) {
        const to = from + ROWS_PER_TRANSACTION;
        const settings = to >= puts.length ? draft.settings : undefined;
        const written = await this.#transact(lease, puts.slice(from, to), sites, settings);
        if (written.kind !== 'kept') return written;
        from = to;
      }
      return { kind: 'kept' };
    });
  }

  async #transact(
    lease: Authority,
    puts: readonly Put[],
    sites: readonly string[],
    settings: SettingsDraft | undefined,
  ): Promise<Written> {
    if (lease.signal.aborted) return { kind: 'stale-lease' };
    const transaction = this.database.transaction(
      ['fences', 'records', 'uses', 'outbox', ...(settings ? (['settings'] as const) : [])],
      'readwrite',
    );
    const fences = transaction.objectStore('fences');
    const nowMs = this.clock.nowMs();
    // For all sites, the site's own fence may take it out: one read brings them all.
    const reading =
      lease.scope === ALL
        ? fences.index('capability').getAll(lease.capability)
        : fences.get([lease.capability, lease.scope]).then((row) => [row]);
    let fault: unknown;
    let full = false;
    // A row that can't be made or stored takes the whole transaction with it; what follows from that is no fault.
    const fail = (error: unknown) => {
      full ||= isQuota(error);
      if (!isEcho(error)) fault ??= error;
      abortQuietly(transaction);
    };
    for (const { store, id, row } of puts) {
      try {
        const target = transaction.objectStore(store);
        const sent =
          typeof row === 'function'
            ? target.get(id).then((before) => {
                const next = row(before);
                return next === undefined ? undefined : target.put(next);
              })
            : target.put(row);
        sent.catch(fail);
      } catch (error) {
        fail(error);
        break;
      }
    }
    if (settings) changeSettings(transaction as unknown as Changing, lease, settings, nowMs).catch(fail);
    const done = transaction.done.then(
      () => undefined,
      (error: unknown) => error,
    );
    let refused = false;
    try {
      const { rows } = readRows(fenceRow, await reading);
      const own = rows.find((fence) => fence.scope === lease.scope);
      refused =
        !passes(own, { grantId: lease.grantId, epoch: lease.epoch, nowMs }) ||
        (lease.scope === ALL && takenOut(rows, sites));
      if (refused) abortQuietly(transaction);
      else if (own && own.validUntilMs !== null && nowMs - own.latestSeenMs > MINUTE_MS / 2) {
        fences.put({ ...own, latestSeenMs: nowMs }).catch(() => undefined);
      }
    } catch (error) {
      // Whatever kept the fence from being read, the transaction does not commit on a guess.
      abortQuietly(transaction);
      const failure = (await done) ?? error;
      if (full || isQuota(failure) || isQuota(error)) return { kind: 'full' };
      throw fault ?? error;
    }
    const failure = await done;
    if (refused) return { kind: 'stale-lease' };
    if (full || isQuota(failure)) return { kind: 'full' };
    if (failure !== undefined) throw fault ?? failure;
    return { kind: 'kept' };
  }

  #puts(lease: Authority, draft: Draft): Put[] {
    const { capability, scope, grantId, epoch } = lease;
    const stamp = { capability, scope, grantId, epoch };
    const record = ({ key, site, atMs, data }: RecordDraft): Put => {
      const id = `${grantId}|${key}`;
      const row = (members: Readonly<Record<string, unknown>>, whenMs = atMs) => ({
        ...members,
        ...stamp,
        id,
        ...(site === undefined ? {} : { site }),
        atMs: whenMs,
        day: localDay(whenMs),
      });
      if (typeof data !== 'function') return { store: 'records', id, row: row(data) };
      const next = (before: unknown) => {
        const members = data(before);
        return members && row(members, typeof members.atMs === 'number' ? members.atMs : atMs);
      };
      return { store: 'records', id, row: next };
    };
    const puts = (draft.records ?? []).map(record);
    for (const { key, atMs, data } of draft.outbox ?? []) {
      const id = `${grantId}|${key}`;
      puts.push({ store: 'outbox', id, row: { ...data, ...stamp, id, atMs } });
    }
    if (draft.uses) puts.push(useOf(stamp, draft.uses, this.clock.nowMs()));
    if (draft.checkpoint !== undefined) {
      const row = checkpointRow(lease, draft.checkpoint, this.clock.nowMs());
      puts.push({ store: 'uses', id: row.id, row });
    }
    return puts;
  }
}

const checkpointRow = ({ capability, scope, grantId, epoch }: Authority, state: unknown, atMs: number) => ({
  capability,
  scope,
  grantId,
  epoch,
  id: checkpointId(grantId),
  kind: 'checkpoint',
  atMs,
  state,
});

type Changing = IDBPTransaction<Stores, ('fences' | 'records' | 'uses' | 'outbox' | 'settings')[], 'readwrite'>;

/** The fence was asked for first: where it refuses, the transaction is over before what is read here comes. */
async function changeSettings(
  transaction: Changing,
  lease: Authority,
  { keys, change }: SettingsDraft,
  nowMs: number,
): Promise<void> {
  const [settings, uses] = [transaction.objectStore('settings'), transaction.objectStore('uses')];
  const [checkpoint, ...found] = await Promise.all([
    uses.get(checkpointId(lease.grantId)),
    ...keys.map((key) => settings.get(key)),
  ]);
  const rows = new Map<string, unknown>();
  for (const [at, row] of found.entries()) if (row !== undefined) rows.set(keys[at] ?? '', row);
  const known = readRow(checkpointShape, checkpoint);
  const made = change(rows, known?.state);
  if (!made) return;
  for (const row of made.rows) invariant(keys.includes(row.key), 'a draft writes the settings that it names');
  const puts: Promise<unknown>[] = made.rows.map((row) => settings.put(row));
  if (made.checkpoint !== undefined) puts.push(uses.put(checkpointRow(lease, made.checkpoint, nowMs)));
  await Promise.all(puts);
}

export const checkpointId = (grantId: string): string => `${grantId}|checkpoint`;

function useOf(
  stamp: Pick<Authority, 'capability' | 'scope' | 'grantId' | 'epoch'>,
  times: number,
  nowMs: number,
): Put {
  const atMs = nowMs - (nowMs % HOUR_MS);
  const id = `${stamp.grantId}|${atMs}`;
  return {
    store: 'uses',
    id,
    row: (before) => {
      const counted = readRow(hourOfUse, before)?.times ?? 0;
      return { ...stamp, id, kind: 'hour', atMs, times: counted + times, lastMs: nowMs };
    },
  };
}

/** Whether one of these sites was taken out of a grant for all sites. */
const takenOut = (fences: readonly Fence[], sites: readonly string[]): boolean =>
  fences.some((fence) => fence.excluded && sites.some((site) => covers(fence.scope, site)));

const isQuota = (error: unknown): boolean => error instanceof DOMException && error.name === 'QuotaExceededError';
/** What requests of a transaction that is over say; Firefox's full disk ends one between a read and its put. */
const isEcho = (error: unknown): boolean =>
  error instanceof DOMException && ['AbortError', 'InvalidStateError', 'TransactionInactiveError'].includes(error.name);

function abortQuietly(transaction: { abort(): void }): void {
  try {
    transaction.abort();
  } catch (error) {
    // Already over: that is what was wanted.
    if (!(error instanceof DOMException)) throw error;
  }
}

/** The deletion of the remote copy after a revocation: the only thing that may leave once Cloud Synchronization is off. */
import type { Scope } from '../catalogue/scope';
import type { Erasure } from '../egress/wire';
import { missing } from '../grants/holdings';
import { MINUTE_MS } from '../platform/clock';
import { serial } from '../platform/serial';
import { openLocal } from '../sync/local-key';
import { browserErasure, browserProvider } from '../sync/providers/browser';
import type { Provider } from '../sync/providers/provider';
import { webdavProvider, webdavUrls } from '../sync/providers/webdav';
import { readCheckpoint } from '../sync/session';
import type { ErasureAnswer, ErasureView, TroubleWhy } from '../sync/view';
import type { Core } from './core';
import { ERASURE_KEY, type ErasureRow, localKey, pendingErasure } from './sync-rows';

/** The alarm of the next try. */
export const ERASE_ALARM = 'sync-erase';
const AGAIN_MS = MINUTE_MS;
const AGAIN_MS_MAX = 60 * MINUTE_MS;

export class SyncErasure {
  readonly #inTurn = serial();
  #running: AbortController | null = null;

  constructor(private readonly core: Core) {}

  /** Keeps what a deletion will need, while the grant is still live. `false` where nothing can be deleted or kept. */
  async prepare(scope: Scope): Promise<boolean> {
    const lease = this.core.office.lease('cloud-sync', scope);
    // One at a time: a second one would take the first one's place, and leave what that was to delete.
    if (!lease || (await this.#row())) return false;
    const checkpoint = readCheckpoint(await lease.lastCheckpoint());
    if (!checkpoint) return false;
    const row: ErasureRow = {
      key: ERASURE_KEY,
      scope,
      grantId: lease.grantId,
      place: checkpoint.state.place,
      sinceMs: this.core.ports.clock.nowMs(),
      tries: 0,
      lastTrouble: null,
    };
    const written = await lease.write({ settings: { keys: [ERASURE_KEY], change: () => ({ rows: [row] }) } });
    return written.kind === 'kept';
  }

  async view(): Promise<ErasureView | null> {
    const row = await this.#row();
    return row ? viewOf(row) : null;
  }

  /**
   * A deletion that is on record, unless its grant is live: then the revocation that it goes with never came to be. Nor
   * where the person has allowed the same place anew: what is there is theirs to use again.
   */
  async #row(): Promise<ErasureRow | undefined> {
    const { core } = this;
    if (core.status.kind !== 'open') return undefined;
    const row = await pendingErasure(core.status.database);
    if (!row) return undefined;
    const { grants } = await core.status.book.everything();
    const live = grants.filter(({ capability, state }) => capability === 'cloud-sync' && state === 'granted');
    return live.some(({ grantId, scope }) => grantId === row.grantId || scope === row.scope) ? undefined : row;
  }

  /** What a start does: goes on with what is pending, and forgets what no revocation stands behind. */
  async resume(): Promise<void> {
    const { core } = this;
    if (core.status.kind !== 'open') return;
    const { database } = core.status;
    if (!(await pendingErasure(database))) return;
    if (await this.#row()) await this.run();
    else await database.delete('settings', ERASURE_KEY);
  }

  run(): Promise<ErasureAnswer> {
    return this.#inTurn(async () => {
      const row = await this.#row();
      if (!row) return { kind: 'none' };
      const why = await this.#delete(row);
      if (why === null) {
        await this.#end(row, 'deleted');
        return { kind: 'deleted' };
      }
      return this.#putOff(row, why);
    });
  }

  /** @returns what stood in the way; `null`: all of it is gone. */
  async #delete(row: ErasureRow): Promise<TroubleWhy | null> {
    const { core } = this;
    const key = await localKey(core.openStatus().database);
    const { place } = row;
    if (place.kind === 'webdav' && !(await this.#mayReach(row))) return 'not-permitted';
    const password = place.kind === 'webdav' && key ? await openLocal(key, place.sealed) : '';
    if (password === undefined || (place.kind === 'webdav' && !key)) return 'failed';
    const controller = new AbortController();
    this.#running = controller;
    const erasure: Erasure =
      place.kind === 'browser' ? { kind: 'area', ...browserErasure } : { kind: 'server', urls: webdavUrls(place.url) };
    const reach = core.door.erase(erasure, {
      signal: controller.signal,
      pending: async () => (await this.#row())?.grantId === row.grantId,
    });
    const provider: Provider =
      place.kind === 'browser'
        ? browserProvider(reach.area)
        : webdavProvider({ ...place, password, exchange: reach.exchange, freshName: () => core.ports.ids.fresh() });
    try {
      // Keys first: a device that comes between finds the settings, or neither, and writes nothing anew.
      for (const name of ['keys', 'settings'] as const) {
        const deleted = await provider.delete(name);
        if (deleted.kind === 'trouble') return deleted.why;
      }
      return null;
    } finally {
      this.#running = null;
    }
  }

  /** A browser that crashed, or a person in its settings, may have taken the origin since: asking the server would look like 'offline'. */
  async #mayReach({ scope }: ErasureRow): Promise<boolean> {
    const { permissions, knowsDataCollection } = this.core.ports;
    return (
      missing({ capability: 'cloud-sync', scope }, await permissions.held(), knowsDataCollection).origins.length === 0
    );
  }

  async #putOff(row: ErasureRow, why: TroubleWhy): Promise<ErasureAnswer> {
    const { core } = this;
    const nowMs = core.ports.clock.nowMs();
    const later: ErasureRow = { ...row, tries: row.tries + 1, lastTrouble: { atMs: nowMs, why } };
    const still = await this.#replace(later);
    if (!still) return { kind: 'none' };
    const againMs = Math.min(AGAIN_MS * 2 ** Math.min(row.tries, 10), AGAIN_MS_MAX);
    await core.ports.alarms.at(ERASE_ALARM, nowMs + againMs);
    core.ports.changed();
    return { kind: 'pending', erasure: viewOf(later) };
  }

  /** Changes the row only where it is still there: it may have been dropped meanwhile. */
  async #replace(row: ErasureRow): Promise<boolean> {
    const { database } = this.core.openStatus();
    const transaction = database.transaction('settings', 'readwrite');
    const isThere = (await transaction.store.get(ERASURE_KEY)) !== undefined;
    if (isThere) transaction.store.put(row);
    await transaction.done;
    return isThere;
  }

  /** The person gives the deletion up: what lies there stays. What is under way is aborted first. */
  async drop(): Promise<ErasureAnswer> {
    this.#running?.abort();
    return this.#inTurn(async () => {
      const row = await this.#row();
      if (!row) return { kind: 'none' };
      await this.#end(row, 'dropped');
      return { kind: 'dropped' };
    });
  }

  /** Nothing keeps the address and the password any more: they go, and so does the browser's permission. */
  async #end({ scope }: ErasureRow, how: 'deleted' | 'dropped'): Promise<void> {
    const { core } = this;
    const { database, book } = core.openStatus();
    await database.delete('settings', ERASURE_KEY);
    await core.ports.alarms.clear(ERASE_ALARM);
    await core.release({ capability: 'cloud-sync', scope });
    await core.forgetSync();
    await book.note('erased', 'person', { capability: 'cloud-sync', scope, details: { what: 'remote-copy', how } });
    core.ports.changed();
  }
}

const viewOf = ({ place, sinceMs, lastTrouble }: ErasureRow): ErasureView => ({
  sinceMs,
  url: place.kind === 'webdav' ? place.url : null,
  lastTrouble: lastTrouble as ErasureView['lastTrouble'],
});

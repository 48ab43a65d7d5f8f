/** Reading and erasing what was collected. Writing is append.ts's alone. */
import { type CapabilityId, capability, capabilityIds } from '../catalogue/catalogue';
import { registrableDomain } from '../catalogue/domains';
import { COUNTED_MAX, INSIGHT_ROWS_MAX } from '../catalogue/limits';
import {
  type HourOfUse,
  hourOfUse,
  type InsightRecord,
  type OutboxRow,
  outboxRow,
  type RecordRow,
  recordRow,
  type TimeRecord,
  useRow,
} from '../catalogue/record';
import { siteOfRecord } from '../catalogue/record-site';
import { ALL, covers, type Scope, siteOf, within } from '../catalogue/scope';
import { readRow, readRows } from '../catalogue/shapes';
import type { Lease } from '../leases/lease';
import type {
  ActivityWeek,
  InsightSite,
  InsightSites,
  RecordCursor,
  RecordFilter,
  RecordsPage,
  RecordsSummary,
  TimeDays,
} from '../messages/contract';
import { type Clock, DAY_MS, HOUR_MS, localDay } from '../platform/clock';
import type { Database } from '../storage/database';
import { checkpointId } from './append';

/** Rows read or erased in one transaction: reads stay fast, and a revocation never waits long. */
export const BATCH = 250;
/** Sites that one question is answered with. */
const SITES_MAX = 20;
/** Days that counts of use are kept for the activity page. */
export const USES_KEPT_DAYS = 30;

type Ended = { readonly capability: CapabilityId; readonly scope: Scope };
type KeyRange = IDBKeyRange | null;
type IndexName = 'at' | 'capability' | 'site';

/** Sorts after every id: ids are ASCII. */
const LAST = '￿';

export class Archive {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  async checkpoint(lease: Pick<Lease, 'grantId'>): Promise<unknown> {
    const row = readRow(useRow, await this.database.get('uses', checkpointId(lease.grantId)));
    return row?.kind === 'checkpoint' ? row.state : undefined;
  }

  /** When each grant was last used, by grant id. */
  async lastUses(): Promise<Map<string, number>> {
    const last = new Map<string, number>();
    for (const use of await this.#hours(this.clock.nowMs() - USES_KEPT_DAYS * DAY_MS)) {
      last.set(use.grantId, Math.max(last.get(use.grantId) ?? 0, use.lastMs));
    }
    return last;
  }

  async #hours(fromMs: number): Promise<HourOfUse[]> {
    const raw = await this.database.getAllFromIndex('uses', 'at', IDBKeyRange.lowerBound([fromMs, '']));
    return readRows(hourOfUse, raw).rows;
  }

  async activity(days: number): Promise<ActivityWeek> {
    const nowMs = this.clock.nowMs();
    const fromMs = nowMs - (nowMs % HOUR_MS) - (days * 24 - 1) * HOUR_MS;
    const hours = (await this.#hours(fromMs)).map(({ capability: id, scope, atMs, times }) => ({
      capability: id,
      scope,
      atMs,
      times,
    }));
    return { fromMs, hours };
  }

  // --------------------------------------------------------------------------------------------------------- reading

  /** One page of records, newest first. */
  async page(filter: RecordFilter, after: RecordCursor | null, limit: number): Promise<RecordsPage> {
    const { index, prefix } = indexFor(filter);
    const upper = after ? [...prefix, after.atMs, after.id] : [...prefix, Number.MAX_SAFE_INTEGER, LAST];
    const range = IDBKeyRange.bound([...prefix, 0, ''], upper, false, after !== null);
    const rows: RecordRow[] = [];
    let unreadable = 0;
    let cursor = await this.database.transaction('records').store.index(index).openCursor(range, 'prev');
    while (cursor && rows.length < limit) {
      const row = readRow(recordRow, cursor.value);
      if (!row) unreadable += 1;
      else if (matches(row, filter)) rows.push(row);
      cursor = await cursor.continue();
    }
    const last = rows.at(-1);
    return { rows, next: cursor && last ? { atMs: last.atMs, id: last.id } : null, unreadable };
  }

  /** Every record that the filter lets through, oldest first, in batches: each a transaction of its own. */
  async *all(filter: RecordFilter): AsyncGenerator<RecordRow[], void, void> {
    const { index, prefix } = indexFor(filter);
    for await (const batch of this.#batches(index, prefix)) {
      yield readRows(recordRow, batch).rows.filter((row) => matches(row, filter));
    }
  }

  async *#batches(index: IndexName, prefix: readonly string[], fromMs = 0): AsyncGenerator<object[], void, void> {
    let lower: (string | number)[] = [...prefix, fromMs, ''];
    const upper = [...prefix, Number.MAX_SAFE_INTEGER, LAST];
    for (let open = false; ; open = true) {
      const range: KeyRange = IDBKeyRange.bound(lower, upper, open, false);
      const batch = await this.database
        .transaction('records')
        .store.index(index)
        .getAll(range as never, BATCH);
      if (batch.length > 0) yield batch;
      const last = batch.at(-1) as { atMs?: number; id?: string } | undefined;
      if (batch.length < BATCH || last?.atMs === undefined || last.id === undefined) return;
      lower = [...prefix, last.atMs, last.id];
    }
  }

  async summary(seals: readonly (Ended & { grantId: string })[]): Promise<RecordsSummary> {
    const capabilities = await Promise.all(
      capabilityIds.map(async (id) => {
        const range = IDBKeyRange.bound([id], [id, Number.MAX_SAFE_INTEGER, LAST]);
        const index = this.database.transaction('records').store.index('capability');
        const [keys, first] = await Promise.all([
          index.getAllKeys(range as never, COUNTED_MAX + 1),
          index.openKeyCursor(range as never),
        ]);
        // Where a site was taken out of all sites before all sites ended, the seal of all covers the site's.
        const own = seals.filter((seal) => seal.capability === id && !seals.some((other) => coversSeal(other, seal)));
        const counts = await Promise.all(own.map((seal) => this.countSealed(seal, [seal.grantId])));
        const sealed = counts.reduce((sum, count) => sum + count, 0);
        const oldestMs = first ? Number((first.key as unknown as [string, number])[1]) : null;
        return { id, records: keys.length, sealed: Math.min(sealed, COUNTED_MAX + 1), oldestMs };
      }),
    );
    return { capabilities };
  }

  /** Sites that records name, alphabetically, of those that begin so: one step of the cursor a site. */
  async sites(prefix: string, limit = SITES_MAX): Promise<string[]> {
    const sites: string[] = [];
    const range = IDBKeyRange.bound([prefix], [`${prefix}${LAST}`]);
    let cursor = await this.database
      .transaction('records')
      .store.index('site')
      .openKeyCursor(range as never);
    while (cursor && sites.length < limit) {
      const [site] = cursor.key;
      sites.push(site);
      // The next site after this one, whatever a damaged row of this one has for a time.
      cursor = await cursor.continue([`${site}\u0000`] as never);
    }
    return sites;
  }

  // -------------------------------------------------------------------------------- what features show, under a lease

  async insightSite(lease: Lease | undefined, site: string): Promise<InsightSite> {
    const empty: InsightSite = { live: lease !== undefined, site, visits: 0, requests: 0, groups: [] };
    if (!lease) return empty;
    const rows: InsightRecord[] = [];
    for await (const batch of this.#batches('site', [site])) {
      rows.push(...readRows(recordRow, batch).rows.filter((row) => isInsightOf(row, lease)));
    }
    const groups = new Map<string, Map<string, number>>();
    for (const { party, requests } of rows) {
      const domain = registrableDomain(party);
      const hosts = groups.get(domain) ?? new Map<string, number>();
      hosts.set(party, (hosts.get(party) ?? 0) + requests);
      groups.set(domain, hosts);
    }
    const sum = (hosts: ReadonlyMap<string, number>) => [...hosts.values()].reduce((total, count) => total + count, 0);
    return {
      ...empty,
      visits: new Set(rows.map((row) => row.atMs)).size,
      requests: rows.reduce((total, row) => total + row.requests, 0),
      groups: [...groups]
        .map(([domain, hosts]) => ({
          domain,
          requests: sum(hosts),
          hosts: [...hosts].map(([host, requests]) => ({ host, requests })).sort((a, b) => b.requests - a.requests),
        }))
        .sort((a, b) => b.requests - a.requests || a.domain.localeCompare(b.domain)),
    };
  }

  async insightSites(leases: readonly Lease[]): Promise<InsightSites> {
    if (leases.length === 0) return { live: false, sites: [], cut: false };
    const sites = new Map<string, { parties: Set<string>; requests: number }>();
    const domains = new Map<string, string>();
    const domainOf = (party: string): string => {
      const known = domains.get(party) ?? registrableDomain(party);
      domains.set(party, known);
      return known;
    };
    const oldest = await this.#oldestOfNewest('site-insight', INSIGHT_ROWS_MAX);
    for await (const batch of this.#batches('capability', ['site-insight'], oldest ?? 0)) {
      for (const row of readRows(recordRow, batch).rows) {
        if (!leases.some((lease) => isInsightOf(row, lease)) || row.capability !== 'site-insight') continue;
        const site = sites.get(row.site) ?? { parties: new Set(), requests: 0 };
        site.parties.add(domainOf(row.party));
        site.requests += row.requests;
        sites.set(row.site, site);
      }
    }
    const rows = [...sites].map(([site, { parties, requests }]) => ({ site, parties: parties.size, requests }));
    return {
      live: true,
      sites: rows.sort((a, b) => b.parties - a.parties || a.site.localeCompare(b.site)),
      cut: oldest !== undefined,
    };
  }

  /** `atMs` of the oldest of a capability's newest records; `undefined` where it has no more than so many. */
  async #oldestOfNewest(id: CapabilityId, rows: number): Promise<number | undefined> {
    const range = IDBKeyRange.bound([id], [id, Number.MAX_SAFE_INTEGER, LAST]);
    const index = this.database.transaction('records').store.index('capability');
    const newest = await index.openKeyCursor(range as never, 'prev');
    const oldest = await newest?.advance(rows);
    return oldest ? Number(oldest.key[1]) : undefined;
  }

  async timeDays(lease: Lease | undefined, days: number): Promise<TimeDays> {
    if (!lease) return { live: false, rows: [] };
    const firstDay = localDay(this.clock.nowMs() - (days - 1) * DAY_MS);
    const rows: TimeRecord[] = [];
    // A day's record is put anew whenever it grows, so none of these days is older than their beginning.
    const fromMs = this.clock.nowMs() - (days + 1) * DAY_MS;
    for await (const batch of this.#batches('capability', ['browsing-time'], Math.max(0, fromMs))) {
      for (const row of readRows(recordRow, batch).rows) {
        if (row.capability === 'browsing-time' && row.grantId === lease.grantId) rows.push(row);
      }
    }
    return {
      live: true,
      rows: rows.filter((row) => row.day >= firstDay).map(({ site, day, attentionMs }) => ({ site, day, attentionMs })),
    };
  }

  /** The records of a lease's grant from a moment on, oldest first: what reports are made of. */
  async recordsOf(lease: Lease, fromMs: number): Promise<RecordRow[]> {
    const rows: RecordRow[] = [];
    for await (const batch of this.#batches('capability', [lease.capability], fromMs)) {
      rows.push(...readRows(recordRow, batch).rows.filter((row) => row.grantId === lease.grantId));
    }
    return rows;
  }

  /** The reports of a lease's grant that were handed over, oldest first. */
  async outbox(lease: Lease): Promise<OutboxRow[]> {
    const raw = await this.database.getAllFromIndex('outbox', 'capability', lease.capability);
    return readRows(outboxRow, raw)
      .rows.filter((row) => row.grantId === lease.grantId)
      .sort((a, b) => a.atMs - b.atMs);
  }

  /** Requests that were stopped on a site on one day. */
  async blockedOn(lease: Lease | undefined, site: string, day: string): Promise<number> {
    if (!lease) return 0;
    const row = readRow(recordRow, await this.database.get('records', `${lease.grantId}|${day}|${site}`));
    return row?.capability === 'protection' ? row.blocked : 0;
  }

  // --------------------------------------------------------------------------------------------------------- erasing

  async eraseOne(id: string): Promise<number> {
    const transaction = this.database.transaction('records', 'readwrite');
    const found = await transaction.store.count(id);
    transaction.store.delete(id);
    await transaction.done;
    return found;
  }

  /** @returns how many records went. */
  async erase(filter: RecordFilter): Promise<number> {
    if (filter.capability === undefined && filter.site === undefined) return this.#eraseKeys(() => undefined);
    const { index, prefix } = indexFor(filter);
    return this.#eraseBatches(index, prefix, Number.MAX_SAFE_INTEGER, (row) => matches(row, filter));
  }

  /** Records older than the catalogue keeps them. */
  async eraseExpired(id: CapabilityId): Promise<number> {
    const { keepDays } = capability(id);
    if (keepDays === null) return 0;
    return this.#eraseBatches('capability', [id], this.clock.nowMs() - keepDays * DAY_MS, () => true);
  }

  async eraseSealed(ended: Ended, grantIds: readonly string[]): Promise<number> {
    let erased = 0;
    for (const grantId of grantIds) {
      if (await this.#isWhole(ended, grantId)) {
        erased += await this.#eraseKeys((after) => rangeOf(grantId, after));
        continue;
      }
      for await (const batch of this.#sealedOfSites(ended, grantId)) {
        const transaction = this.database.transaction('records', 'readwrite');
        for (const { id } of batch) transaction.store.delete(id);
        await transaction.done;
        erased += batch.length;
      }
    }
    return erased;
  }

  /** Counted up to {@link COUNTED_MAX} a grant; one more stands for 'more than that'. */
  async countSealed(ended: Ended, grantIds: readonly string[]): Promise<number> {
    let found = 0;
    for (const grantId of grantIds) {
      if (await this.#isWhole(ended, grantId)) {
        found += (await this.database.getAllKeys('records', rangeOf(grantId), COUNTED_MAX + 1)).length;
        continue;
      }
      let ofSites = 0;
      for await (const batch of this.#sealedOfSites(ended, grantId)) {
        ofSites += batch.length;
        if (ofSites > COUNTED_MAX) break;
      }
      found += Math.min(ofSites, COUNTED_MAX + 1);
    }
    return found;
  }

  /** Whether all that a grant collected is closed. It has one scope, so its first row tells. */
  async #isWhole(ended: Ended, grantId: string): Promise<boolean> {
    if (ended.scope === ALL) return true;
    const first = (await this.database.getAll('records', rangeOf(grantId), 1))[0] as RecordRow | undefined;
    return first?.scope === ended.scope;
  }

  /** What a grant for all sites collected on a site that was taken out of it: by site, since that site is a small part. */
  async *#sealedOfSites({ scope }: Ended, grantId: string): AsyncGenerator<{ id: string }[], void, void> {
    const site = siteOf(scope);
    if (!site) return;
    const named = site.subdomains ? await this.sites('', Number.POSITIVE_INFINITY) : [site.host];
    for (const one of named) {
      if (!covers(scope, one)) continue;
      for await (const batch of this.#batches('site', [one])) {
        yield (batch as { id: string; grantId?: unknown }[]).filter((row) => row.grantId === grantId);
      }
    }
  }

  /** @param live ids of grants whose checkpoints stay, however long ago they were written. */
  async eraseOldUses(live: readonly string[]): Promise<void> {
    const kept = live.map(checkpointId);
    const range = IDBKeyRange.upperBound([this.clock.nowMs() - USES_KEPT_DAYS * DAY_MS, '']);
    const transaction = this.database.transaction('uses', 'readwrite');
    for (const key of await transaction.store.index('at').getAllKeys(range)) {
      if (!kept.includes(key)) transaction.store.delete(key);
    }
    await transaction.done;
  }

  /**
   * Checkpoints and counts of grants: they go with the data of 'erase all'. The checkpoint of what collects no records is no part
   * of them, but all that it goes on by.
   */
  async eraseUses(): Promise<void> {
    const transaction = this.database.transaction('uses', 'readwrite');
    for (const raw of await transaction.store.getAll()) {
      const row = readRow(useRow, raw);
      const stays = row?.kind === 'checkpoint' && capability(row.capability).keepDays === null;
      if (!stays) transaction.store.delete((raw as { id: string }).id);
    }
    await transaction.done;
  }

  /** Every record, use and message that waits to be sent. Only once nothing is live: a million rows go in one transaction. */
  async eraseEverything(): Promise<number> {
    const transaction = this.database.transaction(['records', 'uses', 'outbox'], 'readwrite', { durability: 'strict' });
    const records = await transaction.objectStore('records').count();
    transaction.objectStore('records').clear();
    transaction.objectStore('uses').clear();
    transaction.objectStore('outbox').clear();
    await transaction.done;
    return records;
  }

  /** Reports that were handed over: of one capability, or of all. They go with the records that they were made of. */
  async eraseOutbox(id?: CapabilityId, olderThanMs = Number.MAX_SAFE_INTEGER): Promise<void> {
    const transaction = this.database.transaction('outbox', 'readwrite');
    for (const raw of await transaction.store.getAll()) {
      const row = raw as Partial<OutboxRow> & { id: string };
      // One whose time can't be read goes with the oldest.
      const atMs = typeof row.atMs === 'number' ? row.atMs : 0;
      const goes = (id === undefined || row.capability === id) && !(atMs > olderThanMs);
      if (goes) transaction.store.delete(row.id);
    }
    await transaction.done;
  }

  /** Erases key by key from the front; each transaction is short, so that a revocation never waits long behind it. */
  async #eraseKeys(rest: (after?: string) => IDBKeyRange | undefined): Promise<number> {
    let erased = 0;
    for (let after: string | undefined; ; ) {
      const transaction = this.database.transaction('records', 'readwrite');
      const range = rest(after) ?? (after === undefined ? null : IDBKeyRange.lowerBound(after, true));
      const keys = await transaction.store.getAllKeys(range, BATCH);
      const [first, last] = [keys[0], keys.at(-1)];
      if (first !== undefined && last !== undefined) transaction.store.delete(IDBKeyRange.bound(first, last));
      await transaction.done;
      erased += keys.length;
      if (keys.length < BATCH) return erased;
      after = last;
    }
  }

  async #eraseBatches(
    index: IndexName,
    prefix: readonly string[],
    olderThanMs: number,
    goes: (row: RecordRow) => boolean,
  ): Promise<number> {
    let erased = 0;
    let lower: (string | number)[] = [...prefix, 0, ''];
    const upper = [...prefix, olderThanMs, LAST];
    for (let open = false; ; open = true) {
      const transaction = this.database.transaction('records', 'readwrite');
      const batch = await transaction.store
        .index(index)
        .getAll(IDBKeyRange.bound(lower, upper, open, false) as never, BATCH);
      for (const row of batch) {
        // A row that doesn't parse is erased by what can be read of it.
        const { id } = row as { id: string };
        if (!goes(row as RecordRow)) continue;
        transaction.store.delete(id);
        erased += 1;
      }
      await transaction.done;
      const last = batch.at(-1) as { atMs: number; id: string } | undefined;
      if (!last || batch.length < BATCH) return erased;
      lower = [...prefix, last.atMs, last.id];
    }
  }
}

/** The keys of a grant's records, all or those after one: a record's key begins with its grant's id. */
const rangeOf = (grantId: string, after?: string): IDBKeyRange =>
  IDBKeyRange.bound(after ?? `${grantId}|`, `${grantId}|${LAST}`, after !== undefined);

function indexFor({ capability: id, site }: RecordFilter): { index: IndexName; prefix: string[] } {
  if (site !== undefined) return { index: 'site', prefix: [site] };
  if (id !== undefined) return { index: 'capability', prefix: [id] };
  return { index: 'at', prefix: [] };
}

const matches = (row: RecordRow, { capability: id, site }: RecordFilter): boolean =>
  (id === undefined || row.capability === id) && (site === undefined || siteOfRecord(row) === site);

const isInsightOf = (row: RecordRow, lease: Lease): row is InsightRecord =>
  row.capability === 'site-insight' &&
  row.grantId === lease.grantId &&
  !lease.elsewhere.some((scope) => covers(scope, row.site));

const coversSeal = (broad: Ended & { grantId: string }, narrow: Ended & { grantId: string }): boolean =>
  broad.capability === narrow.capability &&
  broad.grantId === narrow.grantId &&
  broad.scope !== narrow.scope &&
  within(narrow.scope, broad.scope);

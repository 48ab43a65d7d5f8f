import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RecordRow } from '../../../utils/catalogue/record';
import { siteOfRecord } from '../../../utils/catalogue/record-site';
import type { Lease } from '../../../utils/leases/lease';
import type { RecordCursor, RecordFilter } from '../../../utils/messages/contract';
import { DAY_MS, HOUR_MS, localDay } from '../../../utils/platform/clock';
import { Archive, BATCH, USES_KEPT_DAYS } from '../../../utils/records/archive';
import { freshDatabase, START_MS, TestClock } from '../store';

async function world() {
  const database = await freshDatabase();
  const clock = new TestClock();
  const archive = new Archive(database, clock);
  const put = async (rows: readonly object[]) => {
    const transaction = database.transaction('records', 'readwrite');
    for (const row of rows) transaction.store.put(row);
    await transaction.done;
  };
  const left = async () =>
    ((await database.getAll('records')) as RecordRow[]).map((row) => row.id.slice(row.id.indexOf('|') + 1)).sort();
  return { database, clock, archive, put, left };
}

let made = 0;
function insightRow(more: Partial<Record<string, unknown>> = {}): RecordRow {
  made += 1;
  const row = { capability: 'site-insight', scope: '*', grantId: 'g1', epoch: 1, atMs: START_MS, site: 'a.example' };
  const own = { day: localDay(START_MS), party: 'x.example', requests: 1 };
  return keyed({ id: `r${String(made).padStart(6, '0')}`, ...row, ...own, ...more });
}
/** A record's key begins with its grant's id. */
const keyed = (row: { id: string; grantId: string }) => ({ ...row, id: `${row.grantId}|${row.id}` }) as RecordRow;
function timeRow(more: Partial<Record<string, unknown>> = {}): RecordRow {
  const { party: _party, requests: _requests, ...row } = insightRow() as unknown as Record<string, unknown>;
  const id = String(row.id).replace('g1|', '');
  return keyed({ ...row, id, capability: 'browsing-time', grantId: 't1', attentionMs: 1000, ...more } as never);
}
const leaseOf = (more: object = {}): Lease =>
  ({ capability: 'site-insight', scope: '*', grantId: 'g1', elsewhere: [], ...more }) as unknown as Lease;

async function pages(archive: Archive, filter: RecordFilter, limit: number) {
  const rows: RecordRow[] = [];
  let unreadable = 0;
  let after: RecordCursor | null = null;
  do {
    const page = await archive.page(filter, after, limit);
    expect(page.rows.length).toBeLessThanOrEqual(limit);
    rows.push(...page.rows);
    unreadable += page.unreadable;
    after = page.next;
  } while (after);
  return { rows, unreadable };
}

async function collected<T>(batches: AsyncIterable<readonly T[]>): Promise<T[]> {
  const rows: T[] = [];
  for await (const batch of batches) rows.push(...batch);
  return rows;
}

describe('pages of records', () => {
  const row = fc.record({
    capability: fc.constantFrom('site-insight', 'browsing-time'),
    site: fc.constantFrom('a.example', 'b.example', 'c.example'),
    atMs: fc.integer({ min: 0, max: 5 }),
  });
  const filters = fc.record(
    {
      capability: fc.constantFrom('site-insight' as const, 'browsing-time' as const, 'notifications' as const),
      site: fc.constantFrom('a.example', 'b.example', 'd.example'),
    },
    { requiredKeys: [] },
  );

  test('together hold every record that the filter lets through, once, newest first', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { maxLength: 25 }),
        filters,
        fc.integer({ min: 1, max: 7 }),
        async (given, filter, limit) => {
          const { archive, put } = await world();
          const rows = given.map(({ capability, ...more }) =>
            capability === 'site-insight' ? insightRow(more) : timeRow(more),
          );
          await put(rows);
          const found = await pages(archive, filter, limit);
          const expected = rows
            .filter((one) => filter.capability === undefined || one.capability === filter.capability)
            .filter((one) => filter.site === undefined || siteOfRecord(one) === filter.site)
            .sort((a, b) => b.atMs - a.atMs || (a.id < b.id ? 1 : -1));
          expect(found).toEqual({ rows: expected, unreadable: 0 });
          expect(await collected(archive.all(filter))).toEqual([...expected].reverse());
        },
      ),
      { numRuns: 25 },
    );
  });

  test('count rows that do not parse, and go on past them', async () => {
    const { archive, put } = await world();
    await put([insightRow(), insightRow({ requests: 'many' }), insightRow({ more: 1 }), insightRow()]);
    const found = await pages(archive, {}, 1);
    expect(found.rows).toHaveLength(2);
    expect(found.unreadable).toBe(2);
    expect(await collected(archive.all({}))).toHaveLength(2);
  });

  test('stay whole while newer records come in', async () => {
    const { archive, put } = await world();
    await put(Array.from({ length: 6 }, (_, n) => insightRow({ atMs: START_MS + n })));
    const first = await archive.page({}, null, 3);
    await put([insightRow({ atMs: START_MS + 100 })]);
    const second = await archive.page({}, first.next, 3);
    expect([...first.rows, ...second.rows].map((one) => one.atMs - START_MS)).toEqual([5, 4, 3, 2, 1, 0]);
  });

  test('go over more records than one batch holds', async () => {
    const { archive, put } = await world();
    await put(Array.from({ length: BATCH * 2 + 1 }, (_, n) => insightRow({ atMs: START_MS + (n % 3) })));
    expect(await collected(archive.all({}))).toHaveLength(BATCH * 2 + 1);
    expect(await collected(archive.all({ site: 'a.example' }))).toHaveLength(BATCH * 2 + 1);
  });
});

describe('the summary', () => {
  test('counts records by capability, and says when the oldest of them is of', async () => {
    const { archive, put } = await world();
    await put([
      insightRow({ atMs: 5, site: 'b.example' }),
      insightRow({ atMs: 3, site: 'b.example' }),
      timeRow({ atMs: 9 }),
      timeRow({ atMs: 7, site: 'c.example' }),
    ]);
    const summary = await archive.summary([]);
    expect(await archive.sites('')).toEqual(['a.example', 'b.example', 'c.example']);
    expect(await archive.sites('b')).toEqual(['b.example']);
    expect(await archive.sites('', 1)).toEqual(['a.example']);
    expect(await archive.sites('z')).toEqual([]);
    expect(summary.capabilities).toEqual([
      { id: 'site-insight', records: 2, sealed: 0, oldestMs: 3 },
      { id: 'browsing-time', records: 2, sealed: 0, oldestMs: 7 },
      { id: 'site-cleaner', records: 0, sealed: 0, oldestMs: null },
      { id: 'notifications', records: 0, sealed: 0, oldestMs: null },
      { id: 'protection', records: 0, sealed: 0, oldestMs: null },
      { id: 'download-guard', records: 0, sealed: 0, oldestMs: null },
      { id: 'usage-statistics', records: 0, sealed: 0, oldestMs: null },
      { id: 'crash-reports', records: 0, sealed: 0, oldestMs: null },
      { id: 'cloud-sync', records: 0, sealed: 0, oldestMs: null },
    ]);
  });

  test('counts a sealed record once, though two seals cover it', async () => {
    const { archive, put } = await world();
    await put([insightRow(), insightRow({ site: 'b.example' }), insightRow({ grantId: 'g2' })]);
    const seal = (scope: string) => ({ capability: 'site-insight' as const, scope, grantId: 'g1' });
    const sealed = async (...scopes: string[]) => (await archive.summary(scopes.map(seal))).capabilities[0]?.sealed;
    expect(await sealed()).toBe(0);
    expect(await sealed('*://a.example/*')).toBe(1);
    expect(await sealed('*')).toBe(2);
    // First one site was taken out of all sites, then all sites ended.
    expect(await sealed('*://a.example/*', '*')).toBe(2);
  });
});

describe('what features show', () => {
  test('is nothing without a lease, whatever was collected', async () => {
    const { archive, put } = await world();
    await put([insightRow(), timeRow()]);
    expect(await archive.insightSite(undefined, 'a.example')).toMatchObject({ live: false, requests: 0, groups: [] });
    expect(await archive.insightSites([])).toEqual({ live: false, sites: [], cut: false });
    expect(await archive.timeDays(undefined, 7)).toEqual({ live: false, rows: [] });
  });

  test('is what this very grant collected: nothing sealed, nothing of another', async () => {
    const { archive, put } = await world();
    await put([
      insightRow({ requests: 3 }),
      insightRow({ grantId: 'g0', requests: 100 }),
      insightRow({ site: 'b.example', requests: 50 }),
      insightRow({ party: 'cdn.x.example', requests: 2, atMs: START_MS + 1 }),
      insightRow({ party: 'y.example', requests: 4 }),
      timeRow({ grantId: 'g1' }),
    ]);
    expect(await archive.insightSite(leaseOf(), 'a.example')).toEqual({
      live: true,
      site: 'a.example',
      visits: 2,
      requests: 9,
      groups: [
        {
          domain: 'x.example',
          requests: 5,
          hosts: [
            { host: 'x.example', requests: 3 },
            { host: 'cdn.x.example', requests: 2 },
          ],
        },
        { domain: 'y.example', requests: 4, hosts: [{ host: 'y.example', requests: 4 }] },
      ],
    });
    expect((await archive.insightSites([leaseOf()])).sites).toEqual([
      { site: 'a.example', parties: 2, requests: 9 },
      { site: 'b.example', parties: 1, requests: 50 },
    ]);
  });

  test('leaves out sites that were taken out of the grant', async () => {
    const { archive, put } = await world();
    await put([insightRow(), insightRow({ site: 'b.example' })]);
    const lease = leaseOf({ elsewhere: ['*://a.example/*'] });
    expect((await archive.insightSites([lease])).sites.map((one) => one.site)).toEqual(['b.example']);
    expect(await archive.insightSite(lease, 'a.example')).toMatchObject({ requests: 0 });
  });

  test('of browsing time goes back as many days as asked', async () => {
    const { archive, put, clock } = await world();
    const on = (days: number) => ({ day: localDay(clock.at - days * DAY_MS), atMs: clock.at - days * DAY_MS });
    await put([timeRow(on(0)), timeRow(on(6)), timeRow(on(7)), timeRow({ ...on(0), grantId: 'older' })]);
    const lease = leaseOf({ capability: 'browsing-time', grantId: 't1' });
    expect((await archive.timeDays(lease, 7)).rows).toHaveLength(2);
    expect((await archive.timeDays(lease, 8)).rows).toHaveLength(3);
  });
});

describe('erasing', () => {
  test('one record takes that one', async () => {
    const { archive, put, left } = await world();
    await put([insightRow({ id: 'a' }), insightRow({ id: 'b' })]);
    expect(await archive.eraseOne('g1|a')).toBe(1);
    expect(await archive.eraseOne('g1|a')).toBe(0);
    expect(await left()).toEqual(['b']);
  });

  test.each<[string, RecordFilter, string[]]>([
    ['by site', { site: 'a.example' }, ['b', 'd']],
    ['by capability', { capability: 'site-insight' }, ['c', 'd']],
    ['by both', { capability: 'browsing-time', site: 'a.example' }, ['a', 'b', 'd']],
    ['of all', {}, []],
  ])('%s takes those and no other', async (_what, filter, stays) => {
    const { archive, put, left } = await world();
    await put([
      insightRow({ id: 'a' }),
      insightRow({ id: 'b', site: 'b.example' }),
      timeRow({ id: 'c' }),
      timeRow({ id: 'd', site: 'b.example' }),
    ]);
    expect(await archive.erase(filter)).toBe(4 - stays.length);
    expect(await left()).toEqual(stays);
  });

  test('goes over more records than one batch holds, in transactions of a batch', async () => {
    const { archive, put, left } = await world();
    await put(Array.from({ length: BATCH * 2 + 3 }, (_, n) => insightRow({ atMs: n % 4 })));
    expect(await archive.erase({ capability: 'site-insight' })).toBe(BATCH * 2 + 3);
    expect(await left()).toEqual([]);
  });

  test('takes rows that do not parse along', async () => {
    const { archive, put, left } = await world();
    await put([insightRow({ requests: 'many' }), insightRow()]);
    expect(await archive.erase({})).toBe(2);
    expect(await left()).toEqual([]);
  });

  test('what is sealed takes the ended grant’s, of the site alone where a site was taken out', async () => {
    const { archive, put, left } = await world();
    await put([
      insightRow({ id: 'a' }),
      insightRow({ id: 'b', site: 'b.example' }),
      insightRow({ id: 'c', grantId: 'g2' }),
    ]);
    const site = { capability: 'site-insight', scope: '*://a.example/*' } as const;
    expect(await archive.countSealed(site, ['g1'])).toBe(1);
    expect(await archive.eraseSealed(site, ['g1'])).toBe(1);
    expect(await left()).toEqual(['b', 'c']);
    const all = { capability: 'site-insight', scope: '*' } as const;
    expect(await archive.countSealed(all, ['g1', 'g2'])).toBe(2);
    expect(await archive.eraseSealed(all, ['g1', 'g2'])).toBe(2);
    expect(await left()).toEqual([]);
  });

  test('what is past its days takes nothing younger, and nothing of another capability', async () => {
    const { archive, put, left, clock } = await world();
    await put([
      insightRow({ id: 'old', atMs: clock.at - 30 * DAY_MS - 1 }),
      insightRow({ id: 'young', atMs: clock.at - 30 * DAY_MS + 1 }),
      timeRow({ id: 'time', atMs: clock.at - 60 * DAY_MS }),
    ]);
    expect(await archive.eraseExpired('site-insight')).toBe(1);
    expect(await archive.eraseExpired('notifications')).toBe(0);
    expect(await left()).toEqual(['time', 'young']);
    clock.at += 31 * DAY_MS;
    expect(await archive.eraseExpired('browsing-time')).toBe(1);
    expect(await left()).toEqual(['young']);
  });
});

describe('uses', () => {
  const hour = (grantId: string, atMs: number, times = 1) => ({
    id: `${grantId}|${atMs}`,
    capability: 'notifications',
    scope: '*',
    grantId,
    epoch: 1,
    kind: 'hour',
    atMs,
    times,
    lastMs: atMs + 5,
  });

  test('of a week are shown by the hour', async () => {
    const { archive, database, clock } = await world();
    const thisHour = clock.at - (clock.at % HOUR_MS);
    const before = thisHour - 7 * 24 * HOUR_MS;
    for (const row of [hour('a', thisHour, 4), hour('a', before + HOUR_MS, 2), hour('a', before)]) {
      await database.put('uses', row);
    }
    const week = await archive.activity(7);
    expect(week.fromMs).toBe(before + HOUR_MS);
    expect(week.hours.map((one) => one.times)).toEqual([2, 4]);
  });

  test('say when each grant was last used', async () => {
    const { archive, database, clock } = await world();
    for (const row of [hour('a', clock.at - HOUR_MS), hour('a', clock.at), hour('b', clock.at - DAY_MS)]) {
      await database.put('uses', row);
    }
    expect([...(await archive.lastUses())].sort()).toEqual([
      ['a', clock.at + 5],
      ['b', clock.at - DAY_MS + 5],
    ]);
  });

  test('are erased after thirty days, and with everything', async () => {
    const { archive, database, clock } = await world();
    for (const days of [0, USES_KEPT_DAYS - 1, USES_KEPT_DAYS + 1]) {
      await database.put('uses', hour(`g${days}`, clock.at - days * DAY_MS));
    }
    await archive.eraseOldUses([]);
    expect(await database.count('uses')).toBe(2);
    await archive.eraseUses();
    expect(await database.count('uses')).toBe(0);
  });

  test('bring back the checkpoint of that grant alone, and none that does not parse', async () => {
    const { archive, database } = await world();
    const row = { capability: 'browsing-time', scope: '*', grantId: 'g', epoch: 1, atMs: 1, kind: 'checkpoint' };
    await database.put('uses', { ...row, id: 'g|checkpoint', state: { a: 1 } });
    await database.put('uses', { ...row, id: 'h|checkpoint', kind: 'other' });
    expect(await archive.checkpoint({ grantId: 'g' })).toEqual({ a: 1 });
    expect(await archive.checkpoint({ grantId: 'h' })).toBeUndefined();
    expect(await archive.checkpoint({ grantId: 'i' })).toBeUndefined();
  });
});

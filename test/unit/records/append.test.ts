import { afterEach, describe, expect, test, vi } from 'vitest';
import { recordRow, useRow } from '../../../utils/catalogue/record';
import type { SettingsDraft } from '../../../utils/leases/lease';
import { DAY_MS, HOUR_MS, localDay, MINUTE_MS } from '../../../utils/platform/clock';
import { Appender, checkpointId, ROWS_PER_TRANSACTION } from '../../../utils/records/append';
import { freshBook } from '../store';
import { granted, insight, insights } from './authority';
import { failPuts } from './full-disk';

async function world() {
  const opened = await freshBook();
  return { ...opened, appender: new Appender(opened.database, opened.clock) };
}
type World = Awaited<ReturnType<typeof world>>;
const kept = async ({ database }: World) => [await database.count('records'), await database.count('uses')];

afterEach(() => vi.restoreAllMocks());

describe('a write under a live grant', () => {
  test('keeps its records, its use and its checkpoint, stamped with the grant', async () => {
    const it = await world();
    const lease = await granted(it.book, 'site-insight');
    const atMs = it.clock.at;
    expect(
      await it.appender.append(lease, { records: [insight('shop.example', 1, atMs)], uses: 2, checkpoint: { at: 1 } }),
    ).toEqual({ kind: 'kept' });
    const { grantId, epoch } = lease;
    const [record] = await it.database.getAll('records');
    expect(record).toEqual({
      id: `${grantId}|visit-1|party-1.example`,
      capability: 'site-insight',
      scope: '*',
      grantId,
      epoch,
      atMs,
      site: 'shop.example',
      day: localDay(atMs),
      party: 'party-1.example',
      requests: 2,
    });
    expect(recordRow.safeParse(record).success).toBe(true);
    const uses = await it.database.getAll('uses');
    expect(uses.every((row) => useRow.safeParse(row).success)).toBe(true);
    expect(uses).toMatchObject([
      { kind: 'hour', times: 2, lastMs: atMs, atMs: atMs - (atMs % HOUR_MS), grantId, epoch },
      { kind: 'checkpoint', state: { at: 1 }, grantId, epoch },
    ]);
  });

  test('counts uses by the hour', async () => {
    const it = await world();
    const lease = await granted(it.book, 'notifications');
    for (let n = 0; n < 3; n += 1) await it.appender.append(lease, { uses: 1 });
    it.clock.at += HOUR_MS;
    await it.appender.append(lease, { uses: 5 });
    expect((await it.database.getAll('uses')).map((row) => (row as { times: number }).times)).toEqual([3, 5]);
  });

  test('with the same key takes the place of the earlier one, and is given it', async () => {
    const it = await world();
    const lease = await granted(it.book, 'browsing-time');
    const add = (ms: number) => ({
      key: 'day|a.example',
      site: 'a.example',
      atMs: it.clock.at,
      data: (before: unknown) => ({ attentionMs: ((before as { attentionMs?: number })?.attentionMs ?? 0) + ms }),
    });
    await it.appender.append(lease, { records: [add(5)] });
    await it.appender.append(lease, { records: [add(7)] });
    await it.appender.append(lease, { records: [add(1)] });
    expect(await it.database.getAll('records')).toMatchObject([{ attentionMs: 13 }]);
  });

  test('leaves what stands there where its function says so, and makes nothing of what is gone', async () => {
    const it = await world();
    const lease = await granted(it.book, 'crash-reports');
    const record = (data: Readonly<Record<string, unknown>>) => ({
      key: 'a',
      atMs: it.clock.at,
      data: (before: unknown) => (before === undefined ? data : undefined),
    });
    await it.appender.append(lease, { records: [record({ message: 'first' })] });
    await it.appender.append(lease, { records: [record({ message: 'second' })] });
    const rows = await it.database.getAll('records');
    expect(rows).toMatchObject([{ message: 'first' }]);
    expect(rows[0]).not.toHaveProperty('site');
    await it.appender.append(lease, { records: [{ key: 'b', atMs: it.clock.at, data: () => undefined }] });
    expect(await it.database.count('records')).toBe(1);
  });

  test('puts a report into the outbox with what it is made of, both or neither', async () => {
    const it = await world();
    const lease = await granted(it.book, 'crash-reports');
    const draft = {
      records: [{ key: 'a', atMs: it.clock.at, data: { message: 'a' } }],
      outbox: [{ key: 'hash', atMs: it.clock.at, data: { text: 'a' } }],
    };
    await it.appender.append(lease, draft);
    const { grantId, epoch } = lease;
    expect(await it.database.getAll('outbox')).toEqual([
      { id: `${grantId}|hash`, capability: 'crash-reports', scope: '*', grantId, epoch, atMs: it.clock.at, text: 'a' },
    ]);
    await it.book.change({ capability: 'crash-reports', scope: '*', event: 'revoke', by: 'person' });
    expect(await it.appender.append(lease, { ...draft, records: [] })).toEqual({ kind: 'stale-lease' });
    expect(await it.database.count('outbox')).toBe(0);
  });

  test('can’t pass itself off as another grant’s', async () => {
    const it = await world();
    const lease = await granted(it.book, 'site-insight');
    const forged = { grantId: 'other', epoch: 99, capability: 'browsing-time', id: 'x', scope: 'x' };
    const draft = { ...insight('a.example', 1, it.clock.at), data: { party: 'b.example', requests: 1, ...forged } };
    await it.appender.append(lease, { records: [draft] });
    const { grantId, epoch } = lease;
    expect(await it.database.getAll('records')).toMatchObject([
      { grantId, epoch, capability: 'site-insight', scope: '*' },
    ]);
  });

  test('of nothing writes nothing', async () => {
    const it = await world();
    const lease = await granted(it.book, 'site-insight');
    expect(await it.appender.append(lease, {})).toEqual({ kind: 'kept' });
    expect(await kept(it)).toEqual([0, 0]);
  });

  test('goes a hundred rows a transaction, one transaction at a time', async () => {
    const it = await world();
    const lease = await granted(it.book, 'site-insight');
    const transaction = vi.spyOn(it.database, 'transaction');
    const records = insights('a.example', 2 * ROWS_PER_TRANSACTION + 1, it.clock.at);
    expect(ROWS_PER_TRANSACTION).toBe(100);
    expect(await it.appender.append(lease, { records })).toEqual({ kind: 'kept' });
    expect(transaction).toHaveBeenCalledTimes(3);
    expect(await kept(it)).toEqual([201, 0]);
  });

  test('that a revocation interrupts keeps whole transactions, and no row after it', async () => {
    const it = await world();
    const lease = await granted(it.book, 'site-insight');
    const writing = it.appender.append(lease, { records: insights('a.example', 500, it.clock.at) });
    const revoking = it.book.change({ capability: 'site-insight', scope: '*', event: 'revoke', by: 'person' });
    expect(await writing).toEqual({ kind: 'stale-lease' });
    await revoking;
    const [records] = await kept(it);
    expect((records ?? 1) % ROWS_PER_TRANSACTION).toBe(0);
    expect(records).toBeLessThan(500);
    expect(await it.appender.append(lease, { uses: 1 })).toEqual({ kind: 'stale-lease' });
    expect(await kept(it)).toEqual([records, 0]);
  });
});

describe('a write that no live grant stands behind keeps nothing', () => {
  const draft = { records: insights('a.example', 3, 1_800_000_000_000), uses: 1, checkpoint: 1 };
  const stale = { kind: 'stale-lease' };

  test('after its revocation', async () => {
    const it = await world();
    const lease = await granted(it.book, 'site-insight');
    await it.book.change({ capability: 'site-insight', scope: '*', event: 'revoke', by: 'person' });
    expect(await it.appender.append(lease, draft)).toEqual(stale);
    expect(await kept(it)).toEqual([0, 0]);
  });

  test('under an epoch that a later grant replaced', async () => {
    const it = await world();
    const lease = await granted(it.book, 'site-insight');
    await granted(it.book, 'site-insight');
    expect(await it.appender.append(lease, draft)).toEqual(stale);
    expect(await it.appender.append({ ...lease, epoch: lease.epoch + 2 }, draft)).toEqual(stale);
    expect(await kept(it)).toEqual([0, 0]);
  });

  test('under another grant’s id, scope or capability', async () => {
    const it = await world();
    const lease = await granted(it.book, 'site-insight', '*://a.example/*');
    for (const other of [
      { grantId: 'x' },
      { scope: '*' },
      { scope: '*://b.example/*' },
      { capability: 'browsing-time' },
    ]) {
      expect(await it.appender.append({ ...lease, ...other } as typeof lease, draft)).toEqual(stale);
    }
    expect(await kept(it)).toEqual([0, 0]);
  });

  test('once its lease was aborted, though the fence still stands', async () => {
    const it = await world();
    const lease = await granted(it.book, 'site-insight');
    const writing = it.appender.append(lease, draft);
    lease.controller.abort();
    expect(await writing).toEqual(stale);
    expect(await kept(it)).toEqual([0, 0]);
  });

  test('for a site that was taken out of all sites, or any other in the same write', async () => {
    const it = await world();
    const lease = await granted(it.book, 'site-insight');
    const change = { capability: 'site-insight', scope: '*://a.example/*', event: 'revoke', by: 'person' } as const;
    await it.book.change({ ...change, exclude: true });
    expect(await it.appender.append(lease, draft)).toEqual(stale);
    const both = [insight('b.example', 1, it.clock.at), insight('a.example', 2, it.clock.at)];
    expect(await it.appender.append(lease, { records: both })).toEqual(stale);
    expect(await kept(it)).toEqual([0, 0]);
    expect(await it.appender.append(lease, { records: [insight('b.example', 1, it.clock.at)] })).toEqual({
      kind: 'kept',
    });
  });

  test('when its hour is over', async () => {
    const it = await world();
    const lease = await granted(it.book, 'site-insight', '*', 'hour');
    it.clock.at += HOUR_MS - 1;
    expect(await it.appender.append(lease, { uses: 1 })).toEqual({ kind: 'kept' });
    it.clock.at += 1;
    expect(await it.appender.append(lease, draft)).toEqual(stale);
    expect(await kept(it)).toEqual([0, 1]);
  });

  test('when the clock was set back by more than a minute since the last write', async () => {
    const it = await world();
    const lease = await granted(it.book, 'site-insight', '*', 'hour');
    it.clock.at += 30 * MINUTE_MS;
    expect(await it.appender.append(lease, { uses: 1 })).toEqual({ kind: 'kept' });
    it.clock.at -= MINUTE_MS;
    expect(await it.appender.append(lease, { uses: 1 })).toEqual({ kind: 'kept' });
    it.clock.at -= 1;
    expect(await it.appender.append(lease, draft)).toEqual(stale);
  });

  test('when its fence is missing or does not parse', async () => {
    const it = await world();
    const lease = await granted(it.book, 'site-insight');
    const fence = (await it.database.get('fences', ['site-insight', '*'])) as object;
    await it.database.put('fences', { ...fence, live: 'yes' });
    expect(await it.appender.append(lease, draft)).toEqual(stale);
    await it.database.put('fences', { ...fence, more: 1 });
    expect(await it.appender.append(lease, draft)).toEqual(stale);
    await it.database.clear('fences');
    expect(await it.appender.append(lease, draft)).toEqual(stale);
    expect(await kept(it)).toEqual([0, 0]);
  });

  test('under an untimed grant the clock may stand anywhere', async () => {
    const it = await world();
    const lease = await granted(it.book, 'site-insight');
    it.clock.at -= 400 * DAY_MS;
    expect(await it.appender.append(lease, { uses: 1 })).toEqual({ kind: 'kept' });
  });
});

describe('a write that fails', () => {
  test('for want of room says so, and keeps none of its rows', async () => {
    const it = await world();
    const lease = await granted(it.book, 'site-insight');
    failPuts(new DOMException('no room', 'QuotaExceededError'), (row) => row.id?.includes('party-7.') === true);
    const records = insights('a.example', 20, it.clock.at);
    expect(await it.appender.append(lease, { records, uses: 1 })).toEqual({ kind: 'full' });
    vi.restoreAllMocks();
    expect(await kept(it)).toEqual([0, 0]);
    expect(await it.appender.append(lease, { records, uses: 1 })).toEqual({ kind: 'kept' });
    expect(await kept(it)).toEqual([20, 1]);
  });

  test('for want of room in its second transaction keeps the first, and none of the second', async () => {
    const it = await world();
    const lease = await granted(it.book, 'site-insight');
    failPuts(new DOMException('no room', 'QuotaExceededError'), (row) => row.id?.includes('party-150.') === true);
    expect(await it.appender.append(lease, { records: insights('a.example', 300, it.clock.at) })).toEqual({
      kind: 'full',
    });
    vi.restoreAllMocks();
    expect(await kept(it)).toEqual([100, 0]);
  });

  test('otherwise rejects, keeps none of its rows, and leaves the next write alone', async () => {
    const it = await world();
    const lease = await granted(it.book, 'site-insight');
    failPuts(new DOMException('disk', 'UnknownError'), (row) => row.id?.includes('party-7.') === true);
    const records = insights('a.example', 20, it.clock.at);
    await expect(it.appender.append(lease, { records })).rejects.toThrow('disk');
    vi.restoreAllMocks();
    expect(await kept(it)).toEqual([0, 0]);
    expect(await it.appender.append(lease, { records })).toEqual({ kind: 'kept' });
  });

  test('on a row that can’t be stored keeps none of the others', async () => {
    const it = await world();
    const lease = await granted(it.book, 'site-insight');
    const bad = { ...insight('a.example', 9, it.clock.at), data: { party: () => 'x', requests: 1 } };
    const records = [insight('a.example', 1, it.clock.at), bad, insight('a.example', 2, it.clock.at)];
    await expect(it.appender.append(lease, { records })).rejects.toThrow();
    expect(await kept(it)).toEqual([0, 0]);
    expect(await it.appender.append(lease, { uses: 1 })).toEqual({ kind: 'kept' });
  });

  test('in working out a row keeps none of the others', async () => {
    const it = await world();
    const lease = await granted(it.book, 'site-insight');
    const bad = {
      ...insight('a.example', 9, it.clock.at),
      data: () => {
        throw new Error('a fault of ours');
      },
    };
    const records = [insight('a.example', 1, it.clock.at), bad];
    await expect(it.appender.append(lease, { records })).rejects.toThrow('a fault of ours');
    expect(await kept(it)).toEqual([0, 0]);
    expect(await it.appender.append(lease, { uses: 1 })).toEqual({ kind: 'kept' });
  });
});

describe('a change of settings', () => {
  const valued = (value: number): { key: string; value: number } => ({ key: 'a', value });
  const add = (by: number): SettingsDraft => ({
    keys: ['a', 'b'],
    change: (rows, checkpoint) => ({
      rows: [valued(((rows.get('a') as { value?: number } | undefined)?.value ?? 0) + by)],
      checkpoint: { times: ((checkpoint as { times?: number } | undefined)?.times ?? 0) + 1 },
    }),
  });
  const standing = async ({ database }: World, grantId: string) => [
    await database.get('settings', 'a'),
    ((await database.get('uses', checkpointId(grantId))) as { state?: unknown } | undefined)?.state,
  ];

  test('is worked out from what stands there, with the checkpoint, and one after another', async () => {
    const it = await world();
    const lease = await granted(it.book, 'cloud-sync');
    await it.database.put('settings', { key: 'a', value: 10 });
    await Promise.all([1, 2, 3].map((by) => it.appender.append(lease, { settings: add(by) })));
    expect(await standing(it, lease.grantId)).toEqual([{ key: 'a', value: 16 }, { times: 3 }]);
    expect(await it.appender.append(lease, { settings: { keys: ['a'], change: () => undefined } })).toEqual({
      kind: 'kept',
    });
    expect(await standing(it, lease.grantId)).toEqual([{ key: 'a', value: 16 }, { times: 3 }]);
    const uses = await it.database.getAll('uses');
    expect(uses.every((row) => useRow.safeParse(row).success)).toBe(true);
  });

  test('that fails takes its checkpoint with it, and writes no row that it did not name', async () => {
    const it = await world();
    const lease = await granted(it.book, 'cloud-sync');
    const throwing = {
      ...add(1),
      change: () => {
        throw new Error('no change');
      },
    };
    await expect(it.appender.append(lease, { settings: throwing })).rejects.toThrow('no change');
    const other = { keys: ['a'], change: () => ({ rows: [{ key: 'protection' }], checkpoint: 1 }) };
    await expect(it.appender.append(lease, { settings: other })).rejects.toThrow('names');
    expect(await standing(it, lease.grantId)).toEqual([undefined, undefined]);
    expect(await it.database.count('settings')).toBe(0);
  });

  test('that the device has no room for is told, and neither row nor checkpoint is kept', async () => {
    const it = await world();
    const lease = await granted(it.book, 'cloud-sync');
    await it.appender.append(lease, { settings: add(1) });
    failPuts(new DOMException('full', 'QuotaExceededError'), (row) => row.id === checkpointId(lease.grantId));
    expect(await it.appender.append(lease, { settings: add(1) })).toEqual({ kind: 'full' });
    expect(await standing(it, lease.grantId)).toEqual([{ key: 'a', value: 1 }, { times: 1 }]);
  });

  test('is never worked out nor written once a revocation is queued before it, whatever the race', async () => {
    for (let turns = 0; turns < 30; turns += 1) {
      const it = await world();
      const lease = await granted(it.book, 'cloud-sync');
      const flood = Array.from({ length: 5 }, () => it.appender.append(lease, { settings: add(1) }));
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      // Another generation of the background revokes: this one's signal knows nothing of it.
      const revoked = it.book.change({ capability: 'cloud-sync', scope: '*', event: 'revoke', by: 'person' });
      await revoked;
      const after = await standing(it, lease.grantId);
      let worked = false;
      const late = {
        keys: ['a'],
        change: () => {
          worked = true;
          return { rows: [{ key: 'a' }], checkpoint: 9 };
        },
      };
      expect(await it.appender.append(lease, { settings: late })).toEqual({ kind: 'stale-lease' });
      await Promise.all(flood);
      expect(worked).toBe(false);
      expect(await standing(it, lease.grantId)).toEqual(after);
      // What was kept was kept whole.
      const [row, checkpoint] = after as [{ value: number } | undefined, { times: number } | undefined];
      expect(row?.value).toBe(checkpoint?.times);
    }
  });
});

import { describe, expect, test } from 'vitest';
import { start } from '../../../utils/capabilities/usage-statistics';
import type { Lease } from '../../../utils/leases/lease';
import { DAY_MS } from '../../../utils/platform/clock';
import type { CounterName } from '../../../utils/reports/counters';
import { settle, stage } from './stage';

async function counting() {
  const it = await stage();
  const given = await it.lease('usage-statistics');
  const world = it.world();
  await start(given.lease as Lease<'usage-statistics'>, world);
  const count = async (...names: CounterName[]) => {
    for (const name of names) world.on.count.emit(name);
    await settle();
  };
  const counts = async () =>
    (await it.records()).map((row) => (row.capability === 'usage-statistics' ? [row.name, row.count] : row));
  return { ...it, ...given, on: world.on, count, counts };
}

describe('usage statistics', () => {
  test('count by name and day', async () => {
    const it = await counting();
    await it.count('popup.opened', 'section.data', 'popup.opened');
    it.clock.at += DAY_MS;
    await it.count('popup.opened');
    expect((await it.counts()).sort()).toEqual([
      ['popup.opened', 1],
      ['popup.opened', 2],
      ['section.data', 1],
    ]);
  });

  test('begin with an id of the grant alone, and with no rule', async () => {
    const it = await counting();
    const settings = await it.archive.checkpoint(it.lease);
    expect(settings).toMatchObject({ without: [], ruleSinceMs: null });
    expect(JSON.stringify(settings)).toMatch(/"id":"[\da-f]{32}"/);
    // A background that starts again keeps it.
    await start(it.leaseOf<'usage-statistics'>(it.authority), it.world());
    expect(await it.archive.checkpoint(it.lease)).toEqual(settings);
  });

  test('count nothing once they are taken back', async () => {
    const it = await counting();
    await it.book.change({ capability: 'usage-statistics', scope: '*', event: 'revoke', by: 'person' });
    await it.count('popup.opened');
    it.controller.abort();
    await it.count('popup.opened');
    expect(await it.records()).toEqual([]);
    expect(it.on.count.attached).toBe(0);
  });
});

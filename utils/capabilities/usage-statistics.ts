import { counterRecord } from '../catalogue/record';
import { readRow } from '../catalogue/shapes';
import { attach } from '../leases/forwarder';
import type { Lease } from '../leases/lease';
import { utcDay } from '../platform/clock';
import { settingsOf } from '../reports/settings';
import type { World } from './capability';

/** Counts what is used, one record a day (UTC, so that a time zone shows in none) and name. Sending is not its business. */
export async function start(lease: Lease<'usage-statistics'>, { on, clock, ids }: World): Promise<void> {
  attach(on.count, lease.signal, (name) => {
    const atMs = clock.nowMs();
    const counted = (before: unknown) => {
      const { count, handed, handedUpToMs } = readRow(counterRecord, before) ?? {
        count: 0,
        handed: 0,
        handedUpToMs: 0,
      };
      return { name, count: count + 1, handed, handedUpToMs };
    };
    void lease.write({ records: [{ key: `${utcDay(atMs)}|${name}`, atMs, data: counted }], uses: 1 });
  });
  await settingsOf(lease, ids, clock);
}

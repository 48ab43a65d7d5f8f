/** Fences that are almost those of a lease: what is written and what is sent under it asks exactly that fence. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readRow } from '../../utils/catalogue/shapes';
import { passes } from '../../utils/grants/fences';
import { type Fence, fenceRow } from '../../utils/grants/schema';
import { MINUTE_MS } from '../../utils/platform/clock';
import { Appender } from '../../utils/records/append';
import { background, FakeBrowser } from '../sim/fake-world';
import { grant } from '../sim/journey';
import { hostile } from './mutations';
import { runs, TIMEOUT_MS } from './runs';

const NOW = 1_800_000_000_000;
const SHOP = 'https://dav.example/*';

/** One or two members of a whole fence are another's, or of another time. */
const others: Readonly<Record<string, readonly unknown[]>> = {
  grantId: ['id-other', 'ID-000001', ''],
  epoch: [0, 1, 2, 3, 99],
  live: [true, false],
  validUntilMs: [null, 0, NOW - 1, NOW, NOW + 1, NOW + MINUTE_MS],
  latestSeenMs: [0, NOW, NOW + MINUTE_MS, NOW + MINUTE_MS + 1, NOW + 9 * MINUTE_MS],
};
const members = fc.constantFrom(...Object.keys(others));
const nearly = (fence: Fence): fc.Arbitrary<unknown> =>
  fc
    .array(
      members.chain((name) => fc.constantFrom(...(others[name] ?? [])).map((value) => [name, value])),
      { minLength: 1, maxLength: 3 },
    )
    .map((changes) => ({ ...fence, ...Object.fromEntries(changes) }));

/** Judged here and not by our code: live, of that very grant and epoch, and in its time. */
function mayPass(raw: unknown, lease: { grantId: string; epoch: number }, nowMs: number): boolean {
  const fence = raw as Fence;
  const inTime = fence.validUntilMs === null || (nowMs < fence.validUntilMs && nowMs >= fence.latestSeenMs - MINUTE_MS);
  return fence.live === true && fence.grantId === lease.grantId && fence.epoch === lease.epoch && inTime;
}

describe('a fence', () => {
  test(
    'that is not whole, of that grant and epoch, live and in its time lets nothing through',
    () => {
      const own = { capability: 'site-insight', scope: '*', grantId: 'id-1', epoch: 2, live: true, excluded: false };
      const fence = { ...own, validUntilMs: NOW + MINUTE_MS, latestSeenMs: NOW } as Fence;
      fc.assert(
        fc.property(fc.oneof(nearly(fence), hostile(fence)), fc.integer({ min: -9, max: 9 }), (raw, minutes) => {
          const nowMs = NOW + minutes * (MINUTE_MS / 4);
          const row = readRow(fenceRow, raw);
          const check = { grantId: 'id-1', epoch: 2, nowMs };
          expect(passes(row, check)).toBe(row !== undefined && mayPass(row, check, nowMs));
        }),
        runs(300),
      );
    },
    TIMEOUT_MS,
  );

  test(
    'in the place of a lease’s own keeps every record from being written and every request from being sent',
    async () => {
      const browser = new FakeBrowser();
      browser.nowMs = NOW;
      let sent = 0;
      const it = background(browser, {
        ports: {
          carry: async () => {
            sent += 1;
            return { status: 404, headers: new Headers(), redirected: false, text: '' };
          },
        },
      });
      await it.core.start();
      await grant(browser, it, 'site-insight');
      await grant(browser, it, 'cloud-sync', { scope: SHOP });
      const { database } = it.core.openStatus();
      const appender = new Appender(database, it.core.ports.clock);
      const leases = it.core.office.leases();
      const [insight, sync] = ['site-insight', 'cloud-sync'].map((id) => leases.find((one) => one.capability === id));
      if (!insight || !sync) throw new Error('no leases');
      const fenceOf = async (lease: typeof insight) =>
        fenceRow.parse(await database.get('fences', [lease.capability, lease.scope]));
      const whole = [await fenceOf(insight), await fenceOf(sync)] as const;
      const drawn = fc.tuple(...whole.map((fence) => fc.oneof(nearly(fence), fc.constant(fence))));
      const request = { method: 'GET', url: 'https://dav.example/', headers: {}, body: null, bytesMax: 9 } as const;
      await fc.assert(
        fc.asyncProperty(drawn, async (rows) => {
          for (const row of rows) await database.put('fences', row as object);
          await database.clear('records');
          const may = [insight, sync].map((lease, index) => {
            const row = readRow(fenceRow, rows[index]);
            return row !== undefined && mayPass(row, lease, NOW);
          });
          const record = { key: 'k', site: 'shop.example', atMs: NOW, data: { party: 'cdn.example', requests: 1 } };
          // A lease that was refused once is over for good: each time another one, of the same grant.
          const { signal } = new AbortController();
          const written = await appender.append({ ...insight, signal }, { records: [record] });
          expect(written.kind).toBe(may[0] ? 'kept' : 'stale-lease');
          expect(await database.count('records')).toBe(may[0] ? 1 : 0);
          sent = 0;
          const answer = await it.core.door.reach({ ...sync, signal }).exchange(request);
          expect(sent).toBe(answer.kind === 'answer' ? 1 : 0);
          if (may[1]) expect(answer).toMatchObject({ kind: 'answer', status: 404 });
          else expect(answer).toEqual({ kind: 'refused', why: 'stale-lease' });
        }),
        runs(200),
      );
      expect(it.errors).toEqual([]);
    },
    TIMEOUT_MS,
  );
});

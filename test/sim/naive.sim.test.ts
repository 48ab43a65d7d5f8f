/**
 * The write that checks first and writes then, in two transactions: what this project must never do. The same harness
 * that finds nothing wrong with the real one must find this one wrong; if it can't, it proves nothing.
 */
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readRow } from '../../utils/catalogue/shapes';
import { passes } from '../../utils/grants/fences';
import { fenceRow } from '../../utils/grants/schema';
import type { Draft, Lease, Written } from '../../utils/leases/lease';
import type { Clock } from '../../utils/platform/clock';
import type { Database } from '../../utils/storage/database';
import { play, story } from './story';

const RUNS_MAX = 150;

vi.mock('../../utils/records/append', async (original) => {
  class NaiveAppender {
    constructor(
      private readonly database: Database,
      private readonly clock: Clock,
    ) {}

    async append(lease: Lease, { records = [] }: Draft): Promise<Written> {
      const { capability, scope, grantId, epoch } = lease;
      if (lease.signal.aborted) return { kind: 'stale-lease' };
      const fence = readRow(fenceRow, await this.database.get('fences', [capability, scope]));
      if (!passes(fence, { grantId, epoch, nowMs: this.clock.nowMs() })) return { kind: 'stale-lease' };
      const transaction = this.database.transaction('records', 'readwrite');
      for (const { key, site, atMs, data } of records) {
        const id = `${grantId}|${key}`;
        transaction.store.put({ ...data, id, capability, scope, grantId, epoch, site, atMs, day: '2027-01-15' });
      }
      await transaction.done;
      return { kind: 'kept' };
    }
  }
  return { ...(await original<object>()), Appender: NaiveAppender };
});

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

test(`check first, write then: found wrong within ${RUNS_MAX} runs`, async () => {
  const details = await fc.check(
    fc.asyncProperty(fc.scheduler(), story, async (scheduler, told) => {
      const wrong = await play(scheduler, told);
      // Only what the naive write is wrong about counts as finding it.
      const late = wrong.filter((what) => /was committed (after its grant|although epoch|for )/.test(what));
      expect(late).toEqual([]);
    }),
    { numRuns: RUNS_MAX, endOnFailure: true },
  );
  console.log(`the naive write was found wrong in run ${details.numRuns} (seed ${details.seed})`);
  expect(details.failed, 'the harness does not find the race').toBe(true);
});

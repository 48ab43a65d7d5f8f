import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CLOCK_SLACK_MS, hasRunOut, passes } from '../../../utils/grants/fences';
import type { Fence } from '../../../utils/grants/schema';

const at = fc.integer({ min: 100_000, max: 10_000_000 });
const fence: fc.Arbitrary<Fence> = fc.record({
  capability: fc.constant('browsing-time' as const),
  scope: fc.constant('*'),
  grantId: fc.constantFrom('a', 'b'),
  epoch: fc.integer({ min: 1, max: 3 }),
  live: fc.boolean(),
  validUntilMs: fc.option(at),
  latestSeenMs: at,
  excluded: fc.boolean(),
});
const check = fc.record({ grantId: fc.constantFrom('a', 'b'), epoch: fc.integer({ min: 1, max: 3 }), nowMs: at });

describe('a fence', () => {
  test('lets through its own grant and epoch, while it is live and its time has not run out', () => {
    fc.assert(
      fc.property(fence, check, (row, asked) => {
        const timely =
          row.validUntilMs === null ||
          (asked.nowMs < row.validUntilMs && asked.nowMs + CLOCK_SLACK_MS >= row.latestSeenMs);
        const own = row.grantId === asked.grantId && row.epoch === asked.epoch;
        expect(passes(row, asked)).toBe(row.live && own && timely);
      }),
      { numRuns: 1000 },
    );
  });

  test('that is missing lets nothing through', () => {
    fc.assert(
      fc.property(check, (asked) => {
        expect(passes(undefined, asked)).toBe(false);
      }),
    );
  });

  test('closes at its very millisecond, and to a clock more than a minute behind', () => {
    const row = { validUntilMs: 5_000_000, latestSeenMs: 4_000_000 };
    expect(hasRunOut(row, 4_999_999)).toBe(false);
    expect(hasRunOut(row, 5_000_000)).toBe(true);
    expect(hasRunOut(row, 3_940_000)).toBe(false);
    expect(hasRunOut(row, 3_939_999)).toBe(true);
  });

  test('without a time never runs out, wherever the clock stands', () => {
    fc.assert(
      fc.property(at, at, (latestSeenMs, nowMs) => {
        expect(hasRunOut({ validUntilMs: null, latestSeenMs }, nowMs)).toBe(false);
      }),
    );
  });
});

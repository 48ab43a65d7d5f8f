import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { play, story } from './story';

/** `SIM_RUNS=5000 npx vitest run test/sim`; `SIM_SEED=… SIM_PATH=…` plays one failure again. */
const numRuns = Number(process.env.SIM_RUNS ?? 300);
const { SIM_SEED, SIM_PATH } = process.env;
const again = {
  ...(SIM_SEED === undefined ? {} : { seed: Number(SIM_SEED) }),
  ...(SIM_PATH === undefined ? {} : { path: SIM_PATH }),
};

// No time passes but the world's own: whether the database answers in five seconds is not what is asked here.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

test(
  'whatever the order of steps, nothing is written after a revocation, and all agree in the end',
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), story, async (scheduler, told) => {
        expect(await play(scheduler, told)).toEqual([]);
      }),
      { numRuns, endOnFailure: SIM_SEED === undefined, ...again },
    );
  },
  Math.max(60_000, numRuns * 1000),
);

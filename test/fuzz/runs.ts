/**
 * How often a property is tried (`FUZZ_RUNS`; 10,000 under fire), and from which seed (`FUZZ_SEED`; printed, so that a run
 * can be had again).
 */
import type fc from 'fast-check';

const seed = Number(process.env.FUZZ_SEED ?? Math.trunc(Math.random() * 2 ** 31));
console.log(`FUZZ_SEED=${seed}`);

/**
 * @param usual runs in `npm test`.
 * @param each inputs that one run takes: so many fewer runs are needed.
 */
export const runs = (usual: number, each = 1): fc.Parameters<unknown> => ({
  seed,
  numRuns: process.env.FUZZ_RUNS === undefined ? usual : Math.ceil(Number(process.env.FUZZ_RUNS) / each),
});

/** Long enough for what was asked for: some properties write to a database each time. */
export const TIMEOUT_MS = 60_000 + Number(process.env.FUZZ_RUNS ?? 0) * 60;

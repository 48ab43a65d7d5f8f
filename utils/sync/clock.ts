/**
 * A hybrid logical clock: wall-clock time that never runs behind what it has seen, and that a wrong clock elsewhere can't
 * carry away. Kulkarni et al., Logical Physical Clocks, 2014; the bound on drift is ours.
 */
import { MINUTE_MS } from '../platform/clock';

/** When a setting was changed: milliseconds since 1970, a counter within one, and the id of the device. */
export interface Stamp {
  readonly ms: number;
  readonly n: number;
  readonly by: string;
}

/** The last millisecond that a `Date` can hold. */
export const STAMP_MS_MAX = 8_640_000_000_000_000;
export const STAMP_N_MAX = 999_999;
/** So far may others' stamps carry a device's clock, and so far ahead may a stamp be without a warning. */
export const DRIFT_MAX_MS = 5 * MINUTE_MS;

export function compareStamps(a: Stamp, b: Stamp): number {
  if (a.ms !== b.ms) return a.ms - b.ms;
  if (a.n !== b.n) return a.n - b.n;
  return a.by === b.by ? 0 : a.by < b.by ? -1 : 1;
}

/** The device's own time, carried on by what it has seen, by {@link DRIFT_MAX_MS} at most. */
export function runningMs(nowMs: number, seen: readonly Stamp[]): number {
  const limitMs = nowMs + DRIFT_MAX_MS;
  return seen.reduce((ms, stamp) => Math.max(ms, Math.min(stamp.ms, limitMs)), nowMs);
}

/**
 * A stamp at `nowMs`, or above all of `above` where these are later: so a change that was made after seeing another wins,
 * whatever the clocks say.
 */
export function nextStamp(by: string, nowMs: number, above: readonly Stamp[]): Stamp {
  const highest = above.reduce<Stamp | undefined>(
    (high, stamp) => (high && compareStamps(high, stamp) >= 0 ? high : stamp),
    undefined,
  );
  if (!highest || highest.ms < nowMs) return { ms: nowMs, n: 0, by };
  if (highest.n < STAMP_N_MAX) return { ms: highest.ms, n: highest.n + 1, by };
  // Above the last of all stamps there is none: then the greater name of a device wins.
  return highest.ms < STAMP_MS_MAX ? { ms: highest.ms + 1, n: 0, by } : { ms: STAMP_MS_MAX, n: STAMP_N_MAX, by };
}

/** What a server's clock may say: another date is a lie, or a fault, and would carry stamps to where no other change wins. */
export const SERVER_MS_MIN = Date.UTC(2020, 0);
export const SERVER_MS_MAX = Date.UTC(2200, 0);

/** How far a stamp is ahead of `nowMs`, where that is more than clocks may differ; else 0. */
export const aheadMs = ({ ms }: Stamp, nowMs: number): number => (ms - nowMs > DRIFT_MAX_MS ? ms - nowMs : 0);

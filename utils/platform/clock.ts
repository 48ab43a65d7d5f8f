/** Wall-clock time in milliseconds since 1970, as a port so that a simulation can hold it. */
export interface Clock {
  nowMs(): number;
}

export const systemClock: Clock = { nowMs: () => Date.now() };

export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** The first millisecond of the UTC day that holds a moment. */
export const utcDayStart = (atMs: number): number => atMs - (atMs % DAY_MS);

/** The UTC calendar day of a moment, as `2026-01-31`. */
export const utcDay = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10);

/** The person's local calendar day of a moment, as `2026-01-31`. */
export function localDay(atMs: number): string {
  const at = new Date(atMs);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** The first millisecond of the local day after the one that holds `atMs`. */
export function nextLocalMidnightMs(atMs: number): number {
  const at = new Date(atMs);
  return new Date(at.getFullYear(), at.getMonth(), at.getDate() + 1).getTime();
}

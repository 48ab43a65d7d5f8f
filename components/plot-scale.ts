/** The numbers behind the plots: pure. */
import { DAY_MS, HOUR_MS, localDay, MINUTE_MS } from '../utils/platform/clock';

/** The last so many calendar days, oldest first, today last. Counted from noon, so that a change of clocks skips none. */
export function lastDays(count: number, nowMs: number): string[] {
  const noon = new Date(nowMs).setHours(12, 0, 0, 0);
  return Array.from({ length: count }, (_, index) => localDay(noon - (count - 1 - index) * DAY_MS));
}

const STEPS_MS = [5, 10, 15, 30, 60, 120, 180, 240, 360, 480, 720].map((minutes) => minutes * MINUTE_MS);

/** The smallest round duration that holds `ms`: the top of an axis. */
export function axisTopMs(ms: number): number {
  return STEPS_MS.find((step) => step >= ms) ?? Math.ceil(ms / (2 * HOUR_MS)) * 2 * HOUR_MS;
}

export interface TimeRow {
  readonly site: string;
  readonly day: string;
  readonly attentionMs: number;
}

export interface SiteTimes {
  /** `null`: all sites that have no row of their own. */
  readonly site: string | null;
  /** One number a day, in the order of the days. */
  readonly perDayMs: readonly number[];
  readonly totalMs: number;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

const added = (rows: readonly (readonly number[])[], length: number): number[] =>
  Array.from({ length }, (_, day) => sum(rows.map((row) => row[day] ?? 0)));

/** Attention by site and day, the sites with most first; those after the first `most` together. */
export function siteTimes(rows: readonly TimeRow[], days: readonly string[], most: number): SiteTimes[] {
  const bySite = new Map<string, number[]>();
  for (const { site, day, attentionMs } of rows) {
    const index = days.indexOf(day);
    if (index < 0) continue;
    const perDay = bySite.get(site) ?? days.map(() => 0);
    perDay[index] = (perDay[index] ?? 0) + attentionMs;
    bySite.set(site, perDay);
  }
  const sorted = [...bySite]
    .map(([site, perDayMs]): SiteTimes => ({ site, perDayMs, totalMs: sum(perDayMs) }))
    .sort((a, b) => b.totalMs - a.totalMs);
  const rest = sorted.slice(most);
  if (rest.length < 2) return sorted;
  const perDayMs = added(
    rest.map((one) => one.perDayMs),
    days.length,
  );
  return [...sorted.slice(0, most), { site: null, perDayMs, totalMs: sum(perDayMs) }];
}

/** Attention by day over all sites. */
export const dayTimes = (sites: readonly SiteTimes[], days: readonly string[]): number[] =>
  added(
    sites.map((one) => one.perDayMs),
    days.length,
  );

export interface DayOfUse {
  readonly day: string;
  /** Uses in each of the day's 24 hours. */
  readonly hours: readonly number[];
}

/** Uses by local day and hour, for the last 7 days. */
export function weekOfUse(hours: readonly { atMs: number; times: number }[], nowMs: number): DayOfUse[] {
  return lastDays(7, nowMs).map((day) => {
    const perHour = Array.from({ length: 24 }, () => 0);
    for (const { atMs, times } of hours) {
      if (localDay(atMs) !== day) continue;
      const hour = new Date(atMs).getHours();
      perHour[hour] = (perHour[hour] ?? 0) + times;
    }
    return { day, hours: perHour };
  });
}

/** How big a dot is: 0 for none, then 1 to 4 by quarters of the most. */
export const levelOf = (times: number, most: number): number =>
  times <= 0 || most <= 0 ? 0 : Math.min(4, Math.max(1, Math.ceil((times / most) * 4)));

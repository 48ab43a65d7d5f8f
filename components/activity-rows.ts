/** The rows of the timeline of use: pure. */
import type { CapabilityId } from '../utils/catalogue/catalogue';
import type { Scope } from '../utils/catalogue/scope';
import type { ActivityWeek } from '../utils/messages/contract';
import { localDay } from '../utils/platform/clock';

/** One hour in which one permission was used. */
export interface UsedHour {
  readonly capability: CapabilityId;
  readonly scope: Scope;
  /** Of the local day, 0 to 23. */
  readonly hour: number;
  readonly times: number;
}

export interface UsedDay {
  readonly day: string;
  /** Uses on that day. */
  readonly times: number;
  /** Newest first; in one hour the most used first. */
  readonly hours: readonly UsedHour[];
}

/** Uses by local day and hour, newest first. */
export function usedDays(hours: ActivityWeek['hours']): UsedDay[] {
  const days = new Map<string, Map<string, UsedHour>>();
  for (const { capability, scope, atMs, times } of hours) {
    if (times <= 0) continue;
    const day = localDay(atMs);
    const hour = new Date(atMs).getHours();
    const rows = days.get(day) ?? new Map<string, UsedHour>();
    // Where clocks are put back, two hours of a day have one number.
    const key = `${hour} ${capability} ${scope}`;
    rows.set(key, { capability, scope, hour, times: times + (rows.get(key)?.times ?? 0) });
    days.set(day, rows);
  }
  return [...days]
    .sort(([a], [b]) => b.localeCompare(a))
    .map(([day, rows]) => {
      const sorted = [...rows.values()].sort((a, b) => b.hour - a.hour || b.times - a.times);
      return { day, times: sorted.reduce((sum, row) => sum + row.times, 0), hours: sorted };
    });
}

/** The newest `rowsMax` rows, day by day; a day that is cut keeps the number of all its uses. */
export function firstRows(days: readonly UsedDay[], rowsMax: number): UsedDay[] {
  let left = rowsMax;
  return days.flatMap((day) => {
    if (left <= 0) return [];
    const hours = day.hours.slice(0, left);
    left -= hours.length;
    return [{ ...day, hours }];
  });
}

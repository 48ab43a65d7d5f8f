import { describe, expect, it } from 'vitest';
import { axisTopMs, dayTimes, lastDays, levelOf, siteTimes, weekOfUse } from '../../../components/plot-scale';
import { HOUR_MS, localDay, MINUTE_MS } from '../../../utils/platform/clock';

const now = new Date(2026, 2, 31, 0, 30).getTime();

describe('lastDays', () => {
  it('ends today and skips no day, whatever the hour and whatever the clocks do', () => {
    const days = lastDays(14, now);
    expect(days.at(-1)).toBe('2026-03-31');
    expect(days[0]).toBe('2026-03-18');
    expect(new Set(days).size).toBe(14);
    expect(lastDays(400, now)).toHaveLength(new Set(lastDays(400, now)).size);
  });
});

describe('axisTopMs', () => {
  it.each([
    [1, 5],
    [5, 5],
    [6, 10],
    [61, 120],
    [721, 840],
  ])('%i minutes fit under %i', (minutes, top) => {
    expect(axisTopMs(minutes * MINUTE_MS)).toBe(top * MINUTE_MS);
  });
});

describe('siteTimes', () => {
  const days = ['2026-03-30', '2026-03-31'];
  const at = (site: string, day: string, minutes: number) => ({ site, day, attentionMs: minutes * MINUTE_MS });

  it('adds up, sorts, and puts the rest together without losing a minute', () => {
    const rows = [
      at('a', '2026-03-31', 1),
      at('b', '2026-03-30', 5),
      at('b', '2026-03-31', 5),
      at('c', '2026-03-31', 2),
      at('d', '2026-03-30', 3),
      at('d', '2020-01-01', 99),
    ];
    const sites = siteTimes(rows, days, 2);
    expect(sites.map((one) => [one.site, one.totalMs / MINUTE_MS])).toEqual([
      ['b', 10],
      ['d', 3],
      [null, 3],
    ]);
    expect(dayTimes(sites, days).map((ms) => ms / MINUTE_MS)).toEqual([8, 8]);
  });

  it('gives the last site its own row rather than calling one site the rest', () => {
    const rows = [at('a', '2026-03-31', 1), at('b', '2026-03-31', 2), at('c', '2026-03-31', 3)];
    expect(siteTimes(rows, days, 2).map((one) => one.site)).toEqual(['c', 'b', 'a']);
  });
});

describe('weekOfUse', () => {
  it('puts each hour into its local day, and leaves out what is older', () => {
    const hour = new Date(2026, 2, 30, 23).getTime();
    const week = weekOfUse(
      [
        { atMs: hour, times: 2 },
        { atMs: hour, times: 3 },
        { atMs: hour - 10 * 24 * HOUR_MS, times: 50 },
      ],
      now,
    );
    expect(week).toHaveLength(7);
    expect(week.find(({ day }) => day === localDay(hour))?.hours[23]).toBe(5);
    expect(week.flatMap(({ hours }) => hours).reduce((a, b) => a + b)).toBe(5);
  });
});

describe('levelOf', () => {
  it('shows something for any use at all, and nothing for none', () => {
    expect([0, 1, 250, 251, 1000].map((times) => levelOf(times, 1000))).toEqual([0, 1, 1, 2, 4]);
    expect(levelOf(0, 0)).toBe(0);
  });
});

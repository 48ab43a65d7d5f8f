import { describe, expect, test } from 'vitest';
import { firstRows, usedDays } from '../../../components/activity-rows';

const at = (day: string, hour: number): number => new Date(`${day}T${String(hour).padStart(2, '0')}:00:00`).getTime();
const used = (day: string, hour: number, times: number, scope = '*') => ({
  capability: 'site-insight' as const,
  scope,
  atMs: at(day, hour),
  times,
});

describe('usedDays', () => {
  test('gives days and hours newest first, in one hour the most used first, and a day’s sum', () => {
    const days = usedDays([
      used('2026-03-01', 9, 2),
      used('2026-03-02', 8, 1),
      used('2026-03-02', 23, 4, '*://a.example/*'),
      used('2026-03-02', 23, 5, '*://b.example/*'),
    ]);
    expect(days.map(({ day, times }) => [day, times])).toEqual([
      ['2026-03-02', 10],
      ['2026-03-01', 2],
    ]);
    expect(days[0]?.hours.map(({ hour, times }) => [hour, times])).toEqual([
      [23, 5],
      [23, 4],
      [8, 1],
    ]);
  });

  test('puts two rows of one hour and permission together, and leaves out what was not used', () => {
    const days = usedDays([used('2026-03-01', 2, 1), used('2026-03-01', 2, 2), used('2026-03-01', 3, 0)]);
    expect(days).toEqual([
      { day: '2026-03-01', times: 3, hours: [{ capability: 'site-insight', scope: '*', hour: 2, times: 3 }] },
    ]);
    expect(usedDays([])).toEqual([]);
  });
});

test('firstRows cuts at so many rows, and a day that is cut keeps its sum', () => {
  const days = usedDays([used('2026-03-02', 8, 1), used('2026-03-02', 7, 1), used('2026-03-01', 9, 2)]);
  const counts = (rowsMax: number) => firstRows(days, rowsMax).map((day) => [day.hours.length, day.times]);
  expect(counts(1)).toEqual([[1, 2]]);
  expect(counts(3)).toEqual([
    [2, 2],
    [1, 2],
  ]);
  expect(counts(0)).toEqual([]);
});

import { capabilityIds } from '../utils/catalogue/catalogue';
import type { ActivityWeek } from '../utils/messages/contract';
import { text } from '../utils/platform/text';
import { capabilityText } from './capability-text';
import { counted, formats } from './formats';
import { levelOf, weekOfUse } from './plot-scale';

const AXIS_HOURS = [0, 6, 12, 18];

/** The week at one glance: how often each capability was used, and when, a dot an hour. The timeline says the rest. */
export function ActivityPlot({ hours, nowMs }: { hours: ActivityWeek['hours']; nowMs: number }) {
  const days = weekOfUse(hours, nowMs);
  const most = Math.max(0, ...days.flatMap((day) => day.hours));
  const totals = capabilityIds.flatMap((id) => {
    const times = hours.reduce((sum, hour) => sum + (hour.capability === id ? hour.times : 0), 0);
    return times > 0 ? [{ id, times }] : [];
  });
  return (
    <div class="card stack">
      <dl class="counts">
        {totals
          .sort((a, b) => b.times - a.times)
          .map(({ id, times }) => (
            <div key={id} data-testid="activity-total" data-capability={id}>
              <dt>{capabilityText(id, 'name')}</dt>
              <dd>{counted('activity_times', times)}</dd>
            </div>
          ))}
      </dl>
      <div class="week" aria-hidden="true">
        {days.map(({ day, hours: perHour }) => (
          <div class="week-day" key={day}>
            <span class="week-label">{formats.day(day)}</span>
            {perHour.map((times, hour) => (
              <span
                key={`${day} ${hour}`}
                class="week-hour"
                data-level={levelOf(times, most)}
                title={times > 0 ? text('activity_cell', formats.day(day), formats.hour(hour), times) : undefined}
              />
            ))}
          </div>
        ))}
        <div class="week-day week-axis">
          <span />
          {AXIS_HOURS.map((hour) => (
            <span key={hour} class="week-tick">
              {formats.hour(hour)}
            </span>
          ))}
        </div>
      </div>
    </div>
  );
}

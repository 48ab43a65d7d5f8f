import { useId } from 'preact/hooks';
import type { CapabilityId } from '../utils/catalogue/catalogue';
import type { ActivityWeek } from '../utils/messages/contract';
import { text } from '../utils/platform/text';
import { capabilityText } from './capability-text';
import { counted, formats } from './formats';
import { whereText } from './grant-text';
import { levelOf, weekOfUse } from './plot-scale';

const AXIS_HOURS = [0, 6, 12, 18];

/** When one capability was used in the last 7 days: a dot an hour, the bigger the more often; the same as a table. */
export function ActivityCard({ id, hours, nowMs }: { id: CapabilityId; hours: ActivityWeek['hours']; nowMs: number }) {
  const headingId = useId();
  const days = weekOfUse(hours, nowMs);
  const most = Math.max(0, ...days.flatMap((day) => day.hours));
  const total = hours.reduce((all, hour) => all + hour.times, 0);
  const byScope = new Map<string, number>();
  for (const { scope, times } of hours) byScope.set(scope, (byScope.get(scope) ?? 0) + times);
  const used = days.flatMap(({ day, hours: perHour }) =>
    perHour.flatMap((times, hour) => (times > 0 ? [{ day, hour, times }] : [])),
  );
  const places = [...byScope].flatMap(([scope, times]) => {
    const where = whereText(id, scope);
    return where === undefined ? [] : [text('activity_scope', where, times)];
  });
  return (
    <section class="card stack" aria-labelledby={headingId} data-testid="activity" data-capability={id}>
      <div class="row-between">
        <h2 id={headingId} class="card-title">
          {capabilityText(id, 'name')}
        </h2>
        {total > 0 ? <span class="muted">{counted('activity_total', total)}</span> : null}
      </div>
      {total === 0 ? (
        <p class="muted">{text('activity_none')}</p>
      ) : (
        <>
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
          {places.length > 0 ? <p class="small muted">{places.join(' · ')}</p> : null}
          <details class="small">
            <summary>{text('show_table')}</summary>
            <div class="disclosure-body">
              {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
              <section class="table-scroll" tabIndex={0} aria-label={capabilityText(id, 'name')}>
                <table>
                  <thead>
                    <tr>
                      <th scope="col">{text('column_day')}</th>
                      <th scope="col">{text('column_hour')}</th>
                      <th scope="col" class="number">
                        {text('column_times')}
                      </th>
                    </tr>
                  </thead>
                  <tbody>
                    {used.map(({ day, hour, times }) => (
                      <tr key={`${day} ${hour}`}>
                        <th scope="row">{formats.day(day)}</th>
                        <td>{formats.hour(hour)}</td>
                        <td class="number">{formats.number(times)}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </section>
            </div>
          </details>
        </>
      )}
    </section>
  );
}

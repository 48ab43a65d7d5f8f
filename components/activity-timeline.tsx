import { useId, useState } from 'preact/hooks';
import { text } from '../utils/platform/text';
import { firstRows, type UsedDay, type UsedHour } from './activity-rows';
import { Button } from './button';
import { CapabilityName } from './capability-name';
import { formats } from './formats';
import { grantText, receiptAddress, whereText } from './grant-text';
import { permissionAddress } from './permission-filter';

/** Rows that come at once. */
const ROWS = 100;

/** What was used when, newest first: a table whose rows are hours, grouped by day, each with the permission it rests on. */
export function ActivityTimeline({ days }: { days: readonly UsedDay[] }) {
  const [rowsMax, setRowsMax] = useState(ROWS);
  const id = useId();
  const rows = days.reduce((sum, day) => sum + day.hours.length, 0);
  return (
    <section class="stack" aria-labelledby={id}>
      <h2 id={id}>{text('activity_timeline')}</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section class="table-scroll" tabIndex={0} aria-labelledby={id}>
        <table class="timeline" data-testid="timeline">
          <thead>
            <tr>
              <th scope="col">{text('column_hour')}</th>
              <th scope="col">{text('column_capability')}</th>
              <th scope="col">{text('column_granted_for')}</th>
              <th scope="col" class="number">
                {text('column_times')}
              </th>
            </tr>
          </thead>
          {firstRows(days, rowsMax).map(({ day, times, hours }) => (
            <tbody key={day} data-testid="timeline-day" data-day={day}>
              <tr class="timeline-day">
                <th scope="rowgroup" colSpan={3}>
                  {formats.day(day)}
                </th>
                <td class="number">{formats.number(times)}</td>
              </tr>
              {hours.map((row) => (
                <Row key={`${row.hour} ${row.capability} ${row.scope}`} {...row} />
              ))}
            </tbody>
          ))}
        </table>
      </section>
      {rows > rowsMax ? (
        <div>
          <Button testId="more-hours" onPress={() => setRowsMax(rowsMax + ROWS)}>
            {text('more')}
          </Button>
        </div>
      ) : null}
    </section>
  );
}

function Row({ capability, scope, hour, times }: UsedHour) {
  const where = whereText(capability, scope) ?? text('where_browser');
  return (
    <tr data-testid="timeline-hour" data-capability={capability} data-scope={scope}>
      <th scope="row" class="nowrap">
        {formats.hour(hour)}
      </th>
      <td>
        <a
          class="with-icon"
          data-testid="permission-link"
          href={permissionAddress(capability, scope)}
          aria-label={text('permission_open_named', grantText(capability, scope))}
        >
          <CapabilityName id={capability} />
        </a>
      </td>
      <td>
        <a
          target="_blank"
          rel="noopener"
          href={receiptAddress(capability, scope)}
          aria-label={`${where} · ${text('receipt_open_named', grantText(capability, scope))}`}
        >
          {where}
        </a>
      </td>
      <td class="number">{formats.number(times)}</td>
    </tr>
  );
}

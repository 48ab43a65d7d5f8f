import type { TimeDays } from '../utils/messages/contract';
import { text } from '../utils/platform/text';
import { formats } from './formats';
import { axisTopMs, dayTimes, lastDays, type SiteTimes, siteTimes } from './plot-scale';

const DAYS = 14;
/** Sites that get a row of their own. */
const SITES = 7;

const siteName = (site: string | null): string => site ?? text('time_other_sites');

/** Minutes of attention by site and day for the last 14 days: all sites together, then site by site on one scale. */
export function TimePlot({ rows, nowMs }: { rows: TimeDays['rows']; nowMs: number }) {
  const days = lastDays(DAYS, nowMs);
  const sites = siteTimes(rows, days, SITES);
  if (sites.length === 0) return <p class="muted">{text('time_none')}</p>;
  const perDay = dayTimes(sites, days);
  const total = sites.reduce((all, one) => all + one.totalMs, 0);
  const topAll = axisTopMs(Math.max(...perDay));
  const topSites = axisTopMs(Math.max(...sites.flatMap((one) => one.perDayMs)));
  const tableRows = days.flatMap((day, index) =>
    sites.flatMap((one) => {
      const ms = one.perDayMs[index] ?? 0;
      return ms > 0 ? [{ day, site: one.site, ms }] : [];
    }),
  );
  return (
    <div class="stack">
      <figure class="plot plot-all">
        <figcaption class="row-between">
          <strong>{text('time_all_sites')}</strong>
          <span>{formats.duration(total)}</span>
        </figcaption>
        <div class="plot-frame">
          <span class="plot-top small muted" aria-hidden="true">
            {formats.duration(topAll)}
          </span>
          <Bars days={days} perDayMs={perDay} topMs={topAll} label={summaryOf(text('time_all_sites'), perDay, days)} />
        </div>
        <div class="plot-days small muted" aria-hidden="true">
          <span>{formats.day(days[0] ?? '')}</span>
          <span>{text('time_today')}</span>
        </div>
      </figure>
      <p class="small muted">{text('time_scale', formats.duration(topSites))}</p>
      <ul class="plain plots">
        {sites.map((one) => (
          <li key={one.site ?? ''}>
            <figure class="plot">
              <figcaption class="row-between">
                <span class="plot-site">{siteName(one.site)}</span>
                <span class="muted">{formats.duration(one.totalMs)}</span>
              </figcaption>
              <Bars
                days={days}
                perDayMs={one.perDayMs}
                topMs={topSites}
                label={summaryOf(siteName(one.site), one.perDayMs, days)}
              />
            </figure>
          </li>
        ))}
      </ul>
      <details class="small">
        <summary>{text('show_table')}</summary>
        <div class="disclosure-body">
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
          <section class="table-scroll" tabIndex={0} aria-label={text('time_heading')}>
            <table>
              <thead>
                <tr>
                  <th scope="col">{text('column_day')}</th>
                  <th scope="col">{text('column_site')}</th>
                  <th scope="col" class="number">
                    {text('column_time')}
                  </th>
                </tr>
              </thead>
              <tbody>
                {tableRows.reverse().map(({ day, site, ms }) => (
                  <tr key={`${day} ${site}`}>
                    <th scope="row">{formats.day(day)}</th>
                    <td>{siteName(site)}</td>
                    <td class="number">{formats.duration(ms)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        </div>
      </details>
    </div>
  );
}

/** Says the total and the busiest day, for who does not see the bars. */
function summaryOf(name: string, perDayMs: SiteTimes['perDayMs'], days: readonly string[]): string {
  const most = Math.max(...perDayMs);
  const total = perDayMs.reduce((all, one) => all + one, 0);
  const day = days[perDayMs.indexOf(most)] ?? '';
  return text('time_summary', name, formats.duration(total), formats.day(day), formats.duration(most));
}

interface BarsProps {
  readonly days: readonly string[];
  readonly perDayMs: readonly number[];
  readonly topMs: number;
  readonly label: string;
}

/** Width of a day and height of the plot, in the drawing's own units. */
const STEP = 10;
const HEIGHT = 100;

function Bars({ days, perDayMs, topMs, label }: BarsProps) {
  return (
    <svg
      class="bars"
      viewBox={`0 0 ${days.length * STEP} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {days.map((day, index) => {
        const ms = perDayMs[index] ?? 0;
        const height = (ms / topMs) * HEIGHT;
        return (
          <g key={day}>
            <title>{text('time_bar', formats.day(day), formats.duration(ms))}</title>
            <rect class="bar-ground" x={index * STEP + 1} y={HEIGHT - 1} width={STEP - 2} height={1} />
            <rect class="bar" x={index * STEP + 1} y={HEIGHT - height} width={STEP - 2} height={height} />
          </g>
        );
      })}
    </svg>
  );
}

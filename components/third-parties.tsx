import type { InsightSite } from '../utils/messages/contract';
import { text } from '../utils/platform/text';
import { counted, formats } from './formats';

/** Which third parties a site talked to, by registrable domain, most requests first. */
export function ThirdParties({ report }: { report: InsightSite }) {
  if (report.groups.length === 0) {
    return <p class="muted">{text(report.visits === 0 ? 'insight_no_visits' : 'insight_no_parties')}</p>;
  }
  return (
    <div class="stack-tight">
      <p>
        {text(
          'insight_summary',
          counted('count_parties', report.groups.length),
          counted('count_requests', report.requests),
        )}
      </p>
      <ul class="plain parties">
        {report.groups.map((group) => (
          <li key={group.domain}>
            <details>
              <summary>
                <span class="party">
                  <span>{group.domain}</span>
                  <span class="muted small">{counted('count_requests', group.requests)}</span>
                </span>
              </summary>
              <ul class="plain disclosure-body small">
                {group.hosts.map((host) => (
                  <li class="party" key={host.host}>
                    <span>{host.host}</span>
                    <span class="muted">{formats.number(host.requests)}</span>
                  </li>
                ))}
              </ul>
            </details>
          </li>
        ))}
      </ul>
    </div>
  );
}

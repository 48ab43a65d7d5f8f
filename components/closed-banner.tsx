import type { Closed } from '../utils/messages/contract';
import { text } from '../utils/platform/text';
import { Banner } from './banner';

/** Why nothing can be granted, and what to do. */
export function ClosedText({ closed }: { closed: Closed }) {
  return (
    <>
      <p>{text(closed.kind === 'newer-database' ? 'closed_newer' : 'closed_no_database')}</p>
      <p>{text(closed.kind === 'newer-database' ? 'closed_newer_remedy' : 'closed_no_database_remedy')}</p>
    </>
  );
}

export function ClosedBanner({ closed }: { closed: Closed }) {
  return (
    <Banner tone="warn" title={text('closed_title')}>
      <ClosedText closed={closed} />
      {closed.kind === 'no-database' ? (
        <details class="small">
          <summary>{text('technical_details')}</summary>
          <code>{closed.why}</code>
        </details>
      ) : null}
    </Banner>
  );
}

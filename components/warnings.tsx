import type { State } from '../utils/messages/contract';
import { text } from '../utils/platform/text';
import { Banner } from './banner';
import { ClosedBanner } from './closed-banner';
import { grantText } from './grant-text';

/** What stands in the way of keeping the record: no database, a revocation not on record, full storage. */
export function Warnings({ state }: { state: Pick<State, 'closed' | 'undurable' | 'storageFull'> }) {
  return (
    <>
      {state.closed ? <ClosedBanner closed={state.closed} /> : null}
      {state.undurable.length > 0 ? (
        <Banner tone="danger" title={text('undurable_title')}>
          <ul class="plain stack-tight">
            {state.undurable.map(({ capability, scope, marked }) => (
              <li key={`${capability} ${scope}`}>
                {text(marked ? 'undurable_marked' : 'undurable_unmarked', grantText(capability, scope))}
              </li>
            ))}
          </ul>
        </Banner>
      ) : null}
      {state.storageFull ? (
        <Banner tone="warn" title={text('storage_full_title')}>
          <p>{text('storage_full')}</p>
        </Banner>
      ) : null}
    </>
  );
}

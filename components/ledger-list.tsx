import type { LedgerEntry } from '../utils/grants/ledger-entry';
import { text } from '../utils/platform/text';
import { LedgerRow, type LedgerRowProps } from './ledger-row';
import { useWindow } from './use-window';

export interface LedgerListProps extends Pick<LedgerRowProps, 'onNotice'> {
  readonly entries: readonly LedgerEntry[];
  /** What is listed: another filter starts at the top. */
  readonly listed: string;
  /** Loads the next entries; missing at the end. */
  readonly onMore: (() => Promise<void>) | undefined;
}

const Gap = ({ px }: { px: number }) =>
  px > 0 ? <li data-gap="" aria-hidden="true" class="gap" style={{ blockSize: `${px}px` }} /> : null;

/** Entries, newest first; of a long list only what is near the visible part is in the page. */
export function LedgerList({ entries, listed, onMore, onNotice }: LedgerListProps) {
  const view = useWindow<HTMLElement, HTMLOListElement>(entries.length, listed, onMore);
  const size = onMore ? -1 : entries.length;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section ref={view.scroller} class="list-scroll card" tabIndex={0} aria-label={text('history_entries')}>
      <ol ref={view.body} class="plain ledger" reversed>
        <Gap px={view.beforePx} />
        {entries.slice(view.from, view.to).map((entry, index) => (
          <LedgerRow key={entry.seq} entry={entry} place={view.from + index + 1} size={size} onNotice={onNotice} />
        ))}
        <Gap px={view.afterPx} />
      </ol>
    </section>
  );
}

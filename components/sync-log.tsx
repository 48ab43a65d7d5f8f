import { useState } from 'preact/hooks';
import { text } from '../utils/platform/text';
import type { LogItemView } from '../utils/sync/view';
import { Button } from './button';
import { formats } from './formats';
import { logSentence } from './sync-text';

/** Lines that are shown at once. */
const SHOWN = 10;

/** What came, what went, what conflicted and how it was settled. */
export function SyncLog({ log }: { log: readonly LogItemView[] }) {
  const [shown, setShown] = useState(SHOWN);
  if (log.length === 0) return <p class="muted">{text('sync_log_empty')}</p>;
  return (
    <>
      <ol class="plain card ledger">
        {log.slice(0, shown).map((item, index) => (
          // Several changes may come in one moment, of the same kind.
          <li
            key={`${item.atMs} ${item.kind} ${item.setting?.key} ${index}`}
            class="ledger-entry ledger-line"
            data-testid="sync-log"
            data-kind={item.kind}
          >
            <time class="small muted nowrap" dateTime={new Date(item.atMs).toISOString()}>
              {formats.moment(item.atMs)}
            </time>
            <span>{logSentence(item)}</span>
          </li>
        ))}
      </ol>
      {log.length > shown ? (
        <div>
          <Button small testId="more-log" onPress={() => setShown(shown + SHOWN)}>
            {text('more')}
          </Button>
        </div>
      ) : null}
    </>
  );
}

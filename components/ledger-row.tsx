import { useState } from 'preact/hooks';
import type { LedgerEntry } from '../utils/grants/ledger-entry';
import type { Notice } from '../utils/messages/contract';
import { text } from '../utils/platform/text';
import { Button } from './button';
import { capabilityText } from './capability-text';
import { formats } from './formats';
import { whereText } from './grant-text';
import { actorText, ledgerSentence } from './ledger-sentence';
import { NoticeView } from './notice-view';
import { Problem } from './problem';

export interface LedgerRowProps {
  readonly entry: LedgerEntry;
  /** Its place in the list, from 1, and how many the list has; -1: not known. */
  readonly place: number;
  readonly size: number;
  readonly onNotice: (hash: string) => Promise<Notice | null>;
}

/** One entry: a sentence, and everything that the ledger holds about it one click away. */
export function LedgerRow({ entry, place, size, onNotice }: LedgerRowProps) {
  return (
    <li
      class="ledger-entry"
      data-testid="ledger-entry"
      data-kind={entry.kind}
      data-capability={entry.capability ?? ''}
      data-seq={entry.seq}
      aria-posinset={place}
      aria-setsize={size}
    >
      <div class="ledger-line">
        <time class="small muted nowrap" dateTime={new Date(entry.atMs).toISOString()}>
          {formats.moment(entry.atMs)}
        </time>
        <span>{ledgerSentence(entry)}</span>
      </div>
      <details class="small">
        <summary>{text('entry_details')}</summary>
        <Facts entry={entry} />
        {entry.notice ? <ShownNotice hash={entry.notice.hash} onNotice={onNotice} /> : null}
      </details>
    </li>
  );
}

function Facts({ entry }: { entry: LedgerEntry }) {
  const { capability, scope, notice, details } = entry;
  const where = capability === null || scope === null ? undefined : whereText(capability, scope);
  const rest = Object.entries(details).map(([name, value]) => `${name}: ${[value].flat().join(', ')}`);
  return (
    <dl class="facts disclosure-body">
      <dt>{text('entry_number')}</dt>
      <dd>{formats.number(entry.seq)}</dd>
      <dt>{text('entry_time')}</dt>
      <dd>{formats.exact(entry.atMs)}</dd>
      <dt>{text('entry_by')}</dt>
      <dd>{actorText(entry.by)}</dd>
      {capability === null ? null : (
        <>
          <dt>{text('column_capability')}</dt>
          <dd>{capabilityText(capability, 'name')}</dd>
        </>
      )}
      {where === undefined ? null : (
        <>
          <dt>{text('entry_scope')}</dt>
          <dd>{where}</dd>
        </>
      )}
      {notice ? (
        <>
          <dt>{text('entry_policy_version')}</dt>
          <dd>{notice.policyVersion}</dd>
          <dt>{text('notice_clauses')}</dt>
          <dd>{notice.clauses.map((clause) => clause.id).join(', ')}</dd>
        </>
      ) : null}
      {rest.length > 0 ? (
        <>
          <dt>{text('entry_more')}</dt>
          <dd>{rest.join('; ')}</dd>
        </>
      ) : null}
      {entry.epoch > 0 ? (
        <>
          <dt>{text('entry_epoch')}</dt>
          <dd>{formats.number(entry.epoch)}</dd>
        </>
      ) : null}
      <dt>{text('entry_hash')}</dt>
      <dd class="mono">{entry.hash}</dd>
      <dt>{text('entry_prev_hash')}</dt>
      <dd class="mono">{entry.prevHash}</dd>
    </dl>
  );
}

function ShownNotice({ hash, onNotice }: { hash: string; onNotice: LedgerRowProps['onNotice'] }) {
  const [notice, setNotice] = useState<Notice | null>();
  const [error, setError] = useState<unknown>();
  const load = async () => {
    try {
      setError(undefined);
      setNotice(await onNotice(hash));
    } catch (why) {
      setError(why);
    }
  };
  if (error !== undefined) return <Problem error={error} onRetry={load} />;
  if (notice === null) return <p>{text('notice_missing')}</p>;
  if (notice === undefined) {
    return (
      <div>
        <Button small testId="show-notice" onPress={load}>
          {text('show_notice')}
        </Button>
      </div>
    );
  }
  const where = whereText(notice.capability, notice.scope);
  return (
    <section class="card stack shown-notice" data-testid="notice">
      <h3>{text('notice_as_shown', notice.name)}</h3>
      {where === undefined ? null : <p class="muted">{text('notice_asked_for', where)}</p>}
      <NoticeView notice={notice} />
      <p class="mono muted">{hash}</p>
    </section>
  );
}

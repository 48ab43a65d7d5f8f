import { useState } from 'preact/hooks';
import { Button } from '../../components/button';
import { capabilityText } from '../../components/capability-text';
import { counted } from '../../components/formats';
import { LedgerList } from '../../components/ledger-list';
import { kindText, ledgerKinds } from '../../components/ledger-sentence';
import { Problem } from '../../components/problem';
import { SelectField } from '../../components/select-field';
import { useAttempt } from '../../components/use-attempt';
import { capabilityIds, isCapabilityId } from '../../utils/catalogue/catalogue';
import { fileHead, fileName, jsonDocument, saveFile } from '../../utils/exports/download';
import type { LedgerEntry } from '../../utils/grants/ledger-entry';
import { ask, stream } from '../../utils/messages/client';
import { text } from '../../utils/platform/text';
import { Consents } from './consents';
import type { SectionProps } from './section';
import { usePages } from './use-pages';
import { Verify } from './verify';

const PAGE = 50;
/** Every entry of the ledger, newest first; verify and export. */
export function History({ tick, announce }: SectionProps) {
  const [kindFilter, setKind] = useState('');
  const [capabilityFilter, setCapability] = useState('');
  const { error, attempt } = useAttempt();
  const [unreadable, setUnreadable] = useState(0);
  const kind = ledgerKinds.find((one) => one === kindFilter);
  const pages = usePages<LedgerEntry, number>(
    async (before, limit) => {
      const page = await ask('history.page', {
        before,
        limit,
        ...(kind === undefined ? {} : { kind }),
        ...(isCapabilityId(capabilityFilter) ? { capability: capabilityFilter } : {}),
      });
      setUnreadable((known) => (before === null ? page.unreadable : known + page.unreadable));
      return { rows: page.entries, next: page.next };
    },
    [kindFilter, capabilityFilter],
    tick,
    PAGE,
  );

  const exportLedger = () =>
    attempt(async () => {
      const chunks = stream('ledger', { purpose: 'export' });
      saveFile(fileName('ledger', 'json'), await jsonDocument(fileHead('ledger'), 'entries', chunks));
      announce(text('exported'));
    });
  const filtered = kindFilter !== '' || capabilityFilter !== '';
  return (
    <>
      <p class="muted measure">{text('history_lead')}</p>
      <Verify />
      <div class="row">
        <Button testId="export-ledger" onPress={exportLedger}>
          {text('export_ledger')}
        </Button>
      </div>
      {error === undefined ? null : <Problem error={error} />}
      <Consents tick={tick} announce={announce} />
      <section class="stack" aria-labelledby="history-entries">
        <h2 id="history-entries">{text('history_entries')}</h2>
        <div class="filters">
          <SelectField
            label={text('filter_kind')}
            value={kindFilter}
            testId="filter-kind"
            onChange={setKind}
            options={[
              { value: '', text: text('filter_all') },
              ...ledgerKinds.map((one) => ({ value: one, text: kindText(one) })),
            ]}
          />
          <SelectField
            label={text('column_capability')}
            value={capabilityFilter}
            testId="filter-capability"
            onChange={setCapability}
            options={[
              { value: '', text: text('filter_all') },
              ...capabilityIds.map((id) => ({ value: id, text: capabilityText(id, 'name') })),
            ]}
          />
        </div>
        {pages.error === undefined ? null : <Problem error={pages.error} onRetry={pages.reload} />}
        {unreadable > 0 ? <p class="problem">{counted('history_unreadable', unreadable)}</p> : null}
        {pages.rows?.length === 0 ? (
          <p class="card">{text(filtered ? 'history_empty_filtered' : 'history_empty')}</p>
        ) : null}
        {pages.rows && pages.rows.length > 0 ? (
          <LedgerList
            entries={pages.rows}
            listed={`${kindFilter} ${capabilityFilter}`}
            onMore={pages.more}
            onNotice={(hash) => ask('history.notice', { hash })}
          />
        ) : null}
        {pages.more ? (
          <div>
            <Button testId="more-entries" onPress={pages.more}>
              {text('more')}
            </Button>
          </div>
        ) : null}
      </section>
    </>
  );
}

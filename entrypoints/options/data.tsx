import { useState } from 'preact/hooks';
import { Banner } from '../../components/banner';
import { Button } from '../../components/button';
import { capabilityText } from '../../components/capability-text';
import { counted, formats } from '../../components/formats';
import { Problem } from '../../components/problem';
import { RecordsTable } from '../../components/records-table';
import { SelectField } from '../../components/select-field';
import { SiteFilter } from '../../components/site-filter';
import { ThirdParties } from '../../components/third-parties';
import { TimePlot } from '../../components/time-plot';
import { useAttempt } from '../../components/use-attempt';
import { useKeptFocus } from '../../components/use-kept-focus';
import { useLoaded } from '../../components/use-loaded';
import { useSoon } from '../../components/use-soon';
import { capability, isCapabilityId } from '../../utils/catalogue/catalogue';
import { COUNTED_MAX, INSIGHT_ROWS_MAX } from '../../utils/catalogue/limits';
import type { RecordRow } from '../../utils/catalogue/record';
import { csvLine, recordCells, recordColumns } from '../../utils/exports/csv';
import { csvDocument, fileHead, fileName, jsonDocument, saveFile } from '../../utils/exports/download';
import { ask, stream } from '../../utils/messages/client';
import type { Erasable, InsightSites, RecordFilter, RecordsSummary } from '../../utils/messages/contract';
import { DAY_MS } from '../../utils/platform/clock';
import { type TextKey, text } from '../../utils/platform/text';
import { Everything } from './everything';
import type { SectionProps } from './section';
import { usePages } from './use-pages';

const PAGE = 50;
const DAYS = 14;

/** What is said while it can still be undone. */
const erasing = {
  one: 'erasing_record',
  some: 'erasing_shown',
  all: 'erasing_all',
  sealed: 'erasing_sealed',
} as const satisfies Record<Erasable['kind'], TextKey>;

/** What was collected: how much, by site and time, row by row; export and erase. */
export function Data({ state, tick, announce }: SectionProps) {
  const [capabilityFilter, setCapability] = useState('');
  const [site, setSite] = useState('');
  const { error, attempt } = useAttempt();
  const [done, setDone] = useState('');
  const summary = useLoaded(() => ask('records.summary', {}), [], tick);
  const time = useLoaded(() => ask('time.days', { days: DAYS }), [], tick);
  const sites = useLoaded(() => ask('insight.sites', {}), [], tick);
  const filter: RecordFilter = {
    ...(isCapabilityId(capabilityFilter) ? { capability: capabilityFilter } : {}),
    ...(site === '' ? {} : { site }),
  };
  const pages = usePages<RecordRow, { atMs: number; id: string }>(
    (after, limit) => ask('records.page', { filter, after, limit }),
    [capabilityFilter, site],
    tick,
    PAGE,
  );
  const sealed = new Set(
    state.capabilities.flatMap((view) => view.scopes.flatMap((scope) => scope.seals.map((seal) => seal.grantId))),
  );
  const filtered = capabilityFilter !== '' || site !== '';

  const tell = (message: string) => {
    setDone(message);
    announce(message);
  };
  const erase = (what: Erasable) =>
    attempt(async () => {
      const { erased } = await ask('records.erase', { what });
      tell(counted('erased_sealed', erased));
      pages.reload();
      summary.reload();
    });
  const soon = useSoon<Erasable>(erase);
  const undoing = useKeptFocus<HTMLDivElement>([soon.pending]);
  const heading = useKeptFocus<HTMLHeadingElement>([done, done === '' ? undefined : pages.rows, soon.pending]);
  const records = () => stream('records', { filter, purpose: 'export' });
  const exportJson = () =>
    attempt(async () => {
      const head = { ...fileHead('records'), filter };
      saveFile(fileName('records', 'json'), await jsonDocument(head, 'records', records()));
      tell(text('exported'));
    });
  const exportCsv = () =>
    attempt(async () => {
      const line = (row: RecordRow) => csvLine(recordCells(row));
      saveFile(fileName('records', 'csv'), await csvDocument(csvLine(recordColumns), line, records()));
      tell(text('exported'));
    });

  const empty = pages.rows?.length === 0;
  /** Without those that are about to be erased. */
  const { pending } = soon;
  const rows = (pages.rows ?? []).filter(
    ({ id }) => pending === undefined || (pending.kind === 'one' && pending.id !== id),
  );
  return (
    <>
      <p class="muted measure">{text('data_lead')}</p>
      {summary.error === undefined ? null : <Problem error={summary.error} onRetry={summary.reload} />}
      {summary.slow ? <p class="muted">{text('loading')}</p> : null}
      {summary.value ? <Summary summary={summary.value} state={state} /> : null}

      <section class="stack" aria-labelledby="data-time">
        <h2 id="data-time">{text('time_heading')}</h2>
        <div class="card">
          {time.error === undefined ? null : <Problem error={time.error} onRetry={time.reload} />}
          {time.value === undefined ? null : time.value.live ? (
            <TimePlot rows={time.value.rows} nowMs={Date.now()} />
          ) : (
            <p class="muted">{text('time_off')}</p>
          )}
        </div>
      </section>

      <section class="stack" aria-labelledby="data-insight">
        <h2 id="data-insight">{text('insight_heading')}</h2>
        <div class="card">
          {sites.error === undefined ? null : <Problem error={sites.error} onRetry={sites.reload} />}
          {sites.value ? <Sites sites={sites.value} tick={tick} /> : null}
        </div>
      </section>

      <section class="stack" aria-labelledby="data-records">
        <h2 id="data-records" ref={heading} tabIndex={-1}>
          {text('data_records')}
        </h2>
        <div class="filters">
          <SelectField
            label={text('column_capability')}
            value={capabilityFilter}
            testId="filter-capability"
            onChange={setCapability}
            options={[
              { value: '', text: text('filter_all') },
              ...state.capabilities
                .filter(({ id }) => capability(id).keepDays !== null)
                .map(({ id }) => ({ value: id, text: capabilityText(id, 'name') })),
            ]}
          />
          <SiteFilter onSite={setSite} suggest={async (prefix) => (await ask('records.sites', { prefix })).sites} />
        </div>
        <div class="row">
          <Button testId="export-records" disabled={empty === true} onPress={exportJson}>
            {text('export_json')}
          </Button>
          <Button testId="export-records-csv" disabled={empty === true} onPress={exportCsv}>
            {text('export_csv')}
          </Button>
          <Button
            testId="erase-records"
            look="danger"
            disabled={empty === true || soon.pending !== undefined}
            onPress={() => soon.start(filtered ? { kind: 'some', filter } : { kind: 'all' })}
          >
            {text(filtered ? 'erase_shown' : 'erase_all')}
          </Button>
        </div>
        {error === undefined ? null : <Problem error={error} />}
        {pages.error === undefined ? null : <Problem error={pages.error} onRetry={pages.reload} />}
        {done === '' ? null : <p>{done}</p>}
        {soon.pending === undefined ? null : (
          <div ref={undoing} tabIndex={-1}>
            <Banner tone="warn" alert>
              <p>{text(erasing[soon.pending.kind])}</p>
              <Button testId="undo-erase" onPress={soon.undo}>
                {text('undo')}
              </Button>
            </Banner>
          </div>
        )}
        {empty ? <p class="card">{text(filtered ? 'data_empty_filtered' : 'data_empty')}</p> : null}
        {rows.length > 0 ? (
          <RecordsTable
            rows={rows}
            listed={`${capabilityFilter} ${site}`}
            sealed={sealed}
            onMore={pages.more}
            onErase={(row) => soon.start({ kind: 'one', id: row.id })}
          />
        ) : null}
        {pages.more && rows.length > 0 ? (
          <div>
            <Button testId="more-records" onPress={pages.more}>
              {text('more')}
            </Button>
          </div>
        ) : null}
      </section>
      <Everything
        announce={announce}
        onErased={() => {
          pages.reload();
          summary.reload();
        }}
      />
    </>
  );
}

/** When records of a capability go next by themselves: its oldest one's time is over, or a seal's is. */
function nextErasureMs(
  { id, oldestMs, sealed }: RecordsSummary['capabilities'][number],
  state: SectionProps['state'],
): number | null {
  const { keepDays } = capability(id);
  const view = state.capabilities.find((one) => one.id === id);
  const seals = sealed === 0 ? [] : (view?.scopes.flatMap((scope) => scope.seals.map((seal) => seal.eraseAtMs)) ?? []);
  const ends = [...(oldestMs === null || keepDays === null ? [] : [oldestMs + keepDays * DAY_MS]), ...seals];
  return ends.length === 0 ? null : Math.min(...ends);
}

/** A number that was counted no further than so far. */
const upToMost = (records: number): string =>
  records > COUNTED_MAX ? text('number_more_than', formats.number(COUNTED_MAX)) : formats.number(records);

function Summary({ summary, state }: { summary: RecordsSummary; state: SectionProps['state'] }) {
  const rows = summary.capabilities.filter(({ id }) => capability(id).keepDays !== null);
  return (
    <div class="stack-tight">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section class="table-scroll" tabIndex={0} aria-label={text('data_summary')}>
        <table>
          <thead>
            <tr>
              <th scope="col">{text('column_capability')}</th>
              <th scope="col" class="number">
                {text('column_records')}
              </th>
              <th scope="col" class="number">
                {text('column_sealed')}
              </th>
              <th scope="col">{text('column_oldest')}</th>
              <th scope="col">{text('column_kept_for')}</th>
              <th scope="col">{text('column_next_erasure')}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => {
              const { id, records, sealed, oldestMs } = row;
              const nextMs = nextErasureMs(row, state);
              return (
                <tr key={id} data-testid="retention" data-capability={id}>
                  <th scope="row">{capabilityText(id, 'name')}</th>
                  <td class="number">{upToMost(records)}</td>
                  <td class="number">{upToMost(sealed)}</td>
                  <td class="nowrap">{oldestMs === null ? text('none') : formats.date(oldestMs)}</td>
                  <td>{counted('count_days', capability(id).keepDays ?? 0)}</td>
                  <td class="nowrap">{nextMs === null ? text('none') : formats.date(nextMs)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </section>
      <p class="small muted measure">{text('data_kept')}</p>
    </div>
  );
}

function Sites({ sites, tick }: { sites: InsightSites; tick: number }) {
  const [all, setAll] = useState(false);
  if (!sites.live) return <p class="muted">{text('insight_off')}</p>;
  if (sites.sites.length === 0) return <p class="muted">{text('insight_none')}</p>;
  const shown = all ? sites.sites : sites.sites.slice(0, 10);
  return (
    <div class="stack">
      <ul class="plain parties">
        {shown.map((one) => (
          <Site key={one.site} tick={tick} {...one} />
        ))}
      </ul>
      {shown.length < sites.sites.length ? (
        <div>
          <Button small onPress={() => setAll(true)}>
            {counted('more_sites', sites.sites.length - shown.length)}
          </Button>
        </div>
      ) : null}
      {sites.cut ? <p class="small muted">{counted('insight_newest', INSIGHT_ROWS_MAX)}</p> : null}
      <p class="small muted">{capabilityText('site-insight', 'limits')}</p>
    </div>
  );
}

function Site({ site, parties, requests, tick }: InsightSites['sites'][number] & { tick: number }) {
  const [open, setOpen] = useState(false);
  return (
    <li>
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <span class="party">
            <strong>{site}</strong>
            <span class="muted small">
              {text('insight_site', counted('count_parties', parties), counted('count_requests', requests))}
            </span>
          </span>
        </summary>
        {open ? <Report host={site} tick={tick} /> : null}
      </details>
    </li>
  );
}

function Report({ host, tick }: { host: string; tick: number }) {
  const report = useLoaded(() => ask('insight.site', { host }), [host], tick);
  return (
    <div class="disclosure-body">
      {report.error === undefined ? null : <Problem error={report.error} onRetry={report.reload} />}
      {report.value ? <ThirdParties report={report.value} /> : null}
    </div>
  );
}

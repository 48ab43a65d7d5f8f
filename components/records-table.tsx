import type { RecordRow } from '../utils/catalogue/record';
import { siteOfRecord } from '../utils/catalogue/record-site';
import { text } from '../utils/platform/text';
import { Button } from './button';
import { capabilityText } from './capability-text';
import { counted, formats } from './formats';
import { scopeText } from './scope-text';
import { useWindow } from './use-window';
import { verdictText } from './verdict-text';

/** What was recorded, in words. */
export function recordText(row: RecordRow): string {
  switch (row.capability) {
    case 'site-insight':
      return text('record_insight', row.party, counted('count_requests', row.requests));
    case 'browsing-time':
      return text('record_time', formats.duration(row.attentionMs), formats.day(row.day));
    case 'usage-statistics':
      return text('record_counter', row.name, counted('count_counted', row.count));
    case 'crash-reports':
      return text('record_crash', row.name, row.message);
    case 'protection':
      return text('record_blocked', counted('count_blocked', row.blocked), formats.day(row.day));
    case 'download-guard':
      return verdictText(row.verdict);
  }
}

export interface RecordsTableProps {
  readonly rows: readonly RecordRow[];
  /** What is listed: another filter starts at the top. */
  readonly listed: string;
  /** Grants that have ended: what they collected is sealed. */
  readonly sealed: ReadonlySet<string>;
  readonly onErase: (row: RecordRow) => unknown;
  /** Loads the next rows; missing at the end. */
  readonly onMore: (() => Promise<void>) | undefined;
}

const columns = ['column_when', 'column_capability', 'column_site', 'column_recorded', 'column_granted_for'] as const;

const Gap = ({ px }: { px: number }) =>
  px > 0 ? (
    <tr data-gap="">
      <td class="gap" colSpan={columns.length + 1} style={{ blockSize: `${px}px` }} />
    </tr>
  ) : null;

export function RecordsTable({ rows, listed, sealed, onErase, onMore }: RecordsTableProps) {
  const view = useWindow<HTMLElement, HTMLTableSectionElement>(rows.length, listed, onMore);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section ref={view.scroller} class="table-scroll list-scroll" tabIndex={0} aria-label={text('data_table')}>
      <table aria-rowcount={onMore ? -1 : rows.length + 1}>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <th key={column} scope="col">
                {text(column)}
              </th>
            ))}
            <th scope="col">
              <span class="visually-hidden">{text('erase_one')}</span>
            </th>
          </tr>
        </thead>
        <tbody ref={view.body}>
          <Gap px={view.beforePx} />
          {rows.slice(view.from, view.to).map((row, index) => (
            <Row
              key={row.id}
              row={row}
              number={view.from + index + 2}
              sealed={sealed.has(row.grantId)}
              onErase={onErase}
            />
          ))}
          <Gap px={view.afterPx} />
        </tbody>
      </table>
    </section>
  );
}

interface RowProps extends Pick<RecordsTableProps, 'onErase'> {
  readonly row: RecordRow;
  /** Its place in the table, the head counted. */
  readonly number: number;
  readonly sealed: boolean;
}

const Row = ({ row, number, sealed, onErase }: RowProps) => (
  <tr data-testid="record" data-capability={row.capability} aria-rowindex={number}>
    <td class="nowrap">{formats.moment(row.atMs)}</td>
    <td>{capabilityText(row.capability, 'name')}</td>
    <td>{siteOfRecord(row) ?? text('none')}</td>
    <td>{recordText(row)}</td>
    <td>{text(sealed ? 'record_sealed' : 'record_scope', scopeText(row.scope))}</td>
    <td>
      <Button
        small
        testId="erase-one"
        label={text('erase_one_named', siteOfRecord(row) ?? capabilityText(row.capability, 'name'), recordText(row))}
        onPress={() => onErase(row)}
      >
        {text('erase_one')}
      </Button>
    </td>
  </tr>
);

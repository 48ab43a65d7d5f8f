import type { RecordRow } from '../utils/catalogue/record';
import { siteOfRecord } from '../utils/catalogue/record-site';
import { text } from '../utils/platform/text';
import { Button } from './button';
import { capabilityText } from './capability-text';
import { counted, formats } from './formats';
import { scopeText } from './scope-text';
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
  /** Grants that have ended: what they collected is sealed. */
  readonly sealed: ReadonlySet<string>;
  readonly onErase: (row: RecordRow) => unknown;
}

export function RecordsTable({ rows, sealed, onErase }: RecordsTableProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="table-scroll" tabIndex={0} aria-label={text('data_table')}>
      <table>
        <thead>
          <tr>
            <th scope="col">{text('column_when')}</th>
            <th scope="col">{text('column_capability')}</th>
            <th scope="col">{text('column_site')}</th>
            <th scope="col">{text('column_recorded')}</th>
            <th scope="col">{text('column_granted_for')}</th>
            <th scope="col">
              <span class="visually-hidden">{text('erase_one')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id} data-testid="record" data-capability={row.capability}>
              <td class="nowrap">{formats.moment(row.atMs)}</td>
              <td>{capabilityText(row.capability, 'name')}</td>
              <td>{siteOfRecord(row) ?? text('none')}</td>
              <td>{recordText(row)}</td>
              <td>{text(sealed.has(row.grantId) ? 'record_sealed' : 'record_scope', scopeText(row.scope))}</td>
              <td>
                <Button
                  small
                  testId="erase-one"
                  label={text(
                    'erase_one_named',
                    siteOfRecord(row) ?? capabilityText(row.capability, 'name'),
                    recordText(row),
                  )}
                  onPress={() => onErase(row)}
                >
                  {text('erase_one')}
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

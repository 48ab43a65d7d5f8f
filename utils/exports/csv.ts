/** Records as CSV (RFC 4180): for spreadsheets, so no cell may start as a formula does. */
import type { RecordRow } from '../catalogue/record';
import { siteOfRecord } from '../catalogue/record-site';
import type { Frame } from '../reports/scrub';

type Cell = string | number | null;

/** What spreadsheets take for the start of a formula. */
const FORMULA = /^[=+\-@\t\r]/;

function cell(raw: Cell): string {
  if (raw === null) return '';
  if (typeof raw === 'number') return String(raw);
  const safe = FORMULA.test(raw) ? `'${raw}` : raw;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** One line with its end. */
export const csvLine = (cells: readonly Cell[]): string => `${cells.map(cell).join(',')}\r\n`;

/** Names of the columns, as stable as those of the JSON export. */
export const recordColumns = [
  'at',
  'capability',
  'scope',
  'site',
  'day',
  'party',
  'requests',
  'attentionMs',
  'blocked',
  'verdict',
  'name',
  'count',
  'message',
  'where',
  'frames',
  'handed',
  'grantId',
  'epoch',
  'id',
] as const;

const frameText = ({ function: name, file, line, column }: Frame): string =>
  `${name} ${[file, line, column].filter((part) => part !== null).join(':')}`;

/** A record's cells, in the order of {@link recordColumns}; a column that its capability lacks is empty. */
export function recordCells(row: RecordRow): Cell[] {
  const insight = row.capability === 'site-insight' ? row : undefined;
  const time = row.capability === 'browsing-time' ? row : undefined;
  const blocked = row.capability === 'protection' ? row : undefined;
  const download = row.capability === 'download-guard' ? row : undefined;
  const counter = row.capability === 'usage-statistics' ? row : undefined;
  const fault = row.capability === 'crash-reports' ? row : undefined;
  return [
    new Date(row.atMs).toISOString(),
    row.capability,
    row.scope,
    siteOfRecord(row),
    row.day,
    insight?.party ?? null,
    insight?.requests ?? null,
    time?.attentionMs ?? null,
    blocked?.blocked ?? null,
    download?.verdict ?? null,
    counter?.name ?? fault?.name ?? null,
    counter?.count ?? null,
    fault?.message ?? null,
    fault?.where ?? null,
    fault ? fault.frames.map(frameText).join(' | ') : null,
    counter?.handed ?? (fault ? Number(fault.handed) : null),
    row.grantId,
    row.epoch,
    row.id,
  ];
}

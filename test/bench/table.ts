/** Figures beside their targets. */

export interface Figure {
  readonly what: string;
  /** A browser's name, or '' where none is involved. */
  readonly where: string;
  readonly value: number;
  readonly unit: string;
  readonly digits?: number;
  /** Left out: the design sets no target for this figure. */
  readonly target?: { readonly atMost: number } | { readonly atLeast: number } | { readonly about: number };
  /** How it was measured, where that matters to the reader. */
  readonly note?: string;
}

/** How far from 1 a ratio that should be 1 may lie: two runs of the very same code differ by as much. */
const RATIO_NOISE = 0.05;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}

/** @param share 0.95 for the 95th percentile: the smallest value that so many are not above. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export function verdict({ value, target }: Figure): 'ok' | 'MISSED' | '–' {
  if (target === undefined) return '–';
  const met =
    'atMost' in target
      ? value <= target.atMost
      : 'atLeast' in target
        ? value >= target.atLeast
        : Math.abs(value - target.about) <= RATIO_NOISE;
  return met ? 'ok' : 'MISSED';
}

const number = (value: number, digits: number): string =>
  value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });

function cells(figure: Figure): string[] {
  const { what, where, value, unit, digits = 0, target, note = '' } = figure;
  const unitText = unit === '' ? '' : ` ${unit}`;
  const wanted =
    target === undefined
      ? '–'
      : 'atMost' in target
        ? `≤ ${number(target.atMost, Number.isInteger(target.atMost) ? 0 : digits)}${unitText}`
        : 'atLeast' in target
          ? `≥ ${number(target.atLeast, 0)}${unitText}`
          : `${number(target.about, digits)} ± ${RATIO_NOISE}`;
  return [what, where, `${number(value, digits)}${unitText}`, wanted, verdict(figure), note];
}

/** One line, for the wait. */
export const line = (figure: Figure): string =>
  cells(figure)
    .filter((cell) => cell !== '')
    .join(' · ');

/** A Markdown table, its columns aligned. */
export function table(figures: readonly Figure[]): string {
  const rows = [['what', 'browser', 'measured', 'target', '', 'how'], ...figures.map(cells)];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(3, ...rows.map((row) => (row[column] ?? '').length)));
  const text = (row: readonly string[]): string =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [text(head), text(widths.map((width) => '-'.repeat(width))), ...body.map(text)].join('\n');
}

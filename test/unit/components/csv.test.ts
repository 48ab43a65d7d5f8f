import { describe, expect, it } from 'vitest';
import type { RecordRow } from '../../../utils/catalogue/record';
import { csvLine, recordCells, recordColumns } from '../../../utils/exports/csv';
import { csvDocument, jsonDocument } from '../../../utils/exports/download';

const row: RecordRow = {
  id: 'r1',
  capability: 'site-insight',
  scope: '*://shop.example/*',
  grantId: 'g',
  epoch: 3,
  atMs: Date.UTC(2026, 0, 31, 12),
  site: 'shop.example',
  day: '2026-01-31',
  party: 'cdn.example',
  requests: 12,
};

async function* chunks<T>(...all: T[][]): AsyncGenerator<T[]> {
  yield* all;
}

describe('csvLine', () => {
  it('quotes commas, quotes and line ends, and ends with CRLF', () => {
    expect(csvLine(['a,b', 'say "hi"', 'two\nlines', 'plain', 7, null])).toBe(
      '"a,b","say ""hi""","two\nlines",plain,7,\r\n',
    );
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx'])('disarms %j', (formula) => {
    expect(csvLine([formula]).replace(/^"/, '').startsWith("'")).toBe(true);
  });

  it('leaves numbers alone', () => {
    expect(csvLine([-1])).toBe('-1\r\n');
  });
});

describe('recordCells', () => {
  it('has a cell for each column; a wildcard scope is no formula', () => {
    const cells = recordCells(row);
    expect(cells).toHaveLength(recordColumns.length);
    expect(csvLine(cells)).toBe(
      '2026-01-31T12:00:00.000Z,site-insight,*://shop.example/*,shop.example,2026-01-31,cdn.example,12,,,,,,,,,,g,3,r1\r\n',
    );
  });
});

describe('documents', () => {
  it('is one JSON document whatever the chunks are', async () => {
    const read = async (...all: number[][]) =>
      JSON.parse(await (await jsonDocument({ format: 'x', version: 1 }, 'items', chunks(...all))).text());
    expect(await read()).toEqual({ format: 'x', version: 1, items: [] });
    expect(await read([], [1], [], [2, 3])).toEqual({ format: 'x', version: 1, items: [1, 2, 3] });
  });

  it('is one CSV file with one head', async () => {
    const file = await csvDocument('n\r\n', (n: number) => csvLine([n]), chunks([1], [2, 3]));
    expect(await file.text()).toBe('n\r\n1\r\n2\r\n3\r\n');
  });
});

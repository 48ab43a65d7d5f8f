import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RecordRow } from '../../../utils/catalogue/record';
import { consentRecord, noticeOf } from '../../../utils/exports/consent-records';
import { csvLine, recordCells, recordColumns } from '../../../utils/exports/csv';
import { csvDocument, jsonDocument } from '../../../utils/exports/download';
import type { LedgerEntry } from '../../../utils/grants/ledger-entry';
import type { Grant } from '../../../utils/grants/schema';

/** Reads one line back as RFC 4180 has it. */
function read(line: string): string[] {
  const cells: string[] = [];
  let rest = line.replace(/\r\n$/, '');
  for (;;) {
    const quoted = /^"((?:[^"]|"")*)"(,|$)/s.exec(rest);
    const plain = quoted ? null : /^([^",\r\n]*)(,|$)/.exec(rest);
    const match = quoted ?? plain;
    if (!match) throw new Error(`no cell: ${rest}`);
    cells.push((match[1] ?? '').replaceAll('""', '"'));
    rest = rest.slice(match[0].length);
    if (match[2] === '') return cells;
  }
}

async function* chunks<T>(...items: (readonly T[])[]): AsyncGenerator<readonly T[], void, void> {
  for (const one of items) yield one;
}

describe('a line of CSV', () => {
  test('reads back as it was written, except that no cell starts a formula', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(',', '"', '\r', '\n', '=', 'a') })), {
          minLength: 1,
        }),
        (cells) => {
          const line = csvLine(cells);
          const safe = cells.map((cell) => (/^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell));
          expect(read(line)).toEqual(safe);
          for (const cell of read(line)) expect(cell).not.toMatch(/^[=+\-@\t\r]/);
        },
      ),
    );
  });

  test('has a cell for each column', () => {
    const stamp = { id: 'i', scope: '*', grantId: 'g', epoch: 1, atMs: 0, site: 'a.example', day: '1970-01-01' };
    const { site: _site, ...bare } = stamp;
    const rows = [
      { ...stamp, capability: 'site-insight', party: 'b.example', requests: 2 },
      { ...stamp, capability: 'browsing-time', attentionMs: 3 },
      { ...stamp, capability: 'protection', blocked: 4 },
      { ...stamp, capability: 'download-guard', verdict: 'phishing' },
      { ...bare, capability: 'usage-statistics', name: 'popup.opened', count: 3, handed: 1 },
      {
        ...bare,
        capability: 'crash-reports',
        name: 'TypeError',
        message: 'a is undefined',
        where: 'popup',
        frames: [
          { function: 'f', file: 'popup.js', line: 1, column: 2 },
          { function: '?', file: 'other', line: null, column: null },
        ],
        handed: true,
      },
    ] as unknown as RecordRow[];
    for (const row of rows) expect(recordCells(row)).toHaveLength(recordColumns.length);
    expect(csvLine(recordCells(rows[0] as RecordRow))).toBe(
      '1970-01-01T00:00:00.000Z,site-insight,*,a.example,1970-01-01,b.example,2,,,,,,,,,,g,1,i\r\n',
    );
    expect(csvLine(recordCells(rows[4] as RecordRow))).toContain(',usage-statistics,*,,1970-01-01,');
    expect(csvLine(recordCells(rows[4] as RecordRow))).toContain(',popup.opened,3,,,,1,');
    expect(csvLine(recordCells(rows[5] as RecordRow))).toContain(
      ',TypeError,,a is undefined,popup,f popup.js:1:2 | ? other,1,',
    );
  });
});

describe('a document', () => {
  test('of JSON reads back with its head and every item, whatever the chunks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(fc.jsonValue(), { maxLength: 3 }), { maxLength: 4 }), async (given) => {
        const blob = await jsonDocument({ kind: 'records', version: 1 }, 'records', chunks(...given));
        const items = JSON.parse(JSON.stringify(given.flat())) as unknown[];
        expect(JSON.parse(await blob.text())).toEqual({ kind: 'records', version: 1, records: items });
      }),
      { numRuns: 40 },
    );
  });

  test('of CSV has its head once', async () => {
    const blob = await csvDocument('n\r\n', (n: number) => `${n}\r\n`, chunks([1, 2], [], [3]));
    expect(await blob.text()).toBe('n\r\n1\r\n2\r\n3\r\n');
  });
});

describe('a consent record', () => {
  const grant = {
    capability: 'site-insight',
    scope: '*',
    grantId: 'g',
    state: 'revoked',
    epoch: 3,
    sinceMs: 5,
    lifetime: 'hour',
    validUntilMs: 9,
    notice: { policyVersion: '2019-01' },
  } as unknown as Grant;
  const entry = (seq: number, more: object) =>
    ({
      seq,
      atMs: seq,
      kind: 'granted',
      by: 'person',
      hash: `h${seq}`,
      capability: 'site-insight',
      scope: '*',
      ...more,
    }) as LedgerEntry;

  test('holds the events of its own capability and scope, with their hashes', () => {
    const entries = [
      entry(1, {}),
      entry(2, { scope: '*://a.example/*' }),
      entry(3, { capability: 'browsing-time' }),
      entry(4, { kind: 'revoked' }),
    ];
    expect(consentRecord(grant, entries, null)).toEqual({
      recordId: 'g',
      capability: 'site-insight',
      scope: '*',
      state: 'revoked',
      sinceMs: 5,
      lifetime: 'hour',
      validUntilMs: 9,
      policyVersion: '2019-01',
      notice: null,
      events: [
        { seq: 1, atMs: 1, kind: 'granted', by: 'person', hash: 'h1' },
        { seq: 4, atMs: 4, kind: 'revoked', by: 'person', hash: 'h4' },
      ],
    });
  });

  test('has no notice where there is none', () => {
    expect(noticeOf(undefined)).toBeNull();
    expect(noticeOf({ hash: 'x' })).toBeNull();
  });
});

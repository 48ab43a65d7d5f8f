/** Files that a person opens or hands to a tool: anybody may have written them. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { usualProtection } from '../../utils/catalogue/lists';
import { protectionOf, protectionRowOf } from '../../utils/catalogue/protection-row';
import { bundleHead, readBundle } from '../../utils/exports/dpv/bundle';
import { receiptOf } from '../../utils/exports/dpv/receipt';
import { dpvRecord } from '../../utils/exports/dpv/record';
import { link } from '../../utils/grants/chain';
import type { LedgerEntry } from '../../utils/grants/ledger-entry';
import { applyTo, project } from '../../utils/sync/settings';
import { encodeSettings, imported, readSettings } from '../../utils/sync/settings-file';
import { checkLedgerFile } from '../tools/ledger-file';
import { factsFor, NOW_MS, recordOf } from '../unit/exports/dpv/records';
import { deepTexts } from './hostile-server';
import { almost, almostText, asJson, hostile, strange } from './mutations';
import { runs, TIMEOUT_MS } from './runs';

const bundle = {
  ...bundleHead(NOW_MS, '0.1.0'),
  records: [
    dpvRecord(recordOf('site-insight', 'revoked'), factsFor('site-insight')),
    dpvRecord(recordOf('browsing-time', 'granted'), factsFor('browsing-time')),
  ],
};
const hash = 'b'.repeat(64);
const entries: LedgerEntry[] = [];
for (const kind of ['asked', 'granted', 'revoked'] as const) {
  const entry = link(entries.at(-1), {
    atMs: NOW_MS,
    kind,
    capability: 'site-insight',
    scope: '*://shop.example/*',
    grantId: 'grant-1',
    epoch: entries.length,
    maxEpoch: entries.length,
    by: 'person',
    notice: { hash, policyVersion: '2019-01', language: 'en', clauses: [{ id: 'I.5', hash }] },
    details: { lifetime: 'hour', permissions: ['tabs'] },
  });
  entries.push(entry);
}
const ledger = { format: 'cloudopt-ledger', version: 1, exportedAt: '2026-11-24T00:00:00.000Z', entries };

const texts = (sample: object): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 4, arbitrary: hostile(sample).map(asJson) },
    { weight: 2, arbitrary: almostText(asJson(sample)) },
    { weight: 1, arbitrary: strange.map(asJson) },
    { weight: 1, arbitrary: deepTexts },
    { weight: 1, arbitrary: deepTexts.map((text) => asJson(sample).replace(/:(?:"[^"]*"|\d+)/, () => `:${text}`)) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 200 }) },
  );

describe('a file of consent records', () => {
  test(
    'that was tampered with is refused by name or read and shown, and calls no changed record intact',
    () => {
      const known: unknown[] = bundle.records.map((record) => JSON.parse(asJson(record)));
      fc.assert(
        fc.property(texts(bundle), (text) => {
          const read = readBundle(text);
          expect(['read', 'unreadable', 'bad-record']).toContain(read.kind);
          if (read.kind !== 'read') return;
          for (const { record, checked } of read.records) {
            receiptOf(record, checked);
            if (checked === 'intact') expect(known.some((one) => isDeepStrictEqual(one, record))).toBe(true);
          }
        }),
        runs(500),
      );
    },
    TIMEOUT_MS,
  );
});

describe('a ledger file', () => {
  test(
    'is intact only where every entry is as it was written',
    () => {
      const isPrefix = (text: string) =>
        (JSON.parse(text) as { entries: unknown[] }).entries.every((entry, index) =>
          isDeepStrictEqual(entry, entries[index]),
        );
      fc.assert(
        fc.property(texts(ledger), (text) => {
          const said = checkLedgerFile(text);
          expect(['intact', 'broken', 'unreadable']).toContain(said.kind);
          if (said.kind === 'intact') expect(isPrefix(text)).toBe(true);
        }),
        runs(500),
      );
    },
    TIMEOUT_MS,
  );

  test(
    'one changed entry is named, or one before it',
    () => {
      fc.assert(
        fc.property(
          fc.nat({ max: entries.length - 1 }),
          fc.constantFrom(...Object.keys(entries[0] ?? {})),
          strange,
          (at, name, value) => {
            const changed = entries.map((entry, index) => (index === at ? { ...entry, [name]: value } : entry));
            const text = asJson({ ...ledger, entries: changed });
            const said = checkLedgerFile(text);
            if (text === asJson(ledger)) expect(said.kind).toBe('intact');
            else if (said.kind === 'broken') expect(said.seq).toBe(at + 1);
            else expect(said.kind).toBe('unreadable');
          },
        ),
        runs(500),
      );
    },
    TIMEOUT_MS,
  );
});

describe('a file of settings', () => {
  test(
    'is refused by name, or changes settings to such as there are and no others',
    () => {
      const here = project({ ...usualProtection, allow: ['mine.example'], block: ['ads.example'] });
      const known = JSON.parse(encodeSettings(here, NOW_MS)) as { settings: object };
      const settings = fc.dictionary(
        fc.oneof(almostText('protection.host/ads.example'), fc.constantFrom(...Object.keys(here))),
        strange,
        { maxKeys: 5 },
      );
      const file = fc.oneof(
        { weight: 6, arbitrary: texts(known) },
        { weight: 6, arbitrary: settings.map((settings) => asJson({ ...known, settings })) },
        { weight: 1, arbitrary: deepTexts },
      );
      fc.assert(
        fc.property(file, (text) => {
          const read = readSettings(text);
          if (read.kind === 'unreadable') {
            expect(['too-large', 'no-json', 'not-ours', 'newer-version']).toContain(read.why);
            return;
          }
          const { settings, changes } = imported(here, read.settings);
          const row = protectionRowOf(applyTo(protectionOf(undefined), settings));
          expect(protectionRowOf(protectionOf(row))).toEqual(row);
          for (const { key } of changes) expect(key).toMatch(/^protection\./);
        }),
        runs(300),
      );
    },
    TIMEOUT_MS,
  );
});

test('nearly right files are drawn nearly right: most change something and parse as JSON', () => {
  const drawn = fc.sample(almost(ledger).map(asJson), 200);
  const changed = drawn.filter((text) => text !== asJson(ledger));
  expect(changed.length).toBeGreaterThan(150);
});

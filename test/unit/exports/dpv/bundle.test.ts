import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { capabilityIds } from '../../../../utils/catalogue/catalogue';
import { jsonDocument } from '../../../../utils/exports/download';
import {
  BUNDLE_CHARS,
  BUNDLE_MEMBER,
  type BundleRead,
  bundleHead,
  readBundle,
} from '../../../../utils/exports/dpv/bundle';
import { receiptOf } from '../../../../utils/exports/dpv/receipt';
import { dpvRecord } from '../../../../utils/exports/dpv/record';
import type { LedgerEntry } from '../../../../utils/grants/ledger-entry';
import type { Grant, Intent } from '../../../../utils/grants/schema';
import type { ConsentRecord } from '../../../../utils/messages/contract';
import { hashOf } from '../../../../utils/platform/hash';
import { anyRecordAndFacts, factsFor, NOW_MS, recordOf } from './records';

type Json = { [name: string]: unknown };

const head = bundleHead(NOW_MS, '0.1.0');
const made = dpvRecord(recordOf('site-insight', 'revoked'), factsFor('site-insight'));
const bundle = (records: readonly unknown[], more: object = {}) => JSON.stringify({ ...head, ...more, records });
const kinds = ['read', 'unreadable', 'bad-record'];

/** Reads, and shows every record that was read: neither may throw. */
function open(text: string): BundleRead {
  const read = readBundle(text);
  expect(kinds).toContain(read.kind);
  if (read.kind === 'read') for (const { record, checked } of read.records) receiptOf(record, checked);
  return read;
}

/** Paths to everything in a JSON value that holds nothing else. */
const leaves = (value: unknown, path: string[] = []): string[][] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([name, inner]) => leaves(inner, [...path, name]))
    : [path];

/** A copy of the value with what stands at the path replaced. */
function put(value: unknown, path: readonly string[], instead: (was: unknown) => unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return instead(value);
  const inside = Array.isArray(value) ? [...value] : { ...(value as Json) };
  (inside as Json)[name] = put((inside as Json)[name], rest, instead);
  return inside;
}

describe('a bundle', () => {
  test('that was written chunk by chunk reads back, intact', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRecordAndFacts, { maxLength: 4 }), async (drawn) => {
        const records = drawn.map(([record, facts]) => dpvRecord(record, facts));
        async function* chunks() {
          for (const record of records) yield [record];
        }
        const text = await (await jsonDocument(head, BUNDLE_MEMBER, chunks())).text();
        expect(open(text)).toEqual({
          kind: 'read',
          head: { exportedAt: new Date(NOW_MS).toISOString(), appVersion: '0.1.0' },
          records: records.map((record) => ({ record, checked: 'intact' })),
        });
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    ['another format', { format: 'cloudopt-ledger' }, 'not-a-bundle'],
    ['no head', { '@context': undefined }, 'not-a-bundle'],
    ['another context', { '@context': { ...head['@context'], dpv: 'https://evil.example/#' } }, 'not-a-bundle'],
    ['a context to be fetched', { '@context': 'https://evil.example/context' }, 'not-a-bundle'],
    ['more than is named', { grants: [] }, 'not-a-bundle'],
    ['records that are no list', { records: {} }, 'not-a-bundle'],
    ['the version before', { version: 1 }, 'other-version'],
    ['a version to come', { version: 3, extra: true }, 'other-version'],
    ['a version that is none', { version: '2' }, 'not-a-bundle'],
    ['no moment', { exportedAt: '2026-11-24' }, 'not-a-bundle'],
  ])('with %s is unreadable', (_, more, why) => {
    expect(open(JSON.stringify({ ...head, records: [], ...more }))).toEqual({ kind: 'unreadable', why });
  });

  test('names the first record that does not fit, and where', () => {
    const bad = put(made, ['dpv:hasProcess', 'dpv:hasPurpose', '@type'], () => 'dpv:Marketing');
    expect(open(bundle([made, bad, null]))).toEqual({
      kind: 'bad-record',
      index: 1,
      why: 'dpv:hasProcess > dpv:hasPurpose > @type: invalid_value',
    });
  });

  test('gives nothing that could stand where a grant, an intent, an entry or a record of ours stands', () => {
    const read = open(bundle([made]));
    if (read.kind !== 'read' || !read.records[0]) throw new Error('unread');
    // @ts-expect-error a record that was read is no grant
    const grant: Grant = read.records[0].record;
    // @ts-expect-error nor an intent
    const intent: Intent = read.records[0].record;
    // @ts-expect-error nor an entry of the ledger
    const entry: LedgerEntry = read.records[0].record;
    // @ts-expect-error nor what the background makes consent records of
    const ours: ConsentRecord = read.records[0].record;
    for (const one of [grant, intent, entry, ours]) {
      expect(Object.keys(one)).not.toEqual(expect.arrayContaining(['capability']));
      expect(Object.keys(one)).not.toEqual(expect.arrayContaining(['grantId']));
    }
  });
});

describe('tampering', () => {
  test.each(capabilityIds)('with any value in a record of %s is found', (id) => {
    const record = dpvRecord(recordOf(id, 'granted', { lifetime: 'hour', validUntilMs: NOW_MS }), factsFor(id));
    let found = 0;
    for (const path of leaves(record)) {
      for (const instead of [
        (was: unknown) => `${was}x`,
        (was: unknown) => `${was}`.replace(/[0-9]/, '7'),
        () => null,
      ]) {
        const changed = put(record, path, instead);
        if (hashOf(changed) === hashOf(record)) continue;
        const read = open(bundle([changed]));
        if (read.kind === 'read') expect(read.records[0]?.checked, path.join(' > ')).toBe('changed');
        if (read.kind === 'read') found += 1;
      }
    }
    // Most changes of a text still fit the shape: there the hash alone finds them.
    expect(found).toBeGreaterThan(20);
  });

  test('by exchanging, taking out or doubling events is found', () => {
    const [first, second, third] = made['dpv:hasConsentStatus'];
    for (const events of [
      [first, third],
      [first, third, second],
      [first, second, third, third],
    ]) {
      const read = open(bundle([{ ...made, 'dpv:hasConsentStatus': events }]));
      expect(read).toMatchObject({ kind: 'read', records: [{ checked: 'changed' }] });
    }
  });

  test('is told apart record by record; order of members is none', () => {
    const changed = put(made, ['dpv:hasNotice', 'dct:title'], () => 'Harmless');
    const reversed = Object.fromEntries(Object.entries(made).reverse());
    const read = open(bundle([made, changed, reversed]));
    expect(read.kind === 'read' && read.records.map((one) => one.checked)).toEqual(['intact', 'changed', 'intact']);
  });
});

describe('a hostile file', () => {
  const good = bundle([made]);

  test.each([
    ['nothing', '', 'not-json'],
    ['a word', 'undefined', 'not-json'],
    ['null', 'null', 'not-a-bundle'],
    ['a text', '"cloudopt-consent-records"', 'not-a-bundle'],
    ['a list of bundles', `[${good}]`, 'not-a-bundle'],
    ['two bundles', good + good, 'not-json'],
    ['a deep list', '['.repeat(200_000) + ']'.repeat(200_000), 'not-a-bundle'],
    ['a deep list that does not end', '['.repeat(1_000_000), 'not-json'],
    ['a deep object', `${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`, 'not-a-bundle'],
    [
      'a deep context',
      good.replace('"@context":{', `"@context":{"x":${'['.repeat(100_000)}${']'.repeat(100_000)},`),
      'not-a-bundle',
    ],
    ['too much', `${good}${' '.repeat(BUNDLE_CHARS)}`, 'too-large'],
    ['many members', `{${Array.from({ length: 200_000 }, (_, n) => `"m${n}":0`).join(',')}}`, 'not-a-bundle'],
  ])('of %s is unreadable', (_, text, why) => {
    expect(open(text)).toEqual({ kind: 'unreadable', why });
  });

  test('that is cut off anywhere is unreadable', () => {
    for (let length = 0; length < good.length; length += 7) {
      expect(open(good.slice(0, length))).toEqual({ kind: 'unreadable', why: 'not-json' });
    }
  });

  test.each(['__proto__', 'constructor', 'toString', 'toJSON', 'hasOwnProperty'])('cannot bring in %s', (name) => {
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    for (const value of ['{"granted":true}', '"x"', deep]) {
      const inBundle = good.replace('{', `{"${name}":${value},`);
      expect(open(inBundle)).toEqual({ kind: 'unreadable', why: 'not-a-bundle' });
      const inRecord = good.replace('"dct:identifier"', `"${name}":${value},"dct:identifier"`);
      expect(open(inRecord)).toMatchObject({ kind: 'bad-record', index: 0 });
    }
    expect(({} as Json).granted).toBeUndefined();
  });

  test('with half a character, whose hash would be that of another text, is refused', () => {
    const half = good.replace('What it does.', 'What it does\\ud800');
    expect(open(half)).toMatchObject({ kind: 'bad-record', index: 0 });
  });

  test('with a deep value in the place of a text is refused', () => {
    const deep = good.replace('"What it does."', `${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    expect(open(deep)).toMatchObject({ kind: 'bad-record', index: 0 });
  });

  const names = fc.constantFrom('__proto__', 'constructor', '@type', '@id', 'dct:identifier', 'length', '0', '');
  const paths = leaves(made);
  /** Small, so that ten thousand go by in seconds; the record keeps every kind of member. */
  const anyText = fc.oneof(
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 200 }) },
    { weight: 1, arbitrary: fc.json() },
    // Something else at the place of one value, or of all that stands above it.
    {
      weight: 4,
      arbitrary: fc
        .tuple(
          fc.constantFrom(...paths),
          fc.nat(4),
          fc.oneof(fc.jsonValue(), fc.constantFrom('', 'x', -1, 1e308, null)),
        )
        .map(([path, up, value]) => bundle([put(made, path.slice(0, Math.max(1, path.length - up)), () => value)])),
    },
    // A member more, by a name that means something to JavaScript or to JSON-LD.
    {
      weight: 2,
      arbitrary: fc.tuple(names, fc.jsonValue(), fc.nat(good.length)).map(([name, value, from]) => {
        const place = good.indexOf('{', from);
        const member = `{${JSON.stringify(name)}:${JSON.stringify(value)},`;
        return place < 0 ? good : `${good.slice(0, place)}${member}${good.slice(place + 1)}`;
      }),
    },
    // Characters exchanged, put in, taken out.
    {
      weight: 2,
      arbitrary: fc
        .tuple(
          fc.nat(good.length),
          fc.nat(20),
          fc.string({ unit: fc.constantFrom(...'{}[]",:\\u0dx9-'), maxLength: 3 }),
        )
        .map(([from, length, text]) => good.slice(0, from) + text + good.slice(from + length)),
    },
  );

  test('gets an answer and never a throw, ten thousand times', { timeout: 120_000 }, () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(anyText, (text) => {
        const read = open(text);
        seen.add(read.kind === 'read' ? `read ${read.records.map((one) => one.checked).join()}` : read.kind);
        // Nothing but the file itself, in whatever order and spacing, is called intact.
        if (read.kind === 'read' && read.records.some((one) => one.checked === 'intact')) {
          expect(read.records.map((one) => one.record)).toEqual([made]);
        }
      }),
      { numRuns: 10_000 },
    );
    expect(seen).toEqual(new Set(['unreadable', 'bad-record', 'read changed', 'read intact']));
  });
});

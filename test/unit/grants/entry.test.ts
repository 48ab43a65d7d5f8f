import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { capabilityIds } from '../../../utils/catalogue/catalogue';
import { readRow } from '../../../utils/catalogue/shapes';
import { entryText, readEntry } from '../../../utils/grants/entry';
import { actors, type LedgerEntry, ledgerEntry, ledgerKinds } from '../../../utils/grants/ledger-entry';

const hash = fc.stringMatching(/^[0-9a-f]{64}$/);
const words = fc.string({ unit: 'grapheme', maxLength: 20 });
const whole = fc.oneof(fc.nat(), fc.constantFrom(0, Number.MAX_SAFE_INTEGER));
const anyEntry: fc.Arbitrary<LedgerEntry> = fc.record({
  seq: whole.map((n) => Math.max(1, n)),
  atMs: whole,
  kind: fc.constantFrom(...ledgerKinds),
  capability: fc.option(fc.constantFrom(...capabilityIds)),
  scope: fc.option(fc.constantFrom('*', '*://shop.example/*', 'https://*.shop.example/*')),
  grantId: fc.option(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })),
  epoch: whole,
  maxEpoch: whole,
  by: fc.constantFrom(...actors),
  notice: fc.option(
    fc.record(
      {
        hash,
        policyVersion: words,
        language: words,
        clauses: fc.array(fc.record({ id: words, hash }), { maxLength: 3 }),
        endpoint: fc.record({ url: words, place: words, byOrganisation: fc.boolean() }),
      },
      { requiredKeys: ['hash', 'policyVersion', 'language', 'clauses'] },
    ),
  ),
  details: fc.dictionary(words, fc.oneof(words, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.array(words))),
  prevHash: hash,
  hash,
});

/** What could stand in a row in place of a value. */
const strange = fc.oneof(
  fc.constantFrom(undefined, null, '', '*', 'x', 0, -0, -1, 0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY),
  fc.constantFrom({}, [], [[]], '\uD800', 'a'.repeat(64), 'A'.repeat(64), 'x'.repeat(65), '*://*.com/*', 1n, true),
  fc.jsonValue(),
);
const anyRow: fc.Arbitrary<unknown> = fc
  .tuple(
    anyEntry,
    fc.constantFrom(...Object.keys(ledgerEntry.shape), 'extra', 'notice.hash', 'notice.endpoint', 'details.x'),
    strange,
  )
  .chain(([entry, path, value]) => {
    const [name = '', inner] = path.split('.');
    const changed = structuredClone(entry) as Record<string, unknown>;
    const at = inner === undefined ? changed : ((changed[name] ?? {}) as Record<string, unknown>);
    at[inner ?? name] = value;
    const left = { ...changed };
    delete left[name];
    return fc.constantFrom<unknown>(entry, changed, left, Object.values(changed), value);
  });

describe('an entry', () => {
  test('is read by the fast check exactly where the schema reads it, and as that reads it', () => {
    fc.assert(
      fc.property(anyRow, (raw) => {
        expect(readEntry(raw)).toEqual(readRow(ledgerEntry, raw));
      }),
      { numRuns: 2000 },
    );
  });

  test('has the same text as canonical JSON gives it', () => {
    fc.assert(
      fc.property(anyEntry, (entry) => {
        const { hash: _, ...unhashed } = entry;
        expect(entryText(entry)).toBe(canonicalize(unhashed));
      }),
      { numRuns: 1000 },
    );
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { capabilityIds } from '../../../utils/catalogue/catalogue';
import { ChainVerifier, link, type Unlinked, type Verdict } from '../../../utils/grants/chain';
import { actors, type LedgerEntry, ledgerKinds } from '../../../utils/grants/ledger-entry';
import { hashOf } from '../../../utils/platform/hash';

const sha = fc.stringMatching(/^[0-9a-f]{64}$/);
const text = fc.string({ maxLength: 12 });
const unlinked: fc.Arbitrary<Unlinked> = fc.record({
  atMs: fc.nat(),
  kind: fc.constantFrom(...ledgerKinds),
  capability: fc.option(fc.constantFrom(...capabilityIds)),
  scope: fc.option(fc.constantFrom('*', '*://shop.example/*')),
  grantId: fc.option(fc.uuid()),
  epoch: fc.nat(),
  maxEpoch: fc.nat(),
  by: fc.constantFrom(...actors),
  notice: fc.option(
    fc.record({
      hash: sha,
      policyVersion: text,
      language: text,
      clauses: fc.array(fc.record({ id: text, hash: sha }), { maxLength: 2 }),
    }),
  ),
  details: fc.dictionary(
    fc.stringMatching(/^[a-z]{1,6}$/),
    fc.oneof(text, fc.integer(), fc.array(text, { maxLength: 2 })),
    { maxKeys: 2 },
  ),
});

const chained = (entries: readonly Unlinked[]): LedgerEntry[] => {
  const chain: LedgerEntry[] = [];
  for (const entry of entries) chain.push(link(chain.at(-1), entry));
  return chain;
};
const ledger = fc.array(unlinked, { minLength: 1, maxLength: 12 }).map(chained);
const picked = fc.tuple(ledger, fc.nat()).map(([entries, n]) => ({ entries, at: n % entries.length }));

function verdict(rows: readonly unknown[], mark?: { seq: number; hash: string }): Verdict {
  const verifier = new ChainVerifier();
  verifier.add(rows);
  return verifier.verdict(mark);
}

describe('a ledger', () => {
  test('as it was written is intact', () => {
    fc.assert(
      fc.property(ledger, fc.integer({ min: 1, max: 4 }), (entries, batch) => {
        const verifier = new ChainVerifier();
        for (let from = 0; from < entries.length; from += batch) {
          expect(verifier.add(entries.slice(from, from + batch))).toBe(true);
        }
        const last = entries.at(-1);
        const head = { seq: last?.seq ?? 0, hash: last?.hash ?? '' };
        expect(verifier.verdict(head)).toEqual({ kind: 'intact', entries: entries.length, hash: last?.hash });
      }),
    );
  });

  test('with any field of any entry changed is broken at that entry', () => {
    const fields = [...Object.keys(link(undefined, {} as Unlinked)), 'atMs', 'kind', 'capability', 'scope', 'grantId'];
    const keys = [...new Set([...fields, 'epoch', 'maxEpoch', 'by', 'notice', 'details', 'extra'])];
    const value = fc.oneof(fc.jsonValue(), sha, fc.nat(), fc.constantFrom(...ledgerKinds, ...actors, ...capabilityIds));
    fc.assert(
      fc.property(picked, fc.constantFrom(...keys), value, ({ entries, at }, key, other) => {
        const before = (entries[at] as Record<string, unknown>)[key];
        fc.pre(hashOf(before ?? '') !== hashOf(other ?? '') || before !== other);
        fc.pre(JSON.stringify(before) !== JSON.stringify(other));
        const rows = entries.map((entry, index) => (index === at ? { ...entry, [key]: other } : entry));
        expect(verdict(rows)).toMatchObject({ kind: 'broken', seq: at + 1 });
      }),
      { numRuns: 500 },
    );
  });

  test('with a field left out is broken at that entry', () => {
    fc.assert(
      fc.property(picked, fc.nat(), ({ entries, at }, n) => {
        const keys = Object.keys(entries[at] as object);
        const rows: object[] = entries.map((entry) => ({ ...entry }));
        delete (rows[at] as Record<string, unknown>)[keys[n % keys.length] as string];
        expect(verdict(rows)).toEqual({ kind: 'broken', seq: at + 1, why: 'unreadable' });
      }),
    );
  });

  test('with an entry rewritten and hashed anew is broken at the next one', () => {
    fc.assert(
      fc.property(picked, fc.nat(), ({ entries, at }, epoch) => {
        const { hash: _hash, seq: _seq, prevHash: _prev, ...entry } = entries[at] as LedgerEntry;
        fc.pre(entry.epoch !== epoch && at < entries.length - 1);
        const rows = entries.map((one, index) => (index === at ? link(entries[at - 1], { ...entry, epoch }) : one));
        expect(verdict(rows)).toEqual({ kind: 'broken', seq: at + 2, why: 'link' });
      }),
    );
  });

  test('with an entry taken out, or two changed over, is broken there', () => {
    fc.assert(
      fc.property(picked, ({ entries, at }) => {
        fc.pre(at < entries.length - 1);
        expect(verdict(entries.filter((_, index) => index !== at))).toMatchObject({ kind: 'broken', seq: at + 1 });
        const swapped = [...entries];
        [swapped[at], swapped[at + 1]] = [swapped[at + 1] as LedgerEntry, swapped[at] as LedgerEntry];
        expect(verdict(swapped)).toMatchObject({ kind: 'broken', seq: at + 1 });
      }),
    );
  });

  test('cut short is found by the mark beside the database', () => {
    fc.assert(
      fc.property(picked, ({ entries, at }) => {
        const last = entries.at(-1) as LedgerEntry;
        fc.pre(at < entries.length - 1);
        const rows = entries.slice(0, at + 1);
        expect(verdict(rows)).toMatchObject({ kind: 'intact' });
        expect(verdict(rows, last)).toEqual({ kind: 'broken', seq: at + 2, why: 'cut-short' });
        expect(verdict([], last)).toEqual({ kind: 'broken', seq: 1, why: 'cut-short' });
      }),
    );
  });

  test('whose last entry was rewritten is found by the mark', () => {
    const [first] = chained([{ ...(fc.sample(unlinked, { seed: 1, numRuns: 1 })[0] as Unlinked), epoch: 1 }]);
    const { hash: _hash, seq: _seq, prevHash: _prev, ...entry } = first as LedgerEntry;
    const other = link(undefined, { ...entry, epoch: 2 });
    expect(verdict([other])).toMatchObject({ kind: 'intact' });
    expect(verdict([other], first)).toEqual({ kind: 'broken', seq: 1, why: 'hash' });
  });

  test('of rows that are no entries is unreadable at the first', () => {
    fc.assert(
      fc.property(fc.anything(), (row) => {
        expect(verdict([row])).toEqual({ kind: 'broken', seq: 1, why: 'unreadable' });
      }),
    );
  });
});

test('a hash does not depend on the order of members, and on nothing else', () => {
  expect(hashOf({ a: 1, b: [1, 2] })).toBe(hashOf({ b: [1, 2], a: 1 }));
  expect(hashOf({ a: 1, b: [1, 2] })).not.toBe(hashOf({ b: [2, 1], a: 1 }));
  // SHA-256 of `{"a":1}`, computed elsewhere.
  expect(hashOf({ a: 1 })).toBe('015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862');
});

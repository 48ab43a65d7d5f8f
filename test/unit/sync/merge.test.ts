import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareStamps, DRIFT_MAX_MS, nextStamp, runningMs, STAMP_N_MAX } from '../../../utils/sync/clock';
import {
  type Document,
  decodeDocument,
  ENTRIES_MAX,
  emptyDocument,
  encodeDocument,
  isDocument,
} from '../../../utils/sync/document';
import { holdsAll, merge, missingFrom } from '../../../utils/sync/merge';
import { anyDocument, anyStamp, at, documentOf, entry, NOW, YEAR_MS } from './samples';

const decoded = (bytes: Uint8Array): Document => {
  const read = decodeDocument(bytes);
  if (read.kind !== 'document') throw new Error(read.why);
  return read.document;
};
const text = (document: Document): string => new TextDecoder().decode(encodeDocument(document));
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('the merge', () => {
  it('is commutative', () => {
    fc.assert(
      fc.property(anyDocument, anyDocument, (a, b) => {
        expect(text(merge(a, b))).toBe(text(merge(b, a)));
      }),
    );
  });

  it('is associative', () => {
    fc.assert(
      fc.property(anyDocument, anyDocument, anyDocument, (a, b, c) => {
        expect(text(merge(merge(a, b), c))).toBe(text(merge(a, merge(b, c))));
      }),
    );
  });

  it('is idempotent, and changes nothing by what is older', () => {
    fc.assert(
      fc.property(anyDocument, anyDocument, (a, b) => {
        expect(text(merge(a, a))).toBe(text(a));
        expect(text(merge(merge(a, b), b))).toBe(text(merge(a, b)));
      }),
    );
  });

  it('brings all replicas to the same bytes, in whatever order they hear of each other', () => {
    const replicas = fc.array(anyDocument, { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(replicas, fc.infiniteStream(fc.nat()), (documents, order) => {
        const all = (list: readonly Document[]) => list.reduce(merge, emptyDocument);
        const shuffled = [...documents].sort(() => ((order.next().value ?? 0) % 2 === 0 ? 1 : -1));
        expect(text(all(shuffled))).toBe(text(all(documents)));
      }),
    );
  });

  it('holds all of both, and keeps what no version of ours knows', () => {
    fc.assert(
      fc.property(anyDocument, anyDocument, (a, b) => {
        const both = merge(a, b);
        expect(holdsAll(both, a) && holdsAll(both, b)).toBe(true);
        expect(Object.keys(both.entries).sort()).toEqual(
          [...new Set([...Object.keys(a.entries), ...Object.keys(b.entries)])].sort(),
        );
      }),
    );
  });

  it('never brings back what was deleted after it was set', () => {
    fc.assert(
      fc.property(anyStamp, fc.constantFrom('a', 'b', 'z'), fc.boolean(), (set, by, swap) => {
        const old = documentOf({ k: { at: set, value: 'block' } });
        const gone = documentOf({ k: { at: nextStamp(by, NOW - YEAR_MS, [set]) } });
        const both = swap ? merge(old, gone) : merge(gone, old);
        expect(both.entries.k).toEqual(gone.entries.k);
      }),
    );
  });

  it('knows what is missing: absent, or older', () => {
    const local = documentOf({ a: entry(1, 5), b: entry(1, 5), c: entry(1, 5) });
    const remote = documentOf({ a: entry(1, 5), b: entry(1, 4), d: entry(1, 9) });
    expect(missingFrom(remote, local)).toEqual(['b', 'c']);
  });
});

describe('the clock', () => {
  it('stamps above what it has seen, whatever the clocks say', () => {
    fc.assert(
      fc.property(anyStamp, fc.integer({ min: 0, max: NOW + YEAR_MS }), (seen, nowMs) => {
        const next = nextStamp('d', nowMs, [seen]);
        expect(compareStamps(next, seen)).toBeGreaterThan(0);
        expect(next.ms).toBeGreaterThanOrEqual(nowMs);
      }),
    );
  });

  it('is carried on by others by five minutes at most', () => {
    expect(runningMs(NOW, [at(NOW + YEAR_MS)])).toBe(NOW + DRIFT_MAX_MS);
    expect(runningMs(NOW, [at(NOW + 1000), at(NOW - YEAR_MS)])).toBe(NOW + 1000);
    expect(runningMs(NOW, [])).toBe(NOW);
  });

  it('goes on to the next millisecond where the counter is used up', () => {
    const next = nextStamp('d', NOW, [at(NOW, 'c', STAMP_N_MAX)]);
    expect(next).toEqual({ ms: NOW + 1, n: 0, by: 'd' });
  });
});

describe('the document as bytes', () => {
  it('comes back as it was, and the same one always has the same bytes', () => {
    fc.assert(
      fc.property(anyDocument, (document) => {
        expect(text(decoded(encodeDocument(document)))).toBe(text(document));
        expect(Object.keys(decoded(encodeDocument(document)).entries).sort()).toEqual(
          Object.keys(document.entries).sort(),
        );
        const turned = { entries: Object.fromEntries(Object.entries(document.entries).reverse()) };
        expect(text(turned)).toBe(text(document));
      }),
    );
  });

  it.each([
    ['no JSON', '{'],
    ['HTML of a captive portal', '<!doctype html><title>Sign in</title>'],
    ['a list', '[]'],
    ['another format', '{"format":0,"base":0,"devices":[],"entries":{}}'],
    ['a member too many', '{"format":1,"base":0,"devices":[],"entries":{},"x":1}'],
    ['a stamp of nobody', '{"format":1,"base":0,"devices":[],"entries":{"k":[0,0,0,1]}}'],
    ['a negative time', '{"format":1,"base":-5,"devices":["a"],"entries":{"k":[0,0,0,1]}}'],
    ['a time that is no number', '{"format":1,"base":1e999,"devices":["a"],"entries":{"k":[0,0,0,1]}}'],
    ['a counter past its end', '{"format":1,"base":0,"devices":["a"],"entries":{"k":[0,1000000,0,1]}}'],
    ['a value that is no number', '{"format":1,"base":0,"devices":["a"],"entries":{"k":[0,0,0,1e999]}}'],
    ['a key with a space', '{"format":1,"base":0,"devices":["a"],"entries":{"k k":[0,0,0,1]}}'],
    ['an entry too long', '{"format":1,"base":0,"devices":["a"],"entries":{"k":[0,0,0,1,2]}}'],
    [
      'a value too deep',
      `{"format":1,"base":0,"devices":["a"],"entries":{"k":[0,0,0,${'['.repeat(40)}${']'.repeat(40)}]}}`,
    ],
  ])('is refused: %s', (_, text) => {
    expect(decodeDocument(bytes(text))).toEqual({ kind: 'unreadable', why: 'no-document' });
  });

  it('is refused where it is no UTF-8, too large, or has too many entries', () => {
    expect(decodeDocument(Uint8Array.of(0xff, 0xfe))).toEqual({ kind: 'unreadable', why: 'no-document' });
    expect(decodeDocument(new Uint8Array(3_000_000))).toEqual({ kind: 'unreadable', why: 'too-large' });
    const many = Object.fromEntries(Array.from({ length: ENTRIES_MAX + 1 }, (_, n) => [`k${n}`, entry(1, n)]));
    expect(decodeDocument(encodeDocument({ entries: many })).kind).toBe('unreadable');
    expect(
      isDocument({ entries: Object.fromEntries(Array.from({ length: 40_001 }, (_, n) => [`k${n}`, entry(1, n)])) }),
    ).toBe(false);
  });

  it('is never written where nobody could read it', () => {
    expect(() => encodeDocument(documentOf({ k: entry(1, NOW + 0.5) }))).toThrow('broken invariant');
  });

  it('of a later format is told apart, since it must not be written over', () => {
    const later = bytes('{"format":2,"anything":true}');
    expect(decodeDocument(later)).toEqual({ kind: 'unreadable', why: 'newer-format' });
  });
});

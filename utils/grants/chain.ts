/**
 * The ledger's hash chain: pure, so that the background, the options page and `npm run verify-ledger` run the same code.
 */
import { hashOf, textHash } from '../platform/hash';
import { entryText, readEntry } from './entry';
import type { LedgerEntry } from './ledger-entry';
import type { HeadMark } from './schema';

/** `prevHash` of the first entry. */
export const FIRST_PREV_HASH = '0'.repeat(64);

export type Unlinked = Omit<LedgerEntry, 'seq' | 'prevHash' | 'hash'>;

/** The entry that follows `last` in the chain. */
export function link(last: Pick<LedgerEntry, 'seq' | 'hash'> | undefined, entry: Unlinked): LedgerEntry {
  const unhashed = { ...entry, seq: (last?.seq ?? 0) + 1, prevHash: last?.hash ?? FIRST_PREV_HASH };
  return { ...unhashed, hash: hashOf(unhashed) };
}

export type Verdict =
  | { kind: 'intact'; entries: number; hash: string }
  | { kind: 'broken'; seq: number; why: 'unreadable' | 'missing' | 'link' | 'hash' | 'cut-short' };

/** Checks entries in the order of `seq`, batch by batch; holds nothing but the last hash. */
export class ChainVerifier {
  #seq = 0;
  #hash = FIRST_PREV_HASH;
  #broken: Extract<Verdict, { kind: 'broken' }> | undefined;

  /** @param rows raw rows, in order. Returns `false` once the chain is broken: the rest need not be read. */
  add(rows: readonly unknown[]): boolean {
    for (const raw of rows) {
      if (this.#broken) return false;
      const expected = this.#seq + 1;
      const entry = readEntry(raw);
      if (!entry) this.#broken = { kind: 'broken', seq: expected, why: 'unreadable' };
      else if (entry.seq !== expected) this.#broken = { kind: 'broken', seq: expected, why: 'missing' };
      else if (entry.prevHash !== this.#hash) this.#broken = { kind: 'broken', seq: expected, why: 'link' };
      else {
        const { hash } = entry;
        if (textHash(entryText(entry)) !== hash) this.#broken = { kind: 'broken', seq: expected, why: 'hash' };
        this.#seq = expected;
        this.#hash = hash;
      }
    }
    return !this.#broken;
  }

  /** @param mark what `storage.local` says the ledger's head was: a shorter chain has lost its end. */
  verdict(mark?: Pick<HeadMark, 'seq' | 'hash'>): Verdict {
    if (this.#broken) return this.#broken;
    if (mark && mark.seq > this.#seq) return { kind: 'broken', seq: this.#seq + 1, why: 'cut-short' };
    if (mark && mark.seq === this.#seq && mark.hash !== this.#hash) {
      return { kind: 'broken', seq: mark.seq, why: 'hash' };
    }
    return { kind: 'intact', entries: this.#seq, hash: this.#hash };
  }

  get entries(): number {
    return this.#seq;
  }
}

import type { LedgerEntry } from '../grants/ledger-entry';
import type { Grant } from '../grants/schema';
import type { ConsentRecord, Notice } from '../messages/contract';

/** A notice as `notices` holds it: `{ hash, notice }`. */
export const noticeOf = (row: unknown): Notice | null => (row as { notice?: Notice } | undefined)?.notice ?? null;

/** What a record needs of an entry. */
export type ConsentEntry = Pick<LedgerEntry, 'capability' | 'scope' | 'seq' | 'atMs' | 'kind' | 'by' | 'hash'>;

/** One grant's life as a plain JSON record: its present state, the notice it was given under, and its history. */
export function consentRecord(grant: Grant, entries: readonly ConsentEntry[], notice: Notice | null): ConsentRecord {
  const { capability, scope, grantId, state, sinceMs, lifetime, validUntilMs } = grant;
  const own = entries.filter((entry) => entry.capability === capability && entry.scope === scope);
  return {
    recordId: grantId,
    capability,
    scope,
    state,
    sinceMs,
    lifetime,
    validUntilMs,
    policyVersion: grant.notice?.policyVersion ?? null,
    notice,
    events: own.map(({ seq, atMs, kind, by, hash }) => ({ seq, atMs, kind, by, hash })),
  };
}

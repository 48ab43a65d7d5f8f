/** A row of the ledger. Apart from schema.ts, since pages verify it, and do without the list of public suffixes. */
import * as z from 'zod/mini';
import { capabilityId, count, id, ms, scopePattern, sha256Hex, text } from '../catalogue/shapes';

/** Who or what caused an entry of the ledger. */
export const actors = ['person', 'browser', 'clock', 'policy', 'managed', 'recovery'] as const;
export type Actor = (typeof actors)[number];

export const ledgerKinds = [
  'asked',
  'granted',
  'refused',
  'never',
  'revoked',
  'expired',
  'paused',
  'resumed',
  'handed-back',
  'erased',
  'history-lost',
  'policy-changed',
  'exported',
] as const;
export type LedgerKind = (typeof ledgerKinds)[number];

/** The endpoint that a notice named: catalogue/endpoints.ts. */
const namedEndpoint = z.strictObject({ url: text, place: text, byOrganisation: z.boolean() });
const clause = z.strictObject({ id: text, hash: sha256Hex });

/** The notice that an entry refers to; its text stands in `notices` under the hash. */
export const noticeRef = z.strictObject({
  hash: sha256Hex,
  policyVersion: text,
  language: text,
  clauses: z.array(clause),
  /** Missing where nothing may leave. */
  endpoint: z.optional(namedEndpoint),
});
export type NoticeRef = z.infer<typeof noticeRef>;

export const ledgerEntry = z.strictObject({
  seq: z.number().check(z.int(), z.positive()),
  atMs: ms,
  kind: z.enum(ledgerKinds),
  /** `null` where the entry is about no single capability. */
  capability: z.nullable(capabilityId),
  scope: z.nullable(scopePattern),
  grantId: z.nullable(id),
  /** The grant's epoch after this entry; 0 where it has none. */
  epoch: count,
  /** The highest epoch given out so far, this entry's included. */
  maxEpoch: count,
  by: z.enum(actors),
  notice: z.nullable(noticeRef),
  /** What the kind needs besides: counts, the clauses that changed, the permissions handed back. */
  details: z.record(text, z.union([text, z.number(), z.array(text)])),
  prevHash: sha256Hex,
  hash: sha256Hex,
});
export type LedgerEntry = z.infer<typeof ledgerEntry>;

import * as z from 'zod/mini';
import { lifetimes } from '../catalogue/catalogue';
import { capabilityId, count, id, ms, scope, sha256Hex } from '../catalogue/shapes';

/** What a grant can be. `off` (never decided) is the absence of a row. */
export const grantStates = ['granted', 'refused', 'never', 'revoked', 'expired', 'paused'] as const;
export type GrantState = (typeof grantStates)[number];

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
const namedEndpoint = z.strictObject({ url: z.string(), place: z.string(), byOrganisation: z.boolean() });
const clause = z.strictObject({ id: z.string(), hash: sha256Hex });

/** The notice that an entry refers to; its text stands in `notices` under the hash. */
export const noticeRef = z.strictObject({
  hash: sha256Hex,
  policyVersion: z.string(),
  language: z.string(),
  clauses: z.array(clause),
  /** Missing where nothing may leave. */
  endpoint: z.optional(namedEndpoint),
});
export type NoticeRef = z.infer<typeof noticeRef>;

/** The row that every write checks. Key: capability and scope. */
export const fenceRow = z.strictObject({
  capability: capabilityId,
  scope,
  grantId: id,
  epoch: count,
  live: z.boolean(),
  /** `null`: until revoked. */
  validUntilMs: z.nullable(ms),
  /** The latest time seen under a timed grant: a clock well behind it expires the grant. */
  latestSeenMs: ms,
  /** This site was taken out of a grant for all sites. */
  excluded: z.boolean(),
});
export type Fence = z.infer<typeof fenceRow>;

/** What a past grant collected, closed to every feature, until it is erased. */
const seal = z.strictObject({ grantId: id, scope, atMs: ms, eraseAtMs: ms });
export type Seal = z.infer<typeof seal>;

/** The present state of one capability and scope. Key: capability and scope. */
export const grantRow = z.strictObject({
  capability: capabilityId,
  scope,
  grantId: id,
  state: z.enum(grantStates),
  epoch: count,
  /** When this state began. */
  sinceMs: ms,
  lifetime: z.enum(lifetimes),
  validUntilMs: z.nullable(ms),
  /** The browser session that a grant of lifetime `session` belongs to. */
  session: z.nullable(id),
  notice: z.nullable(noticeRef),
  /** Nothing offers the capability on its own before this moment (after 'not now'). */
  quietUntilMs: ms,
  /** When a use was last written; the start of the grant before the first one. */
  lastUsedMs: ms,
  seals: z.array(seal),
});
export type Grant = z.infer<typeof grantRow>;

/** An open prompt; an intent from the moment that Allow was clicked. Key: nonce. */
export const intentRow = z.strictObject({
  nonce: id,
  capability: capabilityId,
  scope,
  notice: noticeRef,
  openedAtMs: ms,
  /** `null` until Allow is clicked. */
  allowed: z.nullable(z.strictObject({ scope, lifetime: z.enum(lifetimes), atMs: ms, expiresAtMs: ms })),
});
export type Intent = z.infer<typeof intentRow>;

export const ledgerEntry = z.strictObject({
  seq: z.number().check(z.int(), z.positive()),
  atMs: ms,
  kind: z.enum(ledgerKinds),
  /** `null` where the entry is about no single capability. */
  capability: z.nullable(capabilityId),
  scope: z.nullable(scope),
  grantId: z.nullable(id),
  /** The grant's epoch after this entry; 0 where it has none. */
  epoch: count,
  /** The highest epoch given out so far, this entry's included. */
  maxEpoch: count,
  by: z.enum(actors),
  notice: z.nullable(noticeRef),
  /** What the kind needs besides: counts, the clauses that changed, the permissions handed back. */
  details: z.record(z.string(), z.union([z.string(), z.number(), z.array(z.string())])),
  prevHash: sha256Hex,
  hash: sha256Hex,
});
export type LedgerEntry = z.infer<typeof ledgerEntry>;

/** What `storage.local` keeps beside the database, to tell a lost one from a fresh one. */
export const headMark = z.strictObject({ databaseId: id, seq: count, hash: sha256Hex, maxEpoch: count });
export type HeadMark = z.infer<typeof headMark>;

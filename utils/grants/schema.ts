import * as z from 'zod/mini';
import { lifetimes } from '../catalogue/catalogue';
import { scope } from '../catalogue/scope-shape';
import { capabilityId, count, id, ms, sha256Hex } from '../catalogue/shapes';
import { noticeRef } from './ledger-entry';

/** What a grant can be. `off` (never decided) is the absence of a row. */
export const grantStates = ['granted', 'refused', 'never', 'revoked', 'expired', 'paused'] as const;
export type GrantState = (typeof grantStates)[number];

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

/** What `storage.local` keeps beside the database, to tell a lost one from a fresh one. */
export const headMark = z.strictObject({ databaseId: id, seq: count, hash: sha256Hex, maxEpoch: count });
export type HeadMark = z.infer<typeof headMark>;

import * as z from 'zod/mini';
import { verdicts } from './lists';
import { capabilityId, count, day, host, id, ms, scope } from './shapes';

/** What every record has: whose it is and under which grant and epoch it was written. */
const stamp = { id: z.string().check(z.minLength(1), z.maxLength(600)), scope, grantId: id, epoch: count, atMs: ms };

/** Requests that one visit of a page made to one third-party host. `atMs`: when the visit began. */
export const insightRecord = z.strictObject({
  ...stamp,
  capability: z.literal('site-insight'),
  site: host,
  day,
  party: host,
  requests: count,
});

/** Attention that a site had on one day. `atMs`: when it last had some. */
export const timeRecord = z.strictObject({
  ...stamp,
  capability: z.literal('browsing-time'),
  site: host,
  day,
  attentionMs: ms,
});

/** Requests that were stopped on a site's pages on one day. `atMs`: when the last one was. */
export const blockedRecord = z.strictObject({
  ...stamp,
  capability: z.literal('protection'),
  site: host,
  day,
  blocked: count,
});

/** A download that was warned of. `site`: the host that it came from. */
export const downloadRecord = z.strictObject({
  ...stamp,
  capability: z.literal('download-guard'),
  site: host,
  day,
  verdict: z.enum(verdicts),
});

export const recordRow = z.discriminatedUnion('capability', [insightRecord, timeRecord, blockedRecord, downloadRecord]);
export type RecordRow = z.infer<typeof recordRow>;
export type InsightRecord = z.infer<typeof insightRecord>;
export type TimeRecord = z.infer<typeof timeRecord>;
export type BlockedRecord = z.infer<typeof blockedRecord>;

const useStamp = {
  id: z.string().check(z.minLength(1), z.maxLength(200)),
  capability: capabilityId,
  scope,
  grantId: id,
  epoch: count,
  atMs: ms,
};

/** How often a capability was used in one hour under one grant. `atMs`: the hour's start. */
export const hourOfUse = z.strictObject({ ...useStamp, kind: z.literal('hour'), times: count, lastMs: ms });

/** What a capability needs to go on where a stopped background left off. */
export const checkpoint = z.strictObject({ ...useStamp, kind: z.literal('checkpoint'), state: z.unknown() });

export const useRow = z.discriminatedUnion('kind', [hourOfUse, checkpoint]);
export type UseRow = z.infer<typeof useRow>;
export type HourOfUse = z.infer<typeof hourOfUse>;

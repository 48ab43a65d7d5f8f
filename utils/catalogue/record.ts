import * as z from 'zod/mini';
import { counterName, crash } from '../reports/schema';
import { verdicts } from './lists';
import { scope } from './scope-shape';
import { capabilityId, count, day, host, id, ms, sha256Hex } from './shapes';

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

/** How often one thing was done on one UTC day. `atMs`: when it was done last. */
export const counterRecord = z.strictObject({
  ...stamp,
  capability: z.literal('usage-statistics'),
  day,
  name: counterName,
  count,
  /** Of these, how many went into a report, and up to when that one counted. */
  handed: count,
  handedUpToMs: ms,
});

/** An error, scrubbed. */
export const crashRecord = z.strictObject({
  ...stamp,
  ...crash.shape,
  capability: z.literal('crash-reports'),
  day,
  eventId: z.string().check(z.regex(/^[\da-f]{32}$/)),
  /** Whether it went into a report. */
  handed: z.boolean(),
});

export const recordRow = z.discriminatedUnion('capability', [
  insightRecord,
  timeRecord,
  blockedRecord,
  downloadRecord,
  counterRecord,
  crashRecord,
]);
export type RecordRow = z.infer<typeof recordRow>;
export type InsightRecord = z.infer<typeof insightRecord>;
export type TimeRecord = z.infer<typeof timeRecord>;
export type BlockedRecord = z.infer<typeof blockedRecord>;
export type CounterRecord = z.infer<typeof counterRecord>;
export type CrashRecord = z.infer<typeof crashRecord>;

/** Characters of a report's text at most. */
export const REPORT_CHARS_MAX = 128 * 1024;

/** A report that was handed over to be sent, with exactly the text that goes or went. `atMs`: when its state began. */
export const outboxRow = z.strictObject({
  ...stamp,
  capability: z.enum(['usage-statistics', 'crash-reports']),
  text: z.string().check(z.maxLength(REPORT_CHARS_MAX)),
  hash: sha256Hex,
  /** `refused`: the receiver took it not, or could not be reached for too long; it is not tried again. */
  state: z.enum(['waiting', 'sent', 'refused']),
  tries: count,
  /** Not tried again before. */
  notBeforeMs: ms,
});
export type OutboxRow = z.infer<typeof outboxRow>;

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

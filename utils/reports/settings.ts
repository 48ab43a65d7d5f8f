/** What a person chose for one kind of report. It is the checkpoint of the grant: a new grant begins with none of it. */
import * as z from 'zod/mini';
import { ms, readRow } from '../catalogue/shapes';
import type { Lease } from '../leases/lease';
import { type Clock, DAY_MS } from '../platform/clock';
import { textHash } from '../platform/hash';
import type { Ids } from '../platform/ids';

/** 32 hexadecimal digits. */
export const reportId = z.string().check(z.regex(/^[\da-f]{32}$/));

export const fieldName = z.string().check(z.minLength(1), z.maxLength(80));
export const fieldNames = z.array(fieldName).check(z.maxLength(100));

const reportSettings = z.strictObject({
  /** Random, of this grant alone; statistics carry it, crash reports don't. */
  id: reportId,
  /** Fields that the person took out. */
  without: fieldNames,
  /** Since when reports go by themselves; `null`: never. What is older goes only when the person sends it. */
  ruleSinceMs: z.nullable(ms),
  savedMs: ms,
});
export type ReportSettings = z.infer<typeof reportSettings>;

/** Random, and joined to nothing: 32 hexadecimal digits. */
export const freshReportId = (ids: Ids): string => textHash(ids.fresh()).slice(0, 32);

/**
 * The settings of a grant; where there are none, or none that can be read: everything shown, nothing by itself. Writes
 * those that are new, or about to be erased as old: what a capability keeps for later is erased after 30 days.
 */
export async function settingsOf(lease: Lease, ids: Ids, clock: Clock): Promise<ReportSettings> {
  const nowMs = clock.nowMs();
  const known = readRow(reportSettings, await lease.lastCheckpoint());
  if (known && nowMs - known.savedMs < DAY_MS) return known;
  const settings = { ...(known ?? { id: freshReportId(ids), without: [], ruleSinceMs: null }), savedMs: nowMs };
  await lease.write({ checkpoint: settings });
  return settings;
}

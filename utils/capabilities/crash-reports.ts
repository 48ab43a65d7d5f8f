import { attach } from '../leases/forwarder';
import type { Lease } from '../leases/lease';
import { HOUR_MS } from '../platform/clock';
import { textHash } from '../platform/hash';
import { serial } from '../platform/serial';
import { scrub, scrubName, scrubStack } from '../reports/scrub';
import { freshReportId, settingsOf } from '../reports/settings';
import type { Fault, World } from './capability';

/** Different crashes that are kept of one hour: what fails in a loop fills nothing. */
export const CRASHES_PER_HOUR = 20;

/** Keeps what went wrong, scrubbed before anything is kept. The same crash counts once an hour. Sending is not its business. */
export async function start(lease: Lease<'crash-reports'>, { on, clock, ids, about, mayBeDue }: World): Promise<void> {
  const inTurn = serial();
  let hour = 0;
  const seen = new Set<string>();
  // A database that fails reports that failure here: while one is being written, or could not be, nothing is heard.
  let deafUntilMs = 0;

  const keep = async (fault: Fault) => {
    const atMs = clock.nowMs();
    if (lease.signal.aborted || atMs < deafUntilMs) return;
    const { version, browser, os } = about;
    const crash = {
      name: scrubName(fault.name),
      message: scrub(fault.message),
      frames: scrubStack(fault.stack),
      version,
      browser,
      os,
      where: fault.where,
    };
    if (atMs - (atMs % HOUR_MS) !== hour) {
      hour = atMs - (atMs % HOUR_MS);
      seen.clear();
    }
    const same = textHash(JSON.stringify(crash)).slice(0, 32);
    if (seen.has(same) || seen.size >= CRASHES_PER_HOUR) return;
    seen.add(same);
    const fresh = { ...crash, eventId: freshReportId(ids), handed: false };
    // Known from before, by another generation of the background: it stays as it is.
    const data = (before: unknown) => (before === undefined ? fresh : undefined);
    const written = await lease.write({ records: [{ key: `${hour}|${same}`, atMs, data }], uses: 1 });
    if (written.kind === 'kept') mayBeDue();
    else deafUntilMs = clock.nowMs() + HOUR_MS / 60;
  };

  let waiting = 0;
  attach(on.crashed, lease.signal, (fault) => {
    if (waiting >= CRASHES_PER_HOUR) return;
    waiting += 1;
    void inTurn(() => keep(fault)).finally(() => {
      waiting -= 1;
    });
  });
  await settingsOf(lease, ids, clock);
}

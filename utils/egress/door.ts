import { type Endpoint, sameEndpoint } from '../catalogue/endpoints';
import { REPORT_CHARS_MAX } from '../catalogue/record';
import type { Lease } from '../leases/lease';
import { type Clock, HOUR_MS, SECOND_MS } from '../platform/clock';
import type { Post } from './post';

export interface Parcel {
  /** Exactly what leaves, as UTF-8. */
  readonly text: string;
  readonly type: 'application/json' | 'application/x-sentry-envelope';
}

export type Sent =
  | { kind: 'sent' }
  /** Nothing was begun. */
  | { kind: 'refused'; why: 'stale-lease' | 'no-destination' | 'too-long' | 'too-often' }
  /** It was aborted by the end of the grant: whether it arrived is not known. */
  | { kind: 'halted' }
  /** It may be tried again, not before `afterMs` have passed where the receiver asks for that. */
  | { kind: 'failed'; afterMs: number | null }
  /** The receiver will not take it. */
  | { kind: 'rejected'; status: number };

export type Quiet = { kind: 'quiet' } | { kind: 'stolen' };

/** How long a revocation waits for a send in flight before it takes the lock away. */
export const QUIET_WAIT_MS = 2000;
/** How long a receiver may take to answer. */
export const SEND_WAIT_MS = 20 * SECOND_MS;
/** Sends of one lease within an hour. */
export const SENDS_PER_HOUR = 60;
/** A receiver that asks for more patience than this is asked again after it. */
const RETRY_AFTER_MAX_MS = 24 * HOUR_MS;

export interface DoorPorts {
  readonly locks: Pick<LockManager, 'request'>;
  readonly clock: Clock;
  readonly post: Post;
  /** Firefox alone lets an extension send without its UUID: see post.ts. */
  readonly firefox: boolean;
  /** The endpoint in force for what this lease collects. */
  endpoint(lease: Lease): Endpoint | null;
  /** Whether the lease's fence lets it through now. */
  passes(lease: Lease): Promise<boolean>;
}

const lockOf = (capability: string) => `egress:${capability}`;

/** `Retry-After`: seconds, or an HTTP date. */
function patience(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  const untilMs = /^\d{1,9}$/.test(header) ? nowMs + Number(header) * SECOND_MS : Date.parse(header);
  return Number.isNaN(untilMs) ? null : Math.min(Math.max(0, untilMs - nowMs), RETRY_AFTER_MAX_MS);
}

/**
 * The one way out of the device: nowhere else may `fetch`, `XMLHttpRequest`, `WebSocket`, `EventSource`, `sendBeacon` or
 * `storage.sync` stand. A parcel goes to the endpoint in force, if that is the one which the notice of the grant named, and
 * nowhere else. A send takes the shared lock, reads the fence, and goes under the lease's signal: a revocation aborts it,
 * and waits for the lock.
 */
export class Door {
  /** When each lease last sent; it goes with the lease. */
  readonly #begun = new WeakMap<Lease, number[]>();

  constructor(private readonly ports: DoorPorts) {}

  async send(lease: Lease, { text, type }: Parcel): Promise<Sent> {
    if (text.length > REPORT_CHARS_MAX) return { kind: 'refused', why: 'too-long' };
    const { locks, clock, post, passes, firefox } = this.ports;
    const begin = async (): Promise<Sent> => {
      // The signal is looked at again after the fence was read: between that and the sending nothing is awaited.
      if (lease.signal.aborted || !(await passes(lease)) || lease.signal.aborted) {
        return { kind: 'refused', why: 'stale-lease' };
      }
      const endpoint = this.ports.endpoint(lease);
      const named = lease.notice?.endpoint ?? null;
      if (!endpoint || !sameEndpoint(endpoint, named) || new URL(endpoint.url).protocol !== 'https:') {
        return { kind: 'refused', why: 'no-destination' };
      }
      const nowMs = clock.nowMs();
      const lately = (this.#begun.get(lease) ?? []).filter((atMs) => Math.abs(nowMs - atMs) < HOUR_MS);
      if (lately.length >= SENDS_PER_HOUR) return { kind: 'refused', why: 'too-often' };
      this.#begun.set(lease, [...lately, nowMs]);
      try {
        const { status, retryAfter } = await post(endpoint.url, text, {
          headers: { 'content-type': type, ...(endpoint.auth === null ? {} : { 'x-sentry-auth': endpoint.auth }) },
          signal: AbortSignal.any([lease.signal, AbortSignal.timeout(SEND_WAIT_MS)]),
          mode: firefox ? 'same-origin' : 'cors',
        });
        if (status >= 200 && status < 300) return { kind: 'sent' };
        return status === 408 || status === 429 || status >= 500
          ? { kind: 'failed', afterMs: patience(retryAfter, clock.nowMs()) }
          : { kind: 'rejected', status };
      } catch {
        // No answer, whatever the reason: a redirect, a certificate, no network.
        return lease.signal.aborted ? { kind: 'halted' } : { kind: 'failed', afterMs: null };
      }
    };
    try {
      return await locks.request(lockOf(lease.capability), { mode: 'shared' }, begin);
    } catch (error) {
      // The lock was taken away by a revocation that had waited long enough.
      if (error instanceof DOMException && error.name === 'AbortError') return { kind: 'halted' };
      throw error;
    }
  }

  /** Resolves when nothing of this capability is in flight any more; after two seconds it takes the lock away. */
  async quiet(capability: string): Promise<Quiet> {
    const giveUp = AbortSignal.timeout(QUIET_WAIT_MS);
    try {
      await this.ports.locks.request(lockOf(capability), { signal: giveUp }, async () => undefined);
      return { kind: 'quiet' };
    } catch (error) {
      if (!giveUp.aborted) throw error;
      await this.ports.locks.request(lockOf(capability), { steal: true }, async () => undefined);
      return { kind: 'stolen' };
    }
  }
}

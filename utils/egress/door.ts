import { capability } from '../catalogue/catalogue';
import { endpointOf } from '../catalogue/endpoints';
import { REPORT_CHARS_MAX } from '../catalogue/record';
import { siteOf } from '../catalogue/scope';
import type { Lease } from '../leases/lease';
import { type Clock, HOUR_MS, SECOND_MS } from '../platform/clock';
import { invariant } from '../platform/invariant';
import type { Carry } from './carry';
import { answerOf } from './exchange';
import type { Post } from './post';
import { patience } from './retry-after';
import { areaOf, type RawSyncArea } from './sync-area';
import type { Erasure, Reach, Stored, WireAnswer, WireRequest } from './wire';

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
/** How long a place of synchronization may take to answer a request, to its last byte. */
export const REACH_WAIT_MS = 30 * SECOND_MS;
/** Requests of one lease, or of one erasure, to its place within an hour. */
export const REACHES_PER_HOUR = 600;
/** The most that one request may carry, and that is read of one answer, whatever it asks for. */
export const REACH_BYTES_MAX = 4 * 1024 * 1024;
/** The lock of what is deleted after a revocation, as `quiet` takes it. */
export const ERASURE = 'erasure';

/** Capabilities that reach a place of the person's choice: their scope is that place. */
const reaching: ReadonlySet<string> = new Set(['cloud-sync']);

export interface DoorPorts {
  readonly locks: Pick<LockManager, 'request'>;
  readonly clock: Clock;
  readonly post: Post;
  readonly carry: Carry;
  readonly syncArea: RawSyncArea;
  /** Firefox alone lets an extension send without its UUID: see carry.ts. */
  readonly firefox: boolean;
  /** Whether the lease's fence lets it through now. */
  passes(lease: Lease): Promise<boolean>;
}

const lockOf = (capability: string) => `egress:${capability}`;

/** What stands before everything that leaves. */
interface Gate {
  readonly lock: string;
  readonly signal: AbortSignal;
  passes(): Promise<boolean>;
  /** Whose sends are counted. */
  readonly counted: object;
  readonly perHour: number;
}

type Passage<T> =
  | { kind: 'passed'; value: T }
  | { kind: 'refused'; why: 'stale-lease' | 'too-often' }
  | { kind: 'halted' };

/** Under what a deletion runs after its grant has ended. */
export interface Erasing {
  /** Aborts where the person drops it. */
  readonly signal: AbortSignal;
  /** Whether it is on record as still to be done. */
  pending(): Promise<boolean>;
}

/** What a reach may do at all; everything else is refused before anything is asked or awaited. */
interface Permitted {
  request(request: WireRequest): boolean;
  keys(keys: readonly string[] | null): boolean;
  items(items: Readonly<Record<string, unknown>>): boolean;
}

const never = () => false;
const always = () => true;
const sameJson = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** An HTTPS address without credentials in it, or `undefined`. */
function httpsUrl(raw: string): URL | undefined {
  const url = URL.canParse(raw) ? new URL(raw) : undefined;
  return url?.protocol === 'https:' && url.username === '' && url.password === '' ? url : undefined;
}

function permittedTo(lease: Lease): Permitted {
  const site = siteOf(lease.scope);
  if (!site) return { request: never, keys: always, items: always };
  const here = (raw: string) => site.scheme === 'https' && !site.subdomains && httpsUrl(raw)?.hostname === site.host;
  return { request: ({ url }) => here(url), keys: never, items: never };
}

function permittedToErase(erasure: Erasure): Permitted {
  if (erasure.kind === 'server') {
    const request = ({ method, url, body }: WireRequest) =>
      (method === 'DELETE' || method === 'GET') &&
      body === null &&
      erasure.urls.includes(url) &&
      httpsUrl(url) !== undefined;
    return { request, keys: never, items: never };
  }
  return {
    request: never,
    keys: (keys) => keys?.every((key) => erasure.keys.includes(key)) ?? false,
    items: (items) =>
      Object.entries(items).every(
        ([key, value]) => Object.hasOwn(erasure.left, key) && sameJson(erasure.left[key], value),
      ),
  };
}

/**
 * The one way out of the device: nowhere else may `fetch`, `XMLHttpRequest`, `WebSocket`, `EventSource`, `sendBeacon` or
 * `storage.sync` stand. Where a parcel goes is the catalogue's to say, not the caller's; what a synchronization reaches is
 * its lease's scope. A send takes the shared lock, reads the fence, and goes under the lease's signal: a revocation aborts
 * it, and waits for the lock.
 */
export class Door {
  /** When each lease last sent; it goes with the lease. */
  readonly #begun = new WeakMap<object, number[]>();

  constructor(private readonly ports: DoorPorts) {}

  /** Everything that leaves begins here; `begin` must begin it before it awaits anything, and never reject. */
  async #through<T>(gate: Gate, begin: () => Promise<T>): Promise<Passage<T>> {
    const { locks, clock } = this.ports;
    const enter = async (): Promise<Passage<T>> => {
      // The signal is looked at again after the fence was read: between that and the sending nothing is awaited.
      if (gate.signal.aborted || !(await gate.passes()) || gate.signal.aborted) {
        return { kind: 'refused', why: 'stale-lease' };
      }
      const nowMs = clock.nowMs();
      const lately = (this.#begun.get(gate.counted) ?? []).filter((atMs) => Math.abs(nowMs - atMs) < HOUR_MS);
      if (lately.length >= gate.perHour) return { kind: 'refused', why: 'too-often' };
      this.#begun.set(gate.counted, [...lately, nowMs]);
      return { kind: 'passed', value: await begin() };
    };
    try {
      return await locks.request(gate.lock, { mode: 'shared' }, enter);
    } catch (error) {
      // The lock was taken away by a revocation that had waited long enough.
      if (error instanceof DOMException && error.name === 'AbortError') return { kind: 'halted' };
      throw error;
    }
  }

  #gateOf(lease: Lease, perHour: number): Gate {
    return {
      lock: lockOf(lease.capability),
      signal: lease.signal,
      passes: () => this.ports.passes(lease),
      counted: lease,
      perHour,
    };
  }

  get #mode(): 'cors' | 'same-origin' {
    return this.ports.firefox ? 'same-origin' : 'cors';
  }

  async send(lease: Lease, { text, type }: Parcel): Promise<Sent> {
    const endpoint = endpointOf(capability(lease.capability).destination);
    if (!endpoint || new URL(endpoint.url).protocol !== 'https:') return { kind: 'refused', why: 'no-destination' };
    if (text.length > REPORT_CHARS_MAX) return { kind: 'refused', why: 'too-long' };
    const { clock, post } = this.ports;
    const begin = async (): Promise<Sent> => {
      try {
        const { status, retryAfter } = await post(endpoint.url, text, {
          headers: { 'content-type': type, ...(endpoint.auth === null ? {} : { 'x-sentry-auth': endpoint.auth }) },
          signal: AbortSignal.any([lease.signal, AbortSignal.timeout(SEND_WAIT_MS)]),
          mode: this.#mode,
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
    const passage = await this.#through(this.#gateOf(lease, SENDS_PER_HOUR), begin);
    return passage.kind === 'passed' ? passage.value : passage;
  }

  /**
   * What a synchronization's lease may reach. Scope `*`: the browser's own sync and no address. A server's: HTTPS
   * addresses of that host and nothing of the browser's own sync; a pattern knows no port, nor does this.
   */
  reach(lease: Lease): Reach {
    invariant(reaching.has(lease.capability), `${lease.capability} reaches nothing`);
    return this.#reach(this.#gateOf(lease, REACHES_PER_HOUR), permittedTo(lease));
  }

  /** Deletes exactly what an erasure names, and looks whether it is gone, until it is no longer pending. */
  erase(erasure: Erasure, { signal, pending }: Erasing): Reach {
    const gate = { lock: lockOf(ERASURE), signal, passes: pending, counted: erasure, perHour: REACHES_PER_HOUR };
    return this.#reach(gate, permittedToErase(erasure));
  }

  #reach(gate: Gate, permitted: Permitted): Reach {
    const area = areaOf(this.ports.syncArea);
    const handled = async <T>(may: boolean, begin: () => Promise<T>) => {
      if (!may) return { kind: 'refused' } as const;
      const passage = await this.#through(gate, begin);
      if (passage.kind === 'passed') return passage.value;
      const tooOften = passage.kind === 'refused' && passage.why === 'too-often';
      return tooOften ? ({ kind: 'too-often' } as const) : ({ kind: 'halted' } as const);
    };
    return {
      exchange: (request) => this.#exchange(gate, permitted, request),
      area: {
        get: (keys) => handled(permitted.keys(keys), () => area.get(keys)),
        set: (items) => handled<Stored>(permitted.items(items), () => area.set(items)),
        remove: (keys) => handled<Stored>(permitted.keys(keys), () => area.remove(keys)),
      },
    };
  }

  async #exchange(gate: Gate, permitted: Permitted, request: WireRequest): Promise<WireAnswer> {
    const { carry, clock } = this.ports;
    if (!permitted.request(request)) return { kind: 'refused', why: 'no-destination' };
    if ((request.body?.length ?? 0) > REACH_BYTES_MAX) return { kind: 'refused', why: 'too-long' };
    const begin = async (): Promise<WireAnswer> => {
      try {
        const came = await carry({
          ...request,
          bytesMax: Math.min(request.bytesMax, REACH_BYTES_MAX),
          signal: AbortSignal.any([gate.signal, AbortSignal.timeout(REACH_WAIT_MS)]),
          mode: this.#mode,
          redirect: 'manual',
        });
        return answerOf(came, clock.nowMs());
      } catch {
        // No whole answer, whatever the reason: a certificate, no network, the time is over.
        return gate.signal.aborted ? { kind: 'halted' } : { kind: 'no-answer' };
      }
    };
    const passage = await this.#through(gate, begin);
    return passage.kind === 'passed' ? passage.value : passage;
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

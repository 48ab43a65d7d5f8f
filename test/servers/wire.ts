/** The door and the one `fetch` behind it, as they ship, on Node, which trusts a test's authority. */
import { afterAll, beforeAll } from 'vitest';
import { carry, type Outgoing } from '../../utils/egress/carry';
import { Door } from '../../utils/egress/door';
import type { Exchange } from '../../utils/egress/wire';
import type { Lease } from '../../utils/leases/lease';
import { systemClock } from '../../utils/platform/clock';
import { Locks } from '../unit/egress/locks';
import { type Certificates, makeCertificates } from './tls';

type Fetch = typeof globalThis.fetch;
interface Dispatcher {
  close(): Promise<void>;
}
type DispatcherClass = new (options: { connect: { ca: string } }) => Dispatcher;

/** Where Node keeps the connections of its `fetch`: there is no other way to them without a package. */
const dispatcherKey = Symbol.for('undici.globalDispatcher.1');

export interface Wire {
  /** Under a lease for `https://localhost`. */
  exchange(signal?: AbortSignal): Exchange;
  close(): Promise<void>;
}

/** Puts a `fetch` in the place of the global one that trusts `caPem` alone, until it is closed. */
export async function wireTrusting(caPem: string): Promise<Wire> {
  const usual = globalThis.fetch;
  await usual('data:,');
  const usualDispatcher = (globalThis as unknown as Record<symbol, object>)[dispatcherKey];
  if (!usualDispatcher) throw new Error('this Node keeps the connections of fetch elsewhere');
  const dispatcher = new (usualDispatcher.constructor as DispatcherClass)({ connect: { ca: caPem } });
  globalThis.fetch = ((input, init) => usual(input, { ...init, dispatcher } as RequestInit)) as Fetch;
  const unused = () => Promise.reject(new Error('a server lease reaches no storage area'));
  const door = new Door({
    endpoint: () => null,
    locks: new Locks() as unknown as Pick<LockManager, 'request'>,
    passes: async () => true,
    clock: systemClock,
    post: unused,
    carry: (outgoing: Outgoing) => carry(outgoing),
    syncArea: { get: unused, set: unused, remove: unused },
    firefox: false,
  });
  return {
    // A lease of its own each time: as many requests as tests need are more than one device may make within an hour.
    exchange: (signal = new AbortController().signal) =>
      door.reach({ capability: 'cloud-sync', scope: 'https://localhost/*', signal } as unknown as Lease).exchange,
    close: async () => {
      globalThis.fetch = usual;
      await dispatcher.close();
    },
  };
}

/** For all tests of a file: certificates for `localhost`, and a wire that trusts them. Filled before the first test. */
export function trustedWire(): { tls: Certificates; wire: Wire } {
  const both = {} as { tls: Certificates; wire: Wire };
  beforeAll(async () => {
    both.tls = makeCertificates(['localhost']);
    both.wire = await wireTrusting(both.tls.caPem);
  });
  afterAll(async () => {
    await both.wire.close();
    both.tls.dispose();
  });
  return both;
}

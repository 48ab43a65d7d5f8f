import type { Lease } from '../leases/lease';

export type Sent = { kind: 'refused'; why: 'stale-lease' | 'no-destination' };
export type Quiet = { kind: 'quiet' } | { kind: 'stolen' };

/** How long a revocation waits for a send in flight before it takes the lock away. */
export const QUIET_WAIT_MS = 2000;

export interface DoorPorts {
  readonly locks: Pick<LockManager, 'request'>;
  /** Whether the lease's fence lets it through now. */
  passes(lease: Lease): Promise<boolean>;
}

const lockOf = (capability: string) => `egress:${capability}`;

/**
 * The one way out of the device: nowhere else may `fetch`, `XMLHttpRequest`, `WebSocket`, `EventSource`, `sendBeacon` or
 * `storage.sync` stand. No capability of this version has a destination, so every send is refused; the order in which
 * one would go (shared lock, fence, send under the lease's signal) is already that which a revocation waits for.
 */
export class Door {
  constructor(private readonly ports: DoorPorts) {}

  async send(lease: Lease): Promise<Sent> {
    return this.ports.locks.request(lockOf(lease.capability), { mode: 'shared' }, async () =>
      lease.signal.aborted || !(await this.ports.passes(lease))
        ? { kind: 'refused', why: 'stale-lease' }
        : { kind: 'refused', why: 'no-destination' },
    );
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

import type { CapabilityId } from '../catalogue/catalogue';
import { covers, type Scope, within } from '../catalogue/scope';
import type { Grant } from '../grants/schema';
import type { Draft, Lease, Written } from './lease';

interface Issued {
  readonly lease: Lease;
  readonly controller: AbortController;
}

export interface OfficePorts {
  /** records/append.ts, the one write function. */
  write(lease: Lease, draft: Draft): Promise<Written>;
  lastCheckpoint(lease: Lease): Promise<unknown>;
  /** Starts the capability under the lease. */
  start(lease: Lease): Promise<void>;
}

const keyOf = (capability: CapabilityId, scope: Scope) => `${capability} ${scope}`;

/** Issues and ends leases: the only code that makes one. Holds nothing that outlives the background. */
export class LeaseOffice {
  readonly #issued = new Map<string, Issued>();
  /** Epochs below these are over, whatever a read that began earlier still says. */
  readonly #over = new Map<string, number>();

  constructor(private readonly ports: OfficePorts) {}

  /**
   * Issues a lease for a live grant and starts its capability. A lease of the same grant and epoch goes on untouched,
   * an older one is ended first. `undefined` where the grant was ended since it was read.
   */
  async issue(grant: Grant, elsewhere: readonly Scope[]): Promise<Lease | undefined> {
    const { capability, scope, grantId, epoch } = grant;
    const key = keyOf(capability, scope);
    if (epoch < (this.#over.get(key) ?? 0)) return undefined;
    const present = this.#issued.get(key)?.lease;
    if (present?.grantId === grantId && present.epoch === epoch && sameScopes(present.elsewhere, elsewhere))
      return present;
    this.suspend(capability, scope);
    const controller = new AbortController();
    const lease = {
      capability,
      scope,
      grantId,
      epoch,
      grantedAtMs: grant.sinceMs,
      notice: grant.notice,
      elsewhere,
      signal: controller.signal,
      write: (draft: Draft) => this.ports.write(lease, draft),
      lastCheckpoint: () => this.ports.lastCheckpoint(lease),
      // The brand exists for the compiler alone.
    } as unknown as Lease;
    this.#issued.set(key, { lease, controller });
    await this.ports.start(lease);
    return lease;
  }

  /**
   * Ends the lease for good, if there is one: its signal aborts before this returns, its epoch is never issued again.
   * @param epoch that of the change which ended the grant: none below it is issued any more, lease or no lease.
   */
  end(capability: CapabilityId, scope: Scope, epoch = 0): void {
    const key = keyOf(capability, scope);
    const lease = this.lease(capability, scope);
    this.#over.set(key, Math.max(this.#over.get(key) ?? 0, lease ? lease.epoch + 1 : 0, epoch));
    this.suspend(capability, scope);
  }

  /** Ends the lease, if there is one; the same grant may be issued again. */
  suspend(capability: CapabilityId, scope: Scope): void {
    const key = keyOf(capability, scope);
    const issued = this.#issued.get(key);
    this.#issued.delete(key);
    issued?.controller.abort();
  }

  /** Ends every lease; what is still granted may be issued again. */
  suspendAll(): void {
    for (const { lease } of [...this.#issued.values()]) this.suspend(lease.capability, lease.scope);
  }

  /** The lease under which a site may be looked at: that of the narrowest grant that covers it, if any. */
  leaseFor(capability: CapabilityId, host: string): Lease | undefined {
    let narrowest: Lease | undefined;
    for (const { lease } of this.#issued.values()) {
      if (lease.capability !== capability || !covers(lease.scope, host)) continue;
      if (lease.elsewhere.some((scope) => covers(scope, host))) continue;
      if (!narrowest || within(lease.scope, narrowest.scope)) narrowest = lease;
    }
    return narrowest;
  }

  /** The lease of a capability and scope, if it is live. */
  lease(capability: CapabilityId, scope: Scope): Lease | undefined {
    return this.#issued.get(keyOf(capability, scope))?.lease;
  }

  leases(): Lease[] {
    return [...this.#issued.values()].map((issued) => issued.lease);
  }
}

const sameScopes = (a: readonly Scope[], b: readonly Scope[]) =>
  a.length === b.length && a.every((scope) => b.includes(scope));

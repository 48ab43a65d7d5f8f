import type { CapabilityId } from '../catalogue/catalogue';
import type { Scope } from '../catalogue/scope';
import type { NoticeRef } from '../grants/ledger-entry';

declare const issued: unique symbol;

/** One record to keep. With the same `key` under the same grant, the later one takes the place of the earlier. */
export interface RecordDraft {
  readonly key: string;
  /** Missing where the capability has nothing to do with sites. */
  readonly site?: string;
  readonly atMs: number;
  /** The capability's own members, as records/schema.ts has them; a function gets the row that it takes the place of, may
   * give it another `atMs`, and keeps that row where it returns `undefined`. */
  readonly data:
    | Readonly<Record<string, unknown>>
    | ((before: unknown) => Readonly<Record<string, unknown>> | undefined);
}

/** A report on its way out. With the same `key` under the same grant, the later one takes the place of the earlier. */
export interface OutboxDraft {
  readonly key: string;
  readonly atMs: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A change of the person's settings that is worked out from what stands there, in the transaction that writes it. */
export interface SettingsDraft {
  /** Rows that are read, and the only ones that may be written. */
  readonly keys: readonly string[];
  /**
   * Called once, under a fence that lets the lease through, with the rows that are there and the grant's checkpoint.
   * Nothing is written where it returns `undefined`.
   */
  change(
    rows: ReadonlyMap<string, unknown>,
    checkpoint: unknown,
  ): { readonly rows: readonly { readonly key: string }[]; readonly checkpoint?: unknown } | undefined;
}

/** All that a capability may keep beyond memory. One write is one transaction for each 100 records. */
export interface Draft {
  readonly records?: readonly RecordDraft[];
  /** Times the capability was used, for the activity page. */
  readonly uses?: number;
  /** Takes the place of the last checkpoint. */
  readonly checkpoint?: unknown;
  readonly outbox?: readonly OutboxDraft[];
  /** In one transaction with the last rows of this draft. */
  readonly settings?: SettingsDraft;
}

export type Written =
  | { kind: 'kept' }
  /** The grant is no longer live, or no longer that of this lease. Nothing was kept. */
  | { kind: 'stale-lease' }
  /** The device or the browser's quota is full. Nothing was kept. */
  | { kind: 'full' }
  /** The database is gone or failed; the diagnostics page says how. Nothing was kept. */
  | { kind: 'failed'; why: string };

/**
 * Proof of a live grant, held by running code. Only leases/office.ts makes one. Its signal is the only off switch of
 * whatever was started with it.
 */
export interface Lease<C extends CapabilityId = CapabilityId> {
  readonly [issued]: C;
  readonly capability: C;
  readonly scope: Scope;
  readonly grantId: string;
  readonly epoch: number;
  /** When the grant was given. */
  readonly grantedAtMs: number;
  /** What the person was shown. */
  readonly notice: NoticeRef | null;
  /** Sites taken out of a grant for all sites, and those with a grant of their own. */
  readonly elsewhere: readonly Scope[];
  readonly signal: AbortSignal;
  /** Never rejects. */
  write(draft: Draft): Promise<Written>;
  /** The last checkpoint written under this grant. */
  lastCheckpoint(): Promise<unknown>;
}

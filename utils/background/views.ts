/** What pages are shown of the book: pure. */
import { type CapabilityId, capabilityIds } from '../catalogue/catalogue';
import type { Scope } from '../catalogue/scope';
import type { Everything } from '../grants/book';
import { heldFor } from '../grants/holdings';
import type { Grant } from '../grants/schema';
import type { CapabilityView, ManagedView, ScopeView, ShownState } from '../messages/contract';
import { type Held, isEmpty } from '../platform/browser-types';
import { barred, forbids, type Managed } from '../policy/managed';
import { changedInSubstance } from '../policy/versions';

export interface Seen extends Pick<Everything, 'grants' | 'fences'> {
  readonly live: readonly Grant[];
  readonly held: Held;
  /** Origins that are held for a deletion that is still to be done. */
  readonly pending: readonly Scope[];
  readonly nowMs: number;
  readonly managed: Managed;
  supported(id: CapabilityId): boolean;
}

/** `live` beats everything; then the latest. */
function strongest(scopes: readonly ScopeView[]): ShownState {
  const live = scopes.find((scope) => scope.state === 'granted');
  const latest = [...scopes].sort((a, b) => b.epoch - a.epoch)[0];
  return (live ?? latest)?.state ?? 'off';
}

export function viewOf(id: CapabilityId, seen: Seen): CapabilityView {
  const grants = seen.grants.filter((grant) => grant.capability === id);
  const scopes = grants.map((grant) => scopeView(grant, seen)).sort((a, b) => a.scope.localeCompare(b.scope));
  // What a person turned on once, and what then ended, is theirs to turn on again: only a 'not now' wears off.
  const decided = grants.some((grant) => grant.state !== 'refused');
  const quiet = grants.some((grant) => grant.state === 'refused' && grant.quietUntilMs > seen.nowMs);
  const supported = seen.supported(id);
  const mayAsk = supported && barred(seen.managed, id) === undefined;
  return {
    id,
    state: !supported ? 'unsupported' : forbids(seen.managed, id) ? 'forbidden' : strongest(scopes),
    scopes,
    mayAsk,
    mayOffer: mayAsk && !decided && !quiet,
  };
}

function scopeView(grant: Grant, { fences, live, held, pending, managed }: Seen): ScopeView {
  const fence = fences.find((row) => row.capability === grant.capability && row.scope === grant.scope);
  const ended = grant.state === 'revoked' || grant.state === 'expired' || grant.state === 'paused';
  const runs = live.some((row) => row.capability === grant.capability && row.scope === grant.scope);
  const heldStill = ended && !isEmpty(heldFor(grant, held, live, pending));
  // A row that says 'granted' while nothing may run under it is not shown as on: closed when in doubt.
  const resting: ShownState = forbids(managed, grant.capability, grant.scope) ? 'forbidden' : 'expired';
  const state: ShownState = grant.state === 'granted' && !runs ? resting : heldStill ? 'revoked-but-held' : grant.state;
  return {
    scope: grant.scope,
    state,
    grantId: grant.grantId,
    epoch: grant.epoch,
    sinceMs: grant.sinceMs,
    lifetime: grant.lifetime,
    validUntilMs: grant.validUntilMs,
    lastUsedMs: grant.lastUsedMs,
    excluded: fence?.excluded ?? false,
    policyVersion: grant.notice?.policyVersion ?? null,
    changedClauses: grant.state === 'paused' ? changedInSubstance(grant.notice?.clauses ?? []) : [],
    seals: grant.seals.map(({ grantId, atMs, eraseAtMs }) => ({ grantId, sealedAtMs: atMs, eraseAtMs })),
  };
}

/** What the pages show of the organisation's policy; `null` where none is set. */
export function managedView({ exists, unread, forbidden, locked, endpoints, syncServers, problems }: Managed) {
  if (!exists && !unread) return null;
  return { unread, forbidden, locked, endpoints, syncServers, problems: problems.length } satisfies ManagedView;
}

export const viewsOf = (seen: Seen): CapabilityView[] => capabilityIds.map((id) => viewOf(id, seen));

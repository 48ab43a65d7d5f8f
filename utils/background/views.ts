/** What pages are shown of the book: pure. */
import { type CapabilityId, capabilityIds } from '../catalogue/catalogue';
import type { Everything } from '../grants/book';
import { heldFor } from '../grants/holdings';
import type { Grant } from '../grants/schema';
import type { CapabilityView, ScopeView, ShownState } from '../messages/contract';
import { type Held, isEmpty } from '../platform/browser-types';
import { changedInSubstance } from '../policy/versions';

export interface Seen extends Pick<Everything, 'grants' | 'fences'> {
  readonly live: readonly Grant[];
  readonly held: Held;
  readonly nowMs: number;
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
  return {
    id,
    state: supported ? strongest(scopes) : 'unsupported',
    scopes,
    mayOffer: supported && !decided && !quiet,
  };
}

function scopeView(grant: Grant, { fences, live, held }: Seen): ScopeView {
  const fence = fences.find((row) => row.capability === grant.capability && row.scope === grant.scope);
  const ended = grant.state === 'revoked' || grant.state === 'expired' || grant.state === 'paused';
  const runs = live.some((row) => row.capability === grant.capability && row.scope === grant.scope);
  const heldStill = ended && !isEmpty(heldFor(grant, held, live));
  // A row that says 'granted' while nothing may run under it is not shown as on: closed when in doubt.
  const state: ShownState =
    grant.state === 'granted' && !runs ? 'expired' : heldStill ? 'revoked-but-held' : grant.state;
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

export const viewsOf = (seen: Seen): CapabilityView[] => capabilityIds.map((id) => viewOf(id, seen));

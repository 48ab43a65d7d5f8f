/** How grants stand at a moment: pure, so that start, pages and tests judge alike. */
import { capability, hasSites } from '../catalogue/catalogue';
import { type Endpoints, endpointOf, sameEndpoint } from '../catalogue/endpoints';
import { type Scope, within } from '../catalogue/scope';
import { DAY_MS } from '../platform/clock';
import { forbids, type Managed } from '../policy/managed';
import { changedInSubstance } from '../policy/versions';
import { hasRunOut } from './fences';
import type { Wanted } from './holdings';
import type { Actor } from './ledger-entry';
import type { GrantEvent } from './machine';
import type { Fence, Grant } from './schema';

/** Days without a use after which a grant expires. */
export const UNUSED_DAYS = 90;

export interface Moment {
  readonly nowMs: number;
  readonly session: string;
  readonly managed: Managed;
  /** Those in force. */
  readonly endpoints: Endpoints;
}

export interface Ending {
  readonly event: GrantEvent;
  readonly by: Actor;
  readonly details?: Record<string, string | number | string[]>;
}

type Shown = Pick<Wanted, 'capability' | 'notice'>;

/** Whether what it collects would now go elsewhere than its notice named: to another endpoint, to one at all, or to none. */
export const hasMoved = ({ capability: id, notice }: Shown, endpoints: Endpoints): boolean =>
  !sameEndpoint(endpointOf(capability(id).destination, endpoints), notice?.endpoint ?? null);

/** Whoever moved the endpoint: the organisation, or another build. */
export const movedBy = ({ capability: id, notice }: Shown, { endpoints }: Managed): Actor =>
  notice?.endpoint?.byOrganisation || capability(id).destination in endpoints ? 'managed' : 'recovery';

/** Why a grant that its row calls live must end now, if it must. The browser's part is judged apart (holdings.ts). */
export function endingOf(
  grant: Grant,
  fence: Fence | undefined,
  { nowMs, session, managed, endpoints }: Moment,
): Ending | undefined {
  if (grant.state !== 'granted') return undefined;
  const agrees = fence?.live && fence.grantId === grant.grantId && fence.epoch === grant.epoch;
  if (!fence || !agrees) return { event: 'revoke', by: 'recovery', details: { why: 'fence' } };
  // A policy that could not be read ends nothing: what is granted only rests.
  if (!managed.unread && forbids(managed, grant.capability, grant.scope)) return { event: 'revoke', by: 'managed' };
  if (!managed.unread && hasMoved(grant, endpoints)) {
    return { event: 'revoke', by: movedBy(grant, managed), details: { why: 'endpoint' } };
  }
  if (hasRunOut(fence, nowMs)) return { event: 'expire', by: 'clock', details: { why: 'time' } };
  if (grant.lifetime === 'session' && grant.session !== session) {
    return { event: 'expire', by: 'clock', details: { why: 'session' } };
  }
  if (nowMs - grant.lastUsedMs > UNUSED_DAYS * DAY_MS) {
    return { event: 'expire', by: 'clock', details: { why: 'unused' } };
  }
  const changed = changedInSubstance(grant.notice?.clauses ?? []);
  if (changed.length > 0) return { event: 'pause', by: 'policy', details: { clauses: changed } };
  return undefined;
}

/** Scopes that a grant for all sites leaves alone: taken out, or looked after by a live grant of their own. */
export const elsewhere = (grant: Grant, grants: readonly Grant[], fences: readonly Fence[]): Scope[] => {
  if (!hasSites(grant.capability)) return [];
  const others = [
    ...fences.filter((fence) => fence.excluded || fence.live),
    ...grants.filter((other) => other.state === 'granted'),
  ];
  const scopes = others
    .filter((other) => other.capability === grant.capability && other.scope !== grant.scope)
    .map((other) => other.scope)
    .filter((scope) => within(scope, grant.scope));
  return [...new Set(scopes)].sort();
};

/** What the browser holds against what live grants explain: pure, no I/O. */
import {
  allowsScope,
  type CapabilityId,
  capability,
  capabilityIds,
  everyDataType,
  needsOf,
  requiredPermissions,
} from '../catalogue/catalogue';
import { type Endpoints, endpointOf, type Named, patternOf } from '../catalogue/endpoints';
import { ALL, ALL_ORIGINS, type Scope, within } from '../catalogue/scope';
import { type Held, isEmpty } from '../platform/browser-types';

export interface Wanted {
  readonly capability: CapabilityId;
  readonly scope: Scope;
  /** What the person was shown: a grant needs the endpoint that this names, whichever is set now. */
  readonly notice?: { readonly endpoint?: Named | undefined } | null | undefined;
}

const needs = ({ capability: id, scope, notice }: Wanted, knowsDataCollection: boolean) =>
  needsOf(id, scope, knowsDataCollection, notice?.endpoint ?? null);

/** The scope that a held origin pattern stands for: browsers spell 'all sites' in several ways. */
export const scopeOfOrigin = (origin: string): Scope =>
  origin === ALL_ORIGINS || origin === '<all_urls>' || /^https?:\/\/\*\/\*$/.test(origin) ? ALL : origin;

function holdsOrigin(origins: readonly string[], wanted: string): boolean {
  if (origins.includes(wanted) || origins.includes('<all_urls>') || origins.includes(ALL_ORIGINS)) return true;
  const bothSchemes = origins.includes('http://*/*') && origins.includes('https://*/*');
  if (bothSchemes) return true;
  if (wanted === ALL_ORIGINS) return false;
  if (origins.some((origin) => scopeOfOrigin(origin) !== ALL && within(wanted, origin))) return true;
  if (!wanted.startsWith('*://')) return origins.includes(`${new URL(wanted.replace('*.', '')).protocol}//*/*`);
  const rest = wanted.slice('*'.length);
  return (['http', 'https'] as const).every((scheme) => holdsOrigin(origins, `${scheme}${rest}`));
}

/** What of a grant's needs the browser does not hold; empty where it holds all. */
export function missing(wanted: Wanted, held: Held, knowsDataCollection: boolean): Held {
  const all = needs(wanted, knowsDataCollection);
  return {
    permissions: all.permissions.filter((name) => !held.permissions.includes(name)),
    origins: all.origins.filter((origin) => !holdsOrigin(held.origins, origin)),
    dataCollection: all.dataCollection.filter((type) => !held.dataCollection.includes(type)),
  };
}

export const holdsAll = (wanted: Wanted, held: Held, knowsDataCollection: boolean): boolean =>
  isEmpty(missing(wanted, held, knowsDataCollection));

/**
 * What the browser holds that no live grant explains (required permissions aside).
 * @param pending origins that are kept without a grant, until what the person wanted deleted there is deleted.
 */
export function surplus(held: Held, live: readonly Wanted[], pending: readonly Scope[] = []): Held {
  const all = live.map((one) => needs(one, true));
  const explained = new Set(all.flatMap((need) => [...need.permissions, ...need.dataCollection]));
  const scopes = [...all.flatMap((need) => need.origins.map(scopeOfOrigin)), ...pending];
  const required: readonly string[] = requiredPermissions;
  return {
    permissions: held.permissions.filter((name) => !explained.has(name) && !required.includes(name)),
    origins: held.origins.filter((origin) => !scopes.some((scope) => within(scopeOfOrigin(origin), scope))),
    dataCollection: held.dataCollection.filter((type) => !explained.has(type)),
  };
}

export function intersection(a: Held, b: Held): Held {
  const both = (x: readonly string[], y: readonly string[]) => x.filter((name) => y.includes(name));
  return {
    permissions: both(a.permissions, b.permissions),
    origins: both(a.origins, b.origins),
    dataCollection: both(a.dataCollection, b.dataCollection),
  };
}

/** Capabilities that could have asked for any of this. */
export const candidates = (what: Held, endpoints: Endpoints): CapabilityId[] =>
  capabilityIds.filter((id) => {
    const { api, destination, sites } = capability(id);
    const endpoint = endpointOf(destination, endpoints);
    return (
      api.some((name) => what.permissions.includes(name)) ||
      everyDataType(id).some((type) => what.dataCollection.includes(type)) ||
      (sites === 'choose' && what.origins.length > 0) ||
      (sites === 'server' && what.origins.some((origin) => allowsScope(id, origin))) ||
      (sites === 'all' && what.origins.some((origin) => scopeOfOrigin(origin) === ALL)) ||
      (endpoint !== null && what.origins.some((origin) => within(patternOf(endpoint), scopeOfOrigin(origin))))
    );
  });

/** The part of what is held that serves this grant and none of the live ones: what goes back when it ends. */
export function heldFor(ended: Wanted, held: Held, live: readonly Wanted[], pending: readonly Scope[] = []): Held {
  const spare = surplus(held, live, pending);
  const all = needs(ended, true);
  const scopes = all.origins.map(scopeOfOrigin);
  return {
    permissions: spare.permissions.filter((name) => all.permissions.includes(name)),
    origins: spare.origins.filter((origin) => scopes.some((scope) => within(scopeOfOrigin(origin), scope))),
    dataCollection: spare.dataCollection.filter((type) => all.dataCollection.includes(type)),
  };
}

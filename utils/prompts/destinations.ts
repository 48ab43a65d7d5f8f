import { type CapabilityId, capability } from '../catalogue/catalogue';
import { type Destination, endpointOf, type Named } from '../catalogue/endpoints';
import { ALL, type Scope, siteOf } from '../catalogue/scope';
import type { Say } from '../platform/text-types';

/** Who receives what a capability collects, where that place stands, and the receiver's own policy. */
export interface Disclosure {
  readonly who: string;
  readonly where: string;
  readonly policy: string;
}

/** The endpoints in force, as far as pages know them. */
export type NamedEndpoints = Readonly<Record<Destination, Named | null>>;

/**
 * The line of a destination: the prompt and the table under Policy say the same.
 * @param scope the place that is asked for, where the capability has several; `null`: none is chosen yet.
 */
export function disclosureOf(
  id: CapabilityId,
  say: Say,
  endpoints: NamedEndpoints,
  scope: Scope | null = null,
): Disclosure {
  const { destination } = capability(id);
  if (destination === 'sync-place') return syncPlace(scope, say);
  const endpoint = endpointOf(destination, endpoints);
  if (endpoint) {
    return {
      who: say(
        endpoint.byOrganisation ? 'destination_organisation' : 'destination_server',
        new URL(endpoint.url).origin,
      ),
      where: say('place_server', endpoint.place),
      policy: say(endpoint.byOrganisation ? 'policy_organisation' : 'policy_cloudopt'),
    };
  }
  return {
    who: say(destination === 'device' ? 'destination_device' : 'destination_none'),
    where: say('place_device'),
    policy: say('policy_nobody'),
  };
}

function syncPlace(scope: Scope | null, say: Say): Disclosure {
  if (scope === null) {
    return { who: say('destination_sync'), where: say('place_sync'), policy: say('policy_sync') };
  }
  if (scope === ALL) {
    return {
      who: say('destination_browser_sync'),
      where: say('place_browser_sync'),
      policy: say('policy_browser_sync'),
    };
  }
  return {
    who: say('destination_sync_server', `https://${siteOf(scope)?.host ?? scope}`),
    where: say('place_sync_server'),
    policy: say('policy_sync_server'),
  };
}

import type { Capability } from '../catalogue/catalogue';
import { type Destination, endpointOf, type Named } from '../catalogue/endpoints';
import type { Say } from '../platform/text-types';

/** Who receives what a capability collects, where that place stands, and the receiver's own policy. */
export interface Disclosure {
  readonly who: string;
  readonly where: string;
  readonly policy: string;
}

/** The endpoints in force, as far as pages know them. */
export type NamedEndpoints = Readonly<Record<Destination, Named | null>>;

/** The line of a destination: the prompt and the table under Policy say the same. */
export function disclosureOf(destination: Capability['destination'], say: Say, endpoints: NamedEndpoints): Disclosure {
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

/**
 * Where reports may go: set when Cloudopt is built or by an organisation's policy, none by default, and then nothing can be
 * sent. A request for a grant asks the browser for the endpoint's origin, so that the prompt names it; hence this stands in
 * the catalogue.
 */
export type Destination = 'statistics-endpoint' | 'crash-endpoint';

/** What a notice names of an endpoint. A grant holds for the one that its notice named, and for no other. */
export interface Named {
  /** HTTPS, without credentials, query and fragment. Reports are POSTed to exactly this. */
  readonly url: string;
  /** Where it stands, in the words of whoever set it: `Falkenstein, Germany`. */
  readonly place: string;
  /** Set by the person's organisation, not by whoever built this. */
  readonly byOrganisation: boolean;
}

export interface Endpoint extends Named {
  /** The value of `X-Sentry-Auth`; `null` where the protocol has none. It says who is written to, not who writes. */
  readonly auth: string | null;
}

export type Endpoints = Readonly<Record<Destination, Endpoint | null>>;

declare const __ENDPOINTS__: Endpoints;
export const noEndpoints: Endpoints = { 'statistics-endpoint': null, 'crash-endpoint': null };
const built: Endpoints = typeof __ENDPOINTS__ === 'undefined' ? noEndpoints : __ENDPOINTS__;

/** The endpoints in force: one that an organisation has set takes the place of the build's, also where it can't be read (`null`). */
export const endpointsUnder = (set: Partial<Endpoints>): Endpoints => ({ ...built, ...set });

/** The endpoint of a destination; `null` where it is the device or a place of the person's, or where none is set. */
export const endpointOf = <E extends Named>(
  destination: Destination | 'device' | 'sync-place',
  endpoints: Readonly<Record<Destination, E | null>>,
): E | null => (destination === 'device' || destination === 'sync-place' ? null : endpoints[destination]);

export const named = ({ url, place, byOrganisation }: Named): Named => ({ url, place, byOrganisation });

/** Whether both are the same address in the same place, or both are none. */
export const sameEndpoint = (a: Named | null, b: Named | null): boolean => a?.url === b?.url && a?.place === b?.place;

/** The origin as a match pattern, which knows no port. */
export const patternOf = ({ url }: Named): string => `https://${new URL(url).hostname}/*`;

/**
 * Where reports may go: set when Cloudopt is built, none by default, and then nothing can be sent. A request for a
 * grant asks the browser for the endpoint's origin, so that the prompt names it; hence this stands in the catalogue.
 */
export type Destination = 'statistics-endpoint' | 'crash-endpoint';

export interface Endpoint {
  /** HTTPS, without credentials, query and fragment. Reports are POSTed to exactly this. */
  readonly url: string;
  /** The value of `X-Sentry-Auth`; `null` where the protocol has none. It says who is written to, not who writes. */
  readonly auth: string | null;
  /** Where it stands, in the words of whoever built this: `Falkenstein, Germany`. */
  readonly place: string;
}

export type Endpoints = Readonly<Record<Destination, Endpoint | null>>;

declare const __ENDPOINTS__: Endpoints;
const none: Endpoints = { 'statistics-endpoint': null, 'crash-endpoint': null };
const built: Endpoints = typeof __ENDPOINTS__ === 'undefined' ? none : __ENDPOINTS__;

export const endpoints = (): Endpoints => built;

/** The endpoint of a destination; `null` where it is the device or a place of the person's, or where none is set. */
export const endpointOf = (destination: Destination | 'device' | 'sync-place'): Endpoint | null =>
  destination === 'device' || destination === 'sync-place' ? null : endpoints()[destination];

/** The origin as a match pattern, which knows no port. */
export const patternOf = ({ url }: Endpoint): string => `https://${new URL(url).hostname}/*`;

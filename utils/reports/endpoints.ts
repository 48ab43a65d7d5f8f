/** Reads the endpoints of reports from what a build is given; the build stops at what can't be meant. */
import type { Endpoint, Endpoints } from '../catalogue/endpoints';
import { parseDsn } from './sentry';

type Environment = Readonly<Record<string, string | undefined>>;

function placeOf(environment: Environment, name: string): string {
  const place = environment[name]?.trim() ?? '';
  if (place === '' || place.length > 100) throw new Error(`${name} must say where the endpoint stands, in a few words`);
  return place;
}

/** The address that statistics may be POSTed to: HTTPS, without credentials, query and fragment. `undefined`: it is none. */
export function statisticsAddress(raw: string): string | undefined {
  const url = URL.canParse(raw) ? new URL(raw) : undefined;
  const bare = url?.username === '' && url.password === '' && url.search === '' && url.hash === '';
  return url?.protocol === 'https:' && bare ? url.href : undefined;
}

function statistics(environment: Environment): Endpoint | null {
  const raw = environment.CLOUDOPT_STATISTICS_URL?.trim() ?? '';
  if (raw === '') return null;
  const url = statisticsAddress(raw);
  if (url === undefined) {
    throw new Error('CLOUDOPT_STATISTICS_URL must be an HTTPS address without credentials, query and fragment');
  }
  return { url, auth: null, place: placeOf(environment, 'CLOUDOPT_STATISTICS_PLACE'), byOrganisation: false };
}

function crashes(environment: Environment): Endpoint | null {
  const raw = environment.CLOUDOPT_CRASH_DSN?.trim() ?? '';
  if (raw === '') return null;
  const dsn = parseDsn(raw);
  if (dsn.kind === 'no-dsn') throw new Error(`CLOUDOPT_CRASH_DSN is no DSN: ${dsn.why}`);
  const { endpoint: url, auth } = dsn;
  return { url, auth, place: placeOf(environment, 'CLOUDOPT_CRASH_PLACE'), byOrganisation: false };
}

/** @throws where a variable is set and unusable: a build that sends elsewhere than was meant must not come to be. */
export const endpointsFrom = (environment: Environment): Endpoints => ({
  'statistics-endpoint': statistics(environment),
  'crash-endpoint': crashes(environment),
});

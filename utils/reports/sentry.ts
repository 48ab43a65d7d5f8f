/**
 * A crash report as a Sentry envelope, which Sentry and GlitchTip take.
 * https://develop.sentry.dev/sdk/foundations/transport/envelopes/
 */
import { invariant } from '../platform/invariant';
import type { Crash } from './schema';
import type { Frame } from './scrub';

export const ENVELOPE_TYPE = 'application/x-sentry-envelope';

/** Fields that a person may take out, by their paths in the event. */
export const crashFields = [
  'timestamp',
  'release',
  'environment',
  'exception.value',
  'exception.stacktrace',
  'contexts.browser',
  'contexts.os',
  'tags.where',
] as const;
export type CrashField = (typeof crashFields)[number];

/** Who made the envelope: the version is that of this format, so that it says nothing that a person took out. */
const client = { name: 'cloudopt.javascript', version: '1.0.0' } as const;

export interface CrashReport {
  readonly crash: Crash;
  /** Random, 32 hexadecimal digits in lower case, fresh for each report. */
  readonly eventId: string;
  readonly sentAtMs: number;
  /** `cloudopt@1.2.3` */
  readonly release: string;
  readonly environment: string;
  /** Names of `crashFields` that stay out; others change nothing. */
  readonly without?: readonly string[] | undefined;
}

const sentryFrame = ({ function: name, file, line, column }: Frame) => ({
  function: name,
  filename: file,
  ...(line === null ? {} : { lineno: line }),
  ...(column === null ? {} : { colno: column }),
  in_app: file !== 'other',
});

const time = (ms: number): string => new Date(ms).toISOString();

/** The exact text of the envelope: what is shown is what is sent. The same report gives the same text. */
export function envelopeBody({ crash, eventId, sentAtMs, release, environment, without }: CrashReport): string {
  invariant(/^[\da-f]{32}$/.test(eventId), 'an event has an id of 32 hexadecimal digits');
  const out = new Set(without);
  const kept = <T extends object>(field: CrashField, members: T): T | Record<never, never> =>
    out.has(field) ? {} : members;
  const { name, major } = crash.browser;
  const contexts = {
    ...kept('contexts.browser', { browser: { name, version: String(major) } }),
    ...kept('contexts.os', { os: { name: crash.os } }),
  };
  const exception = {
    type: crash.name,
    // GlitchTip refuses an exception without a value.
    value: '',
    ...kept('exception.value', { value: crash.message }),
    mechanism: { type: 'generic', handled: false },
    // A stack trace must have frames. Sentry wants the oldest first.
    ...(crash.frames.length > 0
      ? kept('exception.stacktrace', { stacktrace: { frames: crash.frames.map(sentryFrame).reverse() } })
      : {}),
  };
  const event = {
    event_id: eventId,
    ...kept('timestamp', { timestamp: time(crash.atMs) }),
    platform: 'javascript',
    level: 'error',
    ...kept('release', { release }),
    ...kept('environment', { environment }),
    exception: { values: [exception] },
    ...(Object.keys(contexts).length > 0 ? { contexts } : {}),
    ...kept('tags.where', { tags: { where: crash.where } }),
    // Else Sentry writes the address that the report came from into it.
    // https://github.com/getsentry/sentry-javascript/pull/17364
    sdk: { ...client, settings: { infer_ip: 'never' } },
  };
  const payload = JSON.stringify(event);
  const header = JSON.stringify({ event_id: eventId, sent_at: time(sentAtMs) });
  const itemHeader = JSON.stringify({ type: 'event', length: new TextEncoder().encode(payload).length });
  return `${header}\n${itemHeader}\n${payload}\n`;
}

export type Dsn =
  | {
      kind: 'dsn';
      /** `https://host[:port]` */
      origin: string;
      /** Where envelopes are POSTed to. */
      endpoint: string;
      publicKey: string;
      /** The value of the header `X-Sentry-Auth`. */
      auth: string;
    }
  | { kind: 'no-dsn'; why: 'not-a-url' | 'not-https' | 'no-public-key' | 'no-project' | 'has-query' };

/**
 * `https://PUBLIC_KEY@HOST[/PREFIX]/PROJECT`. The secret key of an old DSN is left out: no server needs it any more.
 * https://develop.sentry.dev/sdk/overview/#parsing-the-dsn
 */
export function parseDsn(text: string): Dsn {
  const raw = text.trim();
  if (!URL.canParse(raw)) return { kind: 'no-dsn', why: 'not-a-url' };
  const { protocol, username: publicKey, origin, pathname, search, hash } = new URL(raw);
  if (protocol !== 'https:') return { kind: 'no-dsn', why: 'not-https' };
  if (!/^[A-Za-z\d-]{1,64}$/.test(publicKey)) return { kind: 'no-dsn', why: 'no-public-key' };
  if (search !== '' || hash !== '') return { kind: 'no-dsn', why: 'has-query' };
  const [, prefix, project] = /^((?:\/[\w.~-]+)*)\/([\w-]{1,64})\/?$/.exec(pathname) ?? [];
  if (prefix === undefined || project === undefined) return { kind: 'no-dsn', why: 'no-project' };
  const { name, version } = client;
  return {
    kind: 'dsn',
    origin,
    endpoint: `${origin}${prefix}/api/${project}/envelope/`,
    publicKey,
    auth: `Sentry sentry_version=7, sentry_client=${name}/${version}, sentry_key=${publicKey}`,
  };
}

/**
 * A receiver of Sentry envelopes that is stricter than Sentry: it takes one error event, and nothing in it that tells of
 * a person, a request or a machine.
 * https://develop.sentry.dev/sdk/foundations/transport/envelopes/
 */
import * as z from 'zod/mini';
import { type Arrived, type Judged, jsonOf, type Receiver, type ReceiverOptions, receive, textOf } from './tls';

const eventId = z.string().check(z.regex(/^[\da-f]{32}$/));
/** RFC 3339 in UTC. */
const time = z.string().check(
  z.regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/),
  z.refine((raw) => !Number.isNaN(Date.parse(raw)), 'no time'),
);
const filled = z.string().check(z.minLength(1), z.maxLength(200));
const fromOne = z.number().check(z.int(), z.positive());

const frame = z.strictObject({
  function: z.optional(filled),
  filename: filled,
  lineno: z.optional(fromOne),
  colno: z.optional(fromOne),
  in_app: z.optional(z.boolean()),
});

const exception = z.strictObject({
  type: filled,
  value: z.string().check(z.maxLength(8192)),
  mechanism: z.optional(z.strictObject({ type: filled, handled: z.optional(z.boolean()) })),
  stacktrace: z.optional(z.strictObject({ frames: z.array(frame).check(z.minLength(1), z.maxLength(100)) })),
});

const event = z.strictObject({
  event_id: eventId,
  timestamp: z.optional(time),
  platform: z.literal('javascript'),
  level: z.optional(z.enum(['fatal', 'error', 'warning', 'info', 'debug'])),
  release: z.optional(filled),
  environment: z.optional(filled),
  exception: z.strictObject({ values: z.array(exception).check(z.minLength(1)) }),
  contexts: z.optional(
    z.strictObject({
      browser: z.optional(z.strictObject({ name: filled, version: z.optional(filled) })),
      os: z.optional(z.strictObject({ name: filled })),
    }),
  ),
  tags: z.optional(z.record(filled, filled)),
  // Without it Sentry notes the sender's address.
  sdk: z.strictObject({
    name: filled,
    version: z.string().check(z.regex(/^\d+\.\d+\.\d+$/)),
    settings: z.strictObject({ infer_ip: z.literal('never') }),
  }),
});
export type SentryEvent = z.infer<typeof event>;

const envelopeHeader = z.strictObject({ event_id: eventId, sent_at: time });
const itemHeader = z.strictObject({
  type: z.literal('event'),
  length: z.number().check(z.int(), z.nonnegative()),
});

const invalid = (why: string): { kind: 'invalid'; why: string } => ({ kind: 'invalid', why });

function parse<T>(schema: z.ZodMiniType<T>, bytes: Buffer, what: string): T | { kind: 'invalid'; why: string } {
  const text = textOf(bytes);
  if (text === undefined) return invalid(`${what} is not UTF-8`);
  if (text !== text.trim()) return invalid(`${what} is padded`);
  const parsed = schema.safeParse(jsonOf(text));
  return parsed.success ? parsed.data : invalid(`${what}: ${z.prettifyError(parsed.error)}`);
}

const isInvalid = (raw: object): raw is { kind: 'invalid'; why: string } => 'kind' in raw && raw.kind === 'invalid';

/** Whether these bytes are an envelope with one event, and which. */
export function readEnvelope(body: Buffer): Judged<SentryEvent> {
  const headerEnd = body.indexOf('\n');
  const itemHeaderEnd = headerEnd < 0 ? -1 : body.indexOf('\n', headerEnd + 1);
  if (itemHeaderEnd < 0) return invalid('no item');
  const header = parse(envelopeHeader, body.subarray(0, headerEnd), 'the envelope header');
  if (isInvalid(header)) return header;
  const item = parse(itemHeader, body.subarray(headerEnd + 1, itemHeaderEnd), 'the item header');
  if (isInvalid(item)) return item;
  const payloadEnd = itemHeaderEnd + 1 + item.length;
  if (body.length < payloadEnd) return invalid('the payload is shorter than its length says');
  const rest = body.subarray(payloadEnd).toString('latin1');
  if (rest !== '' && rest !== '\n') return invalid('the payload is longer than its length says, or more follows it');
  const payload = parse(event, body.subarray(itemHeaderEnd + 1, payloadEnd), 'the event');
  if (isInvalid(payload)) return payload;
  if (payload.event_id !== header.event_id) return invalid('two ids of one event');
  return { kind: 'valid', report: payload };
}

/** `Sentry sentry_version=7, sentry_client=NAME/VERSION, sentry_key=KEY`, in any order, and no secret. */
function objectionToAuth(header: string | string[] | undefined): string {
  if (typeof header !== 'string' || !header.startsWith('Sentry ')) return 'no X-Sentry-Auth';
  const pairs = header
    .slice('Sentry '.length)
    .split(/,\s*/)
    .map((pair) => pair.split('='));
  const auth = new Map(pairs.map(([name = '', value = '']) => [name, value]));
  if (auth.get('sentry_version') !== '7') return 'X-Sentry-Auth: sentry_version is not 7';
  if (!/^[\w.-]+\/\d[\w.]*$/.test(auth.get('sentry_client') ?? '')) return 'X-Sentry-Auth: no sentry_client';
  if (!/^[A-Za-z\d-]{1,64}$/.test(auth.get('sentry_key') ?? '')) return 'X-Sentry-Auth: no sentry_key';
  return auth.size === 3 && pairs.length === 3 ? '' : 'X-Sentry-Auth says more than it should';
}

function judge({ headers, body }: Arrived): Judged<SentryEvent> {
  const why = objectionToAuth(headers['x-sentry-auth']);
  return why === '' ? readEnvelope(body) : invalid(why);
}

/** Starts a receiver for `https://KEY@HOST:PORT/PROJECT`, whatever the key and the project's number. */
export const start = (options: ReceiverOptions): Promise<Receiver<SentryEvent>> =>
  receive(
    {
      type: 'application/x-sentry-envelope',
      path: /^\/api\/\d+\/envelope\/$/,
      judge,
      accepted: ({ event_id }) => ({ id: event_id }),
      refused: (detail) => ({ detail }),
    },
    options,
  );

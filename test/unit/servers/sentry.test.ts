import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ENVELOPE_TYPE, envelopeBody, parseDsn } from '../../../utils/reports/sentry';
import { readEnvelope, type SentryEvent, start } from '../../servers/sentry';
import { type Certificates, makeCertificates, type Receiver } from '../../servers/tls';
import { crashSample } from '../reports/samples';
import { type Call, call, type Reply } from './client';

const eventId = '0123456789abcdef0123456789abcdef';
const body = envelopeBody({
  crash: { ...crashSample, message: 'Größe 😀' },
  eventId,
  sentAtMs: Date.UTC(2026, 1, 1),
  release: 'cloudopt@1.2.3',
  environment: 'production',
});
let tls: Certificates;
let receiver: Receiver<SentryEvent>;
beforeAll(() => {
  tls = makeCertificates(['localhost']);
});
beforeEach(async () => {
  receiver = await start({ tls });
});
afterEach(() => receiver.stop());
afterAll(() => tls.dispose());

const auth = 'Sentry sentry_version=7, sentry_client=cloudopt.javascript/1.0.0, sentry_key=0a1b';
const post = (other: Partial<Call> = {}): Promise<Reply> =>
  call({
    port: receiver.port,
    ca: tls.caPem,
    path: '/api/42/envelope/',
    body,
    ...other,
    headers: { 'content-type': ENVELOPE_TYPE, 'x-sentry-auth': auth, ...other.headers },
  });

describe('the receiver of crash reports', () => {
  test('keeps what it takes, byte for byte, when sent as the DSN says', async () => {
    const dsn = parseDsn(`https://0a1b@localhost:${receiver.port}/42`);
    if (dsn.kind === 'no-dsn') throw new Error(dsn.why);
    const reply = await post({ path: new URL(dsn.endpoint).pathname, headers: { 'x-sentry-auth': dsn.auth } });
    expect(reply).toMatchObject({ status: 200, body: JSON.stringify({ id: eventId }) });
    expect(receiver.rejected).toEqual([]);
    const [only] = receiver.received;
    expect(only?.body.equals(Buffer.from(body))).toBe(true);
    expect(only?.headers['x-sentry-auth']).toBe(dsn.auth);
    expect(only?.report.exception.values[0]?.value).toBe('Größe 😀');
  });

  test.each<[string, Partial<Call>, string]>([
    ['a wrong method', { method: 'PUT' }, 'method PUT'],
    ['the old endpoint', { path: '/api/42/store/' }, 'path /api/42/store/'],
    ['a path without its end', { path: '/api/42/envelope' }, 'path /api/42/envelope'],
    ['a wrong type', { headers: { 'content-type': 'application/json' } }, 'content type application/json'],
    ['no key', { headers: { 'x-sentry-auth': '' } }, 'no X-Sentry-Auth'],
    ['an old version', { headers: { 'x-sentry-auth': auth.replace('=7', '=6') } }, 'sentry_version'],
    ['no client', { headers: { 'x-sentry-auth': 'Sentry sentry_version=7, sentry_key=a' } }, 'sentry_client'],
    ['an empty key', { headers: { 'x-sentry-auth': auth.replace('0a1b', '') } }, 'sentry_key'],
    ['a secret', { headers: { 'x-sentry-auth': `${auth}, sentry_secret=a` } }, 'more than it should'],
    ['an empty body', { body: '' }, 'no item'],
  ])('refuses %s', async (_, other, why) => {
    const reply = await post(other);
    expect(reply.status).toBe(400);
    expect(JSON.parse(reply.body)).toMatchObject({ detail: expect.stringContaining(why) });
    expect(receiver.received).toEqual([]);
    expect(receiver.rejected.map((one) => one.why)).toEqual([expect.stringContaining(why)]);
  });

  test('answers as it is told', async () => {
    receiver.respond({ kind: 'too-many', retryAfter: '60' });
    expect(await post()).toMatchObject({ status: 429, headers: { 'retry-after': '60' } });
    receiver.respond({ kind: 'failure' });
    expect((await post()).status).toBe(500);
    expect(receiver.received).toHaveLength(2);
  });
});

describe('an envelope', () => {
  const [header = '', item = '', payload = ''] = body.split('\n');
  const bytes = Buffer.byteLength(payload);
  /** The sample's event with members changed. */
  function withEvent(members: object): string {
    const changed = JSON.stringify({ ...JSON.parse(payload), ...members });
    return `${header}\n{"type":"event","length":${Buffer.byteLength(changed)}}\n${changed}\n`;
  }
  const withException = (members: object) =>
    withEvent({ exception: { values: [{ type: 'Error', value: '', ...members }] } });

  test.each([
    ['without items', header],
    ['without a payload', `${header}\n${item}`],
    ['padded', ` ${body}`],
    ['with Windows newlines', body.replaceAll('\n', '\r\n')],
    ['with a length in characters', `${header}\n{"type":"event","length":${payload.length}}\n${payload}\n`],
    ['with a length too long', `${header}\n{"type":"event","length":${bytes + 2}}\n${payload}\n`],
    ['with a length too long for its last byte', `${header}\n{"type":"event","length":${bytes + 1}}\n${payload}`],
    ['without a length', `${header}\n{"type":"event"}\n${payload}\n`],
    ['of another type', `${header}\n{"type":"session","length":${bytes}}\n${payload}\n`],
    ['with two items', `${body}${item}\n${payload}\n`],
    ['with more after its end', `${body}\n`],
    ['with two ids', body.replace(eventId, 'f'.repeat(32))],
    [
      'with a DSN',
      `{"event_id":"${eventId}","sent_at":"2026-02-01T00:00:00Z","dsn":"https://a@b/1"}\n${item}\n${payload}\n`,
    ],
    ['without a time of sending', `{"event_id":"${eventId}"}\n${item}\n${payload}\n`],
    ['with an id in capitals', body.replaceAll(eventId, eventId.toUpperCase())],
    ['with a user', withEvent({ user: { id: '1' } })],
    ['with a request', withEvent({ request: { url: 'https://a.example' } })],
    ['with a server name', withEvent({ server_name: 'a' })],
    ['with no word on the address', withEvent({ sdk: { name: 'a', version: '1.0.0' } })],
    [
      'with leave to note an address',
      withEvent({ sdk: { name: 'a', version: '1.0.0', settings: { infer_ip: 'auto' } } }),
    ],
    ['of another platform', withEvent({ platform: 'python' })],
    ['without an exception', withEvent({ exception: { values: [] } })],
    ['with an exception without a value', withException({ value: undefined })],
    ['with an empty stack', withException({ stacktrace: { frames: [] } })],
    ['with a frame without a file', withException({ stacktrace: { frames: [{ function: 'f' }] } })],
    ['with a line of nought', withException({ stacktrace: { frames: [{ filename: 'a.js', lineno: 0 }] } })],
    ['with a path', withException({ stacktrace: { frames: [{ filename: 'a.js', abs_path: '/a.js' }] } })],
    ['with no such day', withEvent({ timestamp: '2026-13-01T00:00:00Z' })],
  ])('is none %s', (_, text) => {
    expect(readEnvelope(Buffer.from(text)).kind).toBe('invalid');
  });

  test('may lack its last newline and what a person took out', () => {
    expect(readEnvelope(Buffer.from(body)).kind).toBe('valid');
    expect(readEnvelope(Buffer.from(body.trimEnd())).kind).toBe('valid');
    expect(readEnvelope(Buffer.from(withEvent({ tags: undefined, contexts: undefined }))).kind).toBe('valid');
    expect(readEnvelope(Buffer.from(withException({}))).kind).toBe('valid');
  });
});

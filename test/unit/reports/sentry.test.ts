import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CrashReport, crashFields, envelopeBody, parseDsn } from '../../../utils/reports/sentry';
import { readEnvelope, type SentryEvent } from '../../servers/sentry';
import { anyCrash, crashSample } from './samples';

const sample: CrashReport = {
  crash: crashSample,
  eventId: '0123456789abcdef0123456789abcdef',
  sentAtMs: Date.UTC(2026, 1, 1),
  release: 'cloudopt@1.2.3',
  environment: 'production',
};

function read(body: string): SentryEvent {
  const judged = readEnvelope(Buffer.from(body));
  if (judged.kind === 'invalid') throw new Error(judged.why);
  return judged.report;
}

describe('the envelope of a crash', () => {
  test('is this text', () => {
    const payload =
      '{"event_id":"0123456789abcdef0123456789abcdef","timestamp":"2026-01-31T12:00:00.000Z","platform":"javascript",' +
      '"level":"error","release":"cloudopt@1.2.3","environment":"production","exception":{"values":[{"type":"TypeError",' +
      '"value":"entry.id is undefined","mechanism":{"type":"generic","handled":false},"stacktrace":{"frames":[' +
      '{"function":"main","filename":"background.js","lineno":1,"colno":1,"in_app":true},' +
      '{"function":"Array.map","filename":"other","in_app":false},' +
      '{"function":"Core.halt","filename":"background.js","lineno":12,"colno":34,"in_app":true}]}}]},' +
      '"contexts":{"browser":{"name":"Firefox","version":"140"},"os":{"name":"linux"}},"tags":{"where":"background"},' +
      '"sdk":{"name":"cloudopt.javascript","version":"1.0.0","settings":{"infer_ip":"never"}}}';
    expect(envelopeBody(sample)).toBe(
      `{"event_id":"0123456789abcdef0123456789abcdef","sent_at":"2026-02-01T00:00:00.000Z"}\n` +
        `{"type":"event","length":${payload.length}}\n${payload}\n`,
    );
  });

  test('is what the protocol asks for, its length in bytes', () => {
    fc.assert(
      fc.property(anyCrash, (crash) => {
        const body = envelopeBody({ ...sample, crash });
        const event = read(body);
        expect(event.exception.values[0]?.value).toBe(crash.message);
        // Sentry wants the oldest frame first.
        const names = event.exception.values[0]?.stacktrace?.frames.map((frame) => frame.function) ?? [];
        expect(names).toEqual(crash.frames.map((frame) => frame.function).reverse());
        expect(envelopeBody({ ...sample, crash })).toBe(body);
      }),
    );
  });

  test('holds nothing of a field that a person took out, and all others', () => {
    const has: Record<(typeof crashFields)[number], (event: SentryEvent) => boolean> = {
      timestamp: (event) => event.timestamp !== undefined,
      release: (event) => event.release !== undefined,
      environment: (event) => event.environment !== undefined,
      'exception.value': (event) => event.exception.values[0]?.value !== '',
      'exception.stacktrace': (event) => event.exception.values[0]?.stacktrace !== undefined,
      'contexts.browser': (event) => event.contexts?.browser !== undefined,
      'contexts.os': (event) => event.contexts?.os !== undefined,
      'tags.where': (event) => event.tags !== undefined,
    };
    fc.assert(
      fc.property(fc.subarray([...crashFields, 'unknown']), (without) => {
        const event = read(envelopeBody({ ...sample, without }));
        for (const field of crashFields) expect([field, has[field](event)]).toEqual([field, !without.includes(field)]);
      }),
    );
    expect(envelopeBody({ ...sample, without: crashFields })).not.toMatch(
      /2026-01-31|1\.2\.3|production|entry|background|Firefox|140|linux|main|context|tags|stacktrace/,
    );
  });

  test('needs an id as Sentry has them', () => {
    for (const eventId of ['', '0123456789ABCDEF0123456789ABCDEF', '01234567-89ab-cdef-0123-456789abcdef']) {
      expect(() => envelopeBody({ ...sample, eventId })).toThrow('broken invariant');
    }
  });
});

describe('a DSN', () => {
  test('says where envelopes go and with which key', () => {
    expect(parseDsn(' https://0a1b@o1.ingest.sentry.io/42\n')).toEqual({
      kind: 'dsn',
      origin: 'https://o1.ingest.sentry.io',
      endpoint: 'https://o1.ingest.sentry.io/api/42/envelope/',
      publicKey: '0a1b',
      auth: 'Sentry sentry_version=7, sentry_client=cloudopt.javascript/1.0.0, sentry_key=0a1b',
    });
  });

  test.each([
    ['https://key@glitchtip.example:8000/errors/in/7', 'https://glitchtip.example:8000/errors/in/api/7/envelope/'],
    ['https://key@host.example/7/', 'https://host.example/api/7/envelope/'],
    ['https://key@host.example:443/7', 'https://host.example/api/7/envelope/'],
    ['https://key@[::1]:8443/7', 'https://[::1]:8443/api/7/envelope/'],
  ])('%s', (text, endpoint) => {
    expect(parseDsn(text)).toMatchObject({ kind: 'dsn', endpoint });
  });

  test('with a secret key leaves it out', () => {
    const dsn = parseDsn('https://key:secret@host.example/7');
    expect(dsn.kind).toBe('dsn');
    expect(JSON.stringify(dsn)).not.toContain('secret');
  });

  test.each([
    ['', 'not-a-url'],
    ['key@host.example/7', 'not-a-url'],
    ['http://key@host.example/7', 'not-https'],
    ['https://host.example/7', 'no-public-key'],
    ['https://:secret@host.example/7', 'no-public-key'],
    ['https://a%0Ab@host.example/7', 'no-public-key'],
    ['https://key@host.example', 'no-project'],
    ['https://key@host.example/', 'no-project'],
    ['https://key@host.example//7', 'no-project'],
    ['https://key@host.example/a%2Fb', 'no-project'],
    ['https://key@host.example/7?a=b', 'has-query'],
    ['https://key@host.example/7#a', 'has-query'],
  ])('is none: %j', (text, why) => {
    expect(parseDsn(text)).toEqual({ kind: 'no-dsn', why });
  });

  test('never throws, and sends nowhere but to its own origin', () => {
    const key = fc.stringMatching(/^[A-Za-z\d]{1,32}$/);
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.webUrl({ withQueryParameters: true, withFragments: true }),
      fc.tuple(key, fc.string(), fc.string()).map(([user, host, path]) => `https://${user}@${host}/${path}`),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const dsn = parseDsn(text);
        if (dsn.kind === 'no-dsn') return;
        const { origin, protocol, pathname, username, search } = new URL(dsn.endpoint);
        expect([origin, protocol, username, search]).toEqual([dsn.origin, 'https:', '', '']);
        expect(pathname).toMatch(/\/api\/[\w-]+\/envelope\/$/);
        expect(dsn.auth).toMatch(/^[\x20-\x7e]+$/);
      }),
    );
  });
});

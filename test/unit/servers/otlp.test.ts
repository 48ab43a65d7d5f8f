import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { METRICS_TYPE, metricsBody } from '../../../utils/reports/otlp';
import { type MetricsRequest, readMetrics, start } from '../../servers/otlp';
import { type Certificates, makeCertificates, type Receiver } from '../../servers/tls';
import { statisticsSample } from '../reports/samples';
import { type Call, call, type Reply } from './client';

const body = metricsBody(statisticsSample);
let tls: Certificates;
let receiver: Receiver<MetricsRequest>;
beforeAll(() => {
  tls = makeCertificates(['localhost']);
});
beforeEach(async () => {
  receiver = await start({ tls });
});
afterEach(() => receiver.stop());
afterAll(() => tls.dispose());

const post = (other: Partial<Call> = {}): Promise<Reply> =>
  call({
    port: receiver.port,
    ca: tls.caPem,
    path: '/v1/metrics',
    body,
    ...other,
    headers: { 'content-type': METRICS_TYPE, ...other.headers },
  });

describe('the receiver of statistics', () => {
  test('keeps what it takes, byte for byte', async () => {
    const before = Date.now();
    const { status, headers, body: answer } = await post({ headers: { accept: '*/*' } });
    expect([status, headers['content-type'], answer]).toEqual([200, 'application/json', '{}']);
    const [only] = receiver.received;
    expect(receiver.received).toHaveLength(1);
    expect(receiver.rejected).toEqual([]);
    expect(only?.body.equals(Buffer.from(body))).toBe(true);
    expect(only).toMatchObject({ method: 'POST', path: '/v1/metrics', headers: { accept: '*/*' }, answer: 'sent' });
    expect(only?.atMs).toBeGreaterThanOrEqual(before);
    expect(only?.report).toEqual(JSON.parse(body));
  });

  test.each<[string, Partial<Call>, string]>([
    ['a wrong method', { method: 'PUT' }, 'method PUT'],
    ['a wrong path', { path: '/v1/traces' }, 'path /v1/traces'],
    ['a query', { path: '/v1/metrics?id=1' }, 'path /v1/metrics?id=1'],
    ['a wrong type', { headers: { 'content-type': 'text/plain' } }, 'content type text/plain'],
    ['another character set', { headers: { 'content-type': 'application/json; charset=latin1' } }, 'content type with'],
    ['a packed body', { headers: { 'content-encoding': 'gzip' } }, 'content encoding gzip'],
    ['a cookie', { headers: { cookie: 'a=b' } }, 'header cookie'],
    ['a referrer', { headers: { referer: 'https://a.example' } }, 'header referer'],
    ["the extension's UUID", { headers: { origin: 'moz-extension://a' } }, "header origin holds the extension's UUID"],
    ['no JSON', { body: '{' }, 'not JSON'],
    ['no UTF-8', { body: Buffer.from([0x22, 0xff, 0x22]) }, 'not UTF-8'],
    ['a body too long', { body: Buffer.alloc(1024 * 1024 + 1, ' ') }, 'body too long'],
    ['nothing', { body: '' }, 'not JSON'],
  ])('refuses %s', async (_, other, why) => {
    const { status } = await post(other);
    expect(status).toBe(why === 'body too long' ? 413 : 400);
    expect(receiver.received).toEqual([]);
    expect(receiver.rejected).toHaveLength(1);
    expect(receiver.rejected[0]?.why).toContain(why);
    expect(receiver.rejected[0]?.body.length).toBe(Buffer.byteLength(other.body ?? body));
  });

  test('takes the UUID where it is told to', async () => {
    const tolerant = await start({ tls, toleratesUuid: true });
    expect((await post({ port: tolerant.port, headers: { origin: 'moz-extension://a' } })).status).toBe(200);
    expect(tolerant.received).toHaveLength(1);
    await tolerant.stop();
  });

  test('allows nothing in a preflight, and notes it', async () => {
    const headers = { origin: 'https://a.example', 'access-control-request-method': 'POST' };
    const reply = await post({ method: 'OPTIONS', headers, body: '' });
    expect(reply.status).toBe(204);
    expect(Object.keys(reply.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    expect(receiver.rejected[0]?.why).toContain('a preflight');
  });

  test('answers as it is told, from then on', async () => {
    receiver.respond({ kind: 'too-many', retryAfter: '120' });
    expect(await post()).toMatchObject({ status: 429, headers: { 'retry-after': '120' } });
    expect((await post()).status).toBe(429);
    receiver.respond({ kind: 'too-many' });
    expect((await post()).headers['retry-after']).toBeUndefined();
    receiver.respond({ kind: 'failure' });
    expect((await post()).status).toBe(500);
    receiver.respond({ kind: 'redirect', to: 'https://b.example/' });
    expect(await post()).toMatchObject({ status: 307, headers: { location: 'https://b.example/' } });
    receiver.respond({ kind: 'redirect', to: '/x', status: 302 });
    expect((await post()).status).toBe(302);
    receiver.respond({ kind: 'ok' });
    expect((await post()).status).toBe(200);
    expect(receiver.received).toHaveLength(7);
  });

  test('refuses what is wrong whatever it is told', async () => {
    receiver.respond({ kind: 'hang' });
    expect((await post({ body: '{}' })).status).toBe(400);
  });

  test('answers late', async () => {
    receiver.respond({ kind: 'ok', delayMs: 300 });
    const began = performance.now();
    const reply = post();
    await expect.poll(() => receiver.received[0]?.answer).toBe('pending');
    expect((await reply).status).toBe(200);
    expect(performance.now() - began).toBeGreaterThan(290);
    await expect.poll(() => receiver.received[0]?.answer).toBe('sent');
  });

  test('hangs until it is stopped, and notes who went away', async () => {
    receiver.respond({ kind: 'hang' });
    const leaving = new AbortController();
    const left = post({ signal: leaving.signal });
    left.catch(() => undefined);
    await expect.poll(() => receiver.received[0]?.answer).toBe('pending');
    leaving.abort();
    await expect(left).rejects.toThrow('aborted');
    await expect.poll(() => receiver.received[0]?.answer).toBe('cut-off');
    const stayed = post();
    stayed.catch(() => undefined);
    await expect.poll(() => receiver.received.length).toBe(2);
    await receiver.stop();
    await expect(stayed).rejects.toThrow();
  });

  test('notes a body that did not come to its end', async () => {
    const leaving = new AbortController();
    const left = post({ headers: { 'content-length': 100_000 }, signal: leaving.signal });
    left.catch(() => undefined);
    setTimeout(() => leaving.abort(), 300);
    await expect(left).rejects.toThrow();
    await expect.poll(() => receiver.rejected[0]?.why).toContain('went away');
  });
});

describe('a metrics request', () => {
  /** The sample with one thing changed, by a path of keys. */
  function changed(path: readonly (string | number)[], value: unknown): Buffer {
    const request: unknown = JSON.parse(body);
    let at = request as Record<string | number, unknown>;
    for (const key of path.slice(0, -1)) at = at[key] as Record<string | number, unknown>;
    at[path.at(-1) ?? ''] = value;
    return Buffer.from(JSON.stringify(request));
  }
  const resource = ['resourceMetrics', 0, 'resource'];
  const metrics = ['resourceMetrics', 0, 'scopeMetrics', 0, 'metrics'];
  const sum = [...metrics, 0, 'sum'];
  const point = [...sum, 'dataPoints', 0];

  test.each<[string, (string | number)[], unknown]>([
    ['a member that is not of the protocol', ['user'], 'x'],
    ['a name with underscores', [...point, 'as_int'], '1'],
    ['no resource', ['resourceMetrics', 0, 'resource'], undefined],
    ['no service.name', [...resource, 'attributes', 0, 'key'], 'service'],
    ['a key twice', [...resource, 'attributes', 1, 'key'], 'service.name'],
    ['two values', [...resource, 'attributes', 1, 'value', 'boolValue'], true],
    ['a number for a text', [...resource, 'attributes', 1, 'value', 'stringValue'], 1],
    ['no scope', ['resourceMetrics', 0, 'scopeMetrics', 0, 'scope'], undefined],
    ['a scope without a name', ['resourceMetrics', 0, 'scopeMetrics', 0, 'scope', 'name'], ''],
    ['a scope that says more', ['resourceMetrics', 0, 'scopeMetrics', 0, 'scope', 'attributes'], []],
    ['a metric twice', [...metrics, 0, 'name'], 'cloudopt.prompt.opened'],
    ['a name with a space', [...metrics, 0, 'name'], 'a b'],
    ['another kind of metric', [...metrics, 0, 'gauge'], { dataPoints: [] }],
    ['a name for an enum', [...sum, 'aggregationTemporality'], 'AGGREGATION_TEMPORALITY_DELTA'],
    ['an enum that is not specified', [...sum, 'aggregationTemporality'], 0],
    ['no word on monotony', [...sum, 'isMonotonic'], undefined],
    ['no points', [...sum, 'dataPoints'], []],
    ['a number for a 64-bit number', [...point, 'asInt'], 3],
    ['more than 64 bits', [...point, 'asInt'], '9223372036854775808'],
    ['a padded number', [...point, 'asInt'], '03'],
    ['less than nothing', [...point, 'asInt'], '-1'],
    ['two numbers', [...point, 'asDouble'], 3],
    ['a number for a time', [...point, 'timeUnixNano'], 1769817600000000000],
    ['a time before its start', [...point, 'timeUnixNano'], '1'],
  ])('is none with %s', (_, path, value) => {
    expect(readMetrics(Buffer.from(body)).kind).toBe('valid');
    expect(readMetrics(changed(path, value)).kind).toBe('invalid');
  });

  test('may have what the protocol leaves open', () => {
    expect(readMetrics(changed([...metrics, 0, 'description'], 'x')).kind).toBe('valid');
    expect(readMetrics(changed([...sum, 'aggregationTemporality'], 2)).kind).toBe('valid');
    expect(readMetrics(changed([...point, 'attributes'], [])).kind).toBe('valid');
  });
});

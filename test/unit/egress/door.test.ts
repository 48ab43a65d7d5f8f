import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { REPORT_CHARS_MAX } from '../../../utils/catalogue/record';
import type { Parcel } from '../../../utils/egress/door';
import type { Post } from '../../../utils/egress/post';
import type { Lease } from '../../../utils/leases/lease';
import { DAY_MS, HOUR_MS } from '../../../utils/platform/clock';
import { START_MS, TestClock } from '../store';
import { Locks } from './locks';

vi.stubGlobal('__ENDPOINTS__', {
  'statistics-endpoint': { url: 'https://statistics.example/v1/metrics', auth: null, place: 'here' },
  'crash-endpoint': { url: 'https://crashes.example/api/7/envelope/', auth: 'Sentry sentry_key=a', place: 'here' },
});
vi.resetModules();
const { Door, QUIET_WAIT_MS, SENDS_PER_HOUR } = await import('../../../utils/egress/door');

const parcel: Parcel = { text: '{"a":"ä"}', type: 'application/json' };
const leases = (capability: string, signal: AbortSignal = new AbortController().signal) =>
  ({ capability, scope: '*', grantId: 'g', epoch: 1, signal }) as unknown as Lease;
const lease = (signal?: AbortSignal) => leases('usage-statistics', signal);

function doorOf(passes: () => Promise<boolean>, post: Post = async () => ({ status: 200, retryAfter: null })) {
  const clock = new TestClock();
  const locks = new Locks() as unknown as Pick<LockManager, 'request'>;
  const unused = () => Promise.reject(new Error('a report reaches nothing else'));
  const ports = { carry: unused, syncArea: { get: unused, set: unused, remove: unused } };
  return Object.assign(new Door({ locks, passes, clock, post, firefox: true, ...ports }), { clock });
}
const yes = async () => true;
const answering = (status: number, retryAfter: string | null = null) =>
  vi.fn<Post>(async () => ({ status, retryAfter }));

describe('the way out', () => {
  test('leads to the endpoint of the lease’s own capability alone, with exactly the text', async () => {
    const post = answering(200);
    expect(await doorOf(yes, post).send(lease(), parcel)).toEqual({ kind: 'sent' });
    const type = 'application/x-sentry-envelope';
    expect(await doorOf(yes, post).send(leases('crash-reports'), { ...parcel, type })).toEqual({ kind: 'sent' });
    expect(post.mock.calls.map(([url, text, { headers, mode }]) => ({ url, text, headers, mode }))).toEqual([
      {
        url: 'https://statistics.example/v1/metrics',
        text: parcel.text,
        headers: { 'content-type': 'application/json' },
        mode: 'same-origin',
      },
      {
        url: 'https://crashes.example/api/7/envelope/',
        text: parcel.text,
        headers: { 'content-type': type, 'x-sentry-auth': 'Sentry sentry_key=a' },
        mode: 'same-origin',
      },
    ]);
  });

  test('is shut for what has no endpoint, and for what is too long', async () => {
    const post = answering(200);
    expect(await doorOf(yes, post).send(leases('site-insight'), parcel)).toEqual({
      kind: 'refused',
      why: 'no-destination',
    });
    const text = 'a'.repeat(REPORT_CHARS_MAX + 1);
    expect(await doorOf(yes, post).send(lease(), { ...parcel, text })).toEqual({ kind: 'refused', why: 'too-long' });
    expect(post).not.toHaveBeenCalled();
  });

  test('asks the fence, and a lease that ended before, first', async () => {
    const post = answering(200);
    const refused = { kind: 'refused', why: 'stale-lease' };
    expect(await doorOf(async () => false, post).send(lease(), parcel)).toEqual(refused);
    const passes = vi.fn(yes);
    expect(await doorOf(passes, post).send(lease(AbortSignal.abort()), parcel)).toEqual(refused);
    expect(passes).not.toHaveBeenCalled();
    expect(post).not.toHaveBeenCalled();
  });

  test('begins nothing where the lease ended while the fence was read', async () => {
    const post = answering(200);
    const halt = new AbortController();
    const passes = async () => {
      halt.abort();
      return true;
    };
    expect(await doorOf(passes, post).send(lease(halt.signal), parcel)).toEqual({
      kind: 'refused',
      why: 'stale-lease',
    });
    expect(post).not.toHaveBeenCalled();
  });

  test('tells what may be tried again from what may not, and how long the receiver asks to wait', async () => {
    const kindOf = async (status: number, retryAfter: string | null = null) => {
      const door = doorOf(yes, answering(status, retryAfter));
      return door.send(lease(), parcel);
    };
    expect(await kindOf(204)).toEqual({ kind: 'sent' });
    for (const status of [408, 429, 500, 503]) expect(await kindOf(status)).toEqual({ kind: 'failed', afterMs: null });
    for (const status of [400, 401, 404, 413]) expect(await kindOf(status)).toEqual({ kind: 'rejected', status });
    expect(await kindOf(429, '120')).toEqual({ kind: 'failed', afterMs: 120_000 });
    expect(await kindOf(429, new Date(START_MS + 60_000).toUTCString())).toEqual({ kind: 'failed', afterMs: 60_000 });
    expect(await kindOf(429, 'soon')).toEqual({ kind: 'failed', afterMs: null });
    expect(await kindOf(429, '999999999')).toEqual({ kind: 'failed', afterMs: DAY_MS });
    const lost = doorOf(yes, async () => Promise.reject(new TypeError('NetworkError')));
    expect(await lost.send(lease(), parcel)).toEqual({ kind: 'failed', afterMs: null });
  });

  test('lets no lease out more often than it may within an hour', async () => {
    const post = answering(200);
    const door = doorOf(yes, post);
    const one = lease();
    for (let n = 0; n < SENDS_PER_HOUR; n += 1) await door.send(one, parcel);
    expect(await door.send(one, parcel)).toEqual({ kind: 'refused', why: 'too-often' });
    expect(post).toHaveBeenCalledTimes(SENDS_PER_HOUR);
    door.clock.at += HOUR_MS;
    expect(await door.send(one, parcel)).toEqual({ kind: 'sent' });
  });
});

describe('a revocation', () => {
  let timeout: AbortController;
  beforeEach(() => {
    timeout = new AbortController();
    vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => timeout.signal);
  });
  afterEach(() => vi.restoreAllMocks());

  test('waits for what is in flight', async () => {
    let pass: (yes: boolean) => void = () => undefined;
    const door = doorOf(
      () =>
        new Promise((resolve) => {
          pass = resolve;
        }),
    );
    const sending = door.send(lease(), parcel);
    let quiet: unknown;
    const waiting = door.quiet('usage-statistics').then((how) => {
      quiet = how;
    });
    await Promise.resolve();
    expect(quiet).toBeUndefined();
    pass(true);
    await sending;
    await waiting;
    expect(quiet).toEqual({ kind: 'quiet' });
    expect(AbortSignal.timeout).toHaveBeenCalledWith(QUIET_WAIT_MS);
    expect(QUIET_WAIT_MS).toBe(2000);
  });

  test('aborts what is under way', async () => {
    vi.restoreAllMocks();
    const halt = new AbortController();
    const door = doorOf(
      yes,
      (_url, _text, { signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
          halt.abort();
        }),
    );
    expect(await door.send(lease(halt.signal), parcel)).toEqual({ kind: 'halted' });
    expect(await door.quiet('usage-statistics')).toEqual({ kind: 'quiet' });
  });

  test('takes the lock away from a send that does not stop, and says so', async () => {
    const door = doorOf(() => new Promise(() => undefined));
    const sending = door.send(lease(), parcel);
    const waiting = door.quiet('usage-statistics');
    timeout.abort(new DOMException('late', 'TimeoutError'));
    expect(await waiting).toEqual({ kind: 'stolen' });
    expect(await sending).toEqual({ kind: 'halted' });
  });
});

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Came, Carry, Outgoing } from '../../../utils/egress/carry';
import { Door, ERASURE, REACH_BYTES_MAX, REACHES_PER_HOUR } from '../../../utils/egress/door';
import type { Erasure, WireRequest } from '../../../utils/egress/wire';
import type { Lease } from '../../../utils/leases/lease';
import { HOUR_MS } from '../../../utils/platform/clock';
import { browserErasure } from '../../../utils/sync/providers/browser';
import { START_MS, TestClock } from '../store';
import { FakeSyncArea } from '../sync/fake-sync-area';
import { Locks } from './locks';

const SERVER = 'https://dav.example/*';
const get: WireRequest = {
  method: 'GET',
  url: 'https://dav.example/a',
  headers: { authorization: 'Basic x' },
  body: null,
  bytesMax: 100,
};
const came = (more: Partial<Came> = {}): Came => ({
  status: 200,
  headers: new Headers({ etag: '"e"' }),
  redirected: false,
  text: 'text',
  ...more,
});

let carry: ReturnType<typeof vi.fn<Carry>>;
let area: FakeSyncArea;
let clock: TestClock;
let passes: () => Promise<boolean>;
beforeEach(() => {
  carry = vi.fn<Carry>(async () => came());
  area = new FakeSyncArea();
  clock = new TestClock();
  passes = async () => true;
});

const door = (firefox = true) =>
  new Door({
    locks: new Locks() as unknown as Pick<LockManager, 'request'>,
    passes: () => passes(),
    clock,
    post: () => Promise.reject(new Error('unused')),
    carry,
    syncArea: area,
    firefox,
  });
const lease = (scope: string, signal = new AbortController().signal, capability = 'cloud-sync') =>
  ({ capability, scope, grantId: 'g', epoch: 1, signal }) as unknown as Lease;
const nothingLeft = () => {
  expect(carry).not.toHaveBeenCalled();
  expect(area.writes).toEqual([]);
};
const refused = { kind: 'refused', why: 'no-destination' };

describe('a lease for a server', () => {
  test('reaches its own host over HTTPS, as it was asked, and hears what came', async () => {
    carry.mockResolvedValueOnce(
      came({
        status: 207,
        headers: new Headers({
          etag: 'W/"e"',
          'content-type': 'text/xml',
          dav: '1, 2',
          date: new Date(START_MS).toUTCString(),
          'retry-after': '7',
        }),
      }),
    );
    const request: WireRequest = { ...get, method: 'PROPFIND', url: 'https://dav.example:8443/a?b', body: 'x' };
    expect(await door().reach(lease(SERVER)).exchange(request)).toEqual({
      kind: 'answer',
      status: 207,
      headers: { etag: 'W/"e"', contentType: 'text/xml', dav: '1, 2', dateMs: START_MS, afterMs: 7000 },
      text: 'text',
    });
    const [{ signal: _, ...sent }] = carry.mock.calls[0] as [Outgoing];
    expect(sent).toEqual({ ...request, mode: 'same-origin', redirect: 'manual' });
    await door(false).reach(lease(SERVER)).exchange(get);
    expect(carry.mock.calls[1]?.[0].mode).toBe('cors');
  });

  test.each([
    'http://dav.example/a',
    'https://evil.example/a',
    'https://sub.dav.example/a',
    'https://dav.example.evil.example/a',
    'https://user:pass@dav.example/a',
    'https://user@dav.example/a',
    'wss://dav.example/a',
    'blob:https://dav.example/a',
    'dav.example/a',
    '/a',
    '',
  ])('is refused %j', async (url) => {
    expect(
      await door()
        .reach(lease(SERVER))
        .exchange({ ...get, url }),
    ).toEqual(refused);
    nothingLeft();
  });

  test.each(['http://dav.example/*', '*://dav.example/*', 'https://*.dav.example/*', 'https://dav.example/a', 'x', ''])(
    'of scope %j reaches nothing',
    async (scope) => {
      expect(await door().reach(lease(scope)).exchange(get)).toEqual(refused);
      nothingLeft();
    },
  );

  test('never touches the browser’s own sync', async () => {
    const reach = door().reach(lease(SERVER)).area;
    const reading = vi.spyOn(area, 'get');
    expect(await reach.get(null)).toEqual({ kind: 'refused' });
    expect(await reach.get(['a'])).toEqual({ kind: 'refused' });
    expect(await reach.set({ a: 1 })).toEqual({ kind: 'refused' });
    expect(await reach.remove(['a'])).toEqual({ kind: 'refused' });
    expect(reading).not.toHaveBeenCalled();
    nothingLeft();
  });

  test('carries and reads no more than there may be', async () => {
    const { exchange } = door().reach(lease(SERVER));
    const body = 'x'.repeat(REACH_BYTES_MAX + 1);
    expect(await exchange({ ...get, method: 'PUT', body })).toEqual({ kind: 'refused', why: 'too-long' });
    nothingLeft();
    await exchange({ ...get, bytesMax: Number.POSITIVE_INFINITY });
    expect(carry.mock.calls[0]?.[0].bytesMax).toBe(REACH_BYTES_MAX);
    carry.mockResolvedValueOnce(came({ text: null }));
    expect(await exchange(get)).toEqual({ kind: 'too-large' });
  });

  test('hears of a redirect, and of no answer', async () => {
    const { exchange } = door().reach(lease(SERVER));
    carry.mockResolvedValueOnce(came({ redirected: true, status: 302 }));
    expect(await exchange(get)).toEqual({ kind: 'redirected' });
    carry.mockRejectedValueOnce(new TypeError('NetworkError'));
    expect(await exchange(get)).toEqual({ kind: 'no-answer' });
  });

  test('is asked for by no capability but synchronization', () => {
    expect(() => door().reach(lease(SERVER, undefined, 'usage-statistics'))).toThrow('reaches nothing');
  });

  test('goes no more often than it may within an hour', async () => {
    const { exchange } = door().reach(lease(SERVER));
    for (let n = 0; n < REACHES_PER_HOUR; n += 1) await exchange(get);
    expect(await exchange(get)).toEqual({ kind: 'refused', why: 'too-often' });
    expect(carry).toHaveBeenCalledTimes(REACHES_PER_HOUR);
    clock.at += HOUR_MS;
    expect(await exchange(get)).toMatchObject({ kind: 'answer' });
  });
});

describe('a lease for the browser’s own sync', () => {
  test('reaches it, and no address', async () => {
    const { exchange, area: own } = door().reach(lease('*'));
    expect(await own.set({ a: 1, b: 2 })).toEqual({ kind: 'stored' });
    expect(await own.get(['a'])).toEqual({ kind: 'fetched', items: { a: 1 } });
    expect(await own.remove(['a'])).toEqual({ kind: 'stored' });
    expect(await own.get(null)).toEqual({ kind: 'fetched', items: { b: 2 } });
    expect(await exchange(get)).toEqual(refused);
    expect(carry).not.toHaveBeenCalled();
  });

  test('hears of its quotas, and of failures', async () => {
    const { area: own } = door().reach(lease('*'));
    expect(await own.set({ a: 'x'.repeat(8200) })).toEqual({ kind: 'full' });
    const words = 'QuotaExceededError: storage.sync API call exceeded its quota limitations.';
    vi.spyOn(area, 'set').mockRejectedValueOnce(new Error(words));
    expect(await own.set({ a: 1 })).toEqual({ kind: 'full' });
    for (let n = 0; n < 120; n += 1) area.writes.push({ atMs: area.nowMs, keys: [] });
    expect(await own.set({ a: 1 })).toEqual({ kind: 'too-often' });
    expect(await own.remove(['a'])).toEqual({ kind: 'too-often' });
    vi.spyOn(area, 'get').mockRejectedValueOnce(new Error('gone'));
    expect(await own.get(null)).toEqual({ kind: 'failed', why: 'gone' });
  });
});

describe('nothing begins', () => {
  const all = async (reach: ReturnType<Door['reach']>) => [
    await reach.exchange(get),
    await reach.area.get(null),
    await reach.area.set({ a: 1 }),
    await reach.area.remove(['a']),
  ];
  const both = (signal?: AbortSignal) => [lease(SERVER, signal), lease('*', signal)];

  test.each([
    ['after the lease ended', AbortSignal.abort(), async () => true],
    ['where the fence says no', new AbortController().signal, async () => false],
  ])('%s', async (_, signal, fence) => {
    passes = fence;
    const reading = vi.spyOn(area, 'get');
    for (const one of both(signal)) {
      const said = await all(door().reach(one));
      const kinds = said.map((answer) => ('why' in answer && answer.why === 'stale-lease' ? 'halted' : answer.kind));
      expect(kinds.every((kind) => kind === 'halted' || kind === 'refused')).toBe(true);
      expect(kinds).toContain('halted');
    }
    expect(reading).not.toHaveBeenCalled();
    nothingLeft();
  });

  test('where the lease ended while the fence was read', async () => {
    const reading = vi.spyOn(area, 'get');
    for (const scope of [SERVER, '*']) {
      const halt = new AbortController();
      passes = async () => {
        halt.abort();
        return true;
      };
      await all(door().reach(lease(scope, halt.signal)));
    }
    expect(reading).not.toHaveBeenCalled();
    nothingLeft();
  });
});

describe('a revocation', () => {
  let timeout: AbortController;
  beforeEach(() => {
    timeout = new AbortController();
    vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => timeout.signal);
  });
  afterEach(() => vi.restoreAllMocks());

  test('aborts what is under way, and waits for it', async () => {
    const halt = new AbortController();
    let begun: () => void = () => undefined;
    const underWay = new Promise<void>((resolve) => {
      begun = resolve;
    });
    let over = false;
    carry.mockImplementation(
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            over = true;
            reject(signal.reason);
          });
          begun();
        }),
    );
    const it = door();
    const sending = it.reach(lease(SERVER, halt.signal)).exchange(get);
    await underWay;
    halt.abort();
    expect(await it.quiet('cloud-sync')).toEqual({ kind: 'quiet' });
    expect(over).toBe(true);
    expect(await sending).toEqual({ kind: 'halted' });
  });

  test('waits for a handing over to the browser', async () => {
    let done: () => void = () => undefined;
    vi.spyOn(area, 'set').mockImplementation(
      () =>
        new Promise((resolve) => {
          done = resolve;
        }),
    );
    const it = door();
    const writing = it.reach(lease('*')).area.set({ a: 1 });
    let quiet = false;
    const waiting = it.quiet('cloud-sync').then(() => {
      quiet = true;
    });
    await vi.waitFor(() => expect(area.set).toHaveBeenCalled());
    expect(quiet).toBe(false);
    done();
    await waiting;
    expect(await writing).toEqual({ kind: 'stored' });
  });

  test('takes the lock from what does not stop', async () => {
    carry.mockImplementation(() => new Promise(() => undefined));
    vi.spyOn(area, 'set').mockImplementation(() => new Promise(() => undefined));
    const it = door();
    const sending = it.reach(lease(SERVER)).exchange(get);
    const writing = it.reach(lease('*')).area.set({ a: 1 });
    const waiting = it.quiet('cloud-sync');
    await vi.waitFor(() => expect(carry).toHaveBeenCalled());
    timeout.abort(new DOMException('late', 'TimeoutError'));
    expect(await waiting).toEqual({ kind: 'stolen' });
    expect(await sending).toEqual({ kind: 'halted' });
    expect(await writing).toEqual({ kind: 'halted' });
  });
});

describe('an erasure', () => {
  const url = 'https://dav.example/Cloudopt/settings.jwe';
  const server: Erasure = { kind: 'server', urls: [url, 'http://dav.example/plain'] };
  const own: Erasure = { kind: 'area', ...browserErasure };
  const under = (pending = async () => true, signal = new AbortController().signal) => ({ signal, pending });

  test('deletes what it names on a server and looks, without a live grant', async () => {
    passes = async () => false;
    const { exchange } = door().erase(server, under());
    expect(await exchange({ ...get, method: 'DELETE', url })).toMatchObject({ kind: 'answer' });
    expect(await exchange({ ...get, url })).toMatchObject({ kind: 'answer' });
    expect(carry.mock.calls.map(([{ method, mode }]) => ({ method, mode }))).toEqual([
      { method: 'DELETE', mode: 'same-origin' },
      { method: 'GET', mode: 'same-origin' },
    ]);
  });

  test.each<[string, Partial<WireRequest>]>([
    ['another file', { url: 'https://dav.example/Cloudopt/other' }],
    ['the folder', { url: 'https://dav.example/Cloudopt/', method: 'DELETE' }],
    ['the file with a query', { url: `${url}?x` }],
    ['without encryption', { url: 'http://dav.example/plain' }],
    ['a PUT', { method: 'PUT' }],
    ['a PROPFIND', { method: 'PROPFIND' }],
    ['a MKCOL', { method: 'MKCOL' }],
    ['an OPTIONS', { method: 'OPTIONS' }],
    ['a body', { method: 'DELETE', body: 'x' }],
  ])('is refused %s', async (_, changed) => {
    expect(
      await door()
        .erase(server, under())
        .exchange({ ...get, url, ...changed }),
    ).toEqual(refused);
    nothingLeft();
  });

  test('of a server touches nothing of the browser’s own sync, and the other way round', async () => {
    const { area: shut } = door().erase(server, under());
    expect(await shut.get(browserErasure.keys)).toEqual({ kind: 'refused' });
    expect(await shut.set(browserErasure.left)).toEqual({ kind: 'refused' });
    expect(await shut.remove(browserErasure.keys)).toEqual({ kind: 'refused' });
    expect(
      await door()
        .erase(own, under())
        .exchange({ ...get, url, method: 'DELETE' }),
    ).toEqual(refused);
    nothingLeft();
  });

  test('of the browser’s own sync takes its keys away and leaves its marker, and can do no more', async () => {
    area.items = { 'cloudopt/settings': 1, 'cloudopt/settings/0': 'x', other: 1 };
    const { area: erasing } = door().erase(own, under());
    expect(await erasing.remove(['cloudopt/settings/0'])).toEqual({ kind: 'stored' });
    expect(await erasing.set(browserErasure.left)).toEqual({ kind: 'stored' });
    expect(await erasing.get(['cloudopt/settings'])).toMatchObject({ kind: 'fetched' });
    expect(area.items).toEqual({ ...browserErasure.left, other: 1 });
    for (const items of [{ 'cloudopt/settings': { closed: false } }, { 'cloudopt/settings/0': 'x' }, { other: 1 }]) {
      expect(await erasing.set(items)).toEqual({ kind: 'refused' });
    }
    expect(await erasing.remove(['other'])).toEqual({ kind: 'refused' });
    expect(await erasing.get(['other'])).toEqual({ kind: 'refused' });
    expect(await erasing.get(null)).toEqual({ kind: 'refused' });
  });

  test('can do nothing once it is done or dropped', async () => {
    const request = { ...get, url, method: 'DELETE' } as const;
    const stale = { kind: 'refused', why: 'stale-lease' };
    expect(
      await door()
        .erase(
          server,
          under(async () => false),
        )
        .exchange(request),
    ).toEqual(stale);
    expect(await door().erase(server, under(undefined, AbortSignal.abort())).exchange(request)).toEqual(stale);
    const halted = { kind: 'halted' };
    expect(
      await door()
        .erase(
          own,
          under(async () => false),
        )
        .area.set(browserErasure.left),
    ).toEqual(halted);
    nothingLeft();
  });

  test('is neither waited for nor stopped by another revocation, and can be waited for itself', async () => {
    let answer: (came: Came) => void = () => undefined;
    carry.mockImplementation(
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    const locks = { request: vi.fn(async (_: string, __: unknown, task: (lock: null) => unknown) => task(null)) };
    const it = new Door({
      locks: locks as unknown as Pick<LockManager, 'request'>,
      passes: async () => false,
      clock,
      post: () => Promise.reject(new Error('unused')),
      carry,
      syncArea: area,
      firefox: true,
    });
    const deleting = it.erase(server, under()).exchange({ ...get, url, method: 'DELETE' });
    await it.quiet('cloud-sync');
    await it.quiet(ERASURE);
    expect(locks.request.mock.calls.map(([name]) => name)).toEqual([
      'egress:erasure',
      'egress:cloud-sync',
      'egress:erasure',
    ]);
    answer(came());
    await deleting;
  });
});

/** Answers of a hostile server, from the bytes on the wire to what a place of synchronization is said to hold. */

import { createServer, type Server, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { carry, type Outgoing } from '../../utils/egress/carry';
import { Door } from '../../utils/egress/door';
import { areaOf, type RawSyncArea } from '../../utils/egress/sync-area';
import type { WireAnswer } from '../../utils/egress/wire';
import type { Lease } from '../../utils/leases/lease';
import { DAY_MS } from '../../utils/platform/clock';
import { browserErasure, browserProvider } from '../../utils/sync/providers/browser';
import { type Got, type Provider, troubleWhys } from '../../utils/sync/providers/provider';
import { webdavProvider } from '../../utils/sync/providers/webdav';
import { Locks } from '../unit/egress/locks';
import { TestClock } from '../unit/store';
import { FakeSyncArea } from '../unit/sync/fake-sync-area';
import { type Answer, answers } from './hostile-server';
import { hostile, strange } from './mutations';
import { runs, TIMEOUT_MS } from './runs';

const BYTES_MAX = 2000;
const CHUNK = 500;
const PATIENCE_MS = 50;
/** Answers of one run, each to a request of its own. */
const AT_ONCE = 10;

const outgoing = (more: Partial<Outgoing> = {}): Outgoing => ({
  method: 'GET',
  url: 'https://dav.example/a',
  headers: {},
  body: null,
  signal: new AbortController().signal,
  mode: 'cors',
  redirect: 'manual',
  bytesMax: BYTES_MAX,
  ...more,
});

describe('the body of an answer', () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: CHUNK }), { maxLength: 12 });
  /** How a body goes on after its pieces. */
  const endings = fc.constantFrom('end', 'break', 'never-end', 'endless');

  test(
    'is read up to what was asked for and given up there, whatever it is and however it goes on',
    async () => {
      const fetching = vi.spyOn(globalThis, 'fetch');
      await fc.assert(
        fc.asyncProperty(pieces, endings, fc.constantFrom(0, 1, 700, BYTES_MAX), async (parts, ending, bytesMax) => {
          const halt = new AbortController();
          let given = 0;
          let given_up = false;
          const left = [...parts];
          const body = new ReadableStream<Uint8Array>(
            {
              pull: async (stream) => {
                const next = left.shift() ?? (ending === 'endless' ? new Uint8Array(CHUNK) : undefined);
                if (next) {
                  given += next.byteLength;
                  stream.enqueue(next);
                } else if (ending === 'end') stream.close();
                else if (ending === 'break') stream.error(new TypeError('broke off'));
                else {
                  // What the door's own timeout does to a body that says no more.
                  halt.abort();
                  stream.error(halt.signal.reason);
                }
              },
              cancel: () => {
                given_up = true;
              },
            },
            { highWaterMark: 0 },
          );
          const response = { status: 200, headers: new Headers(), type: 'default', body };
          fetching.mockResolvedValueOnce(response as unknown as Response);
          const whole = Buffer.concat(parts);
          const came = await carry(outgoing({ bytesMax, signal: halt.signal })).catch((error: unknown) => error);
          expect(given).toBeLessThanOrEqual(bytesMax + CHUNK);
          if (bytesMax === 0) expect([came, given_up]).toMatchObject([{ text: '' }, true]);
          else if (whole.length > bytesMax || ending === 'endless') {
            expect([came, given_up]).toMatchObject([{ text: null }, true]);
          } else if (ending === 'end') {
            expect(came).toMatchObject({ text: new TextDecoder('utf-8', { ignoreBOM: true }).decode(whole) });
          } else expect(came).toBeInstanceOf(ending === 'break' ? TypeError : DOMException);
        }),
        runs(300),
      );
      fetching.mockRestore();
    },
    TIMEOUT_MS,
  );
});

describe('bytes on the wire', () => {
  let server: Server;
  let url = '';
  let answer: (socket: Socket, index: number) => void = () => undefined;
  const sockets = new Set<Socket>();
  beforeAll(async () => {
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      // A client that goes away while it is written to is what is wanted here.
      socket.on('error', () => socket.destroy());
      socket.once('data', (asked) => answer(socket, Number(/^GET \/(\d)/.exec(asked.toString('latin1'))?.[1])));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as { port: number }).port}/`;
  });
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  const heads = fc.oneof(
    fc.constantFrom('HTTP/1.1 200 OK', 'HTTP/1.1 207 Multi-Status', 'HTTP/1.1 404 Not Found', 'HTTP/1.0 200 OK'),
    fc.constantFrom('HTTP/1.1 302 Found\r\nLocation: /elsewhere', 'HTTP/1.1 204 No Content', 'HTTP/1.1 304 x'),
    fc.constantFrom('HTTP/1.1 99999 x', 'HTTP/9.9 200 OK', 'SSH-2.0-x', '', 'HTTP/1.1 100 Continue', 'HTTP/1.1 200'),
  );
  const headers = fc.array(
    fc.oneof(
      fc.constantFrom('Content-Length: 0', 'Content-Length: 5', 'Content-Length: 99999999999', 'Content-Length: -1'),
      fc.constantFrom('Content-Length: x', 'Content-Length: 5\r\nContent-Length: 7', 'Transfer-Encoding: chunked'),
      fc.constantFrom('Content-Encoding: gzip', 'Content-Encoding: br', 'Content-Encoding: deflate, gzip'),
      fc.constantFrom('ETag: "1"', 'Date: never', 'Retry-After: 1e9', 'Content-Type: text/html; charset=utf-7'),
      fc.constantFrom(`X: ${'x'.repeat(20_000)}`, 'no header', ': empty', 'Set-Cookie: a=b', 'Connection: close'),
    ),
    { maxLength: 4 },
  );
  const chunks = fc.constantFrom(
    '5\r\nhello\r\n0\r\n\r\n',
    'ffffffffffff\r\nhello',
    '-1\r\n',
    'zz\r\nhello\r\n',
    '5\r\nhel',
  );
  const bodies = fc.oneof(
    fc.uint8Array({ maxLength: 3000 }),
    chunks.map((text) => Buffer.from(text)),
  );
  const endings = fc.constantFrom('end', 'reset', 'hang', 'endless');

  const drawn = fc.tuple(heads, headers, bodies, endings);

  test(
    'are an answer of bounded length or none, and leave nothing open',
    async () => {
      const several = fc.array(drawn, { minLength: AT_ONCE, maxLength: AT_ONCE });
      await fc.assert(
        fc.asyncProperty(several, async (list) => {
          const halts = list.map(() => new AbortController());
          answer = (socket, index) => {
            const [head, more, body, ending] = list[index] ?? (list[0] as (typeof list)[0]);
            const halt = halts[index];
            socket.write(`${[head, ...more].join('\r\n')}\r\n\r\n`);
            socket.write(body);
            if (ending === 'end') socket.end();
            else if (ending === 'reset') socket.resetAndDestroy();
            // Nothing more comes: what the door's timeout does then.
            else if (ending === 'hang') setImmediate(() => halt?.abort());
            else {
              const on = () => {
                if (socket.destroyed) return;
                if (socket.bytesWritten > 4_000_000) halt?.abort();
                else socket.write(Buffer.alloc(50_000), on);
              };
              on();
            }
          };
          const coming = halts.map((halt, index) => {
            // The door's timeout, shorter: some answers keep a client waiting for ever.
            const signal = AbortSignal.any([halt.signal, AbortSignal.timeout(PATIENCE_MS)]);
            const asked = outgoing({ url: `${url}${index}`, signal, headers: { connection: 'close' } });
            return carry(asked).catch((error: unknown) => error);
          });
          for (const came of await Promise.all(coming)) {
            if (came instanceof Error) expect(['TypeError', 'AbortError', 'TimeoutError']).toContain(came.name);
            else {
              const { status, text } = came as Awaited<ReturnType<typeof carry>>;
              expect(status).toBeGreaterThanOrEqual(200);
              if (text !== null) expect(text.length).toBeLessThanOrEqual(BYTES_MAX);
            }
          }
          for (const socket of sockets) socket.destroy();
        }),
        runs(20, AT_ONCE),
      );
    },
    TIMEOUT_MS,
  );
});

const KEYS = JSON.stringify({ protected: 'e30', recipients: [{ header: { p2c: 210_000 } }], ciphertext: 'aaaa' });
const SETTINGS = `eyJhbGciOiJkaXIifQ..aXY.${'c2V0dGluZ3M'.repeat(40)}.dGFn`;

const URL_GIVEN = 'https://dav.example/files/';
const FOLDER = `${URL_GIVEN}Cloudopt/`;
const lease = (scope: string) =>
  ({
    capability: 'cloud-sync',
    scope,
    grantId: 'g',
    epoch: 1,
    signal: new AbortController().signal,
  }) as unknown as Lease;

type Found = Extract<Got, { kind: 'found' }>;
type Op = (place: Provider) => Promise<{ kind: string }>;
const operations: fc.Arbitrary<Op> = fc.oneof(
  fc.constant<Op>((place) => place.probe()),
  fc.constantFrom('keys', 'settings').map(
    (name): Op =>
      (place) =>
        place.get(name),
  ),
  fc.tuple(fc.constantFrom('keys', 'settings'), fc.constantFrom('', KEYS, SETTINGS), fc.constantFrom(null, '"1"')).map(
    ([name, text, tag]): Op =>
      (place) =>
        place.put(name, text, tag),
  ),
  fc.constantFrom('keys', 'settings').map(
    (name): Op =>
      (place) =>
        place.delete(name),
  ),
  fc.constantFrom('keys', 'settings').map(
    (name): Op =>
      (place) =>
        place.keepDamaged(name, SETTINGS),
  ),
);
const kinds = ['found', 'missing', 'closed', 'torn', 'put', 'changed', 'deleted', 'works', 'trouble'];

/** What every answer of a place must be. */
function isSaid(said: { kind: string; why?: unknown; afterMs?: unknown; tag?: unknown; dateMs?: unknown }): void {
  expect(kinds).toContain(said.kind);
  if (said.kind === 'trouble') {
    expect(troubleWhys).toContain(said.why);
    if (said.afterMs !== null) expect(said.afterMs).toSatisfy((ms: number) => ms >= 0 && ms <= DAY_MS);
  }
  if (typeof said.tag === 'string') expect(said.tag).toMatch(/^"[\x21-\x7e]{1,200}"$/);
  if (typeof said.dateMs === 'number') expect(Number.isSafeInteger(said.dateMs)).toBe(true);
}

/** Answers that one operation may need: a probe asks eleven times. */
const ANSWERS_A_RUN = 11;

function doorTo(heard: Outgoing[], next: () => Answer, area: RawSyncArea) {
  return new Door({
    endpoint: () => null,
    locks: new Locks() as unknown as Pick<LockManager, 'request'>,
    passes: async () => true,
    clock: new TestClock(),
    post: () => Promise.reject(new Error('a place is sent no report')),
    carry: async (out) => {
      heard.push(out);
      const came = next();
      if (came === undefined || came instanceof Error) throw came ?? new TypeError('no more answers');
      return came;
    },
    syncArea: area,
    firefox: true,
  });
}

describe('a WebDAV server', () => {
  test(
    'that answers anything is heard by name, and is asked for nothing beyond its folder, so and so often',
    async () => {
      const drawn = fc.array(answers([KEYS, SETTINGS]), { minLength: ANSWERS_A_RUN, maxLength: ANSWERS_A_RUN });
      await fc.assert(
        fc.asyncProperty(operations, drawn, async (ask, list) => {
          const heard: Outgoing[] = [];
          const left = [...list];
          const { exchange } = doorTo(heard, () => left.shift(), new FakeSyncArea()).reach(
            lease('https://dav.example/*'),
          );
          const said: WireAnswer[] = [];
          const place = webdavProvider({
            url: URL_GIVEN,
            user: 'ada',
            password: 'pä55',
            freshName: () => 'fresh',
            exchange: async (request) => {
              const answer = await exchange(request);
              said.push(answer);
              return answer;
            },
          });
          isSaid(await ask(place));
          expect(heard.length).toBeLessThanOrEqual(24);
          for (const { url, redirect, bytesMax } of heard) {
            expect(url === URL_GIVEN || url.startsWith(FOLDER)).toBe(true);
            expect(redirect).toBe('manual');
            expect(bytesMax).toBeLessThanOrEqual(1024 * 1024);
          }
          for (const { kind } of said) expect(['answer', 'redirected', 'no-answer', 'too-large']).toContain(kind);
        }),
        runs(300),
      );
    },
    TIMEOUT_MS,
  );
});

describe('the browser’s own sync', () => {
  test(
    'that holds and answers anything is heard by name, and only Cloudopt’s own items are touched',
    async () => {
      const whole = new FakeSyncArea();
      const first = browserProvider(areaOf(whole));
      await first.put('settings', SETTINGS.repeat(30), null);
      await first.put('keys', KEYS, null);
      const faults = fc.oneof(
        { weight: 4, arbitrary: fc.constant(undefined) },
        {
          weight: 1,
          arbitrary: fc.oneof(
            fc
              .constantFrom('MAX_WRITE_OPERATIONS_PER_MINUTE', 'kQuotaBytes quota exceeded', '')
              .map((why) => new Error(why)),
            strange,
          ),
        },
      );
      const items = fc.dictionary(
        fc.oneof(
          fc.constantFrom(...browserErasure.keys),
          fc.constantFrom('cloudopt/settings', 'cloudopt/settings/0', '__proto__', 'theirs'),
        ),
        strange,
        { maxKeys: 3, noNullPrototype: true },
      );
      const held = fc
        .tuple(hostile(whole.items), items)
        .map(([changed, more]) => ({ ...(typeof changed === 'object' ? changed : {}), ...more, theirs: 1 }));
      await fc.assert(
        fc.asyncProperty(operations, held, fc.array(faults, { maxLength: 3 }), async (ask, there, list) => {
          const left = [...list];
          const real = new FakeSyncArea();
          real.items = there;
          const faulty = async () => {
            const fault = left.shift();
            if (fault !== undefined) throw fault;
          };
          const area: RawSyncArea = {
            get: async (keys) => {
              await faulty();
              const found = Object.entries(real.items).filter(([key]) => keys === null || keys.includes(key));
              return Object.fromEntries(found);
            },
            set: async (more) => {
              await faulty();
              real.items = { ...real.items, ...more };
            },
            remove: async (keys) => {
              await faulty();
              await real.remove(keys);
            },
          };
          const { area: reached } = doorTo([], () => undefined, area).reach(lease('*'));
          const said = await ask(browserProvider(reached));
          isSaid(said);
          // Chunks of two writes, or changed ones, are never a file.
          if (said.kind === 'found') expect([SETTINGS.repeat(30), KEYS]).toContain((said as unknown as Found).text);
          const others = (all: object) => Object.entries(all).filter(([key]) => !browserErasure.keys.includes(key));
          expect(others(real.items)).toEqual(others(there));
        }),
        runs(300),
      );
    },
    TIMEOUT_MS,
  );
});

import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { carry, type Outgoing } from '../../../utils/egress/carry';
import { post } from '../../../utils/egress/post';

let server: Server;
let url = '';
let asked: { method: string | undefined; headers: NodeJS.Dict<string | string[]> }[] = [];
let answer: (response: ServerResponse) => void = (response) => response.end('text');
beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push({ method: request.method, headers: request.headers });
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const outgoing = (more: Partial<Outgoing> = {}): Outgoing => ({
  method: 'GET',
  url,
  headers: {},
  body: null,
  signal: new AbortController().signal,
  mode: 'cors',
  redirect: 'manual',
  bytesMax: 1000,
  ...more,
});

describe('the one fetch', () => {
  test('takes nothing along but what it was given', async () => {
    const fetching = vi.spyOn(globalThis, 'fetch');
    await carry(outgoing({ method: 'PROPFIND', headers: { depth: '0' }, mode: 'cors' }));
    const { signal: _, ...init } = fetching.mock.calls[0]?.[1] ?? {};
    expect(init).toEqual({
      method: 'PROPFIND',
      headers: { depth: '0' },
      body: null,
      mode: 'cors',
      redirect: 'manual',
      credentials: 'omit',
      referrer: '',
      referrerPolicy: 'no-referrer',
      cache: 'no-store',
    });
    fetching.mockRestore();
  });

  test('reads as much as it may, in UTF-8, and not a byte more', async () => {
    answer = (response) => response.end('ä'.repeat(500));
    expect(await carry(outgoing())).toMatchObject({ status: 200, redirected: false, text: 'ä'.repeat(500) });
    expect(await carry(outgoing({ bytesMax: 999 }))).toMatchObject({ text: null });
  });

  test('does not wait for the end of what has none, packed or not', async () => {
    answer = (response) => {
      response.writeHead(200);
      const more = () => response.destroyed || response.write('x'.repeat(10_000), more);
      more();
    };
    expect(await carry(outgoing())).toMatchObject({ text: null });
    const bomb = gzipSync(Buffer.alloc(20_000_000, 'x'));
    answer = (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
    expect(bomb.length).toBeLessThan(30_000);
    expect(await carry(outgoing({ bytesMax: 100_000 }))).toMatchObject({ text: null });
  });

  test('is over where the signal says so, though the body says nothing more, not even that it was cut', async () => {
    const mute = new ReadableStream<Uint8Array>({ cancel: () => new Promise(() => undefined) });
    const response = { status: 200, headers: new Headers(), type: 'default', body: mute } as unknown as Response;
    const fetching = vi.spyOn(globalThis, 'fetch').mockResolvedValueOnce(response);
    const halt = new AbortController();
    const coming = carry(outgoing({ signal: halt.signal }));
    setImmediate(() => halt.abort());
    await expect(coming).rejects.toThrow(DOMException);
    fetching.mockRestore();
  });

  test('goes nowhere else', async () => {
    asked = [];
    answer = (response) => response.writeHead(302, { location: `${url}elsewhere` }).end('moved');
    expect(await carry(outgoing())).toMatchObject({ redirected: true, text: '' });
    await expect(carry(outgoing({ redirect: 'error' }))).rejects.toThrow(TypeError);
    await expect(post(url, 'x', outgoing())).rejects.toThrow(TypeError);
    expect(asked).toHaveLength(3);
  });

  test('rejects where an answer breaks off, and where it is aborted in the middle', async () => {
    answer = (response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('half', () => response.destroy());
    };
    await expect(carry(outgoing())).rejects.toThrow();
    const halt = new AbortController();
    answer = (response) => response.write('half', () => halt.abort());
    await expect(carry(outgoing({ signal: halt.signal }))).rejects.toThrow('abort');
  });

  test('posts a report without reading what is said about it', async () => {
    answer = (response) => response.writeHead(429, { 'retry-after': '9' }).end('x'.repeat(1_000_000));
    expect(await post(url, 'report', outgoing())).toEqual({ status: 429, retryAfter: '9' });
  });
});

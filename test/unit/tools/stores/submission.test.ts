import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test, vi } from 'vitest';
import {
  type Answer,
  jwtOf,
  type Keys,
  keyNames,
  type Packages,
  Refused,
  type Request,
  stores,
  submitTo,
} from '../../../tools/stores/submission';
import { dryWorld, send } from '../../../tools/submit';

const file = (name: string) => ({ name, bytes: Buffer.from(`bytes of ${name}`) });
const packages: Packages = { chrome: file('c.zip'), firefox: file('f.zip'), sources: file('s.zip') };
const keys: Keys = Object.fromEntries(stores.flatMap((store) => keyNames[store]).map((name) => [name, `<${name}>`]));

/** A store that answers by its documents, but where `change` says otherwise. */
function storeThat(change: (request: Request, n: number) => Partial<Answer> | undefined) {
  const asked: Request[] = [];
  const world = {
    http: async (request: Request): Promise<Answer> => {
      asked.push(request);
      return { ...request.example, ...change(request, asked.length) };
    },
    wait: vi.fn(async () => undefined),
    nowMs: () => 1_700_000_000_000,
  };
  return { world, asked, urls: () => asked.map(({ method, url }) => `${method} ${url}`) };
}

describe('a submission', () => {
  test('to the Chrome Web Store uploads, waits until it is taken in, and publishes', async () => {
    const item = 'publishers/<CHROME_PUBLISHER_ID>/items/<CHROME_EXTENSION_ID>';
    const busy = { json: { lastAsyncUploadState: 'IN_PROGRESS' } };
    const { world, urls, asked } = storeThat((_, n) => (n === 3 ? busy : undefined));
    await submitTo.chrome(world, keys, packages);
    expect(urls()).toEqual([
      'POST https://oauth2.googleapis.com/token',
      `POST https://chromewebstore.googleapis.com/upload/v2/${item}:upload`,
      `GET https://chromewebstore.googleapis.com/v2/${item}:fetchStatus`,
      `GET https://chromewebstore.googleapis.com/v2/${item}:fetchStatus`,
      `POST https://chromewebstore.googleapis.com/v2/${item}:publish`,
    ]);
    expect(world.wait).toHaveBeenCalledTimes(1);
    expect(asked[1]?.body).toEqual({ kind: 'package', file: packages.chrome });
    expect(asked[4]?.headers).toEqual({ Authorization: 'Bearer TOKEN' });
  });

  test('to addons.mozilla.org sends the sources with the version, and a new token with each request', async () => {
    const { world, urls, asked } = storeThat(() => undefined);
    await submitTo.firefox(world, keys, packages);
    expect(urls()).toEqual([
      'POST https://addons.mozilla.org/api/v5/addons/upload/',
      'GET https://addons.mozilla.org/api/v5/addons/upload/UPLOAD/',
      'POST https://addons.mozilla.org/api/v5/addons/addon/extension@cloudopt.net/versions/',
    ]);
    expect(asked[2]?.body).toEqual({ kind: 'multipart', fields: { upload: 'UPLOAD', source: packages.sources } });
    expect(new Set(asked.map(({ headers }) => headers.Authorization)).size).toBe(3);
  });

  test('to Edge Add-ons uploads the package of Chromium', async () => {
    const { world, urls, asked } = storeThat(() => undefined);
    await submitTo.edge(world, keys, packages);
    const at = 'https://api.addons.microsoftedge.microsoft.com/v1/products/<EDGE_PRODUCT_ID>/submissions';
    expect(urls()).toEqual([`POST ${at}/draft/package`, `GET ${at}/draft/package/operations/OPERATION`, `POST ${at}`]);
    expect(asked[0]?.headers).toMatchObject({
      Authorization: 'ApiKey <EDGE_API_KEY>',
      'X-ClientID': '<EDGE_CLIENT_ID>',
    });
  });

  test.each([
    ['chrome', 1, { status: 401, json: { error: 'invalid_grant' } }, 'get a token: 401'],
    ['chrome', 2, { json: { uploadState: 'FAILED' } }, 'FAILED'],
    ['chrome', 2, { json: { uploadState: 'SOMETHING_NEW' } }, 'SOMETHING_NEW'],
    ['chrome', 3, { json: { lastAsyncUploadState: 'NOT_FOUND' } }, 'NOT_FOUND'],
    ['chrome', 4, { status: 400, json: { error: 'warnings' } }, 'warnings'],
    ['firefox', 2, { json: { uuid: 'u', processed: true, valid: false, validation: 'bad' } }, 'not valid: "bad"'],
    ['firefox', 3, { status: 409, json: { version: ['exists'] } }, 'exists'],
    ['edge', 1, { location: null }, 'upload the package: 202'],
    ['edge', 2, { json: { status: 'Failed' } }, 'Failed'],
  ] as const)('to %s stops where request %i is answered %o', async (store, at, answer, why) => {
    const { world, asked } = storeThat((_, n) => (n === at ? answer : undefined));
    const submission = submitTo[store](world, keys, packages);
    await expect(submission).rejects.toBeInstanceOf(Refused);
    await expect(submission).rejects.toThrow(why);
    expect(asked).toHaveLength(at);
  });

  test('does not ask for ever', async () => {
    const busy = { json: { uuid: 'u', processed: false, valid: false, validation: null } };
    const { world, asked } = storeThat((_, n) => (n > 1 ? busy : undefined));
    await expect(submitTo.firefox(world, keys, packages)).rejects.toThrow('still at it');
    expect(asked.length).toBeLessThan(200);
  });

  test('without a key does not begin', async () => {
    const { world, asked } = storeThat(() => undefined);
    await expect(submitTo.edge(world, { ...keys, EDGE_API_KEY: '' }, packages)).rejects.toThrow('EDGE_API_KEY');
    expect(asked).toEqual([]);
  });
});

test('a dry run sends nothing, goes all the way, and prints the names of keys alone', async () => {
  const fetched = vi.spyOn(globalThis, 'fetch').mockRejectedValue(new Error('sent'));
  const lines: string[] = [];
  const named = Object.fromEntries(Object.keys(keys).map((name) => [name, `$${name}`]));
  for (const store of stores)
    await submitTo[store](
      dryWorld((line) => lines.push(line)),
      named,
      packages,
    );
  expect(fetched).not.toHaveBeenCalled();
  fetched.mockRestore();
  const text = lines.join('\n');
  expect(text.match(/submit for review|make a version/g)).toHaveLength(3);
  expect(text).toContain('client_secret=$CHROME_CLIENT_SECRET');
  expect(text).toContain('JWT, signed with $FIREFOX_JWT_SECRET');
  expect(text).toContain('source=s.zip (14 bytes)');
});

test('a token for Mozilla is signed, and of one minute', () => {
  const [header = '', claims = '', signature] = jwtOf('user:1:2', 'secret', 1_700_000_000_500).split('.');
  expect(signature).toBe(createHmac('sha256', 'secret').update(`${header}.${claims}`).digest('base64url'));
  expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
    iss: 'user:1:2',
    iat: 1_700_000_000,
    exp: 1_700_000_060,
  });
});

test('what is sent arrives as it was meant', async () => {
  const got: { type: string | undefined; text: string }[] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    got.push({ type: request.headers['content-type'], text: Buffer.concat(parts).toString('latin1') });
    response.writeHead(202, { location: 'op-1' }).end(request.url === '/json' ? '{"a":1}' : 'no json');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const base = { purpose: 'p', method: 'POST', headers: {}, example: { status: 200, json: null } } as const;
  try {
    const fields = { upload: packages.firefox, channel: 'listed' };
    expect(await send({ ...base, url: `${url}/json`, body: { kind: 'multipart', fields } })).toEqual({
      status: 202,
      location: 'op-1',
      json: { a: 1 },
    });
    const zip = { 'Content-Type': 'application/zip' };
    const answer = await send({ ...base, url, headers: zip, body: { kind: 'package', file: packages.chrome } });
    expect(answer.json).toBeNull();
    await send({ ...base, url, body: { kind: 'form', fields: { a: 'b c' } } });
    await send({ ...base, url, body: { kind: 'json', value: { notes: 'n' } } });
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
  expect(got[0]?.type).toMatch(/^multipart\/form-data; boundary=/);
  expect(got[0]?.text).toMatch(
    /name="upload"; filename="f.zip"[\s\S]*bytes of f.zip[\s\S]*name="channel"[\s\S]*listed/,
  );
  expect(got[1]).toEqual({ type: 'application/zip', text: 'bytes of c.zip' });
  expect(got[2]?.text).toBe('a=b+c');
  expect(got[3]).toEqual({ type: 'application/json', text: '{"notes":"n"}' });
});

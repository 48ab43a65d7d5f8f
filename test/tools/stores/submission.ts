/**
 * How a new version goes to each store: https://developer.chrome.com/docs/webstore/api/reference/rest,
 * https://mozilla.github.io/addons-server/topics/api/addons.html,
 * https://learn.microsoft.com/microsoft-edge/extensions/update/api/addons-api-reference. None of them takes the first
 * version of an extension: that one goes through the store's own pages.
 */
import { createHmac, randomUUID } from 'node:crypto';
import { z } from 'zod/mini';

export const stores = ['chrome', 'firefox', 'edge'] as const;
export type StoreName = (typeof stores)[number];

/** Environment variables that hold a store's keys. */
export const keyNames = {
  chrome: [
    'CHROME_PUBLISHER_ID',
    'CHROME_EXTENSION_ID',
    'CHROME_CLIENT_ID',
    'CHROME_CLIENT_SECRET',
    'CHROME_REFRESH_TOKEN',
  ],
  firefox: ['FIREFOX_JWT_ISSUER', 'FIREFOX_JWT_SECRET'],
  edge: ['EDGE_PRODUCT_ID', 'EDGE_CLIENT_ID', 'EDGE_API_KEY'],
} as const satisfies Record<StoreName, readonly string[]>;

export type Keys = Readonly<Record<string, string>>;

export interface Package {
  readonly name: string;
  readonly bytes: Buffer;
}

export type Body =
  | { readonly kind: 'none' }
  | { readonly kind: 'package'; readonly file: Package }
  | { readonly kind: 'form'; readonly fields: Readonly<Record<string, string>> }
  | { readonly kind: 'multipart'; readonly fields: Readonly<Record<string, string | Package>> }
  | { readonly kind: 'json'; readonly value: unknown };

export interface Request {
  readonly purpose: string;
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body;
  /** An answer of this kind, by the store's documents; a dry run goes on with it. */
  readonly example: Answer;
}

export interface Answer {
  readonly status: number;
  readonly location?: string | null;
  readonly json: unknown;
}

/** The world of a submission; a dry run has one that prints. */
export interface World {
  readonly http: (request: Request) => Promise<Answer>;
  /** Until a store may have got on. */
  readonly wait: () => Promise<void>;
  readonly nowMs: () => number;
}

export interface Packages {
  readonly chrome: Package;
  readonly firefox: Package;
  readonly sources: Package;
}

/** A store said no, or something that its documents don't say. */
export class Refused extends Error {}

const POLLS_MAX = 120;
const FIREFOX_ADDON = 'extension@cloudopt.net';
const JWT_SECONDS = 60;

async function ask<T extends z.ZodMiniType>(world: World, request: Request, shape: T): Promise<z.infer<T>> {
  const answer = await world.http(request);
  const parsed = shape.safeParse(answer.json);
  if (answer.status < 200 || answer.status > 299 || !parsed.success) {
    throw new Refused(`${request.purpose}: ${answer.status} ${JSON.stringify(answer.json)?.slice(0, 1_000)}`);
  }
  return parsed.data;
}

/** Asks until the store is done with it. */
async function poll<T>(world: World, what: string, once: () => Promise<T | 'busy'>): Promise<T> {
  for (let n = 0; n < POLLS_MAX; n++) {
    const answer = await once();
    if (answer !== 'busy') return answer;
    await world.wait();
  }
  throw new Refused(`${what}: the store is still at it; look there`);
}

const keyOf = (keys: Keys, name: string): string => {
  const key = keys[name];
  if (!key) throw new Error(`${name} is not set`);
  return key;
};

const none: Body = { kind: 'none' };
const anything = z.unknown();
const uploadStates = z.enum(['SUCCEEDED', 'IN_PROGRESS', 'FAILED', 'NOT_FOUND', 'UPLOAD_STATE_UNSPECIFIED']);

async function toChrome(world: World, keys: Keys, { chrome }: Packages): Promise<void> {
  const { access_token: token } = await ask(
    world,
    {
      purpose: 'Chrome Web Store: get a token',
      method: 'POST',
      url: 'https://oauth2.googleapis.com/token',
      headers: {},
      body: {
        kind: 'form',
        fields: {
          client_id: keyOf(keys, 'CHROME_CLIENT_ID'),
          client_secret: keyOf(keys, 'CHROME_CLIENT_SECRET'),
          refresh_token: keyOf(keys, 'CHROME_REFRESH_TOKEN'),
          grant_type: 'refresh_token',
        },
      },
      example: { status: 200, json: { access_token: 'TOKEN' } },
    },
    z.object({ access_token: z.string() }),
  );
  const item = `publishers/${keyOf(keys, 'CHROME_PUBLISHER_ID')}/items/${keyOf(keys, 'CHROME_EXTENSION_ID')}`;
  const host = 'https://chromewebstore.googleapis.com';
  const headers = { Authorization: `Bearer ${token}` };
  const upload = {
    purpose: 'Chrome Web Store: upload the package',
    method: 'POST',
    url: `${host}/upload/v2/${item}:upload`,
    headers: { ...headers, 'Content-Type': 'application/zip' },
    body: { kind: 'package', file: chrome },
    example: { status: 200, json: { uploadState: 'IN_PROGRESS' } },
  } as const;
  let state = (await ask(world, upload, z.object({ uploadState: uploadStates }))).uploadState;
  if (state === 'IN_PROGRESS') {
    state = await poll(world, upload.purpose, async () => {
      const status = await ask(
        world,
        {
          purpose: 'Chrome Web Store: ask whether the package is taken in',
          method: 'GET',
          url: `${host}/v2/${item}:fetchStatus`,
          headers,
          body: none,
          example: { status: 200, json: { lastAsyncUploadState: 'SUCCEEDED' } },
        },
        z.object({ lastAsyncUploadState: uploadStates }),
      );
      return status.lastAsyncUploadState === 'IN_PROGRESS' ? 'busy' : status.lastAsyncUploadState;
    });
  }
  if (state !== 'SUCCEEDED') throw new Refused(`${upload.purpose}: ${state}`);
  await ask(
    world,
    {
      purpose: 'Chrome Web Store: submit for review',
      method: 'POST',
      url: `${host}/v2/${item}:publish`,
      headers,
      body: { kind: 'json', value: { publishType: 'DEFAULT_PUBLISH', blockOnWarnings: true } },
      example: { status: 200, json: { state: 'PENDING_REVIEW' } },
    },
    anything,
  );
}

/** A JSON Web Token for one request: https://mozilla.github.io/addons-server/topics/api/auth.html */
export function jwtOf(issuer: string, secret: string, nowMs: number): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const iat = Math.floor(nowMs / 1000);
  const said = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ iss: issuer, jti: randomUUID(), iat, exp: iat + JWT_SECONDS })}`;
  return `${said}.${createHmac('sha256', secret).update(said).digest('base64url')}`;
}

async function toFirefox(world: World, keys: Keys, { firefox, sources }: Packages): Promise<void> {
  const host = 'https://addons.mozilla.org/api/v5/addons';
  const [issuer, secret] = [keyOf(keys, 'FIREFOX_JWT_ISSUER'), keyOf(keys, 'FIREFOX_JWT_SECRET')];
  const headers = () => ({ Authorization: `JWT ${jwtOf(issuer, secret, world.nowMs())}` });
  const upload = z.object({ uuid: z.string(), processed: z.boolean(), valid: z.boolean(), validation: z.unknown() });
  const { uuid } = await ask(
    world,
    {
      purpose: 'addons.mozilla.org: upload the package',
      method: 'POST',
      url: `${host}/upload/`,
      headers: headers(),
      body: { kind: 'multipart', fields: { upload: firefox, channel: 'listed' } },
      example: { status: 201, json: { uuid: 'UPLOAD', processed: false, valid: false, validation: null } },
    },
    upload,
  );
  const checked = await poll(world, 'addons.mozilla.org: check the package', async () => {
    const now = await ask(
      world,
      {
        purpose: 'addons.mozilla.org: ask whether the package is valid',
        method: 'GET',
        url: `${host}/upload/${encodeURIComponent(uuid)}/`,
        headers: headers(),
        body: none,
        example: { status: 200, json: { uuid, processed: true, valid: true, validation: null } },
      },
      upload,
    );
    return now.processed ? now : 'busy';
  });
  if (!checked.valid) throw new Refused(`addons.mozilla.org: not valid: ${JSON.stringify(checked.validation)}`);
  await ask(
    world,
    {
      purpose: 'addons.mozilla.org: make a version of it, with its sources',
      method: 'POST',
      url: `${host}/addon/${FIREFOX_ADDON}/versions/`,
      headers: headers(),
      body: { kind: 'multipart', fields: { upload: uuid, source: sources } },
      example: { status: 201, json: {} },
    },
    anything,
  );
}

async function toEdge(world: World, keys: Keys, { chrome }: Packages): Promise<void> {
  const product = keyOf(keys, 'EDGE_PRODUCT_ID');
  const at = `https://api.addons.microsoftedge.microsoft.com/v1/products/${product}/submissions`;
  const headers = {
    Authorization: `ApiKey ${keyOf(keys, 'EDGE_API_KEY')}`,
    'X-ClientID': keyOf(keys, 'EDGE_CLIENT_ID'),
  };
  const upload: Request = {
    purpose: 'Edge Add-ons: upload the package',
    method: 'POST',
    url: `${at}/draft/package`,
    headers: { ...headers, 'Content-Type': 'application/zip' },
    body: { kind: 'package', file: chrome },
    example: { status: 202, location: 'OPERATION', json: null },
  };
  const taken = await world.http(upload);
  if (taken.status !== 202 || !taken.location) throw new Refused(`${upload.purpose}: ${taken.status}`);
  const operation = encodeURIComponent(taken.location);
  const state = await poll(world, upload.purpose, async () => {
    const { status } = await ask(
      world,
      {
        purpose: 'Edge Add-ons: ask whether the package is taken in',
        method: 'GET',
        url: `${at}/draft/package/operations/${operation}`,
        headers,
        body: none,
        example: { status: 200, json: { status: 'Succeeded' } },
      },
      z.object({ status: z.enum(['InProgress', 'Succeeded', 'Failed']) }),
    );
    return status === 'InProgress' ? 'busy' : status;
  });
  if (state !== 'Succeeded') throw new Refused(`${upload.purpose}: ${state}`);
  await ask(
    world,
    {
      purpose: 'Edge Add-ons: submit for review',
      method: 'POST',
      url: at,
      headers,
      body: { kind: 'json', value: { notes: 'store-answers.md in the package justifies each permission.' } },
      example: { status: 202, location: 'OPERATION', json: null },
    },
    anything,
  );
}

/** @throws {Refused} */
export const submitTo: Readonly<Record<StoreName, (world: World, keys: Keys, packages: Packages) => Promise<void>>> = {
  chrome: toChrome,
  firefox: toFirefox,
  edge: toEdge,
};

/** Every fault that a server can have is one of the troubles that people are told of, and nothing else. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Provider, TroubleWhy } from '../../utils/sync/providers/provider';
import { webdavProvider } from '../../utils/sync/providers/webdav';
import { type Fault, type FaultyDav, startFaultyDav } from './faulty-dav';
import { makeCertificates } from './tls';
import { trustedWire } from './wire';

const FILE = '/Cloudopt/settings.jwe';
const OLD = 'old.'.repeat(500);
const NEW = 'new.'.repeat(500);
const page = { 'content-type': 'text/html; charset=utf-8' };

const trusted = trustedWire();
let server: FaultyDav;
let place: Provider;
beforeAll(async () => {
  server = await startFaultyDav(trusted.tls);
});
afterAll(() => server.stop());
const names = () => {
  let last = 0;
  return () => {
    last += 1;
    return String(last);
  };
};
const to = (at: Pick<FaultyDav, 'url' | 'user' | 'password'>) =>
  webdavProvider({ ...at, exchange: trusted.wire.exchange(), freshName: names() });
beforeEach(() => {
  server.files.clear();
  server.files.set('/', '').set('/Cloudopt/', '').set(FILE, OLD);
  server.asked.length = 0;
  place = to(server);
});
afterEach(() => server.misbehave(undefined));

const trouble = (why: TroubleWhy, status: number | null = null, afterMs: number | null = null) => ({
  kind: 'trouble',
  why,
  status,
  afterMs,
});
/** On the files alone: the folder answers as it should. */
const onFiles = (fault: Fault) => (_: string, path: string) => (path.endsWith('/') ? undefined : fault);
const status = (number: number, headers: Record<string, string> = {}, body = ''): Fault => ({
  kind: 'status',
  status: number,
  headers,
  body,
});

describe('an answer in place of the right one', () => {
  test.each<[string, Fault, ReturnType<typeof trouble>]>([
    ['401 in mid-cycle', status(401, { 'www-authenticate': 'Basic realm="x"' }), trouble('signed-out', 401)],
    ['403', status(403), trouble('forbidden', 403)],
    ['405', status(405), trouble('not-webdav', 405)],
    ['413', status(413), trouble('too-large', 413)],
    ['423', status(423), trouble('locked', 423)],
    ['429 with seconds', status(429, { 'retry-after': '30' }), trouble('too-often', 429, 30_000)],
    ['503 with seconds', status(503, { 'retry-after': '120' }), trouble('busy', 503, 120_000)],
    ['503 with nonsense', status(503, { 'retry-after': 'soon' }), trouble('busy', 503)],
    ['503 for a year', status(503, { 'retry-after': '31536000' }), trouble('busy', 503, 86_400_000)],
    ['500', status(500), trouble('server-error', 500)],
    ['502 with a page', status(502, page, '<html>'), trouble('server-error', 502)],
    ['507', status(507), trouble('full', 507)],
    ['418', status(418), trouble('server-error', 418)],
    ['a redirect to HTTP', status(302, { location: 'http://localhost/' }), trouble('not-webdav')],
    ['a redirect that keeps the method', status(308, { location: 'https://evil.example/' }), trouble('not-webdav')],
    ['a captive portal’s page with 200', status(200, page, '<!doctype html><p>Log in'), trouble('not-webdav', 200)],
    ['a page that says it is a file', status(200, {}, '\n<HTML><body>Log in'), trouble('not-webdav', 200)],
    ['206', status(206, {}, OLD.slice(0, 7)), trouble('not-webdav', 206)],
  ])('%s', async (_, fault, expected) => {
    server.misbehave(onFiles(fault));
    expect(await place.get('settings')).toEqual(expected);
    expect(await place.put('settings', NEW, null)).toEqual(expected);
    expect(await place.keepDamaged('settings', NEW)).toEqual(expected);
    expect(await place.probe()).toEqual(expected);
    // A deletion that was answered so is believed only as far as the look afterwards.
    expect(await place.delete('settings')).toMatchObject({ kind: 'trouble' });
    expect(server.files.get(FILE)).toBe(OLD);
    server.misbehave(() => fault);
    for (const ask of [place.probe, () => place.get('settings'), () => place.put('settings', NEW, null)]) {
      expect(await ask()).toMatchObject({ kind: 'trouble' });
    }
    expect(server.files.get(FILE)).toBe(OLD);
  });

  test('503 until a date', async () => {
    const at = new Date(Date.now() + 60_000).toUTCString();
    server.misbehave(() => status(503, { 'retry-after': at }));
    const got = await place.get('settings');
    expect(got).toMatchObject({ kind: 'trouble', why: 'busy' });
    expect(got.kind === 'trouble' && got.afterMs).toBeGreaterThan(50_000);
    expect(got.kind === 'trouble' && got.afterMs).toBeLessThanOrEqual(60_000);
  });

  test('412 for ever: changed each time, and never a write without its condition', async () => {
    server.misbehave((method) => (method === 'PUT' ? status(412) : undefined));
    for (let n = 0; n < 3; n += 1) expect(await place.put('settings', NEW, '"1"')).toEqual({ kind: 'changed' });
    expect(server.asked).toEqual(Array.from({ length: 3 }, () => `PUT ${FILE}`));
    expect(await place.probe()).toMatchObject({ kind: 'trouble', why: 'server-error', status: 412 });
  });

  test('404 and 409 of a folder that is there', async () => {
    for (const one of [404, 409, 500]) {
      server.misbehave((method) => (method === 'PUT' ? status(one) : undefined));
      const why = one === 500 ? 'server-error' : 'no-folder';
      expect(await place.put('settings', NEW, null)).toEqual(trouble(why, one));
    }
    expect(server.asked.filter((one) => one.startsWith('MKCOL'))).toEqual([]);
  });

  test('404 of a folder that is gone: no file is missing in it, and a write makes it anew', async () => {
    server.files.delete('/Cloudopt/');
    server.files.delete(FILE);
    expect(await place.get('settings')).toEqual(trouble('no-folder', 404));
    expect(await place.put('settings', NEW, null)).toMatchObject({ kind: 'put' });
    expect(server.files.get(FILE)).toBe(NEW);
    server.files.clear();
    expect(await place.put('settings', NEW, null)).toEqual(trouble('no-folder', 409));
    expect(await place.probe()).toEqual(trouble('no-folder', 404));
  });

  test('404 of a file, where the folder’s answer does not come', async () => {
    server.files.delete(FILE);
    expect(await place.get('settings')).toEqual({ kind: 'missing' });
    server.misbehave((method) => (method === 'PROPFIND' ? status(503) : undefined));
    expect(await place.get('settings')).toEqual(trouble('busy', 503));
    server.misbehave((method) => (method === 'PROPFIND' ? status(200, page, '<html>') : undefined));
    expect(await place.get('settings')).toEqual(trouble('not-webdav', 200));
  });
});

describe('a connection that breaks off', () => {
  test('before a write has come: nothing was written', async () => {
    server.misbehave(onFiles({ kind: 'cut', when: 'before' }));
    expect(await place.put('settings', NEW, null)).toEqual(trouble('offline'));
    expect(await place.get('settings')).toEqual(trouble('offline'));
    expect(await place.delete('settings')).toEqual(trouble('offline'));
    expect(server.files.get(FILE)).toBe(OLD);
  });

  test('after a write was kept: it is there, and no answer said so', async () => {
    server.misbehave(onFiles({ kind: 'cut', when: 'after' }));
    expect(await place.put('settings', NEW, null)).toEqual(trouble('offline'));
    server.misbehave(undefined);
    expect(await place.get('settings')).toMatchObject({ kind: 'found', text: NEW });
  });

  test('in the middle of a file: no part of it is taken for it', async () => {
    server.misbehave(onFiles({ kind: 'cut', when: 'within' }));
    expect(await place.get('settings')).toEqual(trouble('offline'));
  });

  test('and a part that says it is all is handed on as it is: the seal tells', async () => {
    server.misbehave(onFiles({ kind: 'part' }));
    expect(await place.get('settings')).toMatchObject({ kind: 'found', text: OLD.slice(0, OLD.length / 2) });
  });

  test('after a deletion was done: it is trouble until a look finds nothing', async () => {
    server.misbehave((method) => (method === 'DELETE' ? { kind: 'cut', when: 'after' } : undefined));
    expect(await place.delete('settings')).toEqual(trouble('offline'));
    server.misbehave(undefined);
    expect(await place.delete('settings')).toEqual({ kind: 'deleted' });
  });
});

describe('tags', () => {
  test.each([
    ['weak', 'W/"1"'],
    ['changed by packing', '"1-gzip"'],
    ['changed by packing otherwise', '"1;br"'],
    ['missing', null],
    ['empty', ''],
    ['unquoted', '1'],
    ['two', '"1", "2"'],
    ['star', '*'],
    ['endless', `"${'1'.repeat(5000)}"`],
  ])('that are %s are none', async (_, tag) => {
    server.misbehave(onFiles({ kind: 'tag', tag }));
    expect(await place.get('settings')).toMatchObject({ kind: 'found', text: OLD, tag: null });
    expect(await place.put('settings', NEW, null)).toEqual({ kind: 'put', tag: null });
    expect(await place.probe()).toMatchObject({ kind: 'works', tags: false, honoursIfMatch: false });
  });

  test('that collide are tags, on which nothing is built', async () => {
    server.misbehave(onFiles({ kind: 'tag', tag: '"same"' }));
    expect(await place.get('settings')).toMatchObject({ tag: '"same"' });
    expect(await place.probe()).toMatchObject({ kind: 'works', tags: true, honoursIfMatch: false });
  });
});

describe('too much', () => {
  test.each<Fault>([{ kind: 'endless' }, { kind: 'inflated' }])('$kind: is not read to its end', async (fault) => {
    server.misbehave(onFiles(fault));
    expect(await place.get('settings')).toEqual(trouble('too-large'));
    server.misbehave((method) => (method === 'PROPFIND' ? fault : undefined));
    expect(await place.probe()).toEqual(trouble('too-large'));
  });
});

test('a deletion that the server only claims to have done is none', async () => {
  server.misbehave((method) => (method === 'DELETE' ? status(204) : undefined));
  expect(await place.delete('settings')).toEqual(trouble('server-error', 200));
  server.misbehave(undefined);
  expect(await place.delete('settings')).toEqual({ kind: 'deleted' });
  expect(server.files.has(FILE)).toBe(false);
});

test('a certificate that nobody vouches for is no server at all', async () => {
  const strange = makeCertificates(['localhost']);
  const other = await startFaultyDav(strange);
  const wrongName = makeCertificates(['other.example']);
  const misnamed = await startFaultyDav(wrongName);
  try {
    for (const one of [other, misnamed]) {
      expect(await to(one).probe()).toEqual(trouble('offline'));
      expect(await to(one).put('settings', NEW, null)).toEqual(trouble('offline'));
      expect(one.asked).toEqual([]);
    }
  } finally {
    await other.stop();
    await misnamed.stop();
    strange.dispose();
    wrongName.dispose();
  }
});

test('a port where nobody listens is no server either', async () => {
  const gone = await startFaultyDav(trusted.tls);
  await gone.stop();
  expect(await to(gone).get('settings')).toEqual(trouble('offline'));
});

test('a file that is left from trying is taken away again', async () => {
  expect(await place.probe()).toMatchObject({ kind: 'works', tags: true, honoursIfMatch: true, madeFolder: false });
  expect([...server.files.keys()]).toEqual(['/', '/Cloudopt/', FILE]);
});

/** What synchronization asks of a WebDAV server, asked of four real ones. */
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Got, Provider } from '../../utils/sync/providers/provider';
import { WEBDAV_BYTES_MAX, webdavProvider, webdavUrls } from '../../utils/sync/providers/webdav';
import { call } from '../unit/servers/client';
import { cutPut } from './cut';
import { authorizationOf, type DavServer, type DavServerName, davServers, startDav } from './dav';
import { trustedWire } from './wire';

const trusted = trustedWire();

const to = (server: DavServer, changed: Partial<{ url: string; password: string }> = {}): Provider =>
  webdavProvider({
    url: server.url,
    user: server.user,
    password: server.password,
    exchange: trusted.wire.exchange(),
    freshName: randomUUID,
    ...changed,
  });

/** What was measured of each: tags on a file that was just read, and whether a stale one is refused. */
const manners: Readonly<Record<DavServerName, { tags: boolean; honoursIfMatch: boolean }>> = {
  apache: { tags: true, honoursIfMatch: true },
  nginx: { tags: true, honoursIfMatch: false },
  lighttpd: { tags: true, honoursIfMatch: true },
  rclone: { tags: true, honoursIfMatch: false },
};

describe.each(davServers)('%s', (name) => {
  let server: DavServer;
  let place: Provider;
  const onDisk = () => readdirSync(join(server.folder, 'data', 'Cloudopt')).sort();
  beforeAll(async () => {
    server = await startDav(name, { tls: trusted.tls });
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    place = to(server);
  });
  // Over the wire: rclone remembers what it has served, and breaks off where that is no longer on the disk.
  afterEach(async () => {
    const headers = { authorization: authorizationOf(server) };
    await call({ port: server.port, ca: trusted.tls.caPem, path: '/Cloudopt/', method: 'DELETE', headers });
  });

  test('is found to work, as what it is, and the folder is made once', async () => {
    const found = { kind: 'works', ...manners[name], bytesMax: WEBDAV_BYTES_MAX, dateMs: expect.any(Number) };
    const first = await place.probe();
    expect(first).toEqual({ ...found, madeFolder: true });
    expect(Math.abs((first.kind === 'works' ? (first.dateMs ?? 0) : 0) - Date.now())).toBeLessThan(60_000);
    expect(await place.probe()).toEqual({ ...found, madeFolder: false });
    expect(onDisk()).toEqual([]);
  });

  test('keeps two files apart, gives back what was written last, and deletes', async () => {
    await place.probe();
    expect(await place.get('settings')).toEqual({ kind: 'missing' });
    expect(await place.put('keys', '{"keys":1}', null)).toMatchObject({ kind: 'put' });
    expect(await place.put('settings', 'a.b.c', null)).toMatchObject({ kind: 'put' });
    expect(await place.put('settings', 'a.b', null)).toMatchObject({ kind: 'put' });
    expect(await place.get('settings')).toMatchObject({ kind: 'found', text: 'a.b', dateMs: expect.any(Number) });
    expect(await place.get('keys')).toMatchObject({ kind: 'found', text: '{"keys":1}' });
    expect(await place.keepDamaged('settings', 'torn')).toMatchObject({ kind: 'put' });
    expect(onDisk()).toEqual(['keys.jwe', 'settings.bad.jwe', 'settings.jwe']);
    expect(await place.delete('settings')).toEqual({ kind: 'deleted' });
    expect(await place.get('settings')).toEqual({ kind: 'missing' });
    expect(onDisk()).toEqual(['keys.jwe']);
    expect(await place.delete('settings')).toEqual({ kind: 'deleted' });
    expect(await place.delete('keys')).toEqual({ kind: 'deleted' });
    expect(onDisk()).toEqual([]);
  });

  test('writes nowhere but where an erasure would look', async () => {
    await place.probe();
    for (const file of ['keys', 'settings'] as const) {
      await place.put(file, 'x', null);
      await place.keepDamaged(file, 'x');
    }
    const urls = webdavUrls(server.url).map((url) => url.slice(`${server.url}Cloudopt/`.length));
    expect(onDisk()).toEqual(urls.sort());
  });

  test('tells a missing file from a missing folder, and a write makes the folder', async () => {
    expect(await place.get('settings')).toEqual({ kind: 'trouble', why: 'no-folder', afterMs: null, status: 404 });
    expect(await place.put('settings', 'a', null)).toMatchObject({ kind: 'put' });
    expect(await place.get('settings')).toMatchObject({ kind: 'found', text: 'a' });
    expect(await place.get('keys')).toEqual({ kind: 'missing' });
  });

  test('is no place where the address itself is missing', async () => {
    const nowhere = to(server, { url: `${server.url}not/here` });
    const noFolder = { kind: 'trouble', why: 'no-folder', afterMs: null };
    expect(await nowhere.probe()).toMatchObject(noFolder);
    expect(await nowhere.get('settings')).toMatchObject(noFolder);
    expect(await nowhere.put('settings', 'a', null)).toMatchObject({ kind: 'trouble' });
    expect(existsSync(join(server.folder, 'data', 'not'))).toBe(false);
  });

  test('lets nobody in with a wrong password', async () => {
    const stranger = to(server, { password: 'wrong' });
    const signedOut = { kind: 'trouble', why: 'signed-out', afterMs: null, status: 401 };
    expect(await stranger.probe()).toEqual(signedOut);
    expect(await stranger.get('settings')).toEqual(signedOut);
    expect(await stranger.put('settings', 'a', null)).toEqual(signedOut);
    expect(await stranger.delete('settings')).toEqual(signedOut);
  });

  test('refuses a stale tag where the probe said so, and takes a right one', async () => {
    await place.probe();
    await place.put('settings', 'one', null);
    const got = await place.get('settings');
    const tag = got.kind === 'found' ? got.tag : null;
    expect(tag).toMatch(/^"/);
    expect(await place.put('settings', 'two, longer', tag)).toMatchObject({ kind: 'put' });
    const stale = await place.put('settings', 'three', tag);
    expect(stale.kind).toBe(manners[name].honoursIfMatch ? 'changed' : 'put');
    expect(await place.get('settings')).toMatchObject({
      text: manners[name].honoursIfMatch ? 'two, longer' : 'three',
    });
  });

  test('holds a whole file of one of them after writers raced', async () => {
    await place.probe();
    for (let round = 0; round < 5; round += 1) {
      const texts = Array.from({ length: 6 }, (_, writer) => `${round}-${writer}.`.repeat(4000));
      const puts = await Promise.all(texts.map((text) => to(server).put('settings', text, null)));
      // rclone locks what it is writing.
      const orLocked = name === 'rclone' ? ['put', 'locked'] : ['put'];
      for (const put of puts) expect(orLocked).toContain(put.kind === 'trouble' ? put.why : put.kind);
      expect(puts).toContainEqual(expect.objectContaining({ kind: 'put' }));
      const got = await place.get('settings');
      expect(got.kind).toBe('found');
      expect(texts).toContain(got.kind === 'found' && got.text);
    }
  });

  test('takes the largest file that there may be, and is not asked for a larger one', async () => {
    await place.probe();
    const text = 'aB3-_x.y'.repeat(WEBDAV_BYTES_MAX / 8);
    expect(await place.put('settings', text, null)).toMatchObject({ kind: 'put' });
    const got = await place.get('settings');
    expect(got.kind === 'found' && got.text === text).toBe(true);
    expect(await place.put('settings', `${text}.`, null)).toMatchObject({ kind: 'trouble', why: 'too-large' });
  });

  test('is read as damaged, never as missing, where a write was cut off', async () => {
    await place.probe();
    const old = 'old.'.repeat(1000);
    await place.put('settings', old, null);
    const fresh = 'new.'.repeat(50_000);
    const path = '/Cloudopt/settings.jwe';
    await cutPut({
      port: server.port,
      ca: trusted.tls.caPem,
      path,
      authorization: authorizationOf(server),
      text: fresh,
    });
    // rclone answers with a part while it still puts that in the old one's place, and locks it so long.
    const gots: Got[] = [];
    const got = await vi.waitFor(async () => {
      const one = await place.get('settings');
      gots.push(one);
      expect(one.kind).toBe('found');
      return one;
    });
    expect(gots.map(({ kind }) => kind)).not.toContain('missing');
    const text = got.kind === 'found' ? got.text : '';
    if (name === 'rclone') expect([old, ''].includes(text) || fresh.startsWith(text)).toBe(true);
    else expect(text).toBe(old);
    await vi.waitFor(async () => expect(await place.put('settings', fresh, null)).toMatchObject({ kind: 'put' }));
    expect(await place.get('settings')).toMatchObject({ text: fresh });
  });

  test('sends nothing once the lease has ended', async () => {
    await place.probe();
    const halt = new AbortController();
    const halted = webdavProvider({ ...server, exchange: trusted.wire.exchange(halt.signal), freshName: randomUUID });
    expect(await halted.put('settings', 'a', null)).toMatchObject({ kind: 'put' });
    halt.abort();
    expect(await halted.put('settings', 'b', null)).toMatchObject({ kind: 'trouble', why: 'halted' });
    expect(await halted.get('settings')).toMatchObject({ kind: 'trouble', why: 'halted' });
    expect(readFileSync(join(server.folder, 'data', 'Cloudopt', 'settings.jwe'), 'utf8')).toBe('a');
  });
});

test('a server whose tags are weak is said to have none', async () => {
  const server = await startDav('apache', { tls: trusted.tls, weakTags: true });
  try {
    expect(await to(server).probe()).toMatchObject({ kind: 'works', tags: false, honoursIfMatch: false });
  } finally {
    await server.stop();
  }
});

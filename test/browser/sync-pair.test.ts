/**
 * Chromium and Firefox keep their settings alike through one real server, each by a way of its own that writes down every
 * request. It runs where Firefox is tested: both are needed at once.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DavServer, startDav } from '../servers/dav';
import { holding } from '../servers/disk';
import { type RecordingProxy, start as startProxy } from '../servers/proxy';
import { type Tap, tap } from '../servers/tap';
import { type Certificates, makeCertificates } from '../servers/tls';
import { ask, type Driven, grant, held, type Page, stateOf, until, wantedBrowsers, withBrowser } from './cloudopt';
import type { BrowserName } from './driver/driver';

const SCOPE = 'https://dav.example/*';
/** Writes of one device while the other one takes its permission back. */
const WRITES = 12;

let tls: Certificates;
let dav: DavServer;
const ways = {} as Record<BrowserName, { tap: Tap; proxy: RecordingProxy }>;

interface Device {
  readonly browser: Driven;
  readonly page: Page;
  readonly tap: Tap;
  readonly proxy: RecordingProxy;
}

async function withDevices(task: (chromium: Device, firefox: Device) => Promise<void>): Promise<void> {
  const device = (name: BrowserName, then: (device: Device) => Promise<void>) => {
    const way = ways[name];
    const options = { trust: { caPem: tls.caPem, cert: tls.cert }, proxy: { host: '127.0.0.1', port: way.proxy.port } };
    return withBrowser(name, options, async (browser) => {
      await then({ browser, page: await browser.open('options.html#sync'), ...way });
    });
  };
  await device('chromium', (chromium) => device('firefox', (firefox) => task(chromium, firefox)));
}

const serverOf = ({ tap }: Device) => ({ url: tap.url, user: dav.user, password: dav.password });
const change = ({ page }: Device, kind: 'block' | 'allow' | 'remove', host: string) =>
  ask(page, 'protection.change', {
    change: kind === 'remove' ? { kind, from: 'block', host } : { kind: 'add', to: kind, host },
  });
const sync = ({ page }: Device) => ask(page, 'sync.now', {});
const settled = async (...devices: Device[]) => {
  for (const device of devices) expect(await sync(device)).toMatchObject({ kind: 'synced' });
};
async function hosts({ page }: Device): Promise<{ allow: readonly string[]; block: readonly string[] }> {
  const { allow, block } = (await ask(page, 'protection.get', {})).settings;
  return { allow, block };
}
const conflicts = async ({ page }: Device) =>
  (await ask(page, 'sync.get', {})).log.filter(({ kind }) => kind === 'conflict');
/** All that went out of this browser, towards wherever. */
const traffic = ({ tap, proxy }: Device) => [...proxy.seen, ...tap.seen];

async function begin(device: Device, deviceName: string): Promise<string> {
  await grant(device.browser, device.page, 'cloud-sync', { scope: SCOPE });
  expect(await ask(device.page, 'sync.look', { server: serverOf(device) })).toEqual({ kind: 'empty' });
  const made = await ask(device.page, 'sync.create', { deviceName, passphrase: null });
  if (made.kind !== 'created') throw new Error(JSON.stringify(made));
  return made.passphrase;
}

async function joinAs(device: Device, deviceName: string, passphrase: string): Promise<void> {
  await grant(device.browser, device.page, 'cloud-sync', { scope: SCOPE });
  expect(await ask(device.page, 'sync.look', { server: serverOf(device) })).toEqual({ kind: 'vault' });
  expect(await ask(device.page, 'sync.open', { secret: { passphrase }, deviceName })).toMatchObject({ kind: 'opened' });
  expect(await ask(device.page, 'sync.join', { how: 'merge' })).toMatchObject({
    kind: 'joined',
    synced: { kind: 'synced' },
  });
}

describe.skipIf(!wantedBrowsers().includes('firefox'))('Chromium and Firefox through one server', () => {
  beforeAll(async () => {
    tls = makeCertificates(['localhost', 'dav.example']);
    dav = await startDav('lighttpd', { tls, host: 'dav.example' });
    for (const name of ['chromium', 'firefox'] as const)
      ways[name] = { tap: await tap(dav, tls), proxy: await startProxy() };
  }, 60_000);
  afterAll(async () => {
    for (const way of Object.values(ways)) await Promise.all([way.tap.stop(), way.proxy.stop()]);
    await dav.stop();
    tls.dispose();
  });

  test('set, change, delete, conflict, revoke while the other writes; nothing before consent, nothing after it', async () => {
    await withDevices(async (chromium, firefox) => {
      const both = [chromium, firefox] as const;
      // A past before consent: changes, and our pages, that send nothing anywhere.
      await change(chromium, 'block', 'first.secret-host.example');
      await change(firefox, 'allow', 'second.secret-host.example');
      for (const device of both) await device.page.reload();
      expect(both.flatMap(traffic)).toEqual([]);

      const passphrase = await begin(chromium, 'Secret Chromium');
      expect(chromium.tap.seen.length).toBeGreaterThan(0);
      // The proxy carries it, so its silence means something.
      expect(new Set(chromium.proxy.seen.map(({ method, host }) => `${method} ${host}`))).toEqual(
        new Set(['CONNECT dav.example']),
      );
      expect(traffic(firefox)).toEqual([]);
      await joinAs(firefox, 'Secret Firefox', passphrase);
      await settled(chromium);
      const joined = { allow: ['second.secret-host.example'], block: ['first.secret-host.example'] };
      expect(await Promise.all(both.map(hosts))).toEqual([joined, joined]);

      // Set in the one, changed in the other, deleted in the first again.
      await change(chromium, 'block', 'passing.secret-host.example');
      await settled(chromium, firefox);
      expect((await hosts(firefox)).block).toContain('passing.secret-host.example');
      await change(firefox, 'allow', 'passing.secret-host.example');
      await settled(firefox, chromium);
      expect((await hosts(chromium)).allow).toContain('passing.secret-host.example');
      await change(chromium, 'block', 'passing.secret-host.example');
      await change(chromium, 'remove', 'passing.secret-host.example');
      await settled(chromium, firefox);
      expect(await Promise.all(both.map(hosts))).toEqual([joined, joined]);

      // The same host in both, neither knowing of the other: the later change wins, in both, and it is told.
      for (const { tap } of both) tap.let('cut');
      await change(chromium, 'block', 'both.secret-host.example');
      expect(await sync(chromium)).toMatchObject({ kind: 'behind', why: 'offline' });
      await change(firefox, 'allow', 'both.secret-host.example');
      expect(await sync(firefox)).toMatchObject({ kind: 'behind', why: 'offline' });
      for (const { tap } of both) tap.let('through');
      await settled(chromium, firefox, chromium);
      const agreed = { ...joined, allow: ['both.secret-host.example', ...joined.allow] };
      expect(await Promise.all(both.map(hosts))).toEqual([agreed, agreed]);
      expect(await conflicts(firefox)).toMatchObject([
        {
          setting: { name: 'both.secret-host.example' },
          from: 'block',
          to: 'allow',
          by: 'Secret Firefox',
          over: 'Secret Chromium',
        },
      ]);

      // Firefox takes its permission back with a write of its own on the way, while Chromium writes on.
      firefox.tap.let('hold');
      await change(firefox, 'block', 'late.secret-host.example');
      const onTheWay = await until(
        () => firefox.tap.seen.find(({ method, state }) => method === 'PUT' && state === 'waiting'),
        'a write on the way',
      );
      const written = Array.from({ length: WRITES }, (_, n) => `written-${n}.secret-host.example`);
      const writing = (async () => {
        for (const host of written) {
          await change(chromium, 'block', host);
          await sync(chromium);
        }
      })();
      const revoked = await ask(firefox.page, 'sync.revoke', { scope: SCOPE, remote: 'keep' });
      const before = traffic(firefox).length;
      expect(revoked).toMatchObject({ revoked: { kind: 'revoked', held: 'nothing' }, remote: { kind: 'kept' } });
      await until(() => onTheWay.state === 'lost', 'the write on the way was given up');
      firefox.tap.let('through');
      await writing;
      await settled(chromium);
      const kept = { allow: agreed.allow, block: ['first.secret-host.example', 'late.secret-host.example'] };
      expect(await hosts(firefox)).toEqual(kept);
      // Whatever could make it send: a change, an alarm's worth of waking, a page.
      await change(firefox, 'block', 'after.secret-host.example');
      await firefox.browser.killBackground();
      await firefox.page.reload();
      expect(await sync(firefox)).toEqual({ kind: 'off' });
      expect(await stateOf(firefox.page, 'cloud-sync', SCOPE)).toBe('revoked');
      expect((await held(firefox.page)).origins).toEqual([]);
      expect(traffic(firefox).length - before).toBe(0);
      expect((await hosts(chromium)).block).toEqual(['first.secret-host.example', ...written].sort());

      // Allowed again, it takes in what it missed, and brings what it had.
      await joinAs(firefox, 'Secret Firefox', passphrase);
      await settled(chromium);
      const all = [...written, ...kept.block, 'after.secret-host.example'].sort();
      expect((await hosts(chromium)).block).toEqual(all);
      expect((await hosts(firefox)).block).toEqual(all);

      const words = [
        'secret-host',
        'Secret Chromium',
        'Secret Firefox',
        'protection.',
        '"block"',
        'entries',
        passphrase,
      ];
      expect(holding(dav.folder, words)).toEqual([]);
      const plain = path.join(dav.folder, 'data', 'plain');
      writeFileSync(plain, Buffer.from('{"protection.badge":true}').toString('base64url'));
      expect(holding(dav.folder, words)).toEqual([plain]);

      // Chromium turns it off and has the copy deleted: that, and the look whether it is gone, is all that still leaves.
      chromium.tap.let('hold');
      await change(chromium, 'remove', 'first.secret-host.example');
      await until(
        () => chromium.tap.seen.some(({ method, state }) => method === 'PUT' && state === 'waiting'),
        'a write on the way',
      );
      for (const { tap, proxy } of both) {
        tap.seen.length = 0;
        proxy.seen.length = 0;
      }
      const gone = await ask(chromium.page, 'sync.revoke', { scope: SCOPE, remote: 'delete' });
      expect(gone).toMatchObject({ revoked: { kind: 'revoked', held: 'nothing' }, remote: { kind: 'deleted' } });
      chromium.tap.let('through');
      const deletion = chromium.tap.seen.length;
      const asked = new Set(chromium.tap.seen.map(({ method, path: to }) => `${method} ${to}`));
      const files = ['settings', 'settings.bad', 'keys', 'keys.bad'].map((file) => `/Cloudopt/${file}.jwe`);
      const named = files.flatMap((file) => [`DELETE ${file}`, `GET ${file}`]);
      expect([...asked].filter((one) => !named.includes(one))).toEqual([]);
      expect(asked).toContain('DELETE /Cloudopt/settings.jwe');
      expect(asked).toContain('DELETE /Cloudopt/keys.jwe');
      await change(chromium, 'block', 'after.secret-host.example');
      await chromium.browser.killBackground();
      await chromium.page.reload();
      expect(await sync(chromium)).toEqual({ kind: 'off' });
      expect(chromium.tap.seen.length).toBe(deletion);
      expect(holding(path.join(dav.folder, 'data', 'Cloudopt'), [''])).toEqual([]);

      // What the other one makes of it: it stops or begins anew, but takes nothing of its settings away.
      const left = await hosts(firefox);
      expect((await sync(firefox)).kind).not.toBe('off');
      expect(await hosts(firefox)).toEqual(left);
    });
  });
});

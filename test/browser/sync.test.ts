import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DavServer, startDav } from '../servers/dav';
import { type Certificates, makeCertificates } from '../servers/tls';
import {
  ask,
  type Driven,
  grant,
  held,
  type Page,
  rawRows,
  stateOf,
  testid,
  until,
  wantedBrowsers,
  withBrowser,
} from './cloudopt';

const SCOPE = 'https://dav.example/*';
let tls: Certificates;
let dav: DavServer;
beforeAll(async () => {
  tls = makeCertificates(['dav.example']);
  dav = await startDav('lighttpd', { tls, host: 'dav.example' });
}, 60_000);
afterAll(async () => {
  await dav.stop();
  tls.dispose();
});

const server = () => ({ url: dav.url, user: dav.user, password: dav.password });
const onDisk = (file: string) => existsSync(path.join(dav.folder, 'data', 'Cloudopt', file));
const block = (page: Page, host: string) =>
  ask(page, 'protection.change', { change: { kind: 'add', to: 'block', host } });
const blocked = async (page: Page) => (await ask(page, 'protection.get', {})).settings.block;
const checkpoints = async (page: Page) =>
  (await rawRows(page, 'uses')).filter((row) => row.capability === 'cloud-sync' && row.kind === 'checkpoint');
const settingKeys = async (page: Page) => (await rawRows(page, 'settings')).map((row) => row.key);

/** Reloads, since what these tests say to the background the page may have heard of late. */
async function phaseShown(page: Page, phase: string): Promise<void> {
  await page.waitFor(`${testid('sync-status')}[data-phase="${phase}"]`);
}

describe.each(wantedBrowsers())('Cloud Synchronization in %s', (name) => {
  const run = (task: (browser: Driven, options: Page) => Promise<void>) =>
    withBrowser(name, { trust: { caPem: tls.caPem, cert: tls.cert } }, async (browser) => {
      await task(browser, await browser.open('options.html#sync'));
    });

  test('through a real server: begun, joined by a second profile, a change arrives, and all of it is deleted again', async () => {
    await run(async (first, one) => {
      await block(one, 'ads.example');
      await grant(first, one, 'cloud-sync', { scope: SCOPE });
      expect((await held(one)).origins).toContain(SCOPE);
      if (name === 'firefox') {
        expect((await held(one)).data_collection?.sort()).toEqual(['authenticationInfo', 'browsingActivity']);
      }
      expect(await ask(one, 'sync.probe', { server: server() })).toMatchObject({ kind: 'works', honoursIfMatch: true });
      expect(await ask(one, 'sync.look', { server: server() })).toEqual({ kind: 'empty' });
      const made = await ask(one, 'sync.create', { deviceName: 'First', passphrase: null });
      if (made.kind !== 'created') throw new Error(JSON.stringify(made));
      expect([onDisk('keys.jwe'), onDisk('settings.jwe')]).toEqual([true, true]);
      await phaseShown(one, 'running');

      await run(async (second, two) => {
        await grant(second, two, 'cloud-sync', { scope: SCOPE });
        expect(await ask(two, 'sync.look', { server: server() })).toEqual({ kind: 'vault' });
        const secret = { passphrase: made.passphrase };
        const opened = await ask(two, 'sync.open', { secret, deviceName: 'Second' });
        expect(opened).toMatchObject({ kind: 'opened', preview: { lastChange: { device: 'First' } } });
        await phaseShown(two, 'joining');
        expect(await ask(two, 'sync.join', { how: 'merge' })).toMatchObject({
          kind: 'joined',
          synced: { kind: 'synced' },
        });
        expect(await blocked(two)).toEqual(['ads.example']);
        await phaseShown(two, 'running');

        // It goes by itself, a moment after the change.
        await block(one, 'more.example');
        await until(async () => {
          await ask(two, 'sync.now', {});
          return (await blocked(two)).includes('more.example');
        }, 'the change is on the other device');
        // A background that was stopped finds its secrets again, and goes on.
        await second.killBackground();
        expect(await ask(two, 'sync.now', {})).toMatchObject({ kind: 'synced' });
        const taken = await ask(two, 'sync.revoke', { scope: SCOPE, remote: 'keep' });
        expect(taken).toMatchObject({ revoked: { kind: 'revoked', held: 'nothing' }, remote: { kind: 'kept' } });
        expect((await held(two)).origins).toEqual([]);
        expect(await blocked(two)).toEqual(['ads.example', 'more.example']);
      });

      await first.killBackground();
      const answer = await ask(one, 'sync.revoke', { scope: SCOPE, remote: 'delete' });
      expect(answer).toMatchObject({ revoked: { kind: 'revoked', held: 'nothing' }, remote: { kind: 'deleted' } });
      expect([onDisk('keys.jwe'), onDisk('settings.jwe')]).toEqual([false, false]);
      expect(await stateOf(one, 'cloud-sync', SCOPE)).toBe('revoked');
      expect((await held(one)).origins).toEqual([]);
      expect((await held(one)).data_collection ?? []).toEqual([]);
      expect(await checkpoints(one)).toEqual([]);
      expect((await settingKeys(one)).filter((key) => String(key).startsWith('sync-'))).toEqual([]);
    });
  });

  test('through the browser’s own sync: begun, kept over a stopped background, and closed', async () => {
    await run(async (browser, options) => {
      await block(options, 'ads.example');
      await grant(browser, options, 'cloud-sync');
      expect((await held(options)).origins).toEqual([]);
      expect(await ask(options, 'sync.look', { server: null })).toEqual({ kind: 'empty' });
      const made = await ask(options, 'sync.create', { deviceName: 'First', passphrase: 'a passphrase of mine' });
      expect(made).toMatchObject({ kind: 'created', passphrase: 'a passphrase of mine' });
      await phaseShown(options, 'running');
      await browser.killBackground();
      expect(await ask(options, 'sync.now', {})).toMatchObject({ kind: 'synced' });
      expect(await checkpoints(options)).toHaveLength(1);
      const answer = await ask(options, 'sync.revoke', { scope: '*', remote: 'delete' });
      expect(answer).toMatchObject({ revoked: { kind: 'revoked' }, remote: { kind: 'deleted' } });
      expect(await checkpoints(options)).toEqual([]);
      await phaseShown(options, 'off');
    });
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { start, type WebServer } from '../servers/web';
import {
  ask,
  type Driven,
  grant,
  held,
  launch,
  ledger,
  type Page,
  rawRows,
  stateOf,
  until,
  wantedBrowsers,
  withBrowser,
} from './cloudopt';

const SHOP = '*://shop.example/*';

let web: WebServer;
beforeAll(async () => {
  web = await start();
});
afterAll(() => web.stop());

interface Api {
  readonly chrome: {
    permissions: { remove(what: object): Promise<boolean> };
    tabs: { create(what: object): Promise<unknown> };
  };
}

const remove = (page: Page, what: object) =>
  page.evaluate((given: object) => (globalThis as unknown as Api).chrome.permissions.remove(given), what);

/** Loads the page anew, and sees that nothing of it is kept. */
async function keepsNothing(browser: Driven, options: Page): Promise<void> {
  const before = await rawRows(options, 'records');
  const site = await browser.open(web.url('shop.example', '/?parties=late.example&each=2'));
  await site.close();
  expect(await rawRows(options, 'records')).toEqual(before);
  const { leases } = await ask(options, 'diagnostics.get', {});
  expect(leases).toEqual([]);
}

async function withProfile(task: (profile: string) => Promise<void>): Promise<void> {
  const profile = mkdtempSync(path.join(tmpdir(), 'cloudopt-profile-'));
  try {
    await task(profile);
  } finally {
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

describe.each(wantedBrowsers())('permissions that go another way in %s', (name) => {
  test('by permissions.remove while the background is stopped', async () => {
    await withBrowser(name, {}, async (browser) => {
      const options = await browser.open('options.html');
      await grant(browser, options, 'site-insight', { scope: SHOP });
      await browser.stopBackground();
      expect(await remove(options, { origins: [SHOP] })).toBe(true);
      await until(async () => (await ledger(options)).at(-1) === `revoked browser ${SHOP}`, 'written down');
      expect(await stateOf(options, 'site-insight')).toBe('revoked');
      await keepsNothing(browser, options);
    });
  });

  test("in the browser's own settings while the background is stopped", async () => {
    await withBrowser(name, {}, async (browser) => {
      const options = await browser.open('options.html');
      await grant(browser, options, 'site-insight', { scope: SHOP });
      await browser.stopBackground();
      await browser.revokeInBrowser({ origins: [SHOP] });
      await until(async () => (await ledger(options)).at(-1) === `revoked browser ${SHOP}`, 'written down');
      await keepsNothing(browser, options);
      const { news } = await ask(options, 'state.get', {});
      expect(news.map((item) => item.kind)).toContain('revoked');
    });
  });

  test('while a page of the site never ends loading: nothing waits for it', async () => {
    await withBrowser(name, {}, async (browser) => {
      const options = await browser.open('options.html');
      await grant(browser, options, 'site-insight', { scope: SHOP });
      await options.evaluate(
        async (url: string) => {
          await (globalThis as unknown as Api).chrome.tabs.create({ url, active: false });
        },
        web.url('shop.example', '/slow/page'),
      );
      await until(() => web.requests.some((request) => request.path === '/slow/page'), 'begun');
      // The next background runs the script in the pages that are open.
      await browser.killBackground();
      await ask(options, 'state.get', {});
      await browser.revokeInBrowser({ origins: [SHOP] });
      await until(async () => (await ledger(options)).at(-1) === `revoked browser ${SHOP}`, 'written down', 10_000);
      await keepsNothing(browser, options);
    });
  });

  test('given in the settings without our prompt: handed back, written down, told', async () => {
    await withBrowser(name, {}, async (browser) => {
      const options = await browser.open('options.html');
      // Chromium's settings give back only what its prompt once gave and its settings took.
      await grant(browser, options, 'site-insight', { scope: SHOP });
      await browser.revokeInBrowser({ origins: [SHOP] });
      await until(async () => (await ledger(options)).at(-1) === `revoked browser ${SHOP}`, 'taken');
      await browser.grantInBrowser({ origins: name === 'firefox' ? ['*://*/*'] : [SHOP] });
      await until(async () => (await ledger(options)).some((entry) => entry.startsWith('handed-back')), 'written down');
      await until(async () => (await held(options)).origins.length === 0, 'handed back');
      expect(await stateOf(options, 'site-insight')).toBe('revoked');
      expect((await ask(options, 'state.get', {})).news[0]?.kind).toBe('handed-back');
    });
  });

  test('one site taken out of all sites', async () => {
    await withBrowser(name, {}, async (browser) => {
      const options = await browser.open('options.html');
      await grant(browser, options, 'site-insight');
      const revoked = await ask(options, 'grants.revoke', { capability: 'site-insight', scope: SHOP });
      expect(revoked).toMatchObject({ kind: 'revoked', held: 'shared' });
      const site = await browser.open(web.url('shop.example', '/?parties=cdn.example&each=1'));
      await site.goto(web.url('other.example', '/?parties=cdn.example&each=1'));
      await until(async () => (await rawRows(options, 'records')).length > 0, 'counted elsewhere');
      expect((await rawRows(options, 'records')).map((row) => row.site)).toEqual(['other.example']);
    });
  });

  test('a restart keeps what is granted; a session grant ends with the session', async () => {
    await withProfile(async (profile) => {
      const first = await launch(name, { profile, persistent: true });
      const options = await first.open('options.html');
      await grant(first, options, 'site-insight', { scope: SHOP });
      await grant(first, options, 'browsing-time', { lifetime: 'session' });
      // A permission younger than a moment is lost in a crash, not in an ordinary end.
      await first.close();

      const second = await launch(name, { profile, persistent: true });
      try {
        const again = await second.open('options.html');
        expect(await stateOf(again, 'site-insight')).toBe('granted');
        await until(async () => (await stateOf(again, 'browsing-time')) === 'expired', 'the session is over');
        expect((await held(again)).permissions).not.toContain('tabs');
        expect((await ledger(again)).at(-1)).toBe('expired clock *');
        await second.open(web.url('shop.example', '/?parties=cdn.example&each=1'));
        await until(
          async () => (await rawRows(again, 'records')).some((row) => row.site === 'shop.example'),
          'counts on',
        );
      } finally {
        await second.close();
      }
    });
  });

  test('disabled and enabled again: a session grant is over, another goes on', async () => {
    await withProfile(async (profile) => {
      const browser = await launch(name, { profile, persistent: true });
      try {
        const options = await browser.open('options.html');
        await grant(browser, options, 'site-insight', { scope: SHOP });
        await grant(browser, options, 'browsing-time', { lifetime: 'session' });
        await browser.disableEnableExtension();
        const again = await browser.open('options.html');
        await until(async () => (await stateOf(again, 'browsing-time')) === 'expired', 'the session is over');
        expect(await stateOf(again, 'site-insight')).toBe('granted');
        expect((await ask(again, 'history.head', {})).entries).toBeGreaterThan(4);
      } finally {
        await browser.close();
      }
    });
  });
});

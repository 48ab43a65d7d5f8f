import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { start, type WebServer } from '../servers/web';
import {
  ask,
  grant,
  held,
  type Page,
  rawRows,
  send,
  stateOf,
  testid,
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

/** The page loads twenty more images of a third party. */
const loadMore = (site: Page) =>
  site.evaluate(
    (url: string) => {
      for (let index = 0; index < 20; index += 1) new Image().src = `${url}?more=${index}`;
    },
    web.url('late.example', '/p.gif'),
  );

describe.each(wantedBrowsers())('pages out of sight in %s', (name) => {
  test('a page in the back/forward cache stays silent after a revocation, and asks anew when shown', async () => {
    await withBrowser(name, { bfcache: true }, async (browser) => {
      const options = await browser.open('options.html');
      await grant(browser, options, 'site-insight', { scope: SHOP });
      const site = await browser.open(web.url('shop.example', '/?parties=cdn.example&each=2'));
      await until(async () => (await rawRows(options, 'records')).length > 0, 'counted');
      await site.evaluate(() => {
        document.documentElement.dataset.marker = 'the same page';
      });
      await site.goto(web.url('other.example', '/plain'));
      await ask(options, 'grants.revoke', { capability: 'site-insight', scope: SHOP });
      const before = await rawRows(options, 'records');
      await site.back();
      // It came from the cache, script and all; it loads more, and nobody listens.
      expect(await site.evaluate(() => document.documentElement.dataset.marker)).toBe('the same page');
      await loadMore(site);
      await until(() => web.requests.filter((one) => one.path.includes('more=')).length >= 20, 'loaded more');
      expect(await rawRows(options, 'records')).toEqual(before);
    });
  });

  test('a page in the back/forward cache is counted again when it is shown under a live grant', async () => {
    await withBrowser(name, { bfcache: true }, async (browser) => {
      const options = await browser.open('options.html');
      await grant(browser, options, 'site-insight', { scope: SHOP });
      const site = await browser.open(web.url('shop.example', '/?parties=cdn.example&each=2'));
      await until(async () => (await rawRows(options, 'records')).length > 0, 'counted');
      await site.evaluate(() => {
        document.documentElement.dataset.marker = 'the same page';
      });
      await site.goto(web.url('other.example', '/plain'));
      const before = (await rawRows(options, 'records')).length;
      await site.back();
      expect(await site.evaluate(() => document.documentElement.dataset.marker)).toBe('the same page');
      await loadMore(site);
      await until(async () => (await rawRows(options, 'records')).length > before, 'a new visit');
    });
  });

  test('a private window leaves nothing', async () => {
    await withBrowser(name, {}, async (browser) => {
      const options = await browser.open('options.html');
      await grant(browser, options, 'site-insight');
      const page = await browser.inPrivateWindow(web.url('secret.example', '/?parties=cdn.example&each=2'));
      expect(await page.evaluate(() => document.title)).toBe('Site');
      const ours = await browser.open('options.html');
      await browser.open(web.url('open.example', '/?parties=cdn.example&each=2'));
      await until(async () => (await rawRows(ours, 'records')).some((row) => row.site === 'open.example'), 'counted');
      expect(JSON.stringify(await rawRows(ours, 'records'))).not.toContain('secret.example');
    });
  });
});

describe.runIf(wantedBrowsers().includes('firefox'))("Firefox's 'Never remember history'", () => {
  test('nothing can be granted, what is held goes back, and every page says why', async () => {
    await withBrowser('firefox', { clearHistoryMode: true }, async (browser) => {
      const options = await browser.open('options.html');
      expect((await ask(options, 'state.get', {})).closed).toMatchObject({ kind: 'no-database' });
      await browser.grantInBrowser({ origins: ['*://*/*'] });
      await until(async () => (await held(options)).origins.length === 0, 'handed back');
      for (const page of ['options.html', 'popup.html', 'prompt.html?capability=site-insight']) {
        await options.goto(page);
        await options.until(() => /history/i.test(document.body.textContent ?? ''), `${page} says why`);
        expect(await options.count(testid('allow'))).toBe(0);
      }
      expect(await stateOf(options, 'site-insight')).toBe('off');
      expect(await send(options, 'records.summary', {})).toMatchObject({ ok: false, error: 'closed' });
    });
  });
});

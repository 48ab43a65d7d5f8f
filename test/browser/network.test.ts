import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RecordingProxy, start as startProxy } from '../servers/proxy';
import { start as startWeb, type WebServer } from '../servers/web';
import { grant, type Page, rawRows, until, wantedBrowsers, withBrowser } from './cloudopt';

const MINUTE_MS = 60_000;
const visited = ['shop.example', 'news.example'];
const parties = ['cdn.ads.example', 'stats.track.test'];

let web: WebServer;
let proxy: RecordingProxy;
beforeAll(async () => {
  [web, proxy] = await Promise.all([startWeb(), startProxy()]);
});
afterAll(() => Promise.all([web.stop(), proxy.stop()]));

/** A minute of a person's use: two sites, and our own pages. */
async function use(site: Page, ours: Page): Promise<void> {
  const endMs = Date.now() + MINUTE_MS;
  for (let turn = 0; Date.now() < endMs; turn += 1) {
    await site.bringToFront();
    await site.goto(web.url(visited[turn % visited.length] ?? '', `/?parties=${parties.join()}&each=2`));
    await ours.bringToFront();
    for (const page of ['options.html#data', 'options.html#history', 'popup.html', 'welcome.html'])
      await ours.goto(page);
  }
}

/** Requests that no page of the test asked for. */
const foreign = () => proxy.seen.filter((one) => ![...visited, ...parties].includes(one.host) || one.port !== web.port);

describe.each(wantedBrowsers())('requests of a fresh profile in %s', (name) => {
  test(
    'none from the extension: a minute with nothing granted, a minute with everything granted',
    async () => {
      await withBrowser(name, { proxy: { host: '127.0.0.1', port: proxy.port } }, async (browser) => {
        const ours = await browser.open('options.html');
        const site = await browser.open(web.url('shop.example', '/plain'));
        await until(() => proxy.seen.length > 0, 'the proxy is used');
        await use(site, ours);
        expect(foreign()).toEqual([]);

        await ours.goto('options.html');
        await grant(browser, ours, 'site-insight');
        for (const capability of [
          'browsing-time',
          'site-cleaner',
          'notifications',
          'usage-statistics',
          'crash-reports',
        ]) {
          await grant(browser, ours, capability);
        }
        await use(site, ours);
        expect((await rawRows(ours, 'records')).length).toBeGreaterThan(0);
        expect(foreign()).toEqual([]);
      });
      proxy.seen.length = 0;
    },
    5 * MINUTE_MS,
  );
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { capabilityIds } from '../../utils/catalogue/catalogue';
import { type RecordingProxy, start as startProxy } from '../servers/proxy';
import { start as startWeb, type WebServer } from '../servers/web';
import { grant, type Page, rawRows, stateOf, until, wantedBrowsers, withBrowser } from './cloudopt';

/** `npm run bench` measures the first two minutes, untouched. */
const UNGRANTED_MS = 15_000;
const GRANTED_MS = 10_000;
const visited = ['shop.example', 'news.example'];
const parties = ['cdn.ads.example', 'stats.track.test'];

let web: WebServer;
let proxy: RecordingProxy;
beforeAll(async () => {
  [web, proxy] = await Promise.all([startWeb(), startProxy()]);
});
afterAll(() => Promise.all([web.stop(), proxy.stop()]));

/** A person's use for so long, and twice at least: two sites, and our own pages. */
async function use(site: Page, ours: Page, forMs: number): Promise<void> {
  const endMs = Date.now() + forMs;
  for (let turn = 0; turn < 2 || Date.now() < endMs; turn += 1) {
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
  test('none from the extension, with nothing granted and with everything granted', async () => {
    await withBrowser(name, { proxy: { host: '127.0.0.1', port: proxy.port } }, async (browser) => {
      const ours = await browser.open('options.html');
      const site = await browser.open(web.url('shop.example', '/plain'));
      await until(() => proxy.seen.length > 0, 'the proxy is used');
      await use(site, ours, UNGRANTED_MS);
      expect(foreign()).toEqual([]);

      await ours.goto('options.html');
      for (const capability of capabilityIds) await grant(browser, ours, capability);
      for (const capability of capabilityIds) expect(await stateOf(ours, capability), capability).toBe('granted');
      // Something for the download guard to judge: a program over plain HTTP.
      await site.bringToFront();
      await site.goto(web.url('shop.example', '/plain'));
      await site.evaluate(() => {
        document.body.innerHTML = '<a href="/setup.exe">save</a>';
      });
      await site.click('a');
      await browser.waitForPage('download.html');
      await use(site, ours, GRANTED_MS);
      const kept = new Set((await rawRows(ours, 'records')).map((row) => row.capability));
      // Of protection too in Firefox, which tells of a request that a page gave up as of a blocked one; of browsing time there
      // only while the window has the focus, which it lost to the browser's own prompts here. capabilities.test.ts sees to that.
      const writing = ['download-guard', 'site-insight', 'usage-statistics'];
      if (name === 'chromium') writing.push('browsing-time');
      for (const capability of writing) expect(kept, capability).toContain(capability);
      expect(foreign()).toEqual([]);
    });
    proxy.seen.length = 0;
  }, 150_000);
});

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { start, type WebServer } from '../servers/web';
import { buildOf, grant, launch, type Page, rawRows, testid, until, wantedBrowsers } from './cloudopt';

let web: WebServer;
beforeAll(async () => {
  web = await start();
});
afterAll(() => web.stop());

interface Api {
  readonly chrome: {
    downloads: { search(what: object): Promise<{ state: string; paused: boolean; bytesReceived: number }[]> };
  };
}
const downloads = (page: Page) => page.evaluate(() => (globalThis as unknown as Api).chrome.downloads.search({}));
/** As a person does: a second download that nobody clicked for is held back by Chromium itself. */
async function save(page: Page, address: string): Promise<void> {
  await page.evaluate((to: string) => {
    document.body.innerHTML = '<a id="save">save</a>';
    document.querySelector('a')?.setAttribute('href', to);
  }, address);
  await page.click('#save');
}
const verdicts = async (page: Page) =>
  (await rawRows(page, 'records')).map(({ site, verdict }) => `${site} ${verdict}`);

describe.each(wantedBrowsers())('the download guard in %s', (name) => {
  test('holds what is doubtful, asks, and lets the rest alone', async () => {
    const browser = await launch(name, { args: ['--host-resolver-rules=MAP * 127.0.0.1'] });
    try {
      const options = await browser.open('options.html');
      await grant(browser, options, 'download-guard');
      const site = await browser.open(web.url('shop.example', '/plain'));
      await save(site, web.url('shop.example', '/paper.zip'));
      // Chromium waits with its end until the person agrees to what came without encryption.
      await until(async () => (await downloads(options))[0]?.bytesReceived === 64 * 1024, 'a plain file arrives');

      await save(site, web.url('shop.example', '/slow/tool.exe'));
      const held = await browser.waitForPage('download.html');
      await held.waitFor(testid('keep-download'));
      expect(await held.text(testid('download-why'))).toContain('shop.example');
      // This site can't continue a download that was stopped, and Firefox has no other way to pause one.
      expect(await held.attribute(testid('download'), 'data-state')).toBe(name === 'firefox' ? 'stopped' : 'held');
      await held.click(testid('keep-download'));
      await held.until(() => document.querySelector('[data-state="kept"]') !== null, 'kept');
      await until(
        async () => (await downloads(options)).some((one) => one.state === 'in_progress' && !one.paused),
        'on',
      );
      await held.close();

      const { phishing } = JSON.parse(readFileSync(path.join(buildOf(name), 'rulesets/hosts.json'), 'utf8')) as {
        phishing: string[];
      };
      const bad = phishing.find((host) => /^[a-z]+[a-z-]*\.(com|net)$/.test(host)) ?? '';
      await site.bringToFront();
      await save(site, web.url(`www.${bad}`, '/slow/form.zip'));
      const second = await browser.waitForPage('download.html');
      await second.waitFor(testid('discard-download'));
      expect(await second.text(testid('download-why'))).toContain(bad);
      await second.click(testid('discard-download'));
      await second.until(() => document.querySelector('[data-state="discarded"]') !== null, 'discarded');
      expect(await downloads(options)).toHaveLength(name === 'firefox' ? 3 : 2);
      await second.close();

      // One that is done before it can be held may still be removed.
      await site.bringToFront();
      await save(site, web.url('shop.example', '/small.exe'));
      const third = await browser.waitForPage('download.html');
      await third.waitFor(testid('discard-download'));
      await third.click(testid('discard-download'));
      await third.until(() => document.querySelector('[data-state="discarded"]') !== null, 'removed');
      await third.close();
      expect((await verdicts(options)).sort()).toEqual(
        ['shop.example program-over-http', 'shop.example program-over-http', `www.${bad} phishing`].sort(),
      );
    } finally {
      await browser.close();
    }
  });
});

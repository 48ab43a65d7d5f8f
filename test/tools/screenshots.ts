/**
 * `npm run screenshots`: every page, in light and dark, in both real browsers, into test/screenshots/BROWSER; the
 * repository keeps Chromium's. `--browser=firefox` takes that one alone.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { grant, launch, type Page, promptUrl, rawRows, testid, until } from '../browser/cloudopt';
import type { BrowserName } from '../browser/driver/driver';
import { badHost, protectedNow } from '../browser/protected';
import { start as startWeb } from '../servers/web';

const SHOP = '*://shop.example/*';
const known: readonly BrowserName[] = ['chromium', 'firefox'];
const chosen = process.argv.find((word) => word.startsWith('--browser='))?.slice('--browser='.length);
const names = known.filter((name) => chosen === undefined || chosen === name);
if (names.length === 0) throw new Error(`no browser of ours: ${chosen}`);
const sections = ['permissions', 'activity', 'data', 'history', 'sync', 'policy', 'diagnostics'];

const web = await startWeb();

async function shootAll(name: BrowserName, colorScheme: 'light' | 'dark'): Promise<void> {
  const folder = path.resolve(import.meta.dirname, '../screenshots', name);
  mkdirSync(folder, { recursive: true });
  const shoot = (page: Page, what: string) => page.screenshot(path.join(folder, `${what}-${colorScheme}.png`));
  const shootAt = async (page: Page, what: string, width: number, height: number) => {
    await page.bringToFront();
    await page.resize(width, height);
    await shoot(page, what);
  };
  const browser = await launch(name, { colorScheme, args: ['--host-resolver-rules=MAP * 127.0.0.1'] });
  try {
    const welcome = await browser.waitForPage('welcome.html');
    await welcome.waitFor('main');
    await shootAt(welcome, 'welcome', 900, 700);
    for (const screen of ['can', 'policy']) {
      await welcome.goto(`welcome.html#${screen}`);
      await shootAt(welcome, `welcome-${screen}`, 900, 700);
    }

    const prompt = await browser.open(promptUrl('site-insight', SHOP));
    await prompt.waitFor(testid('allow'));
    await shootAt(prompt, 'prompt', 480, 640);
    await prompt.close();

    const options = await browser.open('options.html');
    await grant(browser, options, 'site-insight', { scope: SHOP });
    await grant(browser, options, 'browsing-time', { lifetime: 'hour' });
    const parties = 'cdn.ads.example,stats.track.test,fonts.type.example';
    await browser.open(web.url('shop.example', `/?parties=${parties}&each=4`));
    await until(async () => (await rawRows(options, 'records')).length >= 3, 'records');

    const popup = await browser.openActionPopup();
    await popup.waitFor(testid('active-site-insight'));
    await popup.until(() => document.body.textContent?.includes('ads.example'), 'the report');
    await shoot(popup, 'popup');
    await popup.close();

    for (const section of sections) {
      await options.goto(`options.html#${section}`);
      await options.waitFor('h1, h2');
      await options.until(() => document.querySelector('[aria-busy="true"]') === null, 'loaded');
      await shootAt(options, `options-${section}`, 1100, 760);
    }
    const receipt = await browser.open(
      `receipt.html?${new URLSearchParams({ capability: 'site-insight', scope: SHOP })}`,
    );
    await receipt.waitFor(testid('print-receipt'));
    await shootAt(receipt, 'receipt', 760, 900);
    await receipt.close();

    // A page of a listed bad site, and a program that comes over plain HTTP.
    await grant(browser, options, 'protection');
    await grant(browser, options, 'download-guard');
    await protectedNow(options);
    const blocked = await browser.open(web.url('shop.example', '/plain'));
    await blocked.evaluate((to: string) => location.assign(to), web.url(badHost(name, 'malicious'), '/plain'));
    await blocked.waitFor(testid('let-through'));
    await shootAt(blocked, 'blocked', 760, 500);
    await blocked.close();

    const site = await browser.open(web.url('shop.example', '/plain'));
    await site.evaluate(
      (to: string) => {
        document.body.innerHTML = '<a id="save">save</a>';
        document.querySelector('a')?.setAttribute('href', to);
      },
      web.url('shop.example', '/slow/tool.exe'),
    );
    await site.click('#save');
    const download = await browser.waitForPage('download.html');
    await download.waitFor(testid('keep-download'));
    await shootAt(download, 'download', 760, 500);
  } finally {
    await browser.close();
  }
}

try {
  for (const name of names) for (const colorScheme of ['light', 'dark'] as const) await shootAll(name, colorScheme);
  console.log(`in ${path.resolve(import.meta.dirname, '../screenshots')}`);
} finally {
  await web.stop();
}

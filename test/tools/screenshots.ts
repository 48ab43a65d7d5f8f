/** `npm run screenshots`: every page, in light and dark, in a real browser, into test/screenshots. `--browser=firefox` chooses. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { grant, launch, type Page, promptUrl, rawRows, testid, until } from '../browser/cloudopt';
import type { BrowserName } from '../browser/driver/driver';
import { start as startWeb } from '../servers/web';

const SHOP = '*://shop.example/*';
const chosen = process.argv.find((word) => word.startsWith('--browser='))?.slice('--browser='.length);
const name: BrowserName = chosen === 'firefox' ? 'firefox' : 'chromium';
const folder = path.resolve(import.meta.dirname, '../screenshots', name);
const sections = ['permissions', 'activity', 'data', 'history', 'sync', 'policy', 'diagnostics'];

const web = await startWeb();
mkdirSync(folder, { recursive: true });

async function shoot(page: Page, what: string, width: number, height: number): Promise<void> {
  await page.bringToFront();
  await page.resize(width, height);
  await page.screenshot(path.join(folder, `${what}.png`));
}

try {
  for (const colorScheme of ['light', 'dark'] as const) {
    const browser = await launch(name, { colorScheme });
    try {
      const welcome = await browser.waitForPage('welcome.html');
      await welcome.waitFor('main');
      for (const [index, screen] of ['off', 'can', 'policy'].entries()) {
        if (index > 0) await welcome.goto(`welcome.html#${screen}`);
        await shoot(welcome, index === 0 ? `welcome-${colorScheme}` : `welcome-${screen}-${colorScheme}`, 900, 700);
      }

      const prompt = await browser.open(promptUrl('site-insight', SHOP));
      await prompt.waitFor(testid('allow'));
      await shoot(prompt, `prompt-${colorScheme}`, 480, 640);
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
      await popup.screenshot(path.join(folder, `popup-${colorScheme}.png`));
      await popup.close();

      for (const section of sections) {
        await options.goto(`options.html#${section}`);
        await options.waitFor('h1, h2');
        await options.until(() => document.querySelector('[aria-busy="true"]') === null, 'loaded');
        await shoot(options, `options-${section}-${colorScheme}`, 1100, 760);
      }
    } finally {
      await browser.close();
    }
  }
  console.log(`in ${folder}`);
} finally {
  await web.stop();
}

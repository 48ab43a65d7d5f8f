import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { start, type WebServer } from '../servers/web';
import { ask, grant, POPUP_SHORTCUT, rawRows, stateOf, testid, until, wantedBrowsers, withBrowser } from './cloudopt';

let web: WebServer;
beforeAll(async () => {
  web = await start();
});
afterAll(() => web.stop());

describe.each(wantedBrowsers())('what each capability does in %s', (name) => {
  test('browsing time counts the site in front, and goes on after the background was killed', async () => {
    await withBrowser(name, {}, async (browser) => {
      const options = await browser.open('options.html');
      await grant(browser, options, 'browsing-time');
      const site = await browser.open(web.url('www.read.example', '/plain'));
      const counted = async () =>
        (await ask(options, 'time.days', { days: 1 })).rows.find((row) => row.site === 'read.example')?.attentionMs ??
        0;
      // Going elsewhere and back makes it look.
      const elsewhere = async () => {
        await options.bringToFront();
        await until(async () => (await counted()) > 0, 'some time counted');
        await site.bringToFront();
      };
      await elsewhere();
      const before = await counted();
      await browser.stopBackground();
      const killedAt = Date.now();
      // The person reads on while nobody is there to count.
      await until(() => Date.now() - killedAt > 3000, 'three seconds of reading');
      await options.bringToFront();
      await until(async () => (await counted()) > before + 2500, 'the time without a background is counted');
      const whole = (await counted()) - before;
      expect(whole).toBeLessThan(Date.now() - killedAt + 5000);
      const rows = await rawRows(options, 'records');
      expect(rows.map((row) => row.site)).toContain('read.example');
      expect(JSON.stringify(rows)).not.toContain('/plain');
    });
  });

  test('the cleaner clears what the site left, and says what', async () => {
    await withBrowser(name, {}, async (browser) => {
      const options = await browser.open('options.html');
      await grant(browser, options, 'site-cleaner');
      const site = await browser.open(web.url('shop.example', '/storage'));
      const other = await browser.open(web.url('other.example', '/storage'));
      for (const page of [site, other]) {
        await page.until(() => document.documentElement.dataset.stored === 'yes', 'stored');
        await page.goto((await page.url()).replace('/storage', '/left'));
        await page.until(() => document.documentElement.dataset.left === 'cookie local database', 'all there');
      }
      await site.bringToFront();
      const popup = await browser.openActionPopup(POPUP_SHORTCUT);
      await popup.waitFor(testid('clean-site'));
      await popup.click(testid('clean-site'));
      await popup.waitFor(testid('clean-site-confirm'));
      await popup.click(testid('clean-site-confirm'));
      await popup.until(
        () => /cookies/i.test(document.querySelector('[data-testid="cleaned"]')?.textContent ?? ''),
        'says what',
      );
      await popup.close();
      await site.reload();
      await site.until(() => document.documentElement.dataset.left === '', 'nothing left');
      await other.reload();
      await other.until(
        () => document.documentElement.dataset.left === 'cookie local database',
        'the other site kept its',
      );
      expect(await rawRows(options, 'records')).toEqual([]);
    });
  });

  test('a notification tells what the browser took back', async () => {
    await withBrowser(name, {}, async (browser) => {
      const options = await browser.open('options.html');
      await grant(browser, options, 'notifications');
      await grant(browser, options, 'site-insight', { scope: '*://shop.example/*' });
      await browser.revokeInBrowser({ origins: ['*://shop.example/*'] });
      await until(async () => (await stateOf(options, 'site-insight')) === 'revoked', 'revoked');
      await until(async () => {
        const { hours } = await ask(options, 'activity.week', {});
        return hours.some((hour) => hour.capability === 'notifications' && hour.times === 1);
      }, 'one was shown');
    });
  });
});

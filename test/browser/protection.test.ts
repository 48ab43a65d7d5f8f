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
  type Page,
  POPUP_SHORTCUT,
  rawRows,
  stateOf,
  testid,
  until,
  wantedBrowsers,
} from './cloudopt';
import type { BrowserName, LaunchOptions } from './driver/driver';
import { badHost, protectedNow, rulesets } from './protected';

/** Names that the lists have: all names lead to the loopback here. */
const AD = 'adnxs.com';
const TRACKER = 'scorecardresearch.com';
/** A site on which the lists let that tracker through. */
const EXCEPTION = 'abc.go.com';
const PLAIN = 'cdn.example';
const everywhere = ['--host-resolver-rules=MAP * 127.0.0.1'];

let web: WebServer;
beforeAll(async () => {
  web = await start();
});
afterAll(() => web.stop());

interface Api {
  readonly chrome: {
    declarativeNetRequest: {
      getDynamicRules(): Promise<unknown[]>;
      getSessionRules(): Promise<unknown[]>;
    };
    action: { getBadgeText(of: { tabId: number }): Promise<string> };
    tabs: { query(what: object): Promise<{ id: number; url?: string }[]> };
  };
}

async function withBrowser(
  name: BrowserName,
  options: Partial<LaunchOptions>,
  task: (browser: Driven) => Promise<void>,
): Promise<void> {
  const browser = await launch(name, { ...options, args: everywhere });
  try {
    await task(browser);
  } finally {
    await browser.close();
  }
}

const ownRules = (page: Page): Promise<number> =>
  page.evaluate(async () => {
    const { declarativeNetRequest: rules } = (globalThis as unknown as Api).chrome;
    return (await rules.getDynamicRules()).length + (await rules.getSessionRules()).length;
  });
/** Chromium tells no extension what it counts on the button, only that it does. */
const shownCount = '<<declarativeNetRequestActionCount>>';

/** Loads a site whose page asks these hosts, and says which of them were asked. */
async function asked(page: Page, site: string, parties = [AD, TRACKER, PLAIN]): Promise<string> {
  const from = web.requests.length;
  await page.goto(web.url(site, `/?parties=${parties.join()}`));
  return askedSince(from);
}
const askedSince = (from: number): string =>
  [
    ...new Set(
      web.requests
        .slice(from)
        .filter((one) => /^\/p\./.test(one.path))
        .map((one) => one.host),
    ),
  ]
    .sort()
    .join();

const blockedToday = async (page: Page, site: string): Promise<number> =>
  (await rawRows(page, 'records'))
    .filter((row) => row.capability === 'protection' && row.site === site)
    .reduce((sum, row) => sum + Number(row.blocked), 0);

describe.each(wantedBrowsers())('protection in %s', (name) => {
  /** Firefox tells of a request that the page gave up as it tells of a blocked one, so its count may be higher. */
  const counted = (count: number, wanted: number): boolean => (name === 'firefox' ? count >= wanted : count === wanted);

  test('blocks as the lists say, counts it, and stops within the same visit when taken back', async () => {
    await withBrowser(name, {}, async (browser) => {
      const options = await browser.open('options.html');
      const site = await browser.open(web.url('shop.example', '/plain'));
      // Nothing is on before the grant, and all that the names lead to is there.
      expect(await rulesets(options)).toBe('');
      expect(await asked(site, 'shop.example')).toBe([AD, PLAIN, TRACKER].join());
      await grant(browser, options, 'protection');
      await protectedNow(options);
      expect(await asked(site, 'shop.example')).toBe(PLAIN);
      expect(await asked(site, EXCEPTION)).toBe([PLAIN, TRACKER].join());
      // A script and an image of each of two hosts, as far as the records and the button go.
      await until(async () => counted(await blockedToday(options, 'shop.example'), 4), 'counted');
      await asked(site, 'shop.example');
      await until(async () => counted(await blockedToday(options, 'shop.example'), 8), 'counted on');
      expect(JSON.stringify(await rawRows(options, 'records'))).not.toContain(AD);
      const shown = async () =>
        name === 'firefox' ? counted(Number(await badge(options)), 4) : (await badge(options)) === shownCount;
      await until(shown, 'on the button');

      await ask(options, 'grants.revoke', { capability: 'protection', scope: '*' });
      const before = await blockedToday(options, 'shop.example');
      expect(await rulesets(options)).toBe('');
      expect((await held(options)).origins).toEqual([]);
      expect((await held(options)).permissions).not.toContain('webRequest');
      // In the page that stands open, with no reload.
      const from = web.requests.length;
      await site.evaluate((address: string) => {
        new Image().src = address;
      }, `http://${AD}:${web.port}/p.gif?late`);
      await until(() => askedSince(from) === AD, 'nothing is blocked any more');
      expect(await blockedToday(options, 'shop.example')).toBe(before);
    });
  });

  test('pauses for a visit and for good, and protects again', async () => {
    await withBrowser(name, {}, async (browser) => {
      const options = await browser.open('options.html');
      await grant(browser, options, 'protection');
      await protectedNow(options);
      const site = await browser.open(web.url('shop.example', `/?parties=${AD},${PLAIN}`));
      const choose = async (what: string, then: string) => {
        await site.bringToFront();
        const popup = await browser.openActionPopup(POPUP_SHORTCUT);
        await popup.waitFor(testid(what));
        const from = web.requests.length;
        await popup.click(testid(what));
        await until(() => askedSince(from) === then, `${what}: ${then}`);
        await popup.close();
      };
      await choose('pause-visit', [AD, PLAIN].join());
      // Another tab has no part in it.
      const other = await browser.open(web.url('shop.example', '/plain'));
      expect(await asked(other, 'shop.example', [AD, PLAIN])).toBe(PLAIN);
      await choose('resume-protection', PLAIN);
      await choose('pause-visit', [AD, PLAIN].join());
      // The visit ends where the tab goes elsewhere.
      await site.goto(web.url('news.example', '/plain'));
      await until(async () => (await ownRules(options)) === 0, 'the pause is over');
      expect(await asked(site, 'shop.example', [AD, PLAIN])).toBe(PLAIN);
      await choose('pause-hour', [AD, PLAIN].join());
      expect(await asked(other, 'www.shop.example', [AD, PLAIN])).toBe([AD, PLAIN].join());
      await choose('resume-protection', PLAIN);
      await choose('pause-always', [AD, PLAIN].join());
      expect((await ask(options, 'protection.get', {})).settings.allow).toEqual(['shop.example']);
      await choose('resume-protection', PLAIN);
      expect(await ownRules(options)).toBe(0);
    });
  });

  test('keeps lists of the person’s, and switches its own off one by one', async () => {
    await withBrowser(name, {}, async (browser) => {
      const options = await browser.open('options.html');
      await grant(browser, options, 'protection');
      await protectedNow(options);
      await options.reload();
      await options.waitFor(testid('protection-settings'));
      const add = async (list: string, host: string) => {
        await options.fill(`${testid(`hosts-${list}`)} input`, host);
        await options.click(`${testid(`hosts-${list}`)} ${testid('add-host')}`);
        await options.waitFor(`${testid(`hosts-${list}`)} [data-host="${host}"]`);
      };
      const site = await browser.open(web.url('shop.example', '/plain'));
      await options.bringToFront();
      await add('block', PLAIN);
      expect(await asked(site, 'shop.example')).toBe('');
      await options.bringToFront();
      await add('allow', 'shop.example');
      expect(await asked(site, 'shop.example')).toBe([AD, PLAIN, TRACKER].join());
      expect(await asked(site, 'news.example')).toBe('');
      await options.bringToFront();
      await options.click(`${testid('hosts-block')} ${testid('remove-host')}`);
      await options.until(() => document.querySelectorAll('[data-testid="host"]').length === 1, 'gone');
      await options.click(testid('list-ads'));
      await until(async () => (await rulesets(options)) === 'malicious,phishing,tracking', 'ads are off');
      expect(await asked(site, 'news.example')).toBe([AD, PLAIN].join());
      await options.bringToFront();
      await options.click(testid('badge'));
      await until(async () => !(await ask(options, 'protection.get', {})).settings.badge, 'chosen');
      await asked(site, 'news.example');
      await until(async () => (await blockedToday(options, 'news.example')) > 0, 'still counted');
      expect(await badge(options)).toBe('');
    });
  });

  test.each(['malicious', 'phishing'] as const)('stands in place of a page of the %s list', async (list) => {
    await withBrowser(name, {}, async (browser) => {
      const options = await browser.open('options.html');
      await grant(browser, options, 'protection');
      await protectedNow(options);
      const host = badHost(name, list);
      const address = web.url(host, '/plain?title=Bad');
      const site = await browser.open(web.url('shop.example', '/plain'));
      await site.evaluate((to: string) => location.assign(to), address);
      await site.waitFor(testid('blocked'));
      await site.until(
        (expected: string) => document.querySelector('[data-testid="blocked-address"]')?.textContent === expected,
        'names the address',
        10_000,
        address,
      );
      expect(await site.attribute(testid('blocked'), 'data-list')).toBe(list);
      expect(await site.text(testid('blocked-why'))).toContain(host);
      expect(web.requests.some((one) => one.host === host)).toBe(false);
      await site.reload();
      await site.until(
        (expected: string) => document.querySelector('[data-testid="blocked-address"]')?.textContent === expected,
        'still names it',
        10_000,
        address,
      );
      await site.click(testid('blocked-leave'));
      await site.until(() => location.hostname === 'shop.example', 'back');
      await site.evaluate((to: string) => location.assign(to), address);
      await site.waitFor(testid('let-through'));
      await site.click(testid('let-through'));
      await site.waitFor(testid('let-through-confirm'));
      await site.click(testid('let-through-confirm'));
      await site.until(() => document.title === 'Bad', 'let through');
      // Another page of it, too; none of another bad site.
      await site.goto(web.url(host, '/plain?title=Again'));
      expect(await site.evaluate(() => document.title)).toBe('Again');
      web.requests.length = 0;
    });
  });

  test('leaves a site alone with its frames, and stops a bad page that it leads to', async () => {
    await withBrowser(name, {}, async (browser) => {
      const options = await browser.open('options.html');
      await grant(browser, options, 'protection');
      await protectedNow(options);
      const site = await browser.open(web.url('shop.example', '/plain'));
      const framed = async () => {
        const from = web.requests.length;
        await site.goto(web.url('shop.example', `/?parties=${AD}&frame=inner.example&inside=${TRACKER},${PLAIN}`));
        await until(() => askedSince(from).includes(PLAIN), 'the frame is there');
        return askedSince(from);
      };
      expect(await framed()).toBe(PLAIN);
      await ask(options, 'protection.change', { change: { kind: 'add', to: 'allow', host: 'shop.example' } });
      expect(await framed()).toBe([AD, PLAIN, TRACKER].join());
      const host = badHost(name, 'phishing');
      const lead = (to: string) => site.evaluate((address: string) => location.assign(address), web.url(to, '/plain'));
      await lead(host);
      await site.waitFor(testid('let-through'), 15_000);
      expect(web.requests.some((one) => one.host === host)).toBe(false);
      // What the person said about that very host counts, wherever they come from.
      await ask(options, 'protection.change', { change: { kind: 'add', to: 'allow', host } });
      await site.goto(web.url('shop.example', '/plain'));
      await lead(host);
      await site.until((bad: string) => location.hostname === bad, 'the page itself', 15_000, host);
      await lead(badHost(name, 'malicious'));
      await site.waitFor(testid('let-through'), 15_000);
    });
  });

  // In Firefox each installation has an address of its own, which the driver knows only since it pins it.
  test.skipIf(name === 'firefox')('can’t be found by a web page', async () => {
    await withBrowser(name, {}, async (browser) => {
      const options = await browser.open('options.html');
      await grant(browser, options, 'protection');
      const address = `${browser.base}/blocked.html`;
      const site = await browser.open(web.url('shop.example', '/plain'));
      const answer = await site.evaluate((at: string) => fetch(at).then((it) => it.status, String), address);
      expect(answer).toContain('Failed to fetch');
    });
  });

  test('has the same lists on after a restart, and none where the grant is gone by then', async () => {
    const profile = mkdtempSync(path.join(tmpdir(), 'cloudopt-profile-'));
    const persistent = { profile, persistent: true };
    try {
      await withBrowser(name, persistent, async (browser) => {
        const options = await browser.open('options.html');
        await grant(browser, options, 'protection');
        await protectedNow(options);
      });
      await withBrowser(name, persistent, async (browser) => {
        const options = await browser.open('options.html');
        await protectedNow(options);
        const site = await browser.open(web.url('shop.example', '/plain'));
        expect(await asked(site, 'shop.example')).toBe(PLAIN);
        // What something else switched off is on again at the next start.
        await browser.revokeInBrowser({ origins: ['*://*/*'] });
        await until(async () => (await stateOf(options, 'protection')) === 'revoked', 'revoked');
        await until(async () => (await rulesets(options)) === '', 'the lists are off');
      });
      await withBrowser(name, persistent, async (browser) => {
        const options = await browser.open('options.html');
        expect(await stateOf(options, 'protection')).toBe('revoked');
        expect(await rulesets(options)).toBe('');
      });
    } finally {
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    }
  });
});

/** What stands on the button over any of the open pages. */
const badge = (page: Page): Promise<string> =>
  page.evaluate(async () => {
    const { tabs, action } = (globalThis as unknown as Api).chrome;
    const all = await tabs.query({});
    const texts = await Promise.all(all.map((tab) => action.getBadgeText({ tabId: tab.id })));
    return [...new Set(texts.filter((text) => text !== ''))].join();
  });

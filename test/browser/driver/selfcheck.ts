/**
 * `npx tsx test/browser/driver/selfcheck.ts [rounds] [chromium|firefox]`: proves every function of both drivers on a
 * probe extension, `rounds` (5) times in a row each. Exit 1 at the first failure, with a picture of the display.
 */
import { strict as assert } from 'node:assert';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { start as startProxy } from '../../servers/proxy.js';
import { start as startWeb, type WebServer } from '../../servers/web.js';
import { ensureBrowsers } from '../../tools/ensure-browsers.js';
import { type BrowserName, type Driven, NoSuchControl, type Page, testid, until } from './driver.js';
import { launchers, wantedBrowsers } from './launchers.js';
import { writeProbe } from './probe.js';
import { processTree } from './profile.js';

interface Permissions {
  getAll(): Promise<{ permissions: string[]; origins: string[]; data_collection?: string[] }>;
  contains(what: object): Promise<boolean>;
  remove(what: object): Promise<boolean>;
}
/** What the probe's pages and background have; `chrome` exists in both browsers. */
declare const chrome: {
  readonly permissions: Permissions;
  readonly scripting: {
    registerContentScripts(scripts: readonly object[]): Promise<void>;
    getRegisteredContentScripts(): Promise<readonly object[]>;
  };
};
declare const readLog: () => Promise<readonly { name: string; detail: unknown }[]>;
declare const probe: boolean;

const out = testid('out');

class Check {
  #at = '';
  readonly #beganMs = Date.now();

  constructor(
    readonly name: BrowserName,
    readonly dir: string,
    readonly web: WebServer,
  ) {}

  get at(): string {
    return `${this.#at} (${Date.now() - this.#beganMs} ms)`;
  }

  step(what: string): void {
    this.#at = what;
    if (process.env.VERBOSE !== undefined) console.log(`    ${this.at}`);
  }

  says(page: Page, text: string): () => Promise<boolean> {
    return async () => (await page.text(out)) === text;
  }

  async ask(driven: Driven, page: Page, button: string, answer: 'allow' | 'refuse'): Promise<void> {
    await page.click(button);
    await until(() => driven.nativePrompt(page), 'prompt up');
    await driven.answerNative(page, answer, this.says(page, String(answer === 'allow')));
    await until(async () => !(await driven.nativePrompt(page)), 'prompt down');
  }

  holds(page: Page, permission: string): Promise<boolean> {
    return page.evaluate((one: string) => chrome.permissions.contains({ permissions: [one] }), permission);
  }

  async events(page: Page, name: string): Promise<readonly unknown[]> {
    const log = await page.evaluate(() => readLog());
    return log.filter((entry) => entry.name === name).map((entry) => entry.detail);
  }

  async pageBasics(driven: Driven, shots: string): Promise<void> {
    this.step('page');
    const page = await driven.open('options.html#part');
    assert.equal(await page.url(), `${driven.base}/options.html#part`);
    assert.equal(await page.text('h1'), 'Options');
    assert.equal(await page.text('#none'), null);
    assert.equal(await page.attribute('#field', 'data-testid'), 'field');
    assert.equal(await page.attribute('#field', 'none'), null);
    assert.equal(await page.count('button[data-what]'), 4);
    assert.equal(await page.visible('#plain'), true);
    assert.equal(await page.visible('#hidden'), false);
    assert.equal(await page.evaluate((a: number, b: readonly number[]) => a + (b[0] ?? 0), 1, [2]), 3);
    assert.equal(await page.evaluate(() => Promise.resolve(undefined)), undefined);
    await assert.rejects(
      page.evaluate(() => Promise.reject(new Error('as it should'))),
      /as it should/,
    );
    const nested = await page.evaluate(() => {
      const twice = (n: number): number => n * 2;
      return twice(4);
    });
    assert.equal(nested, 8);
    await assert.rejects(
      page.until(() => false, 'never', 300),
      /never/,
    );

    this.step('click, keys, fields');
    await page.click('#plain');
    assert.equal(await page.attribute('body', 'data-clicked'), 'true true');
    await page.click('#far');
    await page.focus('#plain');
    await page.key('Tab');
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'window');
    await page.key('shift+Tab');
    await page.evaluate(() => document.body.removeAttribute('data-clicked'));
    await page.key('Space');
    await page.until(() => document.body.dataset.clicked === 'true true', 'Space clicks');
    await page.evaluate(() => document.body.removeAttribute('data-clicked'));
    await page.key('Enter');
    await page.until(() => document.body.dataset.clicked === 'true true', 'Enter clicks');
    await page.fill(testid('field'), 'filled');
    const value = (): Promise<string | undefined> =>
      page.evaluate(() => document.querySelector<HTMLInputElement>('#field')?.value);
    assert.equal(await value(), 'filled');
    await page.focus(testid('field'));
    await page.key('ctrl+a');
    await page.type('Typed 1');
    assert.equal(await value(), 'Typed 1');
    await page.key('Home');
    await page.key('Delete');
    await page.key('End');
    await page.key('Backspace');
    assert.equal(await value(), 'yped ');

    this.step('pictures, sizes, zoom');
    const size = (file: string): readonly number[] => {
      const png = readFileSync(file);
      return [png.readUInt32BE(16), png.readUInt32BE(20)];
    };
    await page.resize(320, 600);
    assert.deepEqual(await page.evaluate(() => [innerWidth, innerHeight]), [320, 600]);
    await page.screenshot(join(shots, 'part.png'));
    assert.deepEqual(size(join(shots, 'part.png')), [320, 600]);
    await page.screenshot(join(shots, 'full.png'), { fullPage: true });
    assert.ok((size(join(shots, 'full.png'))[1] ?? 0) > 3000);
    await page.resize(900, 700);
    await page.zoom(2);
    await page.until(() => devicePixelRatio === 2, 'zoomed');
    await page.evaluate(() => document.body.removeAttribute('data-clicked'));
    await page.click('#plain');
    assert.equal(await page.attribute('body', 'data-clicked'), 'true true');
    await page.zoom(1);
    await page.until(() => devicePixelRatio === 1, 'zoomed back');

    this.step('axe');
    const found = await page.axe();
    assert.deepEqual(
      found.map((one) => one.id),
      ['image-alt'],
    );
    assert.equal(found[0]?.nodes[0]?.target, '#no-alt');
    assert.equal((await page.axe({ tags: ['wcag2a'], within: 'h1' })).length, 0);
    await page.close();
  }

  async navigation(driven: Driven): Promise<void> {
    this.step('web pages');
    const { web } = this;
    const page = await driven.open(web.url('deep.site.example', '/links'));
    await page.evaluate(() => {
      document.documentElement.dataset.mark = 'here';
    });
    await page.click('#next');
    await page.until(() => document.title === 'Next', 'next page');
    await page.back();
    assert.equal(await page.url(), web.url('deep.site.example', '/links'));
    await page.forward();
    assert.equal(await page.text('h1'), 'Next');
    await page.reload();
    assert.equal(await page.text('h1'), 'Next');
    await page.goto(web.url('scripted.example', '/plain'));
    await page.until(() => document.documentElement.dataset.probed === 'yes', 'content script');
    await page.goto(web.url('a.test', '/?parties=cdn.ads.example,stats.track.test&each=3'));
    const parties = (host: string): number => web.requests.filter((one) => one.host === host).length;
    await until(() => parties('cdn.ads.example') >= 6 && parties('stats.track.test') >= 6, 'third parties loaded');
    await page.goto(web.url('a.test', '/storage'));
    await page.until(() => document.documentElement.dataset.stored === 'yes', 'stored');
    await page.goto(web.url('a.test', '/left'));
    await page.until(() => document.documentElement.dataset.left === 'cookie local database', 'left');
    await page.goto(web.url('a.test', '/flood?parties=f.example&perSecond=100'));
    await until(() => parties('f.example') > 20, 'flood');
    this.step('interleaved tabs');
    const other = await driven.open(web.url('b.test', '/plain?title=Other'));
    const [one, two] = await Promise.all([page.text('h1'), other.text('h1')]);
    assert.deepEqual([one, two], ['Flood', 'Other']);
    const count = (await driven.pages()).length;
    await other.close();
    assert.equal((await driven.pages()).length, count - 1);
    await page.close();
  }

  async prompts(driven: Driven): Promise<void> {
    this.step('native prompt in a tab');
    const page = await driven.open('options.html');
    assert.equal(await driven.nativePrompt(page), false);
    await this.ask(driven, page, '#ask-history', 'refuse');
    assert.equal(await this.holds(page, 'history'), false);
    await this.ask(driven, page, '#ask-bookmarks', 'allow');
    assert.equal(await this.holds(page, 'bookmarks'), true);

    this.step('native prompt in a popup window');
    await page.click('#window');
    const small = await driven.waitForPage('prompt.html');
    const width = await small.evaluate(() => innerWidth);
    assert.ok(width <= 500, `a popup window of ${width} px`);
    await this.ask(driven, small, '#ask-history', 'refuse');
    await this.ask(driven, small, '#ask-tabs', 'allow');
    await small.close();

    this.step('native prompt in a tab that the extension opened');
    await page.click('#tab');
    const tab = await driven.waitForPage('prompt.html');
    await this.ask(driven, tab, '#ask-history', 'refuse');
    await this.ask(driven, tab, '#ask-site', 'allow');
    await tab.close();

    this.step('background');
    await page.bringToFront();
    await driven.stopBackground();
    assert.equal(await driven.backgroundRunning(), false);
    assert.equal(await page.evaluate(() => chrome.permissions.remove({ permissions: ['bookmarks'] })), true);
    await until(async () => JSON.stringify(await this.events(page, 'removed')).includes('bookmarks'), 'removed heard');
    assert.ok((await this.events(page, 'start')).length >= 2);
    assert.equal(await driven.backgroundRunning(), true);
    await driven.stopBackground();
    assert.equal(await driven.background((a: boolean) => probe && a, true), true);
    await assert.rejects(
      driven.background(() => Promise.reject(new Error('as it should'))),
      /as it should/,
    );

    this.step("the browser's own settings");
    const site = { origins: ['*://site.example/*'] };
    const has = (): Promise<boolean> => driven.background((what: object) => chrome.permissions.contains(what), site);
    assert.equal(await has(), true);
    if (this.name === 'chromium') {
      await driven.revokeInBrowser(site);
      await until(async () => !(await has()), 'site revoked');
      // 'On click' took the content script's host as well; the private window below needs it.
      await driven.grantInBrowser({ origins: [...site.origins, '*://scripted.example/*'] });
      await until(has, 'site granted');
      await assert.rejects(driven.revokeInBrowser({ permissions: ['tabs'] }), NoSuchControl);
    } else {
      await driven.revokeInBrowser({ permissions: ['tabs'] });
      assert.equal(await this.holds(page, 'tabs'), false);
      await driven.grantInBrowser({ permissions: ['tabs'], dataCollection: ['browsingActivity'] });
      assert.equal(await this.holds(page, 'tabs'), true);
      const all = await page.evaluate(() => chrome.permissions.getAll());
      assert.ok(all.data_collection?.includes('browsingActivity'));
      await driven.grantInBrowser({ origins: ['*://*/*'] });
      assert.ok((await page.evaluate(() => chrome.permissions.getAll())).origins.includes('*://*/*'));
      await driven.revokeInBrowser({ origins: ['*://*/*'], dataCollection: ['browsingActivity'] });
      assert.ok(!(await page.evaluate(() => chrome.permissions.getAll())).origins.includes('*://*/*'));
      await driven.revokeInBrowser(site);
      await until(async () => !(await has()), 'site revoked');
    }
    await page.close();
  }

  async popupAndSwitches(driven: Driven, shots: string): Promise<void> {
    this.step('action popup');
    const tab = await driven.open(this.web.url('c.test', '/plain'));
    const popup = await driven.openActionPopup();
    assert.equal(await popup.text('h1'), 'Popup');
    await popup.click('#plain');
    assert.equal(await popup.attribute('body', 'data-clicked'), 'true true');
    assert.deepEqual(await popup.axe(), []);
    await popup.screenshot(join(shots, 'popup.png'));
    await driven.screenshot(join(shots, 'display.png'));
    await popup.focus('#plain');
    await popup.evaluate(() => document.body.removeAttribute('data-clicked'));
    await popup.key('Enter');
    await popup.until(() => document.body.dataset.clicked === 'true true', 'Enter in the popup');
    await popup.close();
    const again = await driven.openActionPopup();
    await again.click('#tab');
    const opened = await driven.waitForPage('prompt.html');
    await opened.close();
    await tab.close();

    this.step('off and on');
    const page = await driven.open('options.html');
    const starts = (await this.events(page, 'start')).length;
    await driven.disableEnableExtension();
    const fresh = await driven.open('options.html');
    await until(async () => (await this.events(fresh, 'start')).length > starts, 'started again');

    this.step('private window');
    const secret = await driven.inPrivateWindow(this.web.url('scripted.example', '/plain'));
    await secret.until(() => document.documentElement.dataset.probed === 'yes', 'content script in private');
    await secret.close();
  }

  async restart(shots: string): Promise<void> {
    this.step('restart');
    const profile = mkdtempSync(join(tmpdir(), 'cloudopt-selfcheck-'));
    const options = { extensionDir: this.dir, profile, persistent: true };
    try {
      const first = await launchers[this.name](options);
      try {
        const page = await first.open('options.html');
        await this.ask(first, page, '#ask-site', 'allow');
        await first.background(() =>
          chrome.scripting.registerContentScripts([
            { id: 'dynamic', matches: ['*://site.example/*'], js: ['dynamic.js'], persistAcrossSessions: true },
          ]),
        );
        await until(async () => (await this.events(page, 'installed')).length === 1, 'installed');
      } catch (error) {
        await first.screenshot(join(shots, 'failed.png'));
        throw error;
      } finally {
        await first.close();
      }
      this.step('restarted');
      const second = await launchers[this.name](options);
      try {
        const page = await second.open('options.html');
        await until(async () => (await this.events(page, 'start')).length >= 1, 'log kept');
        const origins = (await page.evaluate(() => chrome.permissions.getAll())).origins;
        assert.ok(origins.includes('*://site.example/*'), `grant kept: ${origins}`);
        const scripts = await second.background(() => chrome.scripting.getRegisteredContentScripts());
        assert.equal(scripts.length, 1);
        assert.equal((await this.events(page, 'installed')).length, 1);
        const site = await second.open(this.web.url('site.example', '/plain'));
        await site.until(() => document.documentElement.dataset.dynamic === 'yes', 'registered script runs');
        this.step('kill');
        await second.kill();
        assert.deepEqual(processTree(profile), []);
      } catch (error) {
        if (processTree(profile).length > 0) await second.kill();
        throw error;
      }
      this.step('start after the kill');
      const third = await launchers[this.name](options);
      try {
        const page = await third.open('options.html');
        assert.equal((await this.events(page, 'installed')).length, 1);
      } finally {
        await third.close();
      }
    } finally {
      rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    }
  }

  async otherWays(): Promise<void> {
    this.step('headless, dark, proxy, bfcache');
    const proxy = await startProxy();
    const driven = await launchers[this.name]({
      extensionDir: this.dir,
      headless: true,
      bfcache: true,
      colorScheme: 'dark',
      windowSize: { width: 800, height: 700 },
      proxy: { host: '127.0.0.1', port: proxy.port },
    });
    try {
      const page = await driven.open(this.web.url('p.test', '/links'));
      assert.equal(await page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches), true);
      await page.click('#next');
      await page.until(() => document.title === 'Next', 'next page');
      await page.back();
      await page.until(() => document.documentElement.dataset.fromCache === 'true', 'from the back/forward cache');
      await page.goto(this.web.url('localhost', '/plain'));
      const through = (host: string): boolean => proxy.seen.some((one) => one.host === host && one.forwarded);
      assert.ok(through('p.test') && through('localhost'), 'through the proxy, loopback too');
      const options = await driven.open('options.html');
      await options.click('#plain');
      assert.equal(await options.attribute('body', 'data-clicked'), 'true true');
      await options.screenshot(join(tmpdir(), `cloudopt-headless-${this.name}.png`));
      rmSync(join(tmpdir(), `cloudopt-headless-${this.name}.png`));
      const strangers = proxy.seen.filter((one) => !one.forwarded).map((one) => `${one.method} ${one.host}${one.path}`);
      assert.deepEqual(strangers, [], 'the browser itself asks nobody');
    } finally {
      await driven.close();
      await proxy.stop();
    }
    if (this.name !== 'firefox') return;
    this.step('never remember history');
    const forgetful = await launchers.firefox({ extensionDir: this.dir, headless: true, clearHistoryMode: true });
    try {
      const page = await forgetful.open(this.web.url('scripted.example', '/plain'));
      await page.until(() => document.documentElement.dataset.probed === 'yes', 'allowed in private windows');
      const options = await forgetful.open('options.html');
      const opened = await options.evaluate(
        () =>
          new Promise<string>((resolve) => {
            const request = indexedDB.open('any', 1);
            request.onsuccess = () => resolve('opened');
            request.onerror = () => resolve(request.error?.name ?? '');
          }),
      );
      if (process.env.VERBOSE !== undefined) console.log(`    IndexedDB in permanent private browsing: ${opened}`);
    } finally {
      await forgetful.close();
    }
  }

  async run(shots: string): Promise<void> {
    const driven = await launchers[this.name]({ extensionDir: this.dir });
    try {
      await this.pageBasics(driven, shots);
      await this.navigation(driven);
      await this.prompts(driven);
      await this.popupAndSwitches(driven, shots);
    } catch (error) {
      await driven.screenshot(join(shots, 'failed.png')).catch(() => undefined);
      throw error;
    } finally {
      await driven.close();
    }
    await this.restart(shots);
    await this.otherWays();
  }
}

async function main(): Promise<void> {
  await ensureBrowsers();
  const rounds = Number(process.argv[2] ?? 5);
  const only = process.argv[3];
  const shots = mkdtempSync(join(tmpdir(), 'cloudopt-pictures-'));
  const web = await startWeb();
  try {
    for (const name of wantedBrowsers().filter((one) => only === undefined || one === only)) {
      const dir = writeProbe(name);
      for (let round = 1; round <= rounds; round += 1) {
        web.requests.length = 0;
        const beganMs = Date.now();
        const check = new Check(name, dir, web);
        try {
          await check.run(shots);
        } catch (error) {
          console.error(`${name} round ${round} FAILED at: ${check.at}; pictures in ${shots}\n`, error);
          process.exitCode = 1;
          return;
        }
        console.log(`${name} round ${round} of ${rounds}: ok, ${((Date.now() - beganMs) / 1000).toFixed(1)} s`);
      }
      rmSync(dir, { recursive: true, force: true });
    }
    rmSync(shots, { recursive: true, force: true });
  } finally {
    await web.stop();
  }
}

await main();

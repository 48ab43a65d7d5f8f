import { describe, expect, test } from 'vitest';
import {
  ask,
  type Driven,
  grant,
  type Page,
  promptUrl,
  stateOf,
  testid,
  until,
  wantedBrowsers,
  withBrowser,
} from './cloudopt';

const sections = ['permissions', 'activity', 'data', 'history', 'sync', 'policy', 'diagnostics'];

/** What has the focus, as a person would call it. */
const focused = (page: Page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    return element?.getAttribute('data-testid') ?? element?.id ?? element?.tagName ?? '';
  });

/** Presses Tab until the wanted element has the focus; fails where the keyboard never gets there. */
async function tabTo(page: Page, wanted: string): Promise<void> {
  const seen: string[] = [];
  for (let presses = 0; presses < 80; presses += 1) {
    const now = await focused(page);
    if (now === wanted) return;
    seen.push(now);
    await page.key('Tab');
  }
  throw new Error(`the keyboard never reaches ${wanted}: ${seen.join(' ')}`);
}

async function serious(page: Page): Promise<string[]> {
  const violations = await page.axe();
  return violations
    .filter((one) => one.impact === 'serious' || one.impact === 'critical')
    .map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(' | ')}`);
}

async function pageOf(browser: Driven, path: string, ready: string): Promise<Page> {
  const page = await browser.open(path);
  await page.waitFor(ready);
  return page;
}

describe.each(wantedBrowsers())('every page in %s', (name) => {
  test.each(['light', 'dark'] as const)('has no serious or critical finding of axe, in %s', async (colorScheme) => {
    await withBrowser(name, { colorScheme }, async (browser) => {
      const options = await pageOf(browser, 'options.html', testid('capability-site-insight'));
      const check = async (page: Page, what: string) => expect(await serious(page), what).toEqual([]);
      await check(options, 'permissions, all off');
      for (const screen of ['off', 'can', 'policy']) {
        const welcome = await pageOf(browser, `welcome.html#${screen}`, 'main');
        await check(welcome, `welcome, ${screen}`);
        await welcome.close();
      }
      const prompt = await pageOf(browser, promptUrl('site-insight', '*://shop.example/*'), testid('allow'));
      await check(prompt, 'prompt');
      await prompt.close();
      await grant(browser, options, 'browsing-time');
      const popup = await pageOf(browser, 'popup.html', testid('active-browsing-time'));
      await check(popup, 'popup');
      const blocked = await pageOf(browser, 'blocked.html?list=phishing', testid('blocked'));
      await check(blocked, 'page in place of a blocked one');
      const download = await pageOf(browser, 'download.html?id=1', testid('download'));
      await check(download, 'page of a download');
      await grant(browser, options, 'protection');
      await options.goto('options.html#permissions');
      await options.waitFor(testid('protection-settings'));
      for (const section of sections) {
        await options.goto(`options.html#${section}`);
        await options.waitFor('h1, h2');
        await check(options, section);
      }
      // Narrow, tables are cards.
      await options.bringToFront();
      await options.resize(390, 800);
      for (const section of ['permissions', 'activity', 'policy']) {
        await options.goto(`options.html#${section}`);
        await options.waitFor('h1, h2');
        await check(options, `${section}, narrow`);
      }
    });
  });

  test('works by the keyboard alone: turn on, answer, look, stop, verify', async () => {
    await withBrowser(name, {}, async (browser) => {
      const options = await pageOf(browser, 'options.html', testid('capability-notifications'));
      await options.focus('body');
      await tabTo(options, 'turn-on');
      await options.key('Enter');
      const prompt = await browser.waitForPage('prompt.html');
      await prompt.waitFor(testid('allow'));
      // The first thing that has the focus is not an answer: Enter by habit grants nothing.
      expect(['allow', 'not-now', 'never']).not.toContain(await focused(prompt));
      await tabTo(prompt, 'never');
      await prompt.key('Space');
      await until(async () => (await ask(options, 'history.head', {})).entries === 2, 'answered');

      await grant(browser, options, 'browsing-time');
      const popup = await pageOf(browser, 'popup.html', testid('active-browsing-time'));
      await tabTo(popup, 'stop-everything');
      await popup.key('Enter');
      await until(async () => (await stateOf(options, 'browsing-time')) === 'revoked', 'stopped');

      await options.bringToFront();
      await options.goto('options.html#history');
      await options.waitFor(testid('verify-ledger'));
      await tabTo(options, 'verify-ledger');
      await options.key('Enter');
      await options.waitFor(testid('ledger-verdict'));
    });
  });

  test('synchronization works by the keyboard alone: choose, allow, write down, sync, turn off', async () => {
    await withBrowser(name, {}, async (browser) => {
      const options = await pageOf(browser, 'options.html#sync', testid('sync-turn-on'));
      const status = (phase: string) => options.waitFor(`${testid('sync-status')}[data-phase="${phase}"]`);
      await options.focus('body');
      // The other place and back: its fields come right behind the choice.
      await tabTo(options, 'sync-place-browser');
      await options.key('ArrowDown');
      await options.waitFor(testid('sync-address'));
      await tabTo(options, 'sync-address');
      await options.key('shift+Tab');
      await options.key('ArrowUp');
      await tabTo(options, 'sync-turn-on');
      await options.key('Enter');

      const prompt = await browser.waitForPage('prompt.html');
      await prompt.waitFor(testid('allow'));
      await tabTo(prompt, 'allow');
      await prompt.key('Enter');
      const granted = async () => (await stateOf(options, 'cloud-sync')) === 'granted';
      const shown = await until(async () => (await granted()) || (await browser.nativePrompt(prompt)), 'an answer');
      if (shown && !(await granted())) await browser.answerNative(prompt, 'allow', granted);

      await options.bringToFront();
      await options.waitFor(testid('sync-create'));
      expect(await serious(options), 'a new copy').toEqual([]);
      await tabTo(options, 'sync-create');
      await options.key('Enter');
      for (const secret of ['sync-passphrase', 'sync-recovery']) {
        await options.waitFor(testid(secret));
        expect(await serious(options), secret).toEqual([]);
        await tabTo(options, 'sync-written-down');
        await options.key('Space');
        await options.waitFor(`${testid('sync-continue')}:enabled`);
        await tabTo(options, 'sync-continue');
        await options.key('Enter');
      }
      await status('running');
      expect(await serious(options), 'running').toEqual([]);
      await tabTo(options, 'sync-now');
      await options.key('Enter');
      await options.waitFor(testid('sync-outcome'));
      await tabTo(options, 'sync-turn-off');
      await options.key('Enter');
      await options.waitFor(testid('sync-remote-delete'));
      await tabTo(options, 'sync-remote-delete');
      await options.key('Enter');
      await status('off');
      expect(await stateOf(options, 'cloud-sync')).toBe('revoked');
    });
  });

  test('shows the three answers of the prompt at 480 by 640, alike in size', async () => {
    await withBrowser(name, {}, async (browser) => {
      const prompt = await pageOf(browser, promptUrl('site-insight', '*://shop.example/*'), testid('allow'));
      await prompt.resize(480, 640);
      const boxes = await prompt.evaluate(() =>
        ['allow', 'not-now', 'never'].map((name) => {
          const element = document.querySelector(`[data-testid="${name}"]`) as HTMLElement;
          const { width, height, bottom } = element.getBoundingClientRect();
          const style = getComputedStyle(element);
          const inView = bottom <= innerHeight;
          return {
            width: Math.round(width),
            height: Math.round(height),
            inView,
            look: style.backgroundColor + style.color,
          };
        }),
      );
      expect(boxes.every((box) => box.inView)).toBe(true);
      expect(new Set(boxes.map((box) => JSON.stringify(box))).size).toBe(1);
    });
  });
});

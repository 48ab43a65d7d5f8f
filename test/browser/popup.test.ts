import { describe, expect, test } from 'vitest';
import { start as startWeb } from '../servers/web';
import { ask, type Driven, grant, type Page, rawRows, testid, until, wantedBrowsers, withBrowser } from './cloudopt';

const SHOP = '*://shop.example/*';

interface Size {
  readonly page: string;
  readonly window: string;
}
interface Watch {
  sizes: Size[];
  /** Where each heading has stood. */
  places: Record<string, string[]>;
  frames: number;
}
interface Extension {
  readonly chrome: { extension: { getViews(of: { type: 'popup' | 'tab' }): Window[] } };
}

/** Runs in another page of ours: from the moment when the popup is there, notes what it is like at each of its frames. */
function watchPopup(type: 'popup' | 'tab'): void {
  const watch: Watch = { sizes: [], places: {}, frames: 0 };
  const { dataset } = document.documentElement;
  dataset.popup = JSON.stringify(watch);
  // Timers of a page that is not in front are slow; messages are not.
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    const views = (globalThis as unknown as Extension).chrome.extension.getViews({ type });
    const view = views.find(({ location }) => location.pathname === '/popup.html');
    if (view === undefined) return port2.postMessage(0);
    const look = () => {
      const root = view.document.documentElement;
      // Before the browser has painted anything, it may not have given the window its size.
      if (view.document.body !== null && view.performance.getEntriesByName('first-contentful-paint').length > 0) {
        watch.frames += 1;
        const size = {
          page: `${root.offsetWidth} × ${root.offsetHeight}`,
          window: `${view.innerWidth} × ${view.innerHeight}`,
        };
        const last = watch.sizes.at(-1);
        if (last?.page !== size.page || last.window !== size.window) watch.sizes.push(size);
        for (const heading of view.document.querySelectorAll('h1, h2')) {
          const { x, y } = heading.getBoundingClientRect();
          watch.places[heading.id || heading.tagName] ??= [];
          const places = watch.places[heading.id || heading.tagName] as string[];
          if (!places.includes(`${x}, ${y}`)) places.push(`${x}, ${y}`);
        }
        dataset.popup = JSON.stringify(watch);
      }
      view.requestAnimationFrame(look);
    };
    return look();
  };
  port2.postMessage(0);
}

const watched = (page: Page): Promise<Watch> =>
  page.evaluate(() => JSON.parse(document.documentElement.dataset.popup ?? '') as Watch);

/** Runs in the popup: every shift of what was shown, those that a person caused included. */
function shifts(): Promise<number[]> {
  return new Promise((resolve) => {
    const observer = new PerformanceObserver((list) => {
      resolve(list.getEntries().map((entry) => (entry as unknown as { value: number }).value));
    });
    observer.observe({ type: 'layout-shift', buffered: true });
    // Buffered entries come with the next task.
    setTimeout(() => resolve([]), 200);
  });
}

/** Three things on, and a page that talks to third parties in front. */
async function somethingOn(browser: Driven, url: string): Promise<Page> {
  const options = await browser.open('options.html');
  await grant(browser, options, 'site-insight', { scope: SHOP });
  await grant(browser, options, 'browsing-time');
  await browser.open(url);
  await until(async () => (await rawRows(options, 'records')).length >= 2, 'records');
  return options;
}

describe.each(wantedBrowsers())('the popup in %s', (name) => {
  test('opens at its final size and keeps it, with a report or without, from a background that runs or starts', async () => {
    const web = await startWeb();
    try {
      await withBrowser(name, {}, async (browser) => {
        const options = await somethingOn(
          browser,
          web.url('shop.example', '/?parties=cdn.ads.example,stats.track.test&each=4'),
        );
        for (const background of ['running', 'stopped'] as const) {
          if (background === 'stopped') await browser.stopBackground();
          else await ask(options, 'state.get', {});
          await options.evaluate(watchPopup, 'popup');
          const popup = await browser.openActionPopup();
          await popup.waitFor(testid('active-site-insight'));
          await popup.until(() => document.body.textContent?.includes('ads.example'), 'the report');
          await until(async () => (await watched(options)).frames > 10, 'frames');
          const { sizes } = await watched(options);
          expect(sizes, background).toHaveLength(1);
          expect(sizes[0]?.page).toMatch(/^360 × 5\d\d$/);
          if (name === 'chromium') expect(await popup.evaluate(shifts), background).toEqual([]);
          await popup.close();
        }
      });
    } finally {
      await web.stop();
    }
  });

  test.each([
    { on: 'nothing', capabilities: [] },
    { on: 'several things', capabilities: ['browsing-time', 'site-cleaner', 'notifications', 'protection'] },
  ])('in a tab, with $on on, puts everything where it stays', async ({ capabilities }) => {
    await withBrowser(name, {}, async (browser) => {
      const options = await browser.open('options.html');
      for (const capability of capabilities) await grant(browser, options, capability);
      for (const width of [1280, 400]) {
        for (const background of ['running', 'stopped'] as const) {
          // A page of ours: with another's, Firefox would put the popup into a frame of another size.
          const popup = await browser.open('options.html#policy');
          await popup.resize(width, 800);
          if (background === 'stopped') await browser.stopBackground();
          else await ask(options, 'state.get', {});
          await options.evaluate(watchPopup, 'tab');
          await popup.goto('popup.html');
          await popup.waitFor('#this-site');
          await popup.until(() => document.querySelector('.bones') === null, 'all answers');
          const framesBefore = (await watched(options)).frames;
          await until(async () => (await watched(options)).frames > framesBefore + 10, 'frames');
          const { places } = await watched(options);
          expect(Object.keys(places)).toEqual(expect.arrayContaining(['H1', 'on-now', 'this-site', 'news-title']));
          for (const [heading, at] of Object.entries(places)) {
            expect(at, `${heading}, ${width} wide, background ${background}`).toHaveLength(1);
          }
          if (name === 'chromium') expect(await popup.evaluate(shifts), `${width} wide, ${background}`).toEqual([]);
          await popup.close();
        }
      }
    });
  });

  test('keeps what is on and this site in view, above what is new', async () => {
    await withBrowser(name, {}, async (browser) => {
      const options = await browser.open('options.html');
      await grant(browser, options, 'browsing-time');
      const popup = await browser.open('popup.html');
      await popup.waitFor(testid('active-browsing-time'));
      await popup.waitFor(testid('bulletin'));
      await popup.resize(360, 528);
      const tops = await popup.evaluate(() =>
        ['[data-testid="news-line"]', '#on-now', '#this-site', '[data-testid="bulletin"]'].map((one) => {
          const { top, bottom } = (document.querySelector(one) as Element).getBoundingClientRect();
          return { top, inView: bottom <= innerHeight };
        }),
      );
      expect(tops.map(({ top }) => top)).toEqual(tops.map(({ top }) => top).sort((a, b) => a - b));
      expect(tops.slice(0, 3).map(({ inView }) => inView)).toEqual([true, true, true]);
      await popup.click(testid('news-line'));
      await popup.until(
        () => (document.querySelector('#news') as Element).getBoundingClientRect().top < innerHeight - 40,
        'the news in view',
      );
    });
  });
});

import { describe, expect, test } from 'vitest';
import { grant, type Page, promptUrl, testid, wantedBrowsers, withBrowser } from './cloudopt';

/** Runs in a page: where the middle of each element is, from the side at which lines begin. */
function places(selectors: readonly string[]): { right: boolean; sideways: boolean; at: number[] } {
  const root = document.documentElement;
  const rtl = getComputedStyle(root).direction === 'rtl';
  const at = selectors.map((selector) => {
    const element = document.querySelector(selector);
    if (element === null) throw new Error(`nothing is ${selector}`);
    const { left, right } = element.getBoundingClientRect();
    const middle = (left + right) / 2;
    return Math.round(rtl ? root.clientWidth - middle : middle);
  });
  const out = [...document.querySelectorAll<HTMLElement>('body *')].some((element) => {
    if (!element.checkVisibility() || element.closest('.visually-hidden, .skip, .table-scroll, svg')) return false;
    const { left, right } = element.getBoundingClientRect();
    return left < -1 || right > root.clientWidth + 1;
  });
  return { right: rtl, sideways: out || root.scrollWidth > root.clientWidth, at };
}

const turn = (page: Page, dir: 'ltr' | 'rtl') =>
  page.evaluate((way: string) => {
    document.documentElement.dir = way;
  }, dir);

/** The same distances from where lines begin, both ways, and nothing out of the page. */
async function expectMirrored(page: Page, what: string, selectors: readonly string[]): Promise<void> {
  await turn(page, 'ltr');
  const left = await page.evaluate(places, selectors);
  await turn(page, 'rtl');
  const right = await page.evaluate(places, selectors);
  expect(left, what).toMatchObject({ right: false, sideways: false });
  expect(right, what).toMatchObject({ right: true, sideways: false });
  for (const [index, at] of left.at.entries()) {
    expect(Math.abs(at - (right.at[index] ?? 0)), `${what}: ${selectors[index]} ${left.at} ${right.at}`).toBeLessThan(
      16,
    );
  }
}

describe.each(wantedBrowsers())('every page in %s', (name) => {
  test('mirrors where its language runs from right to left', async () => {
    await withBrowser(name, {}, async (browser) => {
      const options = await browser.open('options.html');
      await options.waitFor(testid('capability-site-insight'));
      await grant(browser, options, 'browsing-time');
      await options.waitFor(`${testid('capability-browsing-time')}[data-state="granted"]`);
      const welcome = await browser.waitForPage('welcome.html');
      const pages: readonly (readonly [path: string, ready: string, selectors: readonly string[]])[] = [
        ['popup.html', testid('active-browsing-time'), ['h1', '.popup-header a', '#on-now', testid('stop-everything')]],
        [
          promptUrl('site-insight', '*://shop.example/*'),
          testid('allow'),
          ['.prompt-icon', testid('allow'), testid('never')],
        ],
        ['blocked.html?list=phishing', testid('blocked'), ['.blocked-header .icon', 'h1']],
        ['download.html?id=1', testid('download'), ['.blocked-header .icon', 'h1']],
        ['receipt.html?capability=browsing-time&scope=*', testid('print-receipt'), ['h1', testid('print-receipt')]],
      ];
      for (const [path, ready, selectors] of pages) {
        const page = await browser.open(path);
        await page.waitFor(ready);
        for (const width of [1100, 400]) {
          await page.resize(width, 640);
          await expectMirrored(page, `${path} ${width}`, selectors);
        }
        await page.close();
      }
      await welcome.bringToFront();
      for (const width of [1100, 400]) {
        await welcome.resize(width, 640);
        await expectMirrored(welcome, `welcome ${width}`, ['h1', '.welcome-logo', testid('skip')]);
      }
      await options.bringToFront();
      for (const section of ['permissions', 'activity', 'data', 'history', 'sync', 'policy', 'diagnostics']) {
        await options.goto(`options.html#${section}`);
        await options.until(
          () => document.querySelector('h1') !== null && !document.querySelector('[aria-busy]'),
          section,
        );
        for (const width of [1100, 400]) {
          await options.resize(width, 640);
          await expectMirrored(options, `${section} ${width}`, ['.page-name', '.page-nav a', 'h1']);
        }
      }
    });
  });

  test('would be found out where a part does not mirror, and turns the pictures that point along the line', async () => {
    await withBrowser(name, {}, async (browser) => {
      const popup = await browser.open('popup.html');
      await popup.waitFor(testid('news-line'));
      const scale = () =>
        popup.evaluate(() => getComputedStyle(document.querySelector('.icon-directed') as Element).scale);
      expect(await scale()).toBe('none');
      await turn(popup, 'rtl');
      expect(await scale()).toBe('-1 1');
      await popup.evaluate(() => {
        (document.querySelector('h1') as HTMLElement).style.marginRight = '6rem';
      });
      await expect(expectMirrored(popup, 'moved', ['h1'])).rejects.toThrow('moved');
    });
  });
});

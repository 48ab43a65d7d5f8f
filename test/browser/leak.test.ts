/**
 * An hour's use compressed: visits of pages under both grants that watch pages, and a popup that opens and closes. What the background and a
 * popup keep in memory must not grow with them. `LEAK_VISITS` pages and `LEAK_POPUPS` popups; 10,000 and 200 under fire.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { start, type WebServer } from '../servers/web';
import { ask, type Driven, grant, type Page, unthrottled, until, wantedBrowsers, withBrowser } from './cloudopt';

const VISITS = Number(process.env.LEAK_VISITS ?? 160);
const POPUPS = Number(process.env.LEAK_POPUPS ?? 10);
/** What happens once, such as caches that fill, happens in these. */
const WARM_UP = 80;
/** Measured after these shares of the visits. */
const SHARES = [0.1, 0.5, 1] as const;
/** Between the first and the last measuring: what engines themselves come and go by. */
const GROWTH_KIB = 384;
/** Looks without less memory that end a measuring. */
const LOOKS = 4;
const TABS = 4;
const HOSTS = Array.from({ length: 12 }, (_, index) => `s${index}.example`);

let web: WebServer;
beforeAll(async () => {
  web = await start();
});
afterAll(() => web.stop());

const KIB = 1024;

describe.each(wantedBrowsers())('memory in %s', (name) => {
  test(
    `${VISITS} visits and ${POPUPS} popups leave nothing behind`,
    async () => {
      // Pages that were left stay in the back/forward cache, as people's do; tabs behind are as fast as the one in front.
      await withBrowser(name, { bfcache: true, prefs: unthrottled }, async (browser) => {
        const ours = await browser.open('options.html#policy');
        await grant(browser, ours, 'site-insight');
        await grant(browser, ours, 'browsing-time');
        const popup = await browser.open('popup.html');
        const tabs: Page[] = [];
        for (let tab = 0; tab < TABS; tab += 1) tabs.push(await browser.open(web.url(HOSTS[tab] ?? '')));
        const { startedAtMs } = await ask(ours, 'diagnostics.get', {});

        const seen: { background: number; popup: number }[] = [];
        const measure = async () => {
          const kib = { background: await keptBytes(browser), popup: await keptBytes(browser, popup) };
          seen.push({ background: Math.round(kib.background / KIB), popup: Math.round(kib.popup / KIB) });
        };
        await tour(tabs, WARM_UP);
        await openAndClose(browser);
        const beganMs = Date.now();
        let visited = 0;
        for (const share of SHARES) {
          const visits = Math.round(VISITS * share) - visited;
          await tour(tabs, visits);
          visited += visits;
          await measure();
        }
        const visitsMs = Date.now() - beganMs;
        const popupsBeganMs = Date.now();
        for (let round = 0; round < POPUPS; round += 1) await openAndClose(browser);
        await measure();
        const popupsMs = Date.now() - popupsBeganMs;

        const kib = (of: 'background' | 'popup') => seen.map((one) => one[of]).join(', ');
        console.log(
          `${name}: KiB in the background ${kib('background')}; in a popup ${kib('popup')}; after 10, 50, 100 % of ${VISITS} visits ` +
            `(${Math.round(visitsMs / VISITS)} ms each) and after ${POPUPS} popups (${Math.round(popupsMs / POPUPS)} ms each)`,
        );
        const facts = await ask(ours, 'diagnostics.get', {});
        expect(facts.startedAtMs, 'one background all the time').toBe(startedAtMs);
        expect(facts.errors).toEqual([]);
        const { rows } = await ask(ours, 'records.page', { filter: {}, after: null, limit: 250 });
        expect(new Set(rows.map((row) => row.capability))).toContain('site-insight');
        const [first] = seen;
        for (const { background, popup } of seen.slice(1)) {
          expect(background - (first?.background ?? 0), 'the background grew').toBeLessThan(GROWTH_KIB);
          expect(popup - (first?.popup ?? 0), 'the popup grew').toBeLessThan(GROWTH_KIB);
        }

        await ask(ours, 'grants.stop-all', {});
        await nothingLeft(ours);
        // Nor does anything come back with the next pages, from the cache or new.
        for (const tab of tabs) await tab.back();
        await tour(tabs, TABS * 2);
        await nothingLeft(ours);
      });
    },
    VISITS * 200 + POPUPS * 3000 + 120_000,
  );
});

/**
 * What is kept once an engine has let go of the rest: it is looked at until looks bring no less. Firefox tells its parts of a
 * port's end bit by bit, and one look after 1,000 visits may find 900 KiB that the next one does not.
 */
async function keptBytes(browser: Driven, page?: Page): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let looksLeft = LOOKS; looksLeft > 0; looksLeft -= 1) {
    const bytes = await browser.heapBytes(page);
    if (bytes < least - KIB) looksLeft = LOOKS;
    least = Math.min(least, bytes);
  }
  return least;
}

/** So many visits, spread over the tabs: each goes on by itself from page to page. */
async function tour(tabs: readonly Page[], visits: number): Promise<void> {
  const query = `through=${HOSTS.join()}&parties=cdn.example,ads.example`;
  web.requests.length = 0;
  const each = Math.ceil(visits / tabs.length);
  for (const [index, tab] of tabs.entries()) {
    // Not by the driver's `goto`, which waits for a page that has long gone on.
    await tab.evaluate(
      (to: string) => {
        setTimeout(() => {
          location.href = to;
        });
      },
      web.url(HOSTS[index] ?? '', `/tour?left=${each - 1}&tab=${index}&${query}`),
    );
  }
  const arrived = () => web.requests.filter(({ path }) => path.startsWith('/tour?left=0&')).length;
  await until(() => arrived() === tabs.length, 'the tour is over', visits * 500 + 60_000);
}

async function openAndClose(browser: Driven): Promise<void> {
  const popup = await browser.openActionPopup();
  await popup.waitFor('[data-testid="stop-everything"]');
  await popup.close();
}

/** No port, no listener and no script is left. Whoever asks holds none of them. */
async function nothingLeft(ours: Page): Promise<void> {
  await until(async () => (await ask(ours, 'diagnostics.get', {})).connections === 0, 'no port is left');
  const { leases, forwarders } = await ask(ours, 'diagnostics.get', {});
  expect(leases).toEqual([]);
  expect(forwarders.filter(({ registered }) => registered)).toEqual([]);
  const scripts = () =>
    (
      globalThis as unknown as { chrome: { scripting: { getRegisteredContentScripts(): Promise<object[]> } } }
    ).chrome.scripting.getRegisteredContentScripts();
  expect(await ours.evaluate(scripts)).toEqual([]);
}

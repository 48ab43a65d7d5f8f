/** Years of use at once: how long pages take over a full database. Sizes by `SCALE_RECORDS` and `SCALE_ENTRIES`; see `SCALE_PROFILE`. */
import { describe, expect, test } from 'vitest';
import { ask, wantedBrowsers } from './cloudopt';
import {
  filterMs,
  memoryMiB,
  memoryText,
  messageMs,
  paintMs,
  SITES,
  scrollFrames,
  testid,
  until,
  watchMemory,
  withFilled,
} from './scale';

const RECORDS = Number(process.env.SCALE_RECORDS ?? 20_000);
const ENTRIES = Number(process.env.SCALE_ENTRIES ?? 5000);
/** The targets are for a machine of its own; a test beside others only tells what is out of all proportion. */
const SLACK = Number(process.env.SCALE_SLACK ?? 6);
const PAINT_MS = 1000;
const FILTER_MS = 300;
const REVOKE_MS = 500;
/** What an export may need besides: it is put together in pieces. */
const EXPORT_MIB = 400;
/** And what of that may be alive in the background or in the page: some chunks, never the rows. */
const EXPORT_HEAP_MIB = 32;
const ROWS_DRAWN_MOST = 400;

describe.each(wantedBrowsers())(`${RECORDS} records and ${ENTRIES} entries in %s`, (name) => {
  test('pages open, scroll, filter, verify and export; erasing holds up no revocation', async () => {
    const seen: string[] = [];
    const within = (what: string, ms: number, mostMs: number) => {
      seen.push(`${what} ${Math.round(ms)} ms`);
      expect(ms, what).toBeLessThan(mostMs * SLACK);
    };
    await withFilled(name, { records: RECORDS, entries: ENTRIES }, async (browser, page) => {
      seen.push(`${Math.round(memoryMiB(browser))} MiB`);

      // Whatever waits for the background's start waits once.
      await ask(page, 'state.get', {});
      within('state', await messageMs(page, 'state.get', {}), FILTER_MS);
      const { capabilities } = await ask(page, 'records.summary', {});
      expect(capabilities[0]?.records).toBe(Math.min((RECORDS / 20) * 18, 10_001));
      within('permissions', await paintMs(page, 'options.html#permissions', '[data-testid^="capability-"]'), PAINT_MS);

      within('history', await paintMs(page, 'options.html#history', testid('ledger-entry')), PAINT_MS);
      const entry = testid('ledger-entry');
      within('history by kind', await filterMs(page, testid('filter-kind'), 'expired', entry, 'data-kind'), FILTER_MS);
      await page.reload();
      await page.waitFor(entry);
      const began = Date.now();
      await page.click(testid('verify-ledger'));
      await page.waitFor(testid('ledger-verdict'), 120_000);
      seen.push(`verify ${Math.round(ENTRIES / ((Date.now() - began) / 1000))}/s`);
      expect(await page.attribute(testid('ledger-verdict'), 'data-verdict')).toBe('intact');

      const record = testid('record');
      within('data', await paintMs(page, 'options.html#data', record), PAINT_MS);
      const scrolled = await scrollFrames(page, record, 100);
      seen.push(`scroll p50 ${scrolled.p50} p95 ${scrolled.p95} most ${scrolled.most} ms`);
      expect(scrolled.drawn).toBeLessThan(ROWS_DRAWN_MOST);
      expect(scrolled.reachedPx).toBeGreaterThan(10_000);
      const capability = testid('filter-capability');
      within(
        'data by capability',
        await filterMs(page, capability, 'protection', record, 'data-capability'),
        FILTER_MS,
      );
      within(
        'data by site',
        await filterMs(page, testid('filter-site'), `s${SITES - 1}.example`, record, ''),
        FILTER_MS,
      );

      await page.reload();
      await page.waitFor(record);
      const memory = await watchMemory(browser, page, async () => {
        const startMs = Date.now();
        await page.click(testid('export-records'));
        await page.until(
          () => document.body.textContent?.includes('handed to your browser') === true,
          'exported',
          240_000,
        );
        seen.push(`export ${Date.now() - startMs} ms`);
      });
      seen.push(`memory before, while exporting at most, and after: ${memoryText(memory)}`);
      const more = (of: keyof typeof memory.most) => memory.most[of] - memory.before[of];
      expect(more('browser'), 'the browser, by an export').toBeLessThan(EXPORT_MIB);
      expect(more('background'), 'the background, by an export').toBeLessThan(EXPORT_HEAP_MIB);
      expect(more('page'), 'the page, by an export').toBeLessThan(EXPORT_HEAP_MIB);

      const other = await browser.open('options.html#policy');
      const erasing = Date.now();
      await other.evaluate(() => {
        const all = globalThis as unknown as {
          chrome: { runtime: { sendMessage(message: object): Promise<{ answer?: { erased: number } }> } };
        };
        // On the document: what one evaluation puts on `globalThis` Firefox does not show to the next.
        void all.chrome.runtime
          .sendMessage({ name: 'records.erase', input: { what: { kind: 'all' } } })
          .then(({ answer }) => {
            document.documentElement.dataset.erased = String(answer?.erased ?? -1);
          });
      });
      const revoked = await messageMs(page, 'grants.revoke', { capability: 'site-insight', scope: '*' });
      within('revoke beside the erasing', revoked, REVOKE_MS);
      const erased = () => other.evaluate(() => Number(document.documentElement.dataset.erased ?? 0));
      await until(async () => (await erased()) !== 0, 'erased', 600_000);
      seen.push(`erased in ${Date.now() - erasing} ms`);
      expect(await erased()).toBe(RECORDS);
      expect((await ask(page, 'records.page', { filter: {}, after: null, limit: 1 })).rows).toEqual([]);
    }).finally(() => console.log(`${name}, ${RECORDS} records, ${ENTRIES} entries: ${seen.join('; ')}`));
  }, 1_200_000);
});

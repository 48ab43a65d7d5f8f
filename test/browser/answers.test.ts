import { describe, expect, test } from 'vitest';
import {
  ask,
  type Driven,
  held,
  ledger,
  type Page,
  promptUrl,
  stateOf,
  testid,
  until,
  wantedBrowsers,
  withBrowser,
} from './cloudopt';

async function open(browser: Driven): Promise<Page> {
  const prompt = await browser.open(promptUrl('browsing-time'));
  await prompt.waitFor(testid('allow'));
  return prompt;
}

const offered = async (page: Page) =>
  (await ask(page, 'state.get', {})).capabilities.find((one) => one.id === 'browsing-time')?.mayOffer;

describe.each(wantedBrowsers())('answers other than Allow in %s', (name) => {
  test('each leaves nothing running, is on record, and can be changed later', async () => {
    await withBrowser(name, {}, async (browser) => {
      const options = await browser.open('options.html');
      expect(await offered(options)).toBe(true);
      const is = (state: string) => until(async () => (await stateOf(options, 'browsing-time')) === state, state);
      const entries = (count: number) =>
        until(async () => (await ledger(options)).length === count, `${count} entries`);

      const notNow = await open(browser);
      await notNow.click(testid('not-now'));
      await is('refused');
      expect(await offered(options)).toBe(false);
      await notNow.close();

      const escaped = await open(browser);
      await escaped.key('Escape');
      await entries(4);
      await escaped.close();

      const closed = await open(browser);
      await closed.close();
      await entries(6);

      const never = await open(browser);
      await never.click(testid('never'));
      await is('never');
      expect(await offered(options)).toBe(false);
      await never.close();

      // The person changes their mind, and refuses in the browser's own prompt.
      const refused = await open(browser);
      await refused.click(testid('allow'));
      await browser.answerNative(refused, 'refuse', async () => (await ledger(options)).length === 10);
      await is('refused');
      await refused.close();

      expect(await ledger(options)).toEqual([
        'asked person *',
        'refused person *',
        'asked person *',
        'refused person *',
        'asked person *',
        'refused person *',
        'asked person *',
        'never person *',
        'asked person *',
        'refused browser *',
      ]);
      expect((await held(options)).permissions).not.toContain('tabs');
      expect((await ask(options, 'diagnostics.get', {})).leases).toEqual([]);

      // And in the end allows.
      const allowed = await open(browser);
      await allowed.click(testid('allow'));
      await browser.answerNative(allowed, 'allow', async () => (await stateOf(options, 'browsing-time')) === 'granted');
      await allowed.until(() => document.body.textContent?.includes('Browsing time'), 'says what is on');
    });
  });

  test('a question that is open is not asked a second time', async () => {
    await withBrowser(name, {}, async (browser) => {
      const first = await open(browser);
      const second = await browser.open(promptUrl('browsing-time'));
      await second.until(() => document.querySelector('button') !== null, 'says so');
      expect(await second.count(testid('allow'))).toBe(0);
      expect(await ledger(second)).toEqual(['asked person *']);
      await first.bringToFront();
      await first.click(testid('not-now'));
      await until(async () => (await stateOf(second, 'browsing-time')) === 'refused', 'answered in the first');
    });
  });
});

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { LanguageChoice } from '../../utils/platform/languages';
import { messagesOf } from '../unit/locales/locales';
import {
  ask,
  grant,
  launch,
  type Page,
  promptUrl,
  stateOf,
  testid,
  until,
  wantedBrowsers,
  withBrowser,
} from './cloudopt';
import { answers, cutTexts } from './fitting';

const SHOP = '*://shop.example/*';
const folders = readdirSync(path.resolve(import.meta.dirname, '../../public/_locales')) as Exclude<
  LanguageChoice,
  'automatic'
>[];
const says = (folder: string, key: string): string => messagesOf(folder)[key]?.message ?? '';

const langOf = (page: Page) => page.evaluate(() => document.documentElement.lang);
const untilLang = (page: Page, lang: string) =>
  page.until((wanted: string) => document.documentElement.lang === wanted, `the page speaks ${lang}`, undefined, lang);

/** Picks as a person does, and waits until the page speaks so. */
async function pick(options: Page, choice: LanguageChoice, lang: string): Promise<void> {
  await options.fill(testid('language'), choice);
  await untilLang(options, lang);
}

/** Language of the notice that the latest question put on record. */
async function recordedLanguage(page: Page): Promise<string | undefined> {
  const { entries } = await ask(page, 'history.page', { before: null, limit: 1, kind: 'asked' });
  const hash = entries[0]?.notice?.hash;
  const notice = hash === undefined ? null : await ask(page, 'history.notice', { hash });
  expect(notice?.language).toBe(entries[0]?.notice?.language);
  return notice?.language;
}

describe.each(wantedBrowsers())('a picked language in %s', (name) => {
  test('is spoken at once by every page, by the question, on record, and by a background that wakes', async () => {
    await withBrowser(name, {}, async (browser) => {
      const welcome = await browser.waitForPage('welcome.html');
      const options = await browser.open('options.html');
      await options.waitFor(testid('language'));
      expect([await langOf(options), await langOf(welcome)]).toEqual(['en', 'en']);
      await options.focus(testid('language'));
      await pick(options, 'de', 'de');
      expect(await options.text('h1')).toBe(says('de', 'section_permissions'));
      expect(await options.evaluate(() => document.title)).toBe(
        says('de', 'title_page').replace('$1', says('de', 'section_permissions')),
      );
      // The picker keeps the focus and shows what was picked.
      expect(await options.evaluate(() => document.activeElement?.getAttribute('data-testid'))).toBe('language');
      await untilLang(welcome, 'de');
      expect(await welcome.text('h1')).toBe(says('de', 'welcome_heading'));

      await browser.stopBackground();
      const prompt = await browser.open(promptUrl('site-insight', SHOP));
      await prompt.waitFor(testid('allow'));
      expect(await langOf(prompt)).toBe('de');
      expect(await prompt.text(testid('never'))).toBe(says('de', 'never_ask_again'));
      expect(await prompt.text(testid('prompt-refusal-cost'))).toContain(says('de', 'cap_site_insight_refusal'));
      expect(await prompt.attribute('dl.notice', 'lang')).toBe('de');
      expect(await recordedLanguage(options)).toBe('de');

      // A question on screen stays as it was asked; the next one is asked anew.
      await pick(options, 'automatic', 'en');
      await untilLang(welcome, 'en');
      expect(await options.text('h1')).toBe(says('en', 'section_permissions'));
      expect(await prompt.text(testid('never'))).toBe(says('de', 'never_ask_again'));
      await prompt.click(testid('not-now'));
      await until(async () => (await stateOf(options, 'site-insight', SHOP)) === 'refused', 'answered');
      await prompt.close();
      const again = await browser.open(promptUrl('site-insight', SHOP));
      await again.waitFor(testid('allow'));
      expect(await again.text(testid('never'))).toBe(says('en', 'never_ask_again'));
      expect(await recordedLanguage(options)).toBe('en');
    });
  });

  test('is there from the first paint of every page, also after a restart, and where the memory was emptied', async () => {
    const profile = mkdtempSync(path.join(tmpdir(), 'language-'));
    try {
      const first = await launch(name, { profile, persistent: true });
      try {
        const options = await first.open('options.html');
        await options.waitFor(testid('language'));
        await pick(options, 'de', 'de');
      } finally {
        await first.close();
      }
      const second = await launch(name, { profile, persistent: true });
      try {
        const popup = await second.open('popup.html');
        await untilLang(popup, 'de');
        await popup.waitFor('#on-now');
        expect(await popup.text('#on-now')).toBe(says('de', 'popup_on_now'));
        const options = await second.open('options.html');
        await options.waitFor(testid('language'));
        expect(
          await options.evaluate(
            (id: string) => document.querySelector<HTMLSelectElement>(id)?.value,
            testid('language'),
          ),
        ).toBe('de');

        const remembered = () => options.evaluate(() => localStorage.getItem('language'));
        const kept = await remembered();
        expect(kept).toContain('"choice":"de"');
        await options.evaluate(() => localStorage.clear());
        await options.reload();
        await untilLang(options, 'de');
        expect(await remembered()).toBe(kept);
      } finally {
        await second.close();
      }
    } finally {
      rmSync(profile, { recursive: true, force: true });
    }
  });

  // Chromium opens our pages in ordinary windows alone; Firefox gives those in private ones a memory of their own.
  test.runIf(name === 'firefox')('is spoken in a private window', async () => {
    await withBrowser(name, {}, async (browser) => {
      const options = await browser.open('options.html');
      await options.waitFor(testid('language'));
      await pick(options, 'de', 'de');
      const page = await browser.inPrivateWindow(`${browser.base}/popup.html`);
      await untilLang(page, 'de');
    });
  });

  test('comes from our own options page alone, and is one that there is', async () => {
    await withBrowser(name, {}, async (browser) => {
      const popup = await browser.open('popup.html');
      await popup.waitFor('#on-now');
      await expect(ask(popup, 'language.set', { choice: 'de' })).rejects.toThrow('not-allowed');
      const options = await browser.open('options.html');
      await options.waitFor(testid('language'));
      await expect(ask(options, 'language.set', { choice: '../en' as 'en' })).rejects.toThrow('bad-input');
      expect(await ask(options, 'language.get', { known: null })).toEqual({ choice: 'automatic', texts: null });
    });
  });
});

describe.each(wantedBrowsers())('the texts in %s', (name) => {
  test('that do not fit are found', async () => {
    await withBrowser(name, {}, async (browser) => {
      const prompt = await browser.open(promptUrl('notifications'));
      await prompt.waitFor(testid('allow'));
      await prompt.resize(480, 640);
      expect(await prompt.evaluate(cutTexts)).toEqual([]);
      await prompt.evaluate((id: string) => {
        const { style } = document.querySelector(id) as HTMLElement;
        style.inlineSize = '4rem';
        style.whiteSpace = 'nowrap';
      }, testid('never'));
      expect((await prompt.evaluate(cutTexts)).map((cut) => cut.by)).toContain('wider than its box');
      expect(new Set((await prompt.evaluate(answers)).map((box) => box.size)).size).toBeGreaterThan(1);
    });
  });

  test.each(folders)('fit in %s on every page but the prompt, wide and narrow', async (folder) => {
    await withBrowser(name, {}, async (browser) => {
      const tag = folder.replace('_', '-');
      const options = await browser.open('options.html');
      await options.waitFor(testid('language'));
      await pick(options, folder, tag);

      await grant(browser, options, 'browsing-time');
      const popup = await browser.open('popup.html');
      await popup.waitFor(testid('active-browsing-time'));
      const welcome = await browser.waitForPage('welcome.html');
      await untilLang(welcome, tag);
      for (const width of [1200, 480]) {
        for (const [page, what] of [
          [popup, 'popup'],
          [welcome, 'welcome'],
        ] as const) {
          await page.bringToFront();
          await page.resize(width, 640);
          expect(await page.evaluate(cutTexts), `${what} ${width}`).toEqual([]);
        }
        for (const section of ['permissions', 'activity', 'data', 'history', 'policy', 'diagnostics']) {
          await options.bringToFront();
          await options.goto(`options.html#${section}`);
          await options.until(
            () => document.querySelector('h1') !== null && !document.querySelector('[aria-busy]'),
            section,
          );
          await options.resize(width, 640);
          expect(await options.evaluate(cutTexts), `${section} ${width}`).toEqual([]);
        }
      }
    });
  });
});

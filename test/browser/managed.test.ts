import { describe, expect, test } from 'vitest';
import {
  ask,
  type Driven,
  grant,
  held,
  ledger,
  type Page,
  promptUrl,
  stateOf,
  testid,
  until,
  wantedBrowsers,
} from './cloudopt';
import { maySetPolicy, withOrganisation } from './organisation';

const card = (id: string) => testid(`capability-${id}`);
const turnOn = (id: string) => `${card(id)} ${testid('turn-on')}`;
const forbidding = {
  forbiddenCapabilities: ['browsing-time', 'time-travel'],
  lockedSections: ['data'],
  endpoints: { statistics: { url: 'https://stats.example/count', place: 'Hamburg, Germany' } },
  allowedSyncServers: ['https://cloud.example'],
  granted: ['site-cleaner'],
};

async function forbiddenState(page: Page): Promise<void> {
  expect(await stateOf(page, 'browsing-time')).toBe('forbidden');
  expect(await stateOf(page, 'notifications')).toBe('granted');
  expect(await stateOf(page, 'site-cleaner')).toBe('off');
  expect((await ledger(page)).filter((entry) => entry.startsWith('revoked'))).toEqual(['revoked managed *']);
  await until(async () => !(await held(page)).permissions.includes('tabs'), 'the permission handed back');
}

/** Every page says so, none offers it, and its prompt asks nothing. */
async function forbiddenPages(browser: Driven, page: Page): Promise<void> {
  await page.goto('options.html#permissions');
  await page.waitFor(`${card('browsing-time')}[data-state="forbidden"]`);
  expect(await page.text(card('browsing-time'))).toContain('Forbidden by your organisation');
  expect(await page.count(turnOn('browsing-time'))).toBe(0);
  expect(await page.count(turnOn('site-cleaner'))).toBe(1);
  expect(await page.text(testid('news'))).toContain('forbidden by your organisation');
  expect(await page.count(`${testid('news-item')} ${testid('ask-again')}`)).toBe(0);

  await page.goto('options.html#policy');
  await page.waitFor(testid('managed'));
  const set = (await page.text(testid('managed'))) ?? '';
  for (const word of ['Browsing time', 'stats.example', 'Hamburg, Germany', 'https://cloud.example']) {
    expect(set).toContain(word);
  }
  await page.goto('options.html#diagnostics');
  await page.waitFor(testid('managed-diagnostics'));
  const problems = (await page.text(testid('managed-diagnostics'))) ?? '';
  expect(problems).toContain('time-travel');
  expect(problems).toContain('nothing can be locked in data');
  // Chromium itself drops what the schema does not name.
  expect(problems.includes('granted')).toBe(browser.name === 'firefox');

  const before = await ledger(page);
  const prompt = await browser.open(promptUrl('browsing-time'));
  await prompt.waitFor(testid('prompt-message'));
  expect(await prompt.text(testid('prompt-message'))).toContain('Forbidden by your organisation');
  expect(await prompt.count(testid('allow'))).toBe(0);
  await prompt.close();
  expect(await ledger(page)).toEqual(before);

  const popup = await browser.open('popup.html');
  await popup.waitFor(testid('managed'));
  expect(await popup.text(testid('managed'))).toContain('Forbidden by your organisation: Browsing time');
  await popup.close();
}

/** Nothing new can be turned on; what is on can be taken back. */
async function lockedPages(browser: Driven, page: Page): Promise<void> {
  await page.goto('options.html#permissions');
  await page.waitFor(testid('locked'));
  expect(await page.count(testid('turn-on'))).toBe(0);
  expect(await page.count(testid('site-field'))).toBe(0);
  const prompt = await browser.open(promptUrl('site-insight', '*://shop.example/*'));
  await prompt.waitFor(testid('prompt-message'));
  expect(await prompt.text(testid('prompt-message'))).toContain('Locked by your organisation');
  await prompt.close();
  await page.click(`${card('notifications')} ${testid('revoke')}`);
  await until(async () => (await stateOf(page, 'notifications')) === 'revoked', 'taken back');
  expect((await ledger(page)).at(-1)).toBe('revoked person *');
}

/** A policy that is gone brings nothing back, and lets it be asked for. */
async function freePages(page: Page): Promise<void> {
  expect((await ask(page, 'state.get', {})).managed).toBeNull();
  expect(await stateOf(page, 'browsing-time')).toBe('revoked');
  await page.goto('options.html#permissions');
  await page.waitFor(turnOn('browsing-time'));
  expect(await page.count(testid('locked'))).toBe(0);
  await page.goto('options.html#policy');
  await page.waitFor(testid('policy-version'));
  expect(await page.count(testid('managed'))).toBe(0);
}

describe.each(wantedBrowsers())('an organisation’s policy in %s', (name) => {
  test.skipIf(!maySetPolicy(name) || name !== 'chromium')(
    'arrives while a grant is live and the background sleeps: it ends, is shown as forbidden, and can go again',
    () =>
      withOrganisation(name, async (organisation) => {
        const browser = await organisation.launch();
        try {
          const page = await browser.open('options.html');
          await freeStart(page);
          await grant(browser, page, 'browsing-time');
          await grant(browser, page, 'notifications');
          await browser.stopBackground();
          organisation.set(forbidding);
          // Nobody asks: the browser's own event wakes it.
          await until(() => browser.backgroundRunning(), 'the background woken by the policy');
          await until(async () => (await stateOf(page, 'browsing-time')) === 'forbidden', 'forbidden');
          await forbiddenState(page);
          await forbiddenPages(browser, page);

          organisation.set({ lockedSections: ['permissions'] });
          const locked = async () => (await ask(page, 'state.get', {})).managed?.locked.includes('permissions');
          await until(locked, 'permissions locked');
          await lockedPages(browser, page);

          organisation.set(null);
          await until(async () => (await ask(page, 'state.get', {})).managed === null, 'no policy');
          await freePages(page);
        } finally {
          await browser.close();
        }
      }),
  );

  test.skipIf(!maySetPolicy(name))('is found at the start, and so is its end', () =>
    withOrganisation(name, async (organisation) => {
      const once = async (task: (browser: Driven, page: Page) => Promise<void>) => {
        const browser = await organisation.launch();
        try {
          await task(browser, await browser.open('options.html'));
        } finally {
          await browser.close();
        }
      };
      await once(async (browser, page) => {
        await freeStart(page);
        await grant(browser, page, 'browsing-time');
        await grant(browser, page, 'notifications');
      });
      organisation.set(forbidding);
      await once(async (browser, page) => {
        // Chromium takes some seconds at its start; until then counts what it said last, and nothing rests.
        expect(await stateOf(page, 'notifications')).toBe('granted');
        await until(async () => (await stateOf(page, 'browsing-time')) === 'forbidden', 'forbidden');
        await forbiddenState(page);
        await forbiddenPages(browser, page);
      });
      organisation.set({ lockedSections: ['permissions'] });
      await once(async (browser, page) => {
        await until(async () => (await ask(page, 'state.get', {})).managed?.locked.length === 1, 'locked');
        await lockedPages(browser, page);
      });
      organisation.set(null);
      await once(async (_browser, page) => {
        await until(async () => (await ask(page, 'state.get', {})).managed === null, 'no policy');
        await freePages(page);
      });
    }),
  );

  test.skipIf(name !== 'firefox' || process.platform !== 'linux' || process.getuid?.() !== 0)(
    'is found in policies.json of the machine',
    () =>
      withOrganisation(name, async (organisation) => {
        organisation.setForMachine(forbidding);
        const browser = await organisation.launch();
        try {
          const page = await browser.open('options.html');
          expect(await stateOf(page, 'browsing-time')).toBe('forbidden');
          await page.goto('options.html#permissions');
          await page.waitFor(`${card('browsing-time')}[data-state="forbidden"]`);
          expect(await page.count(turnOn('browsing-time'))).toBe(0);
        } finally {
          await browser.close();
        }
      }),
  );
});

async function freeStart(page: Page): Promise<void> {
  expect((await ask(page, 'state.get', {})).managed).toBeNull();
}

/** The first run, the permissions page at one glance, the timeline, and what is asked before or undone after an act. */
import { describe, expect, test } from 'vitest';
import { start as startWeb } from '../servers/web';
import {
  ask,
  type Driven,
  grant,
  held,
  ledger,
  type Page,
  rawRows,
  stateOf,
  testid,
  until,
  wantedBrowsers,
  withBrowser,
} from './cloudopt';

const SHOP = '*://shop.example/*';
const NEWS = '*://news.example/*';

const idsOf = (page: Page, prefix: string) =>
  page.evaluate(
    (start: string) =>
      [...document.querySelectorAll(`[data-testid^="${start}"]`)].map((one) =>
        one.getAttribute('data-testid')?.slice(start.length),
      ),
    prefix,
  );
const focusedId = (page: Page) => page.evaluate(() => document.activeElement?.getAttribute('data-testid') ?? '');
const live = (scope: string) => `${testid('live-grant')}[data-scope="${scope}"]`;
const untilCount = (page: Page, selector: string, wanted: number) =>
  page.until(
    (what: string, number: number) => document.querySelectorAll(what).length === number,
    `${wanted} of ${selector}`,
    undefined,
    selector,
    wanted,
  );

/** A page in front, with its section loaded. */
async function section(page: Page, hash: string, ready: string): Promise<void> {
  await page.bringToFront();
  await page.goto(`options.html#${hash}`);
  await page.waitFor(testid(ready));
}

/** What the accessibility tree of a table comes down to: its cells row by row. */
const tableOf = (page: Page, selector: string) =>
  page.evaluate(
    (what: string) =>
      [...document.querySelectorAll(`${what} tr`)].map((row) =>
        [...row.children].map((cell) => `${cell.tagName} ${cell.getAttribute('scope') ?? ''} ${cell.textContent}`),
      ),
    selector,
  );

async function firstRun(browser: Driven): Promise<void> {
  const welcome = await browser.waitForPage('welcome.html');
  const step = async () => `${await welcome.text(testid('step'))}: ${await welcome.text('h1')}`;
  const untilStep = (wanted: string) => until(async () => (await step()).startsWith(wanted), wanted);
  await welcome.bringToFront();
  await welcome.waitFor(testid('next'));
  expect(await step()).toBe('Screen 1 of 3: Cloudopt asks first');
  const current = () => welcome.attribute(`${testid('steps')} [aria-current="step"]`, 'aria-label');
  expect(await current()).toBe('Screen 1 of 3: Cloudopt asks first');

  const seen: string[] = [];
  const look = async () => {
    expect(await welcome.count('input, select, [role="switch"]')).toBe(0);
    for (const id of ['skip', 'policy']) expect(await welcome.visible(testid(id)), id).toBe(true);
    seen.push((await welcome.text('h1')) ?? '');
  };
  await look();
  // By the keyboard: the heading of the next screen has the focus.
  await welcome.focus(testid('next'));
  await welcome.key('Enter');
  await untilStep('Screen 2 of 3');
  expect(await welcome.evaluate(() => document.activeElement?.tagName)).toBe('H1');
  expect(await welcome.count(testid('back'))).toBe(1);
  await look();
  expect(await welcome.count('main li')).toBe((await ask(welcome, 'state.get', {})).capabilities.length);
  await welcome.click(testid('next'));
  await untilStep('Screen 3 of 3');
  await look();
  expect(await welcome.count('main ol > li')).toBe(3);
  expect(await welcome.count(testid('next'))).toBe(0);
  expect(new Set(seen).size).toBe(3);

  // The browser's own way back and forth.
  await welcome.back();
  await untilStep('Screen 2 of 3');
  await welcome.forward();
  await untilStep('Screen 3 of 3');
  await welcome.click(testid('back'));
  await untilStep('Screen 2 of 3');

  expect(await ledger(welcome)).toEqual([]);
  expect((await held(welcome)).origins).toEqual([]);
  expect((await ask(welcome, 'state.get', {})).capabilities.filter(({ state }) => state !== 'off')).toEqual([]);
  for (const store of ['grants', 'fences', 'intents', 'records', 'uses']) {
    expect(await rawRows(welcome, store), store).toEqual([]);
  }

  await welcome.click(testid('skip'));
  await welcome.waitFor(testid('nothing-on'));
  expect(await welcome.url()).toContain('options.html#permissions');
}

describe.each(wantedBrowsers())('in %s', (name) => {
  test('the first run has three screens that can be skipped, and leaves nothing behind', async () => {
    await withBrowser(name, {}, firstRun);
  });

  test('one glance tells what is on; filters find it; taking back is at once and offers to ask again', async () => {
    await withBrowser(name, {}, async (browser) => {
      const options = await browser.open('options.html#permissions');
      await options.waitFor(testid('nothing-on'));
      const all = (await ask(options, 'state.get', {})).capabilities.map(({ id }) => id);
      expect(await options.attribute(testid('count-off'), 'data-count')).toBe(String(all.length));
      expect(await options.count(testid('filter-site'))).toBe(0);

      await grant(browser, options, 'site-insight', { scope: SHOP });
      await grant(browser, options, 'site-insight', { scope: NEWS });
      await grant(browser, options, 'browsing-time', { lifetime: 'hour' });
      await options.bringToFront();
      await untilCount(options, testid('live-grant'), 3);
      expect(await options.attribute(testid('count-on'), 'data-count')).toBe('2');
      const shop = (await options.text(live(SHOP))) ?? '';
      for (const word of ['Site insight', 'shop.example', 'today', 'until you take it back', 'not used yet', 'I.5']) {
        expect(shop).toContain(word);
      }
      // What the summary says, the card doesn't repeat.
      const row = `${testid('capability-site-insight')} ${testid('grant')}[data-scope="${SHOP}"]`;
      expect(await options.text(row)).not.toMatch(/today|until you take it back/);
      // The summary stands above whatever news there is.
      expect(
        await options.evaluate(
          () =>
            (document.querySelector('[data-testid="summary"]')?.getBoundingClientRect().bottom ?? Infinity) <
            (document.querySelector('.banner')?.getBoundingClientRect().top ?? 0),
        ),
      ).toBe(true);

      const found = () => options.text(testid('filter-found'));
      await options.fill(testid('filter-state'), 'on');
      await untilCount(options, '[data-testid^="capability-"]', 2);
      expect(await idsOf(options, 'capability-')).toEqual(['site-insight', 'browsing-time']);
      expect(await options.attribute(testid('filter-found'), 'role')).toBe('status');
      expect(await found()).toBe(`2 of ${all.length} capabilities`);
      await options.fill(testid('filter-site'), 'shop');
      await untilCount(options, '[data-testid^="capability-"]', 1);
      expect(await options.count(`${testid('capability-site-insight')} ${testid('grant')}`)).toBe(1);
      await options.fill(testid('filter-state'), 'paused');
      await options.waitFor(testid('filter-nothing'));
      expect(await found()).toBe(`0 of ${all.length} capabilities`);
      // The address keeps the state, and no site.
      expect(await options.url()).toMatch(/#permissions\/paused$/);
      await options.focus(testid('filter-clear'));
      await options.key('Enter');
      await untilCount(options, '[data-testid^="capability-"]', all.length);
      expect(await options.evaluate(() => document.activeElement === document.body)).toBe(false);
      expect(await options.url()).toMatch(/#permissions$/);

      const linked = await browser.open('options.html#permissions/never-asked');
      await linked.waitFor(testid('filter-found'));
      expect(await idsOf(linked, 'capability-')).toEqual(
        all.filter((id) => id !== 'site-insight' && id !== 'browsing-time'),
      );
      await linked.close();

      await options.bringToFront();
      await options.click(`${live(SHOP)} ${testid('revoke-live')}`);
      await options.waitFor(`${testid('taken-back')} ${testid('ask-again')}`);
      expect(await stateOf(options, 'site-insight', SHOP)).toBe('revoked');
      expect(await options.count(live(SHOP))).toBe(0);
      expect(await options.evaluate(() => document.activeElement === document.body)).toBe(false);
      await options.click(testid('stop-everything'));
      await options.waitFor(testid('nothing-on'));
      await untilCount(options, `${testid('taken-back')} ${testid('ask-again')}`, 2);
      await options.click(`${testid('taken-back')} ${testid('ask-again')}`);
      const prompt = await browser.waitForPage('prompt.html');
      await prompt.waitFor(testid('allow'));
      expect((await ledger(options)).filter((entry) => entry.startsWith('granted'))).toHaveLength(3);
    });
  });

  test('the timeline is a table by day and hour, with the permission that each use rests on', async () => {
    const web = await startWeb();
    try {
      await withBrowser(name, {}, async (browser) => {
        const options = await browser.open('options.html#activity');
        await options.waitFor(testid('activity-empty'));
        await grant(browser, options, 'site-insight', { scope: SHOP });
        await browser.open(web.url('shop.example', '/?parties=cdn.ads.example&each=2'));
        await until(async () => (await ask(options, 'activity.week', {})).hours.length > 0, 'used');
        await section(options, 'activity', 'timeline');
        const { hours } = await ask(options, 'activity.week', {});
        const rows = await tableOf(options, testid('timeline'));
        expect(rows[0]?.map((cell) => cell.split(' ').slice(0, 2).join(' '))).toEqual(Array(4).fill('TH col'));
        expect(rows[1]?.[0]).toMatch(/^TH rowgroup /);
        expect(rows.slice(2)).toHaveLength(hours.length);
        expect(rows[2]?.[0]).toMatch(/^TH row /);
        expect(rows[2]?.[1]).toContain('Site insight');
        expect(rows[2]?.[2]).toContain('shop.example');
        const used = hours.reduce((sum, hour) => sum + hour.times, 0);
        expect(rows[1]?.[1]).toBe(`TD  ${used}`);
        expect(await options.attribute(`${testid('timeline-hour')} a[target]`, 'href')).toContain('receipt.html');
        expect(await options.attribute('.week', 'aria-hidden')).toBe('true');

        await options.fill(testid('filter-capability'), 'browsing-time');
        await options.waitFor(testid('filter-nothing'));
        expect(await options.text(testid('filter-found'))).toBe('0 entries');
        await options.click(testid('filter-clear'));
        await options.waitFor(testid('timeline'));

        // From a use it is one step to the permission, where it can be taken back.
        await options.click(testid('permission-link'));
        await options.until(
          (scope: string) => (document.activeElement as HTMLElement | null)?.dataset.scope === scope,
          'the permission has the focus',
          undefined,
          SHOP,
        );
        expect(await options.count(`${testid('grant')}:focus ${testid('revoke')}`)).toBe(1);
      });
    } finally {
      await web.stop();
    }
  });

  test('what can’t be taken back is asked about once', async () => {
    await withBrowser(name, {}, async (browser) => {
      const options = await browser.open('options.html#history');
      await options.waitFor(testid('renew-subject'));
      const { id: before } = await ask(options, 'subject.id', { how: 'make' });
      await options.reload();
      await options.until(
        (id: string) => document.querySelector('[data-testid="subject-id"]')?.textContent === id,
        'the number',
        undefined,
        before ?? '',
      );
      // Escape answers no, and the focus comes back.
      await options.focus(testid('renew-subject'));
      await options.key('Enter');
      await options.waitFor(testid('renew-subject-confirm'));
      await options.key('Escape');
      await options.waitFor(testid('renew-subject'));
      expect(await focusedId(options)).toBe('renew-subject');
      expect((await ask(options, 'subject.id', { how: 'look' })).id).toBe(before);
      await options.click(testid('renew-subject'));
      await options.click(testid('renew-subject-confirm'));
      await until(async () => (await ask(options, 'subject.id', { how: 'look' })).id !== before, 'another number');
      await options.waitFor(testid('renew-subject'));
      expect(await focusedId(options)).toBe('renew-subject');
    });
  });

  test('what can be undone is erased a moment later, or at once when the page is left', async () => {
    const web = await startWeb();
    try {
      await withBrowser(name, {}, async (browser) => {
        const options = await browser.open('options.html#history');
        await grant(browser, options, 'site-insight', { scope: SHOP });
        await browser.open(web.url('shop.example', '/?parties=cdn.ads.example,stats.track.test&each=2'));
        await until(async () => (await rawRows(options, 'records')).length === 2, 'records');
        // One record: undone, then erased for good by leaving the section.
        await section(options, 'data', 'record');
        await options.click(testid('erase-one'));
        await options.waitFor(testid('undo-erase'));
        expect(await options.count(testid('record'))).toBe(1);
        await options.click(testid('undo-erase'));
        await untilCount(options, testid('record'), 2);
        expect(await rawRows(options, 'records')).toHaveLength(2);
        await options.click(testid('erase-one'));
        await options.waitFor(testid('undo-erase'));
        await options.goto('options.html#permissions');
        await until(async () => (await rawRows(options, 'records')).length === 1, 'one erased');

        // What an ended permission collected: undone first.
        const card = testid('capability-site-insight');
        await options.click(`${card} ${testid('revoke')}`);
        await options.waitFor(`${card} ${testid('erase-data')}`);
        await options.click(`${card} ${testid('erase-data')}`);
        await options.waitFor(`${card} ${testid('undo-erase-data')}`);
        await options.click(`${card} ${testid('undo-erase-data')}`);
        await options.waitFor(`${card} ${testid('erase-data')}`);
        expect(await rawRows(options, 'records')).toHaveLength(1);
        expect((await ledger(options)).filter((entry) => entry.startsWith('erased'))).toHaveLength(1);
        await options.click(`${card} ${testid('erase-data')}`);
        await until(async () => (await rawRows(options, 'records')).length === 0, 'erased');
      });
    } finally {
      await web.stop();
    }
  });
});

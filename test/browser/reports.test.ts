import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DAY_MS, HOUR_MS, utcDayStart } from '../../utils/platform/clock';
import {
  ask,
  type Driven,
  grant,
  held,
  type Page,
  promptUrl,
  rawRows,
  stateOf,
  testid,
  until,
  wantedBrowsers,
  withBrowser,
} from './cloudopt';
import { type Receivers, startReceivers } from './receivers';
import { revokeWhileSending } from './sending';

const TRIALS = Number(process.env.SEND_TRIALS ?? 30);

let receivers: Receivers;
beforeAll(async () => {
  receivers = await startReceivers();
});
afterAll(() => receivers.stop());
beforeEach(() => {
  for (const receiver of [receivers.statistics, receivers.crashes]) {
    receiver.respond({ kind: 'ok' });
    receiver.received.length = 0;
    receiver.rejected.length = 0;
  }
});

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const within = (capability: string, name: string) => `${testid(`report-${capability}`)} ${testid(name)}`;
const item = (capability: string, state: string) =>
  `${testid(`report-${capability}`)} ${testid('report-item')}[data-state="${state}"]`;

interface Shown {
  readonly text: string;
  readonly hash: string;
  readonly bytes: number;
}

/** What the page shows of the first report in this state. */
async function shown(page: Page, capability: string, state: string): Promise<Shown> {
  const one = item(capability, state);
  await page.waitFor(one);
  return {
    text: (await page.text(`${one} ${testid('report-text')}`)) ?? '',
    hash: (await page.text(`${one} ${testid('report-hash')}`)) ?? '',
    bytes: Number(await page.attribute(one, 'data-bytes')),
  };
}

const arrived = () => [
  ...receivers.statistics.received,
  ...receivers.statistics.rejected,
  ...receivers.crashes.received,
  ...receivers.crashes.rejected,
];

/**
 * An error that nothing catches, whose message holds a text. It is thrown by a function of the page's own world: what a
 * driver's function throws does not reach the page's listeners in Firefox. Once scrubbed, errors of one method are the
 * same, and kept once an hour.
 */
async function crash(
  page: Page,
  text: string,
  method: 'querySelector' | 'createElement' | 'createAttribute' = 'querySelector',
): Promise<void> {
  await page.evaluate(
    (method: 'querySelector' | 'createElement' | 'createAttribute', argument: string) => {
      window.setTimeout((document[method] as (argument: string) => unknown).bind(document, argument));
    },
    method,
    `!${text}`,
  );
}

/** When the background wakes to send what the rule lets go; 0 where it won't. */
const byRuleAlarm = (page: Page): Promise<number> =>
  page.evaluate(async () => {
    const api = globalThis as unknown as {
      chrome: { alarms: { get(name: string): Promise<{ scheduledTime: number } | undefined> } };
    };
    return (await api.chrome.alarms.get('send'))?.scheduledTime ?? 0;
  });

/** As if what stands in the database had been written a day earlier: no browser's clock can be put forward. */
const aDayPasses = (page: Page): Promise<void> =>
  page.evaluate(async (dayMs: number) => {
    const settled = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const database = await settled(indexedDB.open('cloudopt'));
    const transaction = database.transaction(['grants', 'records', 'uses'], 'readwrite');
    const before = (day: string) => new Date(Date.parse(day) - dayMs).toISOString().slice(0, 10);
    const [grants, records, uses] = ['grants', 'records', 'uses'].map((name) => transaction.objectStore(name));
    for (const row of await settled(grants?.getAll() as IDBRequest<{ sinceMs: number }[]>)) {
      grants?.put({ ...row, sinceMs: row.sinceMs - dayMs });
    }
    type Counter = { id: string; atMs: number; day: string };
    for (const row of await settled(records?.getAll() as IDBRequest<Counter[]>)) {
      records?.delete(row.id);
      const id = row.id.replace(/\d{4}-\d\d-\d\d/, before);
      records?.put({ ...row, id, atMs: row.atMs - dayMs, day: before(row.day) });
    }
    type Use = { kind: string; state?: { ruleSinceMs: number; savedMs: number } };
    for (const row of await settled(uses?.getAll() as IDBRequest<Use[]>)) {
      if (!row.state) continue;
      const { ruleSinceMs, savedMs } = row.state;
      uses?.put({ ...row, state: { ...row.state, ruleSinceMs: ruleSinceMs - dayMs, savedMs: savedMs - dayMs } });
    }
    await new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onerror = () => reject(transaction.error);
    });
    database.close();
  }, DAY_MS);

const secret = 'can’t read "my diary" at https://bank.example/account?user=7#top in /home/jane/x for jane@mail.example';

describe.each(wantedBrowsers())('reports in %s', (name) => {
  const run = (task: (browser: Driven, options: Page) => Promise<void>) =>
    withBrowser(name, receivers.options(name), async (browser) => {
      await task(browser, await browser.open('options.html#diagnostics'));
    });

  test('statistics: nothing before, exactly what was shown after, nothing once taken back', async () => {
    await run(async (browser, options) => {
      await options.waitFor(testid('report-usage-statistics'));
      expect(await options.attribute(testid('report-usage-statistics'), 'data-live')).toBe('false');
      await ask(options, 'usage.count', { name: 'popup.opened' });
      expect(await rawRows(options, 'records')).toEqual([]);

      const prompt = await browser.open(promptUrl('usage-statistics'));
      await prompt.waitFor(testid('prompt-destination'));
      expect(await prompt.text(testid('prompt-destination'))).toContain('https://statistics.example:');
      expect(await prompt.text(testid('prompt-destination'))).toContain('a test on this machine');
      await prompt.close();
      await grant(browser, options, 'usage-statistics');
      expect((await held(options)).origins).toContain('https://statistics.example/*');
      for (let n = 0; n < 3; n += 1) await ask(options, 'usage.count', { name: 'popup.opened' });
      await until(
        async () => (await rawRows(options, 'records')).some((row) => row.name === 'popup.opened' && row.count === 3),
        'counted',
      );
      expect(arrived()).toEqual([]);

      await options.reload();
      await options.waitFor(within('usage-statistics', 'report-field-os.name'));
      await options.click(within('usage-statistics', 'report-field-os.name'));
      await until(async () => {
        const { text } = await shown(options, 'usage-statistics', 'kept');
        return !text.includes('os.name');
      }, 'without the field');
      const id = await options.text(testid('report-id'));
      await options.click(testid('reset-report-id'));
      await options.click(testid('reset-report-id-confirm'));
      await until(async () => (await options.text(testid('report-id'))) !== id, 'another id');
      const after = await options.text(testid('report-id'));
      await until(async () => (await shown(options, 'usage-statistics', 'kept')).text.includes(after ?? '-'), 'shown');

      const before = await shown(options, 'usage-statistics', 'kept');
      await options.click(`${item('usage-statistics', 'kept')} ${testid('send-once')}`);
      await until(() => receivers.statistics.received.length > 0 || arrived().length > 0, 'arrived');
      expect(receivers.statistics.rejected).toEqual([]);
      const [got] = receivers.statistics.received;
      expect(got?.body.toString('utf8')).toBe(before.text);
      expect(got?.body.length).toBe(before.bytes);
      expect(sha256(got?.body ?? Buffer.alloc(0))).toBe(before.hash);
      expect(before.text).toContain('"asInt":"3"');
      for (const [header, value] of Object.entries(got?.headers ?? {})) {
        expect(String(value), header).not.toMatch(/moz-extension|chrome-extension:\/\/.*\/|cloudopt/i);
      }
      expect(await shown(options, 'usage-statistics', 'sent')).toEqual(before);

      // One that can't be delivered waits in the outbox; taking it back empties that.
      receivers.statistics.respond({ kind: 'failure' });
      await ask(options, 'usage.count', { name: 'popup.opened' });
      await options.reload();
      await options.waitFor(`${item('usage-statistics', 'kept')} ${testid('send-once')}`);
      await options.click(`${item('usage-statistics', 'kept')} ${testid('send-once')}`);
      await options.waitFor(item('usage-statistics', 'waiting'));
      expect(receivers.statistics.received).toHaveLength(2);
      await ask(options, 'grants.revoke', { capability: 'usage-statistics', scope: '*' });
      expect(await rawRows(options, 'outbox')).toEqual([]);
      await ask(options, 'usage.count', { name: 'popup.opened' });
      expect(await ask(options, 'reports.send', { capability: 'usage-statistics', hash: before.hash })).toEqual({
        kind: 'changed',
      });
      expect((await held(options)).origins).toEqual([]);
      expect(receivers.statistics.received).toHaveLength(2);
    });
  });

  test('crashes: scrubbed, shown, sent once, then by rule, and nothing once taken back', async () => {
    await run(async (browser, options) => {
      await options.waitFor(testid('report-crash-reports'));
      await crash(options, secret);
      expect(await rawRows(options, 'records')).toEqual([]);
      await grant(browser, options, 'crash-reports');
      await crash(options, secret);
      await until(async () => (await rawRows(options, 'records')).length > 0, 'kept');
      expect(arrived()).toEqual([]);
      await options.reload();
      const before = await shown(options, 'crash-reports', 'kept');
      for (const word of ['diary', 'bank', 'account', 'jane', '-extension:']) expect(before.text).not.toContain(word);
      expect(before.text).toContain('"where":"options"');
      await options.click(`${item('crash-reports', 'kept')} ${testid('send-once')}`);
      await until(() => arrived().length > 0, 'arrived');
      expect(receivers.crashes.rejected).toEqual([]);
      const [got] = receivers.crashes.received;
      expect(got?.body.toString('utf8')).toBe(before.text);
      expect(sha256(got?.body ?? Buffer.alloc(0))).toBe(before.hash);

      await options.waitFor(item('crash-reports', 'sent'));
      await options.click(within('crash-reports', 'send-by-rule'));
      await until(
        async () => (await options.text(within('crash-reports', 'report-outcome'))) !== null,
        'the rule is kept',
      );
      await crash(options, 'a second one', 'createElement');
      await until(() => receivers.crashes.received.length === 2, 'sent by rule');
      await until(async () => (await rawRows(options, 'outbox')).every((row) => row.state === 'sent'), 'noted');
      await options.reload();
      const second = receivers.crashes.received[1]?.body.toString('utf8');
      await until(async () => {
        const texts = await ask(options, 'reports.get', {});
        return texts.reports.some((report) => report.items.some((one) => one.text === second && one.state === 'sent'));
      }, 'shown as it was sent');

      expect(await stateOf(options, 'crash-reports')).toBe('granted');
      await ask(options, 'grants.revoke', { capability: 'crash-reports', scope: '*' });
      expect(await rawRows(options, 'outbox')).toEqual([]);
      const kept = (await rawRows(options, 'records')).length;
      await crash(options, 'a third one', 'createAttribute');
      await ask(options, 'diagnostics.get', {});
      expect(await rawRows(options, 'records')).toHaveLength(kept);
      expect(receivers.crashes.received).toHaveLength(2);
    });
  });

  test('a build without endpoints shows what would be sent, and says that nothing can be', async () => {
    await withBrowser(name, {}, async (browser) => {
      const options = await browser.open('options.html#diagnostics');
      await grant(browser, options, 'usage-statistics');
      expect((await held(options)).origins).toEqual([]);
      await ask(options, 'usage.count', { name: 'popup.opened' });
      await options.reload();
      const { hash, text } = await shown(options, 'usage-statistics', 'kept');
      expect(text).toContain('cloudopt.popup.opened');
      expect(await options.visible(within('usage-statistics', 'report-no-endpoint'))).toBe(true);
      for (const control of ['send-once', 'send-by-rule']) expect(await options.count(testid(control))).toBe(0);
      expect(await ask(options, 'reports.send', { capability: 'usage-statistics', hash })).toEqual({
        kind: 'no-endpoint',
      });
      expect(arrived()).toEqual([]);
    });
  });

  test('statistics: by rule once their day is over, and not before', async () => {
    const profile = mkdtempSync(path.join(tmpdir(), 'cloudopt-rule-'));
    const options = { ...receivers.options(name), profile, persistent: true };
    const once = (task: (browser: Driven, page: Page) => Promise<void>) =>
      withBrowser(name, options, async (browser) => task(browser, await browser.open('options.html#diagnostics')));
    try {
      let sentText = '';
      await once(async (browser, page) => {
        await grant(browser, page, 'usage-statistics');
        for (let n = 0; n < 3; n += 1) await ask(page, 'usage.count', { name: 'popup.opened' });
        await until(async () => (await rawRows(page, 'records')).some((row) => row.count === 3), 'counted');
        await page.reload();
        await page.waitFor(within('usage-statistics', 'send-by-rule'));
        await page.click(within('usage-statistics', 'send-by-rule'));
        await until(async () => (await byRuleAlarm(page)) > Date.now(), 'the rule is kept');
      });
      // The day goes on: another start sends nothing.
      await once(async (_browser, page) => {
        await page.waitFor(within('usage-statistics', 'send-by-rule'));
        const alarmMs = await byRuleAlarm(page);
        const midnightMs = utcDayStart(Date.now()) + DAY_MS;
        expect(alarmMs).toBeGreaterThanOrEqual(midnightMs);
        expect(alarmMs).toBeLessThan(midnightMs + HOUR_MS);
        expect((await rawRows(page, 'records')).filter((row) => row.handed !== 0)).toEqual([]);
        expect(arrived()).toEqual([]);
        await aDayPasses(page);
        expect(arrived()).toEqual([]);
      });
      await once(async (_browser, page) => {
        await until(() => arrived().length > 0, 'sent by rule');
        expect(receivers.statistics.rejected).toEqual([]);
        const [got] = receivers.statistics.received;
        sentText = got?.body.toString('utf8') ?? '';
        expect((await shown(page, 'usage-statistics', 'sent')).text).toBe(sentText);
        // Yesterday's counts, up to its end; what the pages count today stays.
        expect(sentText).toContain('"cloudopt.popup.opened"');
        expect(sentText).toContain('"asInt":"3"');
        const todayMs = utcDayStart(Date.now());
        const times = [...sentText.matchAll(/"(?:startTimeUnixNano|timeUnixNano)":"(\d+)000000"/g)].map((match) =>
          Number(match[1]),
        );
        expect(Math.max(...times)).toBe(todayMs);
        expect(Math.min(...times)).toBeGreaterThan(todayMs - DAY_MS);
      });
      // Once is enough.
      await once(async (_browser, page) => {
        expect((await shown(page, 'usage-statistics', 'sent')).text).toBe(sentText);
        expect(arrived()).toHaveLength(1);
      });
    } finally {
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    }
  });

  test(
    `revoked ${TRIALS} times while sending: no send begins after`,
    async () => {
      await run(async (browser, options) => {
        const { late, inFlight } = await revokeWhileSending(browser, options, receivers.statistics, TRIALS);
        console.log(
          `${name}: ${inFlight} of ${TRIALS} revocations met a send under way; ${late.length} sends begun after`,
        );
        expect(late).toEqual([]);
        expect(inFlight).toBeGreaterThan(TRIALS / 4);
        expect(receivers.statistics.rejected.filter((one) => !one.why.startsWith('the sender went away'))).toEqual([]);
      });
    },
    TRIALS * 5000 + 120_000,
  );
});

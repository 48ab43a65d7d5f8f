import { describe, expect, test } from 'vitest';
import messages from '../../../public/_locales/en/messages.json';
import type { LedgerEntry } from '../../../utils/grants/ledger-entry';
import { UNUSED_DAYS } from '../../../utils/grants/standing';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../utils/platform/clock';
import { USES_KEPT_DAYS } from '../../../utils/records/archive';
import { type Background, background, FakeBrowser } from '../../sim/fake-world';
import { grant } from '../../sim/journey';

async function started(browser = new FakeBrowser()) {
  const first = background(browser);
  await first.core.start();
  return { browser, first };
}
async function next(browser: FakeBrowser) {
  const it = background(browser);
  await it.core.start();
  return it;
}
const last = async ({ core }: Background) => (await core.openStatus().database.getAll('ledger')).at(-1) as LedgerEntry;
const use = (it: Background) => it.leases.at(-1)?.write({ uses: 1 });

describe('a grant for this browser session', () => {
  test('lives through a restart of the background, and ends with the session', async () => {
    const { browser, first } = await started();
    await grant(browser, first, 'browsing-time', { lifetime: 'session' });
    const second = await next(browser);
    expect(second.leases).toHaveLength(1);
    browser.restart();
    const third = await next(browser);
    expect(third.leases).toEqual([]);
    expect(await last(third)).toMatchObject({ kind: 'expired', by: 'clock', details: { why: 'session' } });
    expect([...browser.permissions.permissions]).not.toContain('tabs');
    expect(third.told.map((entry) => entry.kind)).toEqual(['expired']);
  });

  test('leaves one until revoked alone', async () => {
    const { browser, first } = await started();
    await grant(browser, first, 'browsing-time');
    browser.restart();
    expect((await next(browser)).leases).toHaveLength(1);
  });
});

describe('a grant for an hour', () => {
  test('arms the alarm for its end, anew at every start', async () => {
    const { browser, first } = await started();
    await grant(browser, first, 'browsing-time', { lifetime: 'hour' });
    expect(browser.alarms.get('end')).toEqual({ whenMs: browser.nowMs + HOUR_MS });
    browser.restart();
    await next(browser);
    expect(browser.alarms.get('end')).toEqual({ whenMs: browser.nowMs + HOUR_MS });
  });

  test('ends by the alarm', async () => {
    const { browser, first } = await started();
    await grant(browser, first, 'browsing-time', { lifetime: 'hour' });
    browser.nowMs += HOUR_MS - 1;
    await first.core.reconcile();
    expect(first.leases[0]?.signal.aborted).toBe(false);
    browser.nowMs += 1;
    await first.core.reconcile();
    expect(first.leases[0]?.signal.aborted).toBe(true);
    expect(await last(first)).toMatchObject({ kind: 'expired', by: 'clock', details: { why: 'time' } });
    expect([...browser.permissions.permissions]).not.toContain('tabs');
    expect(browser.alarms.has('end')).toBe(false);
  });

  test('is not written under after its end, though no alarm came', async () => {
    const { browser, first } = await started();
    await grant(browser, first, 'browsing-time', { lifetime: 'hour' });
    browser.nowMs += HOUR_MS;
    expect(await use(first)).toEqual({ kind: 'stale-lease' });
    await first.core.settled();
    expect(first.leases[0]?.signal.aborted).toBe(true);
    expect(await last(first)).toMatchObject({ kind: 'expired' });
  });

  test('ends at the start that finds its time over', async () => {
    const { browser, first } = await started();
    await grant(browser, first, 'browsing-time', { lifetime: 'hour' });
    browser.nowMs += 2 * HOUR_MS;
    const second = await next(browser);
    expect(second.leases).toEqual([]);
    expect(await last(second)).toMatchObject({ kind: 'expired' });
  });

  test('ends when the clock is set back by more than a minute since it was last seen', async () => {
    const { browser, first } = await started();
    await grant(browser, first, 'browsing-time', { lifetime: 'hour' });
    browser.nowMs += 30 * MINUTE_MS;
    await first.core.tick();
    browser.nowMs -= MINUTE_MS;
    expect((await next(browser)).leases).toHaveLength(1);
    browser.nowMs -= 1;
    const third = await next(browser);
    expect(third.leases).toEqual([]);
    const ended = (await third.core.openStatus().database.getAll('ledger')) as LedgerEntry[];
    expect(ended).toContainEqual(expect.objectContaining({ kind: 'expired', by: 'clock' }));
  });

  test('ends when the clock is set back between two starts, whatever was seen in between', async () => {
    const { browser, first } = await started();
    await grant(browser, first, 'browsing-time', { lifetime: 'hour' });
    browser.nowMs += 50 * MINUTE_MS;
    await next(browser);
    browser.nowMs -= 45 * MINUTE_MS;
    expect((await next(browser)).leases).toEqual([]);
  });
});

describe('a grant unused for ninety days', () => {
  test('expires at the first reconciling after them, hands its permission back, and the person is told', async () => {
    const { browser, first } = await started();
    await grant(browser, first, 'notifications');
    expect(UNUSED_DAYS).toBe(90);
    browser.nowMs += 90 * DAY_MS;
    await first.core.reconcile();
    expect(first.leases[0]?.signal.aborted).toBe(false);
    browser.nowMs += 1;
    await first.core.reconcile();
    expect(await last(first)).toMatchObject({ kind: 'expired', by: 'clock', details: { why: 'unused' } });
    expect([...browser.permissions.permissions]).not.toContain('notifications');
    expect(first.told.map((entry) => entry.kind)).toEqual(['expired']);
    expect((await first.core.news()).map((entry) => entry.kind)).toEqual(['expired']);
    await first.core.dismiss(first.told[0]?.seq ?? 0);
    expect(await first.core.news()).toEqual([]);
  });

  test('is told of where a damaged row of another key seems to end the history', async () => {
    const { browser, first } = await started();
    await first.core.openStatus().database.put('ledger', { seq: 'damaged' });
    await grant(browser, first, 'notifications');
    expect(await first.core.news()).toEqual([]);
    browser.nowMs += 90 * DAY_MS + 1;
    await first.core.reconcile();
    expect((await first.core.news()).map((entry) => entry.kind)).toEqual(['expired']);
  });

  test('goes on where it was used in them', async () => {
    const { browser, first } = await started();
    await grant(browser, first, 'notifications');
    browser.nowMs += 80 * DAY_MS;
    expect(await use(first)).toEqual({ kind: 'kept' });
    const second = await next(browser);
    browser.nowMs += 80 * DAY_MS;
    const third = await next(browser);
    expect(second.leases).toHaveLength(1);
    expect(third.leases).toHaveLength(1);
    expect(await last(third)).toMatchObject({ kind: 'granted' });
  });

  test('goes on where it was used since the last look, and the browser then closed', async () => {
    const { browser, first } = await started();
    await grant(browser, first, 'notifications');
    browser.nowMs += 70 * DAY_MS;
    await first.core.sweep();
    expect(await use(first)).toEqual({ kind: 'kept' });
    browser.nowMs += 25 * DAY_MS;
    expect((await next(browser)).leases).toHaveLength(1);
  });
});

describe('what is past its time', () => {
  const write = (it: Background, atMs: number) =>
    it.leases.at(-1)?.write({ records: [{ key: `k${atMs}`, site: 'a.example', atMs, data: { attentionMs: 1 } }] });

  test('of an ended grant is erased after thirty days, and that is written down', async () => {
    const { browser, first } = await started();
    await grant(browser, first, 'browsing-time');
    await write(first, browser.nowMs);
    await first.core.revoke('browsing-time', '*');
    browser.nowMs += 30 * DAY_MS - 1;
    await first.core.sweep();
    expect(await first.core.openStatus().database.count('records')).toBe(1);
    browser.nowMs += 1;
    await first.core.sweep();
    expect(await first.core.openStatus().database.count('records')).toBe(0);
    expect(await last(first)).toMatchObject({ kind: 'erased', by: 'clock', details: { records: 1, sealed: 1 } });
    const { grants } = await first.core.openStatus().book.everything();
    expect(grants[0]?.seals).toEqual([]);
    await first.core.sweep();
    expect((await last(first)).seq).toBe(4);
  });

  test('of a live grant is erased after the catalogue’s days', async () => {
    const { browser, first } = await started();
    await grant(browser, first, 'browsing-time');
    await write(first, browser.nowMs - 89 * DAY_MS);
    await write(first, browser.nowMs - 91 * DAY_MS);
    const second = await next(browser);
    await second.core.swept();
    expect(await first.core.openStatus().database.count('records')).toBe(1);
  });

  test('is looked for by an alarm as long as anything is kept, counts of use too', async () => {
    const { browser, first } = await started();
    expect(browser.alarms.has('sweep')).toBe(false);
    await grant(browser, first, 'notifications');
    expect(browser.alarms.get('sweep')).toEqual({ everyMinutes: 6 * 60 });
    await use(first);
    const { grants } = await first.core.openStatus().book.everything();
    await first.core.revoke('notifications', '*');
    await first.core.eraseSealed({ capability: 'notifications', scope: '*' }, [grants[0]?.grantId ?? ''], 'person');
    browser.restart();
    const second = await next(browser);
    expect(browser.alarms.has('sweep')).toBe(true);
    browser.nowMs += USES_KEPT_DAYS * DAY_MS + HOUR_MS;
    await second.core.sweep();
    expect(await second.core.openStatus().database.count('uses')).toBe(0);
    browser.restart();
    await next(browser);
    expect(browser.alarms.has('sweep')).toBe(false);
  });

  test('is what the page says it is', () => {
    expect(messages.data_kept.message).toContain(`${USES_KEPT_DAYS} days`);
  });
});

import { describe, expect, test } from 'vitest';
import { viewOf } from '../../../utils/background/views';
import type { CapabilityId } from '../../../utils/catalogue/catalogue';
import { INTENT_MS, QUIET_DAYS } from '../../../utils/grants/book';
import type { LedgerEntry } from '../../../utils/grants/ledger-entry';
import { askingLock } from '../../../utils/messages/names';
import { DAY_MS } from '../../../utils/platform/clock';
import { type Background, background, FakeBrowser } from '../../sim/fake-world';
import { grant, openPrompt } from '../../sim/journey';

async function started(browser = new FakeBrowser()) {
  const first = background(browser);
  await first.core.start();
  return { browser, first };
}
const ledger = async ({ core }: Background) => (await core.openStatus().database.getAll('ledger')) as LedgerEntry[];
const kinds = async (it: Background) => (await ledger(it)).map((entry) => `${entry.kind} ${entry.by}`);
const intents = ({ core }: Background) => core.openStatus().database.count('intents');
async function view({ core }: Background, id: CapabilityId) {
  const { grants, fences } = await core.openStatus().book.everything();
  const [live, held] = [await core.liveGrants(), await core.ports.permissions.held()];
  return viewOf(id, {
    grants,
    fences,
    live,
    held,
    pending: [],
    nowMs: core.ports.clock.nowMs(),
    managed: core.managed,
    supported: () => true,
  });
}

describe('not now', () => {
  test('is seven quiet days, in which nothing offers it', async () => {
    const { browser, first } = await started();
    expect(await view(first, 'notifications')).toMatchObject({ state: 'off', mayOffer: true });
    await first.core.declinePrompt(await openPrompt(first, 'notifications'), 'not-now');
    expect(await view(first, 'notifications')).toMatchObject({ state: 'refused', mayOffer: false });
    expect(QUIET_DAYS).toBe(7);
    browser.nowMs += 7 * DAY_MS - 1;
    expect((await view(first, 'notifications')).mayOffer).toBe(false);
    browser.nowMs += 1;
    expect((await view(first, 'notifications')).mayOffer).toBe(true);
  });

  test('once more is seven days more', async () => {
    const { browser, first } = await started();
    await first.core.declinePrompt(await openPrompt(first, 'notifications'), 'not-now');
    browser.nowMs += 6 * DAY_MS;
    await first.core.declinePrompt(await openPrompt(first, 'notifications'), 'not-now');
    browser.nowMs += 6 * DAY_MS;
    expect((await view(first, 'notifications')).mayOffer).toBe(false);
  });

  test('to a question about a live grant leaves it as it is', async () => {
    const { browser, first } = await started();
    await grant(browser, first, 'notifications');
    await first.core.declinePrompt(await openPrompt(first, 'notifications'), 'not-now');
    expect(await view(first, 'notifications')).toMatchObject({ state: 'granted' });
    expect(first.leases.filter((lease) => !lease.signal.aborted)).toHaveLength(1);
    expect(await intents(first)).toBe(0);
  });
});

describe('never', () => {
  test('is asked again only by the person, whatever the time', async () => {
    const { browser, first } = await started();
    await first.core.declinePrompt(await openPrompt(first, 'notifications'), 'never');
    browser.nowMs += 1000 * DAY_MS;
    expect(await view(first, 'notifications')).toMatchObject({ state: 'never', mayOffer: false });
    expect(await grant(browser, first, 'notifications')).toMatchObject({ kind: 'granted' });
  });

  test('to a question about a live grant ends it', async () => {
    const { browser, first } = await started();
    await grant(browser, first, 'notifications');
    await first.core.declinePrompt(await openPrompt(first, 'notifications'), 'never');
    expect(await view(first, 'notifications')).toMatchObject({ state: 'never' });
    expect(first.leases.every((lease) => lease.signal.aborted)).toBe(true);
    expect([...browser.permissions.permissions]).not.toContain('notifications');
  });
});

test.each(['revoke', 'expire'] as const)('what was on and ended by %s is not offered on its own', async (event) => {
  const { browser, first } = await started();
  await grant(browser, first, 'notifications');
  await first.core.openStatus().book.change({ capability: 'notifications', scope: '*', event, by: 'person' });
  expect((await view(first, 'notifications')).mayOffer).toBe(false);
});

describe('a question', () => {
  test('whose page is closed means not now', async () => {
    const { first } = await started();
    const nonce = await openPrompt(first, 'notifications');
    await first.core.promptClosed(nonce);
    expect(await kinds(first)).toEqual(['asked person', 'refused person']);
    await first.core.promptClosed(nonce);
    expect(await kinds(first)).toHaveLength(2);
  });

  test('whose page is closed while the browser’s yes is on its way is granted', async () => {
    const { browser, first } = await started();
    const nonce = await openPrompt(first, 'browsing-time');
    await first.core.allow(nonce, '*', 'until-revoked');
    browser.permissions.give({ permissions: ['idle', 'tabs'] });
    await first.core.promptClosed(nonce);
    expect(await view(first, 'browsing-time')).toMatchObject({ state: 'granted' });
  });

  test('whose page came back stands on, until that page goes too', async () => {
    const { browser, first } = await started();
    const nonce = await openPrompt(first, 'notifications');
    const release = browser.locks.hold(askingLock('notifications'));
    const closing = first.core.promptClosed(nonce);
    await first.core.settled();
    expect(await kinds(first)).toEqual(['asked person']);
    expect(await intents(first)).toBe(1);
    release();
    await closing;
    expect(await kinds(first)).toEqual(['asked person', 'refused person']);
  });

  test('opened again puts an end to the older one of that capability, and to no other', async () => {
    const { first } = await started();
    const other = await openPrompt(first, 'browsing-time');
    const older = await openPrompt(first, 'notifications');
    const newer = await openPrompt(first, 'notifications');
    expect(await kinds(first)).toEqual(['asked person', 'asked person', 'refused person', 'asked person']);
    expect(await first.core.settlePrompt(older)).toEqual({ kind: 'gone' });
    expect(await first.core.declinePrompt(older, 'never')).toBe('gone');
    expect(await first.core.allow(older, '*', 'hour')).toBe(false);
    expect(await first.core.declinePrompt(newer, 'not-now')).toBe('recorded');
    expect(await first.core.declinePrompt(other, 'not-now')).toBe('recorded');
  });

  test('that a killed background left unanswered is not now at the next start', async () => {
    const { browser, first } = await started();
    await openPrompt(first, 'notifications');
    const second = background(browser);
    await second.core.start();
    expect(await kinds(second)).toEqual(['asked person', 'refused recovery']);
  });

  test('that still is on screen at the next start stands on', async () => {
    const { browser, first } = await started();
    const nonce = await openPrompt(first, 'notifications');
    const release = browser.locks.hold(askingLock('notifications'));
    const second = background(browser);
    await second.core.start();
    expect(await intents(second)).toBe(1);
    expect(await second.core.declinePrompt(nonce, 'never')).toBe('recorded');
    release();
  });

  test('allowed before a kill, with the browser’s yes, is granted at the next start', async () => {
    const { browser, first } = await started();
    const nonce = await openPrompt(first, 'browsing-time');
    await first.core.allow(nonce, '*', 'session');
    browser.permissions.give({ permissions: ['idle', 'tabs'] });
    const second = background(browser);
    await second.core.start();
    expect(await view(second, 'browsing-time')).toMatchObject({ state: 'granted', scopes: [{ lifetime: 'session' }] });
    expect(second.leases).toHaveLength(1);
    // The page, still waiting for its answer, is told how its question ended.
    expect(await second.core.settlePrompt(nonce)).toMatchObject({ kind: 'granted' });
    await second.core.revoke('browsing-time', '*');
    expect(await second.core.settlePrompt(nonce)).toEqual({ kind: 'gone' });
  });

  test('allowed before a kill, without the browser’s yes, is not', async () => {
    const { browser, first } = await started();
    const nonce = await openPrompt(first, 'browsing-time');
    await first.core.allow(nonce, '*', 'session');
    const second = background(browser);
    await second.core.start();
    expect(await kinds(second)).toEqual(['asked person', 'refused recovery']);
    expect(second.leases).toEqual([]);
  });
});

describe('a click on Allow', () => {
  test('waits ten minutes for the browser, and no longer', async () => {
    for (const [waitedMs, state] of [
      [INTENT_MS - 1, 'granted'],
      [INTENT_MS, 'refused'],
    ] as const) {
      const { browser, first } = await started();
      const nonce = await openPrompt(first, 'browsing-time');
      await first.core.allow(nonce, '*', 'until-revoked');
      browser.nowMs += waitedMs;
      browser.permissions.give({ permissions: ['idle', 'tabs'] });
      const settled = await first.core.settlePrompt(nonce);
      expect(settled.kind).toBe(state === 'granted' ? 'granted' : 'gone');
      expect(await view(first, 'browsing-time')).toMatchObject({ state });
      await first.core.handBack();
      expect([...browser.permissions.permissions].includes('tabs')).toBe(state === 'granted');
    }
  });

  test('that ran out is put down by the next reconciling', async () => {
    const { browser, first } = await started();
    const nonce = await openPrompt(first, 'browsing-time');
    await first.core.allow(nonce, '*', 'until-revoked');
    expect(browser.alarms.get('end')).toBeUndefined();
    browser.nowMs += INTENT_MS;
    await first.core.reconcile();
    expect(await intents(first)).toBe(0);
    expect(await view(first, 'browsing-time')).toMatchObject({ state: 'refused' });
  });

  test('is granted by whichever hears first: the page, the browser’s event, or both', async () => {
    const { browser, first } = await started();
    const nonce = await openPrompt(first, 'browsing-time');
    await first.core.allow(nonce, '*', 'until-revoked');
    browser.permissions.give({ permissions: ['idle', 'tabs'] });
    const [, settled, again] = await Promise.all([
      first.core.reconcile(),
      first.core.settlePrompt(nonce),
      first.core.settlePrompt(nonce),
    ]);
    expect([settled.kind, again.kind]).toEqual(['granted', 'granted']);
    expect(await kinds(first)).toEqual(['asked person', 'granted person']);
    expect(first.leases).toHaveLength(1);
  });

  test('settled twice at once is granted once', async () => {
    const { browser, first } = await started();
    const nonce = await openPrompt(first, 'browsing-time');
    await first.core.allow(nonce, '*', 'until-revoked');
    browser.permissions.give({ permissions: ['idle', 'tabs'] });
    const settled = await Promise.all([first.core.settlePrompt(nonce), first.core.settlePrompt(nonce)]);
    expect(settled.map((one) => one.kind)).toEqual(['granted', 'granted']);
    expect((await first.core.openStatus().book.everything()).grants[0]?.epoch).toBe(1);
    expect(await kinds(first)).toEqual(['asked person', 'granted person']);
  });

  test('settled by two generations of the background is granted once', async () => {
    const { browser, first } = await started();
    const nonce = await openPrompt(first, 'browsing-time');
    const release = browser.locks.hold(askingLock('browsing-time'));
    const second = background(browser);
    await second.core.start();
    await first.core.allow(nonce, '*', 'until-revoked');
    browser.permissions.give({ permissions: ['idle', 'tabs'] });
    const settled = await Promise.all([first.core.settlePrompt(nonce), second.core.settlePrompt(nonce)]);
    expect(settled.map((one) => one.kind)).toEqual(['granted', 'granted']);
    expect(await kinds(second)).toEqual(['asked person', 'granted person']);
    release();
  });

  test('for a part of what is needed is no grant', async () => {
    const { browser, first } = await started();
    const nonce = await openPrompt(first, 'browsing-time');
    await first.core.allow(nonce, '*', 'until-revoked');
    browser.permissions.give({ permissions: ['tabs'] });
    expect(await first.core.settlePrompt(nonce)).toEqual({ kind: 'refused-by-browser' });
    await first.core.handBack();
    expect([...browser.permissions.permissions]).not.toContain('tabs');
    expect(await kinds(first)).toEqual(['asked person', 'refused browser', 'handed-back browser']);
  });

  test('asks the browser for what the person chose: a site is not all sites', async () => {
    const { browser, first } = await started();
    const nonce = await openPrompt(first, 'site-insight', '*://shop.example/*');
    await first.core.allow(nonce, '*', 'until-revoked');
    browser.permissions.give({ origins: ['*://shop.example/*'] });
    expect(await first.core.settlePrompt(nonce)).toEqual({ kind: 'refused-by-browser' });
    expect(first.leases).toEqual([]);
  });

  test('changes nothing of a live grant until it is answered', async () => {
    const { browser, first } = await started();
    await grant(browser, first, 'browsing-time', { lifetime: 'hour' });
    const before = await first.core.openStatus().book.everything();
    const nonce = await openPrompt(first, 'browsing-time');
    const after = await first.core.openStatus().book.everything();
    expect(after.grants).toEqual(before.grants);
    expect(after.fences).toEqual(before.fences);
    expect(first.leases[0]?.signal.aborted).toBe(false);
    await first.core.allow(nonce, '*', 'until-revoked');
    expect(await first.core.settlePrompt(nonce)).toMatchObject({ kind: 'granted', validUntilMs: null });
    expect(first.leases.map((lease) => lease.signal.aborted)).toEqual([true, false]);
    expect(first.leases[1]?.grantId).toBe(first.leases[0]?.grantId);
  });
});

describe('a permission that nobody asked for', () => {
  test('while its question is on screen is not handed back; after it, it is', async () => {
    const { browser, first } = await started();
    const release = browser.locks.hold(askingLock('browsing-time'));
    // The page asked the browser; word of the click is still under way.
    browser.permissions.give({ permissions: ['idle', 'tabs'] });
    await first.core.reconcile();
    // Whatever the hand-back does without waiting, it has done by then.
    for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    await first.core.settled();
    expect([...browser.permissions.permissions]).toContain('tabs');
    expect(await kinds(first)).toEqual([]);
    const nonce = await openPrompt(first, 'browsing-time');
    await first.core.allow(nonce, '*', 'until-revoked');
    expect(await first.core.settlePrompt(nonce)).toMatchObject({ kind: 'granted' });
    release();
    await first.core.handBack();
    expect([...browser.permissions.permissions]).toContain('tabs');
    expect(await kinds(first)).toEqual(['asked person', 'granted person']);
  });

  test('goes back once the question ends without an answer', async () => {
    const { browser, first } = await started();
    const release = browser.locks.hold(askingLock('browsing-time'));
    browser.permissions.give({ permissions: ['idle', 'tabs'] });
    const back = first.core.handBack();
    release();
    await back;
    expect([...browser.permissions.permissions]).not.toContain('tabs');
    expect(first.told.map((entry) => entry.kind)).toEqual(['handed-back']);
  });

  test('that comes while an earlier one waits for the same question goes back too', async () => {
    const { browser, first } = await started();
    const release = browser.locks.hold(askingLock('site-insight'));
    browser.permissions.give({ origins: ['*://shop.example/*'] });
    const back = first.core.handBack();
    for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    browser.permissions.give({ origins: ['*://other.example/*'] });
    await first.core.handBack();
    release();
    await back;
    expect([...browser.permissions.origins]).toEqual([]);
  });

  test('does not wait for the question of another capability', async () => {
    const { browser, first } = await started();
    const release = browser.locks.hold(askingLock('notifications'));
    browser.permissions.give({ permissions: ['browsingData'] });
    await first.core.handBack();
    expect([...browser.permissions.permissions]).not.toContain('browsingData');
    release();
  });

  test('that the browser won’t let go of is written down once', async () => {
    const { browser, first } = await started();
    browser.permissions.keepsAll = true;
    browser.permissions.give({ permissions: ['tabs'] });
    await first.core.handBack();
    await first.core.handBack();
    await first.core.reconcile();
    await first.core.settled();
    expect(await ledger(first)).toMatchObject([{ kind: 'handed-back', details: { kept: ['tabs'] } }]);
  });
});

describe('a permission that two grants need', () => {
  test('stays while one of them is live, and goes with the last', async () => {
    const { browser, first } = await started();
    const site = '*://shop.example/*';
    await grant(browser, first, 'site-insight');
    await grant(browser, first, 'site-insight', { scope: site });
    await first.core.revoke('site-insight', '*');
    expect([...browser.permissions.origins]).toEqual([site]);
    await first.core.reconcile();
    expect(first.core.office.leases().map((lease) => lease.scope)).toEqual([site]);
    await first.core.revoke('site-insight', site);
    expect([...browser.permissions.origins]).toEqual([]);
  });

  test('goes with all sites where the browser lists the site under them alone: the site’s grant ends too', async () => {
    const { browser, first } = await started();
    const site = '*://shop.example/*';
    await grant(browser, first, 'site-insight');
    await grant(browser, first, 'site-insight', { scope: site });
    browser.permissions.origins.delete(site);
    await first.core.revoke('site-insight', '*');
    await first.core.reconcile();
    expect([...browser.permissions.origins]).toEqual([]);
    expect(first.core.office.leases()).toEqual([]);
    expect((await kinds(first)).at(-1)).toBe('revoked browser');
  });
});

import { afterEach, describe, expect, test, vi } from 'vitest';
import { HALTED_KEY, REVOKE_WAIT_MS } from '../../../utils/background/core';
import type { LedgerEntry } from '../../../utils/grants/ledger-entry';
import { type Background, background, FakeBrowser } from '../../sim/fake-world';
import { grant, openPrompt } from '../../sim/journey';
import { failPuts } from '../records/full-disk';
import { faults } from './faulty';

async function started(browser = new FakeBrowser()) {
  const fault = faults(browser);
  const first = background(browser, { ports: fault.ports });
  await first.core.start();
  return { browser, first, now: fault.now };
}
async function next(browser: FakeBrowser, failing = false) {
  const fault = faults(browser);
  fault.now.writes = failing;
  const it = background(browser, { ports: fault.ports });
  await it.core.start();
  return { it, now: fault.now };
}
const ledger = async ({ core }: Background) => (await core.openStatus().database.getAll('ledger')) as LedgerEntry[];
const kinds = async (it: Background) => (await ledger(it)).map((entry) => entry.kind);
const live = (it: Background) => it.leases.filter((lease) => !lease.signal.aborted);
const marks = (browser: FakeBrowser) => browser.local.values.get(HALTED_KEY);

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe.each([
  ['the disk is full', { writes: true, reads: false }],
  ['the database can’t even be read', { writes: true, reads: true }],
])('a revocation while %s', (_what, fault) => {
  test('ends the lease, removes the permission, and leaves a marker', async () => {
    const { browser, first, now } = await started();
    await grant(browser, first, 'browsing-time');
    Object.assign(now, fault);
    expect(await first.core.revoke('browsing-time', '*')).toEqual({ kind: 'not-durable', marked: true });
    expect(live(first)).toEqual([]);
    expect([...browser.permissions.permissions]).not.toContain('tabs');
    expect(marks(browser)).toMatchObject([{ capability: 'browsing-time', scope: '*', event: 'revoke', by: 'person' }]);
    expect(first.core.undurable).toMatchObject([{ marked: true }]);
    expect(browser.alarms.get('retry')).toBeDefined();
  });

  test('issues no lease again, whatever happens meanwhile', async () => {
    const { browser, first, now } = await started();
    await grant(browser, first, 'browsing-time');
    Object.assign(now, fault);
    await first.core.revoke('browsing-time', '*');
    now.reads = false;
    browser.permissions.give({ permissions: ['idle', 'tabs'] });
    await first.core.reconcile();
    await first.core.retry();
    expect(live(first)).toEqual([]);
  });

  test('is found by the next start, which issues no lease, and is retried until it is recorded', async () => {
    const { browser, first, now } = await started();
    await grant(browser, first, 'browsing-time');
    Object.assign(now, fault);
    await first.core.revoke('browsing-time', '*');
    browser.permissions.give({ permissions: ['idle', 'tabs'] });
    const second = await next(browser, true);
    expect(second.it.leases).toEqual([]);
    expect(marks(browser)).toHaveLength(1);
    expect(second.it.core.undurable).toMatchObject([{ marked: true }]);
    second.now.writes = false;
    await second.it.core.retry();
    const revoked = (await ledger(second.it)).filter((entry) => entry.kind === 'revoked');
    expect(revoked).toMatchObject([{ by: 'person', capability: 'browsing-time', scope: '*' }]);
    expect(marks(browser)).toBeUndefined();
    expect(second.it.core.undurable).toEqual([]);
    expect(second.it.leases).toEqual([]);
    expect(await grant(browser, second.it, 'browsing-time')).toMatchObject({ kind: 'granted' });
  });

  test('with a marker that fails too is called not durable, and still nothing runs', async () => {
    const { browser, first, now } = await started();
    await grant(browser, first, 'browsing-time');
    Object.assign(now, fault);
    browser.local.fails = true;
    expect(await first.core.revoke('browsing-time', '*')).toEqual({ kind: 'not-durable', marked: false });
    expect(first.core.undurable).toMatchObject([{ marked: false }]);
    expect(live(first)).toEqual([]);
    expect([...browser.permissions.permissions]).not.toContain('tabs');
    // Tried again in vain, it is not called marked by that.
    now.reads = false;
    await first.core.retry();
    expect(first.core.undurable).toMatchObject([{ marked: false }]);
    browser.local.fails = false;
    await first.core.retry();
    expect(first.core.undurable).toMatchObject([{ marked: true }]);
    now.writes = false;
    await first.core.retry();
    expect(first.core.undurable).toEqual([]);
    expect(await kinds(first)).toContain('revoked');
  });

  test('of everything marks every grant', async () => {
    const { browser, first, now } = await started();
    await grant(browser, first, 'browsing-time');
    await grant(browser, first, 'notifications');
    await grant(browser, first, 'site-insight');
    now.writes = fault.writes;
    expect(await first.core.stopAll()).toEqual({ stopped: 0, undurable: 3 });
    expect(live(first)).toEqual([]);
    expect(marks(browser)).toHaveLength(3);
    browser.permissions.give({ permissions: ['idle', 'tabs', 'notifications'], origins: ['*://*/*'] });
    const second = await next(browser);
    expect(second.it.leases).toEqual([]);
    expect((await kinds(second.it)).filter((kind) => kind === 'revoked')).toHaveLength(3);
  });

  test('of one site under all sites stops there, and all sites until it is recorded', async () => {
    const { browser, first, now } = await started();
    await grant(browser, first, 'site-insight');
    Object.assign(now, fault);
    const site = '*://shop.example/*';
    expect(await first.core.revoke('site-insight', site)).toEqual({ kind: 'not-durable', marked: true });
    now.reads = false;
    await first.core.reconcile();
    expect(first.core.office.leaseFor('site-insight', 'shop.example')).toBeUndefined();
    expect(live(first)).toEqual([]);
    const second = await next(browser, true);
    expect(second.it.leases).toEqual([]);
    second.now.writes = false;
    await second.it.core.retry();
    expect(second.it.core.office.leaseFor('site-insight', 'shop.example')).toBeUndefined();
    expect(second.it.core.office.leaseFor('site-insight', 'other.example')).toBeDefined();
    const { fences } = await second.it.core.openStatus().book.everything();
    expect(fences.find((fence) => fence.scope === site)).toMatchObject({ excluded: true, live: false });
  });
});

test('a revocation that the database does not answer is marked after five seconds, and recorded once', async () => {
  const { browser, first } = await started();
  await grant(browser, first, 'browsing-time');
  const { database } = first.core.openStatus();
  let busy = true;
  const blocking = (async () => {
    const transaction = database.transaction(['fences', 'grants', 'ledger'], 'readwrite');
    while (busy) await transaction.objectStore('fences').count();
    await transaction.done;
  })();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const revoking = first.core.revoke('browsing-time', '*');
  expect(live(first)).toEqual([]);
  let ended: unknown;
  void revoking.then((how) => {
    ended = how;
  });
  for (let waits = 0; waits < 10 && ended === undefined; waits += 1) await vi.advanceTimersByTimeAsync(REVOKE_WAIT_MS);
  expect(ended).toEqual({ kind: 'not-durable', marked: true });
  expect([...browser.permissions.permissions]).not.toContain('tabs');
  expect(marks(browser)).toHaveLength(1);
  busy = false;
  vi.useRealTimers();
  await blocking;
  // The write had only been late: it is on record, and the retry adds nothing.
  await first.core.retry();
  expect(await kinds(first)).toEqual(['asked', 'granted', 'revoked']);
  expect(marks(browser)).toBeUndefined();
});

describe('a full disk', () => {
  test('at the start keeps nothing from being seen and taken back', async () => {
    const { browser, first } = await started();
    await grant(browser, first, 'browsing-time');
    const second = await next(browser, true);
    expect(second.it.leases).toHaveLength(1);
    expect(await second.it.core.revoke('browsing-time', '*')).toEqual({ kind: 'not-durable', marked: true });
  });

  test('keeps a question open rather than granting it', async () => {
    const { browser, first, now } = await started();
    const nonce = await openPrompt(first, 'browsing-time');
    await first.core.allow(nonce, '*', 'until-revoked');
    browser.permissions.give({ permissions: ['idle', 'tabs'] });
    now.writes = true;
    await expect(first.core.settlePrompt(nonce)).rejects.toThrow('full');
    expect(first.leases).toEqual([]);
    const second = await next(browser, true);
    expect(second.it.leases).toEqual([]);
    second.now.writes = false;
    await second.it.core.reconcile();
    expect(second.it.leases).toHaveLength(1);
  });

  test('is shown once a write meets it, until one is kept again', async () => {
    const { browser, first } = await started();
    await grant(browser, first, 'notifications');
    failPuts(new DOMException('no room', 'QuotaExceededError'), () => true);
    expect(await first.leases[0]?.write({ uses: 1 })).toEqual({ kind: 'full' });
    expect(first.core.storageFull).toBe(true);
    vi.restoreAllMocks();
    expect(await first.leases[0]?.write({ uses: 1 })).toEqual({ kind: 'kept' });
    expect(first.core.storageFull).toBe(false);
  });
});

describe('a browser that won’t let go', () => {
  test('is shown as holding on, and everything else halts', async () => {
    const { browser, first } = await started();
    await grant(browser, first, 'browsing-time');
    browser.permissions.keepsAll = true;
    expect(await first.core.revoke('browsing-time', '*')).toMatchObject({ kind: 'revoked', held: 'kept-by-browser' });
    expect(live(first)).toEqual([]);
    expect(await kinds(first)).toContain('revoked');
    const second = await next(browser);
    expect(second.it.leases).toEqual([]);
  });
});

test('a capability whose code fails to start holds no lease', async () => {
  const browser = new FakeBrowser();
  const it = background(browser, { start: () => Promise.reject(new Error('no API')) });
  await it.core.start();
  await grant(browser, it, 'browsing-time');
  expect(it.core.office.leases()).toEqual([]);
  expect(it.leases[0]?.signal.aborted).toBe(true);
  expect(it.errors).toHaveLength(1);
});

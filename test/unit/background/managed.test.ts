import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { viewOf } from '../../../utils/background/views';
import type { CapabilityId } from '../../../utils/catalogue/catalogue';
import type { LedgerEntry } from '../../../utils/grants/ledger-entry';
import { type Background, background, FakeBrowser } from '../../sim/fake-world';
import { grant, openPrompt } from '../../sim/journey';

async function started(policy: unknown = {}, browser = new FakeBrowser()) {
  browser.policy = policy;
  const first = background(browser);
  await first.core.start();
  return { browser, first };
}
const entries = async ({ core }: Background) => (await core.openStatus().database.getAll('ledger')) as LedgerEntry[];
const last = async (it: Background) => (await entries(it)).at(-1);
const time = { records: [{ key: 'k', site: 'a.example', atMs: 1, data: { attentionMs: 5 } }], uses: 1 };

async function view({ core }: Background, id: CapabilityId) {
  const [{ grants, fences }, live, held] = await Promise.all([
    core.openStatus().book.everything(),
    core.liveGrants(),
    core.ports.permissions.held(),
  ]);
  const nowMs = core.ports.clock.nowMs();
  return viewOf(id, { grants, fences, live, held, pending: [], nowMs, managed: core.managed, supported: () => true });
}

describe('a policy that arrives while a grant is live', () => {
  test('ends it, by managed: nothing is written after, the permission goes, and the person is told', async () => {
    const { browser, first } = await started();
    await grant(browser, first, 'browsing-time');
    await grant(browser, first, 'notifications');
    const lease = first.leases[0];
    expect(await lease?.write(time)).toEqual({ kind: 'kept' });
    browser.policy = { forbiddenCapabilities: ['browsing-time'] };
    const changing = first.core.managedChanged();
    await changing;
    expect(lease?.signal.aborted).toBe(true);
    expect(await lease?.write(time)).toEqual({ kind: 'stale-lease' });
    expect(await last(first)).toMatchObject({ kind: 'revoked', by: 'managed', capability: 'browsing-time' });
    expect([...browser.permissions.permissions]).not.toContain('tabs');
    expect([...browser.permissions.permissions]).toContain('notifications');
    expect((await first.core.liveGrants()).map((one) => one.capability)).toEqual(['notifications']);
    expect(first.told.map((entry) => `${entry.kind} ${entry.by}`)).toEqual(['revoked managed']);
    expect(await view(first, 'browsing-time')).toMatchObject({ state: 'forbidden', mayAsk: false, mayOffer: false });
    expect(await view(first, 'notifications')).toMatchObject({ state: 'granted', mayAsk: true });
    expect(first.errors).toEqual([]);
  });

  test('while the background is not running, ends it at the next start', async () => {
    const { browser, first } = await started();
    await grant(browser, first, 'site-insight');
    await grant(browser, first, 'site-insight', { scope: '*://shop.example/*' });
    const { first: second } = await started({ forbiddenCapabilities: ['site-insight'] }, browser);
    expect(second.leases).toEqual([]);
    expect([...browser.permissions.origins]).toEqual([]);
    expect((await entries(second)).slice(-2).map(({ kind, by, scope }) => `${kind} ${by} ${scope}`)).toEqual([
      'revoked managed *',
      'revoked managed *://shop.example/*',
    ]);
  });

  test('and goes again, brings nothing back, but may be asked for', async () => {
    const { browser, first } = await started();
    await grant(browser, first, 'browsing-time');
    browser.policy = { forbiddenCapabilities: ['browsing-time'] };
    await first.core.managedChanged();
    browser.policy = {};
    await first.core.managedChanged();
    expect(await first.core.liveGrants()).toEqual([]);
    expect(await view(first, 'browsing-time')).toMatchObject({ state: 'revoked', mayAsk: true });
    expect(await grant(browser, first, 'browsing-time')).toMatchObject({ kind: 'granted' });
  });

  test('that only locks permissions leaves it on, and it can be taken back', async () => {
    const { browser, first } = await started();
    await grant(browser, first, 'browsing-time');
    browser.policy = { lockedSections: ['permissions'] };
    await first.core.managedChanged();
    expect(await view(first, 'browsing-time')).toMatchObject({ state: 'granted', mayAsk: false });
    expect(await first.core.revoke('browsing-time', '*')).toMatchObject({ kind: 'revoked' });
  });
});

describe('a prompt', () => {
  test.each([{ forbiddenCapabilities: ['browsing-time'] }, { lockedSections: ['permissions'] }])(
    'that was open when %j came grants nothing, whatever was answered',
    async (policy) => {
      const { browser, first } = await started();
      const nonce = await openPrompt(first, 'browsing-time');
      browser.policy = policy;
      expect(await first.core.allow(nonce, '*', 'until-revoked')).toBe(true);
      browser.permissions.give({ permissions: ['tabs', 'idle'] });
      expect(await first.core.settlePrompt(nonce)).toEqual({ kind: 'forbidden' });
      // The page may ask again: how it was settled stays the same.
      expect(await first.core.settlePrompt(nonce)).toEqual({ kind: 'forbidden' });
      await first.core.handBack();
      expect(first.leases).toEqual([]);
      expect([...browser.permissions.permissions]).not.toContain('tabs');
      expect((await entries(first)).map(({ kind, by }) => `${kind} ${by}`)).toContain('refused managed');
    },
  );
});

describe('a browser that does not say what is set', () => {
  afterEach(() => {
    vi.useRealTimers();
  });
  const silent = () => {
    throw new Error('not today');
  };

  test('lets nothing run and nothing be granted, ends nothing, and is asked again', async () => {
    const { browser, first } = await started();
    await grant(browser, first, 'browsing-time');
    browser.policy = silent;
    await first.core.managedChanged();
    expect(first.leases[0]?.signal.aborted).toBe(true);
    expect(first.core.office.leases()).toEqual([]);
    expect(await view(first, 'browsing-time')).toMatchObject({ state: 'forbidden', mayAsk: false });
    expect([...browser.permissions.permissions]).toContain('tabs');
    expect(await grant(browser, first, 'notifications')).toMatchObject({ kind: 'failed' });
    expect(browser.alarms.has('retry')).toBe(true);
    browser.policy = {};
    await first.core.retry();
    expect(first.core.office.leases().map((lease) => lease.capability)).toEqual(['browsing-time']);
    expect((await entries(first)).filter((entry) => entry.kind === 'revoked')).toEqual([]);
  });

  test('in time, as one that is just starting, is taken at what it said last, and heard when it says it anew', async () => {
    const { browser, first } = await started({ forbiddenCapabilities: ['notifications'] });
    await grant(browser, first, 'browsing-time');
    let answer: (policy: unknown) => void = () => undefined;
    let policy: Promise<unknown> = new Promise((resolve) => {
      answer = resolve;
    });
    const second = background(browser, { ports: { managed: { read: () => policy } } });
    await second.core.start();
    expect(second.core.managed).toMatchObject({ unread: false, forbidden: ['notifications'] });
    expect(second.core.office.leases().map((lease) => lease.capability)).toEqual(['browsing-time']);
    policy = Promise.resolve({ forbiddenCapabilities: ['browsing-time'] });
    answer({ forbiddenCapabilities: ['browsing-time'] });
    await vi.waitFor(async () => expect(await last(second)).toMatchObject({ kind: 'revoked', by: 'managed' }));
    expect(second.core.office.leases()).toEqual([]);
    expect(second.errors).toEqual([]);
  });

  test('and never said it, and does not answer in time, is not waited for, and is heard when it answers', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const browser = new FakeBrowser();
    let answer: (policy: unknown) => void = () => undefined;
    const policy = new Promise<unknown>((resolve) => {
      answer = resolve;
    });
    const it = background(browser, { ports: { managed: { read: () => policy } } });
    const starting = it.core.start();
    while (vi.getTimerCount() === 0) await new Promise((resolve) => setImmediate(resolve));
    vi.advanceTimersByTime(1000);
    for (let ended = false; !ended; ) {
      ended = await Promise.race([
        starting.then(() => true),
        new Promise<false>((resolve) => setImmediate(() => resolve(false))),
      ]);
      vi.advanceTimersByTime(1000);
    }
    expect(it.core.managed.unread).toBe(true);
    vi.useRealTimers();
    answer({ forbiddenCapabilities: ['notifications'] });
    await vi.waitFor(() => expect(it.core.managed.unread).toBe(false));
    expect(it.core.managed.forbidden).toEqual(['notifications']);
  });
});

test('hundreds of policies, one after another on one background: none grants, none throws, what it forbids is off', async () => {
  const { browser, first } = await started();
  const id = fc.constantFrom('browsing-time', 'notifications', 'site-insight', 'site-cleaner', 'x');
  const policy = fc.oneof(
    fc.record({ forbiddenCapabilities: fc.oneof(fc.array(id), fc.jsonValue()), lockedSections: fc.jsonValue() }),
    fc.record({ granted: fc.array(id), allowedCapabilities: fc.array(id), capabilities: fc.jsonValue() }),
    fc.jsonValue(),
  );
  await fc.assert(
    fc.asyncProperty(policy, async (raw) => {
      browser.policy = {};
      await first.core.managedChanged();
      if (!first.core.office.lease('notifications', '*')) await grant(browser, first, 'notifications');
      const before = new Set((await first.core.liveGrants()).map((one) => `${one.grantId} ${one.epoch}`));
      browser.policy = raw;
      await first.core.managedChanged();
      const after = await first.core.liveGrants();
      expect(after.filter((one) => !before.has(`${one.grantId} ${one.epoch}`))).toEqual([]);
      expect(after.filter((one) => first.core.managed.forbidden.includes(one.capability))).toEqual([]);
    }),
    { numRuns: 300 },
  );
  expect(first.errors).toEqual([]);
});

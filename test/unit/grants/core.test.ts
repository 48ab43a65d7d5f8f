import { describe, expect, test, vi } from 'vitest';
import { ChainVerifier } from '../../../utils/grants/chain';
import { background, FakeBrowser } from '../../sim/fake-world';
import { grant, openPrompt } from '../../sim/journey';

async function ledgerOf({ core }: ReturnType<typeof background>) {
  return (await core.openStatus().database.getAll('ledger')) as { kind: string; by: string; scope: string | null }[];
}

describe('the life of a grant', () => {
  test('asked, granted, written under, revoked: nothing is written after', async () => {
    const browser = new FakeBrowser();
    const first = background(browser);
    await first.core.start();
    expect(await grant(browser, first, 'browsing-time')).toMatchObject({ kind: 'granted', scope: '*' });
    const [lease] = first.leases;
    if (!lease) throw new Error('no lease');
    const draft = {
      records: [{ key: 'k', site: 'a.example', atMs: browser.nowMs, data: { attentionMs: 5 } }],
      uses: 1,
    };
    expect(await lease.write(draft)).toEqual({ kind: 'kept' });
    expect(await first.core.revoke('browsing-time', '*')).toEqual({ kind: 'revoked', held: 'nothing', records: 1 });
    expect(lease.signal.aborted).toBe(true);
    expect(await lease.write(draft)).toEqual({ kind: 'stale-lease' });
    expect([...browser.permissions.permissions]).not.toContain('tabs');
    expect((await ledgerOf(first)).map((entry) => entry.kind)).toEqual(['asked', 'granted', 'revoked']);
    const verifier = new ChainVerifier();
    verifier.add(await ledgerOf(first));
    expect(verifier.verdict()).toMatchObject({ kind: 'intact', entries: 3 });
    expect(first.errors).toEqual([]);
  });

  test('refused by the browser, not now, never: nothing runs, all is on record', async () => {
    const browser = new FakeBrowser();
    const first = background(browser);
    await first.core.start();
    expect(await grant(browser, first, 'notifications', { browserSays: false })).toEqual({
      kind: 'refused-by-browser',
    });
    await first.core.declinePrompt(await openPrompt(first, 'notifications'), 'never');
    expect((await ledgerOf(first)).map((entry) => `${entry.kind} ${entry.by}`)).toEqual([
      'asked person',
      'refused browser',
      'asked person',
      'never person',
    ]);
    expect(first.leases).toEqual([]);
    expect(first.errors).toEqual([]);
  });

  test('a permission taken by the browser ends it, if not at the first look then at the next', async () => {
    const browser = new FakeBrowser();
    const first = background(browser);
    await first.core.start();
    await grant(browser, first, 'site-insight', { scope: '*://shop.example/*' });
    browser.permissions.take({ origins: ['*://shop.example/*'] });
    const looking = vi.spyOn(browser.permissions, 'held').mockRejectedValueOnce(new Error('no answer'));
    await expect(first.core.reconcile()).rejects.toThrow('no answer');
    expect(browser.alarms.get('retry')).toBeDefined();
    await first.core.retry();
    expect((await ledgerOf(first)).map((entry) => `${entry.kind} ${entry.by}`)).toContain('revoked browser');
    expect(first.core.office.leases()).toEqual([]);
    // Once is enough.
    looking.mockClear();
    await first.core.retry();
    expect(looking).not.toHaveBeenCalled();
  });

  test('a restart issues the lease again; a permission gone meanwhile revokes', async () => {
    const browser = new FakeBrowser();
    const first = background(browser);
    await first.core.start();
    await grant(browser, first, 'site-insight', { scope: '*://shop.example/*' });
    const second = background(browser);
    await second.core.start();
    expect(second.leases).toHaveLength(1);
    browser.permissions.take({ origins: ['*://shop.example/*'] });
    const third = background(browser);
    await third.core.start();
    expect(third.leases).toHaveLength(0);
    expect((await ledgerOf(third)).at(-1)).toMatchObject({ kind: 'revoked', by: 'browser' });
    expect(third.told).toHaveLength(1);
  });

  test('what the browser holds beyond grants is handed back and written down', async () => {
    const browser = new FakeBrowser();
    browser.permissions.give({ permissions: ['tabs'], dataCollection: ['technicalAndInteraction'] });
    const first = background(browser);
    await first.core.start();
    await first.core.handBack();
    expect([...browser.permissions.permissions]).not.toContain('tabs');
    expect([...browser.permissions.dataCollection]).toEqual([]);
    expect((await ledgerOf(first)).at(-1)).toMatchObject({ kind: 'handed-back', by: 'browser' });
  });

  test('one site taken out of all sites', async () => {
    const browser = new FakeBrowser();
    const first = background(browser);
    await first.core.start();
    await grant(browser, first, 'site-insight');
    expect(first.core.office.leaseFor('site-insight', 'shop.example')).toBeDefined();
    expect(await first.core.revoke('site-insight', '*://shop.example/*')).toMatchObject({
      kind: 'revoked',
      held: 'shared',
    });
    expect(first.core.office.leaseFor('site-insight', 'shop.example')).toBeUndefined();
    expect(first.core.office.leaseFor('site-insight', 'other.example')).toBeDefined();
    const broad = first.leases.at(-1);
    const write = (site: string) =>
      broad?.write({ records: [{ key: site, site, atMs: browser.nowMs, data: { party: 'x.example', requests: 1 } }] });
    expect(await write('shop.example')).toEqual({ kind: 'stale-lease' });
    expect(await write('other.example')).toEqual({ kind: 'kept' });
  });
});

test.each(['cloud-sync', 'usage-statistics'] as const)(
  'the end of %s shares nothing with other grants where the browser was asked for nothing',
  async (capability) => {
    const browser = new FakeBrowser();
    const it = background(browser, { ports: { knowsDataCollection: false } });
    await it.core.start();
    await grant(browser, it, 'browsing-time');
    await grant(browser, it, capability);
    expect(await it.core.revoke(capability, '*')).toMatchObject({ kind: 'revoked', held: 'nothing' });
  },
);

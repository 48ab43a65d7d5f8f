import { describe, expect, test } from 'vitest';
import { ALL } from '../../../utils/catalogue/scope';
import { background, FakeBrowser } from '../../sim/fake-world';
import { grant } from '../../sim/journey';

const open = async (browser: FakeBrowser) => {
  const it = background(browser, {
    start: async (lease) => {
      if (lease.capability === 'protection') browser.rulesUp = true;
    },
  });
  await it.core.start();
  return it;
};

describe('blocking rules', () => {
  test('are down before a revocation resolves', async () => {
    const browser = new FakeBrowser();
    const it = await open(browser);
    await grant(browser, it, 'protection');
    expect(browser.rulesUp).toBe(true);
    await it.core.revoke('protection', ALL);
    expect(browser.rulesUp).toBe(false);
  });

  test('stay while protection is granted, whatever else ends', async () => {
    const browser = new FakeBrowser();
    const it = await open(browser);
    await grant(browser, it, 'protection');
    await grant(browser, it, 'notifications');
    await it.core.revoke('notifications', ALL);
    expect(browser.rulesUp).toBe(true);
  });

  test('that a start finds without a grant behind them are taken down', async () => {
    const browser = new FakeBrowser();
    browser.rulesUp = true;
    await open(browser);
    expect(browser.rulesUp).toBe(false);
  });

  test('are taken down by a start that finds no usable database', async () => {
    const browser = new FakeBrowser();
    browser.rulesUp = true;
    const it = background(browser, { ports: { openDatabase: async () => ({ kind: 'unavailable', why: 'no' }) } });
    await it.core.start();
    expect(browser.rulesUp).toBe(false);
  });

  test('go where the browser took the permission', async () => {
    const browser = new FakeBrowser();
    const it = await open(browser);
    await grant(browser, it, 'protection');
    browser.permissions.take({ origins: ['*://*/*'] });
    await it.core.reconcile();
    expect(browser.rulesUp).toBe(false);
  });

  test('that could not be taken down are reported, and the revocation stands', async () => {
    const browser = new FakeBrowser();
    const it = background(browser, {
      ports: { rules: { takeDown: async () => Promise.reject(new Error('no rules')) } },
    });
    await it.core.start();
    await grant(browser, it, 'protection');
    expect(await it.core.revoke('protection', ALL)).toMatchObject({ kind: 'revoked' });
    expect(it.errors.map(String)).toContain('Error: no rules');
  });
});

import { IDBFactory } from 'fake-indexeddb';
import { describe, expect, test } from 'vitest';
import { HEAD_KEY } from '../../../utils/background/core';
import { ChainVerifier } from '../../../utils/grants/chain';
import type { LedgerEntry } from '../../../utils/grants/ledger-entry';
import type { HeadMark } from '../../../utils/grants/schema';
import { DATABASE_NAME, openDatabase } from '../../../utils/storage/database';
import { type Background, background, FakeBrowser } from '../../sim/fake-world';
import { grant, openPrompt } from '../../sim/journey';
import { faults } from './faulty';

async function next(browser: FakeBrowser, options: Parameters<typeof background>[1] = {}) {
  const it = background(browser, options);
  await it.core.start();
  return it;
}
const ledger = async ({ core }: Background) => (await core.openStatus().database.getAll('ledger')) as LedgerEntry[];
const kinds = async (it: Background) => (await ledger(it)).map((entry) => entry.kind);
const head = (browser: FakeBrowser) => browser.local.values.get(HEAD_KEY) as HeadMark;

type Stored = [string, unknown[]][];
async function dump(browser: FakeBrowser): Promise<Stored> {
  globalThis.indexedDB = browser.factory;
  const opened = await openDatabase({ onLost: () => undefined });
  if (opened.kind !== 'open') throw new Error('no database');
  const stores = [...opened.database.objectStoreNames];
  const rows = await Promise.all(
    stores.map(async (name): Promise<Stored[0]> => [name, await opened.database.getAll(name)]),
  );
  opened.database.close();
  return rows;
}
/** The profile's database as it was: an older copy came back. */
async function restore(browser: FakeBrowser, stored: Stored): Promise<void> {
  Object.assign(browser, { factory: new IDBFactory() });
  globalThis.indexedDB = browser.factory;
  const opened = await openDatabase({ onLost: () => undefined });
  if (opened.kind !== 'open') throw new Error('no database');
  for (const [name, rows] of stored) {
    for (const row of rows) await opened.database.put(name as 'ledger', row as object);
  }
  opened.database.close();
}

describe('a database that is gone while storage.local survives', () => {
  test('is no fresh one: nothing is live, permissions go back, it is told, and epochs go on', async () => {
    const browser = new FakeBrowser();
    const first = await next(browser);
    await grant(browser, first, 'browsing-time');
    await grant(browser, first, 'notifications');
    const before = head(browser);
    Object.assign(browser, { factory: new IDBFactory() });
    const second = await next(browser);
    await second.core.handBack();
    expect(second.leases).toEqual([]);
    expect([...browser.permissions.permissions]).not.toContain('tabs');
    const [lost] = await ledger(second);
    expect(lost).toMatchObject({
      kind: 'history-lost',
      by: 'recovery',
      maxEpoch: before.maxEpoch,
      details: { lostSeq: before.seq, lostHash: before.hash },
    });
    expect(second.told.map((entry) => entry.kind)).toContain('history-lost');
    await grant(browser, second, 'browsing-time');
    expect(second.leases[0]?.epoch).toBeGreaterThan(before.maxEpoch);
    // Said once: the new history is the history now.
    const third = await next(browser);
    expect((await kinds(third)).filter((kind) => kind === 'history-lost')).toHaveLength(1);
    expect(third.leases).toHaveLength(1);
  });

  test('is fresh where nothing was ever written', async () => {
    const browser = new FakeBrowser();
    await next(browser);
    Object.assign(browser, { factory: new IDBFactory() });
    expect(await kinds(await next(browser))).toEqual([]);
  });
});

describe('a database that is gone for a while', () => {
  test('is opened again when it comes back; what was taken back meanwhile stays so', async () => {
    const browser = new FakeBrowser();
    let gone = false;
    const ports = {
      openDatabase: async (onLost: () => void) => {
        globalThis.indexedDB = browser.factory;
        return gone ? ({ kind: 'unavailable', why: 'the disk is full' } as const) : openDatabase({ onLost });
      },
    };
    const first = await next(browser, { ports });
    await grant(browser, first, 'browsing-time');
    gone = true;
    const second = await next(browser, { ports });
    expect(second.core.status.kind).toBe('closed');
    expect(browser.alarms.get('retry')).toBeDefined();
    expect(await second.core.revoke('browsing-time', '*')).toEqual({ kind: 'not-durable', marked: true });
    gone = false;
    // The browser gave it back meanwhile: that alone brings nothing to life.
    browser.permissions.give({ permissions: ['idle', 'tabs'] });
    await second.core.retry();
    expect(second.leases).toEqual([]);
    expect((await ledger(second)).at(-1)).toMatchObject({ kind: 'revoked', by: 'person' });
  });

  test('is not waited for where there never was one', async () => {
    const browser = new FakeBrowser();
    const ports = { openDatabase: async () => ({ kind: 'unavailable', why: 'private windows only' }) as const };
    const it = await next(browser, { ports });
    expect(it.core.status.kind).toBe('closed');
    expect(browser.alarms.get('retry')).toBeUndefined();
  });
});

describe('an older copy of the database', () => {
  async function withOlderCopy() {
    const browser = new FakeBrowser();
    const first = await next(browser);
    await grant(browser, first, 'browsing-time');
    const copy = await dump(browser);
    await first.core.revoke('browsing-time', '*');
    await grant(browser, first, 'notifications');
    await first.core.revoke('notifications', '*');
    browser.permissions.give({ permissions: ['idle', 'tabs'] });
    const before = head(browser);
    await restore(browser, copy);
    return { browser, before };
  }

  test('brings nothing back to life', async () => {
    const { browser, before } = await withOlderCopy();
    const second = await next(browser);
    expect(second.leases).toEqual([]);
    const { grants, fences } = await second.core.openStatus().book.everything();
    expect(grants.map((row) => row.state)).toEqual(['revoked']);
    expect(fences.every((fence) => !fence.live)).toBe(true);
    expect(await kinds(second)).toContain('history-lost');
    await grant(browser, second, 'notifications');
    expect(second.leases[0]?.epoch).toBeGreaterThan(before.maxEpoch);
    const verifier = new ChainVerifier();
    verifier.add(await ledger(second));
    expect(verifier.verdict(head(browser))).toMatchObject({ kind: 'intact' });
  });

  test('is still a lost history where the start that found it was killed half way', async () => {
    for (let writes = 0; writes < 4; writes += 1) {
      const { browser, before } = await withOlderCopy();
      const fault = faults(browser);
      Object.assign(fault.now, { writes: true, writesLeft: writes });
      const killed = background(browser, { ports: fault.ports });
      await killed.core.start().catch(() => undefined);
      expect(killed.leases).toEqual([]);
      const second = await next(browser);
      expect(second.leases, `killed after ${writes} writes`).toEqual([]);
      expect(await kinds(second), `killed after ${writes} writes`).toContain('history-lost');
      await grant(browser, second, 'notifications');
      expect(second.leases[0]?.epoch).toBeGreaterThan(before.maxEpoch);
    }
  });
});

describe('no database that can be used', () => {
  test.each([
    ['a newer version’s', { kind: 'newer' } as const, { kind: 'newer-database' }],
    ['none', { kind: 'unavailable', why: 'no' } as const, { kind: 'no-database', why: 'no' }],
  ])('(%s): nothing is granted, everything held goes back, and the pages say why', async (_what, opened, closed) => {
    const browser = new FakeBrowser();
    const first = await next(browser);
    await grant(browser, first, 'browsing-time');
    await grant(browser, first, 'site-insight');
    const second = await next(browser, { ports: { openDatabase: async () => opened } });
    expect(second.core.status).toEqual({ kind: 'closed', closed });
    expect(second.leases).toEqual([]);
    expect([...browser.permissions.permissions]).not.toContain('tabs');
    expect([...browser.permissions.origins]).toEqual([]);
    await expect(openPrompt(second, 'browsing-time')).rejects.toThrow();
    expect(await second.core.revoke('browsing-time', '*')).toEqual({ kind: 'not-durable', marked: true });
    expect(await second.core.liveGrants()).toEqual([]);
    // Given again in the browser's settings, it goes back again.
    browser.permissions.give({ permissions: ['tabs'] });
    await second.core.reconcile();
    expect([...browser.permissions.permissions]).not.toContain('tabs');
    for (const call of [second.core.tick(), second.core.sweep(), second.core.retry()]) await call;
  });

  test('of a newer version is not touched', async () => {
    const browser = new FakeBrowser();
    globalThis.indexedDB = browser.factory;
    await new Promise<void>((resolve) => {
      const request = indexedDB.open(DATABASE_NAME, 99);
      request.onupgradeneeded = () => request.result.createObjectStore('of-the-future').put('x', 1);
      request.onsuccess = () => {
        request.result.close();
        resolve();
      };
    });
    browser.permissions.give({ permissions: ['tabs'] });
    const it = await next(browser);
    expect(it.core.status).toMatchObject({ kind: 'closed', closed: { kind: 'newer-database' } });
    expect([...browser.permissions.permissions]).not.toContain('tabs');
    expect((await browser.factory.databases())[0]?.version).toBe(99);
  });

  test('that opens and then can’t be read counts as none', async () => {
    const browser = new FakeBrowser();
    await grant(browser, await next(browser), 'browsing-time');
    const fault = faults(browser);
    fault.now.reads = true;
    const it = await next(browser, { ports: fault.ports });
    expect(it.core.status).toMatchObject({ kind: 'closed', closed: { kind: 'no-database' } });
    expect([...browser.permissions.permissions]).not.toContain('tabs');
  });
});

test('a database deleted under us stops everything at once, and is a lost history', async () => {
  const browser = new FakeBrowser();
  const it = await next(browser);
  await grant(browser, it, 'browsing-time');
  const [lease] = it.leases;
  await new Promise<void>((resolve, reject) => {
    const request = browser.factory.deleteDatabase(DATABASE_NAME);
    request.onsuccess = () => resolve();
    request.onerror = () => reject(request.error);
  });
  expect(lease?.signal.aborted).toBe(true);
  await it.core.settled();
  await it.core.handBack();
  expect(await kinds(it)).toContain('history-lost');
  expect((await lease?.write({ uses: 1 }))?.kind).not.toBe('kept');
  expect(it.core.office.leases()).toEqual([]);
  expect([...browser.permissions.permissions]).not.toContain('tabs');
  expect(await grant(browser, it, 'browsing-time')).toMatchObject({ kind: 'granted' });
});

describe('a row that does not parse', () => {
  const spoil = async (it: Background, store: 'fences' | 'grants', more: object) => {
    const { database } = it.core.openStatus();
    const row = (await database.get(store, ['browsing-time', '*'])) as object;
    await database.put(store, { ...row, ...more });
  };

  test.each<['fences' | 'grants', object]>([
    ['fences', { live: 'yes' }],
    ['fences', { epoch: -1 }],
    ['fences', { more: 1 }],
    ['grants', { state: 'allowed' }],
    ['grants', { lifetime: 'forever' }],
    ['grants', { seals: null }],
  ])('in %s (%j): nothing rests on it', async (store, more) => {
    const browser = new FakeBrowser();
    const first = await next(browser);
    await grant(browser, first, 'browsing-time');
    const [lease] = first.leases;
    await spoil(first, store, more);
    const second = await next(browser);
    await second.core.handBack();
    expect(second.leases).toEqual([]);
    expect([...browser.permissions.permissions]).not.toContain('tabs');
    expect(await lease?.write({ uses: 1 })).toEqual({ kind: 'stale-lease' });
    expect(second.core.unreadableRows).toBe(1);
    expect(await kinds(second)).toContain('revoked');
    expect(await grant(browser, second, 'browsing-time')).toMatchObject({ kind: 'granted' });
  });

  test('a fence that no grant explains is closed', async () => {
    const browser = new FakeBrowser();
    const first = await next(browser);
    await grant(browser, first, 'browsing-time');
    const { database } = first.core.openStatus();
    await database.delete('grants', ['browsing-time', '*']);
    const second = await next(browser);
    expect(second.leases).toEqual([]);
    expect((await second.core.openStatus().book.everything()).fences.every((fence) => !fence.live)).toBe(true);
  });

  test('in intents: its question can’t be answered', async () => {
    const browser = new FakeBrowser();
    const first = await next(browser);
    const nonce = await openPrompt(first, 'browsing-time');
    const { database } = first.core.openStatus();
    const row = (await database.get('intents', nonce)) as object;
    await database.put('intents', { ...row, allowed: { scope: '*', lifetime: 'hour', atMs: 1 } });
    browser.permissions.give({ permissions: ['idle', 'tabs'] });
    expect(await first.core.allow(nonce, '*', 'hour')).toBe(false);
    expect(await first.core.settlePrompt(nonce)).toEqual({ kind: 'gone' });
    const second = await next(browser);
    await second.core.handBack();
    expect(second.leases).toEqual([]);
    expect([...browser.permissions.permissions]).not.toContain('tabs');
    expect(await openPrompt(second, 'browsing-time')).toBeDefined();
  });

  test('at the ledger’s end: the chain goes on after it, epochs too, and verification names it', async () => {
    const browser = new FakeBrowser();
    const first = await next(browser);
    await grant(browser, first, 'browsing-time');
    const { database } = first.core.openStatus();
    const before = (await ledger(first)).at(-1) as LedgerEntry;
    await database.put('ledger', { ...before, kind: 'allowed' });
    await first.core.revoke('browsing-time', '*');
    const entries = await ledger(first);
    expect(entries.at(-1)).toMatchObject({ seq: before.seq + 1, kind: 'revoked' });
    expect(entries.at(-1)?.epoch).toBeGreaterThan(before.epoch);
    const verifier = new ChainVerifier();
    verifier.add(entries);
    expect(verifier.verdict()).toEqual({ kind: 'broken', seq: before.seq, why: 'unreadable' });
  });

  test('in storage.local: a marker or head that does not parse is no marker, and no head', async () => {
    const browser = new FakeBrowser();
    await grant(browser, await next(browser), 'browsing-time');
    browser.local.values.set('halted', [{ capability: 'nothing', scope: '*' }, 'x', null]);
    browser.local.values.set(HEAD_KEY, { seq: 'many' });
    const second = await next(browser);
    expect(second.leases).toHaveLength(1);
    expect(second.core.undurable).toEqual([]);
    expect(second.errors).toEqual([]);
  });
});

test('what the site and all sites collected there is sealed with the site', async () => {
  const browser = new FakeBrowser();
  const it = await next(browser);
  await grant(browser, it, 'site-insight');
  const insight = (key: string) => ({
    records: [{ key, site: 'shop.example', atMs: browser.nowMs, data: { party: 'x.example', requests: 1 } }],
  });
  await it.core.office.leaseFor('site-insight', 'shop.example')?.write(insight('a'));
  await grant(browser, it, 'site-insight', { scope: '*://shop.example/*' });
  await it.core.office.leaseFor('site-insight', 'shop.example')?.write(insight('b'));
  expect(await it.core.revoke('site-insight', '*://shop.example/*')).toMatchObject({ kind: 'revoked', records: 2 });
});

test('a site that was taken out stays out when a grant of its own has run out', async () => {
  const browser = new FakeBrowser();
  const it = await next(browser);
  await grant(browser, it, 'site-insight');
  const site = '*://shop.example/*';
  await it.core.revoke('site-insight', site);
  await grant(browser, it, 'site-insight', { scope: site, lifetime: 'hour' });
  const own = it.core.office.leaseFor('site-insight', 'shop.example');
  expect(own?.scope).toBe(site);
  const record = { key: 'k', site: 'shop.example', atMs: browser.nowMs, data: { party: 'x.example', requests: 1 } };
  expect(await own?.write({ records: [record] })).toEqual({ kind: 'kept' });
  browser.nowMs += 3_600_000;
  await it.core.reconcile();
  // The person said no to all sites there, and yes for an hour: after the hour it is no again.
  expect(it.core.office.leaseFor('site-insight', 'shop.example')).toBeUndefined();
});

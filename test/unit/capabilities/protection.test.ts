import { describe, expect, test } from 'vitest';
import type { RunningProtection, WatchedRequest } from '../../../utils/capabilities/capability';
import { PRIORITY, rulesOf, start } from '../../../utils/capabilities/protection';
import { type ProtectionSettings, usualProtection } from '../../../utils/catalogue/lists';
import type { Lease } from '../../../utils/leases/lease';
import { settle, stage } from './stage';

async function protecting(change: (played: Awaited<ReturnType<typeof stage>>['played']) => void = () => undefined) {
  const it = await stage();
  change(it.played);
  const given = await it.lease('protection');
  const world = it.world();
  await start(given.lease as Lease<'protection'>, world);
  await settle();
  const running = (): RunningProtection => {
    let found: RunningProtection | undefined;
    world.on.protection.emit((one) => {
      found = one;
    });
    if (!found) throw new Error('nothing runs');
    return found;
  };
  const stop = async (more: Partial<WatchedRequest> = {}) => {
    it.events.requestFailed.fire({
      tabId: 1,
      type: 'script',
      url: 'http://ad.example/a.js',
      error: 'net::ERR_BLOCKED_BY_CLIENT',
      initiator: 'http://shop.example',
      ...more,
    });
    await settle();
  };
  const blocked = async () =>
    (await it.records()).map((row) => [
      'site' in row ? row.site : '',
      row.capability === 'protection' ? row.blocked : -1,
    ]);
  return { ...it, ...given, world, running, stop, blocked };
}

const with_ = (more: Partial<ProtectionSettings>): ProtectionSettings => ({ ...usualProtection, ...more });

describe('the rules of what the person chose', () => {
  test('are none where nothing was chosen', () => {
    expect(rulesOf(usualProtection, 0)).toEqual([]);
  });

  test('stand above every list, a pause above their own blocking', () => {
    const rules = rulesOf(with_({ allow: ['b.example', 'a.example'], block: ['x.example'] }), 0);
    expect(rules.map(({ id, priority, action }) => [id, priority, action.type])).toEqual([
      [1, PRIORITY.allow, 'allowAllRequests'],
      [2, PRIORITY.allow, 'allow'],
      [3, PRIORITY.allow, 'allow'],
      [4, PRIORITY.allow, 'allowAllRequests'],
      [5, PRIORITY.block, 'block'],
      [6, PRIORITY.block, 'redirect'],
    ]);
    const hosts = ['a.example', 'b.example'];
    expect(rules.slice(0, 4).map(({ condition }) => condition)).toEqual([
      { requestDomains: hosts, resourceTypes: ['main_frame'] },
      { requestDomains: hosts, resourceTypes: ['main_frame'] },
      { initiatorDomains: hosts, excludedResourceTypes: ['main_frame', 'sub_frame'] },
      { initiatorDomains: hosts, resourceTypes: ['sub_frame'] },
    ]);
    expect(rules[5]?.action.redirect).toEqual({ extensionPath: '/blocked.html?list=own' });
    expect(PRIORITY.block).toBeGreaterThan(1_100_201);
    expect(PRIORITY.allow).toBeGreaterThan(PRIORITY.block);
    expect(PRIORITY.letThrough).toBeGreaterThan(PRIORITY.allow);
  });

  test('leave out pauses that are over', () => {
    const pauses = [
      { host: 'a.example', untilMs: 5 },
      { host: 'b.example', untilMs: 6 },
    ];
    expect(rulesOf(with_({ pauses }), 5)[0]?.condition.requestDomains).toEqual(['b.example']);
    expect(rulesOf(with_({ pauses }), 6)).toEqual([]);
  });
});

describe('protection', () => {
  test('switches on the lists that are chosen, and follows a change', async () => {
    const it = await protecting();
    expect(it.played.rulesets).toEqual(['ads', 'tracking', 'malicious', 'phishing']);
    it.played.settings = with_({ lists: { ...usualProtection.lists, ads: false }, block: ['x.example'] });
    await it.running().apply();
    expect(it.played.rulesets).toEqual(['tracking', 'malicious', 'phishing']);
    expect(it.played.dynamic).toHaveLength(2);
    it.played.rulesets = ['tracking'];
    expect(await it.running().missing()).toEqual(['malicious', 'phishing']);
  });

  test('counts what was stopped, by the site of the page and day, and nothing else', async () => {
    const it = await protecting();
    it.events.pageArrived.fire({ tabId: 1, type: 'main_frame', url: 'http://news.example/a' });
    await settle();
    // A frame of another host asks: it is the page that counts.
    await it.stop({ initiator: 'http://frame.example' });
    await it.stop({ error: 'NS_ERROR_ABORT' });
    await it.stop({ error: 'net::ERR_CONNECTION_REFUSED' });
    await it.stop({ tabId: -1 });
    // A tab of which nothing is known: the request tells.
    await it.stop({ tabId: 2 });
    await it.stop({ tabId: 3, initiator: undefined, documentUrl: 'https://old.example/p' });
    await it.stop({ tabId: 4, initiator: 'null' });
    expect((await it.blocked()).sort()).toEqual([
      ['news.example', 2],
      ['old.example', 1],
      ['shop.example', 1],
    ]);
    expect(JSON.stringify(await it.records())).not.toContain('ad.example');
  });

  test('keeps nothing of private windows, and of tabs that are gone', async () => {
    const it = await protecting((played) => played.privateTabs.add(1));
    await it.stop();
    await it.stop({ tabId: 2, incognito: true });
    expect(await it.records()).toEqual([]);
    expect(it.played.marks.size).toBe(0);
  });

  test('counts once what comes while a write is under way, and again what could not be kept', async () => {
    const it = await protecting();
    it.played.writes = { kind: 'full' };
    for (let n = 0; n < 50; n += 1) void it.stop();
    await settle();
    it.played.writes = 'open';
    await it.stop();
    expect(await it.blocked()).toEqual([['shop.example', 51]]);
  });

  test('marks the button where the browser does not, and only where that is wanted', async () => {
    const it = await protecting();
    await it.stop();
    await it.stop();
    expect(it.played.marks.get(1)).toBe('2');
    it.events.pageArrived.fire({ tabId: 1, type: 'main_frame', url: 'http://shop.example/b' });
    await settle();
    await it.stop();
    expect(it.played.marks.get(1)).toBe('1');
    it.played.settings = with_({ badge: false });
    await it.running().apply();
    expect(it.played.marks.get(1)).toBe('');
    await it.stop();
    expect(it.played.marks.get(1)).toBe('');
    const chromium = await protecting((played) => {
      played.counts = true;
    });
    await chromium.stop();
    expect(chromium.played.counting).toBe(true);
    expect(chromium.played.marks.size).toBe(0);
  });

  test('a pause for a visit ends where the tab goes elsewhere, or is closed; in no other tab', async () => {
    const it = await protecting();
    const running = it.running();
    await running.pauseVisit('shop.example', 1);
    await running.pauseVisit('shop.example', 2);
    await running.letThrough('bad.example');
    expect(await running.isVisitPaused('shop.example', 1)).toBe(true);
    expect(await running.isVisitPaused('shop.example', 3)).toBe(false);
    const arrive = async (url: string) => {
      it.events.pageArrived.fire({ tabId: 1, type: 'main_frame', url });
      await settle();
    };
    await arrive('http://shop.example/next');
    expect(it.played.session.map((rule) => rule.id)).toEqual(Array.from({ length: 12 }, (_, at) => at + 1));
    await arrive('http://news.example/');
    expect(it.played.session.map((rule) => rule.condition.tabIds?.[0] ?? 0)).toEqual([2, 2, 2, 2, 0, 0, 0, 0]);
    it.events.tabRemoved.fire(2);
    await settle();
    const hosts = it.played.session.map(({ condition }) => condition.requestDomains ?? condition.initiatorDomains);
    expect(hosts).toEqual(Array(4).fill(['bad.example']));
  });

  test('a pause for an hour is over when its alarm comes', async () => {
    const untilMs = 1_800_000_000_000 + 3_600_000;
    const it = await protecting((played) => {
      played.settings = with_({ pauses: [{ host: 'shop.example', untilMs }] });
    });
    expect(it.played.alarms.get('pause')).toBe(untilMs);
    expect(it.played.dynamic).toHaveLength(4);
    it.clock.at = untilMs;
    it.world.on.pauseOver.emit();
    await settle();
    expect(it.played.dynamic).toEqual([]);
    expect(it.played.alarms.has('pause')).toBe(false);
  });

  test('knows the address that the blocked page stands for, until another page is there', async () => {
    const it = await protecting();
    const redirect = (redirectUrl: string, tabId = 1) =>
      it.events.pageRedirected.fire({ tabId, type: 'main_frame', url: 'http://bad.example/x', redirectUrl });
    redirect('http://shop.example/blocked.html', 2);
    redirect('chrome-extension://id/options.html', 3);
    redirect('moz-extension://id/blocked.html?list=phishing');
    await settle();
    expect([1, 2, 3].map((tab) => it.running().stoppedAddress(tab))).toEqual([
      'http://bad.example/x',
      undefined,
      undefined,
    ]);
    it.events.pageArrived.fire({ tabId: 1, type: 'main_frame', url: 'http://shop.example/' });
    await settle();
    expect(it.running().stoppedAddress(1)).toBeUndefined();
  });

  test('does nothing any more once it is taken back', async () => {
    const it = await protecting((played) => {
      played.counts = true;
      played.settings = with_({ pauses: [{ host: 'a.example', untilMs: 1_900_000_000_000 }] });
    });
    const running = it.running();
    it.played.dynamic = [];
    it.controller.abort();
    await settle();
    expect(it.played.counting).toBe(false);
    expect(it.played.alarms.has('pause')).toBe(false);
    it.played.rulesets = [];
    await running.apply();
    await running.pauseVisit('shop.example', 1);
    await it.stop();
    expect([it.played.rulesets, it.played.dynamic, it.played.session]).toEqual([[], [], []]);
    expect(it.world.on.protection.attached).toBe(0);
    expect(it.events.requestFailed.listeners.size).toBe(0);
    expect(await it.records()).toEqual([]);
  });
});

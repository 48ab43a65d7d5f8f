import { describe, expect, test } from 'vitest';
import { type CoreHandlers, handlers } from '../../../utils/background/handlers';
import type { CleanRequest, Fault } from '../../../utils/capabilities/capability';
import type { CapabilityId } from '../../../utils/catalogue/catalogue';
import { Channel } from '../../../utils/leases/forwarder';
import type { Input } from '../../../utils/messages/contract';
import { ClosedError } from '../../../utils/messages/server';
import { hashOf } from '../../../utils/platform/hash';
import type { CounterName } from '../../../utils/reports/counters';
import { type Background, type BackgroundOptions, background, FakeBrowser } from '../../sim/fake-world';
import { grant } from '../../sim/journey';
import { quietPorts } from './handler-ports';

async function world(browser = new FakeBrowser(), options: BackgroundOptions = {}) {
  const it: Background = background(browser, options);
  const shown: string[] = [];
  const clean = new Channel<[request: CleanRequest]>();
  const started = it.core.start();
  await it.core.swept();
  const heard = { count: new Channel<[name: CounterName]>(), crashed: new Channel<[fault: Fault]>() };
  const supported = new Set<CapabilityId>(['site-insight', 'browsing-time', 'notifications']);
  const all: CoreHandlers = handlers({
    ...quietPorts({ core: it.core, started }),
    clean,
    heard,
    supported: (id) => supported.has(id),
    showPrompt: async (id, scope) => void shown.push(`${id} ${scope}`),
  });
  await started;
  const ask = <N extends keyof CoreHandlers>(name: N, input: Input<N>) =>
    all[name](input as never, {}) as ReturnType<CoreHandlers[N]>;
  return { browser, it, ask, all, clean, heard, shown };
}
async function opened(w: Awaited<ReturnType<typeof world>>, capability: string, scope: string | null) {
  const answer = await w.ask('prompts.open', { capability, scope });
  if (answer.kind !== 'ask') throw new Error(answer.kind);
  return answer;
}

describe('prompt.html', () => {
  test('with an unknown capability, a forged scope, or what the browser lacks is told so, and asks nothing', async () => {
    const w = await world();
    const ask = async (capability: string, scope: string | null) =>
      (await w.ask('prompts.open', { capability, scope })).kind;
    expect(await ask('everything', null)).toBe('unknown-capability');
    expect(await ask('__proto__', null)).toBe('unknown-capability');
    expect(await ask('site-insight', '*://*/*')).toBe('bad-scope');
    expect(await ask('site-insight', '*://*.com/*')).toBe('bad-scope');
    expect(await ask('site-insight', '*://SHOP.example/*')).toBe('bad-scope');
    expect(await ask('browsing-time', '*://shop.example/*')).toBe('bad-scope');
    expect(await ask('site-cleaner', null)).toBe('unsupported');
    expect(await w.it.core.openStatus().database.count('ledger')).toBe(0);
  });

  test('gets the notice, the choices narrowest first, and what to ask the browser for', async () => {
    const w = await world();
    const answer = await opened(w, 'site-insight', '*://shop.example/*');
    expect(answer.choices).toEqual([
      { scope: '*://shop.example/*', needs: { permissions: [], origins: ['*://shop.example/*'], dataCollection: [] } },
      { scope: '*', needs: { permissions: [], origins: ['*://*/*'], dataCollection: [] } },
    ]);
    expect(answer).toMatchObject({ state: 'off', lifetime: 'until-revoked', changes: [] });
    expect((await opened(w, 'browsing-time', null)).choices.map((one) => one.scope)).toEqual(['*']);
  });

  test('is shown again from what was stored', async () => {
    const w = await world();
    const { notice } = await opened(w, 'browsing-time', null);
    expect(await w.ask('history.notice', { hash: hashOf(notice) })).toEqual(notice);
    expect(await w.ask('history.notice', { hash: '0'.repeat(64) })).toBeNull();
  });

  test('may choose between the scopes that it was given, and no other', async () => {
    const w = await world();
    const { nonce } = await opened(w, 'site-insight', '*://shop.example/*');
    const allow = async (scope: string) => (await w.ask('prompts.allow', { nonce, scope, lifetime: 'hour' })).kind;
    expect(await allow('*://evil.example/*')).toBe('gone');
    expect(await allow('*://shop.example/*')).toBe('recorded');
    expect(await allow('*')).toBe('recorded');
    const time = await opened(w, 'browsing-time', null);
    const narrow = { nonce: time.nonce, scope: '*://shop.example/*', lifetime: 'hour' } as const;
    expect(await w.ask('prompts.allow', narrow)).toEqual({ kind: 'gone' });
    expect(await w.ask('prompts.allow', { nonce: 'forged', scope: '*', lifetime: 'hour' })).toEqual({ kind: 'gone' });
    expect(await w.ask('prompts.settle', { nonce: 'forged' })).toEqual({ kind: 'gone' });
    expect(await w.ask('prompts.decline', { nonce: 'forged', answer: 'never' })).toEqual({ kind: 'gone' });
  });

  test('is opened by the person’s click on a page of ours', async () => {
    const w = await world();
    await w.ask('prompts.show', { capability: 'site-insight', scope: '*' });
    expect(w.shown).toEqual(['site-insight *']);
  });
});

describe('the state', () => {
  test('of a fresh profile is off', async () => {
    const w = await world();
    const state = await w.ask('state.get', {});
    expect(state).toMatchObject({
      closed: null,
      news: [],
      undurable: [],
      storageFull: false,
      policyVersion: '2019-01',
    });
    expect(state.capabilities.map((one) => `${one.id} ${one.state}`)).toEqual([
      'site-insight off',
      'browsing-time off',
      'site-cleaner unsupported',
      'notifications off',
      'protection unsupported',
      'download-guard unsupported',
      'usage-statistics unsupported',
      'crash-reports unsupported',
      'cloud-sync unsupported',
    ]);
  });

  test('is that of the strongest live scope, else of the latest', async () => {
    const w = await world();
    const insight = async () => (await w.ask('state.get', {})).capabilities[0];
    await grant(w.browser, w.it, 'site-insight', { scope: '*://shop.example/*' });
    await grant(w.browser, w.it, 'site-insight', { scope: '*://b.example/*' });
    await w.ask('grants.revoke', { capability: 'site-insight', scope: '*://b.example/*' });
    expect(await insight()).toMatchObject({ state: 'granted' });
    await w.ask('grants.revoke', { capability: 'site-insight', scope: '*://shop.example/*' });
    expect(await insight()).toMatchObject({ state: 'revoked', mayOffer: false });
  });

  test('names what the browser won’t let go of', async () => {
    const w = await world();
    await grant(w.browser, w.it, 'browsing-time');
    w.browser.permissions.keepsAll = true;
    await w.ask('grants.revoke', { capability: 'browsing-time', scope: '*' });
    expect((await w.ask('state.get', {})).capabilities[1]).toMatchObject({ state: 'revoked-but-held' });
  });

  test('never calls on what may not run', async () => {
    const w = await world();
    await grant(w.browser, w.it, 'browsing-time', { lifetime: 'hour' });
    w.browser.nowMs += 3_600_000;
    // The alarm has not come yet.
    expect((await w.ask('state.get', {})).capabilities[1]?.scopes[0]?.state).toBe('expired');
  });

  test('without a database says why, and everything else is refused as closed', async () => {
    const openDatabase = async () => ({ kind: 'unavailable' as const, why: 'no' });
    const w = await world(new FakeBrowser(), { ports: { openDatabase } });
    expect(await w.ask('state.get', {})).toMatchObject({ closed: { kind: 'no-database', why: 'no' } });
    expect(await w.ask('prompts.open', { capability: 'site-insight', scope: null })).toMatchObject({ kind: 'closed' });
    expect(await w.ask('diagnostics.get', {})).toMatchObject({ database: { kind: 'closed', id: null }, head: null });
    await expect(w.ask('records.summary', {})).rejects.toThrow(ClosedError);
    expect(await w.ask('grants.revoke', { capability: 'site-insight', scope: '*' })).toEqual({
      kind: 'not-durable',
      marked: true,
    });
  });
});

describe('records and history', () => {
  const record = (key: string, site = 'a.example') => ({
    key,
    site,
    atMs: 1_800_000_000_000,
    data: { attentionMs: 5 },
  });

  test('erased are written down: one, some, all, sealed', async () => {
    const w = await world();
    await grant(w.browser, w.it, 'browsing-time');
    const records = [record('a'), record('b'), record('c', 'b.example'), record('d')];
    await w.it.leases[0]?.write({ records, uses: 1 });
    const { rows } = await w.ask('records.page', { filter: {}, after: null, limit: 1 });
    const erase = async (what: Input<'records.erase'>['what']) => (await w.ask('records.erase', { what })).erased;
    expect(await erase({ kind: 'one', id: rows[0]?.id ?? '' })).toBe(1);
    expect(await erase({ kind: 'some', filter: { site: 'b.example' } })).toBe(1);
    await w.ask('grants.revoke', { capability: 'browsing-time', scope: '*' });
    expect((await w.ask('records.summary', {})).capabilities[1]).toMatchObject({ records: 2, sealed: 2 });
    expect(await erase({ kind: 'sealed', capability: 'browsing-time', scope: '*' })).toBe(2);
    expect((await w.ask('state.get', {})).capabilities[1]?.scopes[0]?.seals).toEqual([]);
    expect(await erase({ kind: 'all' })).toBe(0);
    expect(await w.it.core.openStatus().database.count('uses')).toBe(0);
    const { entries } = await w.ask('history.page', { before: null, limit: 50, kind: 'erased' });
    expect(entries.map((entry) => entry.details)).toEqual([
      { records: 0, what: 'all' },
      { records: 2, sealed: 1 },
      { records: 1, what: 'some', site: 'b.example' },
      { records: 1, what: 'one' },
    ]);
  });

  test('come page by page, newest first', async () => {
    const w = await world();
    for (let n = 0; n < 4; n += 1) await grant(w.browser, w.it, 'notifications');
    const seqs: number[] = [];
    let before: number | null = null;
    do {
      const page: Awaited<ReturnType<CoreHandlers['history.page']>> = await w.ask('history.page', { before, limit: 3 });
      seqs.push(...page.entries.map((entry) => entry.seq));
      before = page.next;
    } while (before !== null);
    expect(seqs).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
    const head = await w.ask('history.head', {});
    expect(head).toMatchObject({ mark: { seq: 8 }, entries: 8 });
  });
});

describe('a site to clean', () => {
  test('is cleaned by the capability, or the cleaner is off', async () => {
    const w = await world();
    expect(await w.ask('clean.site', { host: 'a.example' })).toEqual({ kind: 'off' });
    w.clean.add(({ host, port, answer }) => answer({ kind: 'failed', why: `${host} ${port}` }));
    expect(await w.ask('clean.site', { host: 'a.example', port: 81 })).toEqual({ kind: 'failed', why: 'a.example 81' });
  });
});

describe('what pages tell of themselves', () => {
  const from = (page: string, incognito?: boolean) => ({
    id: 'ours',
    url: `chrome-extension://ours/${page}`,
    ...(incognito === undefined ? {} : { tab: { incognito } }),
  });
  const fault = { name: 'TypeError', message: 'a', stack: '' };

  test('reaches whoever may hear it, with the page as the browser names it', async () => {
    const w = await world();
    const counted: string[] = [];
    const crashed: string[] = [];
    w.heard.count.add((name) => counted.push(name));
    w.heard.crashed.add(({ where }) => crashed.push(where));
    await w.all['usage.count']({ name: 'popup.opened' }, from('popup.html'));
    await w.all['usage.count']({ name: 'section.data' }, from('options.html', false));
    await w.all['crash.report'](fault, from('options.html?a#data', false));
    await w.all['crash.report'](fault, from('other.html'));
    expect(counted).toEqual(['popup.opened', 'section.data']);
    expect(crashed).toEqual(['options']);
  });

  test('is dropped where it comes from a private window', async () => {
    const w = await world();
    const heard: unknown[] = [];
    w.heard.count.add((name) => heard.push(name));
    w.heard.crashed.add((one) => heard.push(one));
    await w.all['usage.count']({ name: 'section.data' }, from('options.html', true));
    await w.all['crash.report'](fault, from('options.html', true));
    expect(heard).toEqual([]);
  });
});

describe('erasing', () => {
  test('takes reports that wait with it', async () => {
    const w = await world();
    const { database } = w.it.core.openStatus();
    const row = (id: string, capability: string) => ({ id, capability, atMs: 1 });
    const fill = async () => {
      await database.put('outbox', row('a', 'usage-statistics'));
      await database.put('outbox', row('b', 'crash-reports'));
    };
    const left = async () => (await database.getAllKeys('outbox')).join();
    await fill();
    await w.ask('records.erase', { what: { kind: 'some', filter: { site: 'shop.example' } } });
    expect(await left()).toBe('a,b');
    await w.ask('records.erase', { what: { kind: 'some', filter: { capability: 'crash-reports' } } });
    expect(await left()).toBe('a');
    await fill();
    await w.ask('records.erase', { what: { kind: 'all' } });
    expect(await left()).toBe('');
  });
});

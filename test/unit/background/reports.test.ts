import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Post, PostOptions } from '../../../utils/egress/post';
import type { LedgerEntry } from '../../../utils/grants/ledger-entry';
import { DAY_MS, HOUR_MS, MINUTE_MS, utcDayStart } from '../../../utils/platform/clock';
import { textHash } from '../../../utils/platform/hash';
import { readMetrics } from '../../servers/otlp';
import { readEnvelope } from '../../servers/sentry';

const here = { place: 'here', byOrganisation: false };
vi.stubGlobal('__ENDPOINTS__', {
  'statistics-endpoint': { url: 'https://statistics.example/v1/metrics', auth: null, ...here },
  'crash-endpoint': { url: 'https://crashes.example/api/7/envelope/', auth: 'Sentry sentry_key=a', ...here },
});
vi.resetModules();
const { Reports } = await import('../../../utils/background/reports');
const { startCapability } = await import('../../../utils/capabilities/start');
const { Channel } = await import('../../../utils/leases/forwarder');
const { background, FakeBrowser } = await import('../../sim/fake-world');
const { grant, openPrompt } = await import('../../sim/journey');
const { parseManaged } = await import('../../../utils/policy/managed');
const { buildNotice } = await import('../../../utils/prompts/notice');
const { needsOf } = await import('../../../utils/catalogue/catalogue');
const { endpointsUnder } = await import('../../../utils/catalogue/endpoints');
const { candidates } = await import('../../../utils/grants/holdings');
const { aboutTest, settle } = await import('../capabilities/stage');

type World = Parameters<typeof startCapability>[1];
const posted: { url: string; text: string; options: PostOptions }[] = [];
let answer: Post;
beforeEach(() => {
  posted.length = 0;
  answer = async () => ({ status: 200, retryAfter: null });
});

async function world(capability: 'usage-statistics' | 'crash-reports' = 'usage-statistics', policy: unknown = {}) {
  const browser = new FakeBrowser();
  browser.policy = policy;
  const on = { count: new Channel(), crashed: new Channel() };
  let due: () => void = () => undefined;
  const it = background(browser, {
    ports: {
      post: async (url, text, options) => {
        posted.push({ url, text, options });
        return answer(url, text, options);
      },
    },
    start: (lease, session) =>
      startCapability(lease, {
        on,
        clock: it.core.ports.clock,
        ids: it.core.ports.ids,
        session,
        about: aboutTest,
        mayBeDue: () => due(),
      } as unknown as World),
  });
  const reports = new Reports({ core: it.core, about: aboutTest });
  await it.core.start();
  await grant(browser, it, capability);
  const count = async (name: string) => {
    (on.count as unknown as { emit(name: string): void }).emit(name);
    await settle();
  };
  const crash = async (message: string) => {
    const fault = { name: 'TypeError', message, stack: '', where: 'popup' };
    (on.crashed as unknown as { emit(fault: object): void }).emit(fault);
    await settle();
  };
  const view = async () => {
    const found = (await reports.view()).reports.find((report) => report.capability === capability);
    if (!found) throw new Error('no view');
    return found;
  };
  const send = async (hash: string) => reports.send({ capability, hash });
  return { browser, it, reports, count, crash, view, send, rules: (to: () => void) => (due = to) };
}

const sums = (text: string) => {
  const read = readMetrics(Buffer.from(text));
  if (read.kind !== 'valid') throw new Error(read.why);
  const metrics = read.report.resourceMetrics.flatMap((one) => one.scopeMetrics.flatMap((scope) => scope.metrics));
  return Object.fromEntries(
    metrics.map(({ name, sum }) => [name, (sum.dataPoints[0] as { asInt: string } | undefined)?.asInt]),
  );
};

describe('statistics', () => {
  test('are sent as they were shown, once, and what was counted since goes into the next', async () => {
    const w = await world();
    await w.count('popup.opened');
    await w.count('popup.opened');
    const [shown] = (await w.view()).items;
    expect(shown).toMatchObject({ state: 'kept', hash: textHash(shown?.text ?? '') });
    w.browser.nowMs += MINUTE_MS;
    expect((await w.view()).items).toEqual([shown]);
    await w.count('popup.opened');
    expect(await w.send(shown?.hash ?? '')).toEqual({ kind: 'sent' });
    expect(posted.map((one) => one.text)).toEqual([shown?.text]);
    expect(sums(shown?.text ?? '')).toEqual({ 'cloudopt.popup.opened': '2' });
    const { items } = await w.view();
    expect(items.map((one) => one.state).sort()).toEqual(['kept', 'sent']);
    const rest = items.find((one) => one.state === 'kept')?.text ?? '';
    expect(sums(rest)).toEqual({ 'cloudopt.popup.opened': '1' });
    expect(rest).toContain(`"timeUnixNano":"${w.browser.nowMs}000000"`);
    expect(await w.send(shown?.hash ?? '')).toEqual({ kind: 'changed' });
    expect(posted).toHaveLength(1);
  });

  test('two bodies never overlap in time', async () => {
    const w = await world();
    await w.count('popup.opened');
    w.browser.nowMs += HOUR_MS;
    const [first] = (await w.view()).items;
    await w.send(first?.hash ?? '');
    w.browser.nowMs += HOUR_MS;
    await w.count('section.data');
    await w.count('popup.opened');
    const second = (await w.view()).items.find((one) => one.state === 'kept');
    const end = /"timeUnixNano":"(\d+)"/.exec(first?.text ?? '')?.[1];
    const starts = [...(second?.text ?? '').matchAll(/"startTimeUnixNano":"(\d+)"/g)].map((match) => match[1]);
    expect(new Set(starts)).toEqual(new Set([end]));
  });

  test('lack what was taken out, and carry an id that can be replaced', async () => {
    const w = await world();
    await w.count('popup.opened');
    const { id } = await w.view();
    expect((await w.view()).items[0]?.text).toContain(id);
    await w.reports.configure({ capability: 'usage-statistics', without: ['os.name', 'cloudopt.popup.opened'] });
    await w.reports.resetId();
    const after = await w.view();
    expect(after.id).not.toBe(id);
    expect(after.items[0]?.text).toContain(after.id);
    for (const out of [id, 'Linux', 'popup.opened']) expect(after.items[0]?.text).not.toContain(out);
    expect(after.fields.filter((field) => field.out).map((field) => field.name)).toEqual([
      'os.name',
      'cloudopt.popup.opened',
    ]);
  });

  test('go by rule once their day is over, at a time of their own, and not those from before the rule', async () => {
    const w = await world();
    await w.count('popup.opened');
    w.browser.nowMs += DAY_MS;
    await w.count('section.data');
    await w.reports.run();
    expect(posted).toEqual([]);
    expect(w.browser.alarms.has('send')).toBe(false);
    await w.reports.configure({ capability: 'usage-statistics', byRule: true });
    const midnightMs = utcDayStart(w.browser.nowMs) + DAY_MS;
    const alarm = w.browser.alarms.get('send') as { whenMs: number };
    expect(alarm.whenMs).toBeGreaterThanOrEqual(midnightMs);
    expect(alarm.whenMs).toBeLessThan(midnightMs + HOUR_MS);
    await w.reports.run();
    expect(posted).toEqual([]);
    w.browser.nowMs = alarm.whenMs;
    await w.reports.run();
    expect(posted.map((one) => sums(one.text))).toEqual([{ 'cloudopt.section.data': '1' }]);
    await w.reports.run();
    expect(posted).toHaveLength(1);
    await w.reports.configure({ capability: 'usage-statistics', byRule: false });
    expect(w.browser.alarms.has('send')).toBe(false);
  });

  test('that could not be delivered wait, with the same bytes, longer each time; what is refused is not sent again', async () => {
    const w = await world();
    answer = async () => ({ status: 503, retryAfter: '600' });
    await w.count('popup.opened');
    const [shown] = (await w.view()).items;
    expect(await w.send(shown?.hash ?? '')).toEqual({ kind: 'waiting' });
    expect(w.browser.alarms.get('send')).toEqual({ whenMs: w.browser.nowMs + 600_000 });
    await w.reports.run();
    expect(posted).toHaveLength(1);
    w.browser.nowMs += 600_000;
    answer = async () => ({ status: 400, retryAfter: null });
    await w.reports.run();
    expect(posted.map((one) => one.text)).toEqual([shown?.text, shown?.text]);
    expect((await w.view()).items.map((one) => one.state)).toEqual(['refused']);
    w.browser.nowMs += DAY_MS / 2;
    await w.reports.run();
    expect(posted).toHaveLength(2);
  });

  test('that wait are gone with the grant, and a revocation in the midst of a send aborts it', async () => {
    const w = await world();
    await w.count('popup.opened');
    const [shown] = (await w.view()).items;
    let aborted = false;
    let begun: () => void = () => undefined;
    const began = new Promise<void>((resolve) => {
      begun = resolve;
    });
    answer = (_url, _text, { signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          aborted = true;
          reject(signal.reason);
        });
        begun();
      });
    const sending = w.send(shown?.hash ?? '');
    await began;
    const { database } = w.it.core.openStatus();
    expect(await database.count('outbox')).toBe(1);
    expect((await w.it.core.revoke('usage-statistics', '*')).kind).toBe('revoked');
    expect(aborted).toBe(true);
    expect(await database.count('outbox')).toBe(0);
    expect(await sending).toEqual({ kind: 'changed' });
    expect(await w.send(shown?.hash ?? '')).toEqual({ kind: 'changed' });
    await w.reports.run();
    expect(posted).toHaveLength(1);
    expect(await database.count('outbox')).toBe(0);
    expect(await w.view()).toMatchObject({ live: false, id: null, items: [] });
    expect([...w.browser.permissions.origins, ...w.browser.permissions.dataCollection]).toEqual([]);
  });

  test('of a grant given anew carry another id and nothing of before', async () => {
    const w = await world();
    await w.count('popup.opened');
    const { id } = await w.view();
    await w.it.core.revoke('usage-statistics', '*');
    await grant(w.browser, w.it, 'usage-statistics');
    const after = await w.view();
    expect(after).toMatchObject({ live: true, byRule: false, items: [] });
    expect(after.id).not.toBe(id);
  });

  test('have a new id and no rule after everything was erased, and keep it', async () => {
    const w = await world();
    await w.reports.configure({ capability: 'usage-statistics', byRule: true });
    const { id } = await w.view();
    await w.it.core.openStatus().archive.eraseUses();
    const after = await w.view();
    expect(after).toMatchObject({ byRule: false });
    expect(after.id).not.toBe(id);
    expect((await w.view()).id).toBe(after.id);
  });

  test('what was erased since it was shown is not sent', async () => {
    const w = await world();
    await w.count('popup.opened');
    const [shown] = (await w.view()).items;
    await w.it.core.openStatus().archive.erase({});
    w.reports.forget();
    expect(await w.send(shown?.hash ?? '')).toEqual({ kind: 'changed' });
    expect(await w.it.core.openStatus().database.count('records')).toBe(0);
    expect(posted).toEqual([]);
  });
});

describe('crashes', () => {
  test('have the same bytes whenever they are looked at, and are sent so', async () => {
    const w = await world('crash-reports');
    await w.crash('a is undefined');
    const [first] = (await w.view()).items;
    w.browser.nowMs += HOUR_MS;
    const [second] = (await w.view()).items;
    expect(second).toEqual(first);
    expect(await w.send(first?.hash ?? '')).toEqual({ kind: 'sent' });
    expect(posted).toMatchObject([{ url: 'https://crashes.example/api/7/envelope/', text: first?.text }]);
    expect(readEnvelope(Buffer.from(first?.text ?? '')).kind).toBe('valid');
  });

  test('say nothing of their time but the day where it was taken out', async () => {
    const w = await world('crash-reports');
    await w.crash('a is undefined');
    await w.reports.configure({ capability: 'crash-reports', without: ['timestamp', 'exception.value'] });
    const [item] = (await w.view()).items;
    expect(item?.text).not.toContain('a is undefined');
    expect(item?.text.match(/\d{4}-\d\d-\d\dT[\d:.]+Z/g)).toEqual([
      new Date(utcDayStart(w.browser.nowMs)).toISOString(),
    ]);
  });

  test('go at once by rule, those from before it do not', async () => {
    const w = await world('crash-reports');
    await w.crash('the first');
    w.browser.nowMs += MINUTE_MS;
    await w.reports.configure({ capability: 'crash-reports', byRule: true });
    let running: Promise<void> = Promise.resolve();
    w.rules(() => {
      running = w.reports.run();
    });
    await w.crash('the second');
    await running;
    expect(posted).toHaveLength(1);
    expect(posted[0]?.text).toContain('the second');
  });
});

describe('the question', () => {
  test('names the server and the place where it stands, and asks the browser for its origin alone', () => {
    const built = endpointsUnder({});
    const notice = buildNotice('crash-reports', '*', (key, ...given) => [key, ...given].join(' '), 'en', built);
    expect(notice.destination).toBe('destination_server https://crashes.example');
    expect(notice.place).toBe('place_server here');
    expect(needsOf('crash-reports', '*', true, built['crash-endpoint'])).toEqual({
      permissions: [],
      origins: ['https://crashes.example/*'],
      dataCollection: ['technicalAndInteraction'],
    });
    expect(needsOf('usage-statistics', '*', false, built['statistics-endpoint']).origins).toEqual([
      'https://statistics.example/*',
    ]);
    expect(needsOf('usage-statistics', '*', false, null).origins).toEqual([]);
  });

  test('what the browser holds of an endpoint can be a report’s', () => {
    const held = { permissions: [], origins: ['https://crashes.example/*'], dataCollection: [] };
    expect(candidates(held, endpointsUnder({}))).toEqual(['site-insight', 'crash-reports', 'cloud-sync']);
  });
});

describe('an organisation’s endpoint', () => {
  const theirs = 'https://reports.corp.example/v1/metrics';
  const policyOf = (url: string, place = 'the cellar') => ({ endpoints: { statistics: { url, place } } });
  const entries = async (it: { core: InstanceType<typeof import('../../../utils/background/core').Core> }) =>
    (await it.core.openStatus().database.getAll('ledger')) as LedgerEntry[];
  const allSites = { permissions: [], origins: ['*://*/*'], dataCollection: [] };

  test('takes the place of the build’s: asked for, named, shown and sent to', async () => {
    const w = await world('usage-statistics', policyOf(theirs));
    expect((await entries(w.it)).find((entry) => entry.kind === 'granted')?.notice?.endpoint).toEqual({
      url: theirs,
      place: 'the cellar',
      byOrganisation: true,
    });
    expect([...w.browser.permissions.origins]).toEqual(['https://reports.corp.example/*']);
    await w.count('popup.opened');
    const view = await w.view();
    expect(view.to).toEqual({ url: theirs, place: 'the cellar', byOrganisation: true });
    expect(await w.send(view.items[0]?.hash ?? '')).toEqual({ kind: 'sent' });
    expect(posted.map((one) => one.url)).toEqual([theirs]);
  });

  test.each([
    ['to another server', policyOf(theirs), 'managed'],
    ['to another path of the same server', policyOf('https://statistics.example/v2/metrics'), 'managed'],
    ['to another place', policyOf('https://statistics.example/v1/metrics', 'elsewhere'), 'managed'],
    ['to none, since it can’t be read', policyOf('http://reports.corp.example/'), 'managed'],
  ])('that moves it %s ends the grant, though the browser holds all sites; nothing is sent', async (_, policy, by) => {
    const w = await world();
    w.browser.permissions.give(allSites);
    await w.count('popup.opened');
    await w.reports.configure({ capability: 'usage-statistics', byRule: true });
    answer = async () => ({ status: 503, retryAfter: null });
    const [shown] = (await w.view()).items;
    expect(await w.send(shown?.hash ?? '')).toEqual({ kind: 'waiting' });
    answer = async () => ({ status: 200, retryAfter: null });
    w.browser.policy = policy;
    const changing = w.it.core.managedChanged();
    // Whoever is faster than the reading sends to what was shown, and nobody to what was not.
    await Promise.all([changing, w.reports.run(), w.send(shown?.hash ?? '')]);
    expect(w.it.core.office.leases()).toEqual([]);
    expect((await entries(w.it)).at(-1)).toMatchObject({ kind: 'revoked', by, details: { why: 'endpoint' } });
    expect(await w.it.core.openStatus().database.count('outbox')).toBe(0);
    w.browser.nowMs += 2 * DAY_MS;
    await w.reports.run();
    expect(await w.send(shown?.hash ?? '')).not.toEqual({ kind: 'sent' });
    expect(posted.map((one) => one.url).filter((url) => url !== 'https://statistics.example/v1/metrics')).toEqual([]);
    expect(posted).toHaveLength(1);
    // What was collected for the one is not for the other.
    expect((await grant(w.browser, w.it, 'usage-statistics')).kind).toBe('granted');
    expect((await w.view()).items).toEqual([]);
  });

  test('is never sent to under a lease that knows another, in the moment before that ends', async () => {
    const w = await world();
    await w.count('popup.opened');
    const [shown] = (await w.view()).items;
    w.it.core.managed = parseManaged(policyOf(theirs));
    expect(await w.send(shown?.hash ?? '')).toEqual({ kind: 'changed' });
    expect(posted).toEqual([]);
  });

  test('that goes again ends what was given to it', async () => {
    const w = await world('usage-statistics', policyOf(theirs));
    w.browser.policy = {};
    await w.it.core.managedChanged();
    expect((await entries(w.it)).at(-1)).toMatchObject({ kind: 'revoked', by: 'managed' });
    expect([...w.browser.permissions.origins]).toEqual([]);
  });

  test('that can’t be told, since the policy is not read, ends nothing, hands nothing back, and sends nothing', async () => {
    const w = await world('usage-statistics', policyOf(theirs));
    await w.count('popup.opened');
    const [shown] = (await w.view()).items;
    w.browser.policy = () => {
      throw new Error('not today');
    };
    await w.it.core.managedChanged();
    await w.it.core.handBack();
    expect((await w.view()).to).toBeNull();
    expect(await w.send(shown?.hash ?? '')).toEqual({ kind: 'no-endpoint' });
    expect([...w.browser.permissions.origins]).toEqual(['https://reports.corp.example/*']);
    w.browser.policy = policyOf(theirs);
    await w.it.core.retry();
    expect((await w.view()).live).toBe(true);
    expect((await entries(w.it)).filter((entry) => entry.kind === 'revoked')).toEqual([]);
    expect(posted).toEqual([]);
  });

  test('that is set while the question is open leaves it unanswered, whatever the browser holds', async () => {
    const w = await world('crash-reports');
    const nonce = await openPrompt(w.it, 'usage-statistics');
    w.browser.policy = policyOf(theirs);
    await w.it.core.allow(nonce, '*', 'until-revoked');
    w.browser.permissions.give(allSites);
    expect(await w.it.core.settlePrompt(nonce)).toEqual({ kind: 'moved' });
    expect(await w.it.core.settlePrompt(nonce)).toEqual({ kind: 'moved' });
    expect(w.it.core.office.lease('usage-statistics', '*')).toBeUndefined();
    expect((await entries(w.it)).some((entry) => entry.kind === 'refused' && entry.details.why === 'endpoint')).toBe(
      true,
    );
  });
});

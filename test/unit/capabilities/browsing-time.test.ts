import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GAP_MAX_MS, IDLE_AFTER_SECONDS, minutesOf, start } from '../../../utils/capabilities/browsing-time';
import type { World } from '../../../utils/capabilities/capability';
import type { Lease } from '../../../utils/leases/lease';
import { localDay, MINUTE_MS, nextLocalMidnightMs, SECOND_MS } from '../../../utils/platform/clock';
import { settle, stage } from './stage';

type Stage = Awaited<ReturnType<typeof stage>>;
const tab = (url: string, incognito = false) => ({ url, incognito });

async function counting(it: Stage, session = 'session-1') {
  const given = await it.lease('browsing-time');
  const world = it.world(session);
  await start(given.lease as Lease<'browsing-time'>, world);
  return { ...given, world };
}
const later = async (it: Stage, world: World, ms: number) => {
  it.clock.at += ms;
  world.on.tick.emit();
  await settle();
};
const attention = async (it: Stage) =>
  Object.fromEntries(
    (await it.records()).flatMap((row) => (row.capability === 'browsing-time' ? [[row.site, row.attentionMs]] : [])),
  );

describe('attention', () => {
  test('is counted for the tab in front, from look to look, by registrable domain', async () => {
    const it = await stage();
    it.played.tab = tab('https://www.a.example/path?q#f');
    const { world } = await counting(it);
    expect(it.played.alarms.get('tick')).toBe(1);
    await later(it, world, 50_000);
    it.played.tab = tab('https://b.example/');
    it.clock.at += 10_000;
    it.events.tabActivated.fire({});
    await settle();
    await later(it, world, 60_000);
    expect(await attention(it)).toEqual({ 'a.example': 60_000, 'b.example': 60_000 });
    const rows = await it.records();
    expect(JSON.stringify(rows)).not.toMatch(/path|www/);
    expect(rows.every((row) => row.day === localDay(row.atMs))).toBe(true);
  });

  test.each<[string, (it: Stage) => void]>([
    ['the person is idle', (it) => Object.assign(it.played, { idle: 'idle' })],
    ['the screen is locked', (it) => Object.assign(it.played, { idle: 'locked' })],
    ['the window is private', (it) => Object.assign(it.played, { tab: tab('https://a.example/', true) })],
    ['no window has focus', (it) => Object.assign(it.played, { tab: undefined })],
    ['the tab shows no website', (it) => Object.assign(it.played, { tab: tab('about:blank') })],
    ['the tab’s address is not ours to see', (it) => Object.assign(it.played, { tab: { incognito: false } })],
  ])('is not counted while %s', async (_what, happens) => {
    const it = await stage();
    it.played.tab = tab('https://a.example/');
    const { world } = await counting(it);
    await later(it, world, 30_000);
    happens(it);
    // Up to the look that sees it, the time was the site's.
    it.events.idleChanged.fire('changed');
    await settle();
    for (let n = 0; n < 3; n += 1) await later(it, world, MINUTE_MS);
    expect(await attention(it)).toEqual({ 'a.example': 30_000 });
    Object.assign(it.played, { tab: tab('https://a.example/'), idle: 'active' });
    await later(it, world, MINUTE_MS);
    await later(it, world, 15_000);
    expect(await attention(it)).toEqual({ 'a.example': 45_000 });
  });

  test('in a private window is never even read', async () => {
    const it = await stage();
    it.played.tab = tab('https://secret.example/', true);
    const { world } = await counting(it);
    for (let n = 0; n < 3; n += 1) await later(it, world, MINUTE_MS);
    expect(await it.records()).toEqual([]);
    expect(JSON.stringify(await it.database.getAll('uses'))).not.toContain('secret');
  });

  test('is looked at once more after a hundred events that come at once, not a hundred times', async () => {
    const it = await stage();
    it.played.tab = tab('https://a.example/');
    const { lease, world } = await counting(it);
    let looks = 0;
    const { focusedTab } = world.browser;
    world.browser.focusedTab = () => {
      looks += 1;
      return focusedTab();
    };
    it.played.tab = tab('https://b.example/');
    it.clock.at += 5000;
    for (let n = 0; n < 100; n += 1) it.events.tabUpdated.fire({});
    await settle();
    expect(lease.signal.aborted).toBe(false);
    expect(looks).toBe(1);
    expect(await attention(it)).toEqual({ 'a.example': 5000 });
  });

  test('over a sleep of the machine counts nothing', async () => {
    const it = await stage();
    it.played.tab = tab('https://a.example/');
    const { world } = await counting(it);
    await later(it, world, GAP_MAX_MS);
    await later(it, world, GAP_MAX_MS + 1);
    await later(it, world, 10_000);
    expect(await attention(it)).toEqual({ 'a.example': GAP_MAX_MS + 10_000 });
  });

  test('over a clock that was set back counts nothing', async () => {
    const it = await stage();
    it.played.tab = tab('https://a.example/');
    const { world } = await counting(it);
    await later(it, world, 20_000);
    await later(it, world, -3_600_000);
    await later(it, world, 20_000);
    expect(await attention(it)).toEqual({ 'a.example': 40_000 });
  });

  test('over midnight goes to both days', async () => {
    const it = await stage();
    it.clock.at = nextLocalMidnightMs(it.clock.at) - 20_000;
    const evening = localDay(it.clock.at);
    it.played.tab = tab('https://a.example/');
    const { world } = await counting(it);
    await later(it, world, MINUTE_MS);
    const rows = await it.records();
    expect(rows.map((row) => [row.day, row.capability === 'browsing-time' && row.attentionMs])).toEqual([
      [evening, 20_000],
      [localDay(it.clock.at), 40_000],
    ]);
    expect(rows.every((row) => row.day === localDay(row.atMs))).toBe(true);
  });

  test('stops with the lease', async () => {
    const it = await stage();
    it.played.tab = tab('https://a.example/');
    const { world, controller } = await counting(it);
    await later(it, world, 10_000);
    controller.abort();
    await settle();
    expect(it.played.alarms.has('tick')).toBe(false);
    for (const event of Object.values(it.events)) expect(event.listeners.size).toBe(0);
    expect(world.on.tick.attached).toBe(0);
    await later(it, world, 10_000);
    expect(await attention(it)).toEqual({ 'a.example': 10_000 });
  });

  test('that could not be kept is counted with the next look', async () => {
    const it = await stage();
    it.played.tab = tab('https://a.example/');
    const { world } = await counting(it);
    it.played.writes = { kind: 'full' };
    await later(it, world, MINUTE_MS);
    expect(await attention(it)).toEqual({});
    it.played.writes = 'open';
    await later(it, world, MINUTE_MS);
    expect(await attention(it)).toEqual({ 'a.example': 2 * MINUTE_MS });
  });

  test('asks about input the same number of seconds everywhere', () => {
    expect(IDLE_AFTER_SECONDS).toBe(60);
  });
});

describe('a killed background', () => {
  const step = fc.record({
    ms: fc.integer({ min: 1, max: GAP_MAX_MS }),
    site: fc.constantFrom('a', 'b', 'private', 'none'),
    killed: fc.boolean(),
  });

  test('between any two looks neither loses nor invents time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        const it = await stage();
        const play = (site: string) =>
          site === 'none' ? undefined : tab(`https://${site}.example/`, site === 'private');
        const expected: Record<string, number> = {};
        let site = 'a';
        it.played.tab = play(site);
        const { authority } = await counting(it);
        let world = it.world();
        let controller = new AbortController();
        const wake = async () => {
          // What a kill leaves: no abort event is heard, the listeners are simply gone.
          for (const event of Object.values(it.events)) event.listeners.clear();
          controller = new AbortController();
          world = it.world();
          await start(it.leaseOf<'browsing-time'>({ ...authority, controller, signal: controller.signal }), world);
        };
        await wake();
        for (const { ms, site: next, killed } of steps) {
          it.clock.at += ms;
          if (site === 'a' || site === 'b') expected[`${site}.example`] = (expected[`${site}.example`] ?? 0) + ms;
          // The event that changes the site is what wakes a background that was killed.
          site = next;
          it.played.tab = play(site);
          if (killed) await wake();
          else {
            it.events.tabActivated.fire({});
            await settle();
          }
        }
        const sums: Record<string, number> = {};
        for (const row of await it.records()) {
          if (row.capability === 'browsing-time') sums[row.site] = (sums[row.site] ?? 0) + row.attentionMs;
        }
        expect(sums).toEqual(expected);
      }),
      { numRuns: 25 },
    );
  });

  test('of another browser session counts nothing across the two', async () => {
    const it = await stage();
    it.played.tab = tab('https://a.example/');
    const { world, authority } = await counting(it, 'session-1');
    await later(it, world, 10_000);
    it.clock.at += 30_000;
    await start(it.leaseOf<'browsing-time'>(authority), it.world('session-2'));
    await settle();
    expect(await attention(it)).toEqual({ 'a.example': 10_000 });
  });

  test('whose checkpoint does not parse begins anew', async () => {
    const it = await stage();
    it.played.tab = tab('https://a.example/');
    const { lease, authority } = await it.lease('browsing-time');
    await lease.write({ checkpoint: { session: 'session-1', site: 7, upToMs: 'x' } });
    it.clock.at += 10_000;
    await start(it.leaseOf<'browsing-time'>(authority), it.world());
    expect(await attention(it)).toEqual({});
  });
});

describe('the time between two looks', () => {
  test('is shared out among days without loss', () => {
    const at = fc.integer({ min: 1_790_000_000_000, max: 1_810_000_000_000 });
    fc.assert(
      fc.property(at, fc.integer({ min: -10 * SECOND_MS, max: GAP_MAX_MS + SECOND_MS }), (upToMs, ms) => {
        const spans = minutesOf({ site: 'a.example', upToMs }, upToMs + ms);
        const total = spans.reduce((sum, span) => sum + span.data(undefined).attentionMs, 0);
        expect(total).toBe(ms > 0 && ms <= GAP_MAX_MS ? ms : 0);
        for (const span of spans) expect(span.key).toBe(`${localDay(span.atMs)}|a.example`);
        expect(new Set(spans.map((span) => span.key)).size).toBe(spans.length);
      }),
    );
  });

  test('is added to what the day has already, and to nothing where that does not parse', () => {
    const [span] = minutesOf({ site: 'a.example', upToMs: 1_800_000_000_000 }, 1_800_000_001_000);
    expect(span?.data({ attentionMs: 500 })).toEqual({ attentionMs: 1500 });
    for (const before of [undefined, {}, { attentionMs: -5 }, { attentionMs: 'x' }, { attentionMs: 1.5 }]) {
      expect(span?.data(before)).toEqual({ attentionMs: 1000 });
    }
  });
});

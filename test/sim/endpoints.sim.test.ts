/** Endpoints that move while reports are sent: each report goes where its own grant's notice said, or nowhere. */
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { needsOf } from '../../utils/catalogue/catalogue';
import { ALL } from '../../utils/catalogue/scope';
import { surplus } from '../../utils/grants/holdings';
import type { LedgerEntry } from '../../utils/grants/ledger-entry';
import { hasMoved } from '../../utils/grants/standing';
import { askingLock } from '../../utils/messages/names';
import { isEmpty } from '../../utils/platform/browser-types';
import { background, FakeBrowser } from './fake-world';
import { openPrompt } from './journey';
import { ScheduledWorld } from './scheduled';

const ID = 'usage-statistics';
const numRuns = Number(process.env.SIM_RUNS ?? 100);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const policyOf = (url: string) => ({ endpoints: { statistics: { url, place: 'here' } } });
const unread = () => {
  throw new Error('not today');
};
const policies = [
  policyOf('https://a.example/v1/metrics'),
  policyOf('https://b.example/v1/metrics'),
  policyOf('http://unreadable.example/'),
  {},
  unread,
];
const story = fc.record({
  first: fc.constantFrom(...policies.slice(0, 4)),
  moves: fc.array(fc.constantFrom(...policies), { minLength: 1, maxLength: 4 }),
  person: fc.array(fc.constantFrom('grant' as const, 'grant' as const, 'revoke' as const), {
    minLength: 1,
    maxLength: 4,
  }),
  /** Which lease is tried, the latest first. */
  sends: fc.array(fc.nat({ max: 2 }), { minLength: 2, maxLength: 8 }),
  kills: fc.array(fc.constantFrom('kill' as const, 'overlap' as const), { maxLength: 2 }),
});
type Story = typeof story extends fc.Arbitrary<infer T> ? T : never;

async function play(scheduler: fc.Scheduler, { first, moves, person, sends, kills }: Story) {
  const browser = new FakeBrowser();
  browser.policy = first;
  const world = new ScheduledWorld(scheduler, browser);
  const wrong: string[] = [];
  const over = new Set<string>();
  const posted: { url: string; grantId: string }[] = [];
  const post = async (url: string, grantId: string) => {
    if (over.has(grantId)) wrong.push(`a send of ${grantId} began after its revocation had resolved`);
    posted.push({ url, grantId });
    await world.turn('the receiver answers');
    return { status: 200, retryAfter: null };
  };
  let current = world.generation({ post });

  async function ask(id: 'usage-statistics' | 'site-insight') {
    const release = browser.locks.hold(askingLock(id));
    try {
      const it = current;
      await it.asked(() => it.core.settled());
      if (it.core.status.kind !== 'open') return;
      const nonce = await it.asked(() => openPrompt(it, id));
      if (nonce === 'cut') return;
      const intending = it.asked(() => it.core.allow(nonce, ALL, 'until-revoked'));
      await world.turn('the browser answers');
      browser.permissions.give(needsOf(id, ALL, true, null));
      world.permissionsChanged();
      await intending;
      await it.asked(() => it.core.settlePrompt(nonce));
    } finally {
      release();
    }
  }
  async function livePerson() {
    for (const does of person) {
      await world.turn(`person: ${does}`);
      if (does === 'grant') await ask(ID);
      else {
        const it = current;
        const ended = world.leases().filter((lease) => lease.capability === ID);
        if ((await it.asked(() => it.core.revoke(ID, ALL))) !== 'cut')
          for (const lease of ended) over.add(lease.grantId);
      }
    }
  }
  async function liveWorld() {
    for (const policy of moves) {
      await world.turn('the policy changes');
      browser.policy = policy;
      world.policyChanged();
    }
  }
  async function sending() {
    for (const [n, back] of sends.entries()) {
      await world.turn(`send ${n}`);
      const leases = world.leases().filter((lease) => lease.capability === ID);
      const lease = leases[leases.length - 1 - (back % Math.max(1, leases.length))];
      const it = world.generations.find((one) => lease !== undefined && one.leases.includes(lease));
      if (lease && it)
        await it.asked(() => it.core.door.send(lease, { text: lease.grantId, type: 'application/json' }));
    }
  }
  async function killing() {
    for (const how of kills) {
      await world.turn(how);
      if (how === 'kill') for (const it of world.generations) it.kill();
      current = world.generation({ post });
      const it = current;
      await it.asked(() => it.core.start());
    }
  }
  await Promise.all([
    (async () => {
      const it = current;
      await it.asked(() => it.core.start());
      // All sites are held for something else: the browser itself keeps no report from going anywhere.
      await ask('site-insight');
      await ask(ID);
      await Promise.all([livePerson(), liveWorld(), sending(), killing()]);
    })(),
    world.run(),
  ]);
  for (const it of world.generations) it.kill();

  if (browser.policy === unread) browser.policy = {};
  const last = background(browser);
  await last.core.start();
  await last.core.handBack();
  const entries = (await last.core.openStatus().database.getAll('ledger')) as LedgerEntry[];
  for (const { url, grantId } of posted) {
    const shown = entries.find((entry) => entry.kind === 'granted' && entry.grantId === grantId)?.notice?.endpoint?.url;
    if (shown !== url) wrong.push(`${url} got what was for ${shown}`);
  }
  const live = await last.core.liveGrants();
  for (const grant of live) if (hasMoved(grant, last.core.endpoints)) wrong.push('live for an endpoint that moved');
  const spare = surplus(await browser.permissions.held(), live);
  if (!isEmpty(spare)) wrong.push(`the browser holds ${JSON.stringify(spare)}`);
  return { wrong: [...wrong, ...world.witness.violations], sent: posted.length };
}

test(
  'whatever the order of steps, a report goes where its notice said, or nowhere',
  async () => {
    let sent = 0;
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), story, async (scheduler, told) => {
        const played = await play(scheduler, told);
        expect(played.wrong).toEqual([]);
        sent += played.sent;
      }),
      { numRuns },
    );
    expect(sent).toBeGreaterThan(numRuns / 4);
  },
  Math.max(60_000, numRuns * 1000),
);

/** What happens to a browser while backgrounds run in it, and what must be true of it, whatever the order. */
import fc from 'fast-check';
import { type CapabilityId, capability, lifetimes, needsOf } from '../../utils/catalogue/catalogue';
import { ALL, type Scope } from '../../utils/catalogue/scope';
import { ChainVerifier } from '../../utils/grants/chain';
import { holdsAll, surplus } from '../../utils/grants/holdings';
import type { LedgerEntry, LedgerKind } from '../../utils/grants/ledger-entry';
import type { RecordDraft } from '../../utils/leases/lease';
import { askingLock } from '../../utils/messages/names';
import { isEmpty } from '../../utils/platform/browser-types';
import { HOUR_MS, MINUTE_MS } from '../../utils/platform/clock';
import { forbids } from '../../utils/policy/managed';
import { background, FakeBrowser } from './fake-world';
import { openPrompt } from './journey';
import { type Generation, ScheduledWorld } from './scheduled';

const SITE = '*://shop.example/*';
const about = fc.constantFrom<[CapabilityId, Scope]>(
  ['browsing-time', ALL],
  ['site-insight', ALL],
  ['site-insight', SITE],
);

const personDoes = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constant('grant' as const),
      about,
      lifetime: fc.constantFrom(...lifetimes),
      browserSays: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('revoke' as const), about }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constantFrom('stop-all' as const) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constantFrom('not-now' as const, 'never' as const), about }) },
);
const worldDoes = fc.oneof(
  { weight: 2, arbitrary: fc.record({ does: fc.constantFrom('alarm' as const, 'tick' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constantFrom('kill' as const, 'overlap' as const, 'restart' as const) }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('remove' as const), about }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('give' as const), about }) },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('policy' as const),
      forbidden: fc.subarray<CapabilityId>(['browsing-time', 'site-insight']),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('clock' as const),
      byMs: fc.constantFrom(-2 * HOUR_MS, -2 * MINUTE_MS, 5 * MINUTE_MS, HOUR_MS, 2 * HOUR_MS),
    }),
  },
);
const writes = fc.record({
  lease: fc.oneof({ weight: 3, arbitrary: fc.nat({ max: 1 }) }, { weight: 1, arbitrary: fc.nat({ max: 5 }) }),
  site: fc.constantFrom('shop.example', 'other.example'),
  rows: fc.constantFrom(1, 1, 1, 2, 2, 101),
});

export const story = fc.record({
  /** What is granted before the story begins. */
  before: fc.subarray<[CapabilityId, Scope]>(
    [
      ['browsing-time', ALL],
      ['site-insight', ALL],
      ['site-insight', SITE],
    ],
    { minLength: 1 },
  ),
  /** For how long. */
  lifetime: fc.constantFrom('until-revoked' as const, 'until-revoked' as const, 'hour' as const, 'session' as const),
  person: fc.array(personDoes, { minLength: 1, maxLength: 5 }),
  world: fc.array(worldDoes, { maxLength: 4 }),
  writers: fc.array(fc.array(writes, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 2 }),
});
export type Story = typeof story extends fc.Arbitrary<infer T> ? T : never;

const rowsOf = (capabilityId: CapabilityId, key: string, site: string, atMs: number, count: number): RecordDraft[] =>
  Array.from({ length: count }, (_, n) => ({
    key: `${key}.${n}`,
    site,
    atMs,
    data: capabilityId === 'browsing-time' ? { attentionMs: 1 } : { party: 'party.example', requests: 1 },
  }));

/** Kinds of the ledger that change a grant's state, and whether it is live after them. */
const liveAfter: Partial<Record<LedgerKind, boolean>> = {
  granted: true,
  resumed: true,
  refused: false,
  never: false,
  revoked: false,
  expired: false,
  paused: false,
};

/** Plays the story in the scheduler's order. @returns what was not as it must be; empty where all was. */
export async function play(
  scheduler: fc.Scheduler,
  { before, lifetime, person, world: happens, writers }: Story,
): Promise<string[]> {
  const browser = new FakeBrowser();
  const world = new ScheduledWorld(scheduler, browser);
  const wrong: string[] = [];
  const acknowledged: string[] = [];
  let current = world.generation();
  /** Nothing but the person ends a grant or takes a permission away. */
  const undisturbed = happens.every((step) => ['alarm', 'tick', 'give', 'overlap'].includes(step.does));
  const begin = (it: Generation) => it.asked(() => it.core.start());

  async function ask(
    id: CapabilityId,
    scope: Scope,
    answer: 'not-now' | 'never' | { lifetime: (typeof lifetimes)[number]; browserSays: boolean },
  ) {
    const release = browser.locks.hold(askingLock(id));
    try {
      const it = current;
      await it.asked(() => it.core.settled());
      if (!it.alive || it.core.status.kind !== 'open') return;
      const nonce = await it.asked(() => openPrompt(it, id, scope));
      if (nonce === 'cut') return;
      if (typeof answer === 'string') {
        await it.asked(() => it.core.declinePrompt(nonce, answer));
        return;
      }
      // The click: the browser is asked first, the message goes beside it.
      const intending = it.asked(() => it.core.allow(nonce, scope, answer.lifetime));
      await world.turn('the browser answers');
      if (answer.browserSays) {
        browser.permissions.give(needsOf(id, scope, true, null));
        world.permissionsChanged();
      }
      await intending;
      const settled = await it.asked(() => it.core.settlePrompt(nonce));
      if (undisturbed && answer.browserSays && settled !== 'cut' && settled.kind !== 'granted') {
        wrong.push(`the person and the browser said yes, and it is ${settled.kind}`);
      }
    } finally {
      release();
    }
  }

  async function livePerson() {
    for (const step of person) {
      await world.turn(`person: ${step.does}`);
      if (step.does === 'grant') await ask(...step.about, step);
      else if (step.does === 'not-now' || step.does === 'never') await ask(...step.about, step.does);
      else {
        const it = current;
        if (it.core.status.kind !== 'open') continue;
        if (step.does === 'stop-all') await it.asked(() => it.core.stopAll());
        else await it.asked(() => it.core.revoke(...step.about));
      }
    }
  }

  async function liveWorld() {
    for (const step of happens) {
      await world.turn(`world: ${step.does}`);
      if (step.does === 'clock') browser.nowMs += step.byMs;
      else if (step.does === 'policy') {
        browser.policy = { forbiddenCapabilities: step.forbidden };
        world.policyChanged();
      } else if (step.does === 'remove' || step.does === 'give') {
        const needs = needsOf(...step.about, true, null);
        if (step.does === 'remove') browser.permissions.take(needs);
        else browser.permissions.give(needs);
        world.permissionsChanged();
      } else if (step.does === 'alarm' || step.does === 'tick') {
        const it = current;
        await it.asked(() => (step.does === 'tick' ? it.core.tick() : it.core.reconcile()));
      } else {
        // An overlapping background goes on; a killed one does not.
        if (step.does !== 'overlap') for (const it of world.generations) it.kill();
        if (step.does === 'restart') browser.restart();
        current = world.generation();
        await begin(current);
      }
    }
  }

  async function write(steps: Story['writers'][number], name: string) {
    for (const [n, step] of steps.entries()) {
      await world.turn(`${name}: writes`);
      const leases = world.leases();
      const lease = leases[leases.length - 1 - (step.lease % Math.max(1, leases.length))];
      const it = world.generations.find((one) => lease !== undefined && one.leases.includes(lease));
      if (!lease || !it || capability(lease.capability).keepDays === null) continue;
      const records = rowsOf(lease.capability, `${name}-${n}`, step.site, browser.nowMs, step.rows);
      const written = await it.asked(() => lease.write({ records, uses: 1, checkpoint: n }));
      if (written !== 'cut' && written.kind === 'kept') {
        acknowledged.push(...records.map((record) => `${lease.grantId}|${record.key}`));
      }
    }
  }

  async function everyone() {
    if ((await begin(current)) === 'cut') return;
    for (const [id, scope] of before) await ask(id, scope, { lifetime, browserSays: true });
    await Promise.all([livePerson(), liveWorld(), ...writers.map((steps, n) => write(steps, `writer-${n}`))]);
  }
  let failure: unknown;
  let over = false;
  everyone().then(
    () => {
      over = true;
    },
    (error: unknown) => {
      failure = error;
    },
  );
  await world.run();
  if (failure !== undefined) wrong.push(`somebody failed: ${String((failure as Error).stack ?? failure)}`);
  else if (!over) wrong.push('somebody waits for ever');
  for (const it of world.generations) {
    wrong.push(...it.errors.map((error) => `${it.name} reported ${String((error as Error)?.stack ?? error)}`));
    if (it.alive) it.kill();
  }

  // What the next start finds, with nothing else going on.
  const last = background(browser);
  await last.core.start();
  await last.core.handBack();
  await last.core.settled();
  wrong.push(...world.witness.violations, ...last.errors.map((error) => `the last start reported ${String(error)}`));
  if (last.core.status.kind !== 'open') return [...wrong, 'the last start found no database'];
  const { database, book } = last.core.status;
  const { grants, fences, intents, unreadable } = await book.everything();
  const entries = (await database.getAll('ledger')) as LedgerEntry[];
  if (unreadable > 0) wrong.push(`${unreadable} rows don’t parse`);
  if (intents.length > 0) wrong.push('a question stands that nobody can answer');

  const verifier = new ChainVerifier();
  verifier.add(entries);
  const verdict = verifier.verdict(browser.local.values.get('head') as { seq: number; hash: string } | undefined);
  if (verdict.kind !== 'intact') wrong.push(`the ledger is broken at ${verdict.seq}: ${verdict.why}`);
  if (entries.some((entry) => entry.kind === 'history-lost')) wrong.push('a history counts as lost that was not');

  const said = new Map<string, LedgerEntry>();
  let epoch = 0;
  for (const entry of entries) {
    if (liveAfter[entry.kind] === undefined) continue;
    if (entry.epoch <= epoch) wrong.push(`epoch ${entry.epoch} came after ${epoch}`);
    epoch = entry.epoch;
    said.set(`${entry.capability} ${entry.scope}`, entry);
  }
  for (const fence of fences) {
    const entry = said.get(`${fence.capability} ${fence.scope}`);
    const agrees =
      entry && entry.epoch === fence.epoch && entry.grantId === fence.grantId && liveAfter[entry.kind] === fence.live;
    if (!agrees) wrong.push(`fence and ledger differ: ${JSON.stringify(fence)} ${JSON.stringify(entry)}`);
  }
  if (said.size !== fences.length || grants.length !== fences.length) wrong.push('a fence or a grant is missing');

  const live = await last.core.liveGrants();
  for (const grant of grants) {
    if (grant.state === 'granted' && forbids(last.core.managed, grant.capability)) {
      wrong.push(`granted although forbidden: ${grant.capability} ${grant.scope}`);
    }
  }
  const held = await browser.permissions.held();
  if (!isEmpty(surplus(held, live))) wrong.push(`the browser holds ${JSON.stringify(surplus(held, live))}`);
  for (const grant of live) {
    if (!holdsAll(grant, held, true)) wrong.push(`live without its permission: ${grant.capability} ${grant.scope}`);
  }
  const leased = last.core.office.leases().map((lease) => `${lease.capability} ${lease.scope} ${lease.epoch}`);
  const wanted = live.map((grant) => `${grant.capability} ${grant.scope} ${grant.epoch}`);
  if (leased.sort().join() !== wanted.sort().join()) wrong.push(`leases differ: ${leased.join()} / ${wanted.join()}`);

  const kept = new Set(await database.getAllKeys('records'));
  const lost = acknowledged.filter((id) => !kept.has(id));
  if (lost.length > 0) wrong.push(`acknowledged and missing: ${lost.slice(0, 3).join()}`);
  return wrong;
}

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { policy201901 } from '../../../utils/policy/2019-01';
import { upcomingPolicy } from '../../fixtures/policy-next';
import { background as worldBackground } from '../../sim/fake-world';

/** Modules as a build of that policy has them. */
async function build(upcoming: typeof upcomingPolicy | null) {
  vi.resetModules();
  vi.stubGlobal('__UPCOMING_POLICY__', upcoming);
  const [world, journey, policy, differences] = await Promise.all([
    import('../../sim/fake-world'),
    import('../../sim/journey'),
    import('../../../utils/policy/versions'),
    import('../../../utils/policy/differences'),
  ]);
  return { ...world, ...journey, ...policy, ...differences };
}

describe('an update that brings a newer policy', () => {
  let old: Awaited<ReturnType<typeof build>>;
  let updated: Awaited<ReturnType<typeof build>>;
  beforeAll(async () => {
    old = await build(null);
    updated = await build(upcomingPolicy);
  });
  afterAll(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
    expect(worldBackground).toBeDefined();
  });

  test('is in force in that build alone', () => {
    expect(old.currentPolicy.version).toBe('2019-01');
    expect(updated.currentPolicy.version).toBe('2027-01');
  });

  test('pauses the grants on the changed clause, tells, and leaves the others on', async () => {
    const browser = new old.FakeBrowser();
    const first = old.background(browser);
    await first.core.start();
    await old.grant(browser, first, 'browsing-time');
    await old.grant(browser, first, 'notifications');
    const second = updated.background(browser);
    await second.core.start();
    const { grants, fences } = await second.core.openStatus().book.everything();
    const state = Object.fromEntries(grants.map((grant) => [grant.capability, grant.state]));
    expect(state).toEqual({ 'browsing-time': 'paused', notifications: 'granted' });
    expect(fences.find((fence) => fence.capability === 'browsing-time')?.live).toBe(false);
    expect(second.leases.map((lease) => lease.capability)).toEqual(['notifications']);
    // A paused grant hands its permission back.
    expect([...browser.permissions.permissions]).not.toContain('tabs');
    expect([...browser.permissions.permissions]).toContain('notifications');
    const entries = (await second.core.openStatus().database.getAll('ledger')) as Record<string, unknown>[];
    expect(entries.slice(4)).toMatchObject([
      { kind: 'policy-changed', by: 'policy', details: { from: '2019-01', to: '2027-01', clauses: ['I.5', 'II.5'] } },
      { kind: 'paused', by: 'policy', capability: 'browsing-time', details: { clauses: ['I.5'] } },
    ]);
    expect(second.told.map((entry) => entry.kind)).toEqual(['policy-changed', 'paused']);
    expect(first.errors).toEqual([]);
    expect(second.errors).toEqual([]);

    // Said once, not with every start; asked again, it goes on under the same grant.
    const third = updated.background(browser);
    await third.core.start();
    expect(third.told).toEqual([]);
    const paused = grants.find((grant) => grant.capability === 'browsing-time');
    expect(await updated.grant(browser, third, 'browsing-time')).toMatchObject({ kind: 'granted' });
    const after = await third.core.openStatus().book.everything();
    const resumed = after.grants.find((grant) => grant.capability === 'browsing-time');
    expect(resumed).toMatchObject({ state: 'granted', grantId: paused?.grantId, seals: [] });
    expect(resumed?.epoch).toBeGreaterThan(paused?.epoch ?? 0);
    expect(resumed?.notice?.policyVersion).toBe('2027-01');
    const last = (await third.core.openStatus().database.getAll('ledger')).at(-1);
    expect(last).toMatchObject({ kind: 'resumed', by: 'person' });
    // And it stays on at the next start.
    const fourth = updated.background(browser);
    await fourth.core.start();
    expect(fourth.leases.map((lease) => lease.capability).sort()).toEqual(['browsing-time', 'notifications']);
  });

  test('shows the change clause by clause', () => {
    const clauses = old.grantedClauses(['I.5', 'II.5', 'III']);
    expect(old.differences(clauses)).toEqual([]);
    expect(updated.differences(clauses)).toMatchObject([
      {
        id: 'I.5',
        kind: 'substance',
        before: policy201901.clauses.find((clause) => clause.id === 'I.5')?.text,
        now: upcomingPolicy.clauses.find((clause) => clause.id === 'I.5')?.text,
      },
      { id: 'II.5', kind: 'editorial' },
    ]);
  });

  test('pauses a grant whose clause no version knows', async () => {
    const browser = new old.FakeBrowser();
    const first = old.background(browser);
    await first.core.start();
    await old.grant(browser, first, 'notifications');
    const { database } = first.core.openStatus();
    const row = (await database.get('grants', ['notifications', '*'])) as { notice: object };
    await database.put('grants', {
      ...row,
      notice: { ...row.notice, clauses: [{ id: 'II.5', hash: 'f'.repeat(64) }] },
    });
    const second = old.background(browser);
    await second.core.start();
    expect(second.leases).toEqual([]);
    const { grants } = await second.core.openStatus().book.everything();
    expect(grants[0]).toMatchObject({ state: 'paused' });
  });
});

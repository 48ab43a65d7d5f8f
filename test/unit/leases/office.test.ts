import { describe, expect, test } from 'vitest';
import type { CapabilityId } from '../../../utils/catalogue/catalogue';
import type { Grant } from '../../../utils/grants/schema';
import type { Lease } from '../../../utils/leases/lease';
import { LeaseOffice } from '../../../utils/leases/office';

function open(start: (lease: Lease) => Promise<void> = async () => undefined) {
  const started: Lease[] = [];
  const office = new LeaseOffice({
    write: async () => ({ kind: 'kept' }),
    lastCheckpoint: async () => undefined,
    start: (lease) => {
      started.push(lease);
      return start(lease);
    },
  });
  return { office, started };
}

const grantOf = (scope = '*', epoch = 1, capability: CapabilityId = 'site-insight', grantId = 'g'): Grant => ({
  capability,
  scope,
  grantId,
  state: 'granted',
  epoch,
  sinceMs: 5,
  lifetime: 'until-revoked',
  validUntilMs: null,
  session: null,
  notice: null,
  quietUntilMs: 0,
  lastUsedMs: 5,
  seals: [],
});

describe('the lease office', () => {
  test('issues one lease for a grant, and the same again while nothing changed', async () => {
    const { office, started } = open();
    const lease = await office.issue(grantOf(), []);
    expect(lease).toMatchObject({ capability: 'site-insight', scope: '*', grantId: 'g', epoch: 1, grantedAtMs: 5 });
    expect(await office.issue(grantOf(), [])).toBe(lease);
    expect(started).toHaveLength(1);
  });

  test('ends the lease of an older epoch, grant, or set of sites before it issues another', async () => {
    const { office } = open();
    const first = await office.issue(grantOf(), []);
    const second = await office.issue(grantOf('*', 2), []);
    expect(first?.signal.aborted).toBe(true);
    const third = await office.issue(grantOf('*', 2), ['*://a.example/*']);
    expect(second?.signal.aborted).toBe(true);
    const fourth = await office.issue(grantOf('*', 2, 'site-insight', 'other'), ['*://a.example/*']);
    expect(third?.signal.aborted).toBe(true);
    expect(fourth?.signal.aborted).toBe(false);
    expect(office.leases()).toEqual([fourth]);
  });

  test('aborts before `end` returns, and never issues an ended epoch again', async () => {
    const { office } = open();
    const lease = await office.issue(grantOf('*', 4), []);
    office.end('site-insight', '*');
    expect(lease?.signal.aborted).toBe(true);
    expect(office.lease('site-insight', '*')).toBeUndefined();
    // A read that began before the end still says granted.
    expect(await office.issue(grantOf('*', 4), [])).toBeUndefined();
    expect(await office.issue(grantOf('*', 3), [])).toBeUndefined();
    expect(await office.issue(grantOf('*', 5), [])).toBeDefined();
  });

  test('never issues an epoch that was over before its lease was', async () => {
    const { office, started } = open();
    // Revoked while another capability's start was waited for: there was no lease to end yet.
    office.end('site-insight', '*', 5);
    expect(await office.issue(grantOf('*', 4), [])).toBeUndefined();
    expect(started).toEqual([]);
    expect(await office.issue(grantOf('*', 6), [])).toBeDefined();
  });

  test('issues a suspended grant again', async () => {
    const { office } = open();
    const lease = await office.issue(grantOf(), []);
    office.suspendAll();
    expect(lease?.signal.aborted).toBe(true);
    expect(office.leases()).toEqual([]);
    expect(await office.issue(grantOf(), [])).toBeDefined();
  });

  test('holds capabilities and scopes apart', async () => {
    const { office } = open();
    await office.issue(grantOf('*'), []);
    const site = await office.issue(grantOf('*://a.example/*'), []);
    const time = await office.issue(grantOf('*', 1, 'browsing-time'), []);
    office.end('site-insight', '*');
    expect(office.leases()).toEqual([site, time]);
  });

  test('gives a site the lease of the narrowest grant that covers it', async () => {
    const { office } = open();
    const scopes = ['*://*.example.org/*', '*', '*://a.example.org/*'];
    for (const scope of scopes) await office.issue(grantOf(scope), []);
    await office.issue(grantOf('*', 1, 'browsing-time'), []);
    const scopeFor = (host: string) => office.leaseFor('site-insight', host)?.scope;
    expect(scopeFor('a.example.org')).toBe('*://a.example.org/*');
    expect(scopeFor('b.example.org')).toBe('*://*.example.org/*');
    expect(scopeFor('other.example')).toBe('*');
    office.end('site-insight', '*');
    expect(scopeFor('other.example')).toBeUndefined();
    expect(office.leaseFor('site-cleaner', 'a.example.org')).toBeUndefined();
  });

  test('gives a site that was taken out no lease of all sites', async () => {
    const { office } = open();
    await office.issue(grantOf('*'), ['*://a.example/*', '*://*.b.example/*']);
    expect(office.leaseFor('site-insight', 'a.example')).toBeUndefined();
    expect(office.leaseFor('site-insight', 'x.b.example')).toBeUndefined();
    expect(office.leaseFor('site-insight', 'c.example')?.scope).toBe('*');
  });

  test('passes on a start that failed', async () => {
    const { office } = open(() => Promise.reject(new Error('no API')));
    await expect(office.issue(grantOf(), [])).rejects.toThrow('no API');
  });
});

/** What content scripts send, and what an organisation's policy says. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ScriptConnection } from '../../utils/capabilities/capability';
import { start } from '../../utils/capabilities/site-insight';
import { capabilityIds } from '../../utils/catalogue/catalogue';
import { insightRecord } from '../../utils/catalogue/record';
import { ALL } from '../../utils/catalogue/scope';
import { readRow } from '../../utils/catalogue/shapes';
import { Channel } from '../../utils/leases/forwarder';
import { barred, forbids, lockableSections, parseManaged } from '../../utils/policy/managed';
import { FakeBrowser } from '../sim/fake-world';
import { grant } from '../sim/journey';
import { settle, stage } from '../unit/capabilities/stage';
import { almostText, hostile, strange } from './mutations';
import { runs, TIMEOUT_MS } from './runs';
import { world } from './world';

/** The grant and epoch that a batch says it is sent under. */
function stampOf(batch: unknown): object {
  const { grantId, epoch } = (typeof batch === 'object' && batch !== null ? batch : {}) as Record<string, unknown>;
  return { grantId, epoch };
}

/** Batches that one page sends. */
const BATCHES = 2;
/** Policies that one background meets: a history without end would be read again for each. */
const POLICIES = 10;
const policed = ['browsing-time', 'site-insight'] as const;

describe('a content script', () => {
  test(
    'that sends anything is cut off, or has kept what a batch of this very lease says, and nothing else',
    async () => {
      const s = await stage();
      const { lease } = await s.lease('site-insight');
      const { lease: other } = await s.lease('site-insight', '*://other.example/*');
      const inside = s.world();
      await start(lease as never, inside);
      const sample = {
        kind: 'seen',
        grantId: lease.grantId,
        epoch: lease.epoch,
        hosts: [
          ['cdn.ads.example', 3],
          ['shop.example', 2],
          ['www.shop.example', 1],
        ],
      };
      const host = fc.oneof(almostText('cdn.ads.example'), strange, fc.domain());
      const batch = fc.oneof(
        { weight: 3, arbitrary: hostile(sample) },
        {
          weight: 1,
          arbitrary: fc.constantFrom<unknown>({ ...sample, grantId: other.grantId }, { ...sample, epoch: other.epoch }),
        },
        {
          weight: 2,
          arbitrary: fc
            .array(fc.tuple(host, fc.oneof(fc.nat(), strange)), { maxLength: 5 })
            .map((hosts) => ({ ...sample, hosts })),
        },
      );
      await fc.assert(
        fc.asyncProperty(fc.array(batch, { minLength: BATCHES, maxLength: BATCHES }), async (batches) => {
          await s.database.clear('records');
          const messages: ScriptConnection['messages'] = new Channel();
          const closed: ScriptConnection['closed'] = new Channel();
          let open = true;
          const cut = () => {
            open = false;
            closed.emit();
          };
          inside.on.connected.emit(lease as never, {
            site: 'shop.example',
            send: () => undefined,
            cut,
            messages,
            closed,
          });
          for (const one of batches) if (open) messages.emit(one);
          // One more write comes after all that were begun.
          await lease.write({ uses: 1 });
          const rows = await s.database.getAll('records');
          const names = (one: unknown) =>
            isDeepStrictEqual(stampOf(one), { grantId: lease.grantId, epoch: lease.epoch });
          if (!batches.some(names)) expect(rows).toEqual([]);
          for (const raw of rows) {
            const row = readRow(insightRecord, raw);
            expect(row, JSON.stringify(raw)).toBeDefined();
            expect(row).toMatchObject({ grantId: lease.grantId, epoch: lease.epoch, site: 'shop.example' });
            expect(row?.party.endsWith('shop.example')).toBe(false);
          }
          if (open) closed.emit();
          expect(s.played.errors).toEqual([]);
        }),
        runs(100, BATCHES),
      );
      await settle();
    },
    TIMEOUT_MS,
  );
});

const policy = {
  forbiddenCapabilities: ['notifications', 'browsing-time'],
  lockedSections: ['permissions'],
  allowedSyncServers: ['https://cloud.example'],
  endpoints: {
    statistics: { url: 'https://stats.example/v1', place: 'DE' },
    crashes: { dsn: 'https://key@crash.example/1', place: 'DE' },
  },
};

/** Policies come as JSON. */
function asBrowsersHandOver(raw: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(raw) ?? 'null');
  } catch {
    return null;
  }
}

describe('an organisation’s policy', () => {
  test(
    'of any shape is read without a fault; what it names is forbidden, what can’t be read forbids',
    () => {
      fc.assert(
        fc.property(hostile(policy), (raw) => {
          const managed = parseManaged(raw);
          for (const id of managed.forbidden) expect(capabilityIds).toContain(id);
          for (const section of managed.locked) expect(lockableSections).toContain(section);
          const given = (typeof raw === 'object' && raw !== null ? raw : {}) as { forbiddenCapabilities?: unknown };
          const named = Object.hasOwn(given, 'forbiddenCapabilities') ? given.forbiddenCapabilities : undefined;
          for (const id of capabilityIds) {
            if (Array.isArray(named) && named.includes(id)) expect(forbids(managed, id)).toBe(true);
            if (forbids(managed, id)) expect(barred(managed, id)).toBeDefined();
          }
          if (named !== undefined && named !== null && typeof named !== 'string' && !Array.isArray(named)) {
            expect(managed.forbidden).toEqual(capabilityIds);
          }
          for (const url of managed.syncServers ?? []) expect(new URL(url).protocol).toBe('https:');
        }),
        runs(500),
      );
    },
    TIMEOUT_MS,
  );

  test(
    'set and changed while Cloudopt runs ends what it forbids, and never grants what was not granted',
    async () => {
      const drawn = fc.array(hostile(policy).map(asBrowsersHandOver), { minLength: POLICIES, maxLength: POLICIES });
      await fc.assert(
        fc.asyncProperty(drawn, async (policies) => {
          const browser = new FakeBrowser();
          browser.permissions.give({ permissions: ['tabs', 'idle', 'notifications'], origins: ['*://*/*'] });
          browser.permissions.keepsAll = true;
          const w = await world(browser);
          for (const raw of policies) {
            browser.policy = {};
            await w.core.managedChanged();
            for (const id of policed) {
              if (!w.core.office.lease(id, ALL)) await grant(browser, w, id);
            }
            browser.policy = raw;
            await w.core.managedChanged();
            const allowed = policed.filter((id) => !forbids(parseManaged(raw), id));
            const live = w.core.office.leases().map((lease) => lease.capability);
            expect(live.sort()).toEqual(allowed);
            expect(w.errors.map(String).filter((text) => !text.includes('an enterprise policy holds it'))).toEqual([]);
            w.errors.length = 0;
          }
          w.core.openStatus().database.close();
        }),
        runs(8, POLICIES),
      );
    },
    TIMEOUT_MS,
  );
});

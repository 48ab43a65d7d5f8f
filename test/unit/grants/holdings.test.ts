import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CapabilityId, catalogue, needsOf, requiredPermissions } from '../../../utils/catalogue/catalogue';
import { noEndpoints } from '../../../utils/catalogue/endpoints';
import { ALL } from '../../../utils/catalogue/scope';
import {
  candidates,
  heldFor,
  holdsAll,
  intersection,
  missing,
  scopeOfOrigin,
  surplus,
  type Wanted,
} from '../../../utils/grants/holdings';
import { emptyHeld, type Held, isEmpty } from '../../../utils/platform/browser-types';

const sites = ['*://a.example/*', 'https://a.example/*', 'http://a.example/*', '*://*.a.example/*', '*://b.example/*'];
const held: fc.Arbitrary<Held> = fc.record({
  permissions: fc.subarray([...requiredPermissions, 'tabs', 'idle', 'browsingData', 'notifications', 'history']),
  origins: fc.subarray([...sites, '*://*/*', '<all_urls>', 'http://*/*', 'https://*/*', 'file:///*']),
  dataCollection: fc.subarray(['technicalAndInteraction', 'browsingActivity']),
});
const wanted: fc.Arbitrary<Wanted> = fc.oneof(
  fc.record({ capability: fc.constant('site-insight' as const), scope: fc.constantFrom(ALL, ...sites) }),
  fc.record({
    capability: fc.constantFrom<CapabilityId>('browsing-time', 'site-cleaner', 'notifications'),
    scope: fc.constant(ALL),
  }),
);
const live = fc.uniqueArray(wanted, { maxLength: 5, selector: (one) => `${one.capability} ${one.scope}` });

const without = (from: Held, what: Held): Held => ({
  permissions: from.permissions.filter((name) => !what.permissions.includes(name)),
  origins: from.origins.filter((name) => !what.origins.includes(name)),
  dataCollection: from.dataCollection.filter((name) => !what.dataCollection.includes(name)),
});
const plus = (a: Held, b: Held): Held => ({
  permissions: [...new Set([...a.permissions, ...b.permissions])],
  origins: [...new Set([...a.origins, ...b.origins])],
  dataCollection: [...new Set([...a.dataCollection, ...b.dataCollection])],
});
const granted = (grants: readonly Wanted[]): Held =>
  grants.map(({ capability, scope }) => needsOf(capability, scope, true, null)).reduce<Held>(plus, emptyHeld);

describe('what is missing', () => {
  test('is nothing once all that is needed is held, whatever else is', () => {
    fc.assert(
      fc.property(held, wanted, (more, one) => {
        expect(holdsAll(one, plus(more, needsOf(one.capability, one.scope, true, null)), true)).toBe(true);
      }),
    );
  });

  test('once given, is missing no more; and giving more never makes it missing', () => {
    fc.assert(
      fc.property(held, held, wanted, (some, more, one) => {
        expect(holdsAll(one, plus(some, missing(one, some, true)), true)).toBe(true);
        if (holdsAll(one, some, true)) expect(holdsAll(one, plus(some, more), true)).toBe(true);
      }),
    );
  });

  test('is all of it where the browser holds nothing', () => {
    fc.assert(
      fc.property(wanted, (one) => {
        expect(missing(one, emptyHeld, true)).toEqual(needsOf(one.capability, one.scope, true, null));
      }),
    );
  });

  test.each([
    ['*://a.example/*', ['*://*/*'], true],
    ['*://a.example/*', ['<all_urls>'], true],
    ['*://a.example/*', ['http://*/*', 'https://*/*'], true],
    ['*://a.example/*', ['https://*/*'], false],
    ['https://a.example/*', ['https://*/*'], true],
    ['https://a.example/*', ['http://*/*'], false],
    ['*://a.example/*', ['http://a.example/*', 'https://a.example/*'], true],
    ['*://a.example/*', ['https://a.example/*'], false],
    ['https://a.example/*', ['*://a.example/*'], true],
    ['*://b.a.example/*', ['*://*.a.example/*'], true],
    ['*://*.a.example/*', ['*://a.example/*'], false],
    ['*', ['*://*/*'], true],
    ['*', ['<all_urls>'], true],
    ['*', ['http://*/*', 'https://*/*'], true],
    ['*', ['*://a.example/*'], false],
  ])('for %s, of %j: held is %s', (scope, origins, holds) => {
    expect(holdsAll({ capability: 'site-insight', scope }, { ...emptyHeld, origins }, true)).toBe(holds);
  });
});

describe('what no grant explains', () => {
  test('dropped, leaves every live grant what it was given', () => {
    fc.assert(
      fc.property(held, live, (more, grants) => {
        const all = plus(more, granted(grants));
        const left = without(all, surplus(all, grants));
        for (const one of grants) expect(holdsAll(one, left, true)).toBe(true);
        expect(isEmpty(surplus(left, grants))).toBe(true);
        expect(left.permissions.filter((name) => !granted(grants).permissions.includes(name)).sort()).toEqual(
          all.permissions
            .filter((name) => (requiredPermissions as readonly string[]).includes(name))
            .filter((name) => !granted(grants).permissions.includes(name))
            .sort(),
        );
      }),
      { numRuns: 500 },
    );
  });

  test('is everything but the required, where nothing is granted', () => {
    fc.assert(
      fc.property(held, (all) => {
        const required: readonly string[] = requiredPermissions;
        expect(surplus(all, [])).toEqual({ ...all, permissions: all.permissions.filter((p) => !required.includes(p)) });
      }),
    );
  });

  test('shrinks with every grant more', () => {
    fc.assert(
      fc.property(held, live, wanted, (all, grants, one) => {
        const fewer = surplus(all, [...grants, one]);
        expect(intersection(fewer, surplus(all, grants))).toEqual(fewer);
      }),
    );
  });

  test('never names a narrow site as explained by another', () => {
    const all = { ...emptyHeld, origins: ['*://a.example/*', '*://b.example/*'] };
    expect(surplus(all, [{ capability: 'site-insight', scope: '*://a.example/*' }]).origins).toEqual([
      '*://b.example/*',
    ]);
  });
});

describe('what goes back when a grant ends', () => {
  test('serves it, and no live grant', () => {
    fc.assert(
      fc.property(held, live, wanted, (more, grants, ended) => {
        const others = grants.filter((one) => one.capability !== ended.capability || one.scope !== ended.scope);
        const all = plus(plus(more, granted(others)), granted([ended]));
        const back = heldFor(ended, all, others);
        const left = without(all, back);
        for (const one of others) expect(holdsAll(one, left, true)).toBe(true);
        // Nothing of what it needed stays, unless others need it.
        expect(isEmpty(heldFor(ended, left, others))).toBe(true);
        expect(intersection(back, surplus(all, others))).toEqual(back);
        const needs = needsOf(ended.capability, ended.scope, true, null);
        expect(back.permissions.filter((name) => !needs.permissions.includes(name))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  test('takes its sites along with all sites, but not those of a live grant', () => {
    const all = { ...emptyHeld, origins: ['*://*/*', '*://a.example/*', '*://b.example/*'] };
    const ended = { capability: 'site-insight', scope: ALL } as const;
    const site = { capability: 'site-insight', scope: '*://a.example/*' } as const;
    expect(heldFor(ended, all, [site]).origins).toEqual(['*://*/*', '*://b.example/*']);
    expect(heldFor(site, all, [ended]).origins).toEqual([]);
  });
});

test('candidates could have asked for it', () => {
  expect(candidates({ ...emptyHeld, permissions: ['tabs'] }, noEndpoints)).toEqual(['browsing-time']);
  expect(candidates({ ...emptyHeld, origins: ['*://a.example/*'] }, noEndpoints)).toEqual(['site-insight']);
  expect(candidates({ ...emptyHeld, origins: ['<all_urls>'] }, noEndpoints)).toEqual(['site-insight', 'protection']);
  expect(candidates({ ...emptyHeld, permissions: ['history'], dataCollection: ['locationInfo'] }, noEndpoints)).toEqual(
    [],
  );
  expect(candidates({ ...emptyHeld, dataCollection: ['authenticationInfo'] }, noEndpoints)).toEqual(['cloud-sync']);
  expect(candidates({ ...emptyHeld, origins: ['https://dav.example/*'] }, noEndpoints)).toEqual([
    'site-insight',
    'cloud-sync',
  ]);
  for (const id of Object.keys(catalogue) as CapabilityId[])
    expect(candidates(needsOf(id, ALL, true, null), noEndpoints)).toContain(id);
});

test.each(['*://*/*', '<all_urls>', 'http://*/*', 'https://*/*'])('%s stands for all sites', (origin) => {
  expect(scopeOfOrigin(origin)).toBe(ALL);
});

import { describe, expect, test, vi } from 'vitest';
import { lastUsedText } from '../../../components/grant-text';
import {
  filtered,
  filterOfHash,
  fitsSite,
  type PermissionFilter,
  permissionAddress,
  permissionFilterNames,
  permissionOfHash,
} from '../../../components/permission-filter';
import type { CapabilityId } from '../../../utils/catalogue/catalogue';
import type { CapabilityView, ScopeView, ShownState } from '../../../utils/messages/contract';

vi.mock('webextension-polyfill', () => import('./fake-browser'));

const scopeView = (scope: string, state: ShownState): ScopeView => ({
  scope,
  state,
  grantId: `${scope} ${state}`,
  epoch: 1,
  sinceMs: 0,
  lifetime: 'until-revoked',
  validUntilMs: null,
  lastUsedMs: 0,
  excluded: false,
  policyVersion: null,
  changedClauses: [],
  seals: [],
});

const view = (id: CapabilityId, state: ShownState, ...scopes: [string, ShownState][]): CapabilityView => ({
  id,
  state,
  scopes: scopes.map(([scope, now]) => scopeView(scope, now)),
  mayAsk: true,
  mayOffer: false,
});

const SHOP = '*://shop.example/*';
const views = [
  view('site-insight', 'granted', ['*', 'revoked'], [SHOP, 'granted']),
  view('browsing-time', 'paused', ['*', 'paused']),
  view('site-cleaner', 'off'),
  view('notifications', 'never', ['*', 'never']),
  view('protection', 'revoked-but-held', ['*', 'revoked-but-held']),
  view('download-guard', 'forbidden'),
  view('crash-reports', 'revoked', ['*', 'revoked']),
];
const undurable = [{ capability: 'crash-reports' as const, scope: '*', marked: true }];
const ids = (filter: PermissionFilter, site = '') => filtered(views, undurable, filter, site).map(({ id }) => id);

describe('the address of a permission', () => {
  const scopes = (id: CapabilityId) => views.filter((one) => one.id === id).flatMap((one) => one.scopes);

  test('leads to it, whatever its scope', () => {
    for (const { id } of views) {
      for (const { scope } of scopes(id)) {
        const { hash } = new URL(permissionAddress(id, scope), 'https://ours.example');
        expect(permissionOfHash(hash, views)).toEqual({ capability: id, scope });
        expect(filterOfHash(hash)).toBe('all');
      }
    }
  });

  test.each([
    '',
    '#',
    '#permissions',
    '#permissions/of/',
    '#permissions/of/site-insight',
    '*',
    '/*',
    '#permissions/of/x/*',
  ])('%j leads to none', (hash) => expect(permissionOfHash(hash, views)).toBeUndefined());
});

describe('when a grant was last used', () => {
  const day = 86_400_000;
  test.each([
    ['at once', 100 * day, 0, 'not used yet'],
    ['a use', 90 * day, 99 * day, 'when'],
    ['no use for 29 days', 71 * day, 0, 'not used yet'],
    ['no use for 30 days', 70 * day, 0, 'unused for 30 days'],
    ['a use 40 days ago', 10 * day, 60 * day, 'unused for 40 days'],
  ])('%s', (_, sinceMs, lastUsedMs, said) => {
    const shown = lastUsedText({ sinceMs, lastUsedMs }, 100 * day);
    if (said === 'when') expect(shown).not.toMatch(/unused/);
    else expect(shown).toBe(said);
  });
});

describe('a filter by state', () => {
  test.each<[PermissionFilter, CapabilityId[]]>([
    ['on', ['site-insight']],
    ['off', ['site-cleaner', 'notifications', 'download-guard']],
    ['never-asked', ['site-cleaner']],
    ['refused', ['notifications']],
    ['ended', ['site-insight', 'protection', 'crash-reports']],
    ['paused', ['browsing-time']],
    ['attention', ['protection', 'crash-reports']],
    ['barred', ['download-guard']],
  ])('%s', (filter, wanted) => expect(ids(filter)).toEqual(wanted));

  test('everything is on, off, paused or in need of attention: what the summary counts leaves nothing out', () => {
    const counted = (['on', 'off', 'paused', 'attention'] as const).flatMap((filter) => ids(filter));
    expect(new Set(counted)).toEqual(new Set(ids('all')));
    expect(ids('off').filter((id) => ids('on').includes(id) || ids('attention').includes(id))).toEqual([]);
  });
});

describe('a filter by site', () => {
  test('takes a part of a name, and together with a state both', () => {
    expect(ids('all', 'sHop')).toEqual(['site-insight']);
    expect(ids('off', 'shop')).toEqual([]);
  });

  test('a whole name fits what holds for all sites too, but not what has no sites', () => {
    expect(fitsSite('site-insight', '*', 'news.example')).toBe(true);
    expect(fitsSite('site-insight', SHOP, 'news.example')).toBe(false);
    expect(fitsSite('protection', '*', 'news.example')).toBe(true);
    expect(fitsSite('browsing-time', '*', 'news.example')).toBe(false);
    expect(fitsSite('cloud-sync', '*', 'news.example')).toBe(false);
    expect(fitsSite('browsing-time', '*', ' ')).toBe(true);
  });
});

test('the address names a filter, or all are shown', () => {
  for (const name of permissionFilterNames) expect(filterOfHash(`#permissions/${name}`)).toBe(name);
  for (const hash of ['', '#permissions', '#permissions/', '#permissions/toString', '#data/on']) {
    expect(filterOfHash(hash)).toBe('all');
  }
});

import { describe, expect, test } from 'vitest';
import { optionalPermissions, requiredPermissions } from '../../../utils/catalogue/catalogue';
import { manifestProblems, updateProblems } from '../../tools/check-manifest';

const optional = optionalPermissions();
const csp =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' https:; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'; object-src 'none'";
const good = {
  manifest_version: 3,
  permissions: [...requiredPermissions],
  optional_permissions: [...optional.permissions],
  optional_host_permissions: [...optional.origins],
  web_accessible_resources: [{ resources: ['blocked.html'], matches: ['*://*/*'], use_dynamic_url: true }],
  declarative_net_request: {
    rule_resources: ['ads', 'tracking', 'malicious', 'phishing'].map((id) => ({
      id,
      enabled: false,
      path: `${id}.json`,
    })),
  },
  content_security_policy: { extension_pages: csp },
  storage: { managed_schema: 'managed-schema.json' },
};
const firefox = (collection: object) => ({
  ...good,
  browser_specific_settings: { gecko: { data_collection_permissions: collection } },
});

describe('a built manifest', () => {
  test('that says what the catalogue says has no problems', () => {
    expect(manifestProblems(good)).toEqual([]);
    expect(manifestProblems(firefox({ required: ['none'], optional: [...optional.dataCollection] }))).toEqual([]);
  });

  test.each([
    ['a required permission more', { permissions: [...requiredPermissions, 'tabs'] }, 'permissions: tabs'],
    ['a required permission less', { permissions: ['storage'] }, 'permissions: alarms'],
    ['an optional permission of no entry', { optional_permissions: [...optional.permissions, 'history'] }, 'history'],
    ['hosts from the first day', { host_permissions: ['*://*/*'] }, 'host_permissions'],
    ['a content script', { content_scripts: [{ matches: ['*://*/*'], js: ['a.js'] }] }, 'content_scripts'],
    ['a resource that pages reach', { web_accessible_resources: [{ resources: ['a'] }] }, 'web_accessible_resources'],
    [
      'a page that any web page finds',
      { web_accessible_resources: [{ resources: ['blocked.html'], matches: ['*://*/*'] }] },
      'a web page can tell',
    ],
    ['no page in place of blocked ones', { web_accessible_resources: [] }, 'web_accessible_resources'],
    [
      'a ruleset that is on from the first day',
      { declarative_net_request: { rule_resources: [{ id: 'ads', enabled: true, path: 'ads.json' }] } },
      'ads is not off',
    ],
    ['pages that may connect', { externally_connectable: ['*'] }, 'externally_connectable'],
    ['no content security policy', { content_security_policy: undefined }, 'content_security_policy'],
    [
      'a policy that lets pages connect without encryption',
      { content_security_policy: { extension_pages: csp.replace('https:', 'https: http:') } },
      "connect-src is not 'self' https:",
    ],
    [
      'a policy that lets scripts in from elsewhere',
      {
        content_security_policy: { extension_pages: csp.replace("script-src 'self'", 'script-src https://x.example') },
      },
      'script-src allows',
    ],
    ['no schema for an organisation’s policy', { storage: undefined }, 'managed_schema'],
    ['version 2', { manifest_version: 2 }, 'manifest_version'],
  ])('with %s has one', (_what, change, problem) => {
    expect(manifestProblems({ ...good, ...change }).join()).toContain(problem);
  });

  test('with a data collection type of no entry has one', () => {
    expect(
      manifestProblems(firefox({ required: ['none'], optional: [...optional.dataCollection, 'locationInfo'] })),
    ).toHaveLength(1);
    expect(manifestProblems(firefox({ required: [], optional: [...optional.dataCollection] }))).toHaveLength(1);
  });
});

describe('an update', () => {
  test('that requires what the last release did, less, or what no browser warns of, is taken in place', () => {
    expect(updateProblems(good)).toEqual([]);
    expect(updateProblems(firefox({ required: ['none'] }))).toEqual([]);
    expect(updateProblems({ ...good, permissions: ['storage', 'idle', 'contextMenus'] })).toEqual([]);
  });

  test.each<[string, object]>([
    ['tabs', { ...good, permissions: [...requiredPermissions, 'tabs'] }],
    ['notifications', { ...firefox({}), permissions: [...requiredPermissions, 'notifications'] }],
    ['*://shop.example/*', { ...good, host_permissions: ['*://shop.example/*'] }],
    ['*://*/*', { ...good, content_scripts: [{ matches: ['*://*/*'], js: ['a.js'] }] }],
    ['technicalAndInteraction', firefox({ required: ['technicalAndInteraction'] })],
    ['chrome_url_overrides', { ...good, chrome_url_overrides: { newtab: 'a.html' } }],
  ])('that requires %s besides would be switched off', (name, manifest) => {
    expect(updateProblems(manifest as Record<string, unknown>)).toEqual([
      `${name}: 0.1.0 did not require it, so that an update would be switched off`,
    ]);
  });
});

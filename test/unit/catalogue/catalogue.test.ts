import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import messages from '../../../public/_locales/en/messages.json';
import {
  allowsScope,
  type CapabilityId,
  capability,
  capabilityIds,
  everyField,
  fieldsOf,
  isCapabilityId,
  needsOf,
  optionalPermissions,
  requiredPermissions,
} from '../../../utils/catalogue/catalogue';
import { recordRow } from '../../../utils/catalogue/record';
import { currentPolicy } from '../../../utils/policy/versions';
import { capabilityKey } from '../../../utils/prompts/notice';

const texts = messages as Record<string, { message: string } | undefined>;
const says = (key: string) => texts[key]?.message ?? '';
const starts = readFileSync('utils/capabilities/start.ts', 'utf8');
const background = readFileSync('entrypoints/background.ts', 'utf8');

describe.each(capabilityIds)('%s', (id) => {
  const entry = capability(id);

  test.each(['name', 'does', 'why', 'retention', 'refusal', 'limits', 'browser_all'])('has a text: %s', (part) => {
    expect(says(capabilityKey(id, part))).not.toBe('');
  });

  test('has a text on the browser’s prompt for one site exactly where it may be granted for one', () => {
    expect(says(capabilityKey(id, 'browser_site')) !== '').toBe(entry.sites === 'choose' || entry.sites === 'server');
  });

  test('names every field that it collects', () => {
    for (const field of everyField(id)) {
      expect(says(`field_${field}_name`), field).not.toBe('');
      expect(says(`field_${field}_text`), field).not.toBe('');
    }
  });

  test('rests on clauses of the policy in force', () => {
    expect(entry.clauses.length).toBeGreaterThan(0);
    const known = currentPolicy.clauses.map((clause) => clause.id);
    expect(entry.clauses.filter((clause) => !known.includes(clause))).toEqual([]);
    expect(new Set(entry.clauses).size).toBe(entry.clauses.length);
  });

  test('has code', () => {
    expect(starts).toMatch(new RegExp(`'?${id}'?: \\w+\\.start,`));
    expect(readFileSync(`utils/capabilities/${id}.ts`, 'utf8')).toContain(`Lease<'${id}'>`);
  });

  test('is of use, and asks for what can be asked for later', () => {
    expect(entry.api.length + entry.dataCollection.length + (entry.sites === 'none' ? 0 : 1)).toBeGreaterThan(0);
    const required: readonly string[] = requiredPermissions;
    expect(entry.api.filter((name) => required.includes(name))).toEqual([]);
  });

  test('keeps records for a number of days exactly where it collects something on this device', () => {
    // What is handed to a place is no record: it lies there.
    expect(entry.keepDays === null).toBe(entry.fields.length === 0 || entry.destination === 'sync-place');
    const stamp = { id: 'a', capability: id, scope: '*', grantId: 'g', epoch: 1, atMs: 1, site: 'a.example' };
    const members = {
      day: '2026-01-31',
      party: 'b.example',
      requests: 1,
      attentionMs: 1,
      blocked: 1,
      verdict: 'phishing',
    };
    const wrong = recordRow.safeParse({ ...stamp, ...members });
    const issue = wrong.success ? '' : JSON.stringify(wrong.error.issues);
    // A record of a capability without fields has no shape at all.
    expect(issue.includes('unrecognized_keys')).toBe(entry.keepDays !== null);
  });

  test('says in its retention how long', () => {
    if (entry.keepDays !== null) expect(says(capabilityKey(id, 'retention'))).toContain(`${entry.keepDays} days`);
  });

  test('has a forwarder for each event that it names', () => {
    for (const event of entry.events) expect(background, event).toContain(`browser.${event.replace('.', '?.')}`);
  });

  test('needs the same permissions for every scope, and origins only where it has sites', () => {
    const all = needsOf(id, '*', true, null);
    expect(all.permissions).toEqual([...entry.api].sort());
    expect(all.origins).toEqual(entry.sites === 'none' || entry.sites === 'server' ? [] : ['*://*/*']);
    expect(allowsScope(id, '*')).toBe(true);
    expect(allowsScope(id, '*://shop.example/*')).toBe(entry.sites === 'choose');
    if (entry.sites === 'choose') {
      expect(needsOf(id, '*://shop.example/*', true, null)).toEqual({ ...all, origins: ['*://shop.example/*'] });
    }
  });
});

describe('a capability whose scope is a place', () => {
  const SERVER = 'https://dav.example/*';
  test('needs an origin, and tells of an account, only where that is a server', () => {
    expect(needsOf('cloud-sync', '*', true, null)).toEqual({
      permissions: [],
      origins: [],
      dataCollection: ['browsingActivity'],
    });
    expect(needsOf('cloud-sync', SERVER, true, null)).toEqual({
      permissions: [],
      origins: [SERVER],
      dataCollection: ['authenticationInfo', 'browsingActivity'],
    });
    expect(needsOf('cloud-sync', SERVER, false, null).dataCollection).toEqual([]);
    expect(fieldsOf('cloud-sync', '*')).not.toContain('sync_login');
    expect(fieldsOf('cloud-sync', SERVER)).toEqual(everyField('cloud-sync'));
  });

  test('is one HTTPS server, and none of its neighbours', () => {
    for (const scope of ['*', SERVER, 'https://192.0.2.7/*', 'https://localhost/*', 'https://[2001:db8::1]/*']) {
      expect(allowsScope('cloud-sync', scope), scope).toBe(true);
    }
    for (const scope of [
      '*://dav.example/*',
      'http://dav.example/*',
      'https://*.dav.example/*',
      'https://*/*',
      '',
      'x',
    ]) {
      expect(allowsScope('cloud-sync', scope), scope).toBe(false);
    }
  });
});

describe('the manifest', () => {
  const optional = optionalPermissions();

  test('asks later for what an entry names, and for nothing else', () => {
    const named = capabilityIds.flatMap((id) => [...capability(id).api]);
    expect([...optional.permissions]).toEqual([...new Set(named)].sort());
    expect(optional.permissions).toEqual(['browsingData', 'downloads', 'idle', 'notifications', 'tabs', 'webRequest']);
    expect(optional.origins).toEqual(['*://*/*']);
    expect(optional.dataCollection).toEqual(['authenticationInfo', 'browsingActivity', 'technicalAndInteraction']);
  });

  test('requires only what no browser warns about', () => {
    expect([...requiredPermissions]).toEqual([
      'activeTab',
      'alarms',
      'declarativeNetRequestWithHostAccess',
      'scripting',
      'storage',
      'unlimitedStorage',
    ]);
  });
});

test('names of the language’s own objects are no capabilities', () => {
  for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty', '', 'Site-Insight', null, 7, ['x']]) {
    expect(isCapabilityId(name), String(name)).toBe(false);
  }
  expect(isCapabilityId('site-insight' satisfies CapabilityId)).toBe(true);
});

test('no text is left over from a capability that is gone', () => {
  const known = capabilityIds.map((id) => capabilityKey(id, ''));
  expect(
    Object.keys(texts).filter((key) => key.startsWith('cap_') && !known.some((one) => key.startsWith(one))),
  ).toEqual([]);
  const fields = new Set(capabilityIds.flatMap(everyField));
  const named = Object.keys(texts).flatMap((key) => /^field_(.+)_(?:name|text)$/.exec(key)?.[1] ?? []);
  expect(named.filter((field) => !fields.has(field))).toEqual([]);
});

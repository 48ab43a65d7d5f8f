import { describe, expect, it } from 'vitest';
import { OWN_HOSTS_MAX } from '../../../utils/catalogue/lists';
import { hostKey } from '../../../utils/sync/settings';
import { encodeSettings, imported, readSettings } from '../../../utils/sync/settings-file';
import { NOW, usual } from './samples';

const A = hostKey('a.example');
const B = hostKey('b.example');
const local = { ...usual, [A]: 'block', 'protection.badge': false };
const text = encodeSettings(local, NOW);
const changed = (more: object): string => JSON.stringify({ ...JSON.parse(text), ...more });

describe('a file of settings', () => {
  it('comes back as it was', () => {
    expect(readSettings(text)).toEqual({ kind: 'settings', settings: local, unknown: [], exportedAtMs: NOW });
    expect(JSON.parse(text)).toMatchObject({ format: 'cloudopt-settings', version: 1, exportedAtMs: NOW });
  });

  it.each([
    ['no JSON', '{', 'no-json'],
    ['another kind of file', '{"format":"other","version":1}', 'not-ours'],
    ['a list', '[]', 'not-ours'],
    ['a member too many', changed({ grants: [] }), 'not-ours'],
    ['settings in a list', changed({ settings: [1] }), 'not-ours'],
    ['no time', changed({ exportedAtMs: 'now' }), 'not-ours'],
    ['a later version', changed({ version: 2, settings: 'anything' }), 'newer-version'],
    ['more than a megabyte', `${text}${' '.repeat(1_000_000)}`, 'too-large'],
  ])('is refused: %s', (_, file, why) => {
    expect(readSettings(file)).toEqual({ kind: 'unreadable', why });
  });

  it('names what this version does not know, and leaves it out', () => {
    const file = changed({ settings: { 'later.setting': 1, [A]: 'maybe', [B]: 'allow', 'protection.badge': 'on' } });
    expect(readSettings(file)).toMatchObject({
      settings: { [B]: 'allow' },
      unknown: ['later.setting', A, 'protection.badge'],
    });
  });
});

describe('an import', () => {
  it('sets what the file names, and leaves the rest as it is', () => {
    expect(imported(local, { [A]: 'allow', [B]: 'block', 'protection.badge': false })).toEqual({
      settings: { ...local, [A]: 'allow', [B]: 'block' },
      changes: [
        { key: A, before: 'block', after: 'allow' },
        { key: B, after: 'block' },
      ],
      left: [],
    });
  });

  it('takes as many hosts as fit, those that stand here before others, and names the rest', () => {
    const many = Object.fromEntries(
      Array.from({ length: OWN_HOSTS_MAX }, (_, n) => [hostKey(`x${n}.example`), 'block']),
    );
    const { settings, left } = imported({ ...usual, [hostKey('z.example')]: 'block' }, many);
    expect(Object.values(settings).filter((value) => value === 'block')).toHaveLength(OWN_HOSTS_MAX);
    expect(settings[hostKey('z.example')]).toBe('block');
    expect(left).toEqual([hostKey('x999.example')]);
  });
});

import { describe, expect, test } from 'vitest';
import {
  changed,
  changeProtection,
  pausedUntil,
  readProtection,
  resumed,
} from '../../../utils/background/protection-settings';
import { OWN_HOSTS_MAX, type ProtectionSettings, usualProtection } from '../../../utils/catalogue/lists';
import { freshDatabase } from '../store';

const allow = (host: string) => (before: ProtectionSettings) => changed(before, { kind: 'add', to: 'allow', host });

describe('settings of protection', () => {
  test('are the usual ones where there are none, or where the row is damaged', async () => {
    const database = await freshDatabase();
    expect(await readProtection(database)).toEqual(usualProtection);
    await database.put('settings', { key: 'protection', ...usualProtection, allow: ['no host!'] });
    expect(await readProtection(database)).toEqual(usualProtection);
  });

  test('changed by two pages at once keep both changes', async () => {
    const database = await freshDatabase();
    await Promise.all(['b.example', 'a.example'].map((host) => changeProtection(database, allow(host))));
    expect((await readProtection(database)).allow).toEqual(['a.example', 'b.example']);
  });

  test('hold no more hosts than they may, and keep what they had', async () => {
    const database = await freshDatabase();
    const full = Array.from({ length: OWN_HOSTS_MAX }, (_, n) => `a${n}.example`).sort();
    await changeProtection(database, (before) => ({ ...before, allow: full }));
    expect(await changeProtection(database, allow('one-more.example'))).toEqual({
      kind: 'full',
      hostsMax: OWN_HOSTS_MAX,
    });
    expect((await readProtection(database)).allow).toEqual(full);
  });

  test('have a host on one list, and once', () => {
    let now = changed(usualProtection, { kind: 'add', to: 'allow', host: 'a.example' });
    now = changed(now, { kind: 'add', to: 'allow', host: 'a.example' });
    expect(now.allow).toEqual(['a.example']);
    now = changed(now, { kind: 'add', to: 'block', host: 'a.example' });
    expect([now.allow, now.block]).toEqual([[], ['a.example']]);
    expect(changed(now, { kind: 'remove', from: 'block', host: 'a.example' }).block).toEqual([]);
    expect(changed(now, { kind: 'list', list: 'ads', on: false }).lists).toEqual({
      ...usualProtection.lists,
      ads: false,
    });
  });

  test('a pause takes the place of an older one and clears away those that are over', () => {
    const pauses = [
      { host: 'a.example', untilMs: 50 },
      { host: 'b.example', untilMs: 5 },
    ];
    expect(pausedUntil({ ...usualProtection, pauses }, 'a.example', 90, 10).pauses).toEqual([
      { host: 'a.example', untilMs: 90 },
    ]);
  });

  test('protecting again ends what holds for the site through a wider one', () => {
    const before = {
      ...usualProtection,
      allow: ['shop.example', 'other.example'],
      pauses: [{ host: 'shop.example', untilMs: 9 }],
    };
    const after = resumed(before, 'www.shop.example');
    expect(after.allow).toEqual(['other.example']);
    expect(after.pauses).toEqual([]);
    expect(resumed({ ...before, allow: ['www.shop.example'] }, 'shop.example').allow).toEqual(['www.shop.example']);
  });
});

import { describe, expect, test } from 'vitest';
import { readCheckpoint } from '../../../utils/sync/session';
import { created, type Device, device, idle, joined, place, placed, SCOPE, SERVER } from './sync-stage';

const uses = async ({ it }: Device) =>
  ((await it.core.openStatus().database.getAll('uses')) as { id: string }[]).filter((row) =>
    row.id.endsWith('|checkpoint'),
  );
const setting = ({ it }: Device, key: string) => it.core.openStatus().database.get('settings', key);

describe.each([
  ['a WebDAV server', SERVER],
  ['the browser’s own sync', null],
] as const)('on %s', (_, server) => {
  test('a vault is begun, another device joins, and changes of either reach the other', async () => {
    const at = place();
    const [first, second] = [await device(at), await device(at)];
    await first.block('ads.example');
    expect(await placed(first, server)).toEqual({ kind: 'empty' });
    const { passphrase, recovery } = await created(first, server);
    expect(passphrase.length).toBeGreaterThanOrEqual(25);
    expect(recovery.length).toBeGreaterThan(50);
    expect(await first.ask('sync.get', {})).toMatchObject({ phase: 'running', live: server ? SCOPE : '*' });

    await second.block('mine.example');
    expect(await placed(second, server)).toEqual({ kind: 'vault' });
    const wrong = await second.ask('sync.open', { secret: { passphrase: 'not this one, surely' }, deviceName: 'S' });
    expect(wrong).toEqual({ kind: 'wrong-secret' });
    const preview = await joined(second, passphrase, 'merge', server);
    expect(preview.lastChange).toMatchObject({ device: 'First' });
    expect(preview.changes).toMatchObject([
      { setting: { name: 'ads.example' }, here: null, there: 'block', merged: 'block' },
      { setting: { name: 'mine.example' }, here: 'block', there: null, merged: 'block' },
    ]);
    expect((await second.settings()).block).toEqual(['ads.example', 'mine.example']);

    expect(await first.ask('sync.now', {})).toMatchObject({ kind: 'synced', received: 1 });
    expect((await first.settings()).block).toEqual(['ads.example', 'mine.example']);
    const { devices } = await first.ask('sync.get', {});
    expect(devices.map((one) => one.name).sort()).toEqual(['First', 'Second']);

    await first.ask('protection.change', { change: { kind: 'remove', from: 'block', host: 'ads.example' } });
    await idle(first);
    await second.ask('sync.now', {});
    expect((await second.settings()).block).toEqual(['mine.example']);
    expect(first.it.errors).toEqual([]);
    expect(second.it.errors).toEqual([]);
  }, 60_000);

  test('nothing of it lies there in clear, nor do the secrets on the device', async () => {
    const at = place();
    const first = await device(at);
    await first.block('secret-host.example');
    const { passphrase, recovery } = await created(first, server);
    await idle(first);
    const there = JSON.stringify([...at.dav.files.values(), at.area.items]);
    expect(there.length).toBeGreaterThan(1000);
    const [row] = await uses(first);
    for (const word of ['secret-host', passphrase, recovery, 'First']) expect(there).not.toContain(word);
    for (const word of [passphrase, recovery, SERVER.password]) expect(JSON.stringify(row)).not.toContain(word);
    const key = (await setting(first, 'sync-key')) as { cryptoKey: CryptoKey };
    expect(key.cryptoKey.extractable).toBe(false);
  }, 30_000);

  test('taken back with the copy deleted, it leaves nothing there and nothing here', async () => {
    const at = place();
    const first = await device(at);
    await first.block('ads.example');
    await created(first, server);
    const scope = server ? SCOPE : '*';
    const answer = await first.ask('sync.revoke', { scope, remote: 'delete' });
    expect(answer).toMatchObject({ revoked: { kind: 'revoked', held: 'nothing' }, remote: { kind: 'deleted' } });
    expect([...at.dav.files.keys()]).toEqual([]);
    expect(Object.values(at.area.items).every((item) => JSON.stringify(item) === '{"closed":true}')).toBe(true);
    expect(await uses(first)).toEqual([]);
    expect(await setting(first, 'sync-key')).toBeUndefined();
    expect(await setting(first, 'sync-erasure')).toBeUndefined();
    expect([...first.browser.permissions.origins]).toEqual([]);
    expect([...first.browser.permissions.dataCollection]).toEqual([]);
    // The person's own settings stay.
    expect((await first.settings()).block).toEqual(['ads.example']);
    const ledger = (await first.it.core.openStatus().database.getAll('ledger')) as { kind: string; details: object }[];
    expect(ledger.slice(-2)).toMatchObject([
      { kind: 'revoked' },
      { kind: 'erased', details: { what: 'remote-copy', how: 'deleted' } },
    ]);
    expect(await first.ask('sync.get', {})).toMatchObject({ phase: 'off', live: null, erasure: null });
  }, 30_000);

  test('taken back and kept, the copy stays and no request is made any more', async () => {
    const at = place();
    const first = await device(at);
    const { passphrase } = await created(first, server);
    const scope = server ? SCOPE : '*';
    const [requests, writes] = [at.dav.heard.length, at.area.writes.length];
    const answer = await first.ask('sync.revoke', { scope, remote: 'keep' });
    expect(answer).toMatchObject({ revoked: { kind: 'revoked' }, remote: { kind: 'kept' } });
    await first.block('late.example');
    first.on.syncDue.emit();
    await idle(first);
    expect(await first.ask('sync.now', {})).toEqual({ kind: 'off' });
    expect([at.dav.heard.length, at.area.writes.length]).toEqual([requests, writes]);
    expect(await uses(first)).toEqual([]);
    expect([...first.browser.alarms.keys()].filter((name) => name.startsWith('sync'))).toEqual([]);
    const second = await device(at);
    await joined(second, passphrase, 'merge', server);
  }, 30_000);
});

describe('joining', () => {
  test('with replace takes the vault’s settings in place of this device’s, and undo brings them back', async () => {
    const at = place();
    const [first, second] = [await device(at), await device(at)];
    await first.block('vault.example');
    const { passphrase } = await created(first);
    await second.block('mine.example');
    await joined(second, passphrase, 'replace');
    expect((await second.settings()).block).toEqual(['vault.example']);
    expect(await second.ask('sync.undo', {})).toEqual({ kind: 'undone', changes: 2 });
    expect((await second.settings()).block).toEqual(['mine.example']);
    expect(await second.ask('sync.undo', {})).toEqual({ kind: 'nothing' });
  }, 30_000);

  test('waits, over a restart, for the person to say how, and changes nothing until then', async () => {
    const at = place();
    const [first, second] = [await device(at), await device(at)];
    await first.block('vault.example');
    const { passphrase } = await created(first);
    await placed(second);
    const sent = () => at.dav.heard.filter((line) => line.startsWith('PUT')).length;
    const before = sent();
    await second.ask('sync.open', { secret: { passphrase }, deviceName: 'Second' });
    const again = await device(at, second.browser);
    const view = await again.ask('sync.get', {});
    expect(view).toMatchObject({ phase: 'joining', preview: { changes: [{ setting: { name: 'vault.example' } }] } });
    again.on.syncDue.emit();
    await idle(again);
    expect(sent()).toBe(before);
    expect((await again.settings()).block).toEqual([]);
    await again.ask('sync.join', { how: 'merge' });
    expect((await again.settings()).block).toEqual(['vault.example']);
  }, 30_000);

  test('with the recovery key works as with the passphrase', async () => {
    const at = place();
    const [first, second] = [await device(at), await device(at)];
    const { recovery } = await created(first);
    await placed(second);
    const open = (typed: string) => second.ask('sync.open', { secret: { recovery: typed }, deviceName: 'S' });
    expect(await open('ABCD-EFGH')).toEqual({ kind: 'wrong-secret' });
    expect((await open(recovery.toLowerCase())).kind).toBe('opened');
  }, 30_000);
});

describe('secrets', () => {
  test('a new passphrase opens the vault, the old one no more; the recovery key goes on', async () => {
    const at = place();
    const [first, second] = [await device(at), await device(at)];
    const { passphrase, recovery } = await created(first);
    const changed = await first.ask('sync.passphrase', { secret: { passphrase }, passphrase: 'a better passphrase' });
    expect(changed).toEqual({ kind: 'rekeyed', passphrase: 'a better passphrase', recovery: null });
    await placed(second);
    const open = (secret: { passphrase: string } | { recovery: string }) =>
      second.ask('sync.open', { secret, deviceName: 'S' });
    expect(await open({ passphrase })).toEqual({ kind: 'wrong-secret' });
    expect((await open({ passphrase: 'a better passphrase' })).kind).toBe('opened');
    await placed(second);
    expect((await open({ recovery })).kind).toBe('opened');
    const short = await first.ask('sync.passphrase', { secret: { recovery }, passphrase: 'short' });
    expect(short).toMatchObject({ kind: 'too-short' });
  }, 60_000);

  test('a device that is removed is shut out: it needs a secret that it does not have', async () => {
    const at = place();
    const [first, second] = [await device(at), await device(at)];
    const { passphrase, recovery } = await created(first);
    await joined(second, passphrase);
    await first.ask('sync.now', {});
    const { devices } = await first.ask('sync.get', {});
    const other = devices.find((one) => !one.self)?.id ?? '';
    const removed = await first.ask('sync.remove-device', { device: other, secret: { passphrase }, passphrase: null });
    if (removed.kind !== 'rekeyed') throw new Error(removed.kind);
    expect(removed.recovery).not.toBe(recovery);
    expect((await first.ask('sync.get', {})).devices.map((one) => one.name)).toEqual(['First']);
    await first.block('after.example');
    await idle(first);
    expect(await second.ask('sync.now', {})).toEqual({ kind: 'needs-secret' });
    expect(await second.ask('sync.get', {})).toMatchObject({ phase: 'needs-secret' });
    expect((await second.settings()).block).toEqual([]);
    const open = (secret: { passphrase: string } | { recovery: string }) =>
      second.ask('sync.open', { secret, deviceName: 'S' });
    expect(await open({ passphrase })).toEqual({ kind: 'wrong-secret' });
    expect(await open({ recovery })).toEqual({ kind: 'wrong-secret' });
    expect((await open({ passphrase: removed.passphrase ?? '' })).kind).toBe('opened');
    expect((await second.settings()).block).toEqual(['after.example']);
  }, 60_000);

  test('a new data key needs the passphrase on the other devices, and loses nothing', async () => {
    const at = place();
    const [first, second] = [await device(at), await device(at)];
    const { passphrase } = await created(first);
    await joined(second, passphrase);
    expect(await first.ask('sync.rotate', { secret: { passphrase } })).toMatchObject({
      kind: 'rekeyed',
      passphrase: null,
    });
    await second.block('meanwhile.example');
    await idle(second);
    expect((await second.ask('sync.get', {})).phase).toBe('needs-secret');
    expect((await second.ask('sync.open', { secret: { passphrase }, deviceName: 'S' })).kind).toBe('opened');
    await first.ask('sync.now', {});
    expect((await first.settings()).block).toEqual(['meanwhile.example']);
  }, 60_000);
});

describe('running', () => {
  test('what is kept on this device neither leaves it nor is overwritten', async () => {
    const at = place();
    const [first, second] = [await device(at), await device(at)];
    const { passphrase } = await created(first);
    await joined(second, passphrase);
    const key = 'protection.list/ads';
    for (const on of [false, true]) {
      await second.ask('protection.change', { change: { kind: 'list', list: 'ads', on } });
      await idle(second);
    }
    await first.ask('sync.now', {});
    expect(await first.ask('sync.device-only', { key, on: true })).toEqual({ kind: 'changed' });
    await first.ask('protection.change', { change: { kind: 'list', list: 'ads', on: false } });
    await idle(first);
    await second.ask('sync.now', {});
    expect((await second.settings()).lists.ads).toBe(true);
    const { settings } = await first.ask('sync.get', {});
    expect(settings.find((one) => one.key === key)).toMatchObject({ deviceOnly: true, value: false });
    await first.ask('sync.device-only', { key, on: false });
    expect((await first.settings()).lists.ads).toBe(true);
  }, 30_000);

  test('a background that was killed after its PUT begins again from its checkpoint', async () => {
    const at = place();
    const [first, second] = [await device(at), await device(at)];
    const { passphrase } = await created(first);
    await joined(second, passphrase);
    await first.ask('sync.now', {});
    // The next answer to a PUT never comes back: that background is dead.
    let killed: () => void = () => undefined;
    const dead = new Promise<void>((resolve) => {
      killed = resolve;
    });
    at.dav.before = async ({ method, url, body }) => {
      if (method !== 'PUT') return;
      at.dav.before = async () => undefined;
      at.dav.files.set(url, { text: body ?? '', tag: '"late"' });
      killed();
      await new Promise(() => undefined);
    };
    await first.block('one.example');
    await dead;
    const again = await device(at, first.browser);
    await second.ask('sync.now', {});
    expect((await second.settings()).block).toEqual(['one.example']);
    expect(await again.ask('sync.now', {})).toMatchObject({ kind: 'synced' });
    expect((await again.settings()).block).toEqual(['one.example']);
  }, 30_000);

  test('where the server is away, what changed waits, and goes once it is back', async () => {
    const at = place();
    const [first, second] = [await device(at), await device(at)];
    const { passphrase } = await created(first);
    await joined(second, passphrase);
    at.dav.up = false;
    await first.block('one.example');
    expect(await first.ask('sync.now', {})).toMatchObject({ kind: 'behind', why: 'offline' });
    expect(await first.ask('sync.get', {})).toMatchObject({ trouble: { why: 'offline' } });
    expect(first.browser.alarms.has('sync-soon')).toBe(true);
    at.dav.up = true;
    expect(await first.ask('sync.now', {})).toMatchObject({ kind: 'synced', sent: 1 });
    await second.ask('sync.now', {});
    expect((await second.settings()).block).toEqual(['one.example']);
  }, 30_000);

  test('in the browser’s own sync, a vault that another device closed is never written again by itself', async () => {
    const at = place();
    const [first, second] = [await device(at), await device(at)];
    const { passphrase } = await created(first, null);
    await joined(second, passphrase, 'merge', null);
    await first.ask('sync.revoke', { scope: '*', remote: 'delete' });
    await second.block('late.example');
    await idle(second);
    expect(await second.ask('sync.get', {})).toMatchObject({ phase: 'closed-elsewhere' });
    expect(Object.values(at.area.items).every((item) => JSON.stringify(item) === '{"closed":true}')).toBe(true);
    expect((await second.settings()).block).toEqual(['late.example']);
    // It may begin anew there.
    expect(await second.ask('sync.look', { server: null })).toEqual({ kind: 'empty' });
    expect((await second.ask('sync.create', { deviceName: 'Second', passphrase: null })).kind).toBe('created');
    expect(await second.ask('sync.get', {})).toMatchObject({ phase: 'running' });
  }, 30_000);
});

test('erasing all records forgets no synchronization that goes on', async () => {
  const at = place();
  const first = await device(at);
  await created(first);
  expect(await uses(first)).toHaveLength(1);
  await first.ask('records.erase', { what: { kind: 'all' } });
  expect(await uses(first)).toHaveLength(1);
  const again = await device(at, first.browser);
  expect(await again.ask('sync.get', {})).toMatchObject({ phase: 'running' });
  expect(await again.ask('sync.now', {})).toMatchObject({ kind: 'synced' });
}, 30_000);

describe('a revocation', () => {
  test('while a request is under way: none begins after it, and no setting changes', async () => {
    for (let turns = 0; turns < 12; turns += 1) {
      const at = place();
      const [first, second] = [await device(at), await device(at)];
      const { passphrase } = await created(first);
      await joined(second, passphrase);
      await second.block('theirs.example');
      await idle(second);
      const syncing = first.ask('sync.now', {});
      for (let turn = 0; turn < turns * 8; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      await first.ask('grants.revoke', { capability: 'cloud-sync', scope: SCOPE });
      const [requests, settings] = [at.dav.heard.length, await first.settings()];
      await syncing;
      first.on.settingsChanged.emit();
      await idle(first);
      expect(at.dav.heard.length).toBe(requests);
      expect(await first.settings()).toEqual(settings);
      expect(await uses(first)).toEqual([]);
    }
  }, 120_000);

  test('while offline leaves the deletion pending: shown, alone with the origin, tried again, over restarts', async () => {
    const at = place();
    const first = await device(at);
    await created(first);
    at.dav.up = false;
    const answer = await first.ask('sync.revoke', { scope: SCOPE, remote: 'delete' });
    expect(answer).toMatchObject({
      revoked: { kind: 'revoked' },
      remote: { kind: 'pending', erasure: { url: SERVER.url } },
    });
    expect([...first.browser.permissions.origins]).toEqual([SCOPE]);
    expect([...first.browser.permissions.dataCollection]).toEqual([]);
    expect(await uses(first)).toEqual([]);
    const view = await first.ask('state.get', {});
    expect(view.capabilities.find((one) => one.id === 'cloud-sync')?.state).toBe('revoked');
    expect(first.browser.alarms.has('sync-erase')).toBe(true);

    at.dav.up = true;
    const heard = at.dav.heard.length;
    const again = await device(at, first.browser);
    expect([...at.dav.files.keys()]).toEqual([]);
    expect([...first.browser.permissions.origins]).toEqual([]);
    expect(await again.ask('sync.get', {})).toMatchObject({ erasure: null });
    const after = at.dav.heard.slice(heard);
    expect(after.length).toBeGreaterThan(0);
    expect(
      after.every((line) => /^(DELETE|GET) https:\/\/dav\.example\/files\/Cloudopt\/\w+(\.bad)?\.jwe$/.test(line)),
    ).toBe(true);
  }, 30_000);

  test('leaves a deletion pending where the browser lost the server’s permission: says so, and asks the server nothing', async () => {
    const at = place();
    const first = await device(at);
    await created(first);
    at.dav.up = false;
    await first.ask('sync.revoke', { scope: SCOPE, remote: 'delete' });
    at.dav.up = true;
    // As Chromium does with a permission that it was only just given, when it crashes.
    first.browser.permissions.take({ origins: [SCOPE] });
    const heard = at.dav.heard.length;
    expect(await first.ask('sync.erasure', { what: 'retry' })).toMatchObject({
      kind: 'pending',
      erasure: { lastTrouble: { why: 'not-permitted' } },
    });
    expect(at.dav.heard.length).toBe(heard);
    expect(await first.ask('sync.erasure', { what: 'drop' })).toEqual({ kind: 'dropped' });
  }, 30_000);

  test('whose deletion is dropped gives the origin back and leaves the copy', async () => {
    const at = place();
    const first = await device(at);
    await created(first);
    at.dav.up = false;
    await first.ask('sync.revoke', { scope: SCOPE, remote: 'delete' });
    at.dav.up = true;
    expect(await first.ask('sync.erasure', { what: 'drop' })).toEqual({ kind: 'dropped' });
    expect([...first.browser.permissions.origins]).toEqual([]);
    expect(at.dav.files.size).toBe(2);
    expect(await first.ask('sync.erasure', { what: 'retry' })).toEqual({ kind: 'none' });
    expect(await setting(first, 'sync-key')).toBeUndefined();
  }, 30_000);

  test('through the browser’s own settings ends it, and nothing can be deleted', async () => {
    const at = place();
    const first = await device(at);
    await created(first);
    const requests = at.dav.heard.length;
    first.browser.permissions.take({ origins: [SCOPE] });
    await first.it.core.reconcile();
    expect(await first.ask('sync.get', {})).toMatchObject({ phase: 'off' });
    expect(await uses(first)).toEqual([]);
    expect(await setting(first, 'sync-key')).toBeUndefined();
    expect(await first.ask('sync.revoke', { scope: SCOPE, remote: 'delete' })).toEqual({
      revoked: { kind: 'not-live' },
      remote: { kind: 'failed' },
    });
    expect(at.dav.heard.length).toBe(requests);
  }, 30_000);

  test('at one place leaves a grant for another untouched', async () => {
    const at = place();
    const first = await device(at);
    await created(first);
    await placed(first, null);
    const made = await first.ask('sync.create', { deviceName: 'First', passphrase: null });
    expect(made.kind).toBe('created');
    await first.ask('sync.revoke', { scope: SCOPE, remote: 'keep' });
    expect(await first.ask('sync.get', {})).toMatchObject({ live: '*', phase: 'running' });
    expect(await first.ask('sync.now', {})).toMatchObject({ kind: 'synced' });
  }, 30_000);
});

describe('the organisation', () => {
  test('that names servers allows these alone, by their origin', async () => {
    const at = place();
    const first = await device(at);
    first.browser.policy = { allowedSyncServers: ['https://dav.example:8443'] };
    await first.it.core.managedChanged();
    const why = async (scope: string) => {
      const answer = await first.ask('prompts.open', { capability: 'cloud-sync', scope });
      return answer.kind === 'forbidden' ? answer.why : answer.kind;
    };
    expect(await why('*')).toBe('place');
    expect(await why('https://other.example/*')).toBe('place');
    expect(await why(SCOPE)).toBe('ask');
    expect(await placed(first)).toEqual({ kind: 'bad-address', why: 'not-allowed' });
    expect(at.dav.heard).toEqual([]);
  });

  test('ends a grant for a place that it no longer allows, as managed', async () => {
    const at = place();
    const first = await device(at);
    await created(first, null);
    first.browser.policy = { allowedSyncServers: ['https://dav.example'] };
    await first.it.core.managedChanged();
    expect(await first.ask('sync.get', {})).toMatchObject({
      phase: 'off',
      managed: { servers: ['https://dav.example'] },
    });
    const last = (await first.it.core.openStatus().database.getAll('ledger')).at(-1);
    expect(last).toMatchObject({ kind: 'revoked', by: 'managed', capability: 'cloud-sync' });
  }, 30_000);
});

describe('the prompt', () => {
  test('offers the scope that was asked for and no other, and refuses what is no place', async () => {
    const first = await device(place());
    const asked = async (scope: string) => first.ask('prompts.open', { capability: 'cloud-sync', scope });
    for (const scope of ['http://dav.example/*', '*://dav.example/*', 'https://*.dav.example/*', 'https://*/*']) {
      expect((await asked(scope)).kind, scope).toBe('bad-scope');
    }
    const opened = await asked(SCOPE);
    if (opened.kind !== 'ask') throw new Error(opened.kind);
    expect(opened.choices.map((choice) => choice.scope)).toEqual([SCOPE]);
    const widened = await first.ask('prompts.allow', { nonce: opened.nonce, scope: '*', lifetime: 'until-revoked' });
    expect(widened).toEqual({ kind: 'gone' });
  });
});

describe('an address', () => {
  test.each([
    ['http://dav.example/', 'not-https'],
    ['nonsense', 'malformed'],
    ['https://u:p@dav.example/', 'with-credentials'],
    ['https://other.example/', 'other-server'],
  ])('%s is not used', async (url, why) => {
    const at = place();
    const first = await device(at);
    await placed(first);
    const heard = at.dav.heard.length;
    expect(await first.ask('sync.probe', { server: { ...SERVER, url } })).toEqual({ kind: 'bad-address', why });
    expect(await first.ask('sync.probe', { server: null })).toEqual({ kind: 'bad-address', why: 'other-server' });
    expect(at.dav.heard.length).toBe(heard);
  });
});

describe('settings as a file', () => {
  test('go out and come in with sync off; looking changes nothing', async () => {
    const [first, second] = [await device(place()), await device(place())];
    await first.block('ads.example');
    const { text, fileName } = await first.ask('settings.export', {});
    expect(fileName).toMatch(/^cloudopt-settings-\d{4}-\d\d-\d\d\.json$/);
    const looked = await second.ask('settings.import', { text, how: 'look' });
    expect(looked).toMatchObject({ kind: 'changes', changes: [{ here: null, there: 'block' }], unknown: [], left: 0 });
    expect((await second.settings()).block).toEqual([]);
    expect(await second.ask('settings.import', { text, how: 'take' })).toEqual({ kind: 'taken', changes: 1, left: 0 });
    expect((await second.settings()).block).toEqual(['ads.example']);
    expect(await second.ask('settings.import', { text: '{}', how: 'look' })).toEqual({
      kind: 'unreadable',
      why: 'no-settings',
    });
  });

  test('that come in while sync runs go on to the other devices', async () => {
    const at = place();
    const [first, second] = [await device(at), await device(at)];
    const { passphrase } = await created(first);
    await joined(second, passphrase);
    const other = await device(place());
    await other.block('filed.example');
    await first.ask('settings.import', { text: (await other.ask('settings.export', {})).text, how: 'take' });
    await idle(first);
    await second.ask('sync.now', {});
    expect((await second.settings()).block).toEqual(['filed.example']);
  }, 30_000);
});

test('what sync keeps survives a month in which the browser stayed closed', async () => {
  const at = place();
  const first = await device(at);
  await created(first);
  first.browser.nowMs += 60 * 24 * 60 * 60 * 1000;
  const again = await device(at, first.browser);
  await again.it.core.sweep();
  expect(readCheckpoint(((await uses(again))[0] as unknown as { state: unknown }).state)).toBeDefined();
  expect(await again.ask('sync.now', {})).toMatchObject({ kind: 'synced' });
}, 30_000);

test('what synchronizes does not end for want of use, and what only fails for ninety days does', async () => {
  const at = place();
  const first = await device(at);
  await created(first);
  const { browser, it: background } = first;
  const days = async (count: number) => {
    browser.nowMs += count * 24 * 60 * 60 * 1000;
    // As the sweep's alarm does.
    await background.core.tick();
  };
  const live = () => background.core.office.lease('cloud-sync', SCOPE) !== undefined;
  for (const _ of [1, 2]) {
    await days(50);
    expect(await first.ask('sync.now', {})).toMatchObject({ kind: 'synced' });
    await days(1);
  }
  expect(live()).toBe(true);
  at.dav.up = false;
  await days(85);
  await first.ask('sync.now', {});
  expect(live()).toBe(true);
  await days(10);
  expect(live()).toBe(false);
}, 30_000);

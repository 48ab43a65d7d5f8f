import { beforeEach, describe, expect, test } from 'vitest';
import { areaOf } from '../../../../utils/egress/sync-area';
import type { SyncArea } from '../../../../utils/egress/wire';
import { HOUR_MS, MINUTE_MS } from '../../../../utils/platform/clock';
import { BROWSER_BYTES_MAX, browserErasure, browserProvider } from '../../../../utils/sync/providers/browser';
import type { Provider } from '../../../../utils/sync/providers/provider';
import { FakeSyncArea } from '../fake-sync-area';

let raw: FakeSyncArea;
let place: Provider;
beforeEach(() => {
  raw = new FakeSyncArea();
  place = browserProvider(areaOf(raw));
});
const found = (text: string) => ({ kind: 'found', text, tag: null, dateMs: null });
const put = { kind: 'put', tag: null };
const trouble = (why: string) => ({ kind: 'trouble', why, afterMs: null, status: null });
/** Ciphertext, as long as asked for. */
const cipher = (length: number, seed = 'aZ09-_.') => seed.repeat(Math.ceil(length / seed.length)).slice(0, length);

describe('the browser’s own sync', () => {
  test('works, keeps no tags, and is left as it was found', async () => {
    const none = { honoursIfMatch: false, tags: false, madeFolder: false, dateMs: null };
    expect(await place.probe()).toEqual({ kind: 'works', ...none, bytesMax: BROWSER_BYTES_MAX });
    expect(raw.items).toEqual({});
  });

  test('gives back what was written last, of each file', async () => {
    expect(await place.get('settings')).toEqual({ kind: 'missing' });
    for (const text of ['', 'a', cipher(7951), cipher(7952), cipher(20_000), cipher(BROWSER_BYTES_MAX), cipher(10)]) {
      expect(await place.put('settings', text, null)).toEqual(put);
      expect(await place.get('settings')).toEqual(found(text));
    }
    const keys = JSON.stringify({ recipients: [{ header: { p2c: 210_000 } }], odd: '"\\ü<'.repeat(900) });
    expect(await place.put('keys', keys, null)).toEqual(put);
    expect(await place.get('keys')).toEqual(found(keys));
    expect(await place.get('settings')).toEqual(found(cipher(10)));
  });

  test('takes two files of ciphertext at their largest', async () => {
    expect(await place.put('settings', cipher(BROWSER_BYTES_MAX), null)).toEqual(put);
    expect(await place.put('keys', cipher(16_000), null)).toEqual(put);
    expect(raw.bytes).toBeLessThan(102_400);
  });

  test('writes all items of a file at once, and takes away what a longer one left', async () => {
    await place.put('settings', cipher(20_000), null);
    expect(raw.writes).toHaveLength(1);
    await place.put('settings', cipher(9000), null);
    expect(raw.writes.slice(1).map(({ keys }) => keys)).toEqual([
      ['cloudopt/settings', 'cloudopt/settings/0', 'cloudopt/settings/1'],
      ['cloudopt/settings/2'],
    ]);
    expect(Object.keys(raw.items)).toHaveLength(3);
  });

  test('is full above its ceiling, and where the browser says so; nothing is written then', async () => {
    await place.put('settings', 'old', null);
    expect(await place.put('settings', cipher(BROWSER_BYTES_MAX + 1), null)).toEqual(trouble('full'));
    expect(await place.put('settings', '<'.repeat(20_000), null)).toEqual(trouble('full'));
    raw.items.other = cipher(8000);
    for (let n = 0; n < 9; n += 1) raw.items[`other/${n}`] = cipher(8000);
    expect(await place.put('settings', cipher(40_000), null)).toEqual(trouble('full'));
    expect(await place.get('settings')).toEqual(found('old'));
  });

  test('is too often over the browser’s rate, and works again later', async () => {
    for (let n = 0; n < 120; n += 1) expect(await place.put('settings', String(n), null)).toEqual(put);
    expect(await place.put('settings', 'more', null)).toEqual(trouble('too-often'));
    expect(await place.delete('settings')).toEqual(trouble('too-often'));
    expect(await place.get('settings')).toEqual(found('119'));
    raw.nowMs += MINUTE_MS;
    expect(await place.put('settings', 'more', null)).toEqual(put);
    for (let minute = 0; minute < 14; minute += 1) {
      raw.nowMs += MINUTE_MS;
      for (let n = 0; n < 119; n += 1) await place.put('settings', String(n), null);
    }
    raw.nowMs += MINUTE_MS;
    const last = await place.put('settings', 'one', null);
    for (let n = 0; n < 119; n += 1) await place.put('settings', String(n), null);
    expect(last).toEqual(put);
    expect(await place.put('settings', 'over the hour', null)).toEqual(trouble('too-often'));
    raw.nowMs += HOUR_MS;
    expect(await place.put('settings', 'later', null)).toEqual(put);
  });

  test('is torn while the items of two writes are mixed, in whatever order they arrive', async () => {
    const other = new FakeSyncArea();
    const there = browserProvider(areaOf(other));
    await place.put('settings', cipher(20_000), null);
    const first = Object.entries(raw.items);
    // Nothing, then chunk by chunk with the manifest first or last.
    for (const order of [first, first.toReversed()]) {
      other.items = {};
      for (const [index, [key, value]] of order.entries()) {
        other.items[key] = value;
        const whole = index === order.length - 1;
        expect(await there.get('settings')).toEqual(whole ? found(cipher(20_000)) : { kind: 'torn' });
      }
    }
    await place.put('settings', cipher(20_000, 'second.'), null);
    for (const order of [Object.entries(raw.items), Object.entries(raw.items).toReversed()]) {
      other.items = Object.fromEntries(first);
      for (const [index, [key, value]] of order.entries()) {
        other.items[key] = value;
        const whole = index === order.length - 1;
        expect(await there.get('settings')).toEqual(whole ? found(cipher(20_000, 'second.')) : { kind: 'torn' });
      }
    }
  });

  test('is torn where items are no file of ours', async () => {
    await place.put('settings', cipher(9000), null);
    const whole = structuredClone(raw.items);
    for (const [key, value] of [
      ['cloudopt/settings', 'text'],
      ['cloudopt/settings', { sha256: 'a', chunks: 1 }],
      ['cloudopt/settings', { ...(whole['cloudopt/settings'] as object), chunks: 1e9 }],
      ['cloudopt/settings', { ...(whole['cloudopt/settings'] as object), more: 1 }],
      ['cloudopt/settings/0', 7],
      ['cloudopt/settings/1', ''],
    ] as const) {
      raw.items = { ...whole, [key]: value };
      expect(await place.get('settings'), JSON.stringify(value)).toEqual({ kind: 'torn' });
    }
  });

  test('says that it was closed once something was deleted, and nothing else is left', async () => {
    await place.put('keys', cipher(2000), null);
    await place.put('settings', cipher(20_000), null);
    await place.keepDamaged('settings', cipher(9000));
    expect(await place.delete('settings')).toEqual({ kind: 'deleted' });
    expect(await place.get('settings')).toEqual({ kind: 'closed' });
    expect(await place.delete('keys')).toEqual({ kind: 'deleted' });
    expect(raw.items).toEqual(browserErasure.left);
    expect(await place.put('settings', 'anew', null)).toEqual(put);
    expect(await place.get('settings')).toEqual(found('anew'));
  });

  test('writes nothing that an erasure would not name', async () => {
    for (const name of ['keys', 'settings'] as const) {
      await place.put(name, cipher(20_000), null);
      await place.keepDamaged(name, cipher(9000));
      await place.put(name, cipher(BROWSER_BYTES_MAX / 2), null);
    }
    await place.probe();
    const written = new Set(raw.writes.flatMap(({ keys }) => keys));
    expect([...written].filter((key) => !browserErasure.keys.includes(key))).toEqual([]);
    expect(Object.keys(browserErasure.left).filter((key) => !browserErasure.keys.includes(key))).toEqual([]);
  });

  test('keeps a damaged file beside the file', async () => {
    await place.put('settings', 'whole', null);
    expect(await place.keepDamaged('settings', cipher(9000))).toEqual(put);
    expect(await place.get('settings')).toEqual(found('whole'));
    await place.put('settings', cipher(BROWSER_BYTES_MAX), null);
    expect(await place.keepDamaged('settings', cipher(BROWSER_BYTES_MAX))).toEqual(trouble('full'));
  });

  test.each([
    ['halted', 'halted'],
    ['refused', 'refused'],
    ['too-often', 'too-often'],
    ['failed', 'server-error'],
  ] as const)('passes on that the way there is %s', async (kind, why) => {
    const said = async () => ({ kind, why: '' }) as Awaited<ReturnType<SyncArea['remove']>> & { kind: typeof kind };
    const shut = browserProvider({ get: said, set: said, remove: said });
    expect(await shut.probe()).toEqual(trouble(why));
    expect(await shut.get('settings')).toEqual(trouble(why));
    expect(await shut.put('settings', 'a', null)).toEqual(trouble(why));
    expect(await shut.delete('settings')).toEqual(trouble(why));
    expect(await shut.keepDamaged('settings', 'a')).toEqual(trouble(why));
  });
});

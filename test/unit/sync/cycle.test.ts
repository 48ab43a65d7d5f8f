import { describe, expect, it } from 'vitest';
import { DAMAGED_TRIES, ROUNDS_MAX } from '../../../utils/sync/cycle';
import { type Document, decodeDocument, encodeDocument } from '../../../utils/sync/document';
import {
  newKeyring,
  openDocument,
  openKeyring,
  rotated,
  sealDocument,
  sealKeyring,
} from '../../../utils/sync/envelope';
import { missingFrom } from '../../../utils/sync/merge';
import { trouble } from '../../../utils/sync/providers/provider';
import { hostKey } from '../../../utils/sync/settings';
import { join, withoutDevice } from '../../../utils/sync/state';
import { Device, type Fault, offline, type Place, synced, times, vault } from './devices';
import { entry, NOW, usual, YEAR_MS } from './samples';

const A = hostKey('a.example');
const B = hostKey('b.example');
const MINUTE_MS = 60_000;

/** What the place holds, by a keyring. */
async function held(place: Place, keyring: Parameters<typeof openDocument>[1]): Promise<Document> {
  const opened = await openDocument(place.files.get('settings') ?? '', keyring);
  if (opened.kind !== 'opened') throw new Error(opened.kind);
  const read = decodeDocument(opened.bytes);
  if (read.kind !== 'document') throw new Error(read.why);
  return read.document;
}
async function sealed(document: Document, keyring: Parameters<typeof openDocument>[1]): Promise<string> {
  const done = await sealDocument(encodeDocument(document), keyring);
  if (done.kind !== 'sealed') throw new Error(done.kind);
  return done.text;
}
const two = async (local = usual) => {
  const all = await synced(['a', 'b'], local);
  const [a, b] = all.devices as [Device, Device];
  return { ...all, a, b };
};
const behind = (why: string, more: object = {}) => expect.objectContaining({ kind: 'behind', why, ...more });

describe('a cycle', () => {
  it('sends what changed here, reads it back, and brings it to another device', async () => {
    const { a, b, place } = await two();
    a.set(A, 'block');
    a.set('protection.badge', false);
    expect(await a.cycle()).toEqual({ kind: 'synced', sent: 2, received: 0 });
    expect(place.since()).toEqual(['get settings', 'put settings', 'get settings']);
    expect(await b.cycle()).toEqual({ kind: 'synced', sent: 0, received: 2 });
    expect(b.local).toEqual(a.local);
    a.set(A, undefined);
    await a.cycle();
    await b.cycle();
    expect([b.local, b.local[A]]).toEqual([a.local, undefined]);
  });

  it('with nothing to do reads once and writes nothing', async () => {
    const { a, place } = await two();
    const { document, log } = a.state;
    expect(await a.cycle()).toEqual({ kind: 'synced', sent: 0, received: 0 });
    expect(place.since()).toEqual(['get settings']);
    expect([a.state.document, a.state.log, a.state.lastSyncMs]).toEqual([document, log, a.nowMs]);
  });

  it('of a new vault puts the settings where there are none, once its keys are there', async () => {
    const { keyring, keysFile } = await vault();
    const { place } = await synced([]);
    place.files.clear();
    const a = new Device('a', keyring, place, { keysFile });
    expect((await a.cycle()).kind).toBe('synced');
    expect(place.since()).toEqual(['get settings', 'get keys', 'put keys', 'put settings', 'get settings']);
    expect(place.files.get('keys')).toBe(keysFile);
  });

  it('commits before it sends: what can’t be kept is not sent', async () => {
    const { a, place } = await two();
    a.set(A, 'block');
    for (const [refused, outcome] of [
      [{ kind: 'full' }, { kind: 'not-kept', why: 'full', detail: null }],
      [
        { kind: 'failed', why: 'gone' },
        { kind: 'not-kept', why: 'failed', detail: 'gone' },
      ],
      [{ kind: 'stale-lease' }, { kind: 'halted' }],
    ] as const) {
      a.refuses = refused;
      expect(await a.cycle()).toEqual(outcome);
    }
    expect(place.since()).toEqual(['get settings', 'get settings', 'get settings']);
  });

  it('asks for nothing more once the grant has ended', async () => {
    const { a, place } = await two();
    a.set(A, 'block');
    place.fault = ({ what }) => {
      if (what === 'get') a.halt.abort();
      return undefined;
    };
    expect(await a.cycle()).toEqual({ kind: 'halted' });
    expect(await a.cycle()).toEqual({ kind: 'halted' });
    expect([place.since(), a.state.pending]).toEqual([['get settings'], {}]);
    const { a: c } = await two();
    c.set(A, 'block');
    (c.place as Place).fault = () => trouble('halted');
    expect(await c.cycle()).toEqual({ kind: 'halted' });
    expect(c.state.lastTrouble).toBeNull();
  });

  it('sends If-Match only where that is honoured and a tag is there', async () => {
    const { a, place } = await two();
    const sent: (string | null)[] = [];
    place.fault = ({ what }, _, onlyIf) => {
      if (what === 'put') sent.push(onlyIf);
      return undefined;
    };
    a.set(A, 'block');
    await a.cycle();
    a.state = { ...a.state, honoursIfMatch: true };
    a.set(A, 'allow');
    await a.cycle();
    expect(sent).toEqual([null, expect.stringMatching(/^"\d+"$/)]);
  });
});

describe('a cycle loses nothing to', () => {
  it('a PUT that is cut in mid-body, old kept', async () => {
    const { a, b, place } = await two();
    place.fault = times(2, 'put', 'settings', offline);
    a.set(A, 'block');
    expect(await a.cycle()).toEqual({ kind: 'synced', sent: 1, received: 0 });
    await b.cycle();
    expect(b.local[A]).toBe('block');
  });

  it('a PUT that is cut and leaves a part in place of the good file', async () => {
    const { a, b, place } = await two();
    b.set(B, 'allow');
    await b.cycle();
    place.fault = cut(3);
    a.set(A, 'block');
    expect((await a.cycle()).kind).toBe('behind');
    place.fault = () => undefined;
    expect((await b.cycle()).kind).toBe('synced');
    expect((await a.cycle()).kind).toBe('synced');
    await b.cycle();
    expect(b.local).toEqual({ ...usual, [A]: 'block', [B]: 'allow' });
    expect(a.local).toEqual(b.local);
  });

  it('a response lost after the commit', async () => {
    const { a, place } = await two();
    let lost = 3;
    place.fault = ({ what, name, text }) => {
      if (what !== 'put' || lost-- <= 0) return undefined;
      place.write(name, text);
      return offline;
    };
    a.set(A, 'block');
    expect(await a.cycle()).toEqual({ kind: 'synced', sent: 1, received: 0 });
    expect(place.since().filter((one) => one === 'put settings')).toHaveLength(1);
  });

  it('a GET of two generations, or of a part', async () => {
    const { a, b, place } = await two();
    b.set(B, 'allow');
    await b.cycle();
    place.since();
    const whole = place.files.get('settings') as string;
    for (const torn of [
      { kind: 'torn' } as const,
      { kind: 'found', text: whole.slice(0, 999), tag: null, dateMs: null } as const,
    ]) {
      place.fault = times(DAMAGED_TRIES - 1, 'get', 'settings', torn);
      expect((await a.cycle()).kind).toBe('synced');
      expect(place.since().some((one) => one.startsWith('put'))).toBe(false);
    }
    expect(a.local[B]).toBe('allow');
  });

  it('412 for ever, where the tag is to blame', async () => {
    const { a, place } = await two();
    a.state = { ...a.state, honoursIfMatch: true };
    place.fault = ({ what }, _, onlyIf) => (what === 'put' && onlyIf !== null ? { kind: 'changed' } : undefined);
    a.set(A, 'block');
    expect(await a.cycle()).toEqual({ kind: 'synced', sent: 1, received: 0 });
  });

  it('412 for ever, whatever is sent: it gives up, keeps what waits, and comes back', async () => {
    const { a, place } = await two();
    place.fault = times(1000, 'put', 'settings', { kind: 'changed' });
    a.set(A, 'block');
    expect(await a.cycle()).toEqual(behind('contended'));
    expect(place.since().filter((one) => one === 'get settings')).toHaveLength(ROUNDS_MAX);
    expect(Object.keys(a.state.pending)).toEqual([A]);
    place.fault = () => undefined;
    expect((await a.cycle()).kind).toBe('synced');
  });

  it('tags that are missing, or the same for different files', async () => {
    for (const tag of [null, '"same"']) {
      const { a, b, place } = await two();
      for (const device of [a, b]) device.state = { ...device.state, honoursIfMatch: true };
      place.fault = ({ what, name, text }) => {
        if (what === 'get') return { kind: 'found', text: place.files.get(name) as string, tag, dateMs: null };
        place.write(name, text);
        return { kind: 'put', tag };
      };
      a.set(A, 'block');
      b.set(B, 'allow');
      for (const device of [a, b, a, b]) expect((await device.cycle()).kind).toBe('synced');
      expect([a.local, b.local]).toEqual(Array(2).fill({ ...usual, [A]: 'block', [B]: 'allow' }));
    }
  });

  it('a worker killed between PUT and save, or between save and PUT', async () => {
    const { a, b, place } = await two();
    a.set(A, 'block');
    let left = 1;
    place.fault = ({ what, name, text }) => {
      if (what !== 'put' || left-- <= 0) return undefined;
      place.write(name, text);
      throw new Error('killed');
    };
    await expect(a.cycle()).rejects.toThrow('killed');
    expect(Object.keys(a.state.pending)).toEqual([A]);
    a.set(B, 'allow');
    place.fault = () => {
      throw new Error('killed');
    };
    await expect(a.cycle()).rejects.toThrow('killed');
    place.fault = () => undefined;
    expect(await a.cycle()).toEqual({ kind: 'synced', sent: 2, received: 0 });
    await b.cycle();
    expect(b.local).toEqual(a.local);
  });

  it('a clock a year ahead: it is told of, and wins no longer than until the next change', async () => {
    const { a, b, place } = await two();
    a.nowMs += YEAR_MS;
    a.set(A, 'block');
    await a.cycle();
    b.nowMs += MINUTE_MS;
    await b.cycle();
    expect(b.local[A]).toBe('block');
    expect(b.state.log).toContainEqual(expect.objectContaining({ kind: 'warning', why: 'clock-ahead', by: 'a' }));
    b.set(A, 'allow');
    await b.cycle();
    await a.cycle();
    expect([a.local[A], b.local[A]]).toEqual(['allow', 'allow']);
    // Told the time, it stamps by that.
    place.dateMs = NOW + 2 * MINUTE_MS;
    await a.cycle();
    a.set(B, 'block');
    await a.cycle();
    expect((await held(place, a.keyring)).entries[B]?.at.ms).toBeLessThan(NOW + 10 * MINUTE_MS);
    expect(a.state.skewMs).toBeLessThan(-YEAR_MS + 10 * MINUTE_MS);
  });

  it('an old blob that is replayed: told of, and pushed over', async () => {
    const { a, b, place } = await two({ ...usual, [A]: 'block' });
    const old = place.files.get('settings') as string;
    a.set(A, undefined);
    a.set(B, 'allow');
    await a.cycle();
    place.write('settings', old);
    expect((await a.cycle()).kind).toBe('synced');
    expect(a.local).toEqual({ ...usual, [B]: 'allow' });
    expect(a.state.log).toContainEqual(expect.objectContaining({ kind: 'warning', why: 'went-back', count: 2 }));
    await b.cycle();
    expect(b.local).toEqual(a.local);
  });

  it('a place that lost the settings, and its keys once they were read: both are put back', async () => {
    const { a, place, keysFile } = await two({ ...usual, [A]: 'block' });
    const before = await held(place, a.keyring);
    place.files.delete('settings');
    expect((await a.cycle()).kind).toBe('synced');
    expect(missingFrom(await held(place, a.keyring), before)).toEqual([]);
    expect(a.state.log).toContainEqual(expect.objectContaining({ why: 'went-back' }));
    place.files.delete('keys');
    place.files.set('settings', 'not an envelope');
    expect((await a.cycle()).kind).toBe('synced');
    expect([place.files.get('keys'), a.local[A]]).toEqual([keysFile, 'block']);
  });

  it('a place from which the copy was deleted: that is no accident, and nobody writes it anew', async () => {
    const { a, place } = await two({ ...usual, [A]: 'block' });
    place.files.clear();
    expect((await a.cycle()).kind).toBe('closed');
    expect([place.files.size, a.local[A]]).toEqual([0, 'block']);
  });

  it('a device that was offline for a year, with old values and old tombstones', async () => {
    const { a, b } = await two({ ...usual, [A]: 'block', [B]: 'allow' });
    const C = hostKey('c.example');
    b.set(B, undefined);
    b.set(C, 'block');
    b.place.put = async () => offline;
    expect((await b.cycle()).kind).toBe('behind');
    delete (b.place as { put?: unknown }).put;
    for (const step of [() => a.set(A, undefined), () => a.set(B, undefined), () => a.set(B, 'block')]) {
      a.nowMs += MINUTE_MS;
      step();
      await a.cycle();
    }
    b.nowMs = a.nowMs = NOW + YEAR_MS;
    expect((await b.cycle()).kind).toBe('synced');
    await a.cycle();
    expect([a.local, b.local]).toEqual(Array(2).fill({ ...usual, [B]: 'block', [C]: 'block' }));
    expect(b.state.log).toContainEqual(
      expect.objectContaining({ kind: 'conflict', key: B, to: 'block', by: 'a', over: 'b' }),
    );
  });

  it('two devices that join at once', async () => {
    const { place, keyring, keysFile } = await two({ ...usual, [A]: 'block' });
    const joining = ['c', 'd'].map((id) => new Device(id, keyring, place, { keysFile, phase: 'joining' }));
    const [c, d] = joining as [Device, Device];
    c.set(B, 'allow');
    d.set('protection.badge', false);
    place.since();
    for (const device of joining) expect((await device.cycle()).kind).toBe('synced');
    expect(place.since()).toEqual(['get settings', 'get settings']);
    expect([c.local, d.local]).toEqual([
      { ...usual, [B]: 'allow' },
      { ...usual, 'protection.badge': false },
    ]);
    for (const device of joining) {
      const { state, apply } = join(device.state, device.local, 'merge', device.nowMs);
      device.state = state;
      device.local = apply ?? device.local;
    }
    // Both read before either writes.
    let waiting: (() => void)[] = [];
    place.fault = ({ what }) =>
      what === 'put' && waiting.length < 2
        ? new Promise((go) => {
            waiting.push(() => go(undefined));
            if (waiting.length === 2) for (const one of waiting) one();
          })
        : undefined;
    expect((await Promise.all([c.cycle(), d.cycle()])).map(({ kind }) => kind)).toEqual(['synced', 'synced']);
    waiting = [];
    for (const device of [c, d]) await device.cycle();
    const all = { ...usual, [A]: 'block', [B]: 'allow', 'protection.badge': false };
    expect([c.local, d.local]).toEqual([all, all]);
  });
});

describe('a cycle that can’t', () => {
  it.each([
    ['423', trouble('locked', 423)],
    ['401 in mid-cycle', trouble('signed-out', 401)],
    ['403', trouble('forbidden', 403)],
    ['404 on the folder', trouble('no-folder', 404)],
    ['409', trouble('no-folder', 409)],
    ['500', trouble('server-error', 500)],
    ['507', trouble('full', 507)],
    ['HTML of a captive portal', trouble('not-webdav', 200)],
    ['our own refusal', trouble('refused')],
  ])('write for %s says so, keeps what waits, and goes on later', async (_, answer) => {
    const { a, b, place } = await two();
    place.fault = times(1000, 'put', 'settings', answer);
    a.set(A, 'block');
    const at = a.nowMs;
    const outcome = await a.cycle();
    expect(outcome).toEqual(behind(answer.why, { status: answer.status }));
    expect(a.state).toMatchObject({ lastTrouble: { why: answer.why }, failures: 1 });
    expect(a.state.notBeforeMs).toBeGreaterThan(at);
    expect(Object.keys(a.state.pending)).toEqual([A]);
    expect(a.local[A]).toBe('block');
    place.fault = () => undefined;
    expect(await a.cycle()).toEqual({ kind: 'synced', sent: 1, received: 0 });
    expect(a.state).toMatchObject({ lastTrouble: null, failures: 0, notBeforeMs: 0 });
    await b.cycle();
    expect(b.local[A]).toBe('block');
  });

  it.each([
    ['429', trouble('busy', 429, 90_000), 90_000],
    ['503', trouble('busy', 503, 5000), 5000],
    ['429 that asks for a year', trouble('busy', 429, YEAR_MS), 86_400_000],
  ])('read for %s leaves the place alone for as long as it asks, a day at most', async (_, answer, afterMs) => {
    const { a, place } = await two();
    place.fault = times(1, 'get', 'settings', answer);
    expect(await a.cycle()).toEqual({
      kind: 'behind',
      why: 'busy',
      status: answer.status,
      notBeforeMs: a.nowMs + afterMs,
    });
    expect(place.since()).toEqual(['get settings']);
  });

  it('reach the place waits longer each time, an hour and a quarter at most, and stamps changes when they are made', async () => {
    const { a, place } = await two();
    place.fault = () => offline;
    a.set(A, 'block');
    const pauses: number[] = [];
    for (let n = 0; n < 12; n++) {
      const outcome = await a.cycle();
      if (outcome.kind === 'behind') pauses.push(outcome.notBeforeMs - a.nowMs);
    }
    expect(pauses.slice(0, 3)).toEqual([30_000, 60_000, 120_000]);
    expect(pauses.slice(-2)).toEqual([60 * MINUTE_MS, 60 * MINUTE_MS]);
    expect(a.state.document.entries[A]?.at.ms).toBeLessThan(NOW + MINUTE_MS);
  });

  it('fit the place says so, and what waits can be named', async () => {
    const { a, place } = await two();
    place.bytesMax = 1000;
    a.set(A, 'block');
    expect(await a.cycle()).toEqual(behind('too-large'));
    expect([place.since(), Object.keys(a.state.pending)]).toEqual([['get settings'], [A]]);
  });
});

describe('what can’t be read', () => {
  const html = '<!doctype html><title>Sign in to the network</title>';

  it('is kept beside, and replaced by a device with a past of its own, after it was read again', async () => {
    const { a, b, place } = await two({ ...usual, [A]: 'block' });
    place.write('settings', html);
    place.since();
    expect((await a.cycle()).kind).toBe('synced');
    expect(place.since()).toEqual([
      ...Array(DAMAGED_TRIES).fill('get settings'),
      'get keys',
      'keepDamaged settings',
      'put settings',
      'get settings',
    ]);
    expect(place.bad.get('settings')).toBe(html);
    expect(a.state.log).toContainEqual(expect.objectContaining({ kind: 'warning', why: 'damaged' }));
    await b.cycle();
    expect(b.local).toEqual(a.local);
  });

  it.each(['full', 'too-large'] as const)('goes where the place has no room beside it (%s)', async (why) => {
    const { a, b, place, keyring } = await two({ ...usual, [A]: 'block' });
    place.fault = ({ what }) => (what === 'keepDamaged' ? trouble(why, 507) : undefined);
    place.write('settings', html);
    place.write('keys', html);
    a.set(B, 'block');
    expect((await a.cycle()).kind).toBe('synced');
    expect(place.asked).toContain('keepDamaged settings');
    expect(place.asked).toContain('keepDamaged keys');
    expect(place.bad.size).toBe(0);
    expect(a.state.log).toContainEqual(expect.objectContaining({ kind: 'warning', why: 'damaged' }));
    expect((await held(place, keyring)).entries[B]?.value).toBe('block');
    expect(place.files.get('keys')).toBe(a.state.keysFile);
    await b.cycle();
    expect(b.local).toEqual(a.local);
  });

  it.each(['offline', 'locked', 'forbidden'] as const)(
    'stays where something else keeps it from there (%s)',
    async (why) => {
      const { a, place } = await two();
      place.write('settings', html);
      place.fault = times(1000, 'keepDamaged', 'settings', trouble(why));
      expect(await a.cycle()).toEqual(behind(why));
      expect(place.files.get('settings')).toBe(html);
    },
  );

  it('stays where this device is only joining', async () => {
    const { place, keyring, keysFile } = await two();
    place.write('settings', html);
    const c = new Device('c', keyring, place, { keysFile, phase: 'joining' });
    expect(await c.cycle()).toEqual(behind('damaged'));
    expect([place.files.get('settings'), place.bad.size]).toEqual([html, 0]);
  });

  it('stays where the place has another vault’s keys by now', async () => {
    const { a, place } = await two();
    place.write('settings', html);
    place.write('keys', await sealKeyring(newKeyring(), 'another passphrase'));
    expect(await a.cycle()).toEqual({ kind: 'other-vault' });
    expect(place.files.get('settings')).toBe(html);
  });

  it('was cut short or inflates: as any that is damaged', async () => {
    const { a, place } = await two();
    const whole = place.files.get('settings') as string;
    for (const text of [
      whole.slice(0, 200),
      `${whole}A`,
      whole.replace(/\.([\w-]{16})\./, `.${'A'.repeat(16)}.`),
      '',
    ]) {
      place.write('settings', text);
      expect((await a.cycle()).kind).toBe('synced');
      expect(place.bad.get('settings')).toBe(text);
      await held(place, a.keyring);
    }
  });

  it('is the other file, swapped: no secret goes where it does not belong', async () => {
    const { a, place, keysFile } = await two({ ...usual, [A]: 'block' });
    const settings = place.files.get('settings') as string;
    place.write('settings', keysFile);
    place.write('keys', settings);
    expect((await a.cycle()).kind).toBe('synced');
    expect([place.files.get('keys'), a.local[A]]).toEqual([keysFile, 'block']);
    expect((await held(place, a.keyring)).entries[A]?.value).toBe('block');
  });

  it('was written by a later version: it is left as it is, and changes here wait', async () => {
    const { a, place } = await two();
    const later = await sealDocument(new TextEncoder().encode('{"format":2,"new":[]}'), a.keyring);
    const text = later.kind === 'sealed' ? later.text : '';
    place.write('settings', text);
    a.set(A, 'block');
    expect(await a.cycle()).toEqual({ kind: 'newer-format' });
    expect([place.files.get('settings'), place.bad.size, Object.keys(a.state.pending)]).toEqual([text, 0, [A]]);
  });

  it('has keys and values of a later version: they survive whatever this one writes', async () => {
    const { a, place } = await two();
    const document = await held(place, a.keyring);
    const later = { 'later.setting/x': entry({ deep: [1, null] }, NOW), 'protection.badge': entry('sometimes', NOW) };
    place.write('settings', await sealed({ entries: { ...document.entries, ...later } }, a.keyring));
    a.set(A, 'block');
    await a.cycle();
    expect((await held(place, a.keyring)).entries).toMatchObject(later);
    expect(a.local['protection.badge']).toBe(true);
  });
});

describe('another’s doing', () => {
  it('that closed the vault ends it, and deletes no setting', async () => {
    const { a, place } = await two({ ...usual, [A]: 'block' });
    place.closed = true;
    expect(await a.cycle()).toEqual({ kind: 'closed' });
    expect([place.since(), a.local[A]]).toEqual([['get settings'], 'block']);
  });

  it('that put another vault there is not touched', async () => {
    const { a, place } = await two();
    const other = newKeyring();
    const text = await sealed({ entries: {} }, other);
    place.write('settings', text);
    a.set(A, 'block');
    expect(await a.cycle()).toEqual({ kind: 'other-vault' });
    expect([place.files.get('settings'), Object.keys(a.state.pending)]).toEqual([text, [A]]);
  });

  it('of a server that swaps key ids reads as a key that is not here, or as damage; never as settings', async () => {
    const { a, place, keyring } = await two({ ...usual, [A]: 'block' });
    const [header, ...rest] = (place.files.get('settings') as string).split('.') as [string, ...string[]];
    const next = rotated(keyring);
    const pinned = JSON.parse(Buffer.from(header, 'base64url').toString());
    const swapped = Buffer.from(JSON.stringify({ ...pinned, kid: next.keys[1]?.kid, epoch: 2 })).toString('base64url');
    place.write('settings', [swapped, ...rest].join('.'));
    expect(await a.cycle()).toEqual({ kind: 'needs-secret' });
    a.keyring = next;
    a.state = { ...a.state, keysFile: await sealKeyring(next, 'correct horse battery staple') };
    expect((await a.cycle()).kind).toBe('synced');
    expect([place.bad.has('settings'), a.local[A]]).toEqual([true, 'block']);
  });
});

describe('a data key that was replaced', () => {
  const passphrase = 'a new passphrase of ours';
  async function replaced() {
    const all = await two({ ...usual, [A]: 'block' });
    const { a, place } = all;
    a.keyring = rotated(a.keyring, 'new');
    const keysFile = await sealKeyring(a.keyring, passphrase);
    a.state = withoutDevice({ ...a.state, keysFile }, 'gone', a.nowMs);
    return { ...all, place, keysFile };
  }

  it('is put with its file of keys before anything is sealed with it', async () => {
    const { a, place, keysFile } = await replaced();
    expect((await a.cycle()).kind).toBe('synced');
    expect(place.since()).toEqual(['get settings', 'get keys', 'put keys', 'put settings', 'get settings']);
    expect(place.files.get('keys')).toBe(keysFile);
    expect(a.state.log.some(({ kind }) => kind === 'warning')).toBe(false);
  });

  it('stops the others until they give the passphrase, and nothing that they changed is lost', async () => {
    const { a, b, place, keysFile } = await replaced();
    await a.cycle();
    b.set(B, 'allow');
    expect(await b.cycle()).toEqual({ kind: 'needs-secret' });
    const opened = await openKeyring(keysFile, { passphrase }, b.keyring);
    if (opened.kind !== 'opened') throw new Error(opened.kind);
    b.keyring = opened.keyring;
    b.state = { ...b.state, keysFile };
    expect(await b.cycle()).toEqual({ kind: 'synced', sent: 1, received: 0 });
    await a.cycle();
    expect([a.local, place.files.get('keys')]).toEqual([{ ...usual, [A]: 'block', [B]: 'allow' }, keysFile]);
  });

  it('makes what the old key seals no settings of ours: whoever was removed changes nothing here', async () => {
    const { a, b, place } = await replaced();
    await a.cycle();
    b.set(A, undefined);
    b.set('protection.list/phishing', false);
    // The one that was removed writes over the file without reading it.
    const forged = { entries: { ...b.state.document.entries, [A]: entry(undefined, NOW + YEAR_MS, 'b') } };
    place.write('settings', await sealed(forged, b.keyring));
    expect((await a.cycle()).kind).toBe('synced');
    expect(a.local).toEqual({ ...usual, [A]: 'block' });
    expect((await held(place, a.keyring)).entries[A]?.value).toBe('block');
    expect(a.state.log).toContainEqual(expect.objectContaining({ kind: 'warning', why: 'old-key', count: 1 }));
  });

  it('puts no older file of keys in the place of a newer one', async () => {
    const { a, b, place, keysFile } = await replaced();
    await a.cycle();
    place.files.delete('settings');
    expect(await b.cycle()).toEqual({ kind: 'needs-secret' });
    expect([place.files.get('keys'), place.files.has('settings')]).toEqual([keysFile, false]);
  });
});

/** So many PUTs of the settings leave a part of the file and no answer. */
function cut(count: number): Fault {
  let left = count;
  return ({ what, name, text }, place) => {
    if (what !== 'put' || name !== 'settings' || left-- <= 0) return undefined;
    place.write(name, text.slice(0, 700));
    return offline;
  };
}

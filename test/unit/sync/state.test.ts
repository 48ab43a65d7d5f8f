import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OWN_HOSTS_MAX, usualProtection } from '../../../utils/catalogue/lists';
import { compareStamps, DRIFT_MAX_MS } from '../../../utils/sync/clock';
import type { Document } from '../../../utils/sync/document';
import { merge } from '../../../utils/sync/merge';
import { aboutKey, applyTo, hostKey, isKnown, type LocalSettings, project } from '../../../utils/sync/settings';
import {
  devicesOf,
  join,
  joinChanges,
  keepHere,
  LOG_MAX,
  lastChangeOf,
  noteLocal,
  renamed,
  type SyncState,
  syncState,
  takeIn,
  undo,
  waitMs,
  warningsOf,
  withoutDevice,
} from '../../../utils/sync/state';
import { anyDocument, documentOf, entry, NOW, stateOf, usual, YEAR_MS } from './samples';

const A = hostKey('a.example');
const B = hostKey('b.example');
const stands = ({ document }: SyncState, key: string) => document.entries[key]?.value;
const settled = (state: SyncState): SyncState => ({ ...state, pending: {}, lastSyncMs: NOW });
const without = (local: LocalSettings, key: string): LocalSettings =>
  Object.fromEntries(Object.entries(local).filter(([one]) => one !== key));
/** A device that has synced these settings, and knows the place to hold them. */
const synced = (id: string, local: LocalSettings): SyncState => settled(noteLocal(stateOf(id), local, NOW));

describe('which settings sync', () => {
  const settings = {
    ...usualProtection,
    lists: { ads: false, tracking: true, malicious: true, phishing: false },
    allow: ['a.example', 'c.example'],
    block: ['b.example'],
    pauses: [{ host: 'p.example', untilMs: NOW }],
    badge: false,
  };

  it('is all of protection but its pauses, and they come back as they were', () => {
    const values = project(settings);
    expect(Object.keys(values).some((key) => key.includes('p.example'))).toBe(false);
    expect(applyTo({ ...usualProtection, pauses: settings.pauses }, values)).toEqual(settings);
    expect(project(usualProtection)).toEqual(usual);
  });

  it('is decided by key and value, so that what a later version wrote is not applied', () => {
    expect(isKnown(A, 'block')).toBe(true);
    for (const [key, value] of [
      [A, 'maybe'],
      [hostKey('NO HOST'), 'block'],
      [hostKey(''), 'block'],
      ['protection.list/later', true],
      ['protection.badge', 'on'],
      ['constructor', true],
    ] as const)
      expect(isKnown(key, value), key).toBe(false);
    expect(aboutKey(A)).toEqual({ group: 'host', host: 'a.example' });
  });
});

describe('changes made here', () => {
  it('do not include what everybody has anyway: a fresh device says nothing', () => {
    expect(Object.keys(noteLocal(stateOf('a'), usual, NOW).document.entries)).toEqual(['device/a']);
  });

  it('are stamped, each once', () => {
    const first = noteLocal(stateOf('a'), { ...usual, [A]: 'block', 'protection.badge': false }, NOW);
    expect([stands(first, A), stands(first, 'protection.badge')]).toEqual(['block', false]);
    const later = noteLocal(first, { ...usual, [A]: 'block', 'protection.badge': false }, NOW + 1000);
    expect(later.document).toEqual(first.document);
  });

  it('go back to the usual value too', () => {
    const state = noteLocal(synced('a', { ...usual, 'protection.badge': false }), usual, NOW + 1);
    expect(stands(state, 'protection.badge')).toBe(true);
    expect(state.pending['protection.badge']).toEqual(entry(false, NOW, 'a'));
  });

  it('delete by a tombstone, and only what stood here', () => {
    const other = documentOf({ [B]: entry('block', NOW - 5), 'later.setting': entry(1, NOW - 5) });
    const before = { ...synced('a', { ...usual, [A]: 'block' }) };
    const state = noteLocal({ ...before, document: merge(before.document, other) }, usual, NOW + 1);
    expect(state.document.entries[A]).toEqual(entry(undefined, NOW + 1, 'a'));
    expect([stands(state, B), stands(state, 'later.setting')]).toEqual(['block', 1]);
  });

  it('win over what they were made after seeing, from a clock a year ahead too', () => {
    const ahead = documentOf({ [A]: entry('block', NOW + YEAR_MS) });
    const seen = takeIn(synced('a', usual), usual, ahead, NOW);
    const local = { ...seen.apply, [A]: 'allow', [B]: 'block' };
    const changed = noteLocal(seen.state, local, NOW + 1000);
    expect(merge(changed.document, ahead).entries[A]).toMatchObject({ value: 'allow', at: { by: 'a' } });
    // The rest of this device's changes is not carried off by that clock.
    expect(changed.document.entries[B]?.at.ms).toBeLessThanOrEqual(NOW + 1000 + DRIFT_MAX_MS);
  });

  it('are stamped with the server’s time where the clock here is off', () => {
    const state = noteLocal({ ...stateOf('a'), skewMs: -YEAR_MS }, { ...usual, [A]: 'block' }, NOW + YEAR_MS);
    // The device's own entry was made before the server's time was known.
    expect(state.document.entries[A]?.at.ms).toBe(NOW);
  });

  it('are none of what stays on this device', () => {
    const state = keepHere(synced('a', usual), usual, A, true, NOW).state;
    const noted = noteLocal(state, { ...usual, [A]: 'block' }, NOW + 1);
    expect(noted.document).toEqual(state.document);
    expect(noteLocal(noted, usual, NOW + 2).document).toEqual(state.document);
  });
});

describe('what comes in', () => {
  it('is applied, told of, and complete', () => {
    const remote = documentOf({ [A]: entry('allow', NOW + 1), 'protection.badge': entry(false, NOW + 1) });
    const taken = takeIn(synced('a', { ...usual, [B]: 'block' }), { ...usual, [B]: 'block' }, remote, NOW + 2);
    expect(taken.apply).toEqual({ ...usual, [A]: 'allow', [B]: 'block', 'protection.badge': false });
    expect(taken.state.log.filter(({ kind }) => kind === 'received')).toEqual([
      { atMs: NOW + 2, kind: 'received', key: 'protection.badge', from: true, to: false, by: 'other' },
      { atMs: NOW + 2, kind: 'received', key: A, to: 'allow', by: 'other' },
    ]);
    // What was applied is nothing that was changed here.
    expect(noteLocal(taken.state, taken.apply as LocalSettings, NOW + 3).document).toEqual(taken.state.document);
  });

  it('does not touch what stays on this device', () => {
    const local = { ...usual, [A]: 'block' };
    const state = keepHere(synced('a', local), local, A, true, NOW).state;
    const remote = documentOf({ [A]: entry(undefined, NOW + 9), 'protection.badge': entry(false, NOW + 9) });
    const taken = takeIn(state, local, remote, NOW + 10);
    expect(taken.apply).toEqual({ ...local, 'protection.badge': false });
    const back = keepHere(taken.state, taken.apply as LocalSettings, A, false, NOW + 11);
    expect(back.apply).toEqual({ ...usual, 'protection.badge': false });
  });

  it('is kept but not applied where a later version wrote it, and is not written over', () => {
    const local = { ...usual, [A]: 'block' };
    const remote = documentOf({
      [A]: entry({ verdict: 'block', until: 5 }, NOW + 1),
      'later.setting/x': entry([1, 2], NOW + 1),
      'protection.badge': entry('sometimes', NOW + 1),
    });
    const taken = takeIn(synced('a', local), local, remote, NOW + 2);
    expect(taken.apply).toBeNull();
    const noted = noteLocal(taken.state, local, NOW + 3);
    for (const key of Object.keys(remote.entries)) expect(noted.document.entries[key]).toEqual(remote.entries[key]);
  });

  it('counts before what is usual where a new version brings a setting that others have had', () => {
    const old = synced('a', without(usual, 'protection.list/phishing'));
    const known = {
      ...old,
      document: merge(old.document, documentOf({ 'protection.list/phishing': entry(false, 5) })),
    };
    const taken = takeIn(known, usual, known.document, NOW + 1);
    expect(taken.apply).toEqual({ ...usual, 'protection.list/phishing': false });
  });

  it('fills the lists as far as they hold, loses nothing of the rest, and says so', () => {
    const own = Object.fromEntries(Array.from({ length: 800 }, (_, n) => [hostKey(`own${n}.example`), 'block']));
    const others = Object.fromEntries(
      Array.from({ length: 800 }, (_, n) => [hostKey(`b${n}.example`), entry('block', NOW + 1)]),
    );
    const local = { ...usual, ...own };
    const { state, apply } = takeIn(synced('a', local), local, documentOf(others), NOW + 2);
    const fits = apply as LocalSettings;
    expect(Object.values(fits).filter((value) => value === 'block')).toHaveLength(OWN_HOSTS_MAX);
    for (const key of Object.keys(own)) expect(fits[key]).toBe('block');
    expect(warningsOf(state, fits, NOW + 2)).toEqual([{ why: 'does-not-fit', count: 600 }]);
    const next = takeIn(noteLocal(state, fits, NOW + 3), fits, documentOf({}), NOW + 3);
    expect(Object.keys(next.state.document.entries)).toHaveLength(1601);
    expect(next.apply).toBeNull();
    // With room again, one of those that waited moves in.
    const less = takeIn(next.state, without(fits, hostKey('own0.example')), documentOf({}), NOW + 4);
    expect(Object.values(less.apply ?? {}).filter((value) => value === 'block')).toHaveLength(OWN_HOSTS_MAX);
    expect(less.state.document.entries[hostKey('own0.example')]?.value).toBeUndefined();
  });

  it('of a device that was away for long brings back nothing that was deleted, and deletes nothing newer', () => {
    const local = { ...usual, [A]: 'block', [B]: 'allow' };
    const before = synced('a', local);
    const now = noteLocal(before, without(local, A), NOW + YEAR_MS);
    const away = documentOf({ [A]: entry('block', NOW, 'away'), [B]: entry(undefined, NOW - YEAR_MS, 'away') });
    const taken = takeIn(now, without(local, A), away, NOW + YEAR_MS + 1);
    expect(taken.apply).toBeNull();
    expect([stands(taken.state, A), stands(taken.state, B)]).toEqual([undefined, 'allow']);
  });

  it('from a clock a year ahead is accepted, and warned of once', () => {
    const ahead = documentOf({ [A]: entry('block', NOW + YEAR_MS) });
    const taken = takeIn(synced('a', usual), usual, ahead, NOW);
    expect(taken.apply).toEqual({ ...usual, [A]: 'block' });
    expect(taken.warnings).toContainEqual({ why: 'clock-ahead', by: 'other', offMs: YEAR_MS });
    expect(taken.state.log).toContainEqual({
      atMs: NOW,
      kind: 'warning',
      why: 'clock-ahead',
      by: 'other',
      offMs: YEAR_MS,
    });
    expect(warningsOf(taken.state, usual, NOW)).toEqual([{ why: 'clock-ahead', by: 'other', offMs: YEAR_MS }]);
    const again = takeIn(taken.state, taken.apply as LocalSettings, ahead, NOW + 1);
    expect(again.warnings.filter(({ why }) => why === 'clock-ahead')).toEqual([]);
    expect(warningsOf({ ...taken.state, skewMs: YEAR_MS }, usual, NOW)).toEqual([
      { why: 'own-clock', by: 'a', offMs: -YEAR_MS },
    ]);
  });

  it('that went back is told of once, and sent again', () => {
    const local = { ...usual, [A]: 'block' };
    const state = synced('a', local);
    const taken = takeIn(
      state,
      local,
      documentOf({ 'device/a': state.document.entries['device/a'] as never }),
      NOW + 1,
    );
    expect(taken.warnings).toEqual([{ why: 'went-back', count: 1 }]);
    expect(taken.state.pending).toEqual({ [A]: null });
    expect(taken.apply).toBeNull();
    expect(takeIn(taken.state, local, documentOf({}), NOW + 2).warnings).toEqual([{ why: 'went-back', count: 1 }]);
    expect(takeIn(taken.state, local, state.document, NOW + 2).state.pending).toEqual({});
  });
});

describe('a conflict', () => {
  const badge = 'protection.badge';
  const here = noteLocal(synced('a', usual), { ...usual, [badge]: false, [A]: 'block' }, NOW + 10);
  const local = { ...usual, [badge]: false, [A]: 'block' };

  it('that is lost here is told with both values', () => {
    const { state, apply, conflicts } = takeIn(here, local, documentOf({ [A]: entry('allow', NOW + 20) }), NOW + 30);
    expect(apply).toEqual({ ...local, [A]: 'allow' });
    expect(conflicts).toEqual([
      { atMs: NOW + 30, kind: 'conflict', key: A, from: 'block', to: 'allow', by: 'other', over: 'a' },
    ]);
    expect(state.log).toContainEqual(conflicts[0]);
  });

  it('that is won here is told too, once', () => {
    const remote = documentOf({ [A]: entry('allow', NOW + 5) });
    const { state, apply, conflicts } = takeIn(here, local, remote, NOW + 30);
    expect(apply).toBeNull();
    expect(conflicts).toEqual([
      { atMs: NOW + 30, kind: 'conflict', key: A, from: 'allow', to: 'block', by: 'a', over: 'other' },
    ]);
    expect(takeIn(state, local, remote, NOW + 31).conflicts).toEqual([]);
  });

  it('is none where both chose the same, or where one knew of the other', () => {
    expect(takeIn(here, local, documentOf({ [A]: entry('block', NOW + 20) }), NOW + 30).conflicts).toEqual([]);
    const seen = settled(takeIn(synced('a', usual), usual, documentOf({ [A]: entry('allow', NOW) }), NOW + 1).state);
    const changed = noteLocal(seen, { ...usual, [A]: 'block' }, NOW + 2);
    expect(
      takeIn(changed, { ...usual, [A]: 'block' }, documentOf({ [A]: entry('allow', NOW) }), NOW + 3).conflicts,
    ).toEqual([]);
  });
});

describe('what was sent', () => {
  it('waits until the place is seen to hold it', () => {
    const local = { ...usual, [A]: 'block' };
    const noted = noteLocal(synced('a', usual), local, NOW + 1);
    expect(Object.keys(noted.pending)).toEqual([A]);
    const torn = takeIn(noted, local, documentOf({ 'device/a': noted.document.entries['device/a'] as never }), NOW + 2);
    expect([torn.sent, Object.keys(torn.state.pending)]).toEqual([0, [A]]);
    const held = takeIn(torn.state, local, noted.document, NOW + 3);
    expect([held.sent, held.state.pending]).toEqual([1, {}]);
    expect(held.state.log[0]).toEqual({ atMs: NOW + 3, kind: 'sent', key: A, to: 'block' });
  });

  it('is not what stays on this device by now', () => {
    const local = { ...usual, [A]: 'block', [B]: 'block' };
    const base = synced('a', { ...usual, [B]: 'allow' });
    const one = keepHere(noteLocal(base, local, NOW + 1), local, A, true, NOW + 2).state;
    const both = keepHere(one, local, B, true, NOW + 3).state;
    expect(both.document).toEqual(base.document);
    expect(both.pending).toEqual({});
  });
});

describe('the undo of the last merge', () => {
  const local = { ...usual, [A]: 'block' };
  const remote = documentOf({
    [A]: entry(undefined, NOW + 5),
    [B]: entry('allow', NOW + 5),
    'protection.badge': entry(false, NOW + 5),
  });
  const taken = takeIn(synced('a', local), local, remote, NOW + 6);
  const after = taken.apply as LocalSettings;

  it('restores, is told of, and wins over what it took back when it syncs', () => {
    const back = undo(taken.state, after, NOW + 7);
    expect(back.apply).toEqual(local);
    expect(back.state.undo).toBeNull();
    expect(back.state.log.slice(0, 3).map(({ kind }) => kind)).toEqual(['undone', 'undone', 'undone']);
    const elsewhere = takeIn(
      settled({ ...stateOf('b'), document: remote, applied: after }),
      after,
      back.state.document,
      NOW + 8,
    );
    expect(elsewhere.apply).toEqual(local);
    expect(takeIn(back.state, local, remote, NOW + 9).apply).toBeNull();
  });

  it('leaves alone what the person changed since', () => {
    const since = { ...after, [B]: 'block' };
    expect(undo(taken.state, since, NOW + 7).apply).toEqual({ ...local, [B]: 'block' });
  });

  it('takes merges of one cycle together, and merges that changed nothing leave it', () => {
    const more = takeIn(
      taken.state,
      after,
      documentOf({ 'protection.list/ads': entry(false, NOW + 7) }),
      NOW + 8,
      NOW + 6,
    );
    const idle = takeIn(more.state, more.apply as LocalSettings, documentOf({}), NOW + 9);
    expect(undo(idle.state, more.apply as LocalSettings, NOW + 10).apply).toEqual(local);
    const apart = takeIn(taken.state, after, documentOf({ 'protection.list/ads': entry(false, NOW + 7) }), NOW + 8);
    expect(undo(apart.state, apart.apply as LocalSettings, NOW + 10).apply).toEqual(after);
  });

  it('with nothing to take back changes nothing', () => {
    const state = synced('a', local);
    expect(undo(state, local, NOW + 7)).toMatchObject({ apply: null, changes: [] });
    expect(undo(state, local, NOW + 7).state.document).toEqual(state.document);
  });
});

describe('joining', () => {
  const there = documentOf({
    'device/other': entry({ name: 'Laptop', joinedMs: NOW - 50 }, NOW - 50),
    'protection.badge': entry(false, NOW - 20),
    [A]: entry('allow', NOW - 10),
    [hostKey('gone.example')]: entry(undefined, NOW - 10),
  });
  const local = {
    ...usual,
    'protection.list/ads': false,
    [A]: 'block',
    [B]: 'block',
    [hostKey('gone.example')]: 'block',
  };
  const joining = takeIn(stateOf('a', undefined, { phase: 'joining' }), local, there, NOW).state;

  it('pulls, and neither applies nor changes anything', () => {
    const taken = takeIn(joining, local, there, NOW);
    expect([taken.apply, taken.state.document, noteLocal(joining, local, NOW).document]).toEqual([null, there, there]);
    expect(lastChangeOf(joining)).toEqual({ name: 'Laptop', atMs: NOW - 10 });
  });

  it('shows before what would change, either way', () => {
    expect(joinChanges(joining, local)).toEqual([
      { key: 'protection.badge', here: true, there: false, merged: false },
      { key: A, here: 'block', there: 'allow', merged: 'allow' },
      { key: B, here: 'block', there: undefined, merged: 'block' },
      { key: hostKey('gone.example'), here: 'block', there: undefined, merged: undefined },
      { key: 'protection.list/ads', here: false, there: true, merged: false },
    ]);
  });

  it.each(['merge', 'replace'] as const)('does what was shown, and what the vault had stays as it was: %s', (how) => {
    const { state, apply } = join(joining, local, how, NOW + 1);
    for (const { key, there, merged } of joinChanges(joining, local))
      expect(apply?.[key]).toBe(how === 'merge' ? merged : there);
    for (const key of Object.keys(there.entries)) expect(state.document.entries[key]).toEqual(there.entries[key]);
    const added = Object.keys(state.document.entries).filter((key) => !(key in there.entries));
    expect(added.sort()).toEqual(how === 'merge' ? ['device/a', B, 'protection.list/ads'] : ['device/a']);
    expect(noteLocal(state, apply as LocalSettings, NOW + 2).document).toEqual(state.document);
    expect(undo(state, apply as LocalSettings, NOW + 3).apply).toEqual(local);
  });

  it('of a fresh device overwrites nothing with its defaults, whatever the vault holds', () => {
    fc.assert(
      fc.property(anyDocument, (vault) => {
        const pulled = takeIn(stateOf('a', undefined, { phase: 'joining' }), usual, vault, NOW).state;
        for (const how of ['merge', 'replace'] as const) {
          const { state } = join(pulled, usual, how, NOW);
          const { 'device/a': _, ...rest } = state.document.entries;
          expect(rest).toEqual(pulled.document.entries);
        }
      }),
    );
  });
});

describe('devices', () => {
  it('are listed by name and last change, renamed, and taken off', () => {
    const local = { ...usual, [A]: 'block' };
    const two = merge(noteLocal(stateOf('a'), local, NOW + 5).document, stateOf('b').document);
    const state = renamed({ ...stateOf('a'), document: two }, 'Desk', NOW + 9);
    expect(devicesOf(state)).toEqual([
      { id: 'a', name: 'Desk', joinedMs: NOW, lastChangeMs: NOW + 5, self: true },
      { id: 'b', name: 'Device b', joinedMs: NOW, lastChangeMs: null, self: false },
    ]);
    const less = withoutDevice(state, 'b', NOW + 10);
    expect(devicesOf(less).map(({ id }) => id)).toEqual(['a']);
    expect(less.document.entries['device/b']?.value).toBeUndefined();
  });
});

describe('the state', () => {
  it('is what its shape says after anything that can happen to it', () => {
    const local = fc.constantFrom(
      usual,
      { ...usual, [A]: 'block' },
      { ...usual, [B]: 'allow', 'protection.badge': false },
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(5), anyDocument, local), { maxLength: 12 }), (steps) => {
        let state = stateOf('a');
        let here: LocalSettings = usual;
        for (const [what, document, next] of steps) {
          const did =
            what === 0
              ? undo(state, here, NOW)
              : what === 1
                ? keepHere(state, here, A, true, NOW)
                : what === 2
                  ? keepHere(state, here, A, false, NOW)
                  : what === 3
                    ? { state: noteLocal(state, next, NOW), apply: next }
                    : takeIn(state, here, document, NOW);
          here = did.apply ?? here;
          state = did.state;
          expect(syncState.parse(JSON.parse(JSON.stringify(state)))).toEqual(JSON.parse(JSON.stringify(state)));
          expect(state.log.length).toBeLessThanOrEqual(LOG_MAX);
        }
      }),
    );
  });

  it('makes nobody wait for more than a day, even where the clock was set back', () => {
    const state = { ...stateOf('a'), notBeforeMs: NOW };
    expect([waitMs(state, NOW - 60_000), waitMs(state, NOW + 5), waitMs(state, NOW - YEAR_MS)]).toEqual([60_000, 0, 0]);
  });
});

describe('several devices that hear of each other', () => {
  /** Each step: a device changes a setting, or merges the document of another. */
  const step = fc.record({
    device: fc.nat(3),
    other: fc.nat(3),
    key: fc.constantFrom(A, B, 'protection.badge', 'protection.list/ads'),
    value: fc.constantFrom('allow', 'block', undefined),
    skewMs: fc.constantFrom(0, -YEAR_MS, YEAR_MS, 1000),
  });

  it('end with the same settings, under any skew, and the last change made with all in view stands', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const devices = [0, 1, 2, 3].map((n) => ({
          state: stateOf(`d${n}`),
          local: usual as LocalSettings,
          skewMs: 0,
        }));
        const hear = (to: (typeof devices)[number], document: Document, nowMs: number) => {
          const taken = takeIn(to.state, to.local, document, nowMs + to.skewMs);
          to.state = taken.state;
          to.local = taken.apply ?? to.local;
        };
        const change = (device: (typeof devices)[number], key: string, value: string | undefined, nowMs: number) => {
          const { [key]: before, ...rest } = device.local;
          if (aboutKey(key)?.group !== 'host') device.local = { ...rest, [key]: !before };
          else device.local = value === undefined ? rest : { ...rest, [key]: value };
          device.state = noteLocal(device.state, device.local, nowMs + device.skewMs);
        };
        let nowMs = NOW;
        for (const { device, other, key, value, skewMs } of steps) {
          nowMs += 1000;
          const [one, two] = [devices[device], devices[other]] as const;
          if (!one || !two) continue;
          one.skewMs = skewMs;
          if (one === two) change(one, key, value, nowMs);
          else hear(one, two.state.document, nowMs);
        }
        const everyone = () => {
          for (const to of devices) for (const from of devices) hear(to, from.state.document, nowMs);
        };
        everyone();
        everyone();
        for (const { local } of devices) expect(local).toEqual(devices[0]?.local);
        const [first, last] = [devices[0], devices[3]] as const;
        if (!first || !last) return;
        change(last, A, last.local[A] === 'allow' ? 'block' : 'allow', nowMs);
        const meant = last.local[A];
        everyone();
        expect(first.local[A]).toBe(meant);
        expect(
          compareStamps(first.state.document.entries[A]?.at ?? { ms: 0, n: 0, by: '' }, { ms: 0, n: 0, by: '' }),
        ).toBeGreaterThan(0);
      }),
    );
  });
});

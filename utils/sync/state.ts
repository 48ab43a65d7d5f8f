/**
 * What sync keeps on this device, and each way in which it changes. Pure: the caller commits what comes out in the same
 * transaction in which it read what went in.
 */
import * as z from 'zod/mini';
import { ms } from '../catalogue/shapes';
import { DAY_MS } from '../platform/clock';
import {
  aheadMs,
  compareStamps,
  DRIFT_MAX_MS,
  nextStamp,
  runningMs,
  SERVER_MS_MAX,
  SERVER_MS_MIN,
  STAMP_MS_MAX,
  type Stamp,
} from './clock';
import {
  type Document,
  type Entry,
  isDeviceId,
  isDocument,
  isEntry,
  isJson,
  isKey,
  isMapOf,
  type Json,
  KEPT_ENTRIES_MAX,
  own,
  same,
} from './document';
import { compareEntries, merge, missingFrom } from './merge';
import { troubleWhys } from './providers/provider';
import { aboutKey, fitting, isKnown, isUsual, type LocalSettings, usualValue } from './settings';

export const LOG_MAX = 50;
/** More changes of one merge than this are told as one number. */
export const LOG_EACH_MAX = 10;
export const DEVICE_ONLY_MAX = 2000;
export const NAME_CHARS_MAX = 60;

const key = z.custom<string>(isKey);
const json = z.custom<Json>((raw) => raw !== undefined && isJson(raw));
const values = z.custom<LocalSettings>(isMapOf(isKey, (raw): raw is Json => isJson(raw), KEPT_ENTRIES_MAX));
const text = z.string().check(z.maxLength(65_536));

/** Where the files lie, and what opens that place. */
export const place = z.discriminatedUnion('kind', [
  /** The browser's own sync. */
  z.strictObject({ kind: z.literal('browser') }),
  /** `sealed`: the password, under the key of this device. */
  z.strictObject({ kind: z.literal('webdav'), url: text, user: text, sealed: text }),
]);

const troubles = [
  ...troubleWhys,
  /** Others kept writing, or the place kept refusing what was right. */
  'contended',
  /** What is there can't be read, and must not be written over by this device. */
  'damaged',
] as const;
export type CycleTrouble = (typeof troubles)[number];

export const warningKinds = ['clock-ahead', 'own-clock', 'went-back', 'does-not-fit', 'damaged', 'old-key'] as const;
export type WarningKind = (typeof warningKinds)[number];

const logItem = z.strictObject({
  atMs: ms,
  kind: z.enum(['sent', 'received', 'conflict', 'undone', 'warning']),
  key: z.exactOptional(key),
  /** Missing where there was no value, or is none. */
  from: z.exactOptional(json),
  to: z.exactOptional(json),
  /** The device whose change this is; of a conflict, the one that won. */
  by: z.exactOptional(z.custom<string>(isDeviceId)),
  /** Of a conflict: the device whose change was given up. */
  over: z.exactOptional(z.custom<string>(isDeviceId)),
  /** Where several are told as one. */
  count: z.exactOptional(ms),
  why: z.exactOptional(z.enum(warningKinds)),
  /** By how much a clock is off. */
  offMs: z.exactOptional(z.number().check(z.int())),
});
export type LogItem = Readonly<z.infer<typeof logItem>>;

const change = z.strictObject({ key, before: z.exactOptional(json), after: z.exactOptional(json) });
/** A missing member: no value. */
export type Change = Readonly<z.infer<typeof change>>;

/** The checkpoint of a grant of Cloud Synchronization. */
export const syncState = z.strictObject({
  place,
  device: z.strictObject({
    id: z.custom<string>(isDeviceId),
    name: z.string().check(z.minLength(1), z.maxLength(NAME_CHARS_MAX)),
  }),
  vault: z.custom<string>(isDeviceId),
  /** The keyring, under the key of this device. */
  sealedKeyring: text,
  /** The file of keys as it was last read or written, so that it can be put back where it was lost. */
  keysFile: text,
  document: z.custom<Document>(isDocument),
  /** This device's settings as of the last commit. What differs from them since, the person changed. */
  applied: values,
  deviceOnly: z.array(key).check(z.maxLength(DEVICE_ONLY_MAX)),
  /** By key, what stood there before a change of this device's own that the place was not yet seen to hold; `null`: nothing. */
  pending: z.custom<Readonly<Record<string, Entry | null>>>(
    isMapOf(isKey, (raw): raw is Entry | null => raw === null || isEntry(raw), KEPT_ENTRIES_MAX),
  ),
  /** `joining`: nothing is sent or applied until the person has picked merge or replace. */
  phase: z.enum(['joining', 'running']),
  honoursIfMatch: z.boolean(),
  /** The server's clock less this device's, where they differ by more than clocks may; else 0. */
  skewMs: z.number().check(z.int()),
  lastSyncMs: z.nullable(ms),
  lastTrouble: z.nullable(z.strictObject({ atMs: ms, why: z.enum(troubles) })),
  /** Failed cycles in a row. */
  failures: ms,
  /** No cycle begins by itself before this. */
  notBeforeMs: ms,
  /** Newest first. */
  log: z.array(logItem).check(z.maxLength(LOG_MAX)),
  /** What the last merge that changed something here took the place of. */
  undo: z.nullable(z.strictObject({ atMs: ms, changes: z.array(change).check(z.maxLength(KEPT_ENTRIES_MAX)) })),
});
export type SyncState = Readonly<z.infer<typeof syncState>>;

export interface Warning {
  readonly why: WarningKind;
  readonly by?: string;
  readonly offMs?: number;
  /** Hosts that do not fit, or settings that went back. */
  readonly count?: number;
}

/** A state in which nothing has synced yet. `joining`: a vault was found; `running`: a new one was made. */
export function newState(
  from: Pick<SyncState, 'place' | 'device' | 'vault' | 'sealedKeyring' | 'keysFile' | 'phase' | 'honoursIfMatch'>,
  nowMs: number,
): SyncState {
  const state: SyncState = {
    ...from,
    document: { entries: {} },
    applied: {},
    deviceOnly: [],
    pending: {},
    skewMs: 0,
    lastSyncMs: null,
    lastTrouble: null,
    failures: 0,
    notBeforeMs: 0,
    log: [],
    undo: null,
  };
  return state.phase === 'running' ? introduced(state, nowMs) : state;
}

const DEVICE = 'device/';
export const deviceKey = (id: string): string => DEVICE + id;
export const isDeviceKey = (key: string): boolean => key.startsWith(DEVICE);
const introduced = (state: SyncState, nowMs: number): SyncState =>
  written(state, [[deviceKey(state.device.id), { name: state.device.name, joinedMs: timeOf(state, nowMs) }]], nowMs);

/** The time by the server's clock, where this device's is off. */
export const timeOf = ({ skewMs }: Pick<SyncState, 'skewMs'>, nowMs: number): number =>
  Math.min(STAMP_MS_MAX, Math.max(0, nowMs + skewMs));

/** What the difference of the clocks counts for: below {@link DRIFT_MAX_MS} nothing, nor where the server's can't be right. */
export const skewOf = (serverMs: number, nowMs: number): number =>
  Math.abs(serverMs - nowMs) > DRIFT_MAX_MS && serverMs >= SERVER_MS_MIN && serverMs < SERVER_MS_MAX
    ? serverMs - nowMs
    : 0;

type Write = readonly [key: string, value: Json | undefined];

/** Each is stamped above what stands there, and waits to be sent. */
function written(state: SyncState, writes: readonly Write[], nowMs: number): SyncState {
  if (writes.length === 0) return state;
  const { entries } = state.document;
  const runMs = runningMs(
    timeOf(state, nowMs),
    Object.values(entries).map(({ at }) => at),
  );
  const made = writes.map(([key, value]): readonly [string, Entry] => {
    const before = own(entries, key);
    const at = nextStamp(state.device.id, runMs, before ? [before.at] : []);
    return [key, value === undefined ? { at } : { at, value }];
  });
  const bases = made
    .filter(([key]) => own(state.pending, key) === undefined)
    .map(([key]) => [key, own(entries, key) ?? null] as const);
  return {
    ...state,
    document: { entries: { ...entries, ...Object.fromEntries(made) } },
    pending: { ...state.pending, ...Object.fromEntries(bases) },
  };
}

/** What syncs of `local`: all but what stays on this device. */
const shared = (state: SyncState, local: LocalSettings): LocalSettings =>
  Object.fromEntries(Object.entries(local).filter(([key]) => !state.deviceOnly.includes(key)));

const keysOf = (...maps: readonly LocalSettings[]): string[] => [...new Set(maps.flatMap(Object.keys))].sort();

/**
 * Stamps what the person changed here since the last commit. What was never written down as this device's counts as a change only
 * where it is not what everybody has anyway, and nothing is known of it.
 */
export function noteLocal(state: SyncState, local: LocalSettings, nowMs: number): SyncState {
  if (state.phase === 'joining') return state;
  const now = shared(state, local);
  const writes = keysOf(now, state.applied)
    .filter((key) => {
      if (Object.hasOwn(state.applied, key)) return !same(own(state.applied, key), own(now, key));
      // A list that a newer version brought: what others have already chosen for it counts before what is usual here.
      return aboutKey(key)?.group === 'host' || (!own(state.document.entries, key) && !isUsual(key, own(now, key)));
    })
    .map((key): Write => [key, own(now, key)]);
  return { ...written(state, writes, nowMs), applied: now };
}

export interface TakenIn {
  readonly state: SyncState;
  /** All settings as they are to stand here; `null`: as they do. */
  readonly apply: LocalSettings | null;
  readonly changes: readonly Change[];
  readonly conflicts: readonly LogItem[];
  readonly warnings: readonly Warning[];
  /** How many of this device's changes the place was now seen to hold. */
  readonly sent: number;
}

/**
 * Merges what the place holds, after noting what changed here. `sinceMs` is when this cycle began: merges of one cycle are undone
 * together. While joining it is only kept.
 */
export function takeIn(
  before: SyncState,
  local: LocalSettings,
  remote: Document,
  nowMs: number,
  sinceMs = nowMs,
): TakenIn {
  if (before.phase === 'joining') {
    const state = { ...before, document: merge(before.document, remote) };
    return { state, apply: null, changes: [], conflicts: [], warnings: [], sent: 0 };
  }
  const noted = noteLocal(before, local, nowMs);
  const went = missingFrom(remote, noted.document).filter((key) => own(noted.pending, key) === undefined);
  const conflicts = conflictsOf(noted, remote, nowMs);
  const warnings: Warning[] = [
    ...clockWarnings(noted, remote, nowMs),
    ...(went.length > 0 ? [{ why: 'went-back' as const, count: went.length }] : []),
  ];
  const document = merge(noted.document, remote);
  const { pending, sent } = settled(noted, remote);
  // What the place once held and no longer does waits to be sent again, and is told of once.
  for (const key of went) pending.set(key, own(remote.entries, key) ?? null);
  const merged = { ...noted, document, pending: Object.fromEntries(pending) };
  const { state, apply, changes } = applied(merged, local, wantedFrom(merged, local), nowMs, sinceMs);
  const received = changes.map(({ key, before, after }): LogItem => {
    const by = own(document.entries, key)?.at.by;
    return { atMs: nowMs, kind: 'received', key, ...valuesOf(before, after), ...(by ? { by } : {}) };
  });
  const told = warnings.map((warning): LogItem => ({ atMs: nowMs, kind: 'warning', ...warning }));
  const items = [...told, ...conflicts, ...few(received), ...few(sentItems(noted, sent, nowMs))];
  return { state: logged(state, items), apply, changes, conflicts, warnings, sent: sent.length };
}

/** Which of this device's changes still wait, and which the place was now seen to hold. */
function settled({ pending, document }: SyncState, remote: Document) {
  const waiting = new Map<string, Entry | null>();
  const sent: string[] = [];
  for (const [key, base] of Object.entries(pending)) {
    const here = own(document.entries, key);
    const there = own(remote.entries, key);
    const order = here && there ? compareEntries(there, here) : -1;
    if (order === 0) sent.push(key);
    // What ours was weighed against once need not be weighed again.
    if (order < 0) waiting.set(key, there && (!base || compareEntries(there, base) > 0) ? there : base);
  }
  return { pending: waiting, sent };
}

const sentItems = ({ document, pending }: SyncState, keys: readonly string[], nowMs: number): LogItem[] =>
  keys
    .filter((key) => !isDeviceKey(key))
    .map((key) => {
      const [from, to] = [own(pending, key)?.value, own(document.entries, key)?.value];
      return { atMs: nowMs, kind: 'sent', key, ...valuesOf(from, to) };
    });

const valuesOf = (from: Json | undefined, to: Json | undefined) => ({
  ...(from === undefined ? {} : { from }),
  ...(to === undefined ? {} : { to }),
});

/** Many of one kind become one item with their number. */
function few(items: readonly LogItem[]): readonly LogItem[] {
  const [first] = items;
  if (!first || items.length <= LOG_EACH_MAX) return items;
  const by = items.every((item) => item.by === first.by) ? first.by : undefined;
  return [{ atMs: first.atMs, kind: first.kind, count: items.length, ...(by ? { by } : {}) }];
}

const logged = (state: SyncState, items: readonly LogItem[]): SyncState =>
  items.length === 0 ? state : { ...state, log: [...items, ...state.log].slice(0, LOG_MAX) };

/** With a warning at the top of the log. */
export const warned = (state: SyncState, warning: Warning, nowMs: number): SyncState =>
  logged(state, [{ atMs: nowMs, kind: 'warning', ...warning }]);

/** Keys that were changed here and elsewhere, neither knowing of the other, to different values. */
function conflictsOf({ document, pending }: SyncState, remote: Document, nowMs: number): LogItem[] {
  return Object.entries(pending).flatMap(([key, base]): LogItem[] => {
    const here = own(document.entries, key);
    const there = own(remote.entries, key);
    if (!here || !there || same(here.value, there.value)) return [];
    const known = compareStamps(there.at, here.at) === 0 || (base && compareEntries(there, base) <= 0);
    if (known) return [];
    const [won, lost] = compareEntries(there, here) > 0 ? [there, here] : [here, there];
    return [
      { atMs: nowMs, kind: 'conflict', key, ...valuesOf(lost.value, won.value), by: won.at.by, over: lost.at.by },
    ];
  });
}

/** Devices whose stamps that are new to this one lie ahead of the time. */
function clockWarnings(state: SyncState, remote: Document, nowMs: number): Warning[] {
  const timeMs = timeOf(state, nowMs);
  const fresh = missingFrom(state.document, remote).map((key) => own(remote.entries, key) as Entry);
  return clocksAhead(fresh, timeMs);
}

function clocksAhead(entries: readonly Entry[], timeMs: number): Warning[] {
  const off = new Map<string, number>();
  for (const { at } of entries) {
    const ahead = aheadMs(at, timeMs);
    if (ahead > 0) off.set(at.by, Math.max(ahead, off.get(at.by) ?? 0));
  }
  return [...off].map(([by, offMs]) => ({ why: 'clock-ahead', by, offMs }));
}

/** Settings as the document has them; what it can't say, as they stand here. */
function wantedFrom(state: SyncState, local: LocalSettings): LocalSettings {
  const wanted = new Map(Object.entries(local));
  for (const [key, { value }] of Object.entries(state.document.entries)) {
    if (!aboutKey(key) || state.deviceOnly.includes(key)) continue;
    if (value === undefined) {
      if (aboutKey(key)?.group === 'host') wanted.delete(key);
    } else if (isKnown(key, value)) wanted.set(key, value);
  }
  return Object.fromEntries(wanted);
}

/** These settings in place of those that stand here, as far as they fit, with what undoes it. */
function applied(state: SyncState, local: LocalSettings, wanted: LocalSettings, nowMs: number, sinceMs: number) {
  const { values } = fitting(wanted, local);
  const changes = differences(local, values);
  if (changes.length === 0) return { state: { ...state, applied: shared(state, local) }, apply: null, changes };
  const earlier = state.undo && state.undo.atMs >= sinceMs ? state.undo.changes : [];
  const undo = { atMs: nowMs, changes: inOne(earlier, changes) };
  return { state: { ...state, applied: shared(state, values), undo }, apply: values, changes };
}

/** What has to change so that `from` becomes `to`, by key. */
export const differences = (from: LocalSettings, to: LocalSettings): Change[] =>
  keysOf(from, to)
    .filter((key) => !same(own(from, key), own(to, key)))
    .map((key) => changeOf(key, own(from, key), own(to, key)));

const changeOf = (key: string, before: Json | undefined, after: Json | undefined): Change => ({
  key,
  ...(before === undefined ? {} : { before }),
  ...(after === undefined ? {} : { after }),
});

/** Changes and later ones of the same keys, as if they were made at once. */
function inOne(earlier: readonly Change[], later: readonly Change[]): Change[] {
  const all = new Map(earlier.map((change) => [change.key, change]));
  for (const { key, before, after } of later)
    all.set(key, changeOf(key, all.has(key) ? all.get(key)?.before : before, after));
  return [...all.values()].filter(({ before, after }) => !same(before, after));
}

export interface Changed {
  readonly state: SyncState;
  readonly apply: LocalSettings | null;
  readonly changes: readonly Change[];
}

/** Takes back the last merge, but for what the person changed since. It is a change of this device's, and syncs as one. */
export function undo(before: SyncState, local: LocalSettings, nowMs: number): Changed {
  const state = noteLocal(before, local, nowMs);
  const wanted = new Map(Object.entries(local));
  for (const { key, before, after } of state.undo?.changes ?? []) {
    if (!same(own(local, key), after)) continue;
    if (before === undefined) wanted.delete(key);
    else wanted.set(key, before);
  }
  const { values } = fitting(Object.fromEntries(wanted), local);
  const changes = differences(local, values);
  const noted = { ...noteLocal(state, values, nowMs), undo: null };
  const items = changes.map(
    ({ key, before, after }): LogItem => ({ atMs: nowMs, kind: 'undone', key, ...valuesOf(before, after) }),
  );
  return { state: logged(noted, few(items)), apply: changes.length === 0 ? null : values, changes };
}

/** What joining would bring, by key. */
export interface JoinChange {
  readonly key: string;
  readonly here: Json | undefined;
  /** `undefined`: the vault has no value; with a merge, what it never had stays, and what it deleted goes. */
  readonly there: Json | undefined;
  readonly merged: Json | undefined;
}

/** All settings as they would stand here. What always has a value gets the usual one where the vault that replaces says nothing. */
function joined(state: SyncState, local: LocalSettings, how: 'merge' | 'replace'): LocalSettings {
  const kept = Object.entries(local).flatMap(([key, value]) => {
    if (how === 'merge' || state.deviceOnly.includes(key)) return [[key, value] as const];
    const usual = usualValue(key);
    return usual === undefined ? [] : [[key, usual] as const];
  });
  return fitting(wantedFrom(state, Object.fromEntries(kept)), local).values;
}

/** What would differ here, whichever way is picked. */
export function joinChanges(state: SyncState, local: LocalSettings): JoinChange[] {
  const merged = joined(state, local, 'merge');
  const replaced = joined(state, local, 'replace');
  return keysOf(local, merged, replaced)
    .map((key) => ({ key, here: own(local, key), there: own(replaced, key), merged: own(merged, key) }))
    .filter(({ here, there, merged }) => !same(here, there) || !same(here, merged));
}

/**
 * Begins to sync with what was pulled. `merge`: what the vault knows, deletions too, comes here, and what only this device has is
 * added. `replace`: what only this device has goes.
 */
export function join(before: SyncState, local: LocalSettings, how: 'merge' | 'replace', nowMs: number): Changed {
  const running = introduced({ ...before, phase: 'running' }, nowMs);
  const { state, apply, changes } = applied(running, local, joined(before, local, how), nowMs, nowMs);
  const additions = Object.entries(state.applied).filter(
    ([key, value]) => !own(before.document.entries, key) && !isUsual(key, value),
  );
  const items = changes.map(
    ({ key, before, after }): LogItem => ({ atMs: nowMs, kind: 'received', key, ...valuesOf(before, after) }),
  );
  return { state: logged(written(state, additions, nowMs), few(items)), apply, changes };
}

/**
 * Keeps a setting on this device alone, or lets it sync again: then what the others have counts. A change of it that was not sent yet
 * is not sent.
 */
export function keepHere(before: SyncState, local: LocalSettings, key: string, on: boolean, nowMs: number): Changed {
  const noted = noteLocal(before, local, nowMs);
  const deviceOnly = noted.deviceOnly.filter((one) => one !== key);
  if (!on) {
    const state = { ...noted, deviceOnly };
    return applied(state, local, wantedFrom(state, local), nowMs, nowMs);
  }
  const { [key]: base, ...pending } = noted.pending;
  const { [key]: _, ...others } = noted.document.entries;
  const entries = base === undefined ? noted.document.entries : base === null ? others : { ...others, [key]: base };
  const { [key]: __, ...rest } = noted.applied;
  const state = { ...noted, deviceOnly: [...deviceOnly, key], document: { entries }, pending, applied: rest };
  return { state, apply: null, changes: [] };
}

/** Gives this device another name; the others learn of it. */
export function renamed(before: SyncState, name: string, nowMs: number): SyncState {
  const state = { ...before, device: { ...before.device, name } };
  const joinedMs = devicesOf(before).find(({ self }) => self)?.joinedMs ?? timeOf(before, nowMs);
  return before.phase === 'joining' ? state : written(state, [[deviceKey(state.device.id), { name, joinedMs }]], nowMs);
}

/** Takes a device off the list. That it can read nothing more is for a new key to see to. */
export const withoutDevice = (state: SyncState, id: string, nowMs: number): SyncState =>
  written(state, [[deviceKey(id), undefined]], nowMs);

export interface Device {
  readonly id: string;
  readonly name: string;
  readonly joinedMs: number;
  /** The time of its latest change that still counts; `null`: none does. */
  readonly lastChangeMs: number | null;
  readonly self: boolean;
}

const deviceValue = z.object({ name: z.string().check(z.minLength(1), z.maxLength(NAME_CHARS_MAX)), joinedMs: ms });

export function devicesOf({ document, device }: SyncState): Device[] {
  const all = Object.entries(document.entries);
  const latest = new Map<string, number>();
  for (const [key, { at }] of all) {
    if (!isDeviceKey(key)) latest.set(at.by, Math.max(at.ms, latest.get(at.by) ?? 0));
  }
  return all.flatMap(([key, { value }]) => {
    const parsed = isDeviceKey(key) ? deviceValue.safeParse(value) : undefined;
    if (!parsed?.success) return [];
    const id = key.slice(DEVICE.length);
    return [{ id, ...parsed.data, lastChangeMs: latest.get(id) ?? null, self: id === device.id }];
  });
}

/** The latest change of a setting: what a person joining can tell an old copy by. `name` is missing for a device taken off the list. */
export function lastChangeOf(state: SyncState): { name: string | undefined; atMs: number } | null {
  const latest = Object.entries(state.document.entries)
    .filter(([key]) => !isDeviceKey(key))
    .map(([, { at }]) => at)
    .reduce<Stamp | null>((high, at) => (high && compareStamps(high, at) >= 0 ? high : at), null);
  if (!latest) return null;
  return { name: devicesOf(state).find(({ id }) => id === latest.by)?.name, atMs: latest.ms };
}

/** What is wrong as things stand, whenever it began. */
export function warningsOf(state: SyncState, local: LocalSettings, nowMs: number): Warning[] {
  const left = fitting(wantedFrom(state, local), local).left.length;
  return [
    ...clocksAhead(Object.values(state.document.entries), timeOf(state, nowMs)),
    ...(state.skewMs === 0 ? [] : [{ why: 'own-clock' as const, by: state.device.id, offMs: -state.skewMs }]),
    ...(left === 0 ? [] : [{ why: 'does-not-fit' as const, count: left }]),
  ];
}

/** How long a cycle has to wait that begins by itself. A clock that was set back makes nobody wait for more than a day. */
export function waitMs({ notBeforeMs }: SyncState, nowMs: number): number {
  const leftMs = notBeforeMs - nowMs;
  return leftMs > DAY_MS ? 0 : Math.max(0, leftMs);
}

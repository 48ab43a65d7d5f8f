/** What a page is shown of a state: pure. */
import { own } from './document';
import { aboutKey, type LocalSettings } from './settings';
import {
  devicesOf,
  isDeviceKey,
  joinChanges,
  type LogItem,
  lastChangeOf,
  type SyncState,
  type Warning,
  warningsOf,
} from './state';
import type { LogItemView, Preview, SettingName, SettingView, SyncView, WarningView } from './view';

/** Why no cycle begins by itself. */
export const stops = ['needs-secret', 'closed', 'other-vault', 'newer-format'] as const;
export type Stop = (typeof stops)[number];

export type Viewed = Exclude<keyof SyncView, 'live' | 'erasure' | 'managed' | 'proposedName'>;
export const nothingViewed: Pick<SyncView, Viewed> = {
  phase: 'off',
  place: null,
  device: null,
  devices: [],
  settings: [],
  lastSyncMs: null,
  nextMs: null,
  trouble: null,
  warnings: [],
  log: [],
  undo: null,
  preview: null,
};

export function settingName(key: string): SettingName {
  const about = aboutKey(key);
  switch (about?.group) {
    case 'list':
      return { key, group: 'list', name: about.list };
    case 'host':
      return { key, group: 'host', name: about.host };
    case 'badge':
      return { key, group: 'badge', name: '' };
    default:
      return { key, group: 'other', name: key };
  }
}

export function previewOf(state: SyncState, local: LocalSettings): Preview {
  const last = lastChangeOf(state);
  return {
    lastChange: last && { device: last.name ?? '', atMs: last.atMs },
    changes: joinChanges(state, local).map(({ key, here, there, merged }) => ({
      setting: settingName(key),
      here: here ?? null,
      there: there ?? null,
      merged: merged ?? null,
    })),
  };
}

export function viewOfState(
  state: SyncState,
  stopped: Stop | null,
  local: LocalSettings,
  nowMs: number,
  everyMs: number,
): Pick<SyncView, Viewed> {
  const devices = devicesOf(state);
  const nameOf = (id: string | undefined) => devices.find((device) => device.id === id)?.name ?? null;
  const { place, device, lastSyncMs, lastTrouble, notBeforeMs, undo } = state;
  const running = state.phase === 'running' && stopped === null;
  return {
    phase: phaseOf(state, stopped),
    place: place.kind === 'browser' ? place : { kind: 'webdav', url: place.url, user: place.user },
    device,
    devices,
    settings: settingsOf(state, local, nameOf),
    lastSyncMs,
    nextMs: running ? Math.max(notBeforeMs, lastTrouble ? 0 : (lastSyncMs ?? nowMs) + everyMs, nowMs) : null,
    trouble: stopped === 'newer-format' ? { atMs: lastSyncMs ?? nowMs, why: stopped } : lastTrouble,
    warnings: warningsOf(state, local, nowMs).map((warning) => warningView(warning, nameOf)),
    log: state.log.map((item) => logView(item, nameOf)),
    undo: undo && { atMs: undo.atMs, changes: undo.changes.length },
    preview: state.phase === 'joining' ? previewOf(state, local) : null,
  };
}

function phaseOf({ phase }: SyncState, stopped: Stop | null): SyncView['phase'] {
  if (stopped === 'needs-secret') return 'needs-secret';
  if (stopped === 'closed' || stopped === 'other-vault') return 'closed-elsewhere';
  return phase;
}

type NameOf = (id: string | undefined) => string | null;

/** What stands on this device, and what a newer version put into the vault. */
function settingsOf({ document, deviceOnly }: SyncState, local: LocalSettings, nameOf: NameOf): SettingView[] {
  const { entries } = document;
  const foreign = Object.keys(entries).filter(
    (key) => !isDeviceKey(key) && !aboutKey(key) && own(entries, key)?.value !== undefined,
  );
  const keys = new Set([...Object.keys(local), ...deviceOnly, ...foreign]);
  return [...keys].sort().map((key) => {
    const entry = own(entries, key);
    const isForeign = !aboutKey(key);
    return {
      ...settingName(key),
      value: (isForeign ? entry?.value : own(local, key)) ?? null,
      deviceOnly: deviceOnly.includes(key),
      changedMs: entry?.at.ms ?? null,
      by: nameOf(entry?.at.by),
    };
  });
}

const warningView = ({ why, by, offMs, count }: Warning, nameOf: NameOf): WarningView => ({
  why,
  by: nameOf(by),
  offMs: offMs ?? null,
  count: count ?? null,
});

function logView(item: LogItem, nameOf: NameOf): LogItemView {
  const { atMs, kind, key, from, to, by, over, count, why } = item;
  return {
    atMs,
    kind,
    setting: key === undefined ? null : settingName(key),
    from: from ?? null,
    to: to ?? null,
    by: nameOf(by),
    over: nameOf(over),
    count: count ?? null,
    warning: why === undefined ? null : warningView({ ...item, why }, nameOf),
  };
}

/** What pages are shown of Cloud Synchronization, and what the background answers them: types alone. */
import type { Json } from './document';
import type { Trouble as Place } from './providers/provider';

export type { Json };

/** Where settings are kept: this browser's own sync, or a folder of a WebDAV server. */
export type PlaceView = { kind: 'browser' } | { kind: 'webdav'; url: string; user: string };

/** Why it did not go on. The first ones are the place's own answers, the others happen on this device. */
export type TroubleWhy =
  | Place['why']
  /** The browser no longer holds the server's permission. */
  | 'not-permitted'
  /** What lies there can't be read: torn or damaged. */
  | 'damaged'
  /** Another vault lies there by now. Nothing of it was touched. */
  | 'other-vault'
  /** A later version of Cloudopt wrote it, and this one can't read it. */
  | 'newer-format'
  /** Other devices wrote in between, again and again. */
  | 'contended'
  /** This device's storage is full: nothing was kept of what came. */
  | 'device-full'
  /** This device's database failed. */
  | 'failed';

export interface SyncTrouble extends Omit<Place, 'why'> {
  readonly why: TroubleWhy;
}

/** No live grant, or none of that place. */
export type SyncOff = { readonly kind: 'off' };
/** It is for another moment: nothing was chosen yet, or it runs already. */
export type SyncOutOfTurn = { readonly kind: 'out-of-turn' };

/** An address that can't be synchronised with. `other-server`: not the one that was allowed; `not-allowed`: by the organisation. */
export interface BadAddress {
  readonly kind: 'bad-address';
  readonly why: 'malformed' | 'not-https' | 'with-credentials' | 'other-server' | 'not-allowed';
}

export type Probed =
  | {
      kind: 'works';
      /** Whether the server keeps a change from overwriting another unseen. Sync is safe without it; with it, it is quicker. */
      honoursIfMatch: boolean;
      tags: boolean;
      /** The folder was not there and was made. */
      madeFolder: boolean;
      /** Bytes that a vault may have there. */
      bytesMax: number;
    }
  | SyncTrouble
  | BadAddress
  | SyncOutOfTurn
  | SyncOff;

/** What lies at the place that was probed. */
export type Looked = { kind: 'empty' } | { kind: 'vault' } | SyncTrouble | BadAddress | SyncOutOfTurn | SyncOff;

export type Created =
  /** The passphrase and the recovery key, to be shown this once. */
  | { kind: 'created'; passphrase: string; recovery: string }
  | { kind: 'too-short'; charsMin: number }
  /** Somebody was faster: open it instead. */
  | { kind: 'exists' }
  | SyncTrouble
  | SyncOutOfTurn
  | SyncOff;

/** `null`: no value, such as a host that is on no list. */
export interface Difference {
  readonly setting: SettingName;
  readonly here: Json;
  /** What would stand here if the other side's took the place of this device's. */
  readonly there: Json;
  /** What would stand here after a merge. */
  readonly merged: Json;
}

export interface Preview {
  readonly lastChange: { readonly device: string; readonly atMs: number } | null;
  /** What differs between this device and the vault. */
  readonly changes: readonly Difference[];
}

export type Opened =
  | { kind: 'opened'; preview: Preview }
  | { kind: 'wrong-secret' }
  | { kind: 'damaged' }
  /** There is no vault any more. */
  | { kind: 'empty' }
  | SyncTrouble
  | SyncOutOfTurn
  | SyncOff;

export type Synced =
  | { kind: 'synced'; sent: number; received: number }
  /** Not now: tried again by itself, not before that. */
  | { kind: 'behind'; why: TroubleWhy; notBeforeMs: number }
  /** The data key was changed on another device: the passphrase is needed again. */
  | { kind: 'needs-secret' }
  /** Another device turned this vault off and deleted it. */
  | { kind: 'closed' }
  | SyncOutOfTurn
  | SyncOff;

export type Joined = { kind: 'joined'; synced: Synced } | SyncTrouble | SyncOutOfTurn | SyncOff;

/** A change of what is kept about sync on this device. */
export type SyncChanged = { kind: 'changed' } | SyncTrouble | SyncOutOfTurn | SyncOff;

export type Undone = { kind: 'undone'; changes: number } | { kind: 'nothing' } | SyncTrouble | SyncOutOfTurn | SyncOff;

/** A change of the key file. What is to be written down anew is in it; `null`: it is as before. */
export type Rekeyed =
  | { kind: 'rekeyed'; passphrase: string | null; recovery: string | null }
  | { kind: 'wrong-secret' }
  | { kind: 'too-short'; charsMin: number }
  | { kind: 'damaged' }
  | { kind: 'no-such-device' }
  | SyncTrouble
  | SyncOutOfTurn
  | SyncOff;

/** A deletion of the copy at the place that the person chose when turning sync off, and that is not done yet. */
export interface ErasureView {
  readonly sinceMs: number;
  /** `null`: in this browser's own sync. */
  readonly url: string | null;
  readonly lastTrouble: { readonly atMs: number; readonly why: TroubleWhy } | null;
}

/** What became of the copy at the place. */
export type RemoteCopy =
  | { kind: 'kept' }
  | { kind: 'deleted' }
  | { kind: 'pending'; erasure: ErasureView }
  /** It could not even be begun: this device could not keep what the deletion needs. */
  | { kind: 'failed' };

export type ErasureAnswer =
  | { kind: 'deleted' }
  | { kind: 'pending'; erasure: ErasureView }
  | { kind: 'dropped' }
  /** There is none. */
  | { kind: 'none' };

/**
 * Which setting: a list of the package (`true`, `false`), the badge (the same), or a host, whose value is the person's own list that
 * it stands on: `allow` or `block`.
 */
export interface SettingName {
  readonly key: string;
  /** `other`: a newer version's; it is kept, and not shown by name. */
  readonly group: 'list' | 'badge' | 'host' | 'other';
  /** The list's name or the host; empty for the badge; the key for `other`. */
  readonly name: string;
}

export interface SettingView extends SettingName {
  /** `null`: it was taken away. */
  readonly value: Json;
  readonly deviceOnly: boolean;
  /** When it was last changed, by the clock of the device that did. `null`: never since it syncs. */
  readonly changedMs: number | null;
  /** The name of that device. */
  readonly by: string | null;
}

export interface DeviceView {
  readonly id: string;
  readonly name: string;
  readonly joinedMs: number;
  readonly lastChangeMs: number | null;
  /** It is this one. */
  readonly self: boolean;
}

export interface LogItemView {
  readonly atMs: number;
  readonly kind: 'sent' | 'received' | 'conflict' | 'undone' | 'warning';
  /** `null`: several are told as one ({@link LogItemView.count}), or it is a warning. */
  readonly setting: SettingName | null;
  /** `conflict`: the value that did not win; else what was before. */
  readonly from: Json;
  readonly to: Json;
  /** Name of the device whose value it is now. */
  readonly by: string | null;
  /** With `conflict`: name of the device whose value did not win. */
  readonly over: string | null;
  /** How many settings, where several are told as one. */
  readonly count: number | null;
  /** With `warning`. */
  readonly warning: WarningView | null;
}

/**
 * `clock-ahead`: the clock of the device `by` is ahead by `offMs`; `own-clock`: this device's clock is off by it; `went-back`: the copy at
 * the place was older than what this device had seen there, and was put right; `does-not-fit`: `count` hosts are more than a list takes,
 * and stay in the vault alone; `damaged`: what lay there could not be read, was kept beside if there was room, and replaced;
 * `old-key`: a device wrote with a key that was replaced.
 */
export interface WarningView {
  readonly why: 'clock-ahead' | 'own-clock' | 'went-back' | 'does-not-fit' | 'damaged' | 'old-key';
  readonly by: string | null;
  readonly offMs: number | null;
  readonly count: number | null;
}

export type SyncPhase =
  /** No live grant. */
  | 'off'
  /** A grant, and no vault opened yet. */
  | 'placing'
  /** Opened, and nothing merged until the person says how. */
  | 'joining'
  | 'running'
  | 'needs-secret'
  /** Another device turned it off and deleted the copy, or began a new vault in its place. The place can be looked at again. */
  | 'closed-elsewhere';

export interface SyncView {
  /** The scope that sync runs under: `*` is this browser's own sync. */
  readonly live: string | null;
  readonly phase: SyncPhase;
  readonly place: PlaceView | null;
  readonly device: { readonly id: string; readonly name: string } | null;
  readonly devices: readonly DeviceView[];
  readonly settings: readonly SettingView[];
  readonly lastSyncMs: number | null;
  /** When it is next tried by itself. */
  readonly nextMs: number | null;
  readonly trouble: { readonly atMs: number; readonly why: TroubleWhy } | null;
  /** What is wrong as things stand. */
  readonly warnings: readonly WarningView[];
  /** Newest first. */
  readonly log: readonly LogItemView[];
  readonly undo: { readonly atMs: number; readonly changes: number } | null;
  readonly preview: Preview | null;
  readonly erasure: ErasureView | null;
  /** Origins that the organisation allows; `null`: it says nothing about it. */
  readonly managed: { readonly servers: readonly string[] | null };
  /** A name to propose for this device: its browser and system. */
  readonly proposedName: string;
}

export type SettingsImported =
  /** `unknown`: keys that this version can't use; `left`: how many hosts the lists have no room for. */
  | {
      kind: 'changes';
      exportedAtMs: number;
      changes: readonly Difference[];
      unknown: readonly string[];
      left: number;
    }
  | { kind: 'unreadable'; why: 'no-settings' | 'newer' | 'too-large' }
  | { kind: 'taken'; changes: number; left: number };

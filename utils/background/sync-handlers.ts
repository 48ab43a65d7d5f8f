/** Answers to the messages about synchronization and about settings as a file. What runs is the session's to say. */
import type { RunningProtection } from '../capabilities/capability';
import { fileName } from '../exports/download';
import type { Channel } from '../leases/forwarder';
import type { Handlers } from '../messages/server';
import type { Session } from '../sync/session';
import { applyTo, project } from '../sync/settings';
import { encodeSettings, imported, readSettings } from '../sync/settings-file';
import type { Difference, RemoteCopy } from '../sync/view';
import { nothingViewed, settingName } from '../sync/viewing';
import type { Core, Status } from './core';
import { changeProtection, readProtection } from './protection-settings';
import type { SyncErasure } from './sync-erasure';

interface Ports {
  readonly core: Core;
  open(): Promise<Extract<Status, { kind: 'open' }>>;
  readonly running: Channel<[use: (running: Session) => void]>;
  readonly erasure: SyncErasure;
  readonly settingsChanged: Channel<[]>;
  readonly protection: Channel<[use: (running: RunningProtection) => void]>;
  /** A name to propose for this device. */
  proposedName(): string;
}

type Names = Extract<keyof Handlers, `sync.${string}` | `settings.${string}`>;

const off = { kind: 'off' } as const;

export function syncHandlers(ports: Ports): Pick<Handlers, Names> {
  const { core, open, erasure } = ports;

  /**
   * What runs under a live lease: one place at a time. Of two, the later grant is the one meant, as its epoch says.
   * `undefined` where nothing does.
   */
  async function now(): Promise<Session | undefined> {
    await open();
    let latest: Session | undefined;
    ports.running.emit((session) => {
      if (!latest || session.epoch > latest.epoch) latest = session;
    });
    return latest;
  }
  const asked = async <A>(ask: (session: Session) => Promise<A>): Promise<A | typeof off> => {
    const session = await now();
    return session ? ask(session) : off;
  };

  async function importSettings(text: string, how: 'look' | 'take') {
    const { database } = await open();
    const read = readSettings(text);
    if (read.kind === 'unreadable') {
      const why = {
        'too-large': 'too-large',
        'newer-version': 'newer',
        'no-json': 'no-settings',
        'not-ours': 'no-settings',
      };
      return { kind: 'unreadable', why: why[read.why] as 'no-settings' | 'newer' | 'too-large' } as const;
    }
    if (how === 'look') {
      const { changes, left } = imported(project(await readProtection(database)), read.settings);
      const shown = changes.map(
        ({ key, before, after }): Difference => ({
          setting: settingName(key),
          here: before ?? null,
          there: after ?? null,
          merged: after ?? null,
        }),
      );
      const { exportedAtMs, unknown } = read;
      return { kind: 'changes', exportedAtMs, changes: shown, unknown, left: left.length } as const;
    }
    let taken = { changes: 0, left: 0 };
    await changeProtection(database, (before) => {
      const { settings, changes, left } = imported(project(before), read.settings);
      taken = { changes: changes.length, left: left.length };
      return applyTo(before, settings);
    });
    ports.settingsChanged.emit();
    const applying: Promise<void>[] = [];
    ports.protection.emit((running) => applying.push(running.apply()));
    await Promise.all(applying);
    core.ports.changed();
    return { kind: 'taken', ...taken } as const;
  }

  return {
    'sync.get': async () => {
      const session = await now();
      const { syncServers } = core.managed;
      return {
        ...(session ? await session.view() : nothingViewed),
        live: session?.scope ?? null,
        erasure: await erasure.view(),
        managed: { servers: syncServers },
        proposedName: ports.proposedName(),
      };
    },
    'sync.probe': ({ server }) => asked((session) => session.probe(server)),
    'sync.look': ({ server }) => asked((session) => session.look(server)),
    'sync.create': ({ deviceName, passphrase, replace }) =>
      asked((session) => session.create(deviceName, passphrase, replace === true)),
    'sync.open': ({ secret, deviceName }) => asked((session) => session.open(secret, deviceName)),
    'sync.join': ({ how }) => asked((session) => session.join(how)),
    'sync.now': () => asked((session) => session.sync()),
    'sync.undo': () => asked((session) => session.undo()),
    'sync.device-only': ({ key, on }) => asked((session) => session.keepHere(key, on)),
    'sync.rename': ({ name }) => asked((session) => session.rename(name)),
    'sync.passphrase': ({ secret, passphrase }) => asked((session) => session.repassphrase(secret, passphrase)),
    'sync.rotate': ({ secret }) => asked((session) => session.rotate(secret)),
    'sync.remove-device': ({ device, secret, passphrase }) =>
      asked((session) => session.remove(device, secret, passphrase)),
    'sync.revoke': async ({ scope, remote }) => {
      await open();
      // Before the grant ends: what a deletion needs goes with it.
      const prepared = remote === 'delete' && (await erasure.prepare(scope));
      const revoked = await core.revoke('cloud-sync', scope);
      if (remote === 'keep') return { revoked, remote: { kind: 'kept' } };
      const erased = prepared ? await erasure.run() : ({ kind: 'none' } as const);
      const copy: RemoteCopy = erased.kind === 'deleted' || erased.kind === 'pending' ? erased : { kind: 'failed' };
      return { revoked, remote: copy };
    },
    'sync.erasure': async ({ what }) => {
      await open();
      return what === 'drop' ? erasure.drop() : erasure.run();
    },
    'settings.export': async () => {
      const nowMs = core.ports.clock.nowMs();
      const { database } = await open();
      return {
        text: encodeSettings(project(await readProtection(database)), nowMs),
        fileName: fileName('settings', 'json', nowMs),
      };
    },
    'settings.import': ({ text, how }) => importSettings(text, how),
  };
}

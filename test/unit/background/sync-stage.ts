/** Browsers with all of Cloudopt's background in them, a WebDAV server and a browser maker's sync that they share. */

import type { CorePorts } from '../../../utils/background/core';
import { type CoreHandlers, handlers } from '../../../utils/background/handlers';
import { readProtection } from '../../../utils/background/protection-settings';
import { SyncErasure } from '../../../utils/background/sync-erasure';
import { localKey } from '../../../utils/background/sync-rows';
import type { CapabilityBrowser, World } from '../../../utils/capabilities/capability';
import { start as startSync } from '../../../utils/capabilities/cloud-sync';
import { usualProtection } from '../../../utils/catalogue/lists';
import type { Came, Carry, Outgoing } from '../../../utils/egress/carry';
import { Channel } from '../../../utils/leases/forwarder';
import type { Lease } from '../../../utils/leases/lease';
import type { Input } from '../../../utils/messages/contract';
import { allowsServer } from '../../../utils/policy/managed';
import { type Background, background, FakeBrowser } from '../../sim/fake-world';
import { grant } from '../../sim/journey';
import { settle } from '../capabilities/stage';
import { FakeSyncArea } from '../sync/fake-sync-area';
import { quietPorts } from './handler-ports';

export const SERVER = { url: 'https://dav.example/files/', user: 'ada', password: 'pa55' };
export const SCOPE = 'https://dav.example/*';
const FOLDER = 'https://dav.example/files/Cloudopt/';

/** A WebDAV server in memory that honours `If-Match`. */
export class FakeDav {
  readonly files = new Map<string, { text: string; tag: string }>();
  folder = false;
  up = true;
  /** Every request as it came in, oldest first. */
  readonly heard: string[] = [];
  /** Runs before a request is answered, such as one that holds it up. */
  before: (outgoing: Outgoing) => Promise<void> = async () => undefined;
  #tags = 0;

  readonly carry: Carry = async (outgoing) => {
    this.heard.push(`${outgoing.method} ${outgoing.url}`);
    await this.before(outgoing);
    if (outgoing.signal.aborted) throw new DOMException('aborted', 'AbortError');
    if (!this.up) throw new TypeError('no network');
    return this.#answer(outgoing);
  };

  /** Paths and texts below the folder. */
  text(name: string): string | undefined {
    return this.files.get(FOLDER + name)?.text;
  }

  #answer({ method, url, headers, body }: Outgoing): Came {
    const came = (status: number, text = '', more: Record<string, string> = {}): Came => ({
      status,
      headers: new Headers(more),
      redirected: false,
      text,
    });
    if (headers.authorization !== `Basic ${btoa(`${SERVER.user}:${SERVER.password}`)}`) return came(401);
    const file = this.files.get(url);
    switch (method) {
      case 'PROPFIND':
        return url === SERVER.url || (url === FOLDER && this.folder) ? came(207, '<multistatus/>') : came(404);
      case 'MKCOL':
        this.folder = true;
        return came(201);
      case 'GET':
        return file ? came(200, file.text, { etag: file.tag, 'content-type': 'application/octet-stream' }) : came(404);
      case 'PUT': {
        if (!this.folder) return came(409);
        const only = headers['if-match'];
        if (only !== undefined && only !== file?.tag) return came(412);
        this.#tags += 1;
        const tag = `"${this.#tags}"`;
        this.files.set(url, { text: body ?? '', tag });
        return came(201, '', { etag: tag });
      }
      case 'DELETE':
        return this.files.delete(url) ? came(204) : came(404);
      default:
        return came(405);
    }
  }
}

export interface Place {
  readonly dav: FakeDav;
  readonly area: FakeSyncArea;
}
export const place = (): Place => ({ dav: new FakeDav(), area: new FakeSyncArea() });

/** One device: a browser, and its background, started. */
export async function device({ dav, area }: Place, browser = new FakeBrowser()) {
  const on = {
    sync: new Channel() as World['on']['sync'],
    settingsChanged: new Channel<[]>(),
    syncDue: new Channel<[]>(),
    protection: new Channel() as World['on']['protection'],
  };
  const alarms: CorePorts['alarms'] = {
    at: async (name, whenMs) => void browser.alarms.set(name, { whenMs }),
    every: async (name, everyMinutes) => void browser.alarms.set(name, { everyMinutes }),
    clear: async (name) => void browser.alarms.delete(name),
  };
  let it: Background;
  const start = async (lease: Lease) => {
    if (lease.capability !== 'cloud-sync') return;
    const { core } = it;
    const world = {
      on,
      browser: { alarms } as CapabilityBrowser,
      clock: core.ports.clock,
      ids: core.ports.ids,
      protectionSettings: async () =>
        core.status.kind === 'open' ? readProtection(core.status.database) : usualProtection,
      reach: (syncing: Lease<'cloud-sync'>) => core.door.reach(syncing),
      localKey: async () => (core.status.kind === 'open' ? localKey(core.status.database) : undefined),
      allowsServer: (origin: string) => allowsServer(core.managed, origin),
      changed: () => undefined,
      wait: async () => undefined,
      report: (error: unknown) => void it.errors.push(error),
    } as unknown as World;
    await startSync(lease as Lease<'cloud-sync'>, world);
  };
  // Real ones: of two browsers, no id is the other's.
  const ids = { fresh: () => crypto.randomUUID() };
  it = background(browser, { ports: { carry: dav.carry, syncArea: area, ids }, start });
  const started = it.core.start();
  const erasure = new SyncErasure(it.core);
  const all: CoreHandlers = handlers({ ...quietPorts({ core: it.core, started }), ...on, erasure });
  await started;
  await it.core.settled();
  await erasure.resume();
  const ask = <N extends keyof CoreHandlers>(name: N, input: Input<N>) =>
    all[name](input as never, {}) as ReturnType<CoreHandlers[N]>;
  const settings = () => readProtection(it.core.openStatus().database);
  const block = (host: string) => ask('protection.change', { change: { kind: 'add', to: 'block', host } });
  return { browser, it, ask, on, erasure, settings, block };
}
export type Device = Awaited<ReturnType<typeof device>>;

/** Allows a place and looks at it. */
export async function placed({ browser, it, ask }: Device, server: typeof SERVER | null = SERVER) {
  const granted = await grant(browser, it, 'cloud-sync', { scope: server ? SCOPE : '*' });
  if (granted.kind !== 'granted') throw new Error(granted.kind);
  return ask('sync.look', { server });
}

/** Begins a vault on this device. @returns the passphrase and the recovery key. */
export async function created(it: Device, server: typeof SERVER | null = SERVER) {
  await placed(it, server);
  const answer = await it.ask('sync.create', { deviceName: 'First', passphrase: null });
  if (answer.kind !== 'created') throw new Error(JSON.stringify(answer));
  return answer;
}

/** Joins the vault that another device began. */
export async function joined(
  it: Device,
  passphrase: string,
  how: 'merge' | 'replace' = 'merge',
  server: typeof SERVER | null = SERVER,
) {
  await placed(it, server);
  const opened = await it.ask('sync.open', { secret: { passphrase }, deviceName: 'Second' });
  if (opened.kind !== 'opened') throw new Error(JSON.stringify(opened));
  const answer = await it.ask('sync.join', { how });
  if (answer.kind !== 'joined') throw new Error(JSON.stringify(answer));
  return opened.preview;
}

/** What runs by itself after a change comes to its end. */
export async function idle({ ask }: Device): Promise<void> {
  await settle();
  // It waits in the queue for what is under way, and does nothing of its own.
  await ask('sync.look', { server: { ...SERVER, url: '' } });
  await settle();
}

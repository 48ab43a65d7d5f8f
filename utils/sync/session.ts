/**
 * Cloud Synchronization as it runs under one lease: everything in one queue, everything kept through the lease, so that
 * nothing is begun and nothing is kept once the lease has ended.
 */
import * as z from 'zod/mini';
import type { ProtectionSettings } from '../catalogue/lists';
import { PROTECTION_KEY, protectionOf, protectionRowOf } from '../catalogue/protection-row';
import { ALL, siteOf } from '../catalogue/scope';
import { readRow } from '../catalogue/shapes';
import type { Reach } from '../egress/wire';
import type { Lease } from '../leases/lease';
import { type Clock, MINUTE_MS, SECOND_MS } from '../platform/clock';
import type { Ids } from '../platform/ids';
import { serial } from '../platform/serial';
import { type Committed, type CycleOutcome, runCycle } from './cycle';
import { encodeDocument } from './document';
import {
  isPassphrase,
  type Keyring,
  keyringFromText,
  keyringToText,
  labelOf,
  makePassphrase,
  newKeyring,
  openKeyring,
  PASSPHRASE_CHARS_MIN,
  parseRecovery,
  recoveryText,
  rotated,
  sealDocument,
  sealKeyring,
} from './envelope';
import { makeLocalKey, openLocal, sealLocal } from './local-key';
import { browserProvider } from './providers/browser';
import type { Got, Probe, Provider, Trouble } from './providers/provider';
import { webdavProvider } from './providers/webdav';
import { applyTo, type LocalSettings, project } from './settings';
import {
  deviceKey,
  join,
  keepHere,
  newState,
  renamed,
  type SyncState,
  syncState,
  undo,
  waitMs,
  withoutDevice,
} from './state';
import type {
  BadAddress,
  Created,
  Joined,
  Looked,
  Opened,
  Probed,
  Rekeyed,
  SyncChanged,
  Synced,
  SyncOff,
  SyncOutOfTurn,
  SyncTrouble,
  SyncView,
  TroubleWhy,
  Undone,
} from './view';
import { nothingViewed, previewOf, type Stop, stops, type Viewed, viewOfState } from './viewing';

/** How often it is looked at the place where nothing happens here. */
export const EVERY_MINUTES = 15;
/** How long changes are collected before they go. */
const COLLECT_MS = 2 * SECOND_MS;
/** Browsers ring an alarm no sooner than this. */
const ALARM_MS = MINUTE_MS / 2;
/** So often is the key file of a new vault looked at, since another device may have begun one at the same moment. */
const LOOKS_MAX = 3;

/** The row of the device's own key, in the database's settings. */
export const LOCAL_KEY = 'sync-key';

/** The checkpoint of a grant of Cloud Synchronization. */
const syncCheckpoint = z.strictObject({ state: syncState, stopped: z.nullable(z.enum(stops)) });
export type SyncCheckpoint = Readonly<z.infer<typeof syncCheckpoint>>;
export const readCheckpoint = (raw: unknown): SyncCheckpoint | undefined => readRow(syncCheckpoint, raw);

export interface Server {
  readonly url: string;
  readonly user: string;
  readonly password: string;
}
export type Secret = { readonly passphrase: string } | { readonly recovery: string };

export interface SessionPorts {
  readonly lease: Lease<'cloud-sync'>;
  readonly reach: Reach;
  readonly clock: Clock;
  readonly ids: Ids;
  wait(forMs: number): Promise<void>;
  /** From 0 up to 1. */
  random(): number;
  protectionSettings(): Promise<ProtectionSettings>;
  localKey(): Promise<CryptoKey | undefined>;
  /** Whether the organisation lets settings go to a server of this origin. */
  allowsServer(origin: string): boolean;
  /** Settings changed on this device: what runs shall follow them. */
  applied(): void;
  /** What pages show changed. */
  changed(): void;
  /** A cycle is wanted at that moment, whether or not the background lives then. */
  soon(atMs: number): Promise<void>;
  report(error: unknown): void;
}

interface Chosen {
  readonly server: Server | null;
  readonly provider: Provider;
  readonly probed: Extract<Probe, { kind: 'works' }>;
}

/** What a cycle needs besides the place. */
interface Known extends SyncCheckpoint {
  readonly key: CryptoKey;
  readonly keyring: Keyring;
  readonly provider: Provider;
}

const off: SyncOff = { kind: 'off' };
const outOfTurn: SyncOutOfTurn = { kind: 'out-of-turn' };
const trouble = (
  why: TroubleWhy,
  { afterMs = null, status = null }: { afterMs?: number | null; status?: number | null } = {},
): SyncTrouble => ({
  kind: 'trouble',
  why,
  afterMs,
  status,
});
const troubleOf = (found: Trouble): SyncTrouble | SyncOff => (found.why === 'halted' ? off : trouble(found.why, found));
const badAddress = (why: BadAddress['why']): BadAddress => ({ kind: 'bad-address', why });

export class Session {
  readonly #inTurn = serial();
  #chosen: Chosen | null = null;
  #collecting = false;

  constructor(private readonly ports: SessionPorts) {}

  get scope(): string {
    return this.ports.lease.scope;
  }

  get epoch(): number {
    return this.ports.lease.epoch;
  }

  get #signal(): AbortSignal {
    return this.ports.lease.signal;
  }

  #now(): number {
    return this.ports.clock.nowMs();
  }

  // ------------------------------------------------------------------------------------------------------- by itself

  /** What a start, an alarm or a change of settings asks for: a cycle, unless it is too early or nothing syncs yet. */
  due(): Promise<void> {
    return this.#queued(async () => {
      const known = await this.#checkpoint();
      if (known?.state.phase !== 'running' || known.stopped !== null) return;
      const nowMs = this.#now();
      const forMs = waitMs(known.state, nowMs);
      if (forMs > 0) return this.ports.soon(Math.max(nowMs + forMs, nowMs + ALARM_MS));
      await this.#cycle();
    });
  }

  /** A background that was started anew looks only where the last look is long past: alarms may have been lost. */
  async resume(): Promise<void> {
    const known = await this.#checkpoint();
    const last = known?.state.lastSyncMs ?? null;
    const agoMs = this.#now() - (last ?? 0);
    // A clock that was set back is no reason to wait.
    if (last === null || agoMs >= EVERY_MINUTES * MINUTE_MS || agoMs < 0) await this.due();
  }

  /** Settings of this device changed: what follows within two seconds goes along. */
  async collect(): Promise<void> {
    if (this.#collecting) return;
    this.#collecting = true;
    try {
      // A background that is stopped meanwhile is woken.
      await this.ports.soon(this.#now() + ALARM_MS);
      await this.ports.wait(COLLECT_MS);
    } finally {
      this.#collecting = false;
    }
    await this.due();
  }

  async #queued<T>(task: () => Promise<T>): Promise<T | undefined> {
    return this.#inTurn(async () => (this.#signal.aborted ? undefined : task()));
  }

  // -------------------------------------------------------------------------------------------------------- the place

  probe(server: Server | null): Promise<Probed> {
    return this.#answered<Probed>(async () => {
      if (!(await this.#mayChoose())) return outOfTurn;
      const chosen = await this.#choose(server);
      if ('kind' in chosen) return chosen;
      const { honoursIfMatch, tags, madeFolder, bytesMax } = chosen.probed;
      return { kind: 'works', honoursIfMatch, tags, madeFolder, bytesMax };
    });
  }

  look(server: Server | null): Promise<Looked> {
    return this.#answered<Looked>(async () => {
      if (!(await this.#mayChoose())) return outOfTurn;
      const chosen = sameServer(this.#chosen, server) ? this.#chosen : await this.#choose(server);
      if (chosen === null || 'kind' in chosen) return chosen ?? outOfTurn;
      const got = await this.#file(chosen.provider, 'keys');
      if (got.kind === 'trouble') return got.why === 'damaged' ? { kind: 'vault' } : got;
      return { kind: got.kind === 'found' ? 'vault' : 'empty' };
    });
  }

  /** A place is chosen before a vault is opened, and again where that vault is gone. */
  async #mayChoose(): Promise<boolean> {
    const known = await this.#known();
    return !known || known.state.phase === 'joining' || known.stopped === 'closed' || known.stopped === 'other-vault';
  }

  async #choose(server: Server | null): Promise<Chosen | BadAddress | SyncTrouble | SyncOff> {
    this.#chosen = null;
    const wrong = this.#wrongWith(server);
    if (wrong) return badAddress(wrong);
    const provider = this.#provider(server);
    const probed = await provider.probe();
    if (probed.kind === 'trouble') return troubleOf(probed);
    this.#chosen = { server, provider, probed };
    return this.#chosen;
  }

  #wrongWith(server: Server | null): BadAddress['why'] | undefined {
    const { scope } = this.ports.lease;
    if (server === null) return scope === ALL ? undefined : 'other-server';
    if (!URL.canParse(server.url)) return 'malformed';
    const url = new URL(server.url);
    if (url.protocol !== 'https:') return 'not-https';
    if (url.username !== '' || url.password !== '') return 'with-credentials';
    if (siteOf(scope)?.host !== url.hostname) return 'other-server';
    return this.ports.allowsServer(url.origin) ? undefined : 'not-allowed';
  }

  #provider(server: Server | null): Provider {
    const { reach, ids } = this.ports;
    return server === null
      ? browserProvider(reach.area)
      : webdavProvider({ ...server, exchange: reach.exchange, freshName: () => ids.fresh() });
  }

  // -------------------------------------------------------------------------------------------------- begin and join

  create(deviceName: string, chosenPassphrase: string | null, replace: boolean): Promise<Created> {
    return this.#answered<Created>(async () => {
      const chosen = this.#chosen;
      if (!chosen || !(await this.#mayChoose())) return outOfTurn;
      if (chosenPassphrase !== null && !isPassphrase(chosenPassphrase)) {
        return { kind: 'too-short', charsMin: PASSPHRASE_CHARS_MIN };
      }
      const there = await this.#file(chosen.provider, 'keys');
      if (there.kind === 'trouble' && there.why !== 'damaged') return there;
      if (there.kind !== 'missing' && !replace) return { kind: 'exists' };
      const keyring = newKeyring();
      const passphrase = chosenPassphrase ?? makePassphrase();
      const keysFile = await sealKeyring(keyring, passphrase);
      const begun = await this.#begin(chosen, deviceName, keyring, keysFile, 'running');
      if ('kind' in begun) return begun;
      // Both files are written over whatever lies there: a marker that it was closed, or a vault that is given up.
      const first = await this.#sealed(begun, keyring);
      for (const [name, text] of [
        ['keys', keysFile],
        ['settings', first],
      ] as const) {
        const put = await chosen.provider.put(name, text, null);
        if (put.kind === 'trouble' && put.why === 'halted') return off;
        // What could not be written now is written by the cycles to come.
        if (put.kind !== 'put') break;
      }
      const outcome = await this.#cycle();
      if (outcome.kind === 'other-vault') {
        await this.#forget();
        return { kind: 'exists' };
      }
      if (outcome.kind === 'halted') return off;
      if (outcome.kind === 'not-kept') return notKept(outcome);
      if (outcome.kind === 'synced') await this.#holdKeys(chosen.provider, keyring.vault, keysFile);
      this.#chosen = null;
      return { kind: 'created', passphrase, recovery: recoveryText(keyring.recovery) };
    });
  }

  /** Of two vaults begun at the same moment, the one whose settings stand stays: it gets its keys back. */
  async #holdKeys(provider: Provider, vault: string, keysFile: string): Promise<void> {
    for (let look = 0; look < LOOKS_MAX; look += 1) {
      await this.ports.wait(SECOND_MS * (0.5 + this.ports.random()));
      const got = await this.#file(provider, 'keys');
      if (got.kind === 'trouble' || (got.kind === 'found' && labelOf(got.text)?.vault === vault)) return;
      const put = await provider.put('keys', keysFile, null);
      if (put.kind === 'trouble') return;
    }
  }

  async #sealed(state: SyncState, keyring: Keyring): Promise<string> {
    const sealed = await sealDocument(encodeDocument(state.document), keyring);
    if (sealed.kind !== 'sealed') throw new Error('the document of one device fits');
    return sealed.text;
  }

  /** Writes the first state under this lease, with the secrets under this device's key. */
  async #begin(
    { server, probed }: Chosen,
    deviceName: string,
    keyring: Keyring,
    keysFile: string,
    phase: SyncState['phase'],
  ): Promise<SyncState | SyncTrouble | SyncOff> {
    const key = await this.#ensureKey();
    if (!(key instanceof CryptoKey)) return key;
    const state = newState(
      {
        place:
          server === null
            ? { kind: 'browser' }
            : { kind: 'webdav', url: server.url, user: server.user, sealed: await sealLocal(key, server.password) },
        device: { id: this.ports.ids.fresh(), name: deviceName },
        vault: keyring.vault,
        sealedKeyring: await sealLocal(key, keyringToText(keyring)),
        keysFile,
        phase,
        honoursIfMatch: probed.honoursIfMatch,
      },
      this.#now(),
    );
    const written = await this.ports.lease.write({ checkpoint: { state, stopped: null } satisfies SyncCheckpoint });
    return written.kind === 'kept' ? state : notWritten(written);
  }

  /** One key a device, whoever makes it first. */
  async #ensureKey(): Promise<CryptoKey | SyncTrouble | SyncOff> {
    const known = await this.ports.localKey();
    if (known) return known;
    const cryptoKey = await makeLocalKey();
    const written = await this.ports.lease.write({
      settings: {
        keys: [LOCAL_KEY],
        change: (rows) => (rows.has(LOCAL_KEY) ? undefined : { rows: [keyRow(cryptoKey)] }),
      },
    });
    if (written.kind !== 'kept') return notWritten(written);
    return (await this.ports.localKey()) ?? trouble('failed');
  }

  /** Gives up what was begun, before anything rests on it. */
  async #forget(): Promise<void> {
    await this.ports.lease.write({ checkpoint: null });
    this.ports.changed();
  }

  open(secret: Secret, deviceName: string): Promise<Opened> {
    return this.#answered<Opened>(async () => {
      const known = await this.#known();
      if (known?.stopped === 'needs-secret') return this.#reopen(known, secret);
      const chosen = this.#chosen;
      if (!chosen || !(await this.#mayChoose())) return outOfTurn;
      const got = await this.#file(chosen.provider, 'keys');
      if (got.kind === 'missing') return { kind: 'empty' };
      if (got.kind === 'trouble') return got.why === 'damaged' ? { kind: 'damaged' } : got;
      const opened = await openWith(got.text, secret);
      if (opened.kind !== 'opened') return opened;
      const begun = await this.#begin(chosen, deviceName, opened.keyring, got.text, 'joining');
      if ('kind' in begun) return begun;
      const outcome = await this.#cycle();
      if (outcome.kind !== 'synced') {
        await this.#forget();
        return outcome.kind === 'closed' ? { kind: 'empty' } : failureOf(outcome);
      }
      this.#chosen = null;
      return this.#previewed();
    });
  }

  async #previewed(): Promise<Opened> {
    const [known, local] = await Promise.all([this.#checkpoint(), this.#local()]);
    return known ? { kind: 'opened', preview: previewOf(known.state, local) } : off;
  }

  /** Keys that were replaced elsewhere are opened anew; all that this device has goes on. */
  async #reopen({ key, keyring, provider }: Known, secret: Secret): Promise<Opened> {
    const got = await this.#file(provider, 'keys');
    if (got.kind === 'missing') return { kind: 'empty' };
    if (got.kind === 'trouble') return got.why === 'damaged' ? { kind: 'damaged' } : got;
    const opened = await openWith(got.text, secret, keyring);
    if (opened.kind !== 'opened') return opened;
    const kept = await this.#change(async () => {
      const sealedKeyring = await sealLocal(key, keyringToText(opened.keyring));
      return (state) => ({ ...state, sealedKeyring, keysFile: got.text });
    });
    if (kept.kind !== 'changed') return kept;
    const outcome = await this.#cycle();
    if (outcome.kind !== 'synced' && outcome.kind !== 'behind') return failureOf(outcome);
    return this.#previewed();
  }

  join(how: 'merge' | 'replace'): Promise<Joined> {
    return this.#answered<Joined>(async () => {
      const known = await this.#checkpoint();
      if (known?.state.phase !== 'joining') return outOfTurn;
      const committed = await this.#commit((local, state) => {
        const { state: joined, apply } = join(state, local, how, this.#now());
        return { state: joined, ...(apply ? { apply } : {}), result: undefined };
      });
      if (committed.kind !== 'kept') return notWritten(committed);
      return { kind: 'joined', synced: syncedOf(await this.#cycle()) };
    });
  }

  // --------------------------------------------------------------------------------------------------------- running

  sync(): Promise<Synced> {
    return this.#answered<Synced>(async () => {
      const known = await this.#known();
      if (known?.state.phase !== 'running') return outOfTurn;
      return syncedOf(await this.#cycle());
    });
  }

  undo(): Promise<Undone> {
    return this.#answered<Undone>(async () => {
      if (!(await this.#isRunning())) return outOfTurn;
      const committed = await this.#commit((local, before) => {
        if (!before.undo) return { state: before, result: null };
        const { state, apply, changes } = undo(before, local, this.#now());
        return { state, ...(apply ? { apply } : {}), result: changes.length };
      });
      if (committed.kind !== 'kept') return notWritten(committed);
      if (committed.result === null) return { kind: 'nothing' };
      this.#goOn();
      return { kind: 'undone', changes: committed.result };
    });
  }

  keepHere(key: string, on: boolean): Promise<SyncChanged> {
    return this.#answered<SyncChanged>(async () => {
      if (!(await this.#isRunning())) return outOfTurn;
      const committed = await this.#commit((local, before) => {
        const { state, apply } = keepHere(before, local, key, on, this.#now());
        // A list that is full stays as it is.
        const fits = syncState.safeParse(state).success;
        return { state: fits ? state : before, ...(fits && apply ? { apply } : {}), result: fits };
      });
      if (committed.kind !== 'kept') return notWritten(committed);
      if (!committed.result) return trouble('full');
      this.#goOn();
      return { kind: 'changed' };
    });
  }

  rename(name: string): Promise<SyncChanged> {
    return this.#answered<SyncChanged>(async () => {
      if (!(await this.#isRunning())) return outOfTurn;
      const changed = await this.#change(async () => (state) => renamed(state, name, this.#now()));
      if (changed.kind === 'changed') this.#goOn();
      return changed;
    });
  }

  async #isRunning(): Promise<boolean> {
    return (await this.#checkpoint())?.state.phase === 'running';
  }

  /** A cycle after this, without anybody waiting for it. */
  #goOn(): void {
    this.due().catch(this.ports.report);
  }

  // ---------------------------------------------------------------------------------------------------------- secrets

  /** Another passphrase for the same keys. */
  repassphrase(secret: Secret, chosen: string | null): Promise<Rekeyed> {
    return this.#rekeying(secret, chosen, async ({ provider, state }, { keyring, tag }, passphrase) => {
      const keysFile = await sealKeyring(keyring, passphrase);
      const put = await provider.put('keys', keysFile, state.honoursIfMatch ? tag : null);
      if (put.kind === 'trouble') return troubleOf(put);
      if (put.kind === 'changed') return trouble('contended');
      const kept = await this.#change(async () => (before) => ({ ...before, keysFile }));
      return kept.kind === 'changed' ? { kind: 'rekeyed', passphrase, recovery: null } : kept;
    });
  }

  /** A new data key under the passphrase as it is; where only the recovery key is at hand, under a new one. */
  rotate(secret: Secret): Promise<Rekeyed> {
    const kept = 'passphrase' in secret ? secret.passphrase : null;
    return this.#rekeying(secret, null, async (known, { keyring }, made) => {
      const moved = await this.#moveTo(known, rotated(keyring), kept ?? made, (state) => state);
      return moved ?? { kind: 'rekeyed', passphrase: kept === null ? made : null, recovery: null };
    });
  }

  /** Takes a device off, with new keys, a new passphrase and a new recovery key: it knows the old ones. */
  remove(device: string, secret: Secret, chosen: string | null): Promise<Rekeyed> {
    return this.#rekeying(secret, chosen, async (known, { keyring }, passphrase) => {
      const isThere = Object.hasOwn(known.state.document.entries, deviceKey(device));
      if (!isThere || device === known.state.device.id) return { kind: 'no-such-device' };
      const fresh = rotated(keyring, 'new');
      const moved = await this.#moveTo(known, fresh, passphrase, (state) => withoutDevice(state, device, this.#now()));
      return moved ?? { kind: 'rekeyed', passphrase, recovery: recoveryText(fresh.recovery) };
    });
  }

  #rekeying(
    secret: Secret,
    chosen: string | null,
    task: (known: Known, file: { keyring: Keyring; tag: string | null }, passphrase: string) => Promise<Rekeyed>,
  ): Promise<Rekeyed> {
    return this.#answered<Rekeyed>(async () => {
      const known = await this.#known();
      if (known?.state.phase !== 'running' || known.stopped !== null) return outOfTurn;
      if (chosen !== null && !isPassphrase(chosen)) return { kind: 'too-short', charsMin: PASSPHRASE_CHARS_MIN };
      const got = await this.#file(known.provider, 'keys');
      if (got.kind === 'trouble') return got.why === 'damaged' ? { kind: 'damaged' } : got;
      const file = got.kind === 'found' ? got : { text: known.state.keysFile, tag: null };
      const opened = await openWith(file.text, secret, known.keyring);
      if (opened.kind !== 'opened') return opened;
      return task(known, { keyring: opened.keyring, tag: file.tag }, chosen ?? makePassphrase());
    });
  }

  /**
   * Commits the new keys here first; the cycle then writes the key file before it seals anything with them, and so does
   * every later one, should this background end on the way. `null`: done, or on its way.
   */
  async #moveTo(
    { key, provider }: Known,
    keyring: Keyring,
    passphrase: string,
    change: (state: SyncState) => SyncState,
  ): Promise<Exclude<Rekeyed, { kind: 'rekeyed' }> | null> {
    const keysFile = await sealKeyring(keyring, passphrase);
    const sealedKeyring = await sealLocal(key, keyringToText(keyring));
    const kept = await this.#change(async () => (state) => change({ ...state, sealedKeyring, keysFile }));
    if (kept.kind !== 'changed') return kept;
    const outcome = await this.#cycle();
    if (outcome.kind === 'halted') return off;
    if (outcome.kind !== 'synced') return null;
    const got = await this.#file(provider, 'keys');
    // Somebody else changed the keys at the same moment: which of the two stands is for the person to look at.
    return got.kind === 'found' && got.text !== keysFile ? trouble('contended') : null;
  }

  // ------------------------------------------------------------------------------------------------------------ inside

  async view(): Promise<Pick<SyncView, Viewed>> {
    const [known, local] = await Promise.all([this.#known(), this.#local()]);
    if (!known) return { ...nothingViewed, phase: 'placing', place: this.#placeView() };
    return viewOfState(known.state, known.stopped, local, this.#now(), EVERY_MINUTES * MINUTE_MS);
  }

  #placeView(): SyncView['place'] {
    if (!this.#chosen) return null;
    const { server } = this.#chosen;
    return server === null ? { kind: 'browser' } : { kind: 'webdav', url: server.url, user: server.user };
  }

  async #checkpoint(): Promise<SyncCheckpoint | undefined> {
    return readCheckpoint(await this.ports.lease.lastCheckpoint());
  }

  async #local(): Promise<LocalSettings> {
    return project(await this.ports.protectionSettings());
  }

  /** `undefined` where nothing was begun, or where this device's key is gone: then it begins anew. */
  async #known(): Promise<Known | undefined> {
    const [checkpoint, key] = await Promise.all([this.#checkpoint(), this.ports.localKey()]);
    if (!checkpoint || !key) return undefined;
    const { place, sealedKeyring } = checkpoint.state;
    const text = await openLocal(key, sealedKeyring);
    const keyring = text === undefined ? undefined : keyringFromText(text);
    const password = place.kind === 'webdav' ? await openLocal(key, place.sealed) : '';
    if (!keyring || password === undefined) return undefined;
    const server = place.kind === 'webdav' ? { url: place.url, user: place.user, password } : null;
    // What was allowed when it was set up may be forbidden by now.
    if (this.#wrongWith(server)) return undefined;
    return { ...checkpoint, key, keyring, provider: this.#provider(server) };
  }

  /** A file as it lies there, whatever marks that nothing does. */
  async #file(
    provider: Provider,
    name: 'keys',
  ): Promise<Extract<Got, { kind: 'found' }> | { kind: 'missing' } | SyncTrouble> {
    const got = await provider.get(name);
    if (got.kind === 'closed') return { kind: 'missing' };
    if (got.kind === 'torn') return trouble('damaged');
    return got.kind === 'trouble' ? trouble(got.why, got) : got;
  }

  async #cycle(): Promise<CycleOutcome> {
    const known = await this.#known();
    if (!known) return { kind: 'halted' };
    const outcome = await runCycle({
      provider: known.provider,
      keyring: known.keyring,
      signal: this.#signal,
      nowMs: () => this.#now(),
      wait: (forMs) => this.ports.wait(forMs),
      random: () => this.ports.random(),
      commit: (step) => this.#commit(step),
    });
    // What is used does not end for want of use; nor does what is tried in vain for months count as used.
    if (outcome.kind === 'synced') await this.ports.lease.write({ uses: 1 });
    const stopped = stops.find((stop) => stop === outcome.kind) ?? null;
    if (stopped !== known.stopped && outcome.kind !== 'halted') await this.#stop(stopped);
    if (outcome.kind === 'behind') await this.ports.soon(Math.max(outcome.notBeforeMs, this.#now() + ALARM_MS));
    this.ports.changed();
    return outcome;
  }

  async #stop(stopped: Stop | null): Promise<void> {
    await this.#write((checkpoint) => ({ checkpoint: { ...checkpoint, stopped }, result: undefined }));
  }

  #commit<T>(
    step: (local: LocalSettings, state: SyncState) => { state: SyncState; apply?: LocalSettings; result: T },
  ): Promise<Committed<T>> {
    return this.#write(({ state, stopped }, local) => {
      const { state: next, apply, result } = step(local, state);
      return { checkpoint: { state: next, stopped }, ...(apply ? { apply } : {}), result };
    });
  }

  /** @param make run before the transaction: nothing may be awaited inside. */
  async #change(make: () => Promise<(state: SyncState) => SyncState>): Promise<SyncChanged> {
    const change = await make();
    const committed = await this.#write(({ state }) => ({
      // Whatever stopped it is looked at anew.
      checkpoint: { state: change(state), stopped: null },
      result: undefined,
    }));
    if (committed.kind !== 'kept') return notWritten(committed);
    this.ports.changed();
    return { kind: 'changed' };
  }

  /** Reads settings and checkpoint, and writes what comes of them, in one transaction with the fence. */
  async #write<T>(
    step: (
      checkpoint: SyncCheckpoint,
      local: LocalSettings,
    ) => { checkpoint: SyncCheckpoint; apply?: LocalSettings; result: T },
  ): Promise<Committed<T>> {
    const made: { result?: T; applied: boolean } = { applied: false };
    const written = await this.ports.lease.write({
      settings: {
        keys: [PROTECTION_KEY],
        change: (rows, raw) => {
          const checkpoint = readCheckpoint(raw);
          if (!checkpoint) return undefined;
          const before = protectionOf(rows.get(PROTECTION_KEY));
          const { checkpoint: next, apply, result } = step(checkpoint, project(before));
          Object.assign(made, { result, applied: apply !== undefined });
          return { rows: apply ? [protectionRowOf(applyTo(before, apply))] : [], checkpoint: next };
        },
      },
    });
    if (written.kind !== 'kept') return written;
    if (!('result' in made)) return { kind: 'failed', why: 'the checkpoint can’t be read' };
    if (made.applied) this.ports.applied();
    return { kind: 'kept', result: made.result as T };
  }

  /** In the queue; `off` where the lease has ended. */
  async #answered<A extends { kind: string }>(task: () => Promise<A | SyncOff>): Promise<A | SyncOff> {
    const answer = await this.#queued(task);
    this.ports.changed();
    return answer === undefined || this.#signal.aborted ? off : answer;
  }
}

const keyRow = (cryptoKey: CryptoKey): { key: string; cryptoKey: CryptoKey } => ({ key: LOCAL_KEY, cryptoKey });

const sameServer = (chosen: Chosen | null, server: Server | null): boolean =>
  chosen !== null && JSON.stringify(chosen.server) === JSON.stringify(server);

const notWritten = (written: { kind: 'stale-lease' } | { kind: 'full' } | { kind: 'failed' }): SyncTrouble | SyncOff =>
  written.kind === 'stale-lease' ? off : trouble(written.kind === 'full' ? 'device-full' : 'failed');

const notKept = ({ why }: Extract<CycleOutcome, { kind: 'not-kept' }>): SyncTrouble =>
  trouble(why === 'full' ? 'device-full' : 'failed');

function syncedOf(outcome: CycleOutcome): Synced {
  switch (outcome.kind) {
    case 'behind':
      return { kind: 'behind', why: outcome.why, notBeforeMs: outcome.notBeforeMs };
    case 'other-vault':
    case 'newer-format':
      return { kind: 'behind', why: outcome.kind, notBeforeMs: 0 };
    case 'not-kept':
      return { kind: 'behind', why: notKept(outcome).why, notBeforeMs: 0 };
    case 'halted':
      return off;
    default:
      return outcome;
  }
}

/** A cycle that did not do what it was begun for. */
function failureOf(outcome: CycleOutcome): SyncTrouble | SyncOff {
  const synced = syncedOf(outcome);
  if (synced.kind === 'off') return off;
  return trouble(
    synced.kind === 'behind' ? synced.why : 'damaged',
    outcome.kind === 'behind' ? { status: outcome.status } : {},
  );
}

type OpenedWith = { kind: 'opened'; keyring: Keyring } | { kind: 'wrong-secret' } | { kind: 'damaged' } | SyncTrouble;

async function openWith(text: string, secret: Secret, known?: Keyring): Promise<OpenedWith> {
  const recovery = 'recovery' in secret ? parseRecovery(secret.recovery) : undefined;
  if ('recovery' in secret && !recovery) return { kind: 'wrong-secret' };
  const opened = await openKeyring(text, recovery ? { recovery } : (secret as { passphrase: string }), known);
  if (opened.kind === 'other-vault') return trouble('other-vault');
  return opened.kind === 'went-back' ? { kind: 'damaged' } : opened;
}

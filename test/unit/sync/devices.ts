/** Devices and a place in memory, whose faults a test picks. */

import { type Committed, type CycleOutcome, type CyclePorts, runCycle } from '../../../utils/sync/cycle';
import { type Keyring, newKeyring, sealKeyring } from '../../../utils/sync/envelope';
import type { FileName, Got, Provider, Put, Trouble } from '../../../utils/sync/providers/provider';
import { trouble } from '../../../utils/sync/providers/provider';
import type { LocalSettings } from '../../../utils/sync/settings';
import type { SyncState } from '../../../utils/sync/state';
import { NOW, stateOf, usual } from './samples';

type Asked = { readonly what: 'get' | 'put' | 'keepDamaged'; readonly name: FileName; readonly text: string };
/** What a fault makes of a request: an answer in place of the place's own, or nothing. */
export type Fault = (
  asked: Asked,
  place: Place,
  onlyIf: string | null,
) => Got | Put | Trouble | undefined | Promise<undefined>;

/** A place that ignores `If-Match` unless told otherwise. */
export class Place implements Provider {
  bytesMax = 131_072;
  honours = false;
  dateMs: number | null = null;
  closed = false;
  readonly files = new Map<FileName, string>();
  readonly bad = new Map<FileName, string>();
  readonly asked: string[] = [];
  #tag = 0;
  readonly #tags = new Map<FileName, string>();

  constructor(public fault: Fault = () => undefined) {}

  write(name: FileName, text: string): void {
    this.files.set(name, text);
    this.#tags.set(name, `"${++this.#tag}"`);
  }

  probe = () => Promise.reject(new Error('not asked for'));
  delete = () => Promise.reject(new Error('not asked for'));

  async get(name: FileName): Promise<Got> {
    this.asked.push(`get ${name}`);
    const fault = await this.fault({ what: 'get', name, text: '' }, this, null);
    if (fault) return fault as Got;
    if (this.closed) return { kind: 'closed' };
    const text = this.files.get(name);
    return text === undefined
      ? { kind: 'missing' }
      : { kind: 'found', text, tag: this.#tags.get(name) ?? null, dateMs: this.dateMs };
  }

  async put(name: FileName, text: string, onlyIf: string | null): Promise<Put> {
    this.asked.push(`put ${name}`);
    const fault = await this.fault({ what: 'put', name, text }, this, onlyIf);
    if (fault) return fault as Put;
    if (this.honours && onlyIf !== null && onlyIf !== this.#tags.get(name)) return { kind: 'changed' };
    this.write(name, text);
    return { kind: 'put', tag: null };
  }

  async keepDamaged(name: FileName, text: string): Promise<Put> {
    this.asked.push(`keepDamaged ${name}`);
    const fault = await this.fault({ what: 'keepDamaged', name, text }, this, null);
    if (fault) return fault as Put;
    this.bad.set(name, text);
    return { kind: 'put', tag: null };
  }

  /** What was asked of it since the last time. */
  since(): string[] {
    return this.asked.splice(0);
  }
}

/** Fails so many times in the way given, then no more. */
export function times(count: number, what: Asked['what'], name: FileName, answer: Got | Put | Trouble): Fault {
  let left = count;
  return (asked) => (asked.what === what && asked.name === name && left-- > 0 ? answer : undefined);
}

export class Device {
  local: LocalSettings = usual;
  state: SyncState;
  nowMs = NOW;
  readonly waited: number[] = [];
  readonly halt = new AbortController();
  /** In place of a commit that succeeds. */
  refuses: Exclude<Committed<never>, { kind: 'kept' }> | undefined;
  wait: (ms: number) => Promise<void> = async () => undefined;
  random: () => number = () => 0.5;

  constructor(
    readonly id: string,
    public keyring: Keyring,
    readonly place: Provider,
    more: Partial<SyncState> = {},
  ) {
    this.state = stateOf(id, keyring, more);
  }

  set(key: string, value: LocalSettings[string] | undefined): void {
    const { [key]: _, ...rest } = this.local;
    this.local = value === undefined ? rest : { ...rest, [key]: value };
  }

  async cycle(): Promise<CycleOutcome> {
    const ports: CyclePorts = {
      provider: this.place,
      keyring: this.keyring,
      signal: this.halt.signal,
      nowMs: () => this.nowMs,
      wait: async (ms) => {
        this.waited.push(ms);
        this.nowMs += ms;
        await this.wait(ms);
      },
      random: this.random,
      commit: async (step) => {
        if (this.refuses) return this.refuses;
        const { state, apply, result } = step(this.local, this.state);
        this.state = state;
        this.local = apply ?? this.local;
        return { kind: 'kept', result };
      },
    };
    return runCycle(ports);
  }
}

export const offline = trouble('offline');

/** One vault for all tests: deriving a key takes a while. */
const keyring = newKeyring();
const keysFile = sealKeyring(keyring, 'correct horse battery staple');
export const vault = async () => ({ keyring, keysFile: await keysFile });

/** A place with its keys, and devices that have synced once. */
export async function synced(ids: readonly string[], local: LocalSettings = usual) {
  const { keyring, keysFile } = await vault();
  const place = new Place();
  place.write('keys', keysFile);
  const devices = ids.map((id) => new Device(id, keyring, place, { keysFile }));
  for (const device of devices) device.local = local;
  for (const device of [...devices, ...devices]) await device.cycle();
  for (const device of devices) device.waited.length = 0;
  place.since();
  return { place, devices, keyring, keysFile };
}

/** Fakes of our own ports, in memory: what the unit tests and the simulation hold in place of a browser. */
import { IDBFactory } from 'fake-indexeddb';
import { Core, type CorePorts } from '../../utils/background/core';
import type { CapabilityBrowser } from '../../utils/capabilities/capability';
import { requiredPermissions } from '../../utils/catalogue/catalogue';
import type { LedgerEntry } from '../../utils/grants/ledger-entry';
import type { Lease } from '../../utils/leases/lease';
import type {
  Area,
  ContentScript,
  Held,
  LocksPort,
  ManagedPort,
  PermissionsPort,
  ScriptsPort,
} from '../../utils/platform/browser-types';
import { openDatabase } from '../../utils/storage/database';

/** Waits on whatever schedules the world; the plain world goes on at once. */
export type Step = <T>(what: string, run: () => Promise<T> | T) => Promise<T>;
const atOnce: Step = async (_what, run) => run();

export class FakePermissions implements PermissionsPort {
  permissions = new Set<string>([...requiredPermissions]);
  origins = new Set<string>();
  dataCollection = new Set<string>();
  /** An enterprise policy that lets nothing go. */
  keepsAll = false;
  constructor(private readonly step: Step = atOnce) {}

  held(): Promise<Held> {
    return this.step('permissions.held', () => ({
      permissions: [...this.permissions].sort(),
      origins: [...this.origins].sort(),
      dataCollection: [...this.dataCollection].sort(),
    }));
  }

  drop(what: Held): Promise<void> {
    return this.step('permissions.drop', () => {
      if (this.keepsAll) throw new Error('an enterprise policy holds it');
      this.take(what);
    });
  }

  /** What the browser's own settings do: no question asked. */
  give({ permissions = [], origins = [], dataCollection = [] }: Partial<Held>): void {
    for (const name of permissions) this.permissions.add(name);
    for (const origin of origins) this.origins.add(origin);
    for (const type of dataCollection) this.dataCollection.add(type);
  }

  take({ permissions = [], origins = [], dataCollection = [] }: Partial<Held>): void {
    for (const name of permissions) this.permissions.delete(name);
    for (const origin of origins) this.origins.delete(origin);
    for (const type of dataCollection) this.dataCollection.delete(type);
  }
}

export class FakeArea implements Area {
  readonly values = new Map<string, unknown>();
  fails = false;
  constructor(private readonly step: Step = atOnce) {}
  get(key: string): Promise<unknown> {
    return this.step('storage.get', () => structuredClone(this.values.get(key)));
  }
  set(key: string, value: unknown): Promise<void> {
    return this.step('storage.set', () => {
      if (this.fails) throw new Error('storage is full');
      this.values.set(key, structuredClone(value));
    });
  }
  remove(key: string): Promise<void> {
    return this.step('storage.remove', () => {
      this.values.delete(key);
    });
  }
}

export class FakeScripts implements ScriptsPort {
  readonly scripts = new Map<string, ContentScript>();
  constructor(private readonly step: Step = atOnce) {}
  register(script: ContentScript): Promise<void> {
    return this.step('scripts.register', () => {
      this.scripts.set(script.id, script);
    });
  }
  unregister(id: string): Promise<void> {
    return this.step('scripts.unregister', () => {
      this.scripts.delete(id);
    });
  }
  registered(): Promise<readonly string[]> {
    return this.step('scripts.registered', () => [...this.scripts.keys()]);
  }
  runInOpenPages(): Promise<void> {
    return this.step('scripts.run', () => undefined);
  }
}

/** Web Locks of one browser: shared by every generation of the background and every page. */
export class FakeLocks implements LocksPort {
  readonly #tails = new Map<string, Promise<unknown>>();
  readonly #heldNames = new Map<string, number>();
  exclusively<T>(name: string, task: () => Promise<T>): Promise<T> {
    const run = async () => {
      this.#heldNames.set(name, (this.#heldNames.get(name) ?? 0) + 1);
      try {
        return await task();
      } finally {
        this.#heldNames.set(name, (this.#heldNames.get(name) ?? 1) - 1);
      }
    };
    const next = (this.#tails.get(name) ?? Promise.resolve()).then(run, run);
    this.#tails.set(name, next);
    return next;
  }
  async held(name: string): Promise<boolean> {
    return (this.#heldNames.get(name) ?? 0) > 0;
  }
  /** A page that holds a lock from its load until it is released. */
  hold(name: string): () => void {
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    void this.exclusively(name, () => released);
    return release;
  }
}

const egressLocks = {
  request: async (_name: string, optionsOrTask: unknown, maybeTask?: unknown) => {
    const task = (maybeTask ?? optionsOrTask) as (lock: null) => unknown;
    return task(null);
  },
} as unknown as Pick<LockManager, 'request'>;

/** One browser with its profile: what outlives a background. */
export class FakeBrowser {
  readonly factory = new IDBFactory();
  readonly permissions: FakePermissions;
  readonly local: FakeArea;
  session: FakeArea;
  readonly locks = new FakeLocks();
  scripts: FakeScripts;
  readonly alarms = new Map<string, { whenMs?: number; everyMinutes?: number }>();
  /** What managed storage holds; a function is called instead, such as one that fails. */
  policy: unknown = {};
  /** Blocking rules are on: the browser keeps them over a restart. */
  rulesUp = false;
  nowMs = 1_800_000_000_000;
  #ids = 0;

  constructor(readonly step: Step = atOnce) {
    this.permissions = new FakePermissions(step);
    this.local = new FakeArea(step);
    this.session = new FakeArea(step);
    this.scripts = new FakeScripts(step);
  }

  /** The browser is closed and opened again: its session, its scripts and its alarms are gone. */
  restart(): void {
    this.session = new FakeArea(this.step);
    this.scripts = new FakeScripts(this.step);
    this.alarms.clear();
  }

  readonly managed: ManagedPort = {
    read: () =>
      this.step('managed.read', () => structuredClone(typeof this.policy === 'function' ? this.policy() : this.policy)),
  };

  freshId(): string {
    this.#ids += 1;
    return `id-${String(this.#ids).padStart(6, '0')}`;
  }
}

export interface Background {
  readonly core: Core;
  /** Leases that a capability was started under, oldest first; ended ones included. */
  readonly leases: Lease[];
  readonly told: LedgerEntry[];
  readonly errors: unknown[];
}

export interface BackgroundOptions {
  /** Replaces ports, such as an `openDatabase` that fails. */
  readonly ports?: Partial<CorePorts>;
  readonly start?: (lease: Lease, session: string) => Promise<void>;
}

/** A background of that browser, not started yet. Several may live at once: generations. */
export function background(browser: FakeBrowser, { ports, start }: BackgroundOptions = {}): Background {
  globalThis.indexedDB = browser.factory;
  const leases: Lease[] = [];
  const told: LedgerEntry[] = [];
  const errors: unknown[] = [];
  const core = new Core({
    permissions: browser.permissions,
    local: browser.local,
    session: browser.session,
    managed: browser.managed,
    scripts: browser.scripts,
    rules: {
      takeDown: () =>
        browser.step('rules.takeDown', () => {
          browser.rulesUp = false;
        }),
    },
    locks: browser.locks,
    egressLocks,
    post: async () => ({ status: 200, retryAfter: null }),
    carry: async () => ({ status: 404, headers: new Headers(), redirected: false, text: '' }),
    syncArea: { get: async () => ({}), set: async () => undefined, remove: async () => undefined },
    alarms: {
      at: async (name, whenMs) => void browser.alarms.set(name, { whenMs }),
      every: async (name, everyMinutes) => void browser.alarms.set(name, { everyMinutes }),
      clear: async (name) => void browser.alarms.delete(name),
    },
    clock: { nowMs: () => browser.nowMs },
    ids: { fresh: () => browser.freshId() },
    browser: {} as CapabilityBrowser,
    knowsDataCollection: true,
    wait: async () => undefined,
    openDatabase: (onLost) => {
      globalThis.indexedDB = browser.factory;
      return openDatabase({ onLost });
    },
    startCapability: async (lease, session) => {
      leases.push(lease);
      await start?.(lease, session);
    },
    announced: () => undefined,
    changed: () => undefined,
    told: (entries) => void told.push(...entries),
    report: (error) => void errors.push(error),
    ...ports,
  });
  return { core, leases, told, errors };
}

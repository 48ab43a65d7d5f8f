/**
 * A world in which the order of everything is the scheduler's: each call of a port, and each transaction's answer, waits
 * for its turn; IndexedDB is drained between turns, so that what a turn begins has happened before the next one.
 */
import type { Scheduler } from 'fast-check';
import { covers } from '../../utils/catalogue/scope';
import type { Fence } from '../../utils/grants/schema';
import type { Lease } from '../../utils/leases/lease';
import type { LocksPort } from '../../utils/platform/browser-types';
import { MINUTE_MS } from '../../utils/platform/clock';
import { type Database, openDatabase } from '../../utils/storage/database';
import { type Background, type BackgroundOptions, background, type FakeBrowser } from './fake-world';

interface Row {
  readonly id?: string;
  readonly capability: string;
  readonly scope: string;
  readonly grantId: string;
  readonly epoch: number;
  readonly site?: string;
}
interface Put {
  readonly store: string;
  readonly row: Row;
}

/** Sees every commit, in the order of the commits, and holds each record against the fence that stood then. */
export class Witness {
  readonly violations: string[] = [];
  readonly #fences = new Map<string, Fence>();
  commits = 0;

  committed(puts: readonly Put[], nowMs: number): void {
    this.commits += 1;
    for (const { store, row } of puts) {
      if (store === 'records' || store === 'uses') this.#record(row, nowMs);
    }
    for (const { store, row } of puts) {
      if (store !== 'fences') continue;
      const fence = row as unknown as Fence;
      const key = `${fence.capability} ${fence.scope}`;
      const before = this.#fences.get(key);
      if (before && fence.epoch < before.epoch)
        this.violations.push(`epoch of ${key} fell: ${before.epoch} ${fence.epoch}`);
      this.#fences.set(key, fence);
    }
  }

  #record(row: Row, nowMs: number): void {
    const fence = this.#fences.get(`${row.capability} ${row.scope}`);
    const what = `${row.id} (epoch ${row.epoch})`;
    if (!fence?.live) this.violations.push(`${what} was committed after its grant had ended`);
    else if (fence.grantId !== row.grantId || fence.epoch !== row.epoch) {
      this.violations.push(`${what} was committed although epoch ${fence.epoch} stood`);
    } else if (fence.validUntilMs !== null && (nowMs >= fence.validUntilMs || nowMs < fence.latestSeenMs - MINUTE_MS)) {
      // The clock stands still while a turn's transactions commit: it is exact.
      this.violations.push(`${what} was committed after its hour, or with the clock set back`);
    }
    const { site } = row;
    if (row.scope !== '*' || site === undefined) return;
    for (const other of this.#fences.values()) {
      if (other.capability === row.capability && other.excluded && covers(other.scope, site)) {
        this.violations.push(`${what} was committed for ${site}, which had been taken out`);
      }
    }
  }
}

/** One background among several of the same browser, which may be killed between any two of its steps. */
export interface Generation extends Background {
  readonly name: string;
  readonly alive: boolean;
  kill(): void;
  /** Resolves with the answer, or with `cut` when the background is killed first: as a page's message is. */
  asked<T>(question: () => Promise<T>): Promise<T | 'cut'>;
}

export class ScheduledWorld {
  readonly witness = new Witness();
  readonly generations: Generation[] = [];
  #pending = 0;

  constructor(
    readonly scheduler: Scheduler,
    readonly browser: FakeBrowser,
  ) {}

  /** Waits for its turn. */
  turn(what: string): Promise<unknown> {
    return this.scheduler.schedule(Promise.resolve(), what);
  }

  /** Runs every step in the scheduler's order until nothing is left. */
  async run(): Promise<void> {
    for (;;) {
      await this.#drain();
      if (this.scheduler.count() === 0) return;
      await this.scheduler.waitOne();
    }
  }

  /** Lets IndexedDB do all that was asked of it. */
  async #drain(): Promise<void> {
    do await new Promise((resolve) => setImmediate(resolve));
    while (this.#pending > 0);
    // What the last answer set off asks for its turn in a microtask of its own.
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#pending > 0) await this.#drain();
  }

  /** @param ports others than the fakes. */
  generation(ports: BackgroundOptions['ports'] = {}): Generation {
    const name = `generation ${this.generations.length + 1}`;
    let alive = true;
    let killed: (how: 'cut') => void = () => undefined;
    const death = new Promise<'cut'>((resolve) => {
      killed = resolve;
    });
    const never = new Promise<never>(() => undefined);
    const gate = async (what: string): Promise<void> => {
      await this.turn(`${name}: ${what}`);
      // A killed background goes on with nothing: whatever it waited for never comes.
      if (!alive) await never;
    };
    const gated = <P extends object>(port: P, label: string): P =>
      new Proxy(port, {
        get: (target, key) => {
          const member: unknown = Reflect.get(target, key);
          if (typeof member !== 'function') return member;
          return async (...args: unknown[]) => {
            await gate(`${label}.${String(key)}`);
            let answer: unknown;
            try {
              answer = await (member as (...args: unknown[]) => unknown).apply(target, args);
            } finally {
              await gate(`${label}.${String(key)} answers`);
            }
            return answer;
          };
        },
      });
    const { browser } = this;
    const locks: LocksPort = {
      // The browser releases the locks of a background that died.
      exclusively: async (lock, task) => {
        await gate(`lock ${lock}`);
        const run = () => Promise.race([task(), death.then(() => never as never)]);
        return browser.locks.exclusively(lock, () => Promise.race([run(), death]) as ReturnType<typeof run>);
      },
      held: async (lock) => {
        await gate(`is ${lock} held`);
        return browser.locks.held(lock);
      },
    };
    const made = background(browser, {
      ports: {
        permissions: gated(this.#heard(), 'permissions'),
        local: gated(browser.local, 'local'),
        session: gated(browser.session, 'session'),
        managed: gated(browser.managed, 'managed'),
        scripts: gated(browser.scripts, 'scripts'),
        locks,
        wait: () => gate('wait'),
        openDatabase: async (onLost) => {
          await gate('opens the database');
          globalThis.indexedDB = browser.factory;
          this.#pending += 1;
          const opened = await openDatabase({ onLost }).finally(() => {
            this.#pending -= 1;
          });
          await gate('the database is open');
          return opened.kind === 'open' ? { kind: 'open', database: this.#watched(opened.database, gate) } : opened;
        },
        ...ports,
      },
    });
    const it: Generation = {
      ...made,
      name,
      get alive() {
        return alive;
      },
      kill: () => {
        alive = false;
        killed('cut');
      },
      asked: (question) => (alive ? Promise.race([question(), death]) : Promise.resolve('cut')),
    };
    this.generations.push(it);
    return it;
  }

  /** The browser's permissions, whose every change the living backgrounds hear of: `onAdded`, `onRemoved`. */
  #heard() {
    const { permissions } = this.browser;
    return {
      held: () => permissions.held(),
      drop: async (what: Parameters<typeof permissions.drop>[0]) => {
        await permissions.drop(what);
        this.permissionsChanged();
      },
    };
  }

  permissionsChanged(): void {
    for (const it of this.generations) {
      if (!it.alive) continue;
      void this.turn(`${it.name}: hears of permissions`).then(async () => {
        if (it.alive) await it.core.reconcile();
      });
    }
  }

  /** The organisation's policy changed: the living backgrounds hear of it by `storage.onChanged`. */
  policyChanged(): void {
    for (const it of this.generations) {
      if (!it.alive) continue;
      void this.turn(`${it.name}: hears of the policy`).then(async () => {
        if (it.alive) await it.core.managedChanged();
      });
    }
  }

  #watched(database: Database, gate: (what: string) => Promise<void>): Database {
    const busy = () => {
      this.#pending += 1;
      return () => {
        this.#pending -= 1;
      };
    };
    const transaction = (...args: Parameters<IDBDatabase['transaction']>): object => {
      const real = (database.transaction as (...args: unknown[]) => ReturnType<Database['transaction']>)(...args);
      const puts: Put[] = [];
      const idle = busy();
      real.addEventListener('complete', () => {
        this.witness.committed(puts, this.browser.nowMs);
        idle();
      });
      real.addEventListener('abort', idle);
      const answered = real.done.then(
        () => gate('a transaction is done'),
        async (error: unknown) => {
          await gate('a transaction failed');
          throw error;
        },
      );
      answered.catch(() => undefined);
      const store = (name: string) =>
        passThrough(real.objectStore(name as 'fences'), (key, call) => (...values) => {
          if (key === 'put') puts.push({ store: name, row: values[0] as Row });
          return call(...values);
        });
      return new Proxy(real, {
        get: (target, key) => {
          if (key === 'done') return answered;
          if (key === 'objectStore') return store;
          if (key === 'store') return store(String(args[0]));
          const member: unknown = Reflect.get(target, key);
          return typeof member === 'function' ? member.bind(target) : member;
        },
      });
    };
    return passThrough(database, (key, call) => {
      if (key === 'transaction') return transaction as (...values: unknown[]) => unknown;
      if (key === 'close' || key === 'addEventListener') return call;
      return async (...values) => {
        await gate(`database.${key}`);
        const idle = busy();
        try {
          return await call(...values);
        } finally {
          idle();
          await gate(`database.${key} answers`);
        }
      };
    });
  }

  /** All leases that any background ever held: writers try those that ended too. */
  leases(): Lease[] {
    return this.generations.flatMap((it) => (it.alive ? it.leases : []));
  }
}

type Call = (...values: unknown[]) => unknown;

/** The object itself, with its methods seen on their way. */
function passThrough<T extends object>(object: T, see: (key: string, call: Call) => Call): T {
  return new Proxy(object, {
    get: (target, key) => {
      const member: unknown = Reflect.get(target, key);
      return typeof member === 'function' ? see(String(key), (member as Call).bind(target)) : member;
    },
  });
}

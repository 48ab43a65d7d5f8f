/** A database that fails when told to: a full disk, a profile that can't be read, another tab that blocks it. */
import type { Database, Opened } from '../../../utils/storage/database';
import { openDatabase } from '../../../utils/storage/database';
import type { FakeBrowser } from '../../sim/fake-world';

export interface Faults {
  /** Every transaction that writes fails. */
  writes: boolean;
  /** Everything fails. */
  reads: boolean;
  /** The write transactions still let through before `writes` bites. */
  writesLeft: number;
}

const WRITES: readonly string[] = ['put', 'add', 'delete', 'clear'];

function faulty(database: Database, faults: Faults): Database {
  const refuse = (writes: boolean) => {
    if (faults.reads) throw new DOMException('the disk is gone', 'UnknownError');
    if (!writes || !faults.writes) return;
    if (faults.writesLeft > 0) {
      faults.writesLeft -= 1;
      return;
    }
    throw new DOMException('the disk is full', 'QuotaExceededError');
  };
  return new Proxy(database, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== 'function') return member;
      const name = String(key);
      const call = (...args: unknown[]): unknown => (member as (...args: unknown[]) => unknown).apply(target, args);
      if (name === 'transaction') {
        return (...args: unknown[]) => {
          refuse(args[1] === 'readwrite');
          return call(...args);
        };
      }
      if (name === 'close' || name === 'addEventListener') return call;
      return async (...args: unknown[]) => {
        refuse(WRITES.includes(name));
        return call(...args);
      };
    },
  });
}

export function faults(browser: FakeBrowser) {
  const now: Faults = { writes: false, reads: false, writesLeft: 0 };
  const opens = async (onLost: () => void): Promise<Opened> => {
    globalThis.indexedDB = browser.factory;
    const opened = await openDatabase({ onLost });
    return opened.kind === 'open' ? { kind: 'open', database: faulty(opened.database, now) } : opened;
  };
  return { now, ports: { openDatabase: opens } };
}

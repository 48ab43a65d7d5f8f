import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import { errorText } from '../platform/error-text';
import * as migration001 from './migrations/001';
import * as migration002 from './migrations/002';
import * as migration003 from './migrations/003';

export const DATABASE_NAME = 'cloudopt';

/** Rows are `unknown` on purpose: whoever reads one parses it. What is in the database is trusted no more than the wire. */
export interface Stores extends DBSchema {
  fences: { key: [string, string]; value: object; indexes: { capability: string } };
  grants: { key: [string, string]; value: object };
  ledger: {
    key: number;
    value: object;
    indexes: {
      kind: [string, number];
      capability: [string, number];
      both: [string, string, number];
      by: [string, string, number];
    };
  };
  notices: { key: string; value: object };
  intents: { key: string; value: object; indexes: { capability: string } };
  records: {
    key: string;
    value: object;
    indexes: {
      at: [number, string];
      capability: [string, number, string];
      site: [string, number, string];
    };
  };
  outbox: { key: string; value: object; indexes: { capability: string } };
  uses: { key: string; value: object; indexes: { at: [number, string]; capability: [string, number, string] } };
  settings: { key: string; value: object };
}

export type Database = IDBPDatabase<Stores>;

interface Migration {
  readonly version: number;
  up(db: IDBDatabase, transaction: IDBTransaction): void;
}

/** Numbered by one, in order. The database's version is the last one's. */
export const migrations: readonly Migration[] = [migration001, migration002, migration003];
export const DATABASE_VERSION = migrations.length;

export type Opened =
  | { kind: 'open'; database: Database }
  /** A newer version of Cloudopt wrote it. Nothing was touched. */
  | { kind: 'newer' }
  /** The browser gives this profile no database (Firefox's 'Never remember history'), or it can't be read. */
  | { kind: 'unavailable'; why: string };

export interface OpenOptions {
  /** The database went away while open: deleted, or closed by the browser. */
  readonly onLost: () => void;
  /** How long another connection may hold up the opening before it counts as unavailable. */
  readonly blockedMs?: number;
}

/** Opens the database and brings it to this version. Never throws for what a browser may do to a profile. */
export async function openDatabase({ onLost, blockedMs = 5000 }: OpenOptions): Promise<Opened> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let givenUp = false;
  // `open` itself may throw, where the profile forbids it: that is a rejection like any other.
  const open = async () =>
    openDB<Stores>(DATABASE_NAME, DATABASE_VERSION, {
      upgrade(db, from, _to, transaction) {
        for (const migration of migrations.slice(from)) {
          migration.up(db as unknown as IDBDatabase, transaction as unknown as IDBTransaction);
        }
      },
      blocking(_current, _next, event) {
        (event.target as IDBDatabase).close();
        onLost();
      },
      terminated: onLost,
    });
  const opening = open().then((database) => {
    if (givenUp) database.close();
    return database;
  });
  const late = new Promise<Opened>((resolve) => {
    timer = setTimeout(() => {
      givenUp = true;
      resolve({ kind: 'unavailable', why: 'blocked' });
    }, blockedMs);
  });
  try {
    const opened = opening.then((database): Opened => ({ kind: 'open', database }));
    return await Promise.race([opened, late]);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'VersionError') return { kind: 'newer' };
    return { kind: 'unavailable', why: errorText(error) };
  } finally {
    clearTimeout(timer);
  }
}

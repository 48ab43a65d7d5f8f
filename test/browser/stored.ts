/** What a build of Cloudopt left in a profile: its database, its marks beside it, and what it was granted. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { WebServer } from '../servers/web';
import { ask, type Driven, grant, type Page, promptUrl, rawRows, stateOf, testid, until } from './cloudopt';
import { canonical } from './ledger-check';

type Row = Record<string, unknown>;

export interface StoredStore {
  readonly name: string;
  readonly keyPath: string | readonly string[];
  readonly indexes: Readonly<Record<string, string | readonly string[]>>;
  readonly rows: readonly Row[];
}

export interface Stored {
  /** The database's version. */
  readonly version: number;
  readonly takenAtMs: number;
  readonly stores: readonly StoredStore[];
  /** All of `storage.local`. */
  readonly local: Row;
}

export const SHOP = '*://shop.example/*';
export const OTHER = '*://other.example/*';
export const THIRD = '*://third.example/*';

const folder = path.resolve(import.meta.dirname, '../migrations/stored');
/** What builds of earlier versions of the database wrote; made by test/tools/stored-data.ts. */
export const storedFiles = readdirSync(folder).sort();
export const readStored = (file: string): Stored => JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as Stored;
export const rowsOf = ({ stores }: Stored, name: string): readonly Row[] =>
  stores.find((store) => store.name === name)?.rows ?? [];

/** Grants all that this build has, in every way in which a grant can stand, and lets it collect. */
export async function useEverything(browser: Driven, web: WebServer): Promise<Page> {
  const options = await browser.open('options.html');
  const { capabilities } = await ask(options, 'state.get', {});
  await grant(browser, options, 'site-insight', { scope: OTHER });
  await ask(options, 'grants.revoke', { capability: 'site-insight', scope: OTHER });
  await grant(browser, options, 'site-insight', { scope: SHOP });
  const refusing = await browser.open(promptUrl('site-insight', THIRD));
  await refusing.waitFor(testid('not-now'));
  await refusing.click(testid('not-now'));
  await until(async () => (await stateOf(options, 'site-insight', THIRD)) === 'refused', 'refused');
  for (const { id } of capabilities) {
    if (id === 'site-insight') continue;
    await grant(browser, options, id, id === 'site-cleaner' ? { lifetime: 'session' } : {});
  }
  await browser.open(web.url('shop.example', '/?parties=cdn.ads.example,stats.track.test&each=2'));
  const kept = async (capability: string) =>
    (await rawRows(options, 'records')).some((row) => row.capability === capability);
  await until(() => kept('site-insight'), 'third parties');
  await options.bringToFront();
  await until(() => kept('browsing-time').catch(() => false), 'attention');
  return options;
}

/** All that the build keeps, read raw by its page. The device's own key can't leave the database, so it is not in it. */
export async function takeStored(page: Page): Promise<Stored> {
  const stored = await page.evaluate(async () => {
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      const opening = indexedDB.open('cloudopt');
      opening.onerror = () => reject(opening.error);
      opening.onsuccess = () => resolve(opening.result);
    });
    const names = [...database.objectStoreNames];
    const transaction = database.transaction(names);
    const stores = await Promise.all(
      names.map(async (name) => {
        const store = transaction.objectStore(name);
        const indexes = [...store.indexNames].map((index) => [index, store.index(index).keyPath]);
        const rows = await new Promise<unknown[]>((resolve, reject) => {
          const reading = store.getAll();
          reading.onerror = () => reject(reading.error);
          reading.onsuccess = () => resolve(reading.result);
        });
        return { name, keyPath: store.keyPath, indexes: Object.fromEntries(indexes), rows };
      }),
    );
    const { version } = database;
    database.close();
    const { storage } = (
      globalThis as unknown as { chrome: { storage: { local: { get(all: null): Promise<object> } } } }
    ).chrome;
    return { version, takenAtMs: Date.now(), stores, local: await storage.local.get(null) };
  });
  const plain = stored as unknown as Stored;
  const stores = plain.stores.map((store) => ({ ...store, rows: store.rows.filter((row) => row.key !== 'sync-key') }));
  return { ...plain, stores };
}

const DAY_MS = 86_400_000;

/** What is kept, as if it had been written whole days later: what is older than ninety days would be another test. */
export function movedTo(stored: Stored, nowMs: number): Stored {
  const days = Math.max(0, Math.floor((nowMs - stored.takenAtMs) / DAY_MS));
  if (days === 0) return stored;
  const later = (day: string) => new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
  const inKey = (key: string) =>
    key
      .replace(/\b\d{4}-\d{2}-\d{2}\b/g, later)
      .replace(/\b1[789]\d{11}\b/g, (ms) => String(Number(ms) + days * DAY_MS));
  const moved = (value: unknown, name = ''): unknown => {
    if (Array.isArray(value)) return value.map((one) => moved(one));
    if (typeof value === 'number' && /Ms$/.test(name) && value > 0) return value + days * DAY_MS;
    if (typeof value === 'string' && ['id', 'day'].includes(name)) return inKey(value);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, moved(one, key)]));
  };
  let previous = '0'.repeat(64);
  const chained = (row: Row): Row => {
    const { hash: _, ...entry } = moved(row) as Row & { hash: unknown };
    const rest = { ...entry, prevHash: previous };
    previous = createHash('sha256').update(canonical(rest)).digest('hex');
    return { ...rest, hash: previous };
  };
  const unmoved = ['notices'];
  const stores = stored.stores.map((store) => ({
    ...store,
    rows: store.rows.map((row) =>
      store.name === 'ledger' ? chained(row) : unmoved.includes(store.name) ? row : (moved(row) as Row),
    ),
  }));
  const head = stored.local.head as Row | undefined;
  const local = { ...stored.local, ...(head ? { head: { ...head, hash: previous } } : {}) };
  return { ...stored, takenAtMs: stored.takenAtMs + days * DAY_MS, stores, local };
}

/** Makes the database as that version had it, by the page itself and not through our code, and the marks beside it. */
export const putStored = (page: Page, stored: Stored): Promise<boolean> =>
  page.evaluate(async (stored: Stored) => {
    await new Promise<void>((resolve, reject) => {
      const opening = indexedDB.open('cloudopt', stored.version);
      opening.onerror = () => reject(opening.error);
      opening.onupgradeneeded = () => {
        for (const { name, keyPath, indexes, rows } of stored.stores) {
          const store = opening.result.createObjectStore(name, { keyPath: keyPath as string | string[] });
          for (const [index, path] of Object.entries(indexes)) store.createIndex(index, path as string | string[]);
          for (const row of rows) store.put(row);
        }
      };
      opening.onsuccess = () => {
        opening.result.close();
        resolve();
      };
    });
    const { storage } = (
      globalThis as unknown as { chrome: { storage: { local: { set(all: object): Promise<void> } } } }
    ).chrome;
    await storage.local.set(stored.local);
    return true;
  }, stored);

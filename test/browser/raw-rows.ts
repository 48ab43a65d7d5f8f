/** Changes of the database that pages make raw, and not through our code. Each runs in a page, so it sees nothing of this file. */
import { version1 } from '../migrations/version-1';

interface Authority {
  readonly scope: string;
  readonly grantId: string;
  readonly epoch: number;
}

/** @returns the ids of so many records that this grant seems to have collected. */
export function putRecords(authority: Authority, site: string, count: number): Promise<string[]> {
  const now = Date.now();
  const rows = Array.from({ length: count }, (_, n) => ({
    ...authority,
    id: `${authority.grantId}|${now}-${site}-${n}|cdn${n}.example`,
    capability: 'site-insight',
    atMs: now - n,
    site,
    day: new Date(now).toISOString().slice(0, 10),
    party: `cdn${n}.example`,
    requests: 1,
  }));
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('cloudopt');
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const transaction = opening.result.transaction('records', 'readwrite');
      for (const row of rows) transaction.objectStore('records').put(row);
      transaction.onabort = () => reject(transaction.error);
      transaction.oncomplete = () => {
        opening.result.close();
        resolve(rows.map(({ id }) => id));
      };
    };
  });
}

/** Lets a timed grant end at another moment than it was given for. */
export function putValidity(capability: string, scope: string, validUntilMs: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('cloudopt');
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const transaction = opening.result.transaction(['fences', 'grants'], 'readwrite', { durability: 'strict' });
      for (const name of ['fences', 'grants']) {
        const store = transaction.objectStore(name);
        const reading = store.get([capability, scope]);
        reading.onsuccess = () => store.put({ ...(reading.result as object), validUntilMs });
      }
      transaction.onabort = () => reject(transaction.error);
      transaction.oncomplete = () => {
        opening.result.close();
        resolve(true);
      };
    };
  });
}

interface Shape {
  readonly name: string;
  readonly keyPath: string | readonly string[];
  readonly indexes: Readonly<Record<string, string | readonly string[]>>;
}

/** The stores of an older version, without their rows. Version 2 is version 1 without the records' index by grant. */
export const olderShapes = (version: 1 | 2): Shape[] =>
  version1.map(({ name, keyPath, indexes }) => {
    const { grant: _, ...others } = indexes;
    return { name, keyPath, indexes: version === 2 && name === 'records' ? others : indexes };
  });

/** Puts the same rows into a database of an older version. Nothing else may have it open. */
export async function putOlder(version: number, shapes: readonly Shape[]): Promise<boolean> {
  const open = (at?: number, upgrade?: (database: IDBDatabase, transaction: IDBTransaction) => void) =>
    new Promise<IDBDatabase>((resolve, reject) => {
      const opening = indexedDB.open('cloudopt', at);
      opening.onupgradeneeded = () => upgrade?.(opening.result, opening.transaction as IDBTransaction);
      opening.onerror = () => reject(opening.error);
      opening.onsuccess = () => resolve(opening.result);
    });
  const now = await open();
  const rows = new Map<string, unknown[]>();
  const reading = now.transaction(shapes.map(({ name }) => name));
  for (const { name } of shapes) {
    const all = reading.objectStore(name).getAll();
    all.onsuccess = () => rows.set(name, all.result);
  }
  await new Promise<void>((resolve, reject) => {
    reading.oncomplete = () => resolve();
    reading.onabort = () => reject(reading.error);
  });
  now.close();
  await new Promise<void>((resolve, reject) => {
    const deleting = indexedDB.deleteDatabase('cloudopt');
    deleting.onerror = () => reject(deleting.error);
    deleting.onsuccess = () => resolve();
  });
  const older = await open(version, (database) => {
    for (const { name, keyPath, indexes } of shapes) {
      const store = database.createObjectStore(name, { keyPath: keyPath as string | string[] });
      for (const [index, path] of Object.entries(indexes)) store.createIndex(index, path as string | string[]);
      for (const row of rows.get(name) ?? []) store.put(row);
    }
  });
  older.close();
  return true;
}

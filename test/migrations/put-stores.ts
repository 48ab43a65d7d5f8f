import { DATABASE_NAME } from '../../utils/storage/database';
import type { StoredStore } from '../browser/stored';

type Store = Omit<StoredStore, 'rows'> & { readonly rows: readonly object[] };

/** Makes the database as an older version had it, by hand: neither our migrations nor our code make it. */
export async function putStores(factory: IDBFactory, version: number, stores: readonly Store[]): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const request = factory.open(DATABASE_NAME, version);
    request.onupgradeneeded = () => {
      for (const { name, keyPath, indexes, rows } of stores) {
        const store = request.result.createObjectStore(name, { keyPath: keyPath as string | string[] });
        for (const [index, path] of Object.entries(indexes)) store.createIndex(index, path as string | string[]);
        for (const row of rows) store.put(row);
      }
    };
    request.onsuccess = () => {
      request.result.close();
      resolve();
    };
    request.onerror = () => reject(request.error);
  });
}

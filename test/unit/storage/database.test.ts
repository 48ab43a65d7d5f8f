import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { DATABASE_NAME, DATABASE_VERSION, openDatabase } from '../../../utils/storage/database';

let factory: IDBFactory;
beforeEach(() => {
  factory = new IDBFactory();
  globalThis.indexedDB = factory;
});
const open = (onLost: () => void = () => undefined) => openDatabase({ onLost });
const listenOnce = (request: IDBOpenDBRequest | undefined, heard: (how: unknown) => void) => {
  if (request?.readyState === 'done') heard(undefined);
  else if (request) request.onsuccess = heard;
};
const opened = async (onLost?: () => void) => {
  const how = await open(onLost);
  if (how.kind !== 'open') throw new Error(how.kind);
  return how.database;
};
const raw = (version: number, upgrade: (db: IDBDatabase) => void = () => undefined) =>
  new Promise<IDBDatabase>((resolve, reject) => {
    const request = factory.open(DATABASE_NAME, version);
    request.onupgradeneeded = () => upgrade(request.result as unknown as IDBDatabase);
    request.onsuccess = () => resolve(request.result as unknown as IDBDatabase);
    request.onerror = () => reject(request.error);
  });

describe('opening the database', () => {
  test('brings it to this version', async () => {
    expect((await opened()).version).toBe(DATABASE_VERSION);
  });

  test('of a newer version says so, and touches nothing', async () => {
    (await raw(DATABASE_VERSION + 1, (db) => db.createObjectStore('new'))).close();
    expect(await open()).toEqual({ kind: 'newer' });
    const again = await raw(DATABASE_VERSION + 1);
    expect([...again.objectStoreNames]).toEqual(['new']);
  });

  test('where there is none says why', async () => {
    globalThis.indexedDB = {
      open: () => {
        throw new DOMException('A mutation operation was attempted', 'InvalidStateError');
      },
    } as unknown as IDBFactory;
    expect(await open()).toMatchObject({ kind: 'unavailable', why: expect.stringContaining('InvalidStateError') });
  });

  test('held up for too long gives up, and closes what comes late', async () => {
    let late: (() => void) | undefined;
    let request: IDBOpenDBRequest | undefined;
    const held = {
      open: (...args: Parameters<IDBFactory['open']>) => {
        const real = factory.open(...args) as unknown as IDBOpenDBRequest;
        const listen = real.addEventListener.bind(real) as (type: string, heard: () => void) => void;
        Object.assign(real, {
          addEventListener: (type: string, heard: () => void) => {
            if (type === 'success') late = heard;
            else listen(type, heard);
          },
        });
        request = real;
        return real;
      },
    };
    globalThis.indexedDB = held as unknown as IDBFactory;
    expect(await openDatabase({ onLost: () => undefined, blockedMs: 1 })).toEqual({
      kind: 'unavailable',
      why: 'blocked',
    });
    await new Promise((resolve) => listenOnce(request, resolve));
    const close = vi.spyOn(request?.result as IDBDatabase, 'close');
    late?.();
    await new Promise((resolve) => setImmediate(resolve));
    expect(close).toHaveBeenCalledTimes(1);
  });

  test('makes way for a newer version, and says that it is lost', async () => {
    let lost = 0;
    const database = await opened(() => {
      lost += 1;
    });
    const newer = await raw(DATABASE_VERSION + 1);
    expect(newer.version).toBe(DATABASE_VERSION + 1);
    expect(lost).toBe(1);
    expect(() => database.transaction('fences')).toThrow();
  });

  test('may be done by two backgrounds at once', async () => {
    const [one, other] = await Promise.all([opened(), opened()]);
    await one.put('settings', { key: 'database', id: 'x' });
    expect(await other.get('settings', 'database')).toEqual({ key: 'database', id: 'x' });
  });
});

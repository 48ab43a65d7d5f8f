import { vi } from 'vitest';

/** Lets the puts fail that `fails` picks, the way a full disk makes them fail: the request errors, the transaction aborts. */
export function failPuts(error: DOMException, fails: (row: { id?: string }) => boolean): void {
  const { prototype } = (globalThis as unknown as { IDBObjectStore: { prototype: IDBObjectStore } }).IDBObjectStore;
  const put = prototype.put;
  vi.spyOn(prototype, 'put').mockImplementation(function (this: IDBObjectStore, ...args: Parameters<typeof put>) {
    const request = put.apply(this, args);
    if (fails(args[0])) {
      request.addEventListener('success', (event) => {
        event.stopImmediatePropagation();
        const { transaction } = this;
        // A browser aborts such a transaction with the error that the disk gave.
        Object.defineProperty(transaction, 'error', { get: () => error });
        transaction.abort();
      });
    }
    return request;
  });
}

/**
 * Version 3: the history by kind, by capability, by both, and by who caused it. A filter, and the news of every page, read
 * the whole history without these. Frozen: never edited, imports nothing.
 */
export const version = 3;

export function up(_db: IDBDatabase, transaction: IDBTransaction): void {
  const ledger = transaction.objectStore('ledger');
  ledger.createIndex('kind', ['kind', 'seq']);
  ledger.createIndex('capability', ['capability', 'seq']);
  ledger.createIndex('both', ['kind', 'capability', 'seq']);
  ledger.createIndex('by', ['by', 'kind', 'seq']);
}

/** Version 1: the first set of stores. Frozen: never edited, imports nothing. */
export const version = 1;

export function up(db: IDBDatabase): void {
  const fences = db.createObjectStore('fences', { keyPath: ['capability', 'scope'] });
  fences.createIndex('capability', 'capability');
  db.createObjectStore('grants', { keyPath: ['capability', 'scope'] });
  db.createObjectStore('ledger', { keyPath: 'seq' });
  db.createObjectStore('notices', { keyPath: 'hash' });
  const intents = db.createObjectStore('intents', { keyPath: 'nonce' });
  intents.createIndex('capability', 'capability');
  const records = db.createObjectStore('records', { keyPath: 'id' });
  records.createIndex('at', ['atMs', 'id']);
  records.createIndex('capability', ['capability', 'atMs', 'id']);
  records.createIndex('site', ['site', 'atMs', 'id']);
  records.createIndex('grant', ['grantId', 'atMs', 'id']);
  const outbox = db.createObjectStore('outbox', { keyPath: 'id' });
  outbox.createIndex('capability', 'capability');
  const uses = db.createObjectStore('uses', { keyPath: 'id' });
  uses.createIndex('at', ['atMs', 'id']);
  uses.createIndex('capability', ['capability', 'atMs', 'id']);
  db.createObjectStore('settings', { keyPath: 'key' });
}

/** Version 2: a record's key begins with its grant's id, so the index by grant only made writes slower. Frozen. */
export const version = 2;

export function up(_db: IDBDatabase, transaction: IDBTransaction): void {
  transaction.objectStore('records').deleteIndex('grant');
}

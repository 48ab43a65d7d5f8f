import { readdirSync, readFileSync } from 'node:fs';
import { IDBFactory } from 'fake-indexeddb';
import ts from 'typescript';
import { beforeEach, describe, expect, test } from 'vitest';
import { recordRow, useRow } from '../../utils/catalogue/record';
import { ledgerEntry } from '../../utils/grants/ledger-entry';
import { fenceRow, grantRow, intentRow } from '../../utils/grants/schema';
import { DATABASE_VERSION, migrations, openDatabase } from '../../utils/storage/database';
import { background, FakeBrowser } from '../sim/fake-world';
import { putStores } from './put-stores';
import { version1 } from './version-1';

const folder = 'utils/storage/migrations';
const files = readdirSync(folder).sort();

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});

async function open() {
  const opened = await openDatabase({ onLost: () => undefined });
  if (opened.kind !== 'open') throw new Error(opened.kind);
  return opened.database;
}

/** The stores and their indexes, as a database has them. */
function shape(database: Awaited<ReturnType<typeof open>>) {
  const transaction = database.transaction([...database.objectStoreNames]);
  return Object.fromEntries(
    [...database.objectStoreNames].map((name) => {
      const store = transaction.objectStore(name);
      const indexes = [...store.indexNames].map((index) => [index, store.index(index as never).keyPath]);
      return [name, { key: store.keyPath, indexes: Object.fromEntries(indexes) }];
    }),
  );
}

describe('the migrations', () => {
  test('are numbered by one, from one on, each in the file of its number', () => {
    expect(migrations.map((migration) => migration.version)).toEqual(files.map((_, index) => index + 1));
    expect(files).toEqual(migrations.map(({ version }) => `${String(version).padStart(3, '0')}.ts`));
    expect(DATABASE_VERSION).toBe(migrations.length);
  });

  test.each(files)('%s imports nothing, and asks nobody anything', (file) => {
    const source = ts.createSourceFile(file, readFileSync(`${folder}/${file}`, 'utf8'), ts.ScriptTarget.Latest, true);
    const imports: string[] = [];
    const visit = (node: ts.Node): void => {
      if (ts.isImportDeclaration(node) || ts.isImportEqualsDeclaration(node)) imports.push(node.getText());
      if (ts.isExportDeclaration(node) && node.moduleSpecifier) imports.push(node.getText());
      if (ts.isCallExpression(node) && ['import', 'require'].includes(node.expression.getText()))
        imports.push(node.getText());
      if (ts.isAwaitExpression(node)) imports.push(node.getText());
      ts.forEachChild(node, visit);
    };
    visit(source);
    expect(imports).toEqual([]);
  });
});

describe('a fresh database', () => {
  test('has exactly the stores that outside tools rely on', async () => {
    expect([...(await open()).objectStoreNames]).toEqual(
      ['fences', 'grants', 'ledger', 'notices', 'intents', 'records', 'outbox', 'uses', 'settings'].sort(),
    );
  });

  test('has their keys and indexes', async () => {
    const at = ['atMs', 'id'];
    expect(shape(await open())).toEqual({
      fences: { key: ['capability', 'scope'], indexes: { capability: 'capability' } },
      grants: { key: ['capability', 'scope'], indexes: {} },
      ledger: {
        key: 'seq',
        indexes: {
          kind: ['kind', 'seq'],
          capability: ['capability', 'seq'],
          both: ['kind', 'capability', 'seq'],
          by: ['by', 'kind', 'seq'],
        },
      },
      notices: { key: 'hash', indexes: {} },
      intents: { key: 'nonce', indexes: { capability: 'capability' } },
      records: {
        key: 'id',
        indexes: { at, capability: ['capability', ...at], site: ['site', ...at] },
      },
      outbox: { key: 'id', indexes: { capability: 'capability' } },
      uses: { key: 'id', indexes: { at, capability: ['capability', ...at] } },
      settings: { key: 'key', indexes: {} },
    });
  });
});

const write = (factory: IDBFactory) => putStores(factory, 1, version1);

describe('a database of version 1', () => {
  test('opens, and every row of it parses', async () => {
    await write(globalThis.indexedDB as IDBFactory);
    const database = await open();
    expect(database.version).toBe(DATABASE_VERSION);
    const parses = {
      fences: fenceRow,
      grants: grantRow,
      ledger: ledgerEntry,
      intents: intentRow,
      records: recordRow,
      uses: useRow,
    };
    for (const [store, schema] of Object.entries(parses)) {
      const rows = await database.getAll(store as 'fences');
      expect(rows.length, store).toBeGreaterThan(0);
      for (const row of rows) expect(schema.safeParse(row).success, `${store} ${JSON.stringify(row)}`).toBe(true);
    }
  });

  test('has the shape that a fresh one has', async () => {
    const fresh = shape(await open());
    const factory = new IDBFactory();
    globalThis.indexedDB = factory;
    await write(factory);
    expect(shape(await open())).toEqual(fresh);
  });

  test('goes on where it stopped: its live grant has a lease, its ledger is intact', async () => {
    const browser = new FakeBrowser();
    await write(browser.factory);
    browser.permissions.give({ permissions: ['idle', 'tabs'] });
    browser.nowMs = 1_800_000_100_000;
    const it = background(browser);
    await it.core.start();
    expect(it.leases).toMatchObject([{ capability: 'browsing-time', grantId: 'grant-1', epoch: 1 }]);
    expect(await it.leases[0]?.write({ uses: 1 })).toEqual({ kind: 'kept' });
    expect((await it.core.openStatus().archive.page({}, null, 10)).rows).toHaveLength(2);
    expect(it.errors).toEqual([]);
  });
});

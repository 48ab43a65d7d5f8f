/** What builds of earlier versions of the database really wrote (test/tools/stored-data.ts), opened by this one. */
import { describe, expect, test } from 'vitest';
import { recordRow, useRow } from '../../utils/catalogue/record';
import { ChainVerifier } from '../../utils/grants/chain';
import { ledgerEntry } from '../../utils/grants/ledger-entry';
import { fenceRow, grantRow, type HeadMark, intentRow } from '../../utils/grants/schema';
import { DATABASE_VERSION } from '../../utils/storage/database';
import { movedTo, readStored, rowsOf, type Stored, storedFiles } from '../browser/stored';
import { background, FakeBrowser } from '../sim/fake-world';
import { putStores } from './put-stores';

const HOUR_MS = 3_600_000;

/** A browser that holds everything, with that profile in it, and the background of now on it. */
async function upgraded(stored: Stored) {
  const browser = new FakeBrowser();
  await putStores(browser.factory, stored.version, stored.stores);
  for (const [key, value] of Object.entries(stored.local)) browser.local.values.set(key, value);
  browser.permissions.give({
    permissions: ['browsingData', 'downloads', 'idle', 'notifications', 'tabs', 'webRequest'],
    origins: ['*://*/*', '*://shop.example/*'],
    dataCollection: ['authenticationInfo', 'browsingActivity', 'technicalAndInteraction'],
  });
  browser.nowMs = stored.takenAtMs + HOUR_MS / 4;
  const it = background(browser);
  await it.core.start();
  return { ...it, browser, database: it.core.openStatus().database };
}

test('there is one for each version of the database', () => {
  expect(storedFiles).toEqual(Array.from({ length: DATABASE_VERSION }, (_, index) => `version-${index + 1}.json`));
  expect(storedFiles.map((file) => readStored(file).version)).toEqual(storedFiles.map((_, index) => index + 1));
});

describe.each(storedFiles)('%s', (file) => {
  const stored = readStored(file);

  test('holds a live grant, one that was taken back, a refusal, records and a whole history', () => {
    const states = new Set(rowsOf(stored, 'grants').map((row) => row.state));
    for (const state of ['granted', 'revoked', 'refused']) expect(states).toContain(state);
    for (const store of ['fences', 'notices', 'records', 'uses', 'settings']) {
      expect(rowsOf(stored, store).length, store).toBeGreaterThan(0);
    }
    const verifier = new ChainVerifier();
    verifier.add(rowsOf(stored, 'ledger'));
    expect(verifier.verdict(stored.local.head as HeadMark)).toMatchObject({ kind: 'intact' });
  });

  test('opens: every row parses, what the browser holds is live as it was, and nothing is lost', async () => {
    const { core, database, errors } = await upgraded(stored);
    expect(database.version).toBe(DATABASE_VERSION);
    const schemas = {
      fences: fenceRow,
      grants: grantRow,
      ledger: ledgerEntry,
      intents: intentRow,
      records: recordRow,
      uses: useRow,
    };
    for (const [store, schema] of Object.entries(schemas)) {
      for (const row of rowsOf(stored, store)) {
        expect(schema.safeParse(row).success, `${store} ${JSON.stringify(row)}`).toBe(true);
      }
    }
    for (const { name, rows } of stored.stores) {
      const count = await database.count(name as 'records');
      expect(count, name).toBeGreaterThanOrEqual(rows.length);
    }
    const entries = (await database.getAll('ledger')) as { maxEpoch: number; kind: string }[];
    expect(entries.slice(0, rowsOf(stored, 'ledger').length)).toEqual(rowsOf(stored, 'ledger'));
    expect(entries.map(({ kind }) => kind)).not.toContain('history-lost');
    const verifier = new ChainVerifier();
    verifier.add(entries);
    expect(verifier.verdict().kind).toBe('intact');
    // The session of the browser that wrote it is over; all else goes on under its own id and epoch.
    const live = rowsOf(stored, 'grants').filter((row) => row.state === 'granted' && row.lifetime !== 'session');
    expect(live.length).toBeGreaterThan(2);
    const leases = core.office
      .leases()
      .map(({ capability, scope, grantId, epoch }) => ({ capability, scope, grantId, epoch }));
    const byName = (rows: readonly object[]) => new Map(rows.map((row) => [JSON.stringify(row), true]));
    expect(byName(leases)).toEqual(
      byName(live.map(({ capability, scope, grantId, epoch }) => ({ capability, scope, grantId, epoch }))),
    );
    expect(errors).toEqual([]);
  });

  test('moved to a later day is whole again', async () => {
    const moved = movedTo(stored, stored.takenAtMs + 400 * 24 * HOUR_MS);
    expect(moved.takenAtMs - stored.takenAtMs).toBe(400 * 24 * HOUR_MS);
    const { core, errors } = await upgraded(moved);
    expect(core.office.leases().length).toBeGreaterThan(2);
    expect(await core.openStatus().database.count('records')).toBe(rowsOf(stored, 'records').length);
    expect(errors).toEqual([]);
  });
});

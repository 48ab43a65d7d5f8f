import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { start, type WebServer } from '../servers/web';
import {
  ask,
  grant,
  held,
  launch,
  ledger,
  type Page,
  promptUrl,
  rawRows,
  stateOf,
  testid,
  until,
  wantedBrowsers,
  withBrowser,
} from './cloudopt';
import { complaints } from './ledger-check';

const SHOP = '*://shop.example/*';
const DISK_BYTES = 400 * 1024 * 1024;

let web: WebServer;
beforeAll(async () => {
  web = await start();
});
afterAll(() => web.stop());

/** Puts rows into a store, raw, by the page itself and not through our code. */
const putRaw = (page: Page, store: string, rows: readonly object[]): Promise<boolean> =>
  page.evaluate(
    (name: string, rows: readonly object[]) =>
      new Promise<boolean>((resolve, reject) => {
        const opening = indexedDB.open('cloudopt');
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const writing = opening.result.transaction(name, 'readwrite');
          for (const row of rows) writing.objectStore(name).put(row);
          writing.onabort = () => reject(writing.error);
          writing.oncomplete = () => {
            opening.result.close();
            resolve(true);
          };
        };
      }),
    store,
    rows,
  );

/** Opens the database with a version of the future, or deletes it. */
const takeDatabase = (page: Page, version: number | 'none'): Promise<boolean> =>
  page.evaluate(
    (version: number | 'none') =>
      new Promise<boolean>((resolve, reject) => {
        const asked = version === 'none' ? indexedDB.deleteDatabase('cloudopt') : indexedDB.open('cloudopt', version);
        asked.onerror = () => reject(asked.error);
        asked.onsuccess = () => {
          if (version !== 'none') (asked.result as IDBDatabase).close();
          resolve(true);
        };
      }),
    version,
  );

async function nothingRuns(page: Page): Promise<void> {
  await until(async () => (await held(page)).origins.length === 0, 'handed back');
  expect((await ask(page, 'diagnostics.get', {})).leases).toEqual([]);
}

describe.each(wantedBrowsers())('a damaged database in %s', (name) => {
  test('one of a newer version is left alone: nothing runs, and every page says why', async () => {
    await withBrowser(name, {}, async (browser) => {
      const options = await browser.open('options.html');
      await grant(browser, options, 'site-insight', { scope: SHOP });
      await takeDatabase(options, 99);
      await until(async () => (await ask(options, 'state.get', {})).closed?.kind === 'newer-database', 'closed');
      await nothingRuns(options);
      for (const page of ['options.html', 'popup.html', promptUrl('site-insight')]) {
        await options.goto(page);
        await options.until(() => /newer version/i.test(document.body.textContent ?? ''), `${page} says why`);
        expect(await options.count(testid('allow'))).toBe(0);
      }
      await browser.killBackground();
      expect((await ask(options, 'state.get', {})).closed?.kind).toBe('newer-database');
      // What the newer version wrote is still there.
      expect((await rawRows(options, 'grants')).map((row) => row.state)).toEqual(['granted']);
    });
  });

  test('one that was deleted under us is a lost one: nothing is live, epochs go on, the person is told', async () => {
    await withBrowser(name, {}, async (browser) => {
      const options = await browser.open('options.html');
      await grant(browser, options, 'site-insight', { scope: SHOP });
      const before = Math.max(...(await rawRows(options, 'fences')).map((row) => Number(row.epoch)));
      await takeDatabase(options, 'none');
      await until(async () => (await ledger(options)).includes('history-lost recovery -'), 'written down');
      await nothingRuns(options);
      expect(await stateOf(options, 'site-insight')).toBe('off');
      expect((await ask(options, 'state.get', {})).news.map((item) => item.kind)).toContain('history-lost');
      await grant(browser, options, 'site-insight', { scope: SHOP });
      expect(Number((await rawRows(options, 'fences')).at(-1)?.epoch)).toBeGreaterThan(before);
    });
  });

  test('rows that do not parse keep nothing running: a live one is ended and told, others are counted', async () => {
    await withBrowser(name, {}, async (browser) => {
      const options = await browser.open('options.html');
      await grant(browser, options, 'site-insight', { scope: SHOP });
      const [row = {}] = await rawRows(options, 'grants');
      await putRaw(options, 'grants', [
        { ...row, epoch: 'many' },
        { ...row, capability: 'browsing-time', scope: '*', state: 'allowed' },
      ]);
      await browser.killBackground();
      await until(async () => (await ledger(options)).at(-1) === `revoked recovery ${SHOP}`, 'ended');
      await nothingRuns(options);
      expect(await stateOf(options, 'browsing-time')).toBe('off');
      expect((await ask(options, 'state.get', {})).news[0]).toMatchObject({ kind: 'revoked', by: 'recovery' });
      await options.goto('options.html#diagnostics');
      await options.until(() => /unreadable rows: 1/i.test(document.body.textContent ?? ''), 'counted');
    });
  });
});

/** A disk of its own for the profile, small enough to fill. */
async function withSmallDisk(task: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'cloudopt-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', folder]);
  try {
    await task(folder);
  } finally {
    execFileSync('umount', ['--lazy', folder]);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Takes all that is left of the disk; the browser takes and gives some meanwhile. */
function fill(folder: string): { free: () => void } {
  const file = path.join(folder, 'filling');
  for (let turn = 0; ; turn += 1) {
    const { bavail, bsize } = statfsSync(folder);
    if (bavail === 0) break;
    try {
      writeFileSync(`${file}-${turn}`, Buffer.alloc(bavail * bsize, 1), { flag: 'wx' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
  return { free: () => execFileSync('sh', ['-c', `rm -f "${file}"-*`]) };
}

describe.each(wantedBrowsers())('a full disk in %s', (name) => {
  test('is told; a revocation on it halts all the same, and is on record once there is room', async () => {
    await withSmallDisk(async (folder) => {
      const browser = await launch(name, { profile: path.join(folder, 'profile') });
      try {
        const options = await browser.open('options.html');
        await grant(browser, options, 'site-insight', { scope: SHOP });
        const full = fill(folder);
        const parties = Array.from({ length: 40 }, (_, index) => `p${index}.example`).join();
        await browser.open(web.url('shop.example', `/flood?perSecond=100&parties=${parties}`));
        // Firefox refuses writes; Chromium closes the database.
        const isFull = async () => {
          const { storageFull, closed } = await ask(options, 'state.get', {});
          return storageFull || closed !== null;
        };
        // A read that the closing cuts off says so; the next one has an answer.
        await until(() => isFull().catch(() => false), 'seen to be full');
        const revoked = await ask(options, 'grants.revoke', { capability: 'site-insight', scope: SHOP });
        expect(['revoked', 'not-durable']).toContain(revoked.kind);
        await nothingRuns(options);
        await options.bringToFront();
        const told = () => /full|disk space|not on record/i.test(document.body.textContent ?? '');
        await options.until(told, 'the page says so');
        full.free();
        const onRecord = () => ledger(options).catch(() => []);
        await until(
          async () => (await onRecord()).some((entry) => entry.startsWith('revoked')),
          'on record',
          100_000,
        ).catch(async (error: unknown) => {
          const { errors, database } = await ask(options, 'diagnostics.get', {});
          throw new Error(JSON.stringify({ revoked, database, errors }), { cause: error });
        });
        const rows = await rawRows(options, 'records');
        const requests = web.requests.length;
        await until(() => web.requests.length > requests + 40, 'the page goes on');
        expect(await rawRows(options, 'records')).toEqual(rows);
        expect(await stateOf(options, 'site-insight')).toBe('revoked');
        // The mark of a revocation goes after its entry has come.
        await until(async () => (await ask(options, 'state.get', {})).undurable.length === 0, 'no mark is left');
        expect(await complaints(options)).toEqual([]);
      } finally {
        await browser.close();
      }
    });
  });
});

/**
 * The build of now, put in the place of an earlier one with everything granted. The kept data of each earlier version of the database
 * is laid into a profile by an extension that is nothing but Cloudopt's name and permissions; `UPGRADE_FROM=COMMIT` builds that
 * commit and updates it in place instead.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { start, type WebServer } from '../servers/web';
import { buildCommit } from '../tools/old-build';
import { ask, buildOf, type Driven, held, launch, type Page, rawRows, until, wantedBrowsers } from './cloudopt';
import { launchers } from './driver/launchers';
import { complaints } from './ledger-check';
import { movedTo, putStored, readStored, rowsOf, type Stored, storedFiles, takeStored, useEverything } from './stored';

type Row = Record<string, unknown>;
type Name = Driven['name'];

let web: WebServer;
beforeAll(async () => {
  web = await start();
});
afterAll(() => web.stop());

/** What each grant rests on in the browser; data collection types are Firefox's alone. */
const apis: Readonly<Record<string, readonly string[]>> = {
  'browsing-time': ['idle', 'tabs'],
  'site-cleaner': ['browsingData'],
  notifications: ['notifications'],
  protection: ['webRequest'],
  'download-guard': ['downloads'],
};
const dataTypes: Readonly<Record<string, readonly string[]>> = {
  'usage-statistics': ['technicalAndInteraction'],
  'crash-reports': ['technicalAndInteraction'],
  'cloud-sync': ['browsingActivity'],
};
/** In the data, live; in the browser, never given: as if it had been taken back while the update was under way. */
const TAKEN_BACK = 'notifications';

const isLive = (row: Row) => row.state === 'granted';

/** Cloudopt's name and permissions, and a page that asks for some of them. */
function layFolder(name: Name, folder: string): void {
  const manifest = JSON.parse(readFileSync(path.join(buildOf(name), 'manifest.json'), 'utf8')) as Row;
  const kept = ['manifest_version', 'permissions', 'optional_permissions', 'optional_host_permissions'];
  const more = ['browser_specific_settings', 'minimum_chrome_version', 'content_security_policy'];
  const own = Object.fromEntries(
    [...kept, ...more].filter((key) => key in manifest).map((key) => [key, manifest[key]]),
  );
  mkdirSync(folder);
  const files: Readonly<Record<string, string>> = {
    'manifest.json': JSON.stringify({
      ...own,
      name: 'Cloudopt',
      version: '0.0.1',
      background: name === 'firefox' ? { scripts: ['background.js'] } : { service_worker: 'background.js' },
    }),
    'background.js': '',
    'lay.html':
      '<!doctype html><meta charset="utf-8"><title>Lay</title><button>Ask</button><script src="lay.js"></script>',
    'lay.js': `document.querySelector('button').addEventListener('click', (event) => {
      chrome.permissions.request(JSON.parse(event.target.dataset.wanted)).finally(() => { event.target.id = 'asked'; });
    });`,
  };
  for (const [file, text] of Object.entries(files)) writeFileSync(path.join(folder, file), text);
}

/** Lays the data down and has the browser give, by its own prompt, what the live grants in it rest on. */
async function lay(name: Name, browser: Driven, stored: Stored): Promise<void> {
  const page = await browser.open('lay.html');
  await putStored(page, stored);
  const live = rowsOf(stored, 'grants').filter((row) => isLive(row) && row.capability !== TAKEN_BACK);
  const ids = live.map((row) => String(row.capability));
  const onSites = live.filter((row) => ['site-insight', 'protection'].includes(String(row.capability)));
  const wanted = {
    permissions: [...new Set(ids.flatMap((id) => apis[id] ?? []))],
    origins: [...new Set(onSites.map((row) => (row.scope === '*' ? '*://*/*' : String(row.scope))))],
    ...(name === 'firefox' ? { data_collection: [...new Set(ids.flatMap((id) => dataTypes[id] ?? []))] } : {}),
  };
  await page.evaluate((text: string) => {
    const button = document.querySelector('button');
    if (button) button.dataset.wanted = text;
  }, JSON.stringify(wanted));
  await page.click('button');
  const given = async () => {
    const { permissions, origins } = await held(page);
    return wanted.permissions.every((one) => permissions.includes(one)) && origins.length > 0;
  };
  const shown = await until(async () => ((await given()) ? 'given' : browser.nativePrompt(page)), 'an answer');
  if (shown !== 'given') await browser.answerNative(page, 'allow', given);
  await page.waitFor('#asked');
}

/** Each in its own words, so that a difference is named. */
const byKey = (rows: readonly Row[], ...keys: string[]) =>
  new Map(rows.map((row) => [keys.map((key) => String(row[key])).join(' '), row]));

/** What must hold of the build of now over what an earlier one left. */
async function upheld(browser: Driven, page: Page, stored: Stored, takenBack: readonly string[]): Promise<void> {
  const { closed, capabilities } = await ask(page, 'state.get', {});
  expect(closed).toBeNull();
  await until(async () => (await complaints(page)).length === 0, 'agreement').catch(async () => {
    expect(await complaints(page)).toEqual([]);
  });
  // The history goes on where it was: not one entry is another.
  const entries = await rawRows(page, 'ledger');
  const before = rowsOf(stored, 'ledger');
  expect(entries.slice(0, before.length)).toEqual(before);

  const nowMs = Date.now();
  const grants = byKey(await rawRows(page, 'grants'), 'capability', 'scope');
  const fences = byKey(await rawRows(page, 'fences'), 'capability', 'scope');
  const leases = (await ask(page, 'diagnostics.get', {})).leases.map((one) => `${one.capability} ${one.scope}`);
  const said: Record<string, unknown> = {};
  const expected: Record<string, unknown> = {};
  for (const [key, row] of byKey(rowsOf(stored, 'grants'), 'capability', 'scope')) {
    const ended =
      row.lifetime === 'session' || (typeof row.validUntilMs === 'number' && row.validUntilMs <= nowMs)
        ? 'expired'
        : takenBack.includes(String(row.capability))
          ? 'revoked'
          : 'granted';
    expected[key] = isLive(row) ? ended : row.state;
    said[key] = grants.get(key)?.state;
    expect(leases.includes(key), `a lease of ${key}`).toBe(expected[key] === 'granted');
    if (expected[key] === 'granted') {
      expect(grants.get(key)).toMatchObject({ grantId: row.grantId, epoch: row.epoch });
      expect(capabilities.find((one) => one.id === row.capability)?.state).toBe('granted');
    }
  }
  expect(said).toEqual(expected);
  // Epochs never go down, of no fence and not of the whole.
  for (const [key, fence] of byKey(rowsOf(stored, 'fences'), 'capability', 'scope')) {
    expect(Number(fences.get(key)?.epoch)).toBeGreaterThanOrEqual(Number(fence.epoch));
  }
  const tops = entries.map((entry) => Number(entry.maxEpoch));
  expect(tops).toEqual([...tops].sort((a, b) => a - b));

  // Nothing of what was kept is lost; a checkpoint and a count go on.
  const records = byKey(await rawRows(page, 'records'), 'id');
  expect(rowsOf(stored, 'records').length).toBeGreaterThan(0);
  for (const row of rowsOf(stored, 'records'))
    expect(records.get(String(row.id))).toMatchObject({ grantId: row.grantId });
  for (const [store, key] of [
    ['notices', 'hash'],
    ['uses', 'id'],
    ['settings', 'key'],
    ['outbox', 'id'],
  ] as const) {
    const kept = byKey(await rawRows(page, store), key);
    const gone = rowsOf(stored, store).filter((row) => !kept.has(String(row[key])));
    // A checkpoint goes with its grant where the capability says so.
    expect(gone.filter((row) => row.kind !== 'checkpoint').map((row) => row[key])).toEqual([]);
  }
  const { local } = await takeStored(page);
  expect((local.head as Row | undefined)?.databaseId).toBe((stored.local.head as Row | undefined)?.databaseId);
  expect((local.head as Row | undefined)?.seq).toBe(entries.length);
  expect(entries.map((entry) => entry.kind)).not.toContain('history-lost');

  // What is live collects, under the epoch that it was given long ago.
  const live = [...grants.values()].find((row) => row.capability === 'site-insight' && isLive(row));
  const late = async () => (await rawRows(page, 'records')).filter((row) => row.party === 'late.example');
  await browser.open(web.url('shop.example', '/?parties=late.example&each=2'));
  await until(async () => (await late()).length > 0, 'collected');
  const fresh = await late();
  expect(fresh[0]).toMatchObject({ grantId: live?.grantId, epoch: live?.epoch });
}

/** Puts the build of now in the place of what is in the folder. */
async function update(name: Name, browser: Driven, extensionDir: string): Promise<Page> {
  rmSync(extensionDir, { recursive: true });
  cpSync(buildOf(name), extensionDir, { recursive: true });
  await browser.update();
  const page = await browser.open('options.html');
  await ask(page, 'state.get', {});
  return page;
}

async function within(task: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'cloudopt-upgrade-'));
  try {
    await task(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

describe.each(wantedBrowsers())('an upgrade in %s', (name) => {
  test.each(storedFiles)(
    'over what %s holds, everything granted: nothing is lost, nothing is granted',
    async (file) => {
      await within(async (folder) => {
        const extensionDir = path.join(folder, 'extension');
        layFolder(name, extensionDir);
        const stored = movedTo(readStored(file), Date.now());
        const profile = path.join(folder, 'profile');
        const browser = await launchers[name]({ extensionDir, profile, persistent: true });
        try {
          await lay(name, browser, stored);
          await upheld(browser, await update(name, browser, extensionDir), stored, [TAKEN_BACK]);
        } finally {
          await browser.close();
        }
      });
    },
  );

  test.runIf(process.env.UPGRADE_FROM)('in place, over the build of a commit that ran here before', async () => {
    await within(async (folder) => {
      const extensionDir = path.join(folder, 'extension');
      buildCommit(process.env.UPGRADE_FROM ?? '', name, extensionDir);
      const browser = await launch(name, { extensionDir, profile: path.join(folder, 'profile'), persistent: true });
      try {
        const stored = await takeStored(await useEverything(browser, web));
        await upheld(browser, await update(name, browser, extensionDir), stored, []);
      } finally {
        await browser.close();
      }
    });
  });
});

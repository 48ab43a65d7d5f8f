/**
 * Makes what the upgrade's tests begin with: `npx tsx test/tools/stored-data.ts COMMIT`, or FOLDER where that is built already. It
 * builds that commit, has it granted everything in a real browser, lets it collect, and writes down all that it kept, by the
 * version of its database.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { launch, wantedBrowsers } from '../browser/cloudopt';
import { takeStored, useEverything } from '../browser/stored';
import { start } from '../servers/web';
import { buildCommit } from './old-build';

const [from] = process.argv.slice(2);
if (from === undefined) throw new Error('name a commit or a folder');
const [name = 'chromium'] = wantedBrowsers();
const folder = mkdtempSync(path.join(tmpdir(), 'cloudopt-stored-'));
const web = await start();
try {
  const extensionDir = path.join(folder, 'extension');
  if (existsSync(path.join(from, 'manifest.json'))) cpSync(from, extensionDir, { recursive: true });
  else buildCommit(from, name, extensionDir);
  const browser = await launch(name, { extensionDir });
  try {
    const stored = await takeStored(await useEverything(browser, web));
    const file = path.resolve(import.meta.dirname, `../migrations/stored/version-${stored.version}.json`);
    writeFileSync(file, JSON.stringify(stored));
    execFileSync('npx', ['biome', 'format', '--write', file], { stdio: 'ignore' });
    console.log(`${file}: ${stored.stores.map(({ name, rows }) => `${name} ${rows.length}`).join(', ')}`);
  } finally {
    await browser.close();
  }
} finally {
  await web.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

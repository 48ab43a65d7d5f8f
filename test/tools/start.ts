/**
 * `npm start`: builds, and opens a real browser with Cloudopt on its welcome page. Without a display, or with `--demo`, it
 * walks the main job in a real browser without a window and prints each step. `--browser=firefox` chooses.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import type { BrowserName } from '../browser/driver/driver';
import { launchers } from '../browser/driver/launchers';
import { demo } from './demo';
import { ensureBrowsers, findChromium, findFirefox } from './ensure-browsers';

const root = path.resolve(import.meta.dirname, '../..');
const wanted = process.argv.find((word) => word.startsWith('--browser='))?.slice('--browser='.length);
const hasDisplay = Boolean(process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY) || process.platform === 'darwin';

function build(): void {
  console.log('Building…');
  const built = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, encoding: 'utf8' });
  if (built.status === 0) return;
  console.error(built.stdout, built.stderr);
  process.exit(1);
}

function chosen(): BrowserName {
  if (wanted === 'firefox' || wanted === 'chromium') return wanted;
  return findChromium() === null && findFirefox() !== null ? 'firefox' : 'chromium';
}

async function open(name: BrowserName): Promise<void> {
  const folder = name === 'chromium' ? 'chrome-mv3' : 'firefox-mv3';
  const browser = await launchers[name]({
    extensionDir: path.join(root, '.output', folder),
    display: process.env.DISPLAY,
    resolve: false,
    persistent: true,
  });
  await browser.waitForPage('welcome.html');
  console.log(
    `Cloudopt is open in ${name}, in a profile of its own that goes when the browser is closed. Nothing is on.`,
  );
  // Until the person closes the browser, or stops this.
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const pages = await browser.pages().catch(() => []);
    if (pages.length === 0) break;
  }
  await browser.close().catch(() => undefined);
}

await ensureBrowsers();
build();
if (process.argv.includes('--demo') || !hasDisplay) await demo(wanted === 'chromium' ? 'chromium' : 'firefox');
else await open(chosen());

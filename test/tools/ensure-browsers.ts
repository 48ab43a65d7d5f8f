/** `npx tsx test/tools/ensure-browsers.ts`: installs on Debian or Ubuntu what the browser tests need, if it is missing. */
import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Debian's wrapper script in /usr/bin adds its own --load-extension, so the binary itself comes first.
const chromiumPaths = [
  '/usr/lib/chromium/chromium',
  '/usr/lib/chromium-browser/chromium-browser',
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
const firefoxPaths = [
  'firefox-esr',
  '/usr/lib/firefox-esr/firefox-esr',
  'firefox',
  '/Applications/Firefox.app/Contents/MacOS/firefox',
  '/Applications/Firefox ESR.app/Contents/MacOS/firefox',
];

function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function firstOf(candidates: readonly string[]): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter);
  for (const candidate of candidates) {
    const files = candidate.startsWith('/') ? [candidate] : folders.map((folder) => join(folder, candidate));
    const found = files.find(executable);
    if (found !== undefined) return found;
  }
  return null;
}

/** Path of the Chromium or Chrome to test with (`CHROMIUM_PATH` wins), null where there is none. */
export function findChromium(): string | null {
  return firstOf([process.env.CHROMIUM_PATH ?? '', ...chromiumPaths].filter((path) => path !== ''));
}

/** Path of the Firefox to test with (`FIREFOX_PATH` wins), null where there is none. */
export function findFirefox(): string | null {
  return firstOf([process.env.FIREFOX_PATH ?? '', ...firefoxPaths].filter((path) => path !== ''));
}

interface Need {
  readonly what: string;
  readonly debian: string;
  readonly ubuntu: string | null;
  there(): boolean;
}

const needs: readonly Need[] = [
  // Ubuntu's packages of both browsers only lead to snaps, which can't be driven over a pipe or with a profile in /tmp.
  { what: 'Chromium', debian: 'chromium', ubuntu: null, there: () => findChromium() !== null },
  { what: 'Firefox', debian: 'firefox-esr', ubuntu: null, there: () => findFirefox() !== null },
  { what: 'Xvfb', debian: 'xvfb', ubuntu: 'xvfb', there: () => firstOf(['Xvfb']) !== null },
  { what: 'xdotool', debian: 'xdotool', ubuntu: 'xdotool', there: () => firstOf(['xdotool']) !== null },
  { what: 'ImageMagick', debian: 'imagemagick', ubuntu: 'imagemagick', there: () => firstOf(['import']) !== null },
];

function system(): 'debian' | 'ubuntu' | 'other' {
  if (!existsSync('/etc/os-release') || firstOf(['apt-get']) === null) return 'other';
  const release = readFileSync('/etc/os-release', 'utf8');
  if (/^ID="?ubuntu/m.test(release)) return 'ubuntu';
  return /^ID(_LIKE)?="?.*debian/m.test(release) ? 'debian' : 'other';
}

/** Resolves when everything is there; throws one sentence that says what to install where it can't do that itself. */
export async function ensureBrowsers(): Promise<void> {
  const missing = needs.filter((need) => !need.there());
  if (missing.length === 0) return;
  const on = system();
  const packages = missing.map((need) => (on === 'ubuntu' ? need.ubuntu : need.debian));
  const names = packages.filter((name) => name !== null);
  if (on !== 'other' && process.getuid?.() === 0 && names.length === missing.length) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    execFileSync('apt-get', ['update', '-qq'], { stdio: 'inherit', env });
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], { stdio: 'inherit', env });
    const still = missing.filter((need) => !need.there()).map((need) => need.what);
    if (still.length === 0) return;
    throw new Error(`Installed ${names.join(', ')}, but ${still.join(', ')} cannot be found.`);
  }
  const list = missing.map((need) => need.what).join(', ');
  const how =
    on === 'other'
      ? 'install them and put them on the PATH (or set CHROMIUM_PATH and FIREFOX_PATH)'
      : on === 'debian'
        ? `run as root: apt-get install ${names.join(' ')}`
        : `install them as ordinary packages, not snaps (or set CHROMIUM_PATH and FIREFOX_PATH)`;
  throw new Error(`The browser tests lack ${list}; ${how}.`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  ensureBrowsers().then(
    () => console.log(`Chromium: ${findChromium()}\nFirefox: ${findFirefox()}`),
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : String(error));
      process.exitCode = 1;
    },
  );
}

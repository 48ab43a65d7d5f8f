/** `npx tsx test/tools/ensure-browsers.ts`: installs on Debian or Ubuntu what the browser tests need, if it is missing. */
import { fileURLToPath } from 'node:url';
import { ensure, firstOf, type Need } from './ensure';

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

/** Path of the Chromium or Chrome to test with (`CHROMIUM_PATH` wins), null where there is none. */
export function findChromium(): string | null {
  return firstOf([process.env.CHROMIUM_PATH ?? '', ...chromiumPaths].filter((path) => path !== ''));
}

/** Path of the Firefox to test with (`FIREFOX_PATH` wins), null where there is none. */
export function findFirefox(): string | null {
  return firstOf([process.env.FIREFOX_PATH ?? '', ...firefoxPaths].filter((path) => path !== ''));
}

const needs: readonly Need[] = [
  // Ubuntu's packages of both browsers only lead to snaps, which can't be driven over a pipe or with a profile in /tmp.
  { what: 'Chromium', debian: 'chromium', ubuntu: null, there: () => findChromium() !== null },
  { what: 'Firefox', debian: 'firefox-esr', ubuntu: null, there: () => findFirefox() !== null },
  { what: 'Xvfb', debian: 'xvfb', ubuntu: 'xvfb', there: () => firstOf(['Xvfb']) !== null },
  { what: 'xdotool', debian: 'xdotool', ubuntu: 'xdotool', there: () => firstOf(['xdotool']) !== null },
  { what: 'ImageMagick', debian: 'imagemagick', ubuntu: 'imagemagick', there: () => firstOf(['import']) !== null },
];

/** Resolves when everything is there; throws one sentence that says what to install where it can't do that itself. */
export const ensureBrowsers = (): Promise<void> =>
  ensure(needs, {
    who: 'The browser tests',
    otherwise: 'install them and put them on the PATH (or set CHROMIUM_PATH and FIREFOX_PATH)',
    onUbuntu: 'install them as ordinary packages, not snaps (or set CHROMIUM_PATH and FIREFOX_PATH)',
  });

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  ensureBrowsers().then(
    () => console.log(`Chromium: ${findChromium()}\nFirefox: ${findFirefox()}`),
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : String(error));
      process.exitCode = 1;
    },
  );
}

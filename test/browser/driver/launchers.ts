import { launchChromium } from './chromium.js';
import type { BrowserName, Launch } from './driver.js';
import { launchFirefox } from './firefox.js';

/** How to start each browser. */
export const launchers: Readonly<Record<BrowserName, Launch>> = { chromium: launchChromium, firefox: launchFirefox };

/** The browsers to test: both, or those that `BROWSERS=firefox` names, comma-separated. */
export function wantedBrowsers(): readonly BrowserName[] {
  const all: readonly BrowserName[] = ['chromium', 'firefox'];
  const named = (process.env.BROWSERS ?? '').split(',').map((name) => name.trim());
  const wanted = all.filter((name) => named.includes(name));
  return wanted.length === 0 ? all : wanted;
}

import type { Resource } from '../reports/schema';

/** The first that fits: each browser names those after it too. */
const browsers: readonly (readonly [name: string, mark: RegExp])[] = [
  ['Firefox', /\bFirefox\/(\d+)/],
  ['Edge', /\bEdg\/(\d+)/],
  ['Opera', /\bOPR\/(\d+)/],
  ['Chromium', /\bChrom(?:e|ium)\/(\d+)/],
];
const systems: readonly (readonly [name: string, mark: RegExp])[] = [
  ['Android', /\bAndroid\b/],
  ['Windows', /\bWindows\b/],
  ['macOS', /\bMac OS X\b/],
  ['ChromeOS', /\bCrOS\b/],
  ['Linux', /\bLinux\b/],
];

/** What reports may say of where they come from: as little as helps. Unknown parts are said to be so. */
export function aboutFrom(userAgent: string, version: string, language: string): Resource {
  const [name, mark] = browsers.find(([, pattern]) => pattern.test(userAgent)) ?? [];
  const major = Number(mark?.exec(userAgent)?.[1] ?? 0);
  return {
    version,
    browser: name !== undefined && major > 0 ? { name, major } : { name: 'Unknown', major: 1 },
    os: systems.find(([, pattern]) => pattern.test(userAgent))?.[0] ?? 'Unknown',
    language,
  };
}

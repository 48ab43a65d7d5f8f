/** What every measurement is given, and what the ones in a page share. */
import { type Driven, launch, type Page } from '../browser/cloudopt';
import type { BrowserName, LaunchOptions } from '../browser/driver/driver';
import type { Builds } from './builds';
import type { Harness } from './harness';
import type { Figure } from './table';

export interface Setting {
  readonly builds: Builds;
  /** Share of the usual number of repetitions, for a quick look; 1 in a run that counts. */
  readonly effort: number;
  /** Revocations under a flood, end to end. */
  readonly trials: number;
  /** Prints a figure and keeps it for the table. */
  say(figure: Figure): void;
}

/** Repetitions at this effort, never fewer than `atLeast`. */
export const times = ({ effort }: Setting, usual: number, atLeast = 1): number =>
  Math.max(atLeast, Math.round(usual * effort));

/** Firefox rounds `performance.now()` to a millisecond, which is longer than some of what is measured. */
export const finePrefs = { 'privacy.reduceTimerPrecision': false, 'privacy.resistFingerprinting': false } as const;

export async function withBuild<T>(
  name: BrowserName,
  extensionDir: string,
  task: (browser: Driven) => Promise<T>,
  options: Partial<LaunchOptions> = {},
): Promise<T> {
  const browser = await launch(name, { extensionDir, prefs: finePrefs, ...options });
  try {
    return await task(browser);
  } finally {
    await browser.close();
  }
}

type Results = { [K in keyof Harness]: Awaited<ReturnType<Harness[K]>> };

/** Calls the harness in its page. */
export async function inHarness<K extends keyof Harness>(
  page: Page,
  name: K,
  ...args: Parameters<Harness[K]>
): Promise<Results[K]> {
  const call = (method: string, given: readonly unknown[]): Promise<unknown> => {
    const { cloudoptBench } = window as unknown as {
      cloudoptBench: Record<string, (...given: readonly unknown[]) => Promise<unknown>>;
    };
    return cloudoptBench[method]?.(...given) ?? Promise.reject(new Error(`no ${method}`));
  };
  return (await page.evaluate(call, name as string, args as readonly unknown[])) as Results[K];
}

/** Runs `task` with the harness of a browser. */
export function withHarness<T>(name: BrowserName, { builds }: Setting, task: (page: Page) => Promise<T>): Promise<T> {
  return withBuild(name, builds.of(name).benchDir, async (browser) => task(await browser.open('bench.html')));
}

/** The browser's own window, in Firefox. */
interface WithChrome {
  chrome<A extends readonly unknown[], T>(fn: (...args: A) => T, ...args: A): Promise<Awaited<T>>;
}

/** Runs `fn` with the browser's own rights; in Firefox only. */
export function inFirefox<A extends readonly unknown[], T>(
  browser: Driven,
  fn: (...args: A) => T,
  ...args: A
): Promise<Awaited<T>> {
  if (browser.name !== 'firefox' || !('chrome' in browser)) throw new Error('Firefox only');
  return (browser as Driven & WithChrome).chrome(fn, ...args);
}

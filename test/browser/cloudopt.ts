/** What the browser tests share: Cloudopt in a real browser, driven by the names of its public contract. */
import path from 'node:path';
import type { Answers, Input, MessageName } from '../../utils/messages/contract';
import { type BrowserName, type Driven, type LaunchOptions, type Page, testid, until } from './driver/driver';
import { launchers, wantedBrowsers } from './driver/launchers';
import { wasInstalled } from './driver/profile';

export { type Driven, type Page, testid, until } from './driver/driver';
export { wantedBrowsers };

const root = path.resolve(import.meta.dirname, '../..');

/** The unpacked build of a browser; `next`: that with a newer policy version; `reports`: that with endpoints. */
export function buildOf(name: BrowserName, which: 'this' | 'next' | 'reports' = 'this'): string {
  const folder = name === 'chromium' ? 'chrome-mv3' : 'firefox-mv3';
  return path.join(root, '.output', ...(which === 'this' ? [] : [which]), folder);
}

/** Firefox lets timers of tabs that are not in front ring once a second; with these as often as in front. */
export const unthrottled = {
  'dom.min_background_timeout_value': 4,
  'dom.min_background_timeout_value_without_budget_throttling': 4,
  'dom.timeout.enable_budget_timer_throttling': false,
} as const;

export async function launch(name: BrowserName, options: Partial<LaunchOptions> = {}): Promise<Driven> {
  const known = options.persistent === true && options.profile !== undefined && wasInstalled(options.profile);
  const browser = await launchers[name]({
    extensionDir: buildOf(name),
    ...options,
    // A button that waits turns: a screen that never stands still can't be told from a dialog fading in.
    args: ['--force-prefers-reduced-motion', ...(options.args ?? [])],
  });
  // Once installed, Cloudopt opens its first page in front of whatever is there; in private windows it may open none.
  if (!known && options.clearHistoryMode !== true) await browser.waitForPage('welcome.html');
  return browser;
}

/** Runs `task` with a browser, and closes it whatever happens. */
export async function withBrowser(
  name: BrowserName,
  options: Partial<LaunchOptions>,
  task: (browser: Driven) => Promise<void>,
): Promise<void> {
  const browser = await launch(name, options);
  try {
    await task(browser);
  } finally {
    await browser.close();
  }
}

interface Reply<N extends MessageName> {
  readonly ok: boolean;
  readonly answer?: Answers[N];
  readonly error?: string;
  readonly why?: string;
}

/** Sends a message to the background from one of our pages, as the page's own code would. */
export async function send<N extends MessageName>(page: Page, name: N, input: Input<N>): Promise<Reply<N>> {
  return (await page.evaluate((message: object) => (globalThis as unknown as Api).chrome.runtime.sendMessage(message), {
    name,
    input,
  })) as Reply<N>;
}

interface Api {
  readonly chrome: { runtime: { sendMessage(message: object): Promise<unknown> } };
}

export async function ask<N extends MessageName>(page: Page, name: N, input: Input<N>): Promise<Answers[N]> {
  const reply = await send(page, name, input);
  if (!reply.ok || reply.answer === undefined) throw new Error(`${name}: ${reply.error} ${reply.why}`);
  return reply.answer;
}

export async function stateOf(page: Page, capability: string, scope?: string): Promise<string> {
  const { capabilities } = await ask(page, 'state.get', {});
  const view = capabilities.find((one) => one.id === capability);
  if (scope === undefined) return view?.state ?? 'missing';
  return view?.scopes.find((one) => one.scope === scope)?.state ?? 'off';
}

/** Ledger entries, oldest first, as `KIND BY SCOPE`. */
export async function ledger(page: Page): Promise<string[]> {
  const { entries } = await ask(page, 'history.page', { before: null, limit: 250 });
  return [...entries].reverse().map(({ kind, by, scope }) => `${kind} ${by} ${scope ?? '-'}`);
}

/** The extension's own shortcut for its popup, as xdotool spells it. */
export const POPUP_SHORTCUT = 'alt+shift+c';

export const promptUrl = (capability: string, scope?: string): string =>
  `prompt.html?${new URLSearchParams({ capability, ...(scope === undefined ? {} : { scope }) })}`;

export interface GrantOptions {
  readonly scope?: string;
  readonly lifetime?: 'until-revoked' | 'session' | 'hour';
}

/** Grants a capability as a person does: our prompt, Allow, the browser's own prompt. `page` is any page of ours. */
export async function grant(
  browser: Driven,
  page: Page,
  capability: string,
  options: GrantOptions = {},
): Promise<void> {
  const prompt = await browser.open(promptUrl(capability, options.scope));
  if (options.lifetime) {
    await prompt.waitFor(testid('allow'));
    await prompt.click(testid(`lifetime-${options.lifetime}`));
  }
  await prompt.waitFor(testid('allow'));
  await prompt.click(testid('allow'));
  const granted = async () => (await stateOf(page, capability, options.scope ?? '*')) === 'granted';
  // The browser gives some permissions, and some that it gave before, without a prompt of its own.
  const shown = await until(
    async () => ((await granted()) ? 'granted' : await browser.nativePrompt(prompt)),
    'an answer',
  );
  if (shown !== 'granted') await browser.answerNative(prompt, 'allow', granted);
  await prompt.close();
}

/** Rows of a store, raw, read by the page itself and not through our code. */
export async function rawRows(page: Page, store: string): Promise<Record<string, unknown>[]> {
  return page.evaluate(
    (name: string) =>
      new Promise<Record<string, unknown>[]>((resolve, reject) => {
        const opening = indexedDB.open('cloudopt');
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const reading = opening.result.transaction(name).objectStore(name).getAll();
          reading.onerror = () => reject(reading.error);
          reading.onsuccess = () => {
            opening.result.close();
            resolve(reading.result as Record<string, unknown>[]);
          };
        };
      }),
    store,
  );
}

interface BrowserHolds {
  readonly permissions: string[];
  readonly origins: string[];
  /** Firefox alone has it. */
  readonly data_collection?: string[];
}

/** What the browser itself says that it holds. */
export async function held(page: Page): Promise<BrowserHolds> {
  return page.evaluate(() =>
    (
      globalThis as unknown as { chrome: { permissions: { getAll(): Promise<BrowserHolds> } } }
    ).chrome.permissions.getAll(),
  );
}

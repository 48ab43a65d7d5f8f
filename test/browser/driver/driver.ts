/**
 * What a browser test may do with a real browser. Both drivers (`chromium.ts`, `firefox.ts`) implement it, so that a
 * test is written once: `for (const launch of Object.values(launchers)) …` (see `launchers.ts`).
 */

export type BrowserName = 'chromium' | 'firefox';

/** The add-on id that Cloudopt has in Firefox. */
export const firefoxAddonId = 'extension@cloudopt.net';

export interface LaunchOptions {
  /** Unpacked build: `.output/chrome-mv3` or `.output/firefox-mv3`. */
  readonly extensionDir: string;
  /** Profile folder to use and keep. Left out: a temporary one, removed by `close` and `kill`. */
  readonly profile?: string | undefined;
  /** Without a display. Chromium then never shows its native prompt: the request stays pending. */
  readonly headless?: boolean | undefined;
  /** Every request goes through this HTTP proxy, loopback ones too. */
  readonly proxy?: { readonly host: string; readonly port: number } | undefined;
  /** Names ending in .test or .example lead to 127.0.0.1 and no other name leads anywhere. Default true. */
  readonly resolve?: boolean | undefined;
  /** Firefox preferences on top of the driver's. */
  readonly prefs?: Readonly<Record<string, string | number | boolean>> | undefined;
  /** Chromium command line switches on top of the driver's. */
  readonly args?: readonly string[] | undefined;
  /** Environment variables of the browser, on top of this process's. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Keep left pages in the back/forward cache, as people's browsers do. Default false. */
  readonly bfcache?: boolean | undefined;
  /** Install for good, once a profile: a restart keeps grants and registered scripts and fires no `onInstalled`. */
  readonly persistent?: boolean | undefined;
  /** Firefox, with `persistent`: install through its own question, as a person does, with what is ticked there. */
  readonly installByPerson?: boolean | undefined;
  readonly colorScheme?: 'light' | 'dark' | undefined;
  /** Size of the browser's window in CSS pixels; default 1200 × 850. */
  readonly windowSize?: { readonly width: number; readonly height: number } | undefined;
  /** Firefox's 'Never remember history': every window is private, the extension allowed in them. Not in Chromium. */
  readonly clearHistoryMode?: boolean | undefined;
  /** Servers' certificates to trust: Firefox takes in their authority, Chromium knows them by their public key. */
  readonly trust?: { readonly caPem: string; readonly cert: string } | undefined;
  /** X display to use, such as `:7`. Left out: a private one, stopped with the browser. */
  readonly display?: string | undefined;
}

/** What the browser's own settings can give and take. */
export interface Held {
  readonly permissions?: readonly string[] | undefined;
  /** Match patterns. In Chromium any revocation takes all hosts ('on click'). */
  readonly origins?: readonly string[] | undefined;
  /** Firefox only. */
  readonly dataCollection?: readonly string[] | undefined;
}

export interface Violation {
  readonly id: string;
  readonly impact: 'minor' | 'moderate' | 'serious' | 'critical' | null;
  readonly help: string;
  readonly nodes: readonly { readonly target: string; readonly html: string; readonly summary: string }[];
}

export interface AxeOptions {
  /** axe rule tags, e.g. `['wcag2a', 'wcag2aa', 'wcag22aa']`; all rules where left out. */
  readonly tags?: readonly string[] | undefined;
  /** CSS selector of the part to look at; the whole document where left out. */
  readonly within?: string | undefined;
}

/** One tab, popup window or action popup. Every selector is CSS and means the first match. */
export interface Page {
  /** Address as the browser has it now; throws after the page is closed. */
  url(): Promise<string>;
  /** Resolves when the document has loaded. Relative addresses belong to the extension. */
  goto(url: string): Promise<void>;
  reload(): Promise<void>;
  back(): Promise<void>;
  forward(): Promise<void>;
  /** Waits until the element can be clicked, scrolls to it, and clicks with a real user gesture. */
  click(selector: string): Promise<void>;
  focus(selector: string): Promise<void>;
  /** One key with a real gesture: `Tab`, `shift+Tab`, `Enter`, `Escape`, `Space`, `ArrowDown`, `ctrl+a`, `x`. */
  key(name: string): Promise<void>;
  /** Types into whatever has the focus. */
  type(text: string): Promise<void>;
  /** Replaces the value of a field, firing `input` and `change`. */
  fill(selector: string, value: string): Promise<void>;
  /** Text content, or null where nothing matches. */
  text(selector: string): Promise<string | null>;
  /** Null where nothing matches or the attribute is missing. */
  attribute(selector: string, name: string): Promise<string | null>;
  count(selector: string): Promise<number>;
  /** Matches, takes up space, and is not hidden by style. */
  visible(selector: string): Promise<boolean>;
  /**
   * Runs `fn` in the page's own world and returns its (awaited) result. `fn` is sent as text: it sees its arguments and
   * the page's globals only; arguments and result are JSON. It gives no user gesture. In Firefox commands run one after
   * the other, so never return a promise that only a later command of the driver can settle.
   */
  evaluate<A extends readonly unknown[], T>(fn: (...args: A) => T, ...args: A): Promise<Awaited<T>>;
  /** Polls `fn` in the page until it returns something truthy; navigations in between are fine. */
  until<A extends readonly unknown[], T>(
    fn: (...args: A) => T,
    what: string,
    timeoutMs?: number,
    ...args: A
  ): Promise<Awaited<T>>;
  /** Waits for a match that is visible. */
  waitFor(selector: string, timeoutMs?: number): Promise<void>;
  /** PNG of the page alone. */
  screenshot(file: string, options?: { readonly fullPage?: boolean | undefined }): Promise<void>;
  /** Size of the viewport in CSS pixels. */
  resize(width: number, height: number): Promise<void>;
  /** Page zoom as the browser's menu does it: 2 is 200 %. */
  zoom(factor: number): Promise<void>;
  axe(options?: AxeOptions): Promise<readonly Violation[]>;
  close(): Promise<void>;
  bringToFront(): Promise<void>;
}

/** A running browser with the extension in it. */
export interface Driven {
  readonly name: BrowserName;
  /** `chrome-extension://<id>` or `moz-extension://<uuid>`, no slash at the end. */
  readonly base: string;
  readonly profile: string;
  /** The X display it is on, null when headless. */
  readonly display: string | null;
  /** Opens a new tab in front. Relative paths such as `options.html#history` belong to the extension. */
  open(url: string): Promise<Page>;
  /** Every tab of every window, popup windows included. */
  pages(): Promise<readonly Page[]>;
  /** The first tab or popup window whose address contains `urlPart`. */
  waitForPage(urlPart: string, timeoutMs?: number): Promise<Page>;
  /**
   * Is the browser's own permission dialog up over `page`? Chromium tells it by the keyboard being kept from the page,
   * brings its window to the front for that, and says false for a tab that is not the shown one, and when headless.
   */
  nativePrompt(page: Page): Promise<boolean>;
  /**
   * Waits for the native dialog, answers it, and waits until `settled` says true (an error of it means 'not yet').
   * After an 'allow' Chromium gives the permission back without a dialog, so test a refusal on one never allowed.
   */
  answerNative(page: Page, answer: 'allow' | 'refuse', settled: () => Promise<boolean>): Promise<void>;
  /** Ends the service worker or event page, as the browser does when idle. */
  stopBackground(): Promise<void>;
  /** Ends it once; under load it may be up again before this resolves. */
  killBackground(): Promise<void>;
  backgroundRunning(): Promise<boolean>;
  /** Runs `fn` in the background, waking it first; same rules as `Page.evaluate`. */
  background<A extends readonly unknown[], T>(fn: (...args: A) => T, ...args: A): Promise<Awaited<T>>;
  /**
   * Bytes of JavaScript and what it keeps alive, garbage collected before: of the background (waking it first), or of a
   * page. Chromium tells it for the whole worker or renderer, Firefox for that one window without its compiled code.
   */
  heapBytes(page?: Page): Promise<number>;
  /**
   * Takes permissions away in the browser's own settings, as a person would: Firefox in about:addons. Chromium has a
   * control for hosts only (chrome://extensions, site access 'on click'); it throws `NoSuchControl` for the rest.
   */
  revokeInBrowser(what: Held): Promise<void>;
  /**
   * Gives permissions in the browser's own settings, without any prompt. Same limits as `revokeInBrowser`. Chromium
   * truly gives back only hosts that are required or that a prompt has once allowed; for others its settings page says
   * 'granted' while `permissions.contains` and `executeScript` still say no, and a later `request` needs no dialog.
   */
  grantInBrowser(what: Held): Promise<void>;
  /**
   * Gives or takes sites as a click in the browser's settings does, but fast: Chromium's settings page stays open behind,
   * Firefox is told directly what its page would tell it. Resolves once the browser has done it.
   */
  flip(origins: readonly string[], on: boolean): Promise<void>;
  /** The switch of the browser's extension list. Extension pages close at `false`. */
  setExtensionEnabled(on: boolean): Promise<void>;
  /**
   * Updates the extension in place to what stands in its folder now, as a store would: grants and data stay.
   * Extension pages close.
   */
  update(): Promise<void>;
  /** Off and on again. */
  disableEnableExtension(): Promise<void>;
  /**
   * Opens the toolbar popup over whatever tab is in front. In Chromium `shortcut` (xdotool's spelling) opens it as a
   * person does; without it the API does, which gives no `activeTab`. Firefox clicks the button.
   */
  openActionPopup(shortcut?: string): Promise<Page>;
  /** Allows the extension in private windows (Chromium restarts it for that) and opens `url` in a new one. */
  inPrivateWindow(url: string): Promise<Page>;
  /** PNG of the whole display; throws when headless. */
  screenshot(file: string): Promise<void>;
  /** SIGKILL to every process of the browser. A given profile stays. */
  kill(): Promise<void>;
  /** Ordinary end, the profile written. */
  close(): Promise<void>;
}

export type Launch = (options: LaunchOptions) => Promise<Driven>;

/** The browser has no setting that does this. */
export class NoSuchControl extends Error {
  override readonly name = 'NoSuchControl';
}

/** `[data-testid="name"]` */
export function testid(name: string): string {
  return `[data-testid="${name}"]`;
}

export const waitMs = 60_000;
const betweenPollsMs = 40;

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Polls until `probe` returns something truthy, which it returns; throws naming `what` and the last value or error. */
export async function until<T>(
  probe: () => T | Promise<T>,
  what: string,
  timeoutMs: number = waitMs,
): Promise<Exclude<T, null | undefined | false | '' | 0>> {
  const endMs = Date.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value) return value as Exclude<T, null | undefined | false | '' | 0>;
    if (Date.now() > endMs) throw new Error(`not within ${timeoutMs} ms: ${what} (last: ${JSON.stringify(value)})`);
    await pause(betweenPollsMs);
  }
}

/** Like `until`, but an error of `probe` counts as 'not yet'; the last one becomes the cause of the timeout. */
export async function untilCalm<T>(
  probe: () => T | Promise<T>,
  what: string,
  timeoutMs: number = waitMs,
): Promise<Exclude<T, null | undefined | false | '' | 0>> {
  let last: unknown;
  const calm = async (): Promise<T | false> => {
    try {
      return await probe();
    } catch (error) {
      last = error;
      return false;
    }
  };
  try {
    return (await until(calm, what, timeoutMs)) as Exclude<T, null | undefined | false | '' | 0>;
  } catch (error) {
    throw new Error(`${String(error)}${last ? `; last error: ${String(last)}` : ''}`, { cause: last ?? error });
  }
}

/**
 * A function and its arguments as one expression. The wrapper gives the text a `__name`, which tsx's esbuild puts
 * around nested functions and which no page has.
 */
export function asExpression(fn: (...args: never[]) => unknown, args: readonly unknown[]): string {
  const values = args.map((value) => (value === undefined ? 'undefined' : JSON.stringify(value)));
  return `((__name) => (${fn.toString()})(${values.join(', ')}))((fn) => fn)`;
}

/** Runs in the page after axe's own source; the rules' verdicts cut down to `Violation`s. */
export const axeExpression = (options: AxeOptions): string => `(async () => {
  const runOnly = ${JSON.stringify(options.tags ?? null)};
  const within = ${JSON.stringify(options.within ?? null)};
  const found = await axe.run(within === null ? document : within, {
    resultTypes: ['violations'], ...(runOnly === null ? {} : { runOnly: { type: 'tag', values: runOnly } }),
  });
  return found.violations.map((v) => ({
    id: v.id, impact: v.impact ?? null, help: v.help,
    nodes: v.nodes.map((n) => ({ target: n.target.join(' '), html: n.html, summary: n.failureSummary ?? '' })),
  }));
})()`;

/** For `Page.visible`; runs in the page. */
export function isVisible(selector: string): boolean {
  const element = document.querySelector(selector);
  if (element === null) return false;
  const box = element.getBoundingClientRect();
  return (
    box.width > 0 && box.height > 0 && element.checkVisibility({ visibilityProperty: true, opacityProperty: true })
  );
}

/** Firefox over Marionette; the native permission prompts are answered in the browser's own window. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { resolve as absolute, join } from 'node:path';
import { findFirefox } from '../../tools/ensure-browsers.js';
import {
  type AxeOptions,
  asExpression,
  axeExpression,
  type Driven,
  firefoxAddonId,
  type Held,
  type LaunchOptions,
  type Page,
  until,
  untilCalm,
  type Violation,
  waitMs,
} from './driver.js';
import { modifiers, parseKey } from './keys.js';
import { freePort, Marionette, MarionetteError } from './marionette.js';
import { axeSource, ScriptedPage } from './page.js';
import { killTree, openProfile, type Profile, processTree } from './profile.js';
import { type Display, existingDisplay, startXvfb } from './xvfb.js';
import { zipFolder } from './zip.js';

/** Pinned by a preference, so that the extension's addresses are known before it is installed. */
const uuid = 'c10d0b70-1111-4222-8333-444455556666';
const closeMs = 20_000;

/** The parts of the browser's own objects that functions sent into its windows use here. */
interface PopupNotifications {
  readonly panel: { readonly state: string; readonly firstElementChild: Doorhanger | null };
}
interface Doorhanger {
  readonly id: string;
  readonly button: { click(): void };
  readonly secondaryButton: { click(): void };
}
interface BrowserElement extends HTMLElement {
  readonly browsingContext: BrowsingContext;
  readonly contentWindow: Window | null;
  readonly currentURI: { readonly spec: string };
  readonly messageManager: {
    addMessageListener(name: string, heard: (message: { readonly data: number }) => void): void;
    removeMessageListener(name: string, heard: unknown): void;
    loadFrameScript(url: string, delayed: boolean): void;
  };
  fullZoom: number;
}
interface BrowsingContext {
  readonly currentWindowGlobal: {
    getActor(name: string): { executeScript(script: string, args: unknown[], opts: object): Promise<unknown> };
    readonly documentURI: { readonly spec: string };
  } | null;
}
interface BrowserWindow extends Window {
  readonly PopupNotifications?: PopupNotifications;
  readonly gBrowser: {
    readonly selectedBrowser: BrowserElement;
    readonly selectedTab: object;
    readonly tabs: readonly { readonly linkedBrowser: BrowserElement }[];
    addTrustedTab(url: string, how?: object): { readonly linkedBrowser: BrowserElement };
    removeTab(tab: object): void;
  };
}
interface Extension {
  readonly backgroundState: string;
  readonly views: Iterable<{ readonly viewType: string; readonly xulBrowser: BrowserElement }>;
  terminateBackground(options?: object): Promise<void>;
  wakeupBackground(): Promise<void>;
  readonly privateBrowsingAllowed: boolean;
}
/** What Marionette's window actor can do in any page of the browser. */
interface PopupActor {
  findElement(strategy: string, selector: string, how: object): Promise<object>;
  clickElement(element: object, capabilities: { toJSON(): object }): Promise<void>;
  getActiveElement(): Promise<object>;
  sendKeysToElement(element: object, text: string, capabilities: { toJSON(): object }): Promise<void>;
  takeScreenshot(element: null, format: unknown, full: boolean, scroll: boolean): Promise<string>;
}
interface PopupPanel {
  hidePopup(): void;
}
declare const Services: {
  readonly wm: {
    getEnumerator(type: string): Iterable<BrowserWindow>;
    getMostRecentWindow(type: string): BrowserWindow;
  };
};
declare const Cc: {
  readonly '@mozilla.org/security/x509certdb;1': {
    getService(of: unknown): { addCertFromBase64(der: string, trust: string): unknown };
  };
  readonly '@mozilla.org/memory-reporter-manager;1': {
    getService(of: unknown): { sizeOfTab(window: unknown, ...sizes: { value: number }[]): void };
  };
};
declare const Ci: { readonly nsIX509CertDB: unknown; readonly nsIMemoryReporterManager: unknown };
/** What a script in a tab's own process has. */
declare const Components: { readonly utils: { forceGC(): void; forceCC(): void } };
declare const content: unknown;
declare const sendAsyncMessage: (name: string, data: unknown) => void;
declare const ChromeUtils: { importESModule(url: string): Record<string, never> };
declare const WebExtensionPolicy: {
  getByID(id: string): { readonly extension: Extension; readonly active: boolean } | null;
};

function preferences(options: LaunchOptions, port: number): Readonly<Record<string, string | number | boolean>> {
  const nowhere = 'http://127.0.0.1:9/';
  return {
    'marionette.port': port,
    'extensions.webextensions.uuids': JSON.stringify({ [firefoxAddonId]: uuid }),
    'xpinstall.signatures.required': false,
    'extensions.autoDisableScopes': 0,
    // Of the profile and of the browser alone: what is installed for the whole machine would take part in every test.
    'extensions.enabledScopes': 5,
    'extensions.webextensions.remote': true,
    // The doorhanger ignores clicks for its first half second otherwise.
    'security.notification_enable_delay': 0,
    'dom.disable_open_during_load': false,
    'dom.security.https_first': false,
    'dom.security.https_only_mode': false,
    'browser.fixup.fallback-to-https': false,
    'browser.aboutwelcome.enabled': false,
    'browser.shell.checkDefaultBrowser': false,
    'browser.startup.page': 0,
    'browser.startup.homepage_override.mstone': 'ignore',
    'browser.startup.upgradeDialog.enabled': false,
    'browser.newtabpage.enabled': false,
    'browser.sessionstore.resume_from_crash': false,
    'browser.tabs.warnOnClose': false,
    'browser.warnOnQuit': false,
    'browser.translations.enable': false,
    'browser.ml.enable': false,
    'browser.uitour.enabled': false,
    'browser.preonboarding.enabled': false,
    'termsofuse.bypassNotification': true,
    'toolkit.cosmeticAnimations.enabled': false,
    'intl.locale.requested': 'en-US',
    // Nothing of Firefox's own goes to the network: reports, studies, updates, portals, lists, settings.
    'app.normandy.enabled': false,
    'app.shield.optoutstudies.enabled': false,
    'app.update.disabledForTesting': true,
    'browser.contentblocking.report.lockwise.enabled': false,
    'browser.discovery.enabled': false,
    'browser.region.network.url': '',
    'browser.region.update.enabled': false,
    'browser.safebrowsing.blockedURIs.enabled': false,
    'browser.safebrowsing.downloads.enabled': false,
    'browser.safebrowsing.malware.enabled': false,
    'browser.safebrowsing.phishing.enabled': false,
    'browser.safebrowsing.provider.google4.updateURL': '',
    'browser.safebrowsing.provider.mozilla.updateURL': '',
    'browser.search.update': false,
    'browser.topsites.contile.enabled': false,
    'datareporting.healthreport.uploadEnabled': false,
    'datareporting.policy.dataSubmissionEnabled': false,
    'datareporting.usage.uploadEnabled': false,
    'dom.push.connection.enabled': false,
    'extensions.blocklist.enabled': false,
    'extensions.getAddons.cache.enabled': false,
    'extensions.systemAddon.update.enabled': false,
    'extensions.update.enabled': false,
    'geo.enabled': false,
    'media.gmp-manager.updateEnabled': false,
    'media.gmp-manager.url': '',
    'network.captive-portal-service.enabled': false,
    'network.connectivity-service.enabled': false,
    'network.dns.disablePrefetch': true,
    'network.http.http3.enable': false,
    'network.http.speculative-parallel-limit': 0,
    'network.prefetch-next': false,
    'network.trr.mode': 5,
    'privacy.trackingprotection.lists.update': false,
    // This very address is what Firefox knows as 'no server'; see the environment of its start, too.
    'services.settings.server': 'data:,#remote-settings-dummy/v1',
    'toolkit.telemetry.enabled': false,
    'toolkit.telemetry.server': nowhere,
    'toolkit.telemetry.unified': false,
    'browser.sessionhistory.max_total_viewers': options.bfcache === true ? 8 : 0,
    // Marionette leaves an unload listener in every page it clicks in, which would keep all of them out.
    'docshell.shistory.bfcache.allow_unload_listeners': options.bfcache === true,
    ...(options.resolve === false || options.proxy !== undefined ? {} : { 'network.dns.forceResolve': '127.0.0.1' }),
    ...(options.proxy === undefined
      ? { 'network.proxy.type': 0 }
      : {
          'network.proxy.type': 1,
          'network.proxy.http': options.proxy.host,
          'network.proxy.http_port': options.proxy.port,
          'network.proxy.ssl': options.proxy.host,
          'network.proxy.ssl_port': options.proxy.port,
          'network.proxy.no_proxies_on': '',
          'network.proxy.allow_hijacking_localhost': true,
        }),
    ...(options.colorScheme === undefined
      ? {}
      : {
          'ui.systemUsesDarkTheme': options.colorScheme === 'dark' ? 1 : 0,
          'layout.css.prefers-color-scheme.content-override': options.colorScheme === 'dark' ? 0 : 1,
        }),
    ...(options.clearHistoryMode === true ? { 'browser.privatebrowsing.autostart': true } : {}),
    ...options.prefs,
  };
}

/** Writes `user.js`, which Firefox reads at every start. */
function writePreferences(dir: string, values: Readonly<Record<string, string | number | boolean>>): void {
  const lines = Object.entries(values).map(
    ([key, value]) => `user_pref(${JSON.stringify(key)}, ${JSON.stringify(value)});\n`,
  );
  writeFileSync(join(dir, 'user.js'), lines.join(''));
}

/** What `send` and `value` may be used for while no other command comes between. */
type Turn<T> = (marionette: Marionette) => Promise<T>;

const notYet = new Set([
  'no such element',
  'stale element reference',
  'element not interactable',
  'element click intercepted',
  'move target out of bounds',
]);

class FirefoxPage extends ScriptedPage {
  constructor(
    readonly handle: string,
    readonly browser: Firefox,
  ) {
    super();
  }

  /** Runs `turn` with this tab as Marionette's current one. */
  private here<T>(turn: Turn<T>, focus = false): Promise<T> {
    return this.browser.turn(async (marionette) => {
      await marionette.send('WebDriver:SwitchToWindow', { handle: this.handle, focus });
      return turn(marionette);
    });
  }

  async url(): Promise<string> {
    return String(await this.here((marionette) => marionette.send('WebDriver:GetCurrentURL')));
  }

  async goto(url: string): Promise<void> {
    await this.here((marionette) => marionette.send('WebDriver:Navigate', { url: this.browser.address(url) }));
  }

  async reload(): Promise<void> {
    await this.here((marionette) => marionette.send('WebDriver:Refresh'));
  }

  async back(): Promise<void> {
    await this.here((marionette) => marionette.send('WebDriver:Back'));
  }

  async forward(): Promise<void> {
    await this.here((marionette) => marionette.send('WebDriver:Forward'));
  }

  async click(selector: string): Promise<void> {
    let last: MarionetteError | null = null;
    await until(
      () =>
        this.here(async (marionette) => {
          try {
            const found = await marionette.send('WebDriver:FindElement', { using: 'css selector', value: selector });
            const [id] = Object.values(found as Record<string, string>);
            // Marionette clicks disabled elements without complaint, and nothing would come of it.
            if ((await marionette.send('WebDriver:IsElementEnabled', { id })) !== true) return false;
            await marionette.send('WebDriver:ElementClick', { id });
            return true;
          } catch (error) {
            if (!(error instanceof MarionetteError)) throw error;
            // A click may close its own page before it is answered for.
            if (error.code === 'no such window' && last === null && (await this.closed(marionette))) return true;
            if (!notYet.has(error.code)) throw error;
            last = error;
            return false;
          }
        }, true),
      `${selector} clicked`,
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}; ${String(last)}`, { cause: error });
    });
  }

  private async closed(marionette: Marionette): Promise<boolean> {
    const handles = (await marionette.send('WebDriver:GetWindowHandles')) as readonly string[];
    return !handles.includes(this.handle);
  }

  async key(name: string): Promise<void> {
    const { held, key } = parseKey(name);
    const values = [...held.map((modifier) => modifiers[modifier].webDriver), key.webDriver];
    await this.press([
      ...values.map((value) => ({ type: 'keyDown', value })),
      ...values.toReversed().map((value) => ({ type: 'keyUp', value })),
    ]);
  }

  async type(text: string): Promise<void> {
    const values = [...text].map((letter) => (letter === '\n' ? parseKey('Enter').key.webDriver : letter));
    await this.press(
      values.flatMap((value) => [
        { type: 'keyDown', value },
        { type: 'keyUp', value },
      ]),
    );
  }

  private async press(actions: readonly object[]): Promise<void> {
    await this.here(async (marionette) => {
      try {
        await marionette.send('WebDriver:PerformActions', { actions: [{ type: 'key', id: 'keyboard', actions }] });
      } catch (error) {
        // A key may close its own page, too.
        if (!(await this.closed(marionette))) throw error;
      }
    }, true);
  }

  protected value(expression: string): Promise<unknown> {
    return this.here((marionette) => marionette.value(expression, false));
  }

  async evaluate<A extends readonly unknown[], T>(fn: (...args: A) => T, ...args: A): Promise<Awaited<T>> {
    return (await this.value(asExpression(fn as (...args: never[]) => unknown, args))) as Awaited<T>;
  }

  override async axe(options: AxeOptions = {}): Promise<readonly Violation[]> {
    // Source and run share one sandbox; a later one would not have `axe` any more.
    const all = `(() => { ${axeSource()};\n const axe = globalThis.axe ?? window.axe; return ${axeExpression(options)}; })()`;
    return (await this.value(all)) as readonly Violation[];
  }

  async screenshot(file: string, options: { readonly fullPage?: boolean | undefined } = {}): Promise<void> {
    const full = options.fullPage === true;
    const data = await this.here((marionette) => marionette.send('WebDriver:TakeScreenshot', { full }), true);
    writeFileSync(file, Buffer.from(String(data), 'base64'));
  }

  async resize(width: number, height: number): Promise<void> {
    // A Firefox window can't be narrower than its toolbar, but the page's own frame in it can. Set anew at each look:
    // a tab that changes its process may come with another frame.
    const set = (): Promise<void> =>
      this.browser.withTab(
        this.handle,
        (tab: BrowserElement, width: number, height: number) => {
          for (const [side, size] of [
            ['width', width],
            ['height', height],
          ] as const) {
            for (const part of ['', 'min-', 'max-']) tab.style.setProperty(`${part}${side}`, `${size}px`, 'important');
          }
          tab.style.setProperty('flex', 'none', 'important');
          tab.getBoundingClientRect();
        },
        width,
        height,
      );
    let last: unknown;
    await untilCalm(async () => {
      await set();
      last = await this.evaluate(() => [innerWidth, innerHeight]);
      return String(last) === String([width, height]);
    }, 'viewport resized').catch((error: unknown) => {
      throw new Error(`${String(error)}; it is ${String(last)}`);
    });
  }

  async zoom(factor: number): Promise<void> {
    await this.browser.withTab(
      this.handle,
      (tab: BrowserElement, factor: number) => {
        tab.fullZoom = factor;
      },
      factor,
    );
  }

  async close(): Promise<void> {
    await this.browser.closeTab(this.handle);
  }

  async bringToFront(): Promise<void> {
    await this.here(async () => undefined, true);
  }
}

/** The toolbar popup: not a tab, so Marionette has no handle for it and its actor is spoken to directly. */
class FirefoxActionPopup extends ScriptedPage {
  constructor(readonly browser: Firefox) {
    super();
  }

  private unable(what: string): never {
    throw new Error(`a Firefox action popup can't ${what}`);
  }

  async url(): Promise<string> {
    return this.evaluate(() => location.href);
  }

  async goto(): Promise<void> {
    this.unable('be navigated from outside');
  }

  async reload(): Promise<void> {
    this.unable('be reloaded');
  }

  async back(): Promise<void> {
    this.unable('go back');
  }

  async forward(): Promise<void> {
    this.unable('go forward');
  }

  async click(selector: string): Promise<void> {
    await this.waitFor(selector);
    await this.browser.clickInActionPopup(selector);
  }

  async key(name: string): Promise<void> {
    const { held, key } = parseKey(name);
    await this.browser.typeInActionPopup([...held.map((one) => modifiers[one].webDriver), key.webDriver].join(''));
  }

  async type(text: string): Promise<void> {
    await this.browser.typeInActionPopup(text);
  }

  protected value(expression: string): Promise<unknown> {
    return this.browser.valueInActionPopup(expression);
  }

  async evaluate<A extends readonly unknown[], T>(fn: (...args: A) => T, ...args: A): Promise<Awaited<T>> {
    return (await this.value(asExpression(fn as (...args: never[]) => unknown, args))) as Awaited<T>;
  }

  override async axe(options: AxeOptions = {}): Promise<readonly Violation[]> {
    const all = `(() => { ${axeSource()};\n const axe = globalThis.axe ?? window.axe; return ${axeExpression(options)}; })()`;
    return (await this.value(all)) as readonly Violation[];
  }

  async screenshot(file: string): Promise<void> {
    const data = await this.browser.pictureOfActionPopup();
    writeFileSync(file, Buffer.from(data, 'base64'));
  }

  async resize(): Promise<void> {
    this.unable('be resized: it fits its content');
  }

  async zoom(): Promise<void> {
    this.unable('be zoomed');
  }

  async close(): Promise<void> {
    await this.browser.closeActionPopup();
  }

  async bringToFront(): Promise<void> {
    // It is in front or gone.
  }
}

class Firefox implements Driven {
  readonly name = 'firefox';
  readonly base = `moz-extension://${uuid}`;
  readonly #pages = new Map<string, FirefoxPage>();
  #last: Promise<unknown> = Promise.resolve();
  readonly #gone: Promise<void>;

  constructor(
    readonly options: LaunchOptions,
    private readonly home: Profile,
    private readonly screen: Display | null,
    private readonly child: ChildProcess,
    private readonly marionette: Marionette,
    private readonly stopScreen: () => Promise<void>,
  ) {
    this.#gone = new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) resolve();
      child.once('exit', () => resolve());
    });
  }

  get profile(): string {
    return this.home.dir;
  }

  get display(): string | null {
    return this.screen?.name ?? null;
  }

  /** One after the other: Marionette has one current tab and one current context. */
  turn<T>(act: Turn<T>): Promise<T> {
    const mine = this.#last.then(() => act(this.marionette));
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  /** Runs `fn` with the browser's own rights, `Services` and all. */
  async chrome<A extends readonly unknown[], T>(fn: (...args: A) => T, ...args: A): Promise<Awaited<T>> {
    const expression = asExpression(fn as (...args: never[]) => unknown, args);
    return (await this.turn((marionette) => this.valueInChrome(marionette, expression))) as Awaited<T>;
  }

  private async valueInChrome(marionette: Marionette, expression: string): Promise<unknown> {
    await marionette.send('Marionette:SetContext', { value: 'chrome' });
    try {
      return await marionette.value(expression, true);
    } finally {
      await marionette.send('Marionette:SetContext', { value: 'content' });
    }
  }

  async start(): Promise<void> {
    await this.turn((marionette) =>
      marionette.send('WebDriver:NewSession', {
        capabilities: { alwaysMatch: { unhandledPromptBehavior: 'accept', pageLoadStrategy: 'normal' } },
      }),
    );
    await this.turn((marionette) => marionette.send('WebDriver:SetTimeouts', { script: 120_000, pageLoad: 120_000 }));
    const { width, height } = this.options.windowSize ?? { width: 1200, height: 850 };
    // WebDriver:SetWindowRect waits 5 s for a window manager that isn't there.
    const sized = (width: number, height: number): boolean => {
      const window = Services.wm.getMostRecentWindow('navigator:browser');
      window.moveTo(0, 0);
      window.resizeTo(width, height);
      return window.outerWidth === width && window.outerHeight === height;
    };
    await until(() => this.chrome(sized, width, height), `window of ${width} × ${height}`);
    if (this.options.trust !== undefined) await this.trust(this.options.trust.caPem);
    await this.install();
  }

  /** Takes an authority's certificate into the profile, for servers. */
  private async trust(caPem: string): Promise<void> {
    const base64 = caPem.replace(/-----[A-Z ]+-----|\s/g, '');
    await this.chrome((der: string) => {
      Cc['@mozilla.org/security/x509certdb;1'].getService(Ci.nsIX509CertDB).addCertFromBase64(der, 'C,,');
    }, base64);
  }

  private async install(): Promise<void> {
    const { persistent, extensionDir, clearHistoryMode } = this.options;
    const allowPrivateBrowsing = clearHistoryMode === true;
    const add = (path: string, temporary: boolean): Promise<unknown> =>
      this.turn((marionette) => marionette.send('Addon:Install', { path, temporary, allowPrivateBrowsing }));
    if (persistent !== true) {
      await add(absolute(extensionDir), true);
    } else if (this.home.installed() !== versionOf(extensionDir)) {
      // The first time, or an update in place.
      const xpi = join(this.home.dir, 'cloudopt-under-test.xpi');
      writeFileSync(xpi, zipFolder(absolute(extensionDir)));
      const beforeMs = Date.now();
      if (this.options.installByPerson === true) await this.installAsPerson(xpi);
      else await add(xpi, false);
      rmSync(xpi);
      // Firefox writes its lists of add-ons a second or two later; killed before that, it starts without the extension.
      const listed = (file: string): boolean => {
        const list = join(this.home.dir, file);
        return existsSync(list) && statSync(list).mtimeMs >= beforeMs && readFileSync(list).includes(firefoxAddonId);
      };
      await until(() => listed('extensions.json') && listed('addonStartup.json.lz4'), 'add-on listed on disk');
      this.home.noteInstalled(versionOf(extensionDir));
    }
    await this.active(true);
  }

  /** Opens Firefox's own question about a new add-on, and agrees to it with what it ticked by itself. */
  private async installAsPerson(xpi: string): Promise<void> {
    const begin = async (path: string): Promise<void> => {
      interface Install {
        readonly state: number;
      }
      interface Manager {
        getInstallForFile(file: unknown): Promise<Install>;
        installAddonFromAOM(tab: unknown, uri: unknown, install: Install): void;
      }
      const { AddonManager } = ChromeUtils.importESModule('resource://gre/modules/AddonManager.sys.mjs') as unknown as {
        AddonManager: Manager;
      };
      const { FileUtils } = ChromeUtils.importESModule('resource://gre/modules/FileUtils.sys.mjs') as unknown as {
        FileUtils: { File: new (path: string) => unknown };
      };
      const window = Services.wm.getMostRecentWindow('navigator:browser');
      const install = await AddonManager.getInstallForFile(new FileUtils.File(path));
      const { documentURIObject } = window.document as unknown as { documentURIObject: unknown };
      AddonManager.installAddonFromAOM(window.gBrowser.selectedBrowser, documentURIObject, install);
    };
    await this.chrome(begin, xpi);
    // A click that comes while the question is still opening does nothing: it is answered until it is gone.
    const installed = (id: string): boolean => WebExtensionPolicy.getByID(id) !== null;
    await until(async () => {
      await this.promptIn(null, 'allow');
      return this.chrome(installed, firefoxAddonId);
    }, "Firefox's question about the new add-on");
  }

  async update(): Promise<void> {
    await this.install();
  }

  private async active(on: boolean): Promise<void> {
    await until(
      () =>
        this.chrome(
          (id: string, on: boolean) => {
            const policy = WebExtensionPolicy.getByID(id);
            return (policy?.active === true && policy.extension.backgroundState !== undefined) === on;
          },
          firefoxAddonId,
          on,
        ),
      on ? 'extension running' : 'extension off',
    );
  }

  address(url: string): string {
    return /^[a-z][a-z0-9+.-]*:/i.test(url) ? url : `${this.base}/${url.replace(/^\//, '')}`;
  }

  private async handles(): Promise<readonly string[]> {
    return (await this.turn((marionette) => marionette.send('WebDriver:GetWindowHandles'))) as readonly string[];
  }

  private page(handle: string): FirefoxPage {
    const page = this.#pages.get(handle) ?? new FirefoxPage(handle, this);
    this.#pages.set(handle, page);
    return page;
  }

  async open(url: string): Promise<Page> {
    const handle = await this.turn(async (marionette) => {
      // A tab opens in the window of the current one, which may have been closed: take any that is there.
      const handles = (await marionette.send('WebDriver:GetWindowHandles')) as readonly string[];
      await marionette.send('WebDriver:SwitchToWindow', { handle: handles[0], focus: false });
      const made = (await marionette.send('WebDriver:NewWindow', { type: 'tab', focus: true })) as { handle: string };
      return made.handle;
    });
    const page = this.page(handle);
    await page.bringToFront();
    await page.goto(url);
    return page;
  }

  async pages(): Promise<readonly Page[]> {
    return (await this.handles()).map((handle) => this.page(handle));
  }

  async waitForPage(urlPart: string, timeoutMs: number = waitMs): Promise<Page> {
    return untilCalm(
      async () => {
        for (const handle of await this.handles()) {
          const page = this.page(handle);
          try {
            if (!(await page.url()).includes(urlPart)) continue;
            if ((await page.evaluate(() => document.readyState)) === 'complete') return page;
          } catch (error) {
            // Closed or replaced while looked at; the others still count.
            if (!(error instanceof MarionetteError)) throw error;
          }
        }
        return null;
      },
      `page with ${urlPart}`,
      timeoutMs,
    );
  }

  /** Runs `fn` in the browser's own context with the `<browser>` element of a tab as its first argument. */
  async withTab<A extends readonly unknown[], T>(
    handle: string,
    fn: (tab: BrowserElement, ...args: A) => T,
    ...args: A
  ): Promise<Awaited<T>> {
    const find = `(() => {
      const { NavigableManager } = ChromeUtils.importESModule('chrome://remote/content/shared/NavigableManager.sys.mjs');
      for (const window of Services.wm.getEnumerator('navigator:browser'))
        for (const { linkedBrowser } of window.gBrowser.tabs)
          if (NavigableManager.getIdForBrowser(linkedBrowser) === ${JSON.stringify(handle)}) return linkedBrowser;
      throw new Error('no such tab');
    })()`;
    const values = args.map((value) => JSON.stringify(value));
    const expression = `((__name) => (${fn.toString()})(${[find, ...values].join(', ')}))((fn) => fn)`;
    return (await this.turn((marionette) => this.valueInChrome(marionette, expression))) as Awaited<T>;
  }

  async closeTab(handle: string): Promise<void> {
    await this.turn(async (marionette) => {
      await marionette.send('WebDriver:SwitchToWindow', { handle, focus: false });
      const left = (await marionette.send('WebDriver:CloseWindow')) as readonly string[];
      // Without a current tab the next command fails.
      if (left[0] !== undefined) await marionette.send('WebDriver:SwitchToWindow', { handle: left[0], focus: false });
    });
    this.#pages.delete(handle);
  }

  private own(page: Page): FirefoxPage {
    if (!(page instanceof FirefoxPage)) throw new Error('not a tab of this Firefox');
    return page;
  }

  async nativePrompt(page: Page): Promise<boolean> {
    if (page instanceof FirefoxActionPopup) return this.promptIn(null, null);
    return this.promptIn(this.own(page).handle, null);
  }

  /** Is there a doorhanger over the tab (over any where null)? With an answer, gives it; true when there was one. */
  private async promptIn(handle: string | null, answer: 'allow' | 'refuse' | null): Promise<boolean> {
    const look = (window: BrowserWindow, answer: string | null): boolean => {
      const panel = window.PopupNotifications?.panel;
      const shown = panel?.firstElementChild;
      if (panel?.state !== 'open' || shown?.id !== 'addon-webext-permissions-notification') return false;
      if (answer !== null) (answer === 'allow' ? shown.button : shown.secondaryButton).click();
      return true;
    };
    if (handle !== null) {
      const inTab = `(tab, answer) => (${look.toString()})(tab.ownerDocument.defaultView, answer)`;
      return this.withTab(handle, asFunction<(tab: BrowserElement, answer: string | null) => boolean>(inTab), answer);
    }
    const inAny = `(answer) => [...Services.wm.getEnumerator('navigator:browser')].some((w) => (${look.toString()})(w, answer))`;
    return this.chrome(asFunction<(answer: string | null) => boolean>(inAny), answer);
  }

  async answerNative(page: Page, answer: 'allow' | 'refuse', settled: () => Promise<boolean>): Promise<void> {
    const handle = page instanceof FirefoxActionPopup ? null : this.own(page).handle;
    await until(() => this.promptIn(handle, null), 'native permission prompt');
    await this.promptIn(handle, answer);
    await untilCalm(settled, `native prompt answered (${answer})`);
  }

  async stopBackground(): Promise<void> {
    // A page's message may wake it between the stop and the look.
    await until(async () => {
      if (!(await this.backgroundRunning())) return true;
      await this.killBackground();
      return !(await this.backgroundRunning());
    }, 'event page stopped');
  }

  async killBackground(): Promise<void> {
    await this.chrome(async (id: string) => {
      await WebExtensionPolicy.getByID(id)?.extension.terminateBackground({ ignoreDevToolsAttached: true });
    }, firefoxAddonId);
  }

  async backgroundRunning(): Promise<boolean> {
    const state = await this.chrome(
      (id: string) => WebExtensionPolicy.getByID(id)?.extension.backgroundState ?? 'stopped',
      firefoxAddonId,
    );
    return state !== 'stopped';
  }

  async background<A extends readonly unknown[], T>(fn: (...args: A) => T, ...args: A): Promise<Awaited<T>> {
    const expression = asExpression(fn as (...args: never[]) => unknown, args);
    const find = asFunction<(id: string) => Promise<BrowsingContext>>(
      `async (id) => (await (${backgroundView.toString()})(id)).browsingContext`,
    );
    return (await this.inView(find, expression, firefoxAddonId)) as Awaited<T>;
  }

  async heapBytes(page?: Page): Promise<number> {
    const look = (tab: BrowserElement): Promise<number> => {
      const code = (): void => {
        for (let round = 0; round < 3; round += 1) {
          Components.utils.forceGC();
          Components.utils.forceCC();
        }
        const reporters = Cc['@mozilla.org/memory-reporter-manager;1'].getService(Ci.nsIMemoryReporterManager);
        // Objects, strings, what else is JavaScript's (compiled code), the document; style, others, the sum, and two times.
        const sizes = Array.from({ length: 9 }, () => ({ value: 0 }));
        reporters.sizeOfTab(content, ...sizes);
        // Code is compiled as it gets warm, which is no leak.
        const kept = sizes.filter((_, at) => at === 0 || at === 1 || at === 3);
        sendAsyncMessage(
          'cloudopt:heap',
          kept.reduce((sum, { value }) => sum + value, 0),
        );
      };
      return new Promise((resolve) => {
        const { messageManager } = tab;
        messageManager.addMessageListener('cloudopt:heap', function heard({ data }) {
          messageManager.removeMessageListener('cloudopt:heap', heard);
          resolve(data);
        });
        messageManager.loadFrameScript(`data:,(${encodeURIComponent(code.toString())})();`, false);
      });
    };
    if (page !== undefined) {
      const inTab = asFunction<(tab: BrowserElement) => Promise<number>>(`(tab) => (${look.toString()})(tab)`);
      return this.withTab(this.own(page).handle, inTab);
    }
    const inBackground = asFunction<(id: string) => Promise<number>>(
      `async (id) => (${look.toString()})(await (${backgroundView.toString()})(id))`,
    );
    return this.chrome(inBackground, firefoxAddonId);
  }

  /** Value of an expression in a view that is no tab; `find` runs in the browser's context and says which. */
  private async inView<A extends readonly unknown[]>(
    find: (...args: A) => BrowsingContext | Promise<BrowsingContext>,
    expression: string,
    ...args: A
  ): Promise<unknown> {
    const script = `return (async () => JSON.stringify({ value: await (${expression}\n) }))()
      .catch((error) => JSON.stringify({ error: String(error) }));`;
    const where = asExpression(find as (...args: never[]) => unknown, args);
    const run = asFunction<(script: string) => Promise<string>>(`async (script) => {
      const context = await ${where};
      const actor = context.currentWindowGlobal.getActor('MarionetteCommands');
      return actor.executeScript(script, [], {
        timeout: 120000, sandboxName: null, newSandbox: true, file: 'driver', line: 0, async: false });
    }`);
    const answer = JSON.parse(await this.chrome(run, script)) as { value?: unknown; error?: string };
    if (answer.error !== undefined) throw new Error(`in the view: ${answer.error}`);
    return answer.value;
  }

  /** Switches toggles of about:addons, where a person would, and waits until they stand. */
  private async toggle(what: Held, on: boolean): Promise<void> {
    const keys = [...(what.permissions ?? []), ...(what.origins ?? []), ...(what.dataCollection ?? [])];
    await this.inAddonPage(
      async (page: Window, keys: readonly string[], on: boolean) => {
        const { ExtensionParent } = ChromeUtils.importESModule(
          'resource://gre/modules/ExtensionParent.sys.mjs',
        ) as unknown as { ExtensionParent: { apiManager: { once(event: string, heard: () => void): void } } };
        for (const key of keys) {
          let changed = false;
          ExtensionParent.apiManager.once('change-permissions', () => {
            changed = true;
          });
          const find = (): (HTMLElement & { pressed: boolean }) | undefined =>
            [...page.document.querySelectorAll<HTMLElement & { pressed: boolean }>('moz-toggle[permission-key]')].find(
              (one) => one.getAttribute('permission-key') === key,
            );
          let clicked = false;
          for (let left = 300; ; left -= 1) {
            const toggle = find();
            if (toggle !== undefined && toggle.pressed === on) break;
            if (toggle !== undefined && !clicked) {
              toggle.click();
              clicked = true;
            }
            // What is given here may be handed back at once: that it was given is what counts.
            if (clicked && on && changed) break;
            if (left === 0) throw new Error(`about:addons: ${toggle === undefined ? 'no' : 'stuck'} toggle for ${key}`);
            await new Promise((resolve) => page.setTimeout(resolve, 50));
          }
        }
      },
      keys,
      on,
    );
    if (!on) await this.until(what);
  }

  /** Waits until the extension's stored permissions no longer name any of these. */
  private async until(what: Held): Promise<void> {
    const gone = (id: string, what: Held): Promise<boolean> => {
      interface Stored {
        readonly permissions: readonly string[];
        readonly origins: readonly string[];
        readonly data_collection?: readonly string[];
      }
      const { ExtensionPermissions } = ChromeUtils.importESModule(
        'resource://gre/modules/ExtensionPermissions.sys.mjs',
      ) as unknown as { ExtensionPermissions: { get(id: string): Promise<Stored> } };
      const none = (asked: readonly string[] | undefined, held: readonly string[] | undefined): boolean =>
        (asked ?? []).every((one) => !(held ?? []).includes(one));
      return ExtensionPermissions.get(id).then(
        (stored) =>
          none(what.permissions, stored.permissions) &&
          none(what.origins, stored.origins) &&
          none(what.dataCollection, stored.data_collection),
      );
    };
    await until(() => this.chrome(gone, firefoxAddonId, what), 'permissions taken in about:addons');
  }

  /** Opens the extension's page of about:addons in a tab of its own, runs `fn` on it, closes it, and goes back. */
  private async inAddonPage<A extends readonly unknown[], T>(
    fn: (page: Window, ...args: A) => Promise<T>,
    ...args: A
  ): Promise<T> {
    const act = asFunction<(id: string) => Promise<T>>(`async (id) => {
      const window = Services.wm.getMostRecentWindow('navigator:browser');
      const before = window.gBrowser.selectedTab;
      const tab = window.gBrowser.addTrustedTab('about:addons');
      window.gBrowser.selectedTab = tab;
      try {
        const wait = async (what, probe) => {
          for (let left = 400; left > 0; left--) {
            const value = probe();
            if (value) return value;
            await new Promise((resolve) => window.setTimeout(resolve, 50));
          }
          throw new Error('about:addons: ' + what);
        };
        const page = await wait('not loaded', () => {
          const { contentWindow } = tab.linkedBrowser;
          return contentWindow?.location.href.startsWith('about:addons') &&
            contentWindow.document.readyState === 'complete' && contentWindow.gViewController?.currentViewId && contentWindow;
        });
        await page.gViewController.loadView('detail/' + id + '/permissions');
        await wait('no card', () => page.document.querySelector('addon-card[addon-id="' + id + '"] addon-details'));
        return await (${fn.toString()})(page, ...${JSON.stringify(args)});
      } finally {
        window.gBrowser.selectedTab = before;
        window.gBrowser.removeTab(tab);
      }
    }`);
    return (await this.chrome(act, firefoxAddonId)) as T;
  }

  async revokeInBrowser(what: Held): Promise<void> {
    await this.toggle(what, false);
  }

  async grantInBrowser(what: Held): Promise<void> {
    await this.toggle(what, true);
  }

  async flip(origins: readonly string[], on: boolean): Promise<void> {
    const change = async (id: string, origins: readonly string[], on: boolean): Promise<void> => {
      type Change = (id: string, what: object, extension: Extension | undefined) => Promise<unknown>;
      const { ExtensionPermissions } = ChromeUtils.importESModule(
        'resource://gre/modules/ExtensionPermissions.sys.mjs',
      ) as unknown as { ExtensionPermissions: { add: Change; remove: Change } };
      const extension = WebExtensionPolicy.getByID(id)?.extension;
      const what = { permissions: [], origins, data_collection: [] };
      await (on ? ExtensionPermissions.add(id, what, extension) : ExtensionPermissions.remove(id, what, extension));
    };
    await this.chrome(change, firefoxAddonId, origins, on);
  }

  async setExtensionEnabled(on: boolean): Promise<void> {
    // The same two calls that the switch in about:addons makes.
    await this.chrome(
      async (id: string, on: boolean) => {
        interface Addon {
          enable(): Promise<void>;
          disable(): Promise<void>;
        }
        const { AddonManager } = ChromeUtils.importESModule(
          'resource://gre/modules/AddonManager.sys.mjs',
        ) as unknown as {
          AddonManager: { getAddonByID(id: string): Promise<Addon> };
        };
        const addon = await AddonManager.getAddonByID(id);
        await (on ? addon.enable() : addon.disable());
      },
      firefoxAddonId,
      on,
    );
    await this.active(on);
    await this.currentTab();
  }

  /** A disabled extension takes its tabs along; Marionette then needs another current one. */
  private async currentTab(): Promise<void> {
    await this.turn(async (marionette) => {
      const [first] = (await marionette.send('WebDriver:GetWindowHandles')) as readonly string[];
      if (first !== undefined) await marionette.send('WebDriver:SwitchToWindow', { handle: first, focus: false });
    });
  }

  async disableEnableExtension(): Promise<void> {
    await this.setExtensionEnabled(false);
    await this.setExtensionEnabled(true);
  }

  async openActionPopup(): Promise<Page> {
    await this.chrome((id: string) => {
      const { ExtensionParent } = ChromeUtils.importESModule(
        'resource://gre/modules/ExtensionParent.sys.mjs',
      ) as unknown as {
        ExtensionParent: {
          apiManager: { global: { browserActionFor(e: Extension): { triggerAction(w: Window): void } } };
        };
      };
      const extension = WebExtensionPolicy.getByID(id)?.extension;
      if (extension === undefined) throw new Error('the extension is off');
      // What a click on the toolbar button comes to.
      const window = Services.wm.getMostRecentWindow('navigator:browser');
      ExtensionParent.apiManager.global.browserActionFor(extension).triggerAction(window);
    }, firefoxAddonId);
    const popup = new FirefoxActionPopup(this);
    await popup.until(
      (base: string) => location.href.startsWith(base) && document.readyState === 'complete',
      'action popup',
      waitMs,
      this.base,
    );
    return popup;
  }

  valueInActionPopup(expression: string): Promise<unknown> {
    return this.inView(popupContext, expression, firefoxAddonId);
  }

  /** Runs `fn` in the browser's context with Marionette's own actor for the popup, which finds, clicks and types. */
  private withPopupActor<A extends readonly unknown[], T>(
    fn: (actor: PopupActor, ...args: A) => Promise<T>,
    ...args: A
  ): Promise<Awaited<T>> {
    const run = asFunction<(id: string) => Promise<T>>(`async (id) => {
      const context = (${popupContext.toString()})(id);
      const actor = context.currentWindowGlobal.getActor('MarionetteCommands');
      return (${fn.toString()})(actor, ...${JSON.stringify(args)});
    }`);
    return this.chrome(run, firefoxAddonId);
  }

  async clickInActionPopup(selector: string): Promise<void> {
    await this.withPopupActor(async (actor: PopupActor, css: string) => {
      const element = await actor.findElement('css selector', css, { timeout: 0, all: false });
      await actor.clickElement(element, { toJSON: () => ({ 'moz:webdriverClick': true }) });
    }, selector);
  }

  /** `text` may hold WebDriver's code points for special keys. */
  async typeInActionPopup(text: string): Promise<void> {
    await this.withPopupActor(async (actor: PopupActor, text: string) => {
      await actor.sendKeysToElement(await actor.getActiveElement(), text, { toJSON: () => ({}) });
    }, text);
  }

  /** PNG in base64. */
  pictureOfActionPopup(): Promise<string> {
    return this.withPopupActor((actor: PopupActor) => {
      const { capture } = ChromeUtils.importESModule('chrome://remote/content/shared/Capture.sys.mjs') as unknown as {
        capture: { readonly Format: { readonly Base64: unknown } };
      };
      return actor.takeScreenshot(null, capture.Format.Base64, true, true);
    });
  }

  async closeActionPopup(): Promise<void> {
    const views = (id: string, close: boolean): number => {
      const extension = WebExtensionPolicy.getByID(id)?.extension;
      const popups = [...(extension?.views ?? [])].filter((one) => one.viewType === 'popup');
      if (close) for (const popup of popups) popup.xulBrowser.closest<HTMLElement & PopupPanel>('panel')?.hidePopup();
      return popups.length;
    };
    await this.chrome(views, firefoxAddonId, true);
    await until(async () => (await this.chrome(views, firefoxAddonId, false)) === 0, 'action popup closed');
  }

  private async allowPrivate(): Promise<void> {
    const allowed = (): Promise<boolean> =>
      this.chrome((id: string) => {
        const policy = WebExtensionPolicy.getByID(id);
        return policy?.active === true && policy.extension.privateBrowsingAllowed;
      }, firefoxAddonId);
    if (await allowed()) return;
    await this.inAddonPage(async (page: Window) => {
      page.document.querySelector<HTMLInputElement>('input[name="private-browsing"][value="1"]')?.click();
    });
    // Firefox reloads the extension for it.
    await until(allowed, 'extension allowed in private windows');
    await this.active(true);
    await this.currentTab();
  }

  async inPrivateWindow(url: string): Promise<Page> {
    await this.allowPrivate();
    const made = await this.turn((marionette) =>
      marionette.send('WebDriver:NewWindow', { type: 'window', focus: true, private: true }),
    );
    const page = this.page((made as { handle: string }).handle);
    await page.bringToFront();
    await page.goto(url);
    return page;
  }

  async screenshot(file: string): Promise<void> {
    if (this.screen === null) throw new Error('headless: there is no display to take a picture of');
    await this.screen.run('import', '-silent', '-window', 'root', file);
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await killTree(this.home.dir);
    await this.#gone;
    await this.clear();
  }

  async close(): Promise<void> {
    this.marionette.send('Marionette:Quit', { flags: ['eForceQuit'] }).catch(() => undefined);
    await until(() => processTree(this.home.dir).length === 0, 'browser closed', closeMs).catch(() =>
      killTree(this.home.dir),
    );
    await this.#gone;
    await this.clear();
  }

  private async clear(): Promise<void> {
    this.marionette.close();
    await this.stopScreen();
    await this.home.dispose();
  }
}

/** The background's browser element, the background woken first. Sent into the browser as text. */
async function backgroundView(id: string): Promise<BrowserElement> {
  const extension = WebExtensionPolicy.getByID(id)?.extension;
  if (extension === undefined) throw new Error('the extension is off');
  if (extension.backgroundState !== 'running') await extension.wakeupBackground();
  const view = [...extension.views].find((one) => one.viewType === 'background');
  if (view === undefined) throw new Error('no event page');
  return view.xulBrowser;
}

function popupContext(id: string): BrowsingContext {
  const extension = WebExtensionPolicy.getByID(id)?.extension;
  const view = [...(extension?.views ?? [])].find((one) => one.viewType === 'popup');
  if (view === undefined) throw new Error('no action popup');
  return view.xulBrowser.browsingContext;
}

/** Text that is sent into the browser, with the type it has there. */
function asFunction<F extends (...args: never[]) => unknown>(text: string): F {
  const never = (): never => {
    throw new Error('runs in the browser only');
  };
  return Object.assign(never, { toString: () => text }) as unknown as F;
}

/** Version in the manifest of an unpacked build. */
function versionOf(extensionDir: string): string {
  const manifest = JSON.parse(readFileSync(join(absolute(extensionDir), 'manifest.json'), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}

/** Starts Firefox with the extension in it. Throws when there is no Firefox or it doesn't come up. */
export async function launchFirefox(options: LaunchOptions): Promise<Driven> {
  const binary = findFirefox();
  if (binary === null) throw new Error('no Firefox found: npx tsx test/tools/ensure-browsers.ts');
  const home = openProfile('firefox', options.profile);
  const owned = options.headless === true || options.display !== undefined ? null : await startXvfb();
  const screen = owned ?? (options.display === undefined ? null : existingDisplay(options.display));
  const port = await freePort();
  writePreferences(home.dir, preferences(options, port));
  const headless = options.headless === true ? ['-headless'] : [];
  const child = spawn(
    binary,
    ['-profile', home.dir, '-no-remote', '-marionette', '-remote-allow-system-access', ...headless, 'about:blank'],
    {
      env: {
        ...(screen?.env ?? process.env),
        MOZ_CRASHREPORTER_DISABLE: '1',
        MOZ_DISABLE_AUTO_SAFE_MODE: '1',
        MOZ_REMOTE_SETTINGS_DEVTOOLS: '1',
        ...options.env,
      },
      stdio: 'ignore',
    },
  );
  try {
    const marionette = await Marionette.connect(port, child);
    const browser = new Firefox(options, home, screen, child, marionette, async () => owned?.stop());
    await browser.start();
    return browser;
  } catch (error) {
    await killTree(home.dir);
    await owned?.stop();
    await home.dispose();
    throw error;
  }
}

/** Chromium over its own debugging pipe; the native permission dialog is answered with xdotool. */

import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve as absolute, join } from 'node:path';
import { spkiSha256 } from '../../servers/tls.js';
import { findChromium } from '../../tools/ensure-browsers.js';
import { Cdp, CdpSession, type Fields } from './cdp.js';
import {
  asExpression,
  type Driven,
  type Held,
  type LaunchOptions,
  NoSuchControl,
  type Page,
  pause,
  until,
  untilCalm,
  waitMs,
} from './driver.js';
import { modifiers, parseKey } from './keys.js';
import { ScriptedPage } from './page.js';
import { killTree, openProfile, type Profile, processTree } from './profile.js';
import { type Display, existingDisplay, startXvfb } from './xvfb.js';

interface TargetInfo {
  readonly targetId: string;
  readonly type: string;
  readonly url: string;
}

/** Chromium drops what is pressed on a dialog in its first 500 ms: the one wait for time in these drivers. */
const dialogDeafMs = 700;
const closeMs = 20_000;

function switches(options: LaunchOptions, profileDir: string): readonly string[] {
  const off = [
    'DestroyProfileOnBrowserClose',
    'DialMediaRouteProvider',
    'GlobalMediaControls',
    'HttpsFirstBalancedModeAutoEnable',
    'HttpsUpgrades',
    'MediaRouter',
    'NetworkTimeServiceQuerying',
    'OptimizationHints',
    'Translate',
  ];
  const root = process.getuid?.() === 0 || process.env.CI !== undefined;
  const rules = 'MAP *.test 127.0.0.1, MAP *.example 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost';
  return [
    `--user-data-dir=${profileDir}`,
    '--remote-debugging-pipe',
    '--enable-unsafe-extension-debugging',
    // Update checks and the account list still ask Google in spite of the switches below; port 9 is one that Chromium
    // never opens (measured through the recording proxy: nothing was asked for in 15 s).
    '--apps-gallery-update-url=http://127.0.0.1:9/',
    '--component-updater=url-source=http://127.0.0.1:9/',
    '--gaia-url=http://127.0.0.1:9/',
    '--disable-background-networking',
    '--disable-background-timer-throttling',
    '--disable-backgrounding-occluded-windows',
    '--disable-breakpad',
    '--disable-client-side-phishing-detection',
    '--disable-component-update',
    '--disable-default-apps',
    '--disable-dev-shm-usage',
    '--disable-domain-reliability',
    `--disable-features=${off.join(',')}`,
    '--disable-field-trial-config',
    '--disable-hang-monitor',
    '--disable-infobars',
    '--disable-quic',
    '--disable-renderer-backgrounding',
    '--disable-search-engine-choice-screen',
    '--disable-sync',
    '--force-color-profile=srgb',
    '--hide-crash-restore-bubble',
    '--lang=en-US',
    '--metrics-recording-only',
    '--no-default-browser-check',
    '--no-first-run',
    '--no-pings',
    '--no-service-autorun',
    '--noerrdialogs',
    '--password-store=basic',
    '--use-mock-keychain',
    ...(root ? ['--no-sandbox', '--test-type=webdriver'] : []),
    ...(options.bfcache === true ? [] : ['--disable-back-forward-cache']),
    ...(options.colorScheme === 'dark' ? ['--force-dark-mode'] : []),
    ...(options.headless === true ? ['--headless'] : []),
    // With a proxy no name is resolved here, and '<-loopback>' takes away the rule that loopback goes past it.
    ...(options.proxy === undefined
      ? ['--no-proxy-server']
      : [`--proxy-server=http://${options.proxy.host}:${options.proxy.port}`, '--proxy-bypass-list=<-loopback>']),
    ...(options.resolve === false || options.proxy !== undefined ? [] : [`--host-resolver-rules=${rules}`]),
    ...(options.trust === undefined ? [] : [`--ignore-certificate-errors-spki-list=${spkiSha256(options.trust.cert)}`]),
    ...(options.args ?? []),
    'about:blank',
  ];
}

class ChromiumPage extends ScriptedPage {
  constructor(
    readonly session: CdpSession,
    readonly browser: Chromium,
    /** An action popup closes when its browser window is brought to the front. */
    readonly inPopup: boolean,
  ) {
    super();
  }

  async prepare(): Promise<void> {
    // Leaving the page asks 'are you sure' under automation only in tests that forgot a field: always go.
    this.session.listen((method) => {
      if (method !== 'Page.javascriptDialogOpening') return;
      void this.session.send('Page.handleJavaScriptDialog', { accept: true }).catch(() => undefined);
    });
    await this.session.send('Page.enable');
    const { colorScheme } = this.browser.options;
    if (colorScheme === undefined) return;
    await this.session.send('Emulation.setEmulatedMedia', {
      features: [{ name: 'prefers-color-scheme', value: colorScheme }],
    });
  }

  async url(): Promise<string> {
    return (await this.frame()).url;
  }

  private async frame(): Promise<{ readonly loaderId: string; readonly url: string }> {
    const { frameTree } = (await this.session.send('Page.getFrameTree')) as {
      frameTree: { frame: { loaderId: string; url: string; urlFragment?: string } };
    };
    const { loaderId, url, urlFragment } = frameTree.frame;
    return { loaderId, url: `${url}${urlFragment ?? ''}` };
  }

  private loaded(what: string, arrived: () => Promise<boolean>): Promise<unknown> {
    return untilCalm(
      async () => (await arrived()) && (await this.value('document.readyState')) === 'complete',
      `${what} loaded`,
    );
  }

  async goto(url: string): Promise<void> {
    const to = this.browser.address(url);
    const { loaderId, errorText } = await this.session.send('Page.navigate', { url: to });
    if (typeof errorText === 'string' && errorText !== '') throw new Error(`${to}: ${errorText}`);
    // Without a loader it was a step within the document, such as to a fragment.
    if (loaderId === undefined) return;
    await this.loaded(to, async () => (await this.frame()).loaderId === loaderId);
  }

  async reload(): Promise<void> {
    const before = (await this.frame()).loaderId;
    await this.session.send('Page.reload');
    await this.loaded('reloaded page', async () => (await this.frame()).loaderId !== before);
  }

  private async step(by: 1 | -1): Promise<void> {
    interface History {
      readonly currentIndex: number;
      readonly entries: readonly { readonly id: number; readonly url: string }[];
    }
    const history = async (): Promise<History> =>
      (await this.session.send('Page.getNavigationHistory')) as unknown as History;
    const { currentIndex, entries } = await history();
    const entry = entries[currentIndex + by];
    if (entry === undefined) throw new Error(`no page to go ${by === 1 ? 'forward' : 'back'} to`);
    await this.session.send('Page.navigateToHistoryEntry', { entryId: entry.id });
    await this.loaded(entry.url, async () => {
      const now = await history();
      return now.entries[now.currentIndex]?.id === entry.id && (await this.frame()).url === entry.url;
    });
  }

  back(): Promise<void> {
    return this.step(-1);
  }

  forward(): Promise<void> {
    return this.step(1);
  }

  async click(selector: string): Promise<void> {
    await this.bringToFront();
    let before = '';
    let why = 'nothing matches';
    // Not before the element stands still, has the point in its middle to itself, and is enabled.
    const point = await untilCalm(async () => {
      const now = await this.evaluate((css: string) => {
        const element = document.querySelector<HTMLElement>(css);
        if (element === null) return { why: 'nothing matches' };
        if (element.matches(':disabled')) return { why: 'disabled' };
        element.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
        const box = element.getClientRects()[0];
        if (box === undefined || box.width === 0 || box.height === 0) return { why: 'takes up no space' };
        const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
        const hit = document.elementFromPoint(x, y);
        if (hit === null) return { why: 'outside the view' };
        const label = hit.closest('label')?.control;
        if (!element.contains(hit) && label !== element) return { why: `covered by ${hit.outerHTML.slice(0, 80)}` };
        return { x, y };
      }, selector);
      if (!('x' in now)) {
        why = now.why ?? '';
        return null;
      }
      const place = JSON.stringify(now);
      const still = place === before;
      before = place;
      why = 'moving';
      return still ? now : null;
    }, `${selector} ready for a click`).catch((error: unknown) => {
      throw new Error(`${String(error)}; ${selector}: ${why}`);
    });
    // CSS pixels, at any zoom.
    const at = { x: point.x, y: point.y };
    await this.session.send('Input.dispatchMouseEvent', { type: 'mouseMoved', ...at });
    const press = { ...at, button: 'left', clickCount: 1 };
    await this.session.send('Input.dispatchMouseEvent', { type: 'mousePressed', buttons: 1, ...press });
    await this.acted(this.session.send('Input.dispatchMouseEvent', { type: 'mouseReleased', ...press }));
  }

  /** An input that closes its own page is never answered for. */
  private async acted(input: Promise<unknown>): Promise<void> {
    try {
      await input;
    } catch (error) {
      if (!this.session.detached && (await this.browser.hasTarget(this.session.targetId))) throw error;
    }
  }

  async key(name: string): Promise<void> {
    await this.bringToFront();
    const { held, key } = parseKey(name);
    let bits = 0;
    for (const name of held) {
      const modifier = modifiers[name];
      bits |= modifier.bit;
      await this.press('rawKeyDown', modifier, bits, '');
    }
    const text = held.some((name) => name !== 'shift') ? '' : key.text;
    await this.acted(
      this.press(text === '' ? 'rawKeyDown' : 'keyDown', key, bits, text).then(() =>
        this.press('keyUp', key, bits, ''),
      ),
    );
    for (const name of held.toReversed()) {
      const modifier = modifiers[name];
      bits &= ~modifier.bit;
      await this.acted(this.press('keyUp', modifier, bits, ''));
    }
  }

  private press(
    type: string,
    key: { readonly key: string; readonly code: string; readonly keyCode: number },
    bits: number,
    text: string,
  ): Promise<unknown> {
    return this.session.send('Input.dispatchKeyEvent', {
      type,
      key: key.key,
      code: key.code,
      windowsVirtualKeyCode: key.keyCode,
      modifiers: bits,
      ...(text === '' ? {} : { text }),
    });
  }

  async type(text: string): Promise<void> {
    await this.bringToFront();
    for (const letter of text) {
      const { key } = parseKey(letter === '\n' ? 'Enter' : letter === ' ' ? 'Space' : letter);
      await this.press('keyDown', key, 0, key.text);
      await this.acted(this.press('keyUp', key, 0, ''));
    }
  }

  protected value(expression: string): Promise<unknown> {
    return this.session.value(expression);
  }

  async evaluate<A extends readonly unknown[], T>(fn: (...args: A) => T, ...args: A): Promise<Awaited<T>> {
    return (await this.session.value(asExpression(fn as (...args: never[]) => unknown, args))) as Awaited<T>;
  }

  async screenshot(file: string, options: { readonly fullPage?: boolean | undefined } = {}): Promise<void> {
    await this.bringToFront();
    let clip: Fields = {};
    if (options.fullPage === true) {
      const { cssContentSize } = (await this.session.send('Page.getLayoutMetrics')) as {
        cssContentSize: { width: number; height: number };
      };
      const { width, height } = cssContentSize;
      clip = { captureBeyondViewport: true, clip: { x: 0, y: 0, width, height, scale: 1 } };
    }
    const { data } = await this.session.send('Page.captureScreenshot', { format: 'png', ...clip });
    writeFileSync(file, Buffer.from(String(data), 'base64'));
  }

  async resize(width: number, height: number): Promise<void> {
    const size = { width, height, deviceScaleFactor: 0, mobile: false };
    await this.session.send('Emulation.setDeviceMetricsOverride', size);
    await this.until((w: number) => innerWidth === w, `viewport ${width} wide`, waitMs, width);
  }

  async zoom(factor: number): Promise<void> {
    await this.bringToFront();
    const set = async (to: number): Promise<void> => {
      const [tab] = await chrome.tabs.query({ active: true, lastFocusedWindow: true });
      await chrome.tabs.setZoom(tab?.id, to);
    };
    if ((await this.url()).startsWith(this.browser.base)) await this.evaluate(set, factor);
    else await this.browser.background(set, factor);
  }

  async close(): Promise<void> {
    await this.browser.send('Target.closeTarget', { targetId: this.session.targetId });
    await until(async () => !(await this.browser.hasTarget(this.session.targetId)), 'page closed');
  }

  async bringToFront(): Promise<void> {
    if (this.inPopup) return;
    await this.session.send('Page.bringToFront');
  }

  /** True when the native dialog (or anything else) has taken the keyboard from the page in front. */
  async deaf(): Promise<boolean> {
    if (this.session.detached) return false;
    if ((await this.value('document.visibilityState')) !== 'visible') return false;
    await this.bringToFront();
    // Focus comes back a moment after a window has come to the front; a dialog keeps it away for good.
    for (let left = 8; left > 0; left -= 1) {
      if (await this.value('document.hasFocus()')) return false;
      await pause(40);
    }
    return true;
  }
}

/** The part of `chrome` that functions sent into pages use here. */
declare const chrome: {
  readonly tabs: {
    query(what: object): Promise<readonly { readonly id?: number }[]>;
    setZoom(id: number | undefined, factor: number): Promise<void>;
  };
  readonly action: { openPopup(): Promise<void> };
  readonly windows: { create(what: object): Promise<unknown> };
  readonly management: { setEnabled(id: string, on: boolean): Promise<void> };
  readonly developerPrivate: {
    updateExtensionConfiguration(what: object): Promise<void>;
    updateExtensionCommand(what: object): Promise<void>;
    reload(id: string, options: object): Promise<unknown>;
    updateProfileConfiguration(what: object): Promise<void>;
    addHostPermission(id: string, host: string): Promise<void>;
    getExtensionInfo(id: string): Promise<{ readonly state: string }>;
  };
};

class Chromium implements Driven {
  readonly name = 'chromium';
  base = '';
  id = '';
  readonly #cdp: Cdp;
  readonly #pages = new Map<string, ChromiumPage>();
  readonly #gone: Promise<void>;

  constructor(
    readonly options: LaunchOptions,
    private readonly home: Profile,
    private readonly screen: Display | null,
    private readonly child: ChildProcess,
    private readonly stopScreen: () => Promise<void>,
    /** Id of the extension that the profile starts with by itself. */
    private readonly kept: string | null,
  ) {
    this.#cdp = new Cdp(child);
    this.#gone = new Promise((resolve) => {
      child.once('exit', () => resolve());
    });
  }

  get profile(): string {
    return this.home.dir;
  }

  get display(): string | null {
    return this.screen?.name ?? null;
  }

  async start(): Promise<void> {
    const ended = this.#gone.then(() => {
      throw new Error('Chromium ended while it was starting');
    });
    await Promise.race([this.comeUp(), ended]);
  }

  private async comeUp(): Promise<void> {
    await untilCalm(async () => (await this.targets('page')).length > 0, 'first tab', 60_000);
    await this.size();
    await this.load();
  }

  private async size(): Promise<void> {
    const [first] = await this.targets('page');
    const { windowId } = await this.send('Browser.getWindowForTarget', { targetId: first?.targetId });
    const { width, height } = this.options.windowSize ?? { width: 1200, height: 850 };
    // Not by --window-size: that switch also rules popup windows, whatever size they were asked for.
    await this.send('Browser.setWindowBounds', { windowId, bounds: { left: 0, top: 0, width, height } });
  }

  private async load(): Promise<void> {
    // Outside developer mode an unpacked extension is turned off when it is reloaded and at the browser's next start.
    await this.manage(async () => chrome.developerPrivate.updateProfileConfiguration({ inDeveloperMode: true }));
    if (this.kept === null) {
      const { id } = await this.send('Extensions.loadUnpacked', { path: absolute(this.options.extensionDir) });
      this.id = String(id);
    } else {
      this.id = this.kept;
    }
    this.base = `chrome-extension://${this.id}`;
    await this.enabled(true);
    if (this.options.persistent !== true || this.kept !== null) return;
    // Preferences reach the disk some seconds later; a kill before that would lose the whole installation.
    await until(() => settingsOf(this.home.dir, this.id) !== null, 'installation written to the profile');
    this.home.noteInstalled(this.id);
  }

  /** Waits until the extension is on or off; with `turn`, works the switch of chrome://extensions first. */
  private async enabled(on: boolean, turn = false): Promise<void> {
    await this.manage(
      async (id: string, on: boolean, turn: boolean) => {
        if (turn) await chrome.management.setEnabled(id, on);
        for (let left = 600; left > 0; left -= 1) {
          const info = await chrome.developerPrivate.getExtensionInfo(id).catch(() => null);
          if (info !== null && (info.state === 'ENABLED') === on) return;
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        throw new Error(`extension ${id} does not become ${on ? 'enabled' : 'disabled'}`);
      },
      this.id,
      on,
      turn,
    );
  }

  address(url: string): string {
    return /^[a-z][a-z0-9+.-]*:/i.test(url) ? url : `${this.base}/${url.replace(/^\//, '')}`;
  }

  send(method: string, params: Fields = {}): Promise<Fields> {
    return this.#cdp.send(method, params);
  }

  private async targets(type: string): Promise<readonly TargetInfo[]> {
    const { targetInfos } = (await this.send('Target.getTargets')) as { targetInfos: readonly TargetInfo[] };
    return targetInfos.filter((target) => target.type === type);
  }

  async hasTarget(targetId: string): Promise<boolean> {
    return (await this.targets('page')).some((target) => target.targetId === targetId);
  }

  private async page(targetId: string, inPopup = false): Promise<ChromiumPage> {
    const known = this.#pages.get(targetId);
    if (known !== undefined && !known.session.detached) return known;
    const page = new ChromiumPage(await CdpSession.attach(this.#cdp, targetId), this, inPopup);
    this.#pages.set(targetId, page);
    await page.prepare();
    return page;
  }

  async open(url: string): Promise<Page> {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' });
    const page = await this.page(String(targetId));
    await page.goto(url);
    await page.bringToFront();
    return page;
  }

  async pages(): Promise<readonly Page[]> {
    const found: Page[] = [];
    for (const target of await this.targets('page')) {
      try {
        found.push(await this.page(target.targetId));
      } catch (error) {
        // Closed between the listing and the attachment.
        if (await this.hasTarget(target.targetId)) throw error;
      }
    }
    return found;
  }

  async waitForPage(urlPart: string, timeoutMs: number = waitMs): Promise<Page> {
    return untilCalm(
      async () => {
        const target = (await this.targets('page')).find((one) => one.url.includes(urlPart));
        if (target === undefined) return null;
        const page = await this.page(target.targetId);
        const [state, href] = await page.evaluate(() => [document.readyState, location.href]);
        return state === 'complete' && href?.includes(urlPart) ? page : null;
      },
      `page with ${urlPart}`,
      timeoutMs,
    );
  }

  async nativePrompt(page: Page): Promise<boolean> {
    if (this.screen === null) return false;
    return this.own(page).deaf();
  }

  private own(page: Page): ChromiumPage {
    if (!(page instanceof ChromiumPage)) throw new Error('a page of another browser');
    return page;
  }

  async answerNative(page: Page, answer: 'allow' | 'refuse', settled: () => Promise<boolean>): Promise<void> {
    if (this.screen === null) throw new Error('Chromium shows no native prompt when headless');
    const asking = this.own(page);
    // The page that `settled` looks at may close itself over the answer; that is for the last wait to judge.
    const calm = (): Promise<boolean> => settled().catch(() => false);
    await until(() => asking.deaf(), 'native permission prompt');
    await pause(dialogDeafMs);
    // The dialog opens with 'Deny' focused and 'Allow' is one Tab on. Tab is never pressed twice: it would go back.
    if (answer === 'allow') await this.tabInDialog(this.screen);
    for (let left = 6; left > 0; left -= 1) {
      if (!(await this.isUp(asking))) break;
      await this.screen.run('xdotool', 'key', answer === 'allow' ? 'Return' : 'Escape');
      const done = await until(async () => (await calm()) || !(await this.isUp(asking)), 'answer', 3000).then(
        () => true,
        () => false,
      );
      if (done) break;
    }
    await untilCalm(settled, `native prompt answered (${answer})`);
  }

  private async isUp(page: ChromiumPage): Promise<boolean> {
    try {
      return await page.deaf();
    } catch {
      // The asking page is gone, and its dialog with it.
      return false;
    }
  }

  /** Presses Tab and waits for the focus ring to move, which shows that the dialog has taken the key. */
  private async tabInDialog(screen: Display): Promise<void> {
    const look = async (): Promise<string> =>
      createHash('sha256')
        .update(await screen.run('import', '-silent', '-window', 'root', '-depth', '8', 'pnm:-'))
        .digest('hex');
    let before = await look();
    // The dialog may still be fading in.
    await until(async () => {
      const now = await look();
      const still = now === before;
      before = now;
      return still;
    }, 'native prompt standing still');
    await screen.run('xdotool', 'key', 'Tab');
    await until(async () => (await look()) !== before, 'focus moved to Allow', 10_000);
  }

  private workers(): Promise<readonly TargetInfo[]> {
    return this.targets('service_worker').then((all) => all.filter((one) => one.url.startsWith(`${this.base}/`)));
  }

  private async inAnyPage<T>(act: (session: CdpSession) => Promise<T>): Promise<T> {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank', background: true });
    const session = await CdpSession.attach(this.#cdp, String(targetId));
    try {
      return await act(session);
    } finally {
      await this.send('Target.closeTarget', { targetId });
    }
  }

  async stopBackground(): Promise<void> {
    await this.inAnyPage(async (session) => {
      await session.send('ServiceWorker.enable');
      await until(async () => {
        if ((await this.workers()).length === 0) return true;
        await session.send('ServiceWorker.stopAllWorkers');
        return false;
      }, 'service worker stopped');
    });
  }

  async killBackground(): Promise<void> {
    await this.inAnyPage(async (session) => {
      await session.send('ServiceWorker.enable');
      await session.send('ServiceWorker.stopAllWorkers');
    });
  }

  async backgroundRunning(): Promise<boolean> {
    return (await this.workers()).length > 0;
  }

  private async worker(): Promise<TargetInfo> {
    const [running] = await this.workers();
    if (running !== undefined) return running;
    return this.inAnyPage(async (session) => {
      await session.send('ServiceWorker.enable');
      await session.send('ServiceWorker.startWorker', { scopeURL: `${this.base}/` });
      return until(async () => (await this.workers())[0], 'service worker started');
    });
  }

  async background<A extends readonly unknown[], T>(fn: (...args: A) => T, ...args: A): Promise<Awaited<T>> {
    const { targetId } = await this.worker();
    // Attached for this one call: a debugger keeps the worker from ever going idle.
    const session = await CdpSession.attach(this.#cdp, targetId);
    try {
      // A worker that is only just starting has a context before it has the extension's APIs.
      await until(() => session.value(`typeof chrome === 'object'`), 'service worker with its APIs');
      return (await session.value(asExpression(fn as (...args: never[]) => unknown, args))) as Awaited<T>;
    } finally {
      await session.detach();
    }
  }

  async heapBytes(page?: Page): Promise<number> {
    const session = page ? this.own(page).session : await CdpSession.attach(this.#cdp, (await this.worker()).targetId);
    try {
      // What a first round lets go of may keep more until the next.
      for (let round = 0; round < 2; round += 1) await session.send('HeapProfiler.collectGarbage');
      const { usedSize, embedderHeapUsedSize } = await session.send('Runtime.getHeapUsage');
      return Number(usedSize) + Number(embedderHeapUsedSize ?? 0);
    } finally {
      if (!page) await session.detach();
    }
  }

  /** Runs `fn` in chrome://extensions, where the page of a person's own settings may do what that page does. */
  private async manage<A extends readonly unknown[], T>(fn: (...args: A) => T, ...args: A): Promise<Awaited<T>> {
    const { targetId } = await this.send('Target.createTarget', { url: 'chrome://extensions/', background: true });
    const session = await CdpSession.attach(this.#cdp, String(targetId));
    try {
      await untilCalm(
        () => session.value('document.readyState === "complete" && typeof chrome.developerPrivate === "object"'),
        'chrome://extensions',
      );
      return (await session.value(asExpression(fn as (...args: never[]) => unknown, args))) as Awaited<T>;
    } finally {
      await session.detach();
      await this.send('Target.closeTarget', { targetId });
    }
  }

  #settings: CdpSession | undefined;

  async flip(origins: readonly string[], on: boolean): Promise<void> {
    if (this.#settings === undefined) {
      const { targetId } = await this.send('Target.createTarget', { url: 'chrome://extensions/', background: true });
      const session = await CdpSession.attach(this.#cdp, String(targetId));
      await untilCalm(() => session.value('typeof chrome.developerPrivate === "object"'), 'chrome://extensions');
      this.#settings = session;
    }
    const change = async (extensionId: string, origins: readonly string[], on: boolean) => {
      const hostAccess = on ? 'ON_SPECIFIC_SITES' : 'ON_CLICK';
      await chrome.developerPrivate.updateExtensionConfiguration({ extensionId, hostAccess });
      if (on) for (const origin of origins) await chrome.developerPrivate.addHostPermission(extensionId, origin);
    };
    await this.#settings.value(asExpression(change as (...args: never[]) => unknown, [this.id, origins, on]));
  }

  private hostsOnly(what: Held): readonly string[] {
    if ((what.permissions?.length ?? 0) > 0 || (what.dataCollection?.length ?? 0) > 0) {
      throw new NoSuchControl('Chromium has a control for site access only, none for API permissions');
    }
    return what.origins ?? [];
  }

  async revokeInBrowser(what: Held): Promise<void> {
    if (this.hostsOnly(what).length === 0) return;
    await this.manage(
      (extensionId: string) =>
        chrome.developerPrivate.updateExtensionConfiguration({ extensionId, hostAccess: 'ON_CLICK' }),
      this.id,
    );
  }

  async grantInBrowser(what: Held): Promise<void> {
    const origins = this.hostsOnly(what);
    if (origins.length === 0) return;
    await this.manage(
      async (extensionId: string, hosts: readonly string[]) => {
        const settings = chrome.developerPrivate;
        const all = hosts.some((host) => host === '<all_urls>' || /^[^:]+:\/\/\*\//.test(host));
        const hostAccess = all ? 'ON_ALL_SITES' : 'ON_SPECIFIC_SITES';
        await settings.updateExtensionConfiguration({ extensionId, hostAccess });
        if (!all) for (const host of hosts) await settings.addHostPermission(extensionId, host);
      },
      this.id,
      origins,
    );
  }

  async setExtensionEnabled(on: boolean): Promise<void> {
    await this.enabled(on, true);
  }

  async update(): Promise<void> {
    await this.manage((id: string) => chrome.developerPrivate.reload(id, { failQuietly: false }), this.id);
    await this.enabled(true);
  }

  async disableEnableExtension(): Promise<void> {
    await this.setExtensionEnabled(false);
    await this.setExtensionEnabled(true);
  }

  async openActionPopup(shortcut?: string): Promise<Page> {
    const before = new Set((await this.targets('page')).map((one) => one.targetId));
    // By the keyboard it is a person's gesture and `activeTab` holds; the API's call is none.
    if (shortcut !== undefined && this.screen !== null) {
      // An extension loaded by the debugger gets no suggested shortcut: it is set where a person would change it.
      await this.manage(
        (extensionId: string, keybinding: string) =>
          chrome.developerPrivate.updateExtensionCommand({ extensionId, commandName: '_execute_action', keybinding }),
        this.id,
        shortcut.replace(/(^|\+)[a-z]/g, (start) => start.toUpperCase()),
      );
      await this.screen.run('xdotool', 'key', shortcut);
    } else {
      await untilCalm(async () => {
        await this.background(() => chrome.action.openPopup());
        return true;
      }, 'action popup opened');
    }
    const target = await until(
      async () =>
        (await this.targets('page')).find((one) => !before.has(one.targetId) && one.url.startsWith(`${this.base}/`)),
      'action popup',
    );
    const page = await this.page(target.targetId, true);
    await page.until(() => document.readyState === 'complete', 'action popup loaded');
    return page;
  }

  async inPrivateWindow(url: string): Promise<Page> {
    await this.manage(
      (extensionId: string) =>
        chrome.developerPrivate.updateExtensionConfiguration({ extensionId, incognitoAccess: true }),
      this.id,
    );
    await this.enabled(true);
    const before = new Set((await this.targets('page')).map((one) => one.targetId));
    const to = this.address(url);
    await this.background((url: string) => chrome.windows.create({ url, incognito: true, focused: true }), to);
    const target = await until(
      async () => (await this.targets('page')).find((one) => !before.has(one.targetId) && one.url !== 'about:blank'),
      'private window',
    );
    const page = await this.page(target.targetId);
    await page.until(() => document.readyState === 'complete', 'page in the private window');
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
    await this.send('Browser.close').catch(() => undefined);
    await until(() => processTree(this.home.dir).length === 0, 'browser closed', closeMs).catch(() =>
      killTree(this.home.dir),
    );
    await this.#gone;
    await this.clear();
  }

  private async clear(): Promise<void> {
    await this.stopScreen();
    await this.home.dispose();
  }
}

interface Preferences {
  readonly extensions?: { readonly settings?: Record<string, { creation_flags?: number }> };
}

function readPreferences(profileDir: string): Preferences | null {
  const file = join(profileDir, 'Default', 'Preferences');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Preferences) : null;
}

function settingsOf(profileDir: string, id: string): { creation_flags?: number } | null {
  return readPreferences(profileDir)?.extensions?.settings?.[id] ?? null;
}

/**
 * Makes the extension of an earlier start stay; its id, or null where the profile has none. What was loaded over the
 * debugging pipe is marked so (`creation_flags`, bit 15) and forgotten at the next start. Without the mark it is as if
 * a person had loaded it in chrome://extensions (measured with Chromium 156).
 */
function keepForGood(home: Profile): string | null {
  const id = home.installed();
  if (id === null) return null;
  const preferences = readPreferences(home.dir);
  const settings = preferences?.extensions?.settings?.[id];
  if (settings === undefined) return null;
  settings.creation_flags = (settings.creation_flags ?? 0) & ~(1 << 15);
  writeFileSync(join(home.dir, 'Default', 'Preferences'), JSON.stringify(preferences));
  return id;
}

/** Starts Chromium with the extension in it. Throws when there is no Chromium or it doesn't come up. */
export async function launchChromium(options: LaunchOptions): Promise<Driven> {
  const binary = findChromium();
  if (binary === null) throw new Error('no Chromium found: npx tsx test/tools/ensure-browsers.ts');
  if (options.clearHistoryMode === true) throw new NoSuchControl("'Never remember history' is Firefox's");
  const home = openProfile('chromium', options.profile);
  const owned = options.headless === true || options.display !== undefined ? null : await startXvfb();
  const screen = owned ?? (options.display === undefined ? null : existingDisplay(options.display));
  const kept = options.persistent === true ? keepForGood(home) : null;
  const child = spawn(binary, [...switches(options, home.dir)], {
    env: { ...(screen?.env ?? process.env), ...options.env },
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  });
  const browser = new Chromium(options, home, screen, child, async () => owned?.stop(), kept);
  try {
    await browser.start();
  } catch (error) {
    await browser.kill();
    throw error;
  }
  return browser;
}

/** How soon the popup is there: as a tab, and in the toolbar's panel. */

import { ask, type Driven, grant, type Page, promptUrl, stateOf, testid, until } from '../browser/cloudopt';
import type { BrowserName } from '../browser/driver/driver';
import { firefoxAddonId, pause } from '../browser/driver/driver';
import { start as startWeb } from '../servers/web';
import { finePrefs, inFirefox, type Setting, times, withBuild } from './setting';
import { median } from './table';

const SITE = 'shop.example';
/** Nothing of the popup is drawn later than so long after it has loaded. */
const DRAWN_MS = 500;

/** Milliseconds from the start of the navigation to the largest paint. */
function largestPaint(page: Page): Promise<number> {
  return page.evaluate(
    (forMs: number) =>
      new Promise<number>((resolve, reject) => {
        let paintedMs: number | undefined;
        const observer = new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) paintedMs = entry.startTime;
        });
        observer.observe({ type: 'largest-contentful-paint', buffered: true });
        setTimeout(() => {
          observer.disconnect();
          if (paintedMs === undefined) reject(new Error('nothing was painted'));
          else resolve(paintedMs);
        }, forMs);
      }),
    DRAWN_MS,
  );
}

/** In a tab of its own, as a click in another page opens it. */
async function paintOfTab(browser: Driven, url: string): Promise<number> {
  const page = await browser.open(url);
  const ms = await largestPaint(page);
  await page.close();
  return ms;
}

/** Allows a capability, whether or not the browser has a prompt of its own for it. */
async function allow(browser: Driven, ours: Page, capability: string): Promise<void> {
  const granted = async () => (await stateOf(ours, capability)) === 'granted';
  const prompt = await browser.open(promptUrl(capability));
  await prompt.waitFor(testid('allow'));
  await prompt.click(testid('allow'));
  const asked = () => browser.nativePrompt(prompt).catch(() => false);
  await until(async () => (await granted()) || (await asked()), `${capability} asked for or granted`);
  if (!(await granted())) await browser.answerNative(prompt, 'allow', granted);
  await prompt.close();
}

interface ChromiumApi {
  readonly chrome: { action: { openPopup(): Promise<void> } };
}
interface Panel extends HTMLElement {
  querySelector<E extends Element>(selector: string): E | null;
}
declare const Services: { readonly wm: { getMostRecentWindow(type: string): Window } };
declare const ChromeUtils: { importESModule(url: string): Record<string, never> };
declare const WebExtensionPolicy: { getByID(id: string): { readonly extension: object } | null };

/** From what a click on the toolbar's button comes to, to the panel being on screen. */
async function panelShown(browser: Driven, addonId: string): Promise<number> {
  if (browser.name === 'chromium') {
    const ms = await browser.background(async () => {
      const began = performance.now();
      await (globalThis as unknown as ChromiumApi).chrome.action.openPopup();
      return performance.now() - began;
    });
    const popup = await browser.waitForPage('popup.html');
    await popup.close();
    return ms;
  }
  const ms = await inFirefox(
    browser,
    (id: string) => {
      const { ExtensionParent } = ChromeUtils.importESModule(
        'resource://gre/modules/ExtensionParent.sys.mjs',
      ) as unknown as {
        ExtensionParent: {
          apiManager: { global: { browserActionFor(e: object): { triggerAction(w: Window): void } } };
        };
      };
      const extension = WebExtensionPolicy.getByID(id)?.extension;
      if (extension === undefined) throw new Error('the extension is off');
      const window = Services.wm.getMostRecentWindow('navigator:browser');
      return new Promise<number>((resolve) => {
        const began = window.performance.now();
        const shown = ({ target }: Event): void => {
          const panel = target as Panel;
          if (panel.querySelector('browser.webextension-popup-browser') === null) return;
          window.removeEventListener('popupshown', shown, true);
          resolve(window.performance.now() - began);
        };
        window.addEventListener('popupshown', shown, true);
        ExtensionParent.apiManager.global.browserActionFor(extension).triggerAction(window);
      });
    },
    addonId,
  );
  await pause(100);
  await closePanel(browser, addonId);
  return ms;
}

async function closePanel(browser: Driven, addonId: string): Promise<void> {
  await inFirefox(
    browser,
    async (id: string) => {
      interface View {
        readonly viewType: string;
        readonly xulBrowser: Element;
      }
      const extension = WebExtensionPolicy.getByID(id)?.extension as { readonly views: Iterable<View> } | undefined;
      const views = (): View[] => [...(extension?.views ?? [])].filter((view) => view.viewType === 'popup');
      for (const view of views()) view.xulBrowser.closest<HTMLElement & { hidePopup(): void }>('panel')?.hidePopup();
      const window = Services.wm.getMostRecentWindow('navigator:browser');
      for (let left = 200; left > 0 && views().length > 0; left -= 1) {
        await new Promise((resolve) => window.setTimeout(resolve, 20));
      }
    },
    addonId,
  );
}

export async function measurePopup(name: BrowserName, setting: Setting): Promise<void> {
  const web = await startWeb();
  try {
    await withBuild(
      name,
      setting.builds.of(name).benchDir,
      async (browser) => {
        const ours = await browser.open('options.html');
        await grant(browser, ours, 'site-insight', { scope: `*://${SITE}/*` });
        for (const capability of ['site-cleaner', 'notifications']) await allow(browser, ours, capability);

        const opens = times(setting, 11, 5);
        const popup: number[] = [];
        const blank: number[] = [];
        for (let open = -1; open < opens; open += 1) {
          const [blankMs, popupMs] = [await paintOfTab(browser, 'blank.html'), await paintOfTab(browser, 'popup.html')];
          if (open < 0) continue;
          blank.push(blankMs);
          popup.push(popupMs);
        }
        const aim = (atMost: number) => (name === 'firefox' ? { target: { atMost } } : {});
        setting.say({
          what: 'popup opened as a tab, largest paint',
          where: name,
          value: median(popup),
          unit: 'ms',
          ...aim(90),
          note: `${opens} opens after one more, three grants on record; an almost empty page by turns ${median(blank).toFixed(0)} ms`,
        });

        await browser.open(web.url(SITE, '/?parties=cdn.ads.example&each=2'));
        const panels: number[] = [];
        for (let open = -1; open < opens; open += 1) {
          // The background's start is measured elsewhere.
          await ask(ours, 'state.get', {});
          const ms = await panelShown(browser, firefoxAddonId);
          if (open >= 0) panels.push(ms);
        }
        setting.say({
          what: 'popup in the toolbar, panel shown',
          where: name,
          value: median(panels),
          unit: 'ms',
          ...aim(100),
          note: `${opens} opens after one more, over a page under a grant`,
        });
      },
      { prefs: finePrefs },
    );
  } finally {
    await web.stop();
  }
}

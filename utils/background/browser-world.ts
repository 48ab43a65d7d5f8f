/** The parts of the browser that capabilities use, on the real browser. Each call works only while its permission is held. */
import type { CapabilityBrowser, DataKind } from '../capabilities/capability';
import { browser, browserAlarms, browserScripts, isFirefox } from '../platform/browser';

/** Firefox clears these for one host name; the cache only as a whole, which is not what was asked. */
const firefoxByHost: readonly DataKind[] = ['cookies', 'localStorage', 'indexedDB', 'serviceWorkers'];

async function clearSiteData(host: string, port: number | undefined, kind: DataKind): Promise<boolean> {
  // Cookies know no port; storage is kept by host and port.
  const hosts = port === undefined ? [host] : [host, `${host}:${port}`];
  if (isFirefox()) {
    if (!firefoxByHost.includes(kind)) return false;
    await browser.browsingData.remove({ hostnames: hosts }, { [kind]: true });
    return true;
  }
  // Chromium's own members: the polyfill's types know only Firefox's.
  const options = { origins: hosts.flatMap((name) => [`https://${name}`, `http://${name}`]) };
  await browser.browsingData.remove(options as object, { [kind]: true });
  return true;
}

export const browserWorld: CapabilityBrowser = {
  scripts: browserScripts,
  alarms: browserAlarms,
  async focusedTab() {
    const window = await browser.windows.getLastFocused();
    if (!window.focused || window.id === undefined) return undefined;
    const [tab] = await browser.tabs.query({ active: true, windowId: window.id });
    return tab ? { url: tab.url, incognito: tab.incognito } : undefined;
  },
  idleState: (afterSeconds) => browser.idle.queryState(afterSeconds),
  clearSiteData,
  async notify(id, title, message) {
    await browser.notifications.create(id, {
      type: 'basic',
      iconUrl: browser.runtime.getURL('icon/128.png'),
      title,
      message,
    });
  },
  async clearNotification(id) {
    await browser.notifications?.clear(id);
  },
  async showOptions(section) {
    await browser.tabs.create({ url: browser.runtime.getURL(`options.html#${section}`) });
  },
};

/**
 * Opens the prompt page. Chromium: a small window of its own. Firefox, or where there are no windows: a focused tab of a
 * window that is not private. A question of the same capability that is open already is brought to the front instead.
 */
export async function showPrompt(id: string, scope: string): Promise<void> {
  const page = browser.runtime.getURL('prompt.html');
  const url = `${page}?${new URLSearchParams({ capability: id, scope })}#own`;
  const open = await browser.tabs.query({ url: `${page}*` }).catch(() => []);
  const same = open.find((tab) => tab.url && new URL(tab.url).searchParams.get('capability') === id);
  if (same?.id !== undefined) {
    await browser.tabs.update(same.id, { active: true });
    if (same.windowId !== undefined) await browser.windows?.update(same.windowId, { focused: true });
    return;
  }
  if (!browser.windows) {
    await browser.tabs.create({ url, active: true });
    return;
  }
  if (!isFirefox()) {
    await browser.windows.create({ type: 'popup', url, width: 480, height: 680, focused: true });
    return;
  }
  const windows = await browser.windows.getAll({ windowTypes: ['normal'] });
  const usable = windows.filter((window) => !window.incognito && window.id !== undefined);
  const chosen = usable.find((window) => window.focused) ?? usable[0];
  if (chosen?.id === undefined) {
    await browser.windows.create({ url, incognito: false, focused: true });
    return;
  }
  await browser.tabs.create({ url, active: true, windowId: chosen.id });
  if (!chosen.focused) await browser.windows.update(chosen.id, { focused: true });
}

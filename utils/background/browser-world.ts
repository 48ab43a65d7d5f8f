/** The parts of the browser that capabilities use, on the real browser. Each call works only while its permission is held. */
import type { CapabilityBrowser, DataKind, DownloadInfo } from '../capabilities/capability';
import { hostsFile } from '../catalogue/lists';
import { readPackageFile } from '../egress/package-file';
import { browser, browserAlarms, browserScripts, isFirefox } from '../platform/browser';
import { browserRules } from '../platform/browser-rules';

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

/** Chromium's own call; Firefox has none like it. */
interface CountingRules {
  setExtensionActionOptions?(options: { displayActionCountAsBadgeText: boolean }): Promise<void>;
}

/** The page that a download was shown in, by the download's id. */
const downloadPage = (id: number): string => browser.runtime.getURL(`download.html?id=${id}`);

async function findDownload(id: number): Promise<DownloadInfo | undefined> {
  const [item] = await browser.downloads.search({ id });
  if (!item) return undefined;
  // `finalUrl` is Chromium's: the polyfill's types know only Firefox's members.
  const { finalUrl } = item as { finalUrl?: string };
  return {
    id,
    url: finalUrl || item.url,
    fileName: item.filename.split(/[\\/]/).at(-1) ?? '',
    mime: item.mime ?? '',
    incognito: item.incognito === true,
    state: item.state ?? 'in_progress',
    paused: item.paused,
    exists: item.exists,
  };
}

/** The page of ours that asks about a download. */
export const downloads = {
  find: findDownload,
  resume: (id: number) => browser.downloads.resume(id),
  begin: async (url: string): Promise<void> => void (await browser.downloads.download({ url })),
  /** Stops it, removes what has arrived, and takes it off the browser's list. */
  async discard(id: number): Promise<void> {
    const item = await findDownload(id);
    if (item?.state === 'complete') await browser.downloads.removeFile(id);
    else if (item) await browser.downloads.cancel(id);
    await browser.downloads.erase({ id });
  },
};

export const reloadTab = (tabId: number): Promise<void> => browser.tabs.reload(tabId);

export const browserWorld: CapabilityBrowser = {
  scripts: browserScripts,
  alarms: browserAlarms,
  rules: browserRules,
  async countOnButton(on) {
    const rules = browser.declarativeNetRequest as unknown as CountingRules;
    if (!rules.setExtensionActionOptions) return false;
    await rules.setExtensionActionOptions({ displayActionCountAsBadgeText: on });
    return true;
  },
  async markButton(tabId, text) {
    // A tab that was closed meanwhile has no button to mark.
    await browser.action.setBadgeText({ tabId, text }).catch(() => undefined);
  },
  isPrivateTab: async (tabId) => (await browser.tabs.get(tabId)).incognito,
  findDownload,
  async pauseDownload(id) {
    // What is done already can't be paused: the page then offers to remove the file.
    await browser.downloads.pause(id).catch(() => undefined);
  },
  async showDownload(id) {
    await browser.tabs.create({ url: downloadPage(id), active: true });
  },
  badHosts: () => readPackageFile(hostsFile),
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

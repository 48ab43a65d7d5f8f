/** The ports of browser-types.ts on the real browser. `webextension-polyfill` gives Chromium and Firefox the same promises. */
import browser, { type Permissions, type Runtime, type Scripting } from 'webextension-polyfill';
import {
  type AlarmsPort,
  type Area,
  type ContentScript,
  type Held,
  isEmpty,
  type LocksPort,
  type ManagedPort,
  type PermissionsPort,
  type ScriptsPort,
} from './browser-types';
import { errorText } from './error-text';

interface WithDataCollection {
  data_collection?: string[];
}

/** Firefox's `data_collection` stands beside the two classic members; elsewhere it is missing. */
export function heldFrom(all: Permissions.AnyPermissions | Permissions.Permissions): Held {
  const wide = all as Permissions.Permissions & WithDataCollection;
  return {
    permissions: [...(wide.permissions ?? [])].sort(),
    origins: [...(wide.origins ?? [])].sort(),
    dataCollection: [...(wide.data_collection ?? [])].sort(),
  };
}

/** The form that `permissions.request` and `remove` take; empty members are left out, since Chromium rejects unknown ones. */
export function toPermissions(what: Held): Permissions.Permissions {
  return {
    ...(what.permissions.length > 0
      ? { permissions: [...what.permissions] as NonNullable<Permissions.Permissions['permissions']> }
      : {}),
    ...(what.origins.length > 0 ? { origins: [...what.origins] } : {}),
    ...(what.dataCollection.length > 0 ? { data_collection: [...what.dataCollection] } : {}),
  } as Permissions.Permissions;
}

export const browserPermissions: PermissionsPort = {
  held: async () => heldFrom(await browser.permissions.getAll()),
  drop: async (what) => {
    if (!isEmpty(what)) await browser.permissions.remove(toPermissions(what));
  },
};

function area(name: 'local' | 'session'): Area {
  return {
    get: async (key) => (await browser.storage[name].get(key))[key],
    set: (key, value) => browser.storage[name].set({ [key]: value }),
    remove: (key) => browser.storage[name].remove(key),
  };
}

export const localArea = area('local');
export const sessionArea = area('session');

/** Firefox says so where nothing is set: its ext-storage.js. */
const NOTHING_MANAGED = /managed storage manifest not found/i;

export const managedPolicy: ManagedPort = {
  async read() {
    try {
      return (await browser.storage.managed?.get()) ?? {};
    } catch (error) {
      if (NOTHING_MANAGED.test(errorText(error))) return {};
      throw error;
    }
  },
};

export const browserAlarms: AlarmsPort = {
  at: async (name, whenMs) => browser.alarms.create(name, { when: whenMs }),
  every: async (name, periodMinutes) => browser.alarms.create(name, { periodInMinutes: periodMinutes }),
  clear: async (name) => {
    await browser.alarms.clear(name);
  },
};

const rule = (script: ContentScript): Scripting.RegisteredContentScript => ({
  id: script.id,
  js: [script.file],
  matches: [...script.matches],
  ...(script.excludeMatches.length > 0 ? { excludeMatches: [...script.excludeMatches] } : {}),
  allFrames: true,
  runAt: 'document_start',
  persistAcrossSessions: false,
});

export const browserScripts: ScriptsPort = {
  async register(script) {
    await this.unregister(script.id);
    await browser.scripting.registerContentScripts([rule(script)]);
  },
  async unregister(id) {
    if ((await this.registered()).includes(id)) await browser.scripting.unregisterContentScripts({ ids: [id] });
  },
  registered: async () => (await browser.scripting.getRegisteredContentScripts()).map((script) => script.id),
  async runInOpenPages(script) {
    // `url` needs no `tabs` permission here: it only matches tabs whose origin is held.
    const tabs = await browser.tabs.query({ url: [...script.matches] });
    await Promise.allSettled(
      tabs.map((tab) =>
        tab.id === undefined || tab.incognito || !script.wants(tab.url ?? '')
          ? undefined
          : browser.scripting.executeScript({
              target: { tabId: tab.id, allFrames: true },
              files: [script.file],
              // As where it is registered: before the page is whole, which some never are.
              injectImmediately: true,
            }),
      ),
    );
  },
};

export const browserLocks: LocksPort = {
  exclusively: (name, task) => navigator.locks.request(name, task),
  held: async (name) => ((await navigator.locks.query()).held ?? []).some((lock) => lock.name === name),
};

export const isFirefox = (): boolean => browser.runtime.getURL('').startsWith('moz-extension:');

/** A connection to a page or a content script, as `runtime.connect` gives it. */
export type Connection = Runtime.Port;

export { browser };

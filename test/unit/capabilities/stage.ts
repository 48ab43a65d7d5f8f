/** A world for one capability: sources that a test fires, a browser that it plays, and a lease over a real grant. */
import type {
  CapabilityBrowser,
  DataKind,
  DownloadInfo,
  Sources,
  TabInfo,
  WatchedRequest,
  World,
} from '../../../utils/capabilities/capability';
import type { CapabilityId } from '../../../utils/catalogue/catalogue';
import { type ProtectionSettings, usualProtection } from '../../../utils/catalogue/lists';
import type { RecordRow } from '../../../utils/catalogue/record';
import { Channel, type EventSource, Forwarder } from '../../../utils/leases/forwarder';
import type { Draft, Lease, Written } from '../../../utils/leases/lease';
import type { ContentScript, NetRule } from '../../../utils/platform/browser-types';
import { Appender } from '../../../utils/records/append';
import { Archive } from '../../../utils/records/archive';
import type { Resource } from '../../../utils/reports/schema';
import { granted } from '../records/authority';
import { freshBook, TestIds } from '../store';

class Event<A extends unknown[]> implements EventSource<A> {
  readonly listeners = new Set<(...args: A) => void>();
  addListener(listener: (...args: A) => void): void {
    this.listeners.add(listener);
  }
  removeListener(listener: (...args: A) => void): void {
    this.listeners.delete(listener);
  }
  fire(...args: A): void {
    for (const listener of [...this.listeners]) listener(...args);
  }
}

export const aboutTest: Resource = {
  version: '0.1.0',
  browser: { name: 'Firefox', major: 153 },
  os: 'Linux',
  language: 'en',
};

export async function stage() {
  const opened = await freshBook();
  const { database, book, clock } = opened;
  const appender = new Appender(database, clock);
  const archive = new Archive(database, clock);
  const ids = new TestIds();
  const events = {
    tabActivated: new Event<unknown[]>(),
    tabUpdated: new Event<unknown[]>(),
    tabRemoved: new Event<unknown[]>(),
    windowFocused: new Event<unknown[]>(),
    idleChanged: new Event<[string]>(),
    notificationClicked: new Event<[string]>(),
    requestFailed: new Event<[WatchedRequest]>(),
    pageRedirected: new Event<[WatchedRequest]>(),
    pageArrived: new Event<[WatchedRequest]>(),
    downloadCreated: new Event<[{ id: number }]>(),
    downloadChanged: new Event<[{ id: number; filename?: unknown }]>(),
  };
  const played = {
    tab: undefined as TabInfo | undefined,
    idle: 'active' as 'active' | 'idle' | 'locked',
    scripts: new Map<string, ContentScript>(),
    injected: [] as string[],
    alarms: new Map<string, number>(),
    cleared: [] as string[],
    clear: async (_host: string, _port: number | undefined, _kind: DataKind): Promise<boolean> => true,
    notified: new Map<string, { title: string; message: string }>(),
    shown: [] as string[],
    errors: [] as unknown[],
    due: 0,
    settings: usualProtection as ProtectionSettings,
    rulesets: [] as string[],
    dynamic: [] as readonly NetRule[],
    session: [] as readonly NetRule[],
    /** Chromium counts on the button by itself. */
    counts: false,
    counting: false,
    marks: new Map<number, string>(),
    privateTabs: new Set<number>(),
    downloads: new Map<number, DownloadInfo>(),
    paused: [] as number[],
    asked: [] as number[],
    badHosts: { malicious: [] as string[], phishing: [] as string[] } as unknown,
    hostReadings: 0,
    writes: 'open' as 'open' | Written,
  };
  const browser: CapabilityBrowser = {
    scripts: {
      register: async (script) => void played.scripts.set(script.id, script),
      unregister: async (id) => void played.scripts.delete(id),
      registered: async () => [...played.scripts.keys()],
      runInOpenPages: async (script) => void played.injected.push(script.id),
    },
    alarms: {
      at: async (name, whenMs) => void played.alarms.set(name, whenMs),
      every: async (name, minutes) => void played.alarms.set(name, minutes),
      clear: async (name) => void played.alarms.delete(name),
    },
    rules: {
      enabled: async () => played.rulesets,
      enableOnly: async (ids, signal) => {
        if (!signal.aborted) played.rulesets = [...ids];
      },
      setDynamic: async (rules, signal) => {
        if (!signal.aborted) played.dynamic = rules;
      },
      session: async () => played.session,
      changeSession: async (change, signal) => {
        if (!signal.aborted) played.session = change(played.session);
      },
      takeDown: async () => undefined,
    },
    countOnButton: async (on) => {
      played.counting = on && played.counts;
      return played.counts;
    },
    markButton: async (tabId, text) => void played.marks.set(tabId, text),
    isPrivateTab: async (tabId) => played.privateTabs.has(tabId),
    findDownload: async (id) => played.downloads.get(id),
    pauseDownload: async (id) => void played.paused.push(id),
    showDownload: async (id) => void played.asked.push(id),
    badHosts: async () => {
      played.hostReadings += 1;
      return played.badHosts;
    },
    focusedTab: async () => played.tab,
    idleState: async () => played.idle,
    clearSiteData: async (host, port, kind) => {
      played.cleared.push(`${host}${port === undefined ? '' : `:${port}`} ${kind}`);
      return played.clear(host, port, kind);
    },
    notify: async (id, title, message) => void played.notified.set(id, { title, message }),
    clearNotification: async (id) => void played.notified.delete(id),
    showOptions: async (section) => void played.shown.push(section),
  };

  /** What a background has: forwarders of its own, which go with it. */
  function world(session = 'session-1'): World {
    const started = Promise.resolve();
    const on: Sources = {
      tabActivated: new Forwarder(() => events.tabActivated, started),
      tabUpdated: new Forwarder(() => events.tabUpdated, started),
      tabRemoved: new Forwarder(() => events.tabRemoved, started),
      windowFocused: new Forwarder(() => events.windowFocused, started),
      idleChanged: new Forwarder(() => events.idleChanged, started),
      notificationClicked: new Forwarder(() => events.notificationClicked, started),
      requestFailed: new Forwarder(() => events.requestFailed, started),
      pageRedirected: new Forwarder(() => events.pageRedirected, started),
      pageArrived: new Forwarder(() => events.pageArrived, started),
      downloadCreated: new Forwarder(() => events.downloadCreated, started),
      downloadChanged: new Forwarder(() => events.downloadChanged, started),
      pauseOver: new Channel(),
      protection: new Channel(),
      downloads: new Channel(),
      tick: new Channel(),
      connected: new Channel(),
      clean: new Channel(),
      news: new Channel(),
      count: new Channel(),
      crashed: new Channel(),
      sync: new Channel(),
      settingsChanged: new Channel(),
      syncDue: new Channel(),
    };
    const mayBeDue = () => {
      played.due += 1;
    };
    const protectionSettings = async () => played.settings;
    const report = (error: unknown) => void played.errors.push(error);
    const parts = { on, browser, clock, ids, session, about: aboutTest, mayBeDue, protectionSettings, report };
    return { ...parts, ...noSync };
  }

  async function lease<C extends CapabilityId>(capability: C, scope = '*', more: Partial<Lease> = {}) {
    const authority = await granted(book, capability, scope);
    return { lease: leaseOf<C>(authority, more), controller: authority.controller, authority };
  }

  /** A lease as the office of another background makes it for the same grant. */
  function leaseOf<C extends CapabilityId>(
    authority: Awaited<ReturnType<typeof granted>>,
    more: Partial<Lease> = {},
  ): Lease<C> {
    const { capability, scope, grantId, epoch, signal } = authority;
    return {
      capability,
      scope,
      grantId,
      epoch,
      signal,
      grantedAtMs: clock.at,
      elsewhere: [],
      write: async (draft: Draft) =>
        played.writes === 'open' ? appender.append({ ...authority, ...more }, draft) : played.writes,
      lastCheckpoint: () => archive.checkpoint(authority),
      ...more,
    } as unknown as Lease<C>;
  }

  const records = async () => (await database.getAll('records')) as RecordRow[];
  return { ...opened, archive, events, played, world, lease, leaseOf, records };
}

/** What synchronization alone uses: its own tests bring it. */
const noSync = {
  reach: () => {
    throw new Error('nothing is reached here');
  },
  localKey: async () => undefined,
  allowsServer: () => true,
  changed: () => undefined,
  wait: async () => undefined,
};

/** Lets everything that was begun come to its end: some turns of the event loop, no waiting by the clock. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 60; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/**
 * The composition root. Every listener is registered in the first turn, since one added later never wakes a stopped
 * background; then the core starts, and each event waits for that start.
 */
import { defineBackground } from 'wxt/utils/define-background';
import { aboutFrom } from '../utils/background/about';
import { browserWorld, downloads, reloadTab, showPrompt } from '../utils/background/browser-world';
import { Core } from '../utils/background/core';
import { handlers } from '../utils/background/handlers';
import { languages } from '../utils/background/languages';
import { bulletinNews, newsOf } from '../utils/background/news';
import { readProtection } from '../utils/background/protection-settings';
import { Reports } from '../utils/background/reports';
import { scriptConnected } from '../utils/background/script-connections';
import { streams } from '../utils/background/streams';
import { ERASE_ALARM, SyncErasure } from '../utils/background/sync-erasure';
import { localKey } from '../utils/background/sync-rows';
import { IDLE_AFTER_SECONDS } from '../utils/capabilities/browsing-time';
import type { Sources, WatchedRequest, World } from '../utils/capabilities/capability';
import { startCapability } from '../utils/capabilities/start';
import { capability } from '../utils/catalogue/catalogue';
import { usualProtection } from '../utils/catalogue/lists';
import { browserSyncArea } from '../utils/egress/browser-sync-area';
import { carry } from '../utils/egress/carry';
import { readPackageFile } from '../utils/egress/package-file';
import { post } from '../utils/egress/post';
import { Channel, type EventSource, Forwarder } from '../utils/leases/forwarder';
import { CHANGED, LANGUAGE_CHANGED } from '../utils/messages/names';
import { pageOf, serve } from '../utils/messages/server';
import {
  browser,
  browserAlarms,
  browserLocks,
  browserPermissions,
  browserScripts,
  isFirefox,
  localArea,
  managedPolicy,
  sessionArea,
} from '../utils/platform/browser';
import { browserRules } from '../utils/platform/browser-rules';
import { systemClock } from '../utils/platform/clock';
import { errorText } from '../utils/platform/error-text';
import { randomIds } from '../utils/platform/ids';
import { language, speak, text } from '../utils/platform/text';
import { allowsServer } from '../utils/policy/managed';
import { openDatabase } from '../utils/storage/database';

const ERRORS_KEPT = 50;

export default defineBackground(() => {
  const startedAtMs = systemClock.nowMs();
  const errors: { atMs: number; text: string }[] = [];
  /** Ports that are open. */
  const connections = new Set<object>();
  const report = (error: unknown): void => {
    console.error(error);
    errors.unshift({ atMs: systemClock.nowMs(), text: errorText(error) });
    errors.length = Math.min(errors.length, ERRORS_KEPT);
    const { name, message, stack = '' } = error instanceof Error ? error : new Error(errorText(error));
    on.crashed.emit({ name, message, stack, where: 'background' });
  };
  self.addEventListener('error', ({ error, message }) => report(error ?? new Error(message)));
  self.addEventListener('unhandledrejection', ({ reason }) => report(reason));

  let begin: (done: Promise<void>) => void = () => undefined;
  const started = new Promise<void>((resolve) => {
    begin = resolve;
  });

  // Looked up late: an optional permission's API appears with its grant.
  const forward = <A extends unknown[]>(source: () => unknown) =>
    new Forwarder<A>(() => source() as EventSource<A> | undefined, started);
  /** Requests of web pages alone, of these types or of all. */
  const watched = (
    source: { addListener(heard: never, filter: object): void; removeListener(heard: never): void } | undefined,
    types: readonly string[] = [],
  ): EventSource<[WatchedRequest]> | undefined =>
    source && {
      addListener: (heard) =>
        source.addListener(heard as never, {
          urls: ['http://*/*', 'https://*/*'],
          ...(types.length > 0 ? { types: [...types] } : {}),
        }),
      removeListener: (heard) => source.removeListener(heard as never),
    };
  const on: Sources = {
    tabActivated: forward(() => browser.tabs?.onActivated),
    tabUpdated: forward(() => browser.tabs?.onUpdated),
    tabRemoved: forward(() => browser.tabs?.onRemoved),
    windowFocused: forward(() => browser.windows?.onFocusChanged),
    idleChanged: forward(() => {
      browser.idle?.setDetectionInterval(IDLE_AFTER_SECONDS);
      return browser.idle?.onStateChanged;
    }),
    notificationClicked: forward(() => browser.notifications?.onClicked),
    requestFailed: forward(() => watched(browser.webRequest?.onErrorOccurred)),
    pageRedirected: forward(() => watched(browser.webRequest?.onBeforeRedirect, ['main_frame'])),
    pageArrived: forward(() => watched(browser.webRequest?.onResponseStarted, ['main_frame'])),
    downloadCreated: forward(() => browser.downloads?.onCreated),
    downloadChanged: forward(() => browser.downloads?.onChanged),
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
  const { version } = browser.runtime.getManifest();
  const about = aboutFrom(navigator.userAgent, version, language());

  // Nobody listens where no page is open: that is no fault.
  const hint = (what: string) => void browser.runtime.sendMessage(what).catch(() => undefined);

  const spoken = languages({
    local: localArea,
    read: readPackageFile,
    speak,
    changed: () => hint(LANGUAGE_CHANGED),
    report,
  });

  const wait = (forMs: number) => new Promise<void>((resolve) => setTimeout(resolve, forMs));
  const core = new Core({
    permissions: browserPermissions,
    local: localArea,
    session: sessionArea,
    managed: managedPolicy,
    alarms: browserAlarms,
    scripts: browserScripts,
    rules: browserRules,
    locks: browserLocks,
    egressLocks: navigator.locks,
    post,
    carry,
    syncArea: browserSyncArea,
    clock: systemClock,
    ids: randomIds,
    browser: browserWorld,
    knowsDataCollection: isFirefox(),
    wait,
    openDatabase: (onLost) => openDatabase({ onLost }),
    startCapability: (lease, session) => {
      const protectionSettings = async () =>
        core.status.kind === 'open' ? readProtection(core.status.database) : usualProtection;
      const world: World = {
        on,
        browser: browserWorld,
        clock: systemClock,
        ids: randomIds,
        session,
        about,
        mayBeDue: sendDue,
        protectionSettings,
        reach: (syncing) => core.door.reach(syncing),
        localKey: async () => (core.status.kind === 'open' ? localKey(core.status.database) : undefined),
        allowsServer: (origin) => allowsServer(core.managed, origin),
        changed: () => hint(CHANGED),
        wait,
        report,
      };
      return startCapability(lease, world);
    },
    changed: () => hint(CHANGED),
    told: (entries) => {
      const tell = () => {
        for (const entry of entries) {
          const news = newsOf(entry, text);
          if (news) on.news.emit(news);
        }
      };
      spoken.ready.then(tell).catch(report);
    },
    announced: (bulletins) => {
      for (const bulletin of bulletins) on.news.emit(bulletinNews(bulletin, language()));
    },
    report,
  });

  const erasure = new SyncErasure(core);
  const reports = new Reports({ core, about });
  const sendDue = () => {
    started.then(() => reports.run()).catch(report);
  };

  const trust = { extensionId: browser.runtime.id, origin: browser.runtime.getURL('') };
  const declared = browser.runtime.getManifest().optional_permissions ?? [];
  const coreAnswers = handlers({
    core,
    started,
    clean: on.clean,
    heard: on,
    reports,
    protection: on.protection,
    guard: on.downloads,
    sync: on.sync,
    settingsChanged: on.settingsChanged,
    erasure,
    about,
    downloads,
    reloadTab,
    say: text,
    get language() {
      return language();
    },
    firefox: isFirefox(),
    version,
    // Firefox drops from the manifest what it does not know.
    supported: (id) => capability(id).api.every((name) => (declared as readonly string[]).includes(name)),
    showPrompt,
    diagnose: () => ({
      browser: navigator.userAgent,
      forwarders: Object.entries(on).flatMap(([event, source]) =>
        source instanceof Forwarder ? [{ event, registered: source.registered }] : [],
      ),
      connections: connections.size,
      errors,
      startedAtMs,
    }),
    usageBytes: async () => (await navigator.storage?.estimate?.())?.usage ?? null,
  });
  const answers = { ...coreAnswers, ...spoken.answers };

  // `sendResponse` and `true` are what every browser understands; a promise is not.
  browser.runtime.onMessage.addListener(((message: unknown, sender: object, respond: (answer: unknown) => void) => {
    if (message === CHANGED || message === LANGUAGE_CHANGED) return undefined;
    serve(message, sender, trust, answers).then(respond, report);
    return true;
  }) as Parameters<typeof browser.runtime.onMessage.addListener>[0]);

  const streamed = streams(core, started);
  browser.runtime.onConnect.addListener((port) => {
    const closed = () => {
      connections.delete(port);
      port.onDisconnect.removeListener(closed);
    };
    const open = () => {
      connections.add(port);
      port.onDisconnect.addListener(closed);
    };
    if (port.name === 'site-insight') {
      open();
      const { id: extensionId } = browser.runtime;
      scriptConnected(port, { core, started, extensionId, connected: on.connected, closed, report });
      return;
    }
    if (pageOf(port.sender ?? {}, trust) === undefined) {
      port.disconnect();
      return;
    }
    open();
    if (port.name.startsWith('stream:')) {
      streamed(port);
    } else if (port.name.startsWith('prompt:')) {
      const nonce = port.name.slice('prompt:'.length);
      const promptClosed = () => {
        port.onDisconnect.removeListener(promptClosed);
        started.then(() => core.promptClosed(nonce)).catch(report);
      };
      port.onDisconnect.addListener(promptClosed);
    } else {
      port.disconnect();
      closed();
    }
  });

  const reconcile = () => {
    started.then(() => core.reconcile()).catch(report);
  };
  browser.permissions.onAdded.addListener(reconcile);
  browser.permissions.onRemoved.addListener(reconcile);
  browser.storage.onChanged.addListener((_changes, area) => {
    if (area === 'managed') started.then(() => core.managedChanged()).catch(report);
  });
  browser.alarms.onAlarm.addListener(({ name }) => {
    started
      .then(async () => {
        if (name === 'tick') {
          on.tick.emit();
          await core.tick();
        } else if (name === 'end') await core.reconcile();
        else if (name === 'sweep') await core.tick().then(() => core.sweep());
        else if (name === 'pause') on.pauseOver.emit();
        else if (name === 'retry') await core.retry();
        else if (name === 'send') await reports.run();
        else if (name === 'sync' || name === 'sync-soon') on.syncDue.emit();
        else if (name === ERASE_ALARM) await erasure.run();
        // 'wake' did its work by waking us.
      })
      .catch(report);
  });
  // The browser's start must find us, so that what changed while it was closed is seen.
  browser.runtime.onStartup.addListener(() => undefined);
  browser.runtime.onInstalled.addListener(({ reason }) => {
    if (reason !== 'install') return;
    started.then(() => browser.tabs.create({ url: browser.runtime.getURL('welcome.html') })).catch(report);
  });

  // Side by side: reading the choice is the shorter of the two.
  begin(Promise.all([core.start(), spoken.ready]).then(() => undefined));
  started.catch(report);
  sendDue();
  started.then(() => erasure.resume()).catch(report);
});

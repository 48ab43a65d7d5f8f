/**
 * Runs in the pages of sites that were granted to site insight, and nowhere else. It counts the requests that the page
 * makes by host and hands the counts to the background. It holds no permission of its own: the background decides.
 */
import { defineUnlistedScript } from 'wxt/utils/define-unlisted-script';

interface Port {
  postMessage(message: unknown): void;
  disconnect(): void;
  onMessage: { addListener(heard: (message: unknown) => void): void };
  onDisconnect: { addListener(heard: () => void): void };
}
interface Extension {
  runtime: { id?: string; connect(info: { name: string }): Port };
  extension?: { inIncognitoContext?: boolean };
}
interface LeaseMessage {
  kind: 'lease';
  grantId: string;
  epoch: number;
  grantedAtMs: number;
}

/** How long counts are gathered before they are handed on. */
const BATCH_MS = 300;
/** How often a page whose connection the browser cut looks whether it has something new to say. */
const QUIET_MS = 30_000;
/** Hosts that one visit names at most. */
const HOSTS_MAX = 400;

const scope = globalThis as { browser?: Extension; chrome?: Extension; __cloudoptObserver?: () => void };

export default defineUnlistedScript(() => {
  // Injected again into a page that has it: a grant was given anew, so the script that stopped asks anew.
  if (scope.__cloudoptObserver) return scope.__cloudoptObserver();
  const found = scope.browser?.runtime ? scope.browser : scope.chrome;
  if (!found || found.extension?.inIncognitoContext) return;
  const extension: Extension = found;

  scope.__cloudoptObserver = connect;

  let port: Port | undefined;
  let lease: LeaseMessage | undefined;
  let observer: PerformanceObserver | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Requests of this visit by host, under the present lease. */
  let counts = new Map<string, number>();
  let unsent = false;
  /** Requests that ended up to this time (ms on the page's clock) are counted, or not ours to count. */
  let countedUpToMs = -1;

  function disconnect(): void {
    clearTimeout(timer);
    timer = undefined;
    observer?.disconnect();
    observer = undefined;
    const open = port;
    port = undefined;
    open?.disconnect();
  }

  /** Stops for good, until the page is shown again or the script is injected anew. */
  function halt(): void {
    disconnect();
    lease = undefined;
    counts = new Map();
    unsent = false;
    countedUpToMs = performance.now();
  }

  function connect(): void {
    disconnect();
    // The extension was removed, disabled or updated: this script belongs to nobody.
    if (extension.runtime.id === undefined) {
      halt();
      return;
    }
    let opened: Port;
    try {
      opened = extension.runtime.connect({ name: 'site-insight' });
    } catch {
      // Only an extension that is gone throws here.
      halt();
      return;
    }
    port = opened;
    let answered = false;
    opened.onMessage.addListener((message) => {
      if (port !== opened) return;
      const { kind } = message as { kind?: string };
      if (kind !== 'lease' || answered) {
        halt();
        return;
      }
      answered = true;
      observe(message as LeaseMessage);
    });
    opened.onDisconnect.addListener(() => {
      if (port !== opened) return;
      port = undefined;
      disconnect();
      // A connection that brought a lease was cut by the browser: the background rests. One that brought none was refused.
      if (answered) timer = setTimeout(whenQuiet, QUIET_MS);
      else halt();
    });
  }

  /** Asks anew only where the page made requests since; a page that is silent wakes nobody. */
  function whenQuiet(): void {
    const last = performance.getEntriesByType('resource').at(-1);
    if (document.visibilityState === 'visible' && (unsent || (last && endOf(last) > countedUpToMs))) connect();
    else timer = setTimeout(whenQuiet, QUIET_MS);
  }

  function observe(given: LeaseMessage): void {
    // A new connection is a new visit: it carries over only what was never sent, and only under the same lease.
    if (!unsent || lease?.grantId !== given.grantId || lease.epoch !== given.epoch) counts = new Map();
    lease = given;
    const grantedAtMs = given.grantedAtMs - (Date.now() - performance.now());
    const seenUpToMs = countedUpToMs;
    observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        // `buffered` also brings what was loaded before the grant: that is not ours to count.
        if (entry.startTime < grantedAtMs || endOf(entry) <= seenUpToMs) continue;
        countedUpToMs = Math.max(countedUpToMs, endOf(entry));
        const host = hostOf(entry.name);
        if (host === undefined || (!counts.has(host) && counts.size >= HOSTS_MAX)) continue;
        counts.set(host, (counts.get(host) ?? 0) + 1);
        unsent = true;
      }
      timer ??= setTimeout(send, BATCH_MS);
    });
    observer.observe({ type: 'resource', buffered: true });
    if (unsent) timer ??= setTimeout(send, BATCH_MS);
  }

  function send(): void {
    timer = undefined;
    if (!port || !lease || !unsent) return;
    port.postMessage({ kind: 'seen', grantId: lease.grantId, epoch: lease.epoch, hosts: [...counts] });
    unsent = false;
  }

  function endOf(entry: PerformanceEntry): number {
    return entry.startTime + entry.duration;
  }

  function hostOf(name: string): string | undefined {
    if (!URL.canParse(name)) return undefined;
    const url = new URL(name);
    const counts = url.protocol === 'http:' || url.protocol === 'https:';
    return counts && url.hostname !== location.hostname ? url.hostname : undefined;
  }

  addEventListener('pagehide', () => {
    send();
    halt();
  });
  addEventListener('pageshow', (event) => {
    if (event.persisted) connect();
  });
  connect();
});

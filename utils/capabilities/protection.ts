import { blockedPage, listNames, type ProtectionSettings, type StoppingList } from '../catalogue/lists';
import { hostOfUrl } from '../catalogue/scope';
import { attach } from '../leases/forwarder';
import type { Lease } from '../leases/lease';
import type { NetRule } from '../platform/browser-types';
import { localDay } from '../platform/clock';
import { coalesced, serial } from '../platform/serial';
import type { RunningProtection, WatchedRequest, World } from './capability';

/** The lists' highest priority is 1,100,201: what the person says stands above them, and a pause above their own list. */
export const PRIORITY = { block: 2_000_000, allow: 2_000_001, letThrough: 2_000_002 } as const;

/** What a request that a rule stopped ends with, in Chromium and in Firefox. */
const STOPPED: readonly string[] = ['net::ERR_BLOCKED_BY_CLIENT', 'NS_ERROR_ABORT'];

/** Tabs whose sites are known at once; the oldest is forgotten first. */
const TABS_MAX = 500;

/** Blocks by the package's lists and the person's own, and counts per site and day what was stopped. */
export async function start(
  lease: Lease<'protection'>,
  { on, browser, clock, protectionSettings, report }: World,
): Promise<void> {
  const { signal } = lease;
  const { rules } = browser;
  const inTurn = serial();
  const tabs = new Tabs();
  const pending = new Map<string, number>();
  let browserCounts = false;
  let shown = false;

  const apply = () =>
    inTurn(async () => {
      const settings = await protectionSettings();
      if (signal.aborted) return;
      const nowMs = clock.nowMs();
      const ends = settings.pauses.map((pause) => pause.untilMs).filter((untilMs) => untilMs > nowMs);
      await Promise.all([
        rules.setDynamic(rulesOf(settings, nowMs), signal),
        rules.enableOnly(wantedLists(settings), signal),
        ends.length > 0 ? browser.alarms.at('pause', Math.min(...ends)) : browser.alarms.clear('pause'),
      ]);
      if (signal.aborted) return;
      shown = settings.badge;
      browserCounts = await browser.countOnButton(settings.badge && !signal.aborted);
      if (!shown) await Promise.all(tabs.marked().map((tabId) => browser.markButton(tabId, '')));
    });

  /** Events that come while a write is under way go with the next one. */
  const flush = coalesced(async () => {
    if (pending.size === 0) return;
    const counts = [...pending];
    pending.clear();
    const atMs = clock.nowMs();
    const written = await lease.write({
      uses: counts.reduce((sum, [, more]) => sum + more, 0),
      records: counts.map(([site, more]) => ({
        key: `${localDay(atMs)}|${site}`,
        site,
        atMs,
        data: (before: unknown) => ({ blocked: blockedBefore(before) + more }),
      })),
    });
    if (written.kind === 'kept' || written.kind === 'stale-lease') return;
    for (const [site, more] of counts) pending.set(site, (pending.get(site) ?? 0) + more);
  });

  async function stopped(request: WatchedRequest): Promise<void> {
    const { tabId, incognito } = request;
    const site = tabs.site(tabId) ?? siteOf(request);
    if (incognito ?? (await tabs.isPrivate(tabId, browser.isPrivateTab))) return;
    if (signal.aborted) return;
    const count = tabs.count(tabId);
    if (shown && !browserCounts) await browser.markButton(tabId, count > 999 ? '999+' : String(count));
    if (site === undefined) return;
    pending.set(site, (pending.get(site) ?? 0) + 1);
    await flush();
  }

  attach(on.requestFailed, signal, (request) => {
    if (request.tabId >= 0 && STOPPED.includes(request.error ?? '')) stopped(request).catch(report);
  });
  attach(on.pageRedirected, signal, ({ tabId, type, url, redirectUrl }) => {
    if (type === 'main_frame' && isBlockedPage(redirectUrl)) tabs.stop(tabId, url);
  });
  attach(on.pageArrived, signal, ({ tabId, type, url }) => {
    if (type !== 'main_frame' || tabId < 0) return;
    const site = hostOfUrl(url);
    tabs.arrive(tabId, site);
    endVisits((rule, host) => rule.condition.tabIds?.includes(tabId) === true && host !== site).catch(report);
  });
  attach(on.tabRemoved, signal, (tabId) => {
    if (typeof tabId !== 'number') return;
    tabs.forget(tabId);
    endVisits((rule) => rule.condition.tabIds?.includes(tabId) === true).catch(report);
  });
  attach(on.pauseOver, signal, () => void apply().catch(report));

  async function endVisits(over: (rule: NetRule, host: string) => boolean): Promise<void> {
    const isOver = (rule: NetRule) => over(rule, hostOf(rule));
    if (!(await rules.session()).some(isOver)) return;
    await rules.changeSession((now) => now.filter((rule) => !isOver(rule)), signal);
  }
  const addForSession = (host: string, priority: number, where: Pick<NetRule['condition'], 'tabIds'> = {}) =>
    rules.changeSession((now) => {
      const next = Math.max(0, ...now.map((rule) => rule.id)) + 1;
      return [...now, ...leaveAlone([host], priority, where).map((rule, at) => ({ id: next + at, ...rule }))];
    }, signal);
  const isVisit = (rule: NetRule, host: string, tabId: number) =>
    rule.condition.tabIds?.includes(tabId) === true && hostOf(rule) === host;

  const running: RunningProtection = {
    apply,
    pauseVisit: (host, tabId) => addForSession(host, PRIORITY.allow, { tabIds: [tabId] }),
    endVisitPause: (host, tabId) => endVisits((rule) => isVisit(rule, host, tabId)),
    isVisitPaused: async (host, tabId) => (await rules.session()).some((rule) => isVisit(rule, host, tabId)),
    letThrough: (host) => addForSession(host, PRIORITY.letThrough),
    stoppedAddress: (tabId) => tabs.stopped(tabId),
    async missing() {
      const enabled = await rules.enabled();
      return wantedLists(await protectionSettings()).filter((list) => !enabled.includes(list));
    },
  };
  attach(on.protection, signal, (use) => use(running));
  signal.addEventListener(
    'abort',
    () => {
      browser.alarms.clear('pause').catch(report);
      browser.countOnButton(false).catch(report);
      for (const tabId of tabs.marked()) browser.markButton(tabId, '').catch(report);
    },
    { once: true },
  );
  // Not waited for: in Firefox it takes a second or two, and the person's answer must not hang so long.
  apply().catch(report);
}

/**
 * Rules that let through whatever these sites' pages ask for, and nothing that they lead to. Chromium asks the first one about
 * a page with all its frames. It knows that only once the page has arrived, and a first request may be faster: so the
 * third is for the page's own, the fourth for its frames. Firefox takes the page that is left for a frame around the
 * next one, so that there the first would let through a bad page, too; the second has it overlooked, since `allow` wins.
 */
function leaveAlone(
  hosts: readonly string[],
  priority: number,
  where: Pick<NetRule['condition'], 'tabIds'> = {},
): Omit<NetRule, 'id'>[] {
  const pages = { ...where, requestDomains: hosts, resourceTypes: ['main_frame'] };
  const within = { ...where, initiatorDomains: hosts };
  return [
    { priority, action: { type: 'allowAllRequests' }, condition: pages },
    { priority, action: { type: 'allow' }, condition: pages },
    {
      priority,
      action: { type: 'allow' },
      condition: { ...within, excludedResourceTypes: ['main_frame', 'sub_frame'] },
    },
    { priority, action: { type: 'allowAllRequests' }, condition: { ...within, resourceTypes: ['sub_frame'] } },
  ];
}

const hostOf = ({ condition }: NetRule): string => (condition.requestDomains ?? condition.initiatorDomains)?.[0] ?? '';

const wantedLists = ({ lists }: ProtectionSettings): string[] => listNames.filter((name) => lists[name]);

/** The person's lists and pauses as rules: one a kind, whatever they hold. */
export function rulesOf({ allow, block, pauses }: ProtectionSettings, nowMs: number): NetRule[] {
  const left = [...new Set([...allow, ...pauses.filter((pause) => pause.untilMs > nowMs).map((pause) => pause.host)])];
  const list: StoppingList = 'own';
  const extensionPath = `/${blockedPage}?list=${list}`;
  const rules: Omit<NetRule, 'id'>[] = [];
  if (left.length > 0) rules.push(...leaveAlone(left.sort(), PRIORITY.allow));
  if (block.length > 0) {
    const requestDomains = [...block].sort();
    rules.push(
      // Without types, a rule is for all but main frames.
      { priority: PRIORITY.block, action: { type: 'block' }, condition: { requestDomains } },
      {
        priority: PRIORITY.block,
        action: { type: 'redirect', redirect: { extensionPath } },
        condition: { requestDomains, resourceTypes: ['main_frame'] },
      },
    );
  }
  return rules.map((rule, at) => ({ id: at + 1, ...rule }));
}

const isBlockedPage = (url: string | undefined): boolean =>
  url !== undefined &&
  URL.canParse(url) &&
  /^[a-z]+-extension:$/.test(new URL(url).protocol) &&
  new URL(url).pathname === `/${blockedPage}`;

/** The site of the page that asked, as far as the request itself tells. */
function siteOf({ type, url, documentUrl, initiator }: WatchedRequest): string | undefined {
  if (type === 'main_frame') return hostOfUrl(url);
  return hostOfUrl(documentUrl ?? initiator ?? '');
}

function blockedBefore(row: unknown): number {
  const blocked = (row as { blocked?: unknown } | undefined)?.blocked;
  return typeof blocked === 'number' && Number.isSafeInteger(blocked) && blocked >= 0 ? blocked : 0;
}

interface Tab {
  site: string | undefined;
  /** Stopped on the present page. */
  count: number;
  /** The address of a page that was stopped, while ours stands in its place. */
  stopped: string | undefined;
  private: Promise<boolean> | undefined;
}

/** What is known of open tabs: in memory only, private windows included. */
class Tabs {
  readonly #tabs = new Map<number, Tab>();

  #tab(id: number): Tab {
    const known = this.#tabs.get(id);
    if (known) return known;
    const oldest = this.#tabs.keys().next();
    if (this.#tabs.size >= TABS_MAX && !oldest.done) this.#tabs.delete(oldest.value);
    const fresh: Tab = { site: undefined, count: 0, stopped: undefined, private: undefined };
    this.#tabs.set(id, fresh);
    return fresh;
  }

  arrive(id: number, site: string | undefined): void {
    Object.assign(this.#tab(id), { site, count: 0, stopped: undefined });
  }

  stop(id: number, url: string): void {
    Object.assign(this.#tab(id), { site: undefined, count: 0, stopped: url });
  }

  forget(id: number): void {
    this.#tabs.delete(id);
  }

  site(id: number): string | undefined {
    return this.#tabs.get(id)?.site;
  }

  stopped(id: number): string | undefined {
    return this.#tabs.get(id)?.stopped;
  }

  count(id: number): number {
    const tab = this.#tab(id);
    tab.count += 1;
    return tab.count;
  }

  marked(): number[] {
    return [...this.#tabs].filter(([, tab]) => tab.count > 0).map(([id]) => id);
  }

  isPrivate(id: number, ask: (id: number) => Promise<boolean>): Promise<boolean> {
    const tab = this.#tab(id);
    // A tab that is gone can't be told from a private one.
    tab.private ??= ask(id).catch(() => true);
    return tab.private;
  }
}

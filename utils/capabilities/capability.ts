import type { CapabilityId } from '../catalogue/catalogue';
import type { ProtectionSettings, Verdict } from '../catalogue/lists';
import type { Reach } from '../egress/wire';
import type { Channel, Forwarder } from '../leases/forwarder';
import type { Lease } from '../leases/lease';
import type { AlarmsPort, RulesPort, ScriptsPort } from '../platform/browser-types';
import type { Clock } from '../platform/clock';
import type { Ids } from '../platform/ids';
import type { CounterName } from '../reports/counters';
import type { Place, Resource } from '../reports/schema';
import type { Session } from '../sync/session';

/** A content script's connection, already known to come from a top site that the lease covers. */
export interface ScriptConnection {
  /** Host of the page in the tab's address bar. */
  readonly site: string;
  send(message: unknown): void;
  cut(): void;
  readonly messages: Channel<[message: unknown]>;
  readonly closed: Channel<[]>;
}

/** What the person asked a capability to do, and where the answer goes. */
export interface CleanRequest {
  readonly host: string;
  /** The page's port, where it is not the scheme's own. */
  readonly port: number | undefined;
  readonly answer: (cleaned: Cleaned) => void;
}

export type Cleaned =
  | { kind: 'cleared'; cleared: readonly DataKind[]; left: readonly DataKind[] }
  | { kind: 'failed'; why: string };

/** What a site may leave in the browser. */
export const dataKinds = ['cookies', 'cache', 'localStorage', 'indexedDB', 'serviceWorkers', 'cacheStorage'] as const;
export type DataKind = (typeof dataKinds)[number];

export interface TabInfo {
  readonly url: string | undefined;
  readonly incognito: boolean;
}

/** The parts of the browser that capabilities use; each works only while its permission is held. */
export interface CapabilityBrowser {
  readonly scripts: ScriptsPort;
  readonly alarms: AlarmsPort;
  readonly rules: RulesPort;
  /** Counts on the button what the rules stop in each tab; `false` where the browser does not count itself (Firefox). */
  countOnButton(on: boolean): Promise<boolean>;
  /** A short text on the button while that tab's present page is in front. */
  markButton(tabId: number, text: string): Promise<void>;
  isPrivateTab(tabId: number): Promise<boolean>;
  /** `undefined` where the browser forgot it. */
  findDownload(id: number): Promise<DownloadInfo | undefined>;
  /** Resolves also where it can't be paused any more: small files are done at once. */
  pauseDownload(id: number): Promise<void>;
  /** Opens the page that says why a download is held, in front. */
  showDownload(id: number): Promise<void>;
  /** The bad lists' hosts, as the package has them. */
  badHosts(): Promise<unknown>;
  /** The tab that has the person's attention: active, in the focused window. `undefined` where no window has focus. */
  focusedTab(): Promise<TabInfo | undefined>;
  /** Whether the person is there; `idle` after this many seconds without input. */
  idleState(afterSeconds: number): Promise<'active' | 'idle' | 'locked'>;
  /** Clears one kind of a site's data; `false` where this browser can't do it for one site alone. */
  clearSiteData(host: string, port: number | undefined, kind: DataKind): Promise<boolean>;
  notify(id: string, title: string, message: string): Promise<void>;
  clearNotification(id: string): Promise<void>;
  /** Opens a section of the options page. */
  showOptions(section: string): Promise<void>;
}

/** One thing that the person should be told, once. */
export interface NewsToTell {
  /** `news-SEQ` of an entry of the history, or `bulletin-ID`. */
  readonly id: string;
  readonly title: string;
  readonly body: string;
}

/** An error that nothing of ours caught, as it was thrown: nothing of it is kept before it is scrubbed. */
export interface Fault {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  readonly where: Place;
}

/** A download, as far as it is judged. */
export interface DownloadInfo {
  readonly id: number;
  /** Where it came from in the end, redirects followed. */
  readonly url: string;
  /** Empty until the browser knows it. */
  readonly fileName: string;
  readonly mime: string;
  readonly incognito: boolean;
  readonly state: 'in_progress' | 'interrupted' | 'complete';
  readonly paused: boolean;
  /** The file is still there. */
  readonly exists: boolean;
}

/** What a request that was watched came to. */
export interface WatchedRequest {
  readonly tabId: number;
  readonly url: string;
  readonly type: string;
  readonly error?: string | undefined;
  readonly redirectUrl?: string | undefined;
  /** Chromium: origin of the frame that asked. */
  readonly initiator?: string | undefined;
  /** Firefox: address of the document that asked. */
  readonly documentUrl?: string | undefined;
  readonly incognito?: boolean | undefined;
}

/** What the person may tell protection while it runs. */
export interface RunningProtection {
  /** The settings changed: makes the rules agree with them. */
  apply(): Promise<void>;
  pauseVisit(host: string, tabId: number): Promise<void>;
  endVisitPause(host: string, tabId: number): Promise<void>;
  isVisitPaused(host: string, tabId: number): Promise<boolean>;
  /** Lets pages of that host through until the browser's session ends. */
  letThrough(host: string): Promise<void>;
  /** The address that the blocked page in that tab stands for. */
  stoppedAddress(tabId: number): string | undefined;
  /** Of the lists that should be on, those that the browser has not switched on. */
  missing(): Promise<readonly string[]>;
}

/** What the person may tell the download guard while it runs. */
export interface RunningGuard {
  /** The next download from this address is the person's wish: it is not asked about again. */
  letThrough(url: string): void;
  judge(download: Pick<DownloadInfo, 'url' | 'fileName' | 'mime'>): Promise<Verdict | undefined>;
}

/** All that a capability can hear. The browser's events come through forwarders, our own through channels. */
export interface Sources {
  readonly tabActivated: Forwarder<unknown[]>;
  readonly tabUpdated: Forwarder<unknown[]>;
  readonly tabRemoved: Forwarder<unknown[]>;
  readonly windowFocused: Forwarder<unknown[]>;
  readonly idleChanged: Forwarder<[state: string]>;
  readonly notificationClicked: Forwarder<[id: string]>;
  /** Once a minute while a capability asked for it by `alarms.every('tick', 1)`. */
  readonly tick: Channel<[]>;
  /** A content script of a site that this very lease covers asks to be heard. */
  readonly connected: Channel<[lease: Lease, connection: ScriptConnection]>;
  readonly requestFailed: Forwarder<[request: WatchedRequest]>;
  readonly pageRedirected: Forwarder<[request: WatchedRequest]>;
  readonly pageArrived: Forwarder<[request: WatchedRequest]>;
  readonly downloadCreated: Forwarder<[item: { id: number }]>;
  readonly downloadChanged: Forwarder<[change: { id: number; filename?: unknown }]>;
  /** A pause of protection is over. */
  readonly pauseOver: Channel<[]>;
  /** Hands the running protection to whoever asks. */
  readonly protection: Channel<[use: (running: RunningProtection) => void]>;
  readonly downloads: Channel<[use: (running: RunningGuard) => void]>;
  readonly clean: Channel<[request: CleanRequest]>;
  /** Something that the person should be told, in the browser's language. */
  readonly news: Channel<[item: NewsToTell]>;
  /** A feature was used; never from a private window. */
  readonly count: Channel<[name: CounterName]>;
  readonly crashed: Channel<[fault: Fault]>;
  /** Hands the running synchronization to whoever asks. */
  readonly sync: Channel<[use: (running: Session) => void]>;
  /** The person changed settings on this device. */
  readonly settingsChanged: Channel<[]>;
  /** It is time to synchronise. */
  readonly syncDue: Channel<[]>;
}

export interface World {
  readonly on: Sources;
  readonly browser: CapabilityBrowser;
  readonly clock: Clock;
  readonly ids: Ids;
  /** The browser session's id: what was counted in another session is not carried on. */
  readonly session: string;
  /** This Cloudopt, its browser and system, as reports tell them. */
  readonly about: Resource;
  /** Something was kept that a rule of the person's may want sent. */
  mayBeDue(): void;
  /** What the person chose for protection; the usual where nothing was chosen. */
  protectionSettings(): Promise<ProtectionSettings>;
  /** What synchronization may reach under this lease; it ends with it. */
  reach(lease: Lease<'cloud-sync'>): Reach;
  /** The key that seals what rests on this device; it can't be read out. */
  localKey(): Promise<CryptoKey | undefined>;
  /** Whether the organisation lets settings go to a server of this origin. */
  allowsServer(origin: string): boolean;
  /** Something changed that open pages may show. */
  changed(): void;
  wait(forMs: number): Promise<void>;
  report(error: unknown): void;
}

/** What each file of capabilities/ has: it starts under a lease, and stops when the lease's signal aborts. */
export type Start<C extends CapabilityId> = (lease: Lease<C>, world: World) => Promise<void>;

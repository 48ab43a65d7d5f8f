/**
 * Every message between our pages and the background, with its input, its output and who may send it. Pages send them
 * through client.ts; server.ts answers. Content scripts send none of them: they have a port of their own and are strangers.
 */
import * as z from 'zod/mini';
import type { CapabilityId, Lifetime, Needs } from '../catalogue/catalogue';
import { lifetimes } from '../catalogue/catalogue';
import type { Destination, Named } from '../catalogue/endpoints';
import { listNames, type ProtectionSettings, pauseLengths, type Verdict } from '../catalogue/lists';
import type { OutboxRow, RecordRow } from '../catalogue/record';
import type { Scope } from '../catalogue/scope';
import { scope } from '../catalogue/scope-shape';
import { capabilityId, host, id, sha256Hex } from '../catalogue/shapes';
import type { Actor, LedgerEntry, LedgerKind } from '../grants/ledger-entry';
import { ledgerKinds } from '../grants/ledger-entry';
import type { GrantState } from '../grants/schema';
import { languageChoices, type Spoken } from '../platform/languages';
import type { ClauseDifference } from '../policy/differences';
import type { Barred, LockableSection, ManagedProblem } from '../policy/managed';
import { counterNames } from '../reports/counters';
import { fieldNames } from '../reports/settings';
import type {
  Created,
  ErasureAnswer,
  Joined,
  Looked,
  Opened,
  Probed,
  Rekeyed,
  RemoteCopy,
  SettingsImported,
  SyncChanged,
  Synced,
  SyncView,
  Undone,
} from '../sync/view';
import { FAULT_CHARS_MAX } from './names';

export type { ClauseDifference };

const nothing = z.strictObject({});
const limit = z.number().check(z.int(), z.positive(), z.maximum(250));

/** Which records: by capability, by site, or all. */
export const recordFilter = z.strictObject({ capability: z.optional(capabilityId), site: z.optional(host) });
export type RecordFilter = z.infer<typeof recordFilter>;

/** Where a page of records goes on: the last row of the page before. */
const recordCursor = z.strictObject({ atMs: z.number(), id: z.string().check(z.maxLength(600)) });
export type RecordCursor = z.infer<typeof recordCursor>;

export const erasable = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('one'), id: z.string().check(z.maxLength(600)) }),
  z.strictObject({ kind: z.literal('some'), filter: recordFilter }),
  z.strictObject({ kind: z.literal('all') }),
  /** What ended grants of this capability and scope collected. */
  z.strictObject({ kind: z.literal('sealed'), capability: capabilityId, scope }),
]);
export type Erasable = z.infer<typeof erasable>;

const reporting = z.enum(['usage-statistics', 'crash-reports']);
const faultText = z.string().check(z.maxLength(FAULT_CHARS_MAX));
const tabId = z.number().check(z.int(), z.nonnegative());
const downloadId = z.number().check(z.int(), z.nonnegative());
/** One thing that the person changes about protection. */
export const protectionChange = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('list'), list: z.enum(listNames), on: z.boolean() }),
  z.strictObject({ kind: z.literal('badge'), on: z.boolean() }),
  /** Onto one of the person's lists, and off the other. */
  z.strictObject({ kind: z.literal('add'), to: z.enum(['allow', 'block']), host }),
  z.strictObject({ kind: z.literal('remove'), from: z.enum(['allow', 'block']), host }),
]);
export type ProtectionChange = z.infer<typeof protectionChange>;

/** A folder of a WebDAV server; the address is checked where it is used, so that the answer can say what is wrong with it. */
export const syncServer = z.strictObject({
  url: z.string().check(z.maxLength(2000)),
  user: z.string().check(z.maxLength(500)),
  password: z.string().check(z.maxLength(1000)),
});
export type SyncServer = z.infer<typeof syncServer>;

const syncPassphrase = z.string().check(z.maxLength(1000));
/** What opens a vault. */
export const syncSecret = z.union([
  z.strictObject({ passphrase: syncPassphrase }),
  z.strictObject({ recovery: syncPassphrase }),
]);
export type SyncSecret = z.infer<typeof syncSecret>;

const deviceName = z.string().check(z.trim(), z.minLength(1), z.maxLength(60));
const settingKey = z.string().check(z.minLength(1), z.maxLength(400));
/** Characters of a settings file at most. */
export const SETTINGS_FILE_CHARS_MAX = 1024 * 1024;

/** Inputs. Outputs are the types of {@link Answers}: the background is ours, its answers need no parsing. */
export const inputs = {
  'state.get': nothing,
  'prompts.show': z.strictObject({ capability: capabilityId, scope }),
  'prompts.open': z.strictObject({ capability: z.string(), scope: z.nullable(z.string()) }),
  'prompts.allow': z.strictObject({ nonce: id, scope, lifetime: z.enum(lifetimes) }),
  'prompts.settle': z.strictObject({ nonce: id }),
  'prompts.decline': z.strictObject({ nonce: id, answer: z.enum(['not-now', 'never']) }),
  'grants.revoke': z.strictObject({ capability: capabilityId, scope }),
  'grants.stop-all': nothing,
  'records.page': z.strictObject({ filter: recordFilter, after: z.nullable(recordCursor), limit }),
  'records.summary': nothing,
  /** Sites that records name, of those that begin so. */
  'records.sites': z.strictObject({ prefix: z.string().check(z.maxLength(253)) }),
  'records.erase': z.strictObject({ what: erasable }),
  'insight.site': z.strictObject({ host }),
  'insight.sites': nothing,
  'time.days': z.strictObject({ days: z.number().check(z.int(), z.positive(), z.maximum(90)) }),
  'activity.week': nothing,
  'history.page': z.strictObject({
    before: z.nullable(z.number().check(z.int(), z.positive())),
    limit,
    kind: z.optional(z.enum(ledgerKinds)),
    capability: z.optional(capabilityId),
  }),
  'history.head': nothing,
  'history.notice': z.strictObject({ hash: sha256Hex }),
  'history.consent': z.strictObject({ capability: capabilityId, scope }),
  /** The random id that stands for the person in consent records: look whether there is one, make one if not, make another. */
  'subject.id': z.strictObject({ how: z.enum(['look', 'make', 'renew']) }),
  'everything.erase': nothing,
  'bulletins.dismiss': z.strictObject({ id }),
  'news.dismiss': z.strictObject({ upTo: z.number().check(z.int(), z.nonnegative()) }),
  /** `port`: that of the page, where it is not the scheme's own. */
  'clean.site': z.strictObject({ host, port: z.optional(z.number().check(z.int(), z.positive(), z.maximum(65_535))) }),
  'protection.get': nothing,
  'protection.site': z.strictObject({ host, tabId }),
  'protection.pause': z.strictObject({ host, tabId, length: z.enum(pauseLengths) }),
  'protection.resume': z.strictObject({ host, tabId }),
  'protection.change': z.strictObject({ change: protectionChange }),
  'protection.stopped': nothing,
  'protection.let-through': z.strictObject({ url: z.string().check(z.maxLength(65_536)) }),
  'download.get': z.strictObject({ id: downloadId }),
  'download.keep': z.strictObject({ id: downloadId }),
  'download.discard': z.strictObject({ id: downloadId }),
  'diagnostics.get': nothing,
  /** `known`: the choice whose texts the page has. */
  'language.get': z.strictObject({ known: z.nullable(z.enum(languageChoices)) }),
  'language.set': z.strictObject({ choice: z.enum(languageChoices) }),
  /** A feature was used. Pages in private windows don't send it. */
  'usage.count': z.strictObject({ name: z.enum(counterNames) }),
  /** An error that nothing in the page caught. */
  'crash.report': z.strictObject({ name: faultText, message: faultText, stack: faultText }),
  'reports.get': nothing,
  'reports.configure': z.strictObject({
    capability: reporting,
    without: z.optional(fieldNames),
    byRule: z.optional(z.boolean()),
  }),
  'reports.reset-id': nothing,
  'reports.send': z.strictObject({ capability: reporting, hash: sha256Hex }),
  'sync.get': nothing,
  /** Tries the place under the live grant. `null`: this browser's own sync. */
  'sync.probe': z.strictObject({ server: z.nullable(syncServer) }),
  /** Whether a vault is there, and keeps the place for the next step. */
  'sync.look': z.strictObject({ server: z.nullable(syncServer) }),
  /** `passphrase`: `null` has one made. `replace`: a vault that lies there is given up, for whoever can't open it any more. */
  'sync.create': z.strictObject({
    deviceName,
    passphrase: z.nullable(syncPassphrase),
    replace: z.optional(z.boolean()),
  }),
  /** Only pulls. After it, `sync.join`. In the phase `needs-secret`, the device's name is not changed and it goes on at once. */
  'sync.open': z.strictObject({ secret: syncSecret, deviceName }),
  /** `replace`: the vault's settings take the place of this device's. */
  'sync.join': z.strictObject({ how: z.enum(['merge', 'replace']) }),
  'sync.now': nothing,
  'sync.undo': nothing,
  'sync.device-only': z.strictObject({ key: settingKey, on: z.boolean() }),
  'sync.rename': z.strictObject({ name: deviceName }),
  'sync.passphrase': z.strictObject({ secret: syncSecret, passphrase: z.nullable(syncPassphrase) }),
  /** A new data key. With the recovery key as secret, a new passphrase is made too. */
  'sync.rotate': z.strictObject({ secret: syncSecret }),
  /** A new data key, passphrase and recovery key, none of which that device gets. */
  'sync.remove-device': z.strictObject({ device: id, secret: syncSecret, passphrase: z.nullable(syncPassphrase) }),
  'sync.revoke': z.strictObject({ scope, remote: z.enum(['keep', 'delete']) }),
  'sync.erasure': z.strictObject({ what: z.enum(['retry', 'drop']) }),
  'settings.export': nothing,
  /** `look` changes nothing. Longer texts than a settings file can be are answered, not refused. */
  'settings.import': z.strictObject({
    text: z.string().check(z.maxLength(4 * SETTINGS_FILE_CHARS_MAX)),
    how: z.enum(['look', 'take']),
  }),
} as const;

export type MessageName = keyof typeof inputs;
export type Input<N extends MessageName> = z.infer<(typeof inputs)[N]>;

/** Which of our pages may send a message. Those not listed may come from any of our pages. */
export const onlyFrom: Partial<Record<MessageName, readonly string[]>> = {
  'prompts.open': ['prompt.html'],
  'prompts.allow': ['prompt.html'],
  'prompts.settle': ['prompt.html'],
  'prompts.decline': ['prompt.html'],
  'clean.site': ['popup.html'],
  'records.erase': ['options.html'],
  'history.consent': ['receipt.html'],
  'subject.id': ['options.html', 'receipt.html'],
  'everything.erase': ['options.html'],
  'language.set': ['options.html'],
  'reports.get': ['options.html'],
  'reports.configure': ['options.html'],
  'reports.reset-id': ['options.html'],
  'reports.send': ['options.html'],
  'protection.pause': ['popup.html'],
  'protection.resume': ['popup.html'],
  'protection.change': ['options.html'],
  'protection.stopped': ['blocked.html'],
  'protection.let-through': ['blocked.html'],
  'download.get': ['download.html'],
  'download.keep': ['download.html'],
  'download.discard': ['download.html'],
  'sync.get': ['options.html'],
  'sync.probe': ['options.html'],
  'sync.look': ['options.html'],
  'sync.create': ['options.html'],
  'sync.open': ['options.html'],
  'sync.join': ['options.html'],
  'sync.now': ['options.html'],
  'sync.undo': ['options.html'],
  'sync.device-only': ['options.html'],
  'sync.rename': ['options.html'],
  'sync.passphrase': ['options.html'],
  'sync.rotate': ['options.html'],
  'sync.remove-device': ['options.html'],
  'sync.revoke': ['options.html'],
  'sync.erasure': ['options.html'],
  'settings.export': ['options.html'],
  'settings.import': ['options.html'],
};

/** What a capability's row shows besides the states of a grant. */
export type ShownState = GrantState | 'off' | 'forbidden' | 'unsupported' | 'revoked-but-held';

export interface SealView {
  readonly grantId: string;
  readonly sealedAtMs: number;
  readonly eraseAtMs: number;
}

export interface ScopeView {
  readonly scope: Scope;
  readonly state: ShownState;
  readonly grantId: string;
  readonly epoch: number;
  /** Since when it has this state. */
  readonly sinceMs: number;
  readonly lifetime: Lifetime;
  /** `null`: until revoked, or until the session ends. */
  readonly validUntilMs: number | null;
  readonly lastUsedMs: number;
  /** This site was taken out of a grant for all sites. */
  readonly excluded: boolean;
  readonly policyVersion: string | null;
  /** With `paused`: the clauses that changed. */
  readonly changedClauses: readonly string[];
  readonly seals: readonly SealView[];
}

export interface CapabilityView {
  readonly id: CapabilityId;
  /** State of the strongest live scope, else the latest state. */
  readonly state: ShownState;
  readonly scopes: readonly ScopeView[];
  /** Whether its prompt would ask: not where the browser lacks something, or the organisation forbids it. */
  readonly mayAsk: boolean;
  /** Whether a page may offer it on its own: never asked, or 'not now' a week ago or more. */
  readonly mayOffer: boolean;
}

/** Something that happened without the person, and that they have not dismissed yet. */
export interface NewsItem {
  readonly seq: number;
  readonly atMs: number;
  readonly kind: LedgerKind;
  readonly by: Actor;
  readonly capability: CapabilityId | null;
  readonly scope: Scope | null;
  readonly details: LedgerEntry['details'];
}

/** A word of an incident or of the policy, in the person's language, that they have not dismissed yet. */
export interface BulletinView {
  readonly id: string;
  readonly day: string;
  readonly kind: 'incident' | 'policy';
  /** The clause of the policy under which it is told. */
  readonly clause: string;
  /** BCP 47, of title and text. */
  readonly language: string;
  readonly title: string;
  readonly text: string;
}

/** Why nothing can be granted, where that is so. */
export type Closed = { kind: 'no-database'; why: string } | { kind: 'newer-database' };

/** What the person's organisation has set, as pages show it. */
export interface ManagedView {
  /** The browser did not hand the policy over: everything rests until it does. */
  readonly unread: boolean;
  readonly forbidden: readonly CapabilityId[];
  readonly locked: readonly LockableSection[];
  /** Where reports go, once allowed; `null`: what it says can't be read, so that nothing is sent. */
  readonly endpoints: Readonly<Partial<Record<Destination, Named | null>>>;
  /** `null`: nothing is said about it. */
  readonly syncServers: readonly string[] | null;
  /** How much of it could not be followed. */
  readonly problems: number;
}

export interface State {
  readonly closed: Closed | null;
  readonly capabilities: readonly CapabilityView[];
  /** Newest first. */
  readonly news: readonly NewsItem[];
  /** Newest first. */
  readonly bulletins: readonly BulletinView[];
  readonly policyVersion: string;
  /** A revocation that the database would not take yet: nothing runs, but it is not on record. */
  readonly undurable: readonly { capability: CapabilityId; scope: Scope; marked: boolean }[];
  /** The last write found the storage full. */
  readonly storageFull: boolean;
  /** The browser still holds all sites although single sites were taken out. */
  readonly firefox: boolean;
  /** `null` where no organisation has set anything. */
  readonly managed: ManagedView | null;
  /** Where reports would go, once allowed. */
  readonly endpoints: Readonly<Record<Destination, Named | null>>;
}

/** What the prompt shows: stored by its hash, so that what was shown can be shown again. */
export interface Notice {
  readonly capability: CapabilityId;
  readonly scope: Scope;
  readonly language: string;
  readonly policyVersion: string;
  readonly policyEffective: string;
  readonly controller: string;
  /** What Cloudopt will be able to do. */
  readonly name: string;
  readonly does: string;
  readonly why: string;
  readonly fields: readonly { readonly name: string; readonly text: string }[];
  readonly destination: string;
  readonly place: string;
  /** The endpoint that `destination` and `place` speak of; missing where nothing may leave. */
  readonly endpoint?: Named;
  readonly retention: string;
  readonly refusalCost: string;
  readonly withdrawal: string;
  readonly clauses: readonly {
    readonly id: string;
    readonly title: string;
    readonly text: string;
    readonly hash: string;
  }[];
  /** What the browser's own prompt will say, explained; one for each choice of scope. */
  readonly browserPrompt: readonly { readonly scope: 'site' | 'all'; readonly text: string }[];
}

export type PromptOpened =
  | {
      kind: 'ask';
      nonce: string;
      notice: Notice;
      /** The choices of scope, narrowest first, each with what `permissions.request` must ask for. */
      choices: readonly { scope: Scope; needs: Needs }[];
      lifetimes: readonly Lifetime[];
      lifetime: Lifetime;
      /** The present state of the scope asked for. */
      state: ShownState;
      changes: readonly ClauseDifference[];
    }
  | { kind: 'unknown-capability' }
  | { kind: 'bad-scope' }
  | { kind: 'unsupported' }
  | { kind: 'forbidden'; why: Barred }
  | { kind: 'closed'; closed: Closed };

export type Settled =
  | { kind: 'granted'; capability: CapabilityId; scope: Scope; validUntilMs: number | null }
  /** The browser does not hold the permission: its prompt was refused or dismissed. */
  | { kind: 'refused-by-browser' }
  /** The organisation's policy came to forbid it while the question was open. */
  | { kind: 'forbidden' }
  /** Another endpoint was set while the question was open. */
  | { kind: 'moved' }
  /** The question was answered or withdrawn elsewhere. */
  | { kind: 'gone' }
  | { kind: 'failed'; why: string };

export type Declined = { kind: 'recorded' } | { kind: 'gone' } | { kind: 'failed'; why: string };

export type Revoked =
  | {
      kind: 'revoked';
      /** The browser keeps the permission: it serves another live grant, or the browser won't let go. */
      held: 'nothing' | 'shared' | 'kept-by-browser';
      records: number;
    }
  /** Halted, but the database would not take it; `marked`: a marker keeps it off across restarts. */
  | { kind: 'not-durable'; marked: boolean }
  | { kind: 'not-live' };

export type ErasedEverything =
  /** How many live grants were taken back first, and how many rows went. */
  | { kind: 'erased'; stopped: number; records: number; notices: number; settings: number }
  /** A live grant could not be taken back on record, so nothing was erased. */
  | { kind: 'not-stopped'; undurable: number };

export interface RecordsPage {
  readonly rows: readonly RecordRow[];
  readonly next: RecordCursor | null;
  readonly unreadable: number;
}

export interface RecordsSummary {
  readonly capabilities: readonly {
    readonly id: CapabilityId;
    /** Counted up to {@link COUNTED_MAX}; one more stands for 'more than that'. */
    readonly records: number;
    /** Of these, kept under a grant that has ended; counted likewise. */
    readonly sealed: number;
    readonly oldestMs: number | null;
  }[];
}

export interface InsightSite {
  readonly live: boolean;
  readonly site: string;
  readonly visits: number;
  readonly requests: number;
  /** Third parties by registrable domain, most requests first. */
  readonly groups: readonly {
    readonly domain: string;
    readonly requests: number;
    readonly hosts: readonly { readonly host: string; readonly requests: number }[];
  }[];
}

export interface InsightSites {
  readonly live: boolean;
  readonly sites: readonly { readonly site: string; readonly parties: number; readonly requests: number }[];
  /** There are more records than the newest {@link INSIGHT_ROWS_MAX}, which these figures are of. */
  readonly cut: boolean;
}

export interface TimeDays {
  readonly live: boolean;
  /** One row a site and day, in the person's calendar (`2026-01-31`). */
  readonly rows: readonly { readonly site: string; readonly day: string; readonly attentionMs: number }[];
}

export interface ProtectionView {
  readonly live: boolean;
  readonly settings: ProtectionSettings;
  /** Lists that should be on and that the browser has not switched on. */
  readonly missing: readonly string[];
}

export interface ProtectionSite {
  readonly live: boolean;
  readonly paused: { kind: 'no' } | { kind: 'visit' } | { kind: 'hour'; untilMs: number } | { kind: 'always' };
  /** Requests stopped on this site today. */
  readonly blockedToday: number;
}

export interface HeldDownload {
  readonly kind: 'held';
  /** The host that it came from; `null` where the address names none. */
  readonly host: string | null;
  readonly fileName: string;
  readonly verdict: Verdict;
  /** `held`: paused. `stopped`: can only begin anew. `loading`: goes on. `done`: the file is there. `over`: it was removed. */
  readonly state: 'held' | 'stopped' | 'loading' | 'done' | 'over';
}

export interface ActivityWeek {
  readonly fromMs: number;
  readonly hours: readonly {
    readonly capability: CapabilityId;
    readonly scope: Scope;
    readonly atMs: number;
    readonly times: number;
  }[];
}

export interface HistoryPage {
  readonly entries: readonly LedgerEntry[];
  /** `before` of the next page; `null` at the end. */
  readonly next: number | null;
  readonly unreadable: number;
}

export interface HistoryHead {
  /** The ledger's head as `storage.local` has it; `null` before the first entry. */
  readonly mark: { readonly seq: number; readonly hash: string } | null;
  readonly entries: number;
}

export interface Diagnostics {
  readonly version: string;
  readonly browser: string;
  readonly database: { readonly kind: string; readonly id: string | null; readonly unreadableRows: number };
  readonly head: { readonly seq: number; readonly hash: string; readonly maxEpoch: number } | null;
  readonly managed: { readonly exists: boolean; readonly problems: readonly ManagedProblem[] };
  readonly held: Needs;
  /** Held by the browser although no live grant explains it. */
  readonly unexplained: Needs;
  readonly leases: readonly { readonly capability: CapabilityId; readonly scope: Scope; readonly epoch: number }[];
  readonly forwarders: readonly { readonly event: string; readonly registered: boolean }[];
  /** Ports that are open: of scripts in web pages, and of our own pages. */
  readonly connections: number;
  readonly usageBytes: number | null;
  readonly startedAtMs: number;
  /** Newest first; kept in memory only, at most 50. */
  readonly errors: readonly { readonly atMs: number; readonly text: string }[];
}

/** One report: exactly the text that leaves or left, as UTF-8. */
export interface ReportItem {
  /** The day that was counted, when it crashed, or since when it waits or is sent. */
  readonly atMs: number;
  readonly text: string;
  /** SHA-256 of its bytes. */
  readonly hash: string;
  /** `kept`: not handed over, so it goes nowhere by itself unless a rule says so. */
  readonly state: 'kept' | OutboxRow['state'];
}

export interface ReportView {
  readonly capability: 'usage-statistics' | 'crash-reports';
  readonly live: boolean;
  /** `null`: nothing can be sent. */
  readonly to: Named | null;
  /** The random id that these reports carry; `null` where they carry none. */
  readonly id: string | null;
  readonly byRule: boolean;
  readonly fields: readonly { readonly name: string; readonly out: boolean }[];
  /** Of the last week, newest first. */
  readonly items: readonly (ReportItem & { readonly bytes: number })[];
}

export interface ReportsView {
  readonly reports: readonly ReportView[];
}

export type ReportSent =
  | { kind: 'sent' }
  /** It could not be delivered yet, and is tried again. */
  | { kind: 'waiting' }
  | { kind: 'refused' }
  /** It is not what was shown any more, or the grant ended: nothing was begun. */
  | { kind: 'changed' }
  | { kind: 'no-endpoint' };

/** Outputs, by message. */
export interface Answers {
  'state.get': State;
  'prompts.show': { kind: 'opened' };
  'prompts.open': PromptOpened;
  'prompts.allow': { kind: 'recorded' } | { kind: 'gone' };
  'prompts.settle': Settled;
  'prompts.decline': Declined;
  'grants.revoke': Revoked;
  'grants.stop-all': { stopped: number; undurable: number };
  'records.page': RecordsPage;
  'records.summary': RecordsSummary;
  /** Alphabetically, the first few. */
  'records.sites': { sites: readonly string[] };
  'records.erase': { erased: number };
  'insight.site': InsightSite;
  'insight.sites': InsightSites;
  'time.days': TimeDays;
  'activity.week': ActivityWeek;
  'history.page': HistoryPage;
  'history.head': HistoryHead;
  'history.notice': Notice | null;
  'history.consent': ConsentRecord | null;
  'subject.id': { id: string | null };
  'everything.erase': ErasedEverything;
  'bulletins.dismiss': { kind: 'dismissed' };
  'news.dismiss': { kind: 'dismissed' };
  'clean.site':
    | { kind: 'cleared'; cleared: readonly string[]; left: readonly string[] }
    | { kind: 'off' }
    | { kind: 'failed'; why: string };
  'protection.get': ProtectionView;
  'protection.site': ProtectionSite;
  'protection.pause': { kind: 'paused' } | { kind: 'off' };
  'protection.resume': { kind: 'resumed' } | { kind: 'off' };
  'protection.change': { kind: 'changed'; settings: ProtectionSettings } | { kind: 'full'; hostsMax: number };
  /** The address that the asking page stands for; `null` where the background does not know it any more. */
  'protection.stopped': { url: string | null; live: boolean };
  'protection.let-through': { kind: 'let-through' } | { kind: 'off' } | { kind: 'no-page' };
  'download.get': HeldDownload | { kind: 'gone' } | { kind: 'off' };
  'download.keep': { kind: 'kept' } | { kind: 'gone' } | { kind: 'failed'; why: string };
  'download.discard': { kind: 'discarded' } | { kind: 'failed'; why: string };
  'diagnostics.get': Diagnostics;
  /** `null`: what the page knows is what is spoken. */
  'language.get': Spoken | null;
  'language.set': Spoken;
  'usage.count': { kind: 'heard' };
  'crash.report': { kind: 'heard' };
  'reports.get': ReportsView;
  'reports.configure': { kind: 'kept' } | { kind: 'off' };
  'reports.reset-id': { kind: 'kept' } | { kind: 'off' };
  'reports.send': ReportSent;
  'sync.get': SyncView;
  'sync.probe': Probed;
  'sync.look': Looked;
  'sync.create': Created;
  'sync.open': Opened;
  'sync.join': Joined;
  'sync.now': Synced;
  'sync.undo': Undone;
  'sync.device-only': SyncChanged;
  'sync.rename': SyncChanged;
  'sync.passphrase': Rekeyed;
  'sync.rotate': Rekeyed;
  'sync.remove-device': Rekeyed;
  'sync.revoke': { revoked: Revoked; remote: RemoteCopy };
  'sync.erasure': ErasureAnswer;
  'settings.export': { text: string; fileName: string };
  'settings.import': SettingsImported;
}

/** What the wire carries back: an answer, or why there is none. */
export type Envelope<N extends MessageName> =
  | { ok: true; answer: Answers[N] }
  | { ok: false; error: 'bad-input' | 'not-allowed' | 'closed' | 'failed'; why: string };

/** Long answers go in chunks of at most 1 MB over a port named `stream:NAME`. */
const purpose = z.enum(['export', 'verify']);
/** An `export` is written to the ledger when its last chunk was taken. */
export const streamInputs = {
  records: z.strictObject({ filter: recordFilter, purpose }),
  ledger: z.strictObject({ purpose }),
  'consent-records': z.strictObject({ purpose }),
  /** Every row of every store, store by store. */
  everything: z.strictObject({ purpose }),
} as const;
export type StreamName = keyof typeof streamInputs;
export type StreamInput<N extends StreamName> = z.infer<(typeof streamInputs)[N]>;
export interface StreamItems {
  records: RecordRow;
  ledger: LedgerEntry;
  'consent-records': ConsentRecord;
  everything: StoredRow;
}
export type StreamMessage =
  /** JSON of an array of the stream's items: browsers carry one text several times as fast as the objects in it. */
  { kind: 'chunk'; items: string } | { kind: 'end'; total: number } | { kind: 'failed'; why: string };

/** A row as it is kept, and the store that keeps it; `local` is the browser's own `storage.local`. */
export interface StoredRow {
  readonly store: string;
  readonly row: object;
}

/** One grant's life as a plain JSON consent record. */
export interface ConsentRecord {
  readonly recordId: string;
  readonly capability: CapabilityId;
  readonly scope: Scope;
  readonly state: GrantState;
  readonly sinceMs: number;
  readonly lifetime: Lifetime;
  readonly validUntilMs: number | null;
  readonly policyVersion: string | null;
  readonly notice: Notice | null;
  readonly events: readonly {
    readonly seq: number;
    readonly atMs: number;
    readonly kind: LedgerKind;
    readonly by: Actor;
    readonly hash: string;
  }[];
}

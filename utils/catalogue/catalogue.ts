import { type Destination, type Named, patternOf } from './endpoints';
import { ALL, ALL_ORIGINS, type Scope, siteOf } from './scope';

/** How long a grant lasts: until revoked, until the browser's session ends, or one hour. */
export const lifetimes = ['until-revoked', 'session', 'hour'] as const;
export type Lifetime = (typeof lifetimes)[number];

/** Browser events that a capability may hear, once granted; each gets one forwarder in the background's first turn. */
export type ForwardedEvent =
  | 'tabs.onActivated'
  | 'tabs.onUpdated'
  | 'tabs.onRemoved'
  | 'windows.onFocusChanged'
  | 'idle.onStateChanged'
  | 'notifications.onClicked'
  | 'webRequest.onErrorOccurred'
  | 'webRequest.onBeforeRedirect'
  | 'webRequest.onResponseStarted'
  | 'downloads.onCreated'
  | 'downloads.onChanged';

/** One thing that Cloudopt can do and that needs a person's permission. Texts stand in public/_locales under `cap_ID_…`. */
export interface Capability {
  /**
   * `choose`: the person grants it for one site or for all sites. `all`: it works on all sites or not at all.
   * `none`: it has no sites. The scope of the last two is `*`. `server`: the scope is the place that it uses, one HTTPS
   * server's origin pattern, or `*` for this browser's own sync; each is a question of its own.
   */
  readonly sites: 'none' | 'choose' | 'all' | 'server';
  /** The browser's API permissions that it needs. */
  readonly api: readonly string[];
  /** Firefox's data collection types that it needs. */
  readonly dataCollection: readonly string[];
  readonly lifetime: Lifetime;
  /** Clauses of the privacy policy that it rests on. */
  readonly clauses: readonly string[];
  /** What it collects, as text keys `field_…`; empty where it collects nothing. */
  readonly fields: readonly string[];
  /** Where what it collects goes, if anywhere: endpoints.ts says who sets an endpoint. */
  readonly destination: 'device' | 'sync-place' | Destination;
  /** What a server as its place needs and gets besides. */
  readonly server?: { readonly dataCollection: readonly string[]; readonly fields: readonly string[] };
  /** Days that a record is kept; `null` where it keeps no records. */
  readonly keepDays: number | null;
  readonly events: readonly ForwardedEvent[];
}

type Catalogue = Record<string, Capability>;

/** Every capability. The manifest, the prompts, the pages, the background's forwarders and the tests derive from this. */
export const catalogue = {
  'site-insight': {
    sites: 'choose',
    api: [],
    dataCollection: [],
    lifetime: 'until-revoked',
    clauses: ['I.5', 'III'],
    fields: ['site', 'third_party_hosts', 'request_counts', 'day'],
    destination: 'device',
    keepDays: 30,
    events: [],
  },
  'browsing-time': {
    sites: 'none',
    api: ['idle', 'tabs'],
    dataCollection: [],
    lifetime: 'until-revoked',
    clauses: ['I.5'],
    fields: ['site', 'minutes', 'day'],
    destination: 'device',
    keepDays: 90,
    events: ['tabs.onActivated', 'tabs.onUpdated', 'tabs.onRemoved', 'windows.onFocusChanged', 'idle.onStateChanged'],
  },
  'site-cleaner': {
    sites: 'none',
    api: ['browsingData'],
    dataCollection: [],
    lifetime: 'until-revoked',
    clauses: ['I.6', 'III'],
    fields: [],
    destination: 'device',
    keepDays: null,
    events: [],
  },
  notifications: {
    sites: 'none',
    api: ['notifications'],
    dataCollection: [],
    lifetime: 'until-revoked',
    clauses: ['II.5', 'V.4'],
    fields: [],
    destination: 'device',
    keepDays: null,
    events: ['notifications.onClicked'],
  },
  protection: {
    sites: 'all',
    api: ['webRequest'],
    dataCollection: [],
    lifetime: 'until-revoked',
    clauses: ['I.5'],
    fields: ['site', 'blocked_requests', 'day'],
    destination: 'device',
    keepDays: 30,
    events: [
      'webRequest.onErrorOccurred',
      'webRequest.onBeforeRedirect',
      'webRequest.onResponseStarted',
      'tabs.onRemoved',
    ],
  },
  'download-guard': {
    sites: 'none',
    api: ['downloads'],
    dataCollection: [],
    lifetime: 'until-revoked',
    clauses: ['I.5'],
    fields: ['download_host', 'download_verdict', 'download_day'],
    destination: 'device',
    keepDays: 90,
    events: ['downloads.onCreated', 'downloads.onChanged'],
  },
  'usage-statistics': {
    sites: 'none',
    api: [],
    dataCollection: ['technicalAndInteraction'],
    lifetime: 'until-revoked',
    clauses: ['I.4', 'II.3'],
    fields: ['feature_counts', 'versions', 'language', 'report_id', 'request_headers'],
    destination: 'statistics-endpoint',
    keepDays: 30,
    events: [],
  },
  'crash-reports': {
    sites: 'none',
    api: [],
    dataCollection: ['technicalAndInteraction'],
    lifetime: 'until-revoked',
    clauses: ['I.4', 'II.2'],
    fields: ['error', 'error_place', 'error_time', 'versions', 'request_headers'],
    destination: 'crash-endpoint',
    keepDays: 30,
    events: [],
  },
  'cloud-sync': {
    sites: 'server',
    api: [],
    dataCollection: ['browsingActivity'],
    server: { dataCollection: ['authenticationInfo'], fields: ['sync_login', 'request_headers'] },
    lifetime: 'until-revoked',
    clauses: ['II.1', 'V.3'],
    fields: ['sync_settings', 'sync_hosts', 'sync_device', 'sync_vault'],
    destination: 'sync-place',
    keepDays: null,
    events: [],
  },
} as const satisfies Catalogue;

export type CapabilityId = keyof typeof catalogue;

export const capabilityIds = Object.keys(catalogue) as CapabilityId[];

export const isCapabilityId = (raw: unknown): raw is CapabilityId =>
  typeof raw === 'string' && Object.hasOwn(catalogue, raw);

export const capability = (id: CapabilityId): Capability => catalogue[id];

/** The API permissions, origins and data collection types that a grant of this scope needs from the browser. */
export interface Needs {
  readonly permissions: readonly string[];
  readonly origins: readonly string[];
  readonly dataCollection: readonly string[];
}

/**
 * @param knowsDataCollection whether this browser has Firefox's data collection permissions.
 * @param endpoint what the notice names, or is to name; `null` where nothing may leave.
 */
export function needsOf(id: CapabilityId, scope: Scope, knowsDataCollection: boolean, endpoint: Named | null): Needs {
  const { api, dataCollection, server } = capability(id);
  const types = [...dataCollection, ...(scope === ALL ? [] : (server?.dataCollection ?? []))].sort();
  return {
    permissions: [...api].sort(),
    origins: [...originsOf(id, scope), ...(endpoint ? [patternOf(endpoint)] : [])],
    dataCollection: knowsDataCollection ? types : [],
  };
}

function originsOf(id: CapabilityId, scope: Scope): Scope[] {
  const { sites } = capability(id);
  if (scope !== ALL) return sites === 'none' ? [] : [scope];
  return sites === 'choose' || sites === 'all' ? [ALL_ORIGINS] : [];
}

/** What a grant of this scope collects or hands over. */
export function fieldsOf(id: CapabilityId, scope: Scope): readonly string[] {
  const { fields, server } = capability(id);
  return scope === ALL ? fields : [...fields, ...(server?.fields ?? [])];
}

/** Every field, whatever the scope. */
export const everyField = (id: CapabilityId): readonly string[] => [
  ...capability(id).fields,
  ...(capability(id).server?.fields ?? []),
];

/** Every data collection type, whatever the scope. */
export const everyDataType = (id: CapabilityId): readonly string[] => [
  ...capability(id).dataCollection,
  ...(capability(id).server?.dataCollection ?? []),
];

/** Whether a grant of this capability may have this scope. */
export function allowsScope(id: CapabilityId, scope: Scope): boolean {
  const { sites } = capability(id);
  if (scope === ALL || sites === 'choose') return true;
  const site = sites === 'server' ? siteOf(scope) : undefined;
  return site?.scheme === 'https' && !site.subdomains;
}

/** Whether a grant of `*` covers every site, so that one site can be taken out of it. */
export const hasSites = (id: CapabilityId): boolean => capability(id).sites === 'choose';

/** Required permissions: each raises no warning in either browser. Why each is there is in utils/README.md. */
export const requiredPermissions = [
  'activeTab',
  'alarms',
  'declarativeNetRequestWithHostAccess',
  'scripting',
  'storage',
  'unlimitedStorage',
] as const;

/** What the manifest derives from the catalogue: `optional_permissions`, `optional_host_permissions`, data collection. */
export function optionalPermissions(): Needs {
  const all = capabilityIds.map(capability);
  const unique = (names: string[]) => [...new Set(names)].sort();
  return {
    permissions: unique(all.flatMap((entry) => entry.api)),
    origins: all.some((entry) => entry.sites !== 'none') ? [ALL_ORIGINS] : [],
    dataCollection: unique(capabilityIds.flatMap(everyDataType)),
  };
}

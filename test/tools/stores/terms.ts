/** What the stores ask about in words of their own, held against the catalogue by types: what lacks an answer does not compile. */
import type { CapabilityId, catalogue, requiredPermissions } from '../../../utils/catalogue/catalogue';

/** The Chrome Web Store's categories of user data, in the order of its form (Privacy practices, Data usage). */
export const chromeCategories = [
  'Personally identifiable information',
  'Health information',
  'Financial and payment information',
  'Authentication information',
  'Personal communications',
  'Location',
  'Web history',
  'User activity',
  'Website content',
] as const;
export type ChromeCategory = (typeof chromeCategories)[number];

type Entry = (typeof catalogue)[CapabilityId];
type Field = Entry['fields'][number] | Extract<Entry, { server: object }>['server']['fields'][number];

/**
 * The category of each field, the more telling one where two would do; `null` where the store has none for it: technical
 * facts. The store counts what is only kept on the device as well.
 */
export const categoryOf: Readonly<Record<Field, ChromeCategory | null>> = {
  site: 'Web history',
  third_party_hosts: 'Web history',
  day: 'Web history',
  download_host: 'Web history',
  request_counts: 'User activity',
  minutes: 'User activity',
  blocked_requests: 'User activity',
  download_verdict: 'User activity',
  download_day: 'User activity',
  feature_counts: 'User activity',
  report_id: 'Personally identifiable information',
  // A server sees the address that a connection comes from; the store lists IP addresses here.
  request_headers: 'Location',
  versions: null,
  language: null,
  error: null,
  error_place: null,
  error_time: null,
  sync_hosts: 'Web history',
  sync_device: 'Personally identifiable information',
  sync_login: 'Authentication information',
  sync_settings: null,
  sync_vault: null,
};

/** Fields that exist only once something is sent; where nothing can be, they are nobody's. */
export const sentOnly: ReadonlySet<string> = new Set<Field>(['request_headers']);

interface Required {
  readonly why: string;
  /** Those that it is for; none: it is for Cloudopt's own keeping of the record. */
  readonly capabilities: readonly CapabilityId[];
  /** Clauses that it rests on besides those of the capabilities. */
  readonly clauses: readonly string[];
}

/** Why each permission is there from the first day. */
export const required: Readonly<Record<(typeof requiredPermissions)[number], Required>> = {
  activeTab: {
    why: 'The popup names the site in front, so that a permission can be asked for that one site instead of for all. It reads the address of the tab on which the person clicked Cloudopt’s button, then, and no other.',
    capabilities: ['site-insight', 'site-cleaner'],
    clauses: [],
  },
  alarms: {
    why: 'A stopped background can’t keep time by itself. Alarms end what was allowed for an hour, erase records when their days of keeping are over, end a pause of protection, look once a minute whether a counted site is still in front, let a report go by a rule that the person switched on, and synchronize settings every quarter of an hour where that was allowed.',
    capabilities: ['browsing-time', 'protection', 'usage-statistics', 'cloud-sync'],
    clauses: [],
  },
  declarativeNetRequestWithHostAccess: {
    why: 'The browser itself blocks requests by four lists in the package, all of them off until protection is allowed. It acts only on hosts that the person granted. It can’t be an optional permission in either browser.',
    capabilities: ['protection'],
    clauses: [],
  },
  scripting: {
    why: 'Registers one script of the package, which counts requests by host, only on the sites for which site insight was allowed, and takes it off when that ends. No script runs in any page before.',
    capabilities: ['site-insight'],
    clauses: [],
  },
  storage: {
    why: 'Keeps the choice of language, an organisation’s policy as it was last read, and the marks by which the end of a browser session, a lost history, or a revocation that could not be written is noticed: on this device alone. Where Cloud Synchronization was allowed with the browser’s own sync as its place, an encrypted copy of settings is handed to that.',
    capabilities: ['cloud-sync'],
    clauses: ['I.2'],
  },
  unlimitedStorage: {
    why: 'Keeps the browser from throwing away the record of what was asked, allowed and taken back when disk space runs short.',
    capabilities: [],
    clauses: ['I.2', 'I.5'],
  },
};

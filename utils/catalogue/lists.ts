/** The blocking lists, as data: the manifest, protection, its pages and the licences shown all read it. */

/** Rulesets of the package, by id. Each can be switched off by the person. */
export const listNames = ['ads', 'tracking', 'malicious', 'phishing'] as const;
export type ListName = (typeof listNames)[number];

/** What the blocked page may be told: one of our lists that stops whole pages, or the person's own list. */
export const stoppingLists = ['malicious', 'phishing', 'own'] as const;
export type StoppingList = (typeof stoppingLists)[number];

/** Stands in place of a page that was stopped; the only page of ours that a web page may lead to. */
export const blockedPage = 'blocked.html';
/** Hosts of the malicious and the phishing list, for what no rule can judge: downloads. */
export const hostsFile = 'rulesets/hosts.json';

/** Hosts that one list of the person's may hold: with more, each is a rule's worth of looking. */
export const OWN_HOSTS_MAX = 1000;

/** Why a download is warned of. */
export const verdicts = ['malicious', 'phishing', 'program-over-http'] as const;
export type Verdict = (typeof verdicts)[number];

export const pauseLengths = ['visit', 'hour', 'always'] as const;
export type PauseLength = (typeof pauseLengths)[number];

/** What the person chose. Stands in the database's settings; it is no record of what they did. */
export interface ProtectionSettings {
  readonly lists: Readonly<Record<ListName, boolean>>;
  /** Sites on which nothing is blocked. */
  readonly allow: readonly string[];
  /** Hosts that are never loaded. */
  readonly block: readonly string[];
  /** Sites on which nothing is blocked for a while. */
  readonly pauses: readonly { readonly host: string; readonly untilMs: number }[];
  /** Whether the button shows how much was blocked on the page in front. */
  readonly badge: boolean;
}

export const usualProtection: ProtectionSettings = {
  lists: { ads: true, tracking: true, malicious: true, phishing: true },
  allow: [],
  block: [],
  pauses: [],
  badge: true,
};

export interface Credit {
  readonly list: ListName | 'package' | 'icons';
  readonly name: string;
  readonly license: string;
  readonly url: string;
}

/** Whose work the lists and the icons are. NOTICE says the same, held together by a test. */
export const credits: readonly Credit[] = [
  {
    list: 'package',
    name: '@adguard/dnr-rulesets',
    license: 'GPL-3.0-only',
    url: 'https://github.com/AdguardTeam/DnrRulesets',
  },
  {
    list: 'ads',
    name: 'EasyList',
    license: 'GPL-3.0-or-later, CC BY-SA 3.0 or later',
    url: 'https://easylist.to/',
  },
  {
    list: 'ads',
    name: 'AdGuard Base filter',
    license: 'GPL-3.0',
    url: 'https://github.com/AdguardTeam/AdguardFilters',
  },
  {
    list: 'tracking',
    name: 'AdGuard Tracking Protection filter',
    license: 'GPL-3.0',
    url: 'https://github.com/AdguardTeam/AdguardFilters',
  },
  {
    list: 'malicious',
    name: 'urlhaus-filter, from URLhaus of abuse.ch',
    license: 'MIT; its data on the terms of the sources',
    url: 'https://gitlab.com/malware-filter/urlhaus-filter',
  },
  {
    list: 'phishing',
    name: 'phishing-filter, from OpenPhish, IPThreat and PhishTank',
    license: 'MIT; its data on the terms of the sources',
    url: 'https://gitlab.com/malware-filter/phishing-filter',
  },
  { list: 'icons', name: 'Lucide', license: 'ISC; those that come from Feather: MIT', url: 'https://lucide.dev/' },
];

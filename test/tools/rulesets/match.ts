/**
 * What a browser would do with a request under a list of rules: a small matcher of our own, for the tests and for the
 * build's proof that compaction changes nothing. What it follows:
 * https://developer.chrome.com/docs/extensions/reference/api/declarativeNetRequest
 */
import type { Action, Condition, ResourceType, WrittenRule } from './rules';

export interface WebRequest {
  /** Absolute; the fragment is ignored. */
  readonly url: string;
  /** The host of the page that asks; absent for a navigation typed by the person. */
  readonly initiatorDomain?: string;
  readonly type: ResourceType;
  readonly thirdParty: boolean;
  /** Lower case; `get` where absent. */
  readonly method?: string;
}

/**
 * Where a host is in both of a rule's lists, the longer of the two domains counts in Chromium, the excluded one always in
 * Firefox: https://source.chromium.org/chromium/chromium/src/+/main:components/url_pattern_index/url_pattern_index.cc
 */
export type Engine = 'chromium' | 'firefox';

export interface Verdict<R extends WrittenRule = WrittenRule> {
  readonly action: Action['type'];
  readonly priority: number;
  readonly rule: R;
}

/** At equal priority the first of these wins. */
const order: readonly Action['type'][] = ['allow', 'allowAllRequests', 'block', 'redirect'];

export const escaped = (literal: string): string => literal.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

/** `||`: at the start of the host or of one of its labels. */
const HOST_START = '^[a-z][a-z0-9+.-]*:\\/\\/(?:[^/?#]*@)?(?:[^/?#@:]*\\.)?';
/** `^`: what can't be in a host's or a file's name, or the end. */
export const SEPARATOR = '(?:[^a-z0-9_.%-]|$)';

/** A `urlFilter` as a regular expression over the whole URL. */
export function filterPattern(filter: string, caseSensitive: boolean): RegExp {
  const [start, skipped] = filter.startsWith('||') ? [HOST_START, 2] : filter.startsWith('|') ? ['^', 1] : ['', 0];
  const isEndAnchored = filter.endsWith('|') && filter.length > skipped;
  const body = filter.slice(skipped, isEndAnchored ? -1 : undefined);
  const pattern = body.replace(/[*^]|[^*^]+/g, (part) =>
    part === '*' ? '.*' : part === '^' ? SEPARATOR : escaped(part),
  );
  const source = `${start}${pattern}${isEndAnchored ? '$' : ''}`;
  return new RegExp(caseSensitive ? source.replaceAll('a-z', 'a-zA-Z') : source, caseSensitive ? '' : 'i');
}

/** How long the longest of `domains` is that `host` is, or is below; 0 for none. */
function longestOf(domains: ReadonlySet<string>, host: string): number {
  for (let at = 0; at !== -1; ) {
    const parent = host.slice(at);
    if (domains.has(parent)) return parent.length;
    const dot = host.indexOf('.', at);
    at = dot === -1 ? -1 : dot + 1;
  }
  return 0;
}

type Domains = readonly string[] | undefined;
type HostTest = (host: string | undefined) => boolean;

function hostTest(included: Domains, excluded: Domains, engine: Engine): HostTest | undefined {
  if (!included && !excluded) return undefined;
  const inside = included && new Set(included);
  const outside = new Set(excluded);
  return (host) => {
    if (host === undefined) return !inside;
    const least = inside ? longestOf(inside, host) : Number.POSITIVE_INFINITY;
    if (least === 0) return false;
    const out = longestOf(outside, host);
    return out === 0 || (engine === 'chromium' && inside !== undefined && out < least);
  };
}

/** Whether a rule is about a type of request; a rule that names none leaves main frames alone. */
export function coversType({ resourceTypes, excludedResourceTypes }: Condition, type: ResourceType): boolean {
  if (resourceTypes) return resourceTypes.includes(type);
  if (excludedResourceTypes) return !excludedResourceTypes.includes(type);
  return type !== 'main_frame';
}

/** A rule with what is worked out when it is first needed. */
interface Compiled<R extends WrittenRule> {
  readonly rule: R;
  readonly rank: number;
  pattern?: RegExp;
  hosts?: HostTest | undefined;
  initiators?: HostTest | undefined;
}

interface Asked extends WebRequest {
  readonly host: string;
}

function matches(compiled: Compiled<WrittenRule>, asked: Asked, engine: Engine): boolean {
  const { condition } = compiled.rule;
  if (!coversType(condition, asked.type)) return false;
  if (condition.domainType && (condition.domainType === 'thirdParty') !== asked.thirdParty) return false;
  if (condition.requestMethods && !condition.requestMethods.includes(asked.method ?? 'get')) return false;
  if (!('hosts' in compiled)) {
    compiled.hosts = hostTest(condition.requestDomains, condition.excludedRequestDomains, engine);
    compiled.initiators = hostTest(condition.initiatorDomains, condition.excludedInitiatorDomains, engine);
  }
  if (compiled.hosts && !compiled.hosts(asked.host)) return false;
  if (compiled.initiators && !compiled.initiators(asked.initiatorDomain)) return false;
  const { urlFilter, regexFilter, isUrlFilterCaseSensitive = false } = condition;
  if (urlFilter === undefined && regexFilter === undefined) return true;
  compiled.pattern ??=
    urlFilter === undefined
      ? new RegExp(regexFilter ?? '', isUrlFilterCaseSensitive ? '' : 'i')
      : filterPattern(urlFilter, isUrlFilterCaseSensitive);
  return compiled.pattern.test(asked.url);
}

/** A stretch of a filter's plain text that any URL it matches must hold. */
const GRAM_CHARS = 5;

/**
 * A function that says what happens to a request; undefined where no rule is about it. Rules with a text filter are found
 * by one of its stretches, the one that fewest rules share, so that lists of 100,000 rules can be asked thousands of times.
 */
export function matcher<R extends WrittenRule>(
  rules: readonly R[],
  engine: Engine = 'chromium',
): (request: WebRequest) => Verdict<R> | undefined {
  const byGram = new Map<string, Compiled<R>[]>();
  const everywhere: Compiled<R>[] = [];
  for (const rule of rules) {
    const compiled = { rule, rank: order.indexOf(rule.action.type) };
    let best: string | undefined;
    let bestSize = Number.POSITIVE_INFINITY;
    for (const literal of (rule.condition.urlFilter ?? '').toLowerCase().split(/[*^|]/)) {
      for (let at = 0; at + GRAM_CHARS <= literal.length && bestSize > 0; at += 1) {
        const gram = literal.slice(at, at + GRAM_CHARS);
        const size = byGram.get(gram)?.length ?? 0;
        if (size < bestSize) [best, bestSize] = [gram, size];
      }
    }
    const found = best === undefined ? everywhere : byGram.get(best);
    if (found) found.push(compiled);
    else if (best !== undefined) byGram.set(best, [compiled]);
  }

  return (request) => {
    const parsed = new URL(request.url);
    parsed.hash = '';
    const asked: Asked = { ...request, url: parsed.href, host: parsed.hostname };
    let won: Compiled<R> | undefined;
    const consider = (compiled: Compiled<R>) => {
      if (won) {
        const lead = compiled.rule.priority - won.rule.priority;
        if (lead < 0 || (lead === 0 && compiled.rank >= won.rank)) return;
      }
      if (matches(compiled, asked, engine)) won = compiled;
    };
    for (const compiled of everywhere) consider(compiled);
    const text = asked.url.toLowerCase();
    const seen = new Set<string>();
    for (let at = 0; at + GRAM_CHARS <= text.length; at += 1) {
      const gram = text.slice(at, at + GRAM_CHARS);
      if (seen.has(gram)) continue;
      seen.add(gram);
      for (const compiled of byGram.get(gram) ?? []) consider(compiled);
    }
    return won && { action: won.rule.action.type, priority: won.rule.priority, rule: won.rule };
  };
}

/** Two verdicts that a page can't tell apart. */
export const sameVerdict = (one: Verdict | undefined, other: Verdict | undefined): boolean =>
  one?.action === other?.action && one?.priority === other?.priority;

/** A host that stands for any other. */
const STRANGER = 'stranger.example';

/** Hosts around one: itself, below it, glued to it, above it, and with something behind it. */
const hostsAround = (host: string): readonly string[] => [
  host,
  `sub.${host}`,
  `glued${host}`,
  host.slice(host.indexOf('.') + 1),
  `${host}.${STRANGER}`,
];

/** URLs around one filter: such as it means, and such as it only nearly means. */
function urlsAround(filter: string | undefined, domains: readonly string[]): readonly string[] {
  if (filter === undefined) return domains.flatMap(hostsAround).map((host) => `https://${host}/a.js?b=1`);
  const text = filter.replace(/^\|\|?|\|$/g, '').replaceAll('*', 'any');
  const [host = '', rest = '/'] = filter.startsWith('||')
    ? [text.replace(/[/^?:].*$/, ''), text.replace(/^[^/^?:]*/, '')]
    : ['', text];
  const hosts = host === '' ? (domains.length > 0 ? domains : [STRANGER]).slice(0, 2) : hostsAround(host);
  const path = rest.replace(/^\^/, '/').replace(/\^$/, '').replaceAll('^', '/');
  return [
    ...hosts.map((each) => `https://${each}${/^[/?:]/.test(path) ? '' : '/'}${path}`),
    `http://${hosts[0]}:8080/${path}`,
    `https://${hosts[0]}/deeper${path}x`,
    `https://${path}/`,
    `https://${STRANGER}/?u=${text}`,
  ];
}

/**
 * Requests that lie around `rules`: about `count`, spread evenly over the list, the same ones each time. Each goes by the
 * type, the page and the party that its rule asks for, and in turn by others.
 */
export function requestsAround(rules: readonly WrittenRule[], count: number): readonly WebRequest[] {
  const perRule = 8;
  const step = Math.max(1, (rules.length * perRule) / count);
  const found: WebRequest[] = [];
  for (let at = 0; at < rules.length; at += step) {
    const condition = rules[Math.floor(at)]?.condition ?? {};
    const urls = urlsAround(condition.urlFilter, condition.requestDomains?.slice(0, 2) ?? []).filter((url) =>
      URL.canParse(url),
    );
    for (const [turn, url] of urls.entries()) {
      const pages = [...(condition.initiatorDomains?.slice(0, 2).flatMap(hostsAround) ?? []), STRANGER];
      const page = pages[(found.length + turn) % pages.length] ?? STRANGER;
      const fitting = condition.resourceTypes?.[turn % condition.resourceTypes.length] ?? 'script';
      const type = turn % 4 === 3 ? ('main_frame' as const) : turn % 4 === 2 ? ('image' as const) : fitting;
      const thirdParty = condition.domainType ? (condition.domainType === 'thirdParty') === turn < 6 : turn % 3 !== 2;
      found.push({ url, type, thirdParty, ...(turn === 1 ? {} : { initiatorDomain: page }) });
    }
  }
  return found;
}

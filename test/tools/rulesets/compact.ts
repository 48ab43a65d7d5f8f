/**
 * Says the same with fewer rules. Two steps, each a pure function over a list: `exact` changes no verdict, `bareHosts`
 * blocks slightly less. `fold.ts` has a third one, for Firefox. `make.ts` prints what each saves.
 */
import { parse } from 'tldts';
import { coversType } from './match';
import { type Condition, type ResourceType, type Rule, resourceTypes } from './rules';

const compareText = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
const DOMAIN_KEYS = [
  'requestDomains',
  'initiatorDomains',
  'excludedRequestDomains',
  'excludedInitiatorDomains',
] as const;

/** A list that several rules' lists can be united in, and the list that it is read against. */
const united = [
  { key: 'requestDomains', against: 'excludedRequestDomains' },
  { key: 'initiatorDomains', against: 'excludedInitiatorDomains' },
  { key: 'resourceTypes', against: 'excludedResourceTypes' },
] as const;
type United = (typeof united)[number];

/** Sorted and each once; without what lies below another of the list, if `foldSubdomains`. */
function domainSet(domains: readonly string[], foldSubdomains: boolean): readonly string[] {
  if (domains.length === 1) return domains;
  const all = new Set(domains);
  const isBelow = (domain: string): boolean => {
    for (let dot = domain.indexOf('.'); dot !== -1; dot = domain.indexOf('.', dot + 1)) {
      if (all.has(domain.slice(dot + 1))) return true;
    }
    return false;
  };
  return [...all].filter((domain) => !foldSubdomains || !isBelow(domain)).sort(compareText);
}

const typeSet = (types: readonly ResourceType[]): readonly ResourceType[] => {
  const all = new Set(types);
  return resourceTypes.filter((type) => all.has(type));
};

/**
 * A list of domains is only folded where nothing is read against it: Chromium lets the longer of an included and an excluded
 * domain win, so that in `[a.example, c.b.a.example]` but not `[b.a.example]` no domain is too many.
 */
function listOf(key: United['key'], against: unknown, values: readonly string[]): readonly string[] {
  return key === 'resourceTypes'
    ? typeSet(values as readonly ResourceType[])
    : domainSet(values, against === undefined);
}

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;
const NAME = /^(?:[a-z0-9_-]+\.)+[a-z][a-z0-9-]*$/;

/** Whether a text is a host that `requestDomains` can hold: several labels, in the form in which browsers compare it. */
export function isHost(text: string): boolean {
  if (IPV4.test(text)) return new URL(`http://${text}`).hostname === text;
  if (!NAME.test(text)) return false;
  return !text.includes('xn--') || (URL.canParse(`http://${text}`) && new URL(`http://${text}`).hostname === text);
}

/** The host of `||host^`, which matches what a domain list with that host matches. */
function wholeHost(filter: string | undefined): string | undefined {
  if (!filter?.startsWith('||') || !filter.endsWith('^')) return undefined;
  const host = filter.slice(2, -1).toLowerCase();
  return isHost(host) ? host : undefined;
}

/** Where hosts are listed already, a host taken from the filter would be weighed against them, which a filter isn't. */
const listsHosts = ({ requestDomains, excludedRequestDomains }: Condition): boolean =>
  requestDomains !== undefined || excludedRequestDomains !== undefined;

/** A condition with its keys and lists in order, and its filter in lower case where case doesn't matter. */
function canonical(condition: Condition): Condition {
  const { urlFilter, regexFilter, isUrlFilterCaseSensitive = false } = condition;
  const host = isUrlFilterCaseSensitive || listsHosts(condition) ? undefined : wholeHost(urlFilter);
  const made: Record<string, unknown> = {};
  if (urlFilter !== undefined && host === undefined) {
    made.urlFilter = isUrlFilterCaseSensitive ? urlFilter : urlFilter.toLowerCase();
  }
  if (regexFilter !== undefined) made.regexFilter = regexFilter;
  if (isUrlFilterCaseSensitive) made.isUrlFilterCaseSensitive = true;
  for (const key of DOMAIN_KEYS) {
    const domains = key === 'requestDomains' && host !== undefined ? [host] : condition[key];
    if (!domains) continue;
    const other = united.find((each) => each.key === key)?.against ?? united.find((each) => each.against === key)?.key;
    made[key] = domainSet(domains, other === undefined || condition[other] === undefined);
  }
  if (condition.domainType) made.domainType = condition.domainType;
  if (condition.resourceTypes) made.resourceTypes = typeSet(condition.resourceTypes);
  if (condition.excludedResourceTypes) made.excludedResourceTypes = typeSet(condition.excludedResourceTypes);
  if (condition.requestMethods) made.requestMethods = [...new Set(condition.requestMethods)].sort(compareText);
  return made as Condition;
}

const withCondition = (rule: Rule, condition: object): Rule => ({
  ...rule,
  condition: canonical(condition as Condition),
});

/** All that a rule says, or all but for one list. */
const substance = ({ action, priority, condition }: Rule, without?: United['key']): string =>
  JSON.stringify([priority, action, without === undefined ? condition : { ...condition, [without]: undefined }]);

/** A rule with its texts, which are compared again and again. */
class Compared {
  readonly rule: Rule;
  #whole: string | undefined;
  #without: Partial<Record<United['key'], string>> | undefined;
  constructor(rule: Rule) {
    this.rule = rule;
  }

  whole(): string {
    this.#whole ??= substance(this.rule);
    return this.#whole;
  }

  /** The same for rules that are equal but for the list; also for one that has no such list. */
  without(key: United['key']): string {
    if (this.rule.condition[key] === undefined) return this.whole();
    this.#without ??= {};
    this.#without[key] ??= substance(this.rule, key);
    return this.#without[key];
  }
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): readonly (readonly T[])[] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return [...groups.values()];
}

const carried = (rules: readonly Rule[]): number => rules.reduce((sum, rule) => sum + rule.carries, 0);

/** One rule for those that are equal but for one list; two where one of them has no such list and others say more. */
function unite(rules: readonly Rule[], { key, against }: United): readonly Rule[] {
  const [first] = rules;
  if (!first) return [];
  const open = rules.filter(({ condition }) => condition[key] === undefined);
  const opposed = first.condition[against];
  // What the rule without a list covers anyway; a list that stands against an excluded one may reach further.
  const isCovered = ({ condition }: Rule): boolean =>
    open.length > 0 &&
    opposed === undefined &&
    (condition[key] === undefined || key !== 'resourceTypes' || !coversType(condition, 'main_frame'));
  const covered = rules.filter(isCovered);
  const rest = rules.filter((rule) => !isCovered(rule) && rule.condition[key] !== undefined);
  const made: Rule[] = [];
  const [widest] = open;
  if (widest) made.push({ ...widest, carries: carried(opposed === undefined ? covered : open) });
  const [head] = rest;
  if (head) {
    const values = listOf(
      key,
      opposed,
      rest.flatMap((rule): readonly string[] => rule.condition[key] ?? []),
    );
    made.push({ ...head, condition: { ...head.condition, [key]: values } as Condition, carries: carried(rest) });
  }
  return made;
}

const inOrder = (compared: readonly Compared[]): readonly Rule[] =>
  [...compared]
    .sort((one, other) => other.rule.priority - one.rule.priority || compareText(one.whole(), other.whole()))
    .map(({ rule }, at) => ({ ...rule, id: at + 1 }));

/** Highest priority first, then by what the rules say; numbered from 1. */
export const renumbered = (rules: readonly Rule[]): readonly Rule[] => inOrder(rules.map((rule) => new Compared(rule)));

/** Unites until nothing more can be. */
function merged(rules: readonly Rule[]): readonly Rule[] {
  let now: readonly Compared[] = rules.map((rule) => new Compared(rule));
  for (let before = Number.POSITIVE_INFINITY; now.length < before; ) {
    before = now.length;
    for (const dimension of united) {
      now = grouped(now, (compared) => compared.without(dimension.key)).flatMap((group) =>
        group.length === 1
          ? group
          : unite(
              group.map(({ rule }) => rule),
              dimension,
            ).map((rule) => new Compared(rule)),
      );
    }
  }
  return inOrder(now);
}

/**
 * The same verdict on every request, with fewer rules: equal rules once, `||host^` as a domain list, lists of rules that
 * are else equal united, and no domain below another one of its list.
 */
export const exact = (rules: readonly Rule[]): readonly Rule[] =>
  merged(rules.map((rule) => withCondition(rule, rule.condition)));

/**
 * A filter that is a whole host and nothing else. `favicon.ico` and `t.sidekickopen` end in no public suffix; a name that is
 * a suffix itself (`github.io`) would be the list of all its sites.
 */
function isBareHost(filter: string): boolean {
  if (!isHost(filter) || IPV4.test(filter)) return false;
  const { isIcann, isPrivate, domain } = parse(filter, { allowPrivateDomains: true });
  return domain !== null && (isIcann === true || isPrivate === true);
}

/**
 * Step b: rules that block the images whose URL holds a host's name anywhere become one rule with these hosts. Blocks less:
 * no longer where the name is a part of a longer one, or stands in the path.
 */
export function bareHosts(rules: readonly Rule[]): readonly Rule[] {
  return merged(
    rules.map((rule) => {
      const { urlFilter, ...rest } = rule.condition;
      const isImages = rest.resourceTypes?.length === 1 && rest.resourceTypes[0] === 'image';
      if (rule.action.type !== 'block' || !isImages || listsHosts(rest) || !urlFilter || !isBareHost(urlFilter)) {
        return rule;
      }
      return withCondition(rule, { ...rest, requestDomains: [urlFilter] });
    }),
  );
}

/** The host that a filter behind `||` begins with, where it is a whole one. */
export function filterHost(text: string): string | undefined {
  const host = /^([^/^?:*|]+)[/^?:]/.exec(text)?.[1]?.toLowerCase();
  return host !== undefined && isHost(host) ? host : undefined;
}

/** Lists whose hits a person is told of, on a page of ours in place of the one that was blocked. */
export type NamedList = 'malicious' | 'phishing';

/**
 * Blocks as before, but sends main frames to our page: of each rule that blocks, one part for all else and one for main
 * frames. A rule that names no types leaves main frames alone in the raw list; if it names no page either, it is meant
 * for them here.
 */
export function stopMainFrames(rules: readonly Rule[], list: NamedList): readonly Rule[] {
  const extensionPath = `/blocked.html?list=${list}`;
  const others = resourceTypes.filter((type) => type !== 'main_frame');
  return rules.flatMap((rule): readonly Rule[] => {
    const { resourceTypes: types, excludedResourceTypes: excluded, ...rest } = rule.condition;
    const isForAnyPage = !rest.initiatorDomains && !rest.excludedInitiatorDomains && !rest.domainType;
    const isMeant = coversType(rule.condition, 'main_frame') || (!types && !excluded && isForAnyPage);
    if (rule.action.type !== 'block' || !isMeant) return [rule];
    const left = others.filter((type) => coversType(rule.condition, type));
    const blocking = left.length === others.length ? rest : { ...rest, resourceTypes: left };
    return [
      ...(left.length > 0 ? [withCondition(rule, blocking)] : []),
      {
        ...withCondition(rule, { ...rest, resourceTypes: ['main_frame'] }),
        action: { type: 'redirect', redirect: { extensionPath } },
        carries: left.length > 0 ? 0 : rule.carries,
      },
    ];
  });
}

/** The hosts that a list blocks whole: for every page, and whatever is asked for. */
export function hostsOf(rules: readonly Rule[]): readonly string[] {
  const whole = rules.filter(({ action, condition }) => {
    const { requestDomains, resourceTypes: types = resourceTypes, ...more } = condition;
    return action.type === 'block' && types.length === resourceTypes.length && Object.keys(more).length === 0;
  });
  return domainSet(
    whole.flatMap(({ condition }) => condition.requestDomains ?? []),
    true,
  );
}

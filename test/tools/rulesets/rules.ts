/**
 * A declarativeNetRequest rule as the build handles it, and the strict parser of a raw list of `@adguard/dnr-rulesets`.
 * What a rule may say: https://developer.chrome.com/docs/extensions/reference/api/declarativeNetRequest
 */
/** What both browsers know; in this order in every list, so that equal lists are equal text. */
export const resourceTypes = [
  'main_frame',
  'sub_frame',
  'stylesheet',
  'script',
  'image',
  'font',
  'object',
  'xmlhttprequest',
  'ping',
  'media',
  'websocket',
  'other',
] as const;
export type ResourceType = (typeof resourceTypes)[number];

/** Each key narrows the rule; in this order in every rule. */
export interface Condition {
  readonly urlFilter?: string;
  readonly regexFilter?: string;
  readonly isUrlFilterCaseSensitive?: boolean;
  readonly requestDomains?: readonly string[];
  readonly excludedRequestDomains?: readonly string[];
  readonly initiatorDomains?: readonly string[];
  readonly excludedInitiatorDomains?: readonly string[];
  readonly domainType?: 'firstParty' | 'thirdParty';
  readonly resourceTypes?: readonly ResourceType[];
  readonly excludedResourceTypes?: readonly ResourceType[];
  readonly requestMethods?: readonly string[];
}

const keptActions = ['block', 'allow', 'allowAllRequests'] as const;
export type Action =
  | { readonly type: (typeof keptActions)[number] }
  | { readonly type: 'redirect'; readonly redirect: { readonly extensionPath: string } };

/** A rule as it is written to the file that a browser reads. */
export interface WrittenRule {
  readonly id: number;
  readonly priority: number;
  readonly action: Action;
  readonly condition: Condition;
}

/** A rule on its way through the build. */
export interface Rule extends WrittenRule {
  /** How many rules of the raw list it stands for; never written. */
  readonly carries: number;
  /** The hosts that its regular expression is about, where they are known; never written. */
  readonly hosts?: readonly string[];
}

export const written = ({ id, priority, action, condition }: Rule): WrittenRule => ({
  id,
  priority,
  action,
  condition,
});

type Check = (value: unknown) => boolean;
const isText: Check = (value) => typeof value === 'string' && value !== '';
const isListOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.length > 0 && value.every(check);
const isOneOf =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value);

/** By hand rather than with `zod`, which takes over a second longer for 300,000 rules. */
const conditionChecks: Readonly<Record<keyof Condition, Check>> = {
  urlFilter: isText,
  regexFilter: isText,
  isUrlFilterCaseSensitive: isOneOf(true, false),
  requestDomains: isListOf(isText),
  excludedRequestDomains: isListOf(isText),
  initiatorDomains: isListOf(isText),
  excludedInitiatorDomains: isListOf(isText),
  domainType: isOneOf('firstParty', 'thirdParty'),
  resourceTypes: isListOf(isOneOf(...resourceTypes)),
  excludedResourceTypes: isListOf(isOneOf(...resourceTypes)),
  requestMethods: isListOf(isText),
};
const isKeptAction = isOneOf(...keptActions);
const ruleChecks: Readonly<Record<keyof WrittenRule, Check>> = {
  id: Number.isInteger,
  priority: (value) => Number.isInteger(value) && (value as number) > 0,
  action: (value) => isObject(value) && wrongKey(value, { type: isKeptAction }) === undefined,
  condition: (value) => isObject(value) && wrongKey(value, conditionChecks) === undefined,
};

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** A key that isn't known or whose value isn't right. */
function wrongKey(value: Record<string, unknown>, checks: Readonly<Record<string, Check>>): string | undefined {
  for (const key in value) if (!Object.hasOwn(checks, key) || !checks[key]?.(value[key])) return key;
  return undefined;
}

/** Why `raw` is no rule that we know; undefined where it is one. */
function problem(raw: Record<string, unknown>): string | undefined {
  const missing = Object.keys(ruleChecks).find((key) => !(key in raw));
  if (missing !== undefined) return `${missing} is missing`;
  const wrong = wrongKey(raw, ruleChecks);
  if (wrong === undefined) {
    const { urlFilter, regexFilter } = raw.condition as Condition;
    return urlFilter !== undefined && regexFilter !== undefined ? 'it has two filters' : undefined;
  }
  return `${wrong} is not understood: ${JSON.stringify(raw[wrong])}`;
}

/** The list's own properties stand in its first rule, which blocks nothing that exists. */
const DUMMY_ID = 1;

/** Redirects to resources of AdGuard's own, query strips, and changes to headers. */
const droppedActions: readonly unknown[] = ['redirect', 'modifyHeaders'];

/** Without `porngo.*`, which no browser understands; undefined where nothing is left. */
function plainDomains(domains: readonly string[] | undefined): readonly string[] | undefined {
  const plain = domains?.filter((domain) => !domain.includes('*'));
  return plain?.length ? plain : undefined;
}

type DomainKey = 'requestDomains' | 'excludedRequestDomains' | 'initiatorDomains' | 'excludedInitiatorDomains';
const needed = ['requestDomains', 'initiatorDomains'] as const satisfies readonly DomainKey[];
const domainKeys: readonly DomainKey[] = [...needed, 'excludedRequestDomains', 'excludedInitiatorDomains'];

/** The same condition without wildcard domains; undefined where it could no longer match anything. */
export function withoutWildcards(condition: Condition): Condition | undefined {
  if (!domainKeys.some((key) => condition[key]?.some((domain) => domain.includes('*')))) return condition;
  if (needed.some((key) => condition[key] && !plainDomains(condition[key]))) return undefined;
  const plain: Record<string, unknown> = { ...condition };
  for (const key of domainKeys) {
    const domains = plainDomains(condition[key]);
    if (domains) plain[key] = domains;
    else delete plain[key];
  }
  return plain as Condition;
}

export interface ParsedList {
  readonly rules: readonly Rule[];
  /** Rules that the file holds, the dummy not counted. */
  readonly raw: number;
}

/** Reads a raw list (a parsed JSON file). Throws, with the rule's id, on anything that it doesn't know. */
export function parseList(json: unknown): ParsedList {
  if (!Array.isArray(json)) throw new Error('a ruleset is a list of rules');
  const rules: Rule[] = [];
  let raw = 0;
  for (const item of json as readonly unknown[]) {
    if (!isObject(item)) throw new Error(`no rule: ${JSON.stringify(item)}`);
    if (item.id === DUMMY_ID && 'metadata' in item) continue;
    raw += 1;
    if (isObject(item.action) && droppedActions.includes(item.action.type)) continue;
    const wrong = problem(item);
    if (wrong !== undefined) throw new Error(`rule ${item.id}: ${wrong}`);
    const rule = item as unknown as WrittenRule;
    const condition = withoutWildcards(rule.condition);
    if (condition) rules.push({ id: rule.id, priority: rule.priority, action: rule.action, condition, carries: 1 });
  }
  return { rules, raw };
}

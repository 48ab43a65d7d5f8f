/**
 * Which rules go to Firefox: it takes so many static rules in all, rejects a whole call beyond, and looks at them one by
 * one for each request, so that fewer are faster too.
 */
import { filterHost, renumbered, stopMainFrames } from './compact';
import { coversType } from './match';
import { type Rule, resourceTypes } from './rules';

export const listNames = ['ads', 'tracking', 'malicious', 'phishing'] as const;
export type ListName = (typeof listNames)[number];
export type Lists = Readonly<Record<ListName, readonly Rule[]>>;

/** What is filled into the room that the others leave. */
const FILLING: ListName = 'phishing';

export const mapLists = <T>(make: (name: ListName) => T): Readonly<Record<ListName, T>> => ({
  ads: make('ads'),
  tracking: make('tracking'),
  malicious: make('malicious'),
  phishing: make('phishing'),
});

/** The rules of a list as a browser gets them. */
export const finished = (name: ListName, rules: readonly Rule[]): readonly Rule[] =>
  name === 'malicious' || name === 'phishing' ? stopMainFrames(rules, name) : rules;

const entriesOf = (rules: readonly Rule[]): number => rules.reduce((sum, rule) => sum + rule.carries, 0);

/** What is taken or left as one: a rule that blocks, in the parts that it is written in. */
interface Unit {
  readonly list: ListName;
  readonly rule: Rule;
  readonly parts: readonly Rule[];
}

/** The hosts that a rule is about; undefined where it may be any. */
function hostsAbout({ condition, hosts }: Rule): readonly string[] | undefined {
  const { requestDomains, urlFilter } = condition;
  if (requestDomains) return requestDomains;
  if (hosts) return hosts;
  const host = urlFilter?.startsWith('||') ? filterHost(urlFilter.slice(2)) : undefined;
  return host === undefined ? undefined : [host];
}

/** A domain, and what it lies below. */
function upwards(domain: string): readonly string[] {
  const found = [domain];
  for (let dot = domain.indexOf('.'); dot !== -1; dot = domain.indexOf('.', dot + 1)) found.push(domain.slice(dot + 1));
  return found;
}

/** A list of domains that others are held against. */
class Domains {
  readonly domains: readonly string[];
  #own: ReadonlySet<string> | undefined;
  #above: ReadonlySet<string> | undefined;
  constructor(domains: readonly string[]) {
    this.domains = domains;
  }

  /** Whether a host can be in, or below a domain of, both lists. */
  meets(other: Domains): boolean {
    if (other.domains.length > this.domains.length) return other.meets(this);
    this.#own ??= new Set(this.domains);
    const own = this.#own;
    if (other.domains.some((domain) => upwards(domain).some((each) => own.has(each)))) return true;
    this.#above ??= new Set(this.domains.flatMap(upwards));
    const above = this.#above;
    return other.domains.some((domain) => above.has(domain));
  }
}

/** What of a rule says whether it can be about the same request as another one. */
class Scope {
  readonly rule: Rule;
  readonly hosts: Domains | undefined;
  readonly initiators: Domains | undefined;
  /** A bit for each type, and one for those that have no name here. */
  readonly types: number;

  /** `parts`: what the rule is written as. */
  constructor(rule: Rule, parts: readonly Rule[] = [rule]) {
    const { initiatorDomains, resourceTypes: types } = rule.condition;
    const hosts = hostsAbout(rule);
    this.rule = rule;
    this.hosts = hosts && new Domains(hosts);
    this.initiators = initiatorDomains && new Domains(initiatorDomains);
    this.types = resourceTypes.reduce(
      (bits, type, at) => bits | (parts.some(({ condition }) => coversType(condition, type)) ? 1 << at : 0),
      types ? 0 : 1 << resourceTypes.length,
    );
  }

  couldExcept(block: Scope): boolean {
    if (this.rule.priority < block.rule.priority) return false;
    // Lets through all that a page asks for; its own conditions are about the page.
    if (this.rule.action.type === 'allowAllRequests') return true;
    const [party, other] = [this.rule.condition.domainType, block.rule.condition.domainType];
    return (
      (this.types & block.types) !== 0 &&
      (party === undefined || other === undefined || party === other) &&
      (!this.initiators || !block.initiators || this.initiators.meets(block.initiators)) &&
      (!this.hosts || !block.hosts || this.hosts.meets(block.hosts))
    );
  }
}

/**
 * Whether there may be a request that `block` would stop and `exception` lets through. Errs on the side of yes: an exception
 * too many costs one rule, one too few breaks a page. A filter's path isn't compared, nor are excluded domains.
 */
export const couldExcept = (exception: Rule, block: Rule): boolean =>
  new Scope(exception).couldExcept(new Scope(block));

interface Exception {
  readonly list: ListName;
  readonly scope: Scope;
}

/** The exceptions that aren't taken yet; found without going through all of them where a rule names its hosts. */
class Exceptions {
  readonly #at = new Map<string, Exception[]>();
  readonly #below = new Map<string, Exception[]>();
  #left: readonly Exception[];
  #ofAnyHost: readonly Exception[];
  readonly #taken = new Set<Exception>();

  constructor(lists: Lists, names: readonly ListName[]) {
    this.#left = names.flatMap((list) =>
      lists[list].filter(({ action }) => action.type !== 'block').map((rule) => ({ list, scope: new Scope(rule) })),
    );
    const named = ({ scope }: Exception) => scope.rule.action.type !== 'allowAllRequests' && scope.hosts !== undefined;
    this.#ofAnyHost = this.#left.filter((exception) => !named(exception));
    const add = (to: Map<string, Exception[]>, host: string, exception: Exception) => {
      const found = to.get(host);
      if (found) found.push(exception);
      else to.set(host, [exception]);
    };
    for (const exception of this.#left.filter(named)) {
      for (const host of exception.scope.hosts?.domains ?? []) {
        add(this.#at, host, exception);
        for (const above of upwards(host)) add(this.#below, above, exception);
      }
    }
  }

  #near(block: Scope): Iterable<Exception> {
    if (!block.hosts) return this.#left;
    const near = new Set<Exception>();
    for (const host of block.hosts.domains) {
      for (const exception of this.#below.get(host) ?? []) near.add(exception);
      for (const above of upwards(host)) for (const exception of this.#at.get(above) ?? []) near.add(exception);
    }
    return [...near, ...this.#ofAnyHost];
  }

  /** Those that could except `block`; undefined where they are more than `max`. */
  to(block: Scope, max: number): readonly Exception[] | undefined {
    const found: Exception[] = [];
    for (const exception of this.#near(block)) {
      if (this.#taken.has(exception) || !exception.scope.couldExcept(block)) continue;
      found.push(exception);
      if (found.length > max) return undefined;
    }
    return found;
  }

  take(exceptions: readonly Exception[]): void {
    if (exceptions.length === 0) return;
    for (const exception of exceptions) this.#taken.add(exception);
    this.#left = this.#left.filter((exception) => !this.#taken.has(exception));
    this.#ofAnyHost = this.#ofAnyHost.filter((exception) => !this.#taken.has(exception));
  }
}

/** First what carries most for what it costs; else in the order of the lists, each in turn. */
function ranked(units: readonly Unit[]): readonly Unit[] {
  const entriesPerRule = ({ rule, parts }: Unit) => rule.carries / parts.length;
  const hostRank = (unit: Unit) => (hostsAbout(unit.rule) ? 0 : 1);
  return [...units].sort(
    (one, other) =>
      entriesPerRule(other) - entriesPerRule(one) ||
      hostRank(one) - hostRank(other) ||
      one.rule.id - other.rule.id ||
      listNames.indexOf(one.list) - listNames.indexOf(other.list),
  );
}

export interface FitOptions {
  /**
   * Asks for a small selection: no list goes in whole, each takes at most so many rules (any number where it has none here),
   * the best first, and only such exceptions as could except what is taken.
   */
  readonly budgets?: Readonly<Partial<Record<ListName, number>>>;
}

export interface Fitted {
  readonly lists: Lists;
  /** In all lists together, as they are written. */
  readonly rules: number;
  /** Of each list's entries (rules of the raw list), the share that is carried: 0 to 1. */
  readonly shares: Readonly<Record<ListName, number>>;
}

/**
 * Fits lists into `limit` rules: all but phishing whole, and phishing by what carries most entries a rule. Takes the lists
 * as they were compacted, gives them as they are written (main frames redirected). Throws where the whole lists don't fit.
 */
export function fitFirefox(lists: Lists, limit: number, { budgets }: FitOptions = {}): Fitted {
  const isWhole = (name: ListName) => budgets === undefined && name !== FILLING;
  const taken: Record<ListName, Rule[]> = { ads: [], tracking: [], malicious: [], phishing: [] };
  const rulesIn: Record<ListName, number> = { ads: 0, tracking: 0, malicious: 0, phishing: 0 };
  const room = (name: ListName) => (budgets?.[name] ?? Number.POSITIVE_INFINITY) - rulesIn[name];
  let left = limit;
  const take = (name: ListName, rule: Rule, cost: number) => {
    taken[name].push(rule);
    rulesIn[name] += cost;
    left -= cost;
  };

  const exceptions = new Exceptions(
    lists,
    listNames.filter((name) => !isWhole(name)),
  );
  const units: Unit[] = [];
  for (const list of listNames) {
    for (const rule of lists[list]) {
      const parts = finished(list, [rule]);
      if (isWhole(list)) take(list, rule, parts.length);
      else if (rule.action.type === 'block') units.push({ list, rule, parts });
    }
  }
  if (left < 0) throw new Error(`the lists that go in whole have ${limit - left} rules of ${limit}`);

  for (const { list, rule, parts } of ranked(units)) {
    if (parts.length > left || parts.length > room(list)) continue;
    const needed = exceptions.to(new Scope(rule, parts), left - parts.length);
    if (!needed) continue;
    const cost = { ads: 0, tracking: 0, malicious: 0, phishing: 0, [list]: parts.length };
    for (const exception of needed) cost[exception.list] += 1;
    if (listNames.some((name) => cost[name] > room(name))) continue;
    take(list, rule, parts.length);
    for (const exception of needed) take(exception.list, exception.scope.rule, 1);
    exceptions.take(needed);
  }

  return {
    lists: mapLists((name) => renumbered(finished(name, taken[name]))),
    rules: limit - left,
    shares: mapLists((name) => entriesOf(taken[name]) / Math.max(1, entriesOf(lists[name]))),
  };
}

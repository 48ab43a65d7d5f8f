/**
 * Says many text filters with one regular expression, for Firefox alone: it looks at its rules one by one for each request,
 * so that fewer rules are faster, and takes any regular expression of JavaScript. Chromium allows a rule 2 KB of memory,
 * which 20 filters fill: https://developer.chrome.com/docs/extensions/reference/api/declarativeNetRequest#regex-rules
 */
import { filterHost, isHost } from './compact';
import { coversType, escaped, SEPARATOR } from './match';
import { type Condition, type ResourceType, type Rule, resourceTypes } from './rules';

/** Filters' text in one regular expression: longer ones run no faster, and take the engine longer to make. */
const TEXT_CHARS_MAX = 150_000;
/** Hosts of an exception that are rather said as filters, so that it can go into one with others. */
const HOSTS_MAX = 10;

/** `||`, with no regard for a dot in a user's name before the host. */
const HOST_START = '^[a-z]+:\\/\\/(?:[^/]*[.@])?';

/** Filters by their characters; `null` where one ends: what follows there says nothing more. */
type Branches = Map<string, Branches | null>;

function grow(filters: readonly string[]): Branches {
  const root: Branches = new Map();
  for (const filter of filters) {
    let at = root;
    const signs = [...filter].map((sign) => (sign === '*' ? '.*' : sign === '^' ? SEPARATOR : escaped(sign)));
    for (const [index, sign] of signs.entries()) {
      const next = at.get(sign);
      if (next === null) break;
      if (index === signs.length - 1) at.set(sign, null);
      else if (next) at = next;
      else {
        const grown: Branches = new Map();
        at.set(sign, grown);
        at = grown;
      }
    }
  }
  return root;
}

function sourceOf(branches: Branches): string {
  const each = [...branches].map(([sign, rest]) => {
    let text = sign;
    let last = rest;
    // Without a branching there is no group, so that groups lie no deeper in each other than need be.
    for (let only = last?.entries().next().value; last?.size === 1 && only; only = last?.entries().next().value) {
      text += only[0];
      last = only[1];
    }
    return last === null ? text : `${text}${sourceOf(last)}`;
  });
  return each.length === 1 ? (each[0] ?? '') : `(?:${each.join('|')})`;
}

/** One filter as text without its anchor. */
interface Piece {
  readonly text: string;
  readonly isAnchored: boolean;
  /** The host that it is about, where it names a whole one. */
  readonly host: string | undefined;
}

/**
 * A filter that may go into a regular expression with others, which must never take long, whatever the URL: a `*` only once,
 * and only behind a host's name, so that a page can't make the browser look for it from everywhere.
 */
function pieceOf(urlFilter: string): Piece | undefined {
  const isAnchored = urlFilter.startsWith('||');
  const text = urlFilter.slice(isAnchored ? 2 : 0).replace(/^\*+|\*+$/g, '');
  const stars = text.split('*').length - 1;
  if (text === '' || text.includes('|') || stars > (isAnchored ? 1 : 0)) return undefined;
  return { text, isAnchored, host: isAnchored ? filterHost(text) : undefined };
}

/** A rule's filters, where they can go into one with others. */
function piecesOf({ action, condition }: Rule): readonly Piece[] | undefined {
  if (condition.regexFilter !== undefined || condition.isUrlFilterCaseSensitive) return undefined;
  if (condition.urlFilter !== undefined) {
    const piece = pieceOf(condition.urlFilter);
    return piece && [piece];
  }
  const { requestDomains, excludedRequestDomains } = condition;
  if (action.type !== 'allow' || !requestDomains || excludedRequestDomains) return undefined;
  if (requestDomains.length > HOSTS_MAX || !requestDomains.every(isHost)) return undefined;
  return requestDomains.map((host) => ({ text: `${host}^`, isAnchored: true, host }));
}

interface Folding {
  readonly rule: Rule;
  readonly pieces: readonly Piece[];
}

/** Types that any of the rules is about; those that name none are about all but main frames. */
function typesOf(rules: readonly Rule[]): readonly ResourceType[] | undefined {
  if (rules.some(({ condition }) => condition.resourceTypes === undefined)) return undefined;
  return resourceTypes.filter((type) => rules.some(({ condition }) => coversType(condition, type)));
}

/** The condition's other parts. */
function without({ urlFilter, ...condition }: Condition, isException: boolean): Condition {
  if (!isException) return condition;
  const { requestDomains, resourceTypes: types, ...rest } = condition;
  return urlFilter === undefined || requestDomains === undefined ? rest : { ...rest, requestDomains };
}

function* inParts(all: readonly Folding[]): Generator<readonly Folding[]> {
  let part: Folding[] = [];
  let chars = 0;
  for (const one of all) {
    const more = one.pieces.reduce((sum, { text }) => sum + text.length, 0);
    if (part.length > 0 && chars + more > TEXT_CHARS_MAX) {
      yield part;
      [part, chars] = [[], 0];
    }
    part.push(one);
    chars += more;
  }
  if (part.length > 0) yield part;
}

/** One rule for several that are equal but for their filters. */
function united(foldings: readonly Folding[]): Rule | undefined {
  const rules = foldings.map(({ rule }) => rule);
  const [first] = rules;
  if (!first || rules.length === 1) return first;
  const isException = first.action.type === 'allow';
  const pieces = foldings.flatMap((folding) => folding.pieces);
  const texts = (isAnchored: boolean) =>
    pieces.filter((piece) => piece.isAnchored === isAnchored).map(({ text }) => text);
  const [anchored, free] = [texts(true).sort(), texts(false).sort()];
  const sources = [
    ...(anchored.length > 0 ? [HOST_START + sourceOf(grow(anchored))] : []),
    ...(free.length > 0 ? [sourceOf(grow(free))] : []),
  ];
  const types = typesOf(rules);
  const hosts = pieces.flatMap(({ host }) => host ?? []);
  return {
    ...first,
    ...(hosts.length === pieces.length ? { hosts } : {}),
    condition: {
      regexFilter: sources.join('|'),
      ...without(first.condition, isException),
      ...(types ? { resourceTypes: types } : {}),
    },
    carries: rules.reduce((sum, { carries }) => sum + carries, 0),
  };
}

/**
 * The same with fewer rules. What blocks, blocks the same. Exceptions for the same pages become one whatever their types, so
 * that what one of them lets through as a script the others let through as an image, too. Priorities become equal where no
 * rule of the other kind lies between them.
 *
 * @param among all rules of all lists that work together.
 */
export function folded(rules: readonly Rule[], among: readonly Rule[]): readonly Rule[] {
  const isBlock = ({ action }: Rule) => action.type === 'block';
  const priorities = (blocking: boolean) => [
    ...new Set(among.filter((rule) => isBlock(rule) === blocking).map(({ priority }) => priority)),
  ];
  const [blocks, exceptions] = [priorities(true), priorities(false)];
  const left: Rule[] = [];
  const groups = new Map<string, Folding[]>();
  for (const rule of rules) {
    const pieces = rule.action.type === 'allowAllRequests' ? undefined : piecesOf(rule);
    if (!pieces) {
      left.push(rule);
      continue;
    }
    const isException = !isBlock(rule);
    // At equal priorities an exception wins.
    const beaten = isException
      ? blocks.filter((priority) => priority <= rule.priority)
      : exceptions.filter((priority) => priority < rule.priority);
    const key = JSON.stringify([
      rule.action,
      beaten.length,
      without(rule.condition, isException),
      isException && coversType(rule.condition, 'main_frame'),
      // What names its hosts needs fewer exceptions beside it.
      isException || pieces.every(({ host }) => host !== undefined),
    ]);
    const group = groups.get(key);
    if (group) group.push({ rule, pieces });
    else groups.set(key, [{ rule, pieces }]);
  }
  for (const group of groups.values()) {
    for (const part of inParts(group)) {
      const made = united(part);
      if (made) left.push(made);
    }
  }
  return left;
}

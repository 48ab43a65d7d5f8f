/**
 * Makes a browser's static rulesets out of the lists of `@adguard/dnr-rulesets`, of which only the data is used:
 * `npx tsx test/tools/rulesets/make.ts chromium|firefox DIRECTORY`.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { bareHosts, exact, hostsOf, renumbered } from './compact';
import { folded } from './fold';
import { type Engine, matcher, requestsAround, sameVerdict } from './match';
import { parseList, type Rule, written } from './rules';
import { type FitOptions, finished, fitFirefox, type ListName, type Lists, listNames, mapLists } from './select';

export type Browser = 'chromium' | 'firefox';

/** Where the package keeps them. */
const numbers = { ads: 2, tracking: 3, malicious: 208, phishing: 255 } as const satisfies Record<ListName, number>;

/** In all enabled rulesets together; one rule more, and Firefox rejects the whole call: measured. */
const FIREFOX_RULES_MAX = 30_000;
/** MAX_NUMBER_OF_REGEX_RULES: https://developer.chrome.com/docs/extensions/reference/api/declarativeNetRequest */
const REGEX_RULES_MAX = 1_000;
/** Requests asked of each list, before and after the exact step. */
const SAMPLED_REQUESTS = 750;

/** The package's own directory. Its `exports` name no data, so it is looked for where Node would. */
export function packageDirectory(): string {
  const searched = createRequire(import.meta.url).resolve.paths('@adguard/dnr-rulesets') ?? [];
  for (const modules of searched) {
    const directory = join(modules, '@adguard', 'dnr-rulesets');
    try {
      readFileSync(join(directory, 'package.json'));
      return directory;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  throw new Error('@adguard/dnr-rulesets is not installed: npm ci');
}

/** One of the package's lists, parsed JSON. */
export function readRaw(name: ListName): unknown {
  const ruleset = `ruleset_${numbers[name]}`;
  return JSON.parse(
    readFileSync(join(packageDirectory(), 'dist/filters/declarative', ruleset, `${ruleset}.json`), 'utf8'),
  );
}

/** Requests that two lists of rules treat differently, of a sample taken around the first. */
export function differences(before: readonly Rule[], after: readonly Rule[], sampled: number, engine?: Engine) {
  const [first, second] = [matcher(before, engine), matcher(after, engine)];
  const requests = requestsAround(before, sampled);
  const treated = requests.map((request) => ({ request, was: first(request), is: second(request) }));
  return { asked: requests.length, found: treated.filter(({ was, is }) => !sameVerdict(was, is)) };
}

/** How many rules there are after each step. */
interface Counts {
  readonly raw: number;
  readonly kept: number;
  readonly exact: number;
  readonly bareHosts: number;
  /** For Firefox alone. */
  readonly folded: number;
}

export interface ListFigures extends Counts {
  /** In the written file. */
  readonly rules: number;
  readonly bytes: number;
  readonly gzippedBytes: number;
  /** Of the list's entries, the share that the file carries: 0 to 1. */
  readonly share: number;
}

/** A list's rules, compacted; of the earlier steps only the counts, since they are large. */
function prepared(name: ListName, json: unknown) {
  const { rules: kept, raw } = parseList(json);
  const exactly = exact(kept);
  const { asked, found } = differences(kept, exactly, SAMPLED_REQUESTS);
  if (found.length > 0) throw new Error(`${name}: compaction changed ${JSON.stringify(found[0]?.request)} and others`);
  const rules = bareHosts(exactly);
  return { rules, counts: { raw, kept: kept.length, exact: exactly.length, bareHosts: rules.length }, asked };
}

/** The lists with many filters in one. Throws where that would stop a request that was let through. */
function foldedLists(lists: Lists): Lists {
  const among = listNames.flatMap((name) => lists[name]);
  return mapLists((name) => {
    const made = folded(lists[name], among);
    const wider = differences(lists[name], made, SAMPLED_REQUESTS, 'firefox').found.find(
      ({ was, is }) => is?.action === 'block' && was?.action !== 'block',
    );
    if (wider) throw new Error(`${name}: folding stopped ${JSON.stringify(wider.request)}`);
    return made;
  });
}

export interface Figures {
  readonly lists: Readonly<Record<ListName, ListFigures>>;
  readonly rules: number;
  readonly regexRules: number;
  readonly hosts: { readonly malicious: number; readonly phishing: number; readonly bytes: number };
  readonly sampledRequests: number;
  readonly tookMs: number;
}

export interface MakeOptions extends FitOptions {
  readonly browser: Browser;
  /** Gets a directory `rulesets`. */
  readonly outDir: string;
  readonly log: (line: string) => void;
  /** For Firefox, in all lists together. */
  readonly limit?: number;
  /** Gives a raw list; the installed package's where absent. */
  readonly read?: (name: ListName) => unknown;
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

function table(rows: readonly (readonly (string | number)[])[]): readonly string[] {
  const text = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en') : cell)));
  const widths = text[0]?.map((_, at) => Math.max(...text.map((row) => row[at]?.length ?? 0))) ?? [];
  return text.map((row) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  '),
  );
}

/**
 * Writes `rulesets/{ads,tracking,malicious,phishing}.json` and `rulesets/hosts.json`, and says what is in them. Throws where
 * a list is not understood, where the exact step changed a verdict, or where a browser would reject the result.
 */
export function makeRulesets({
  browser,
  outDir,
  log,
  limit = FIREFOX_RULES_MAX,
  budgets,
  read = readRaw,
}: MakeOptions): Figures {
  const startedMs = performance.now();
  const made = mapLists((name) => prepared(name, read(name)));
  const whole = mapLists((name) => made[name].rules);
  const compacted = browser === 'firefox' ? foldedLists(whole) : whole;
  const { lists, shares } =
    browser === 'firefox'
      ? fitFirefox(compacted, limit, budgets ? { budgets } : {})
      : { lists: mapLists((name) => renumbered(finished(name, compacted[name]))), shares: mapLists(() => 1) };

  const rules = listNames.reduce((sum, name) => sum + lists[name].length, 0);
  if (browser === 'firefox' && rules > limit) throw new Error(`${rules} rules, ${limit} are allowed`);
  const regexRules = listNames.flatMap((name) => lists[name]).filter((rule) => rule.condition.regexFilter).length;
  if (regexRules > REGEX_RULES_MAX) throw new Error(`${regexRules} regex rules, ${REGEX_RULES_MAX} are allowed`);

  const directory = join(outDir, 'rulesets');
  mkdirSync(directory, { recursive: true });
  const write = (name: string, content: unknown) => {
    const text = JSON.stringify(content);
    writeFileSync(join(directory, `${name}.json`), text);
    return { bytes: Buffer.byteLength(text), gzippedBytes: gzipSync(text).byteLength };
  };
  const figures = mapLists((name) => ({
    ...made[name].counts,
    folded: compacted[name].length,
    rules: lists[name].length,
    ...write(name, lists[name].map(written)),
    share: shares[name],
  }));
  const [malicious, phishing] = [hostsOf(whole.malicious), hostsOf(whole.phishing)];
  const hosts = write('hosts', { malicious, phishing });

  const sum = (key: keyof ListFigures) => listNames.reduce((total, name) => total + figures[name][key], 0);
  const columns = ['raw', 'kept', 'exact', 'bareHosts', 'folded', 'rules', 'bytes', 'gzippedBytes'] as const;
  const lines = table([
    [browser, 'raw', 'kept', 'exact', 'b', 'folded', 'written', 'bytes', 'gzipped', 'carried'],
    ...listNames.map((name) => [name, ...columns.map((key) => figures[name][key]), percent(shares[name])]),
    ['in all', ...columns.map(sum), ''],
  ]);
  for (const line of lines) log(line);
  const sampledRequests = listNames.reduce((total, name) => total + made[name].asked, 0);
  const tookMs = performance.now() - startedMs;
  log(
    `hosts.json: ${malicious.length} + ${phishing.length} hosts, ${hosts.bytes} bytes, ${hosts.gzippedBytes} gzipped`,
  );
  log(`${regexRules} regex rules; the exact step changed none of ${sampledRequests} sampled requests`);
  if (browser === 'firefox') log(`Firefox carries ${percent(shares.phishing)} of the phishing list's entries`);
  log(`made in ${(tookMs / 1000).toFixed(1)} s: ${directory}`);
  return {
    lists: figures,
    rules,
    regexRules,
    hosts: { malicious: malicious.length, phishing: phishing.length, bytes: hosts.bytes },
    sampledRequests,
    tookMs,
  };
}

function main([browser, outDir]: readonly string[]): number {
  if ((browser !== 'chromium' && browser !== 'firefox') || outDir === undefined) {
    console.error('make: name a browser and a directory: make.ts chromium|firefox DIRECTORY');
    return 1;
  }
  makeRulesets({ browser, outDir, log: console.log });
  return 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exitCode = main(process.argv.slice(2));

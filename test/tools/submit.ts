/**
 * `npm run submit -- [--dry-run] [chrome] [firefox] [edge]`: checks the packages of `npm run zip`, then sends them to the stores.
 * With `--dry-run` it prints each request and sends none. Keys come from environment variables, by name.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { changelogProblems, entriesOf } from './changelog';
import { manifestOf } from './packages/compare';
import { fileOf, type PackageKind, packageKinds, versionOf } from './packages/names';
import { type Entry, NoZip, plainOf, readZip, settled } from './packages/zip-file';
import { ANSWERS_FILE } from './stores/answers';
import {
  type Answer,
  type Body,
  type Keys,
  keyNames,
  type Package,
  type Packages,
  Refused,
  type Request,
  type StoreName,
  stores,
  submitTo,
  type World,
} from './stores/submission';

const WAIT_MS = 5_000;
const FIREFOX_ADDON = 'extension@cloudopt.net';

/** What speaks against a package of this kind and version. */
export function packageProblems(kind: PackageKind, bytes: Buffer, version: string): string[] {
  let entries: Entry[];
  try {
    entries = readZip(bytes);
    for (const entry of entries) plainOf(entry);
  } catch (error) {
    if (!(error instanceof NoZip)) throw error;
    return [`${kind}: ${error.message}`];
  }
  const text = (name: string): string | undefined => {
    const entry = entries.find((each) => each.name === name);
    return entry && plainOf(entry).toString('utf8');
  };
  const problems = settled(bytes).equals(bytes) ? [] : [`${kind}: is not as npm run zip leaves it`];
  if (kind === 'sources') {
    const said = text('package.json')?.includes(`"version": "${version}"`);
    return [...problems, ...(said ? [] : [`${kind}: its package.json is not of version ${version}`])];
  }
  if (text('manifest.json') === undefined) return [...problems, `${kind}: has no manifest.json`];
  const manifest = manifestOf(entries);
  const gecko = (manifest.browser_specific_settings as { gecko?: { id?: unknown } } | undefined)?.gecko;
  const belongs = kind === 'firefox' ? gecko?.id === FIREFOX_ADDON : gecko === undefined;
  return [
    ...problems,
    ...(manifest.version === version ? [] : [`${kind}: is of version ${String(manifest.version)}, not ${version}`]),
    ...(belongs ? [] : [`${kind}: its manifest is another browser's`]),
    ...(text(ANSWERS_FILE)?.includes(`Cloudopt ${version}:`) ? [] : [`${kind}: has no ${ANSWERS_FILE} of ${version}`]),
  ];
}

/** What keeps a version that is sound from being sent. */
export function readinessProblems(
  version: string,
  changelog: string,
  environment: Readonly<Record<string, string | undefined>>,
  chosen: readonly StoreName[],
): string[] {
  const date = entriesOf(changelog).find((entry) => entry.version === version)?.date;
  const missing = chosen.flatMap((store) => [...keyNames[store]]).filter((name) => !environment[name]);
  return [
    ...changelogProblems(changelog, version),
    ...(date ? [] : [`CHANGELOG.md: ${version} has no date of release`]),
    ...missing.map((name) => `the environment has no ${name}`),
  ];
}

const written = (value: string | Package): string =>
  typeof value === 'string' ? value : `${value.name} (${value.bytes.length} bytes)`;

function described(body: Body): string {
  if (body.kind === 'none') return '';
  if (body.kind === 'package') return written(body.file);
  if (body.kind === 'json') return JSON.stringify(body.value);
  return Object.entries(body.fields)
    .map(([name, value]) => `${name}=${written(value)}`)
    .join(' ');
}

/** A world in which nothing is sent: each request is printed and answered by the store's own example. */
export const dryWorld = (print: (line: string) => void): World => ({
  http: async (request) => {
    print(request.purpose);
    print(`  ${request.method} ${request.url}`);
    for (const [name, value] of Object.entries(request.headers)) {
      // A token is made of keys; there are only their names here, but nobody should wonder.
      print(`  ${name}: ${value.startsWith('JWT ') ? 'JWT, signed with $FIREFOX_JWT_SECRET' : value}`);
    }
    const body = described(request.body);
    if (body !== '') print(`  ${body}`);
    return request.example;
  },
  wait: async () => print('  waits'),
  nowMs: () => 0,
});

function bodyOf(body: Body): { body?: BodyInit; type?: string } {
  const blob = ({ bytes }: Package) => new Blob([new Uint8Array(bytes)], { type: 'application/zip' });
  if (body.kind === 'none') return {};
  if (body.kind === 'package') return { body: blob(body.file) };
  if (body.kind === 'json') return { body: JSON.stringify(body.value), type: 'application/json' };
  if (body.kind === 'form') return { body: new URLSearchParams(body.fields) };
  const form = new FormData();
  for (const [name, value] of Object.entries(body.fields)) {
    if (typeof value === 'string') form.set(name, value);
    else form.set(name, blob(value), value.name);
  }
  return { body: form };
}

/** Sends a request for good. An answer that is no JSON is `null`. */
export async function send({ method, url, headers, body }: Request): Promise<Answer> {
  const { type, ...init } = bodyOf(body);
  const all = { ...headers, ...(type ? { 'Content-Type': type } : {}) };
  const response = await fetch(url, { method, headers: all, redirect: 'error', ...init });
  const text = await response.text();
  let json: unknown = null;
  try {
    json = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return { status: response.status, location: response.headers.get('location'), json };
}

const realWorld: World = {
  http: (request) => {
    console.log(request.purpose);
    return send(request);
  },
  wait: () => new Promise((resolve) => setTimeout(resolve, WAIT_MS)),
  nowMs: Date.now,
};

/** @returns the exit code: 0 done, 1 a problem, 2 not understood. */
async function main(given: readonly string[]): Promise<number> {
  const root = resolve(import.meta.dirname, '../..');
  const isDry = given.includes('--dry-run');
  const named = given.filter((word) => word !== '--dry-run');
  const chosen = stores.filter((store) => named.length === 0 || named.includes(store));
  const unknown = named.find((word) => !stores.some((store) => store === word));
  if (unknown !== undefined) {
    console.error(`submit: ${unknown} is no store: ${stores.join(', ')}, --dry-run`);
    return 2;
  }
  const version = versionOf(root);
  const absent = packageKinds.filter((kind) => !existsSync(fileOf(root, kind)));
  if (absent.length > 0) {
    console.error(`submit: there is no package of ${version} for ${absent.join(', ')}: npm run zip`);
    return 1;
  }
  const of = (kind: PackageKind): Package => {
    const file = fileOf(root, kind);
    return { name: basename(file), bytes: readFileSync(file) };
  };
  const packages: Packages = { chrome: of('chrome'), firefox: of('firefox'), sources: of('sources') };
  const unsound = packageKinds.flatMap((kind) => packageProblems(kind, packages[kind].bytes, version));
  const changes = spawnSync('git', ['status', '--porcelain'], { cwd: root, encoding: 'utf8' });
  const unready = [
    ...readinessProblems(version, readFileSync(join(root, 'CHANGELOG.md'), 'utf8'), process.env, chosen),
    ...(changes.status === 0 && changes.stdout === '' ? [] : ['the work tree is not what is committed']),
  ];
  for (const problem of unsound) console.error(problem);
  for (const problem of unready) console.error(isDry ? `a submission would stop here: ${problem}` : problem);
  if (unsound.length > 0 || (unready.length > 0 && !isDry)) return 1;

  // A dry run knows the names of the keys alone.
  const names = chosen.flatMap((store) => [...keyNames[store]]);
  const keys: Keys = Object.fromEntries(names.map((name) => [name, isDry ? `$${name}` : (process.env[name] ?? '')]));
  const world = isDry ? dryWorld(console.log) : realWorld;
  let refused = 0;
  for (const store of chosen) {
    try {
      await submitTo[store](world, keys, packages);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      console.error(`submit: ${error.message}`);
      refused += 1;
    }
  }
  console.log(
    isDry ? `version ${version}: nothing was sent` : `version ${version}: ${chosen.length - refused} submitted`,
  );
  return refused === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exitCode = await main(process.argv.slice(2));

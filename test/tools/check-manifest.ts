/**
 * Holds a built manifest against the catalogue: `npx tsx test/tools/check-manifest.ts .output/*-mv3`. A permission or a host
 * that no entry names, anything that runs in a page before a grant, and anything that would switch an update off, fails.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { optionalPermissions, requiredPermissions } from '../../utils/catalogue/catalogue';
import { blockedPage, listNames } from '../../utils/catalogue/lists';
import { released } from '../fixtures/released-permissions';
import { ANSWERS_FILE } from './stores/answers';

type Manifest = Record<string, unknown>;

const names = (raw: unknown): string[] => (Array.isArray(raw) ? raw.map(String) : []);
const isEmptyList = (raw: unknown): boolean => raw === undefined || (Array.isArray(raw) && raw.length === 0);

function difference(what: string, raw: unknown, expected: readonly string[]): string[] {
  const found = names(raw);
  return [
    ...found.filter((name) => !expected.includes(name)).map((name) => `${what}: ${name} is not the catalogue's`),
    ...expected.filter((name) => !found.includes(name)).map((name) => `${what}: ${name} is missing`),
    ...(new Set(found).size === found.length ? [] : [`${what}: a name stands twice`]),
    ...(raw === undefined || Array.isArray(raw) ? [] : [`${what}: is no list`]),
  ];
}

/** A policy's directives, by name; the first of a name counts, as in browsers. */
function directives(policy: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const part of policy.split(';')) {
    const [name, ...values] = part.trim().split(/\s+/);
    if (name && !found.has(name.toLowerCase())) found.set(name.toLowerCase(), values.join(' '));
  }
  return found;
}

function policyProblems(raw: unknown): string[] {
  const policy = (raw as { extension_pages?: unknown } | undefined)?.extension_pages;
  if (typeof policy !== 'string') return ['content_security_policy: extension_pages is missing'];
  const found = directives(policy);
  const none = ['default-src', 'base-uri', 'form-action', 'frame-ancestors', 'object-src'];
  return [
    ...none
      .filter((name) => found.get(name) !== "'none'")
      .map((name) => `content_security_policy: ${name} is not 'none'`),
    // The background reads its own package; reports go to a server that is set when Cloudopt is built, by the door's leave.
    ...(found.get('connect-src') === "'self' https:"
      ? []
      : ["content_security_policy: connect-src is not 'self' https:"]),
    ...[...found]
      .filter(([name]) => name !== 'connect-src')
      .filter(([, values]) => !["'none'", "'self'"].includes(values))
      .map(([name, values]) => `content_security_policy: ${name} allows ${values}`),
  ];
}

/** Rulesets are those of the lists, and off until protection is granted. */
function rulesetProblems(raw: unknown): string[] {
  const resources = (raw as { rule_resources?: unknown } | undefined)?.rule_resources;
  const rulesets = Array.isArray(resources) ? (resources as Manifest[]) : [];
  return [
    ...difference(
      'declarative_net_request',
      rulesets.map((ruleset) => String(ruleset.id)),
      listNames,
    ),
    ...rulesets
      .filter((ruleset) => ruleset.enabled !== false)
      .map((ruleset) => `declarative_net_request: ${ruleset.id} is not off`),
  ];
}

/** The page in place of a blocked one is the only thing of ours that a web page may lead to, if it knew where it is. */
function accessProblems(raw: unknown, isFirefox: boolean): string[] {
  const all = Array.isArray(raw) ? (raw as { resources?: unknown; use_dynamic_url?: unknown }[]) : [];
  const open = all.flatMap((one) => names(one.resources));
  return [
    ...difference('web_accessible_resources', open, [blockedPage]),
    ...(isFirefox || all.every((one) => one.use_dynamic_url === true)
      ? []
      : ['web_accessible_resources: a web page can tell that Cloudopt is installed']),
  ];
}

/** All that a built manifest says and the catalogue doesn't, or the other way round; empty where they agree. */
export function manifestProblems(manifest: Manifest): string[] {
  const optional = optionalPermissions();
  const gecko = (manifest.browser_specific_settings as { gecko?: Manifest } | undefined)?.gecko;
  const schema = (manifest.storage as { managed_schema?: unknown } | undefined)?.managed_schema;
  const collection = gecko?.data_collection_permissions as { required?: unknown; optional?: unknown } | undefined;
  return [
    ...(manifest.manifest_version === 3 ? [] : ['manifest_version: is not 3']),
    ...difference('permissions', manifest.permissions, requiredPermissions),
    ...difference('optional_permissions', manifest.optional_permissions, optional.permissions),
    ...difference('optional_host_permissions', manifest.optional_host_permissions, optional.origins),
    ...rulesetProblems(manifest.declarative_net_request),
    ...accessProblems(manifest.web_accessible_resources, gecko !== undefined),
    ...['host_permissions', 'content_scripts', 'externally_connectable']
      .filter((key) => !isEmptyList(manifest[key]))
      .map((key) => `${key}: must be empty`),
    ...(gecko ? difference('data_collection_permissions.required', collection?.required, ['none']) : []),
    ...(gecko ? difference('data_collection_permissions.optional', collection?.optional, optional.dataCollection) : []),
    // Without it Chromium hands no organisation's policy over.
    ...(gecko || schema === 'managed-schema.json' ? [] : ['storage: managed_schema is missing']),
    ...policyProblems(manifest.content_security_policy),
  ];
}

/**
 * Neither browser warns of these: https://developer.chrome.com/docs/extensions/reference/permissions-list and
 * https://support.mozilla.org/kb/permission-request-messages-firefox-extensions. All others may switch an update off.
 */
const silent = [
  'activeTab',
  'alarms',
  'contextMenus',
  'declarativeNetRequestWithHostAccess',
  'idle',
  'menus',
  'scripting',
  'storage',
  'unlimitedStorage',
];
/** Keys that bring a warning of their own. */
const warningKeys = ['chrome_settings_overrides', 'chrome_url_overrides', 'devtools_page'];

/** What the last release did not require, and of which a browser would warn: the update would be switched off. */
export function updateProblems(manifest: Manifest): string[] {
  const gecko = (manifest.browser_specific_settings as { gecko?: Manifest } | undefined)?.gecko;
  const before = gecko ? released.firefox : released.chromium;
  const collection = gecko?.data_collection_permissions as { required?: unknown } | undefined;
  const scripts = Array.isArray(manifest.content_scripts) ? (manifest.content_scripts as { matches?: unknown }[]) : [];
  const hosts = [...names(manifest.host_permissions), ...scripts.flatMap(({ matches }) => names(matches))];
  const more = (found: readonly string[], known: readonly string[]) => found.filter((name) => !known.includes(name));
  return [
    ...more(names(manifest.permissions), [...before.permissions, ...silent]),
    ...more(hosts, before.hosts),
    ...more(names(collection?.required), before.dataCollection),
    ...warningKeys.filter((key) => manifest[key] !== undefined),
  ].map((name) => `${name}: ${released.version} did not require it, so that an update would be switched off`);
}

/** What the manifest names and the answers to the stores don't justify. */
export function answersProblems(manifest: Manifest, answers: string): string[] {
  const gecko = (manifest.browser_specific_settings as { gecko?: Manifest } | undefined)?.gecko;
  const collection = gecko?.data_collection_permissions as { optional?: unknown } | undefined;
  return [
    manifest.permissions,
    manifest.optional_permissions,
    manifest.host_permissions,
    manifest.optional_host_permissions,
    collection?.optional,
  ]
    .flatMap(names)
    .filter((name) => !answers.includes(`\n### \`${name}\`\n\n> `))
    .map((name) => `${ANSWERS_FILE}: ${name} has no justification`);
}

function main(directories: readonly string[]): number {
  let problems = directories.length === 0 ? 1 : 0;
  if (problems > 0) console.error('check-manifest: name a build, such as .output/chrome-mv3');
  for (const directory of directories) {
    const file = join(directory, 'manifest.json');
    const manifest = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Manifest) : null;
    const answers = join(directory, ANSWERS_FILE);
    const found = manifest
      ? [...manifestProblems(manifest), ...updateProblems(manifest)]
      : ['there is no manifest.json'];
    if (!existsSync(answers)) found.push(`there is no ${ANSWERS_FILE}`);
    else if (manifest) found.push(...answersProblems(manifest, readFileSync(answers, 'utf8')));
    if (!existsSync(join(directory, 'managed-schema.json'))) found.push('there is no managed-schema.json');
    for (const problem of found) console.error(`${directory}: ${problem}`);
    if (found.length === 0) console.log(`${directory}: manifest and catalogue agree`);
    problems += found.length;
  }
  return problems === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exitCode = main(process.argv.slice(2));

/**
 * What the stores ask about a package, answered from what its manifest and prompts come from: the catalogue, the English
 * texts and the policy. A build puts it beside the manifest as `store-answers.md`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CapabilityId,
  capability,
  capabilityIds,
  everyDataType,
  everyField,
  optionalPermissions,
  requiredPermissions,
} from '../../../utils/catalogue/catalogue';
import { type Endpoint, type Endpoints, endpointOf } from '../../../utils/catalogue/endpoints';
import type { Say, TextKey } from '../../../utils/platform/text-types';
import { clauseOf, currentPolicy } from '../../../utils/policy/versions';
import { capabilityKey } from '../../../utils/prompts/notice';
import { type ChromeCategory, categoryOf, chromeCategories, required, sentOnly } from './terms';

export const ANSWERS_FILE = 'store-answers.md';
/** The Chrome Web Store takes no longer justification. */
export const JUSTIFICATION_CHARACTERS_MAX = 1_000;

export type Store = 'chrome' | 'firefox';

/** One thing that the manifest names, and what to say of it. */
export interface Justification {
  readonly name: string;
  /** To be pasted into the store's form. */
  readonly text: string;
  readonly capabilities: readonly CapabilityId[];
  readonly clauses: readonly string[];
}

const texts = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../public/_locales/en/messages.json'), 'utf8'),
) as Record<TextKey, { readonly message: string }>;

const say: Say = (key, ...substitutions) =>
  texts[key].message.replace(/\$([1-9])/g, (_, at: string) => String(substitutions[Number(at) - 1] ?? ''));

const own = (id: CapabilityId, part: string): string => say(capabilityKey(id, part));

const unique = <T>(all: readonly T[]): T[] => [...new Set(all)];
const clausesOf = (ids: readonly CapabilityId[]): string[] => unique(ids.flatMap((id) => [...capability(id).clauses]));

/** Asked for later, in Cloudopt's own prompt first; what each of the capabilities is and, where the form has room, why. */
function later(name: string, ids: readonly CapabilityId[]): Justification {
  const lead = 'Optional; off at installation. Asked for only after the person allowed this in Cloudopt’s own prompt:';
  const saying = (...parts: readonly string[]): string =>
    [lead, ...ids.map((id) => `${own(id, 'name')}: ${parts.map((part) => own(id, part)).join(' ')}`)].join(' ');
  const whole = saying('does', 'why');
  const text = whole.length <= JUSTIFICATION_CHARACTERS_MAX ? whole : saying('does');
  return { name, text, capabilities: ids, clauses: clausesOf(ids) };
}

const atOnce = (name: (typeof requiredPermissions)[number]): Justification => {
  const { why, capabilities, clauses } = required[name];
  return { name, text: why, capabilities, clauses: unique([...clausesOf(capabilities), ...clauses]) };
};

const having = (has: (id: CapabilityId) => boolean): CapabilityId[] => capabilityIds.filter(has);

/** `place`: whichever the person picks. */
type Receiver = Endpoint | 'place';

/** Where what a capability collects can go: `null` where it stays on the device. */
function receiverOf(id: CapabilityId, endpoints: Endpoints): Receiver | null {
  const { destination } = capability(id);
  return destination === 'sync-place' ? 'place' : endpointOf(destination, endpoints);
}

export interface Justifications {
  readonly required: readonly Justification[];
  readonly optional: readonly Justification[];
  readonly hosts: readonly Justification[];
  readonly dataCollection: readonly Justification[];
}

/** One for each name that the manifest of a build with these endpoints holds. */
export function justifications(endpoints: Endpoints): Justifications {
  const { permissions, origins, dataCollection } = optionalPermissions();
  return {
    required: requiredPermissions.map(atOnce),
    optional: permissions.map((name) =>
      later(
        name,
        having((id) => capability(id).api.includes(name)),
      ),
    ),
    hosts: origins.map((name) =>
      later(
        name,
        having((id) => capability(id).sites !== 'none' || receiverOf(id, endpoints) !== null),
      ),
    ),
    dataCollection: dataCollection.map((name) =>
      later(
        name,
        having((id) => everyDataType(id).includes(name)),
      ),
    ),
  };
}

export interface Collected {
  readonly capability: CapabilityId;
  readonly field: string;
  readonly receiver: Receiver | null;
}

/** What of a category is kept or sent; empty: none of it. `null` stands for what the store has no category for. */
export function collected(category: ChromeCategory | null, endpoints: Endpoints): Collected[] {
  const categories: Readonly<Record<string, ChromeCategory | null>> = categoryOf;
  return capabilityIds.flatMap((id) => {
    const receiver = receiverOf(id, endpoints);
    return everyField(id)
      .filter((field) => categories[field] === category)
      .filter((field) => receiver !== null || !sentOnly.has(field))
      .map((field) => ({ capability: id, field, receiver }));
  });
}

const clauseLines = (ids: readonly string[]): string =>
  ids.map((id) => `${id} (${clauseOf(id)?.title ?? 'not in this policy'})`).join('; ');

const named = (ids: readonly CapabilityId[]): string =>
  ids.length === 0
    ? 'Cloudopt’s own record of what was asked and answered'
    : ids.map((id) => own(id, 'name')).join(', ');

const section = (title: string, all: readonly Justification[]): string[] => [
  `## ${title}`,
  '',
  ...all.flatMap(({ name, text, capabilities, clauses }) => [
    `### \`${name}\``,
    '',
    `> ${text}`,
    '',
    `For: ${named(capabilities)}. Clauses of the privacy policy: ${clauseLines(clauses)}.`,
    '',
  ]),
];

const capabilityLines = (id: CapabilityId): string[] => [
  `### ${own(id, 'name')}`,
  '',
  `- does: ${own(id, 'does')} ${own(id, 'why')}`,
  `- limits: ${own(id, 'limits')}`,
  `- kept: ${own(id, 'retention')}`,
  `- if refused: ${own(id, 'refusal')}`,
  `- what the browser’s prompt says: ${own(id, 'browser_all')}`,
  '',
];

/** Who gets a field, in the words of the prompt. */
function whereTo({ capability: id, receiver }: Collected): string {
  if (receiver === 'place') return `${say('destination_sync')} ${say('place_sync')}`;
  if (receiver)
    return `${say('destination_server', new URL(receiver.url).origin)} ${say('place_server', receiver.place)}`;
  return say(capability(id).destination === 'device' ? 'destination_device' : 'destination_none');
}

const fieldLine = (one: Collected): string =>
  `- ${own(one.capability, 'name')}, ${say(`field_${one.field}_name` as TextKey)}: ` +
  `${say(`field_${one.field}_text` as TextKey)}. To whom: ${whereTo(one)}`;

function receivers(endpoints: Endpoints): string {
  const all = unique(capabilityIds.flatMap((id) => receiverOf(id, endpoints) ?? []));
  const places = all.flatMap((one) => (one === 'place' ? [] : `${new URL(one.url).origin} (${one.place})`));
  const reports =
    places.length === 0
      ? 'Reports go nowhere: this package was built without a server for them, though an organisation may set one for its own people.'
      : `Reports go to ${unique(places).join(' and ')}, set by whoever built this package, and only what the person sends.`;
  return `${reports} Settings, where the person allows Cloud Synchronization, go end-to-end encrypted to the place that the person picks: the browser’s own sync or a WebDAV server of theirs.`;
}

function chromeData(endpoints: Endpoints): string[] {
  const answered = chromeCategories.map((category) => ({ category, all: collected(category, endpoints) }));
  return [
    '## Data usage',
    '',
    'Ticked is whatever is kept, even where it never leaves the device. Nothing is collected before its capability is allowed.',
    '',
    ...answered.flatMap(({ category, all }) => [
      `### ${category}: ${all.length === 0 ? 'no' : 'yes'}`,
      '',
      ...(all.length === 0 ? [] : [...all.map(fieldLine), '']),
    ]),
    '### What the form has no category for',
    '',
    ...collected(null, endpoints).map(fieldLine),
    '',
    '### Certifications',
    '',
    `- sold or transferred to third parties, outside of the approved use cases: no. Who receives something: ${receivers(endpoints)}`,
    '- used or transferred for purposes that are unrelated to the single purpose: no. Purposes, by the clauses that capabilities rest on: ' +
      `${clauseLines(clausesOf(capabilityIds))}`,
    '- used or transferred to determine creditworthiness or for lending purposes: no. No clause allows it.',
    '',
  ];
}

function firefoxData(endpoints: Endpoints, types: readonly Justification[]): string[] {
  return [
    '## Data collection and transmission',
    '',
    `Required: none. Firefox counts what leaves the device. Who receives something: ${receivers(endpoints)}`,
    '',
    ...section('Data types, optional', types),
    '## What is kept on the device, or sent by the person',
    '',
    ...[...chromeCategories, null].flatMap((category) => collected(category, endpoints)).map(fieldLine),
    '',
    '## Notes for the reviewer',
    '',
    '- The sources package is the repository. `npm ci`, then `npm run zip`, make this package again byte for byte, on Node 20.20 or',
    '  newer; `npm run verify-build -- FILE` builds and compares.',
    '- Bundled and minified by WXT (Vite); no obfuscation. Libraries come from npm, by the versions of package-lock.json.',
    '- No account and no test data are needed: every capability can be tried from the options page.',
    '',
  ];
}

/** The whole text for a store, in Markdown. */
export function storeAnswers(store: Store, version: string, endpoints: Endpoints): string {
  const all = justifications(endpoints);
  const to = store === 'chrome' ? 'the Chrome Web Store and Edge Add-ons' : 'addons.mozilla.org';
  const lines = [
    `# Cloudopt ${version}: answers for ${to}`,
    '',
    'Made when this package was built, out of the catalogue that its manifest, its prompts and its pages come from.',
    '',
    '## Single purpose',
    '',
    `> ${say('extension_description')}`,
    '',
    ...section('Permissions from the first day, none of which any browser warns about', all.required),
    ...section('Permissions asked for later', all.optional),
    ...section('Hosts asked for later; none from the first day', all.hosts),
    ...(store === 'chrome' ? chromeData(endpoints) : firefoxData(endpoints, all.dataCollection)),
    '## Capabilities, each off until it is allowed in a prompt of its own',
    '',
    ...capabilityIds.flatMap(capabilityLines),
    '## Remote code',
    '',
    "No. Every script is in the package: `script-src` is `'self'`, each build is searched for other ways to load code, and the",
    'blocking lists are data that the browser applies.',
    '',
    '## Privacy policy',
    '',
    `Version ${currentPolicy.version}, in force since ${currentPolicy.effective}. Its text is in the package: options page, Policy.`,
    `A permission is taken back: ${say('withdrawal')}`,
    '',
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

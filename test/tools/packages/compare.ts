/** Says whether two packages hold the same files, but for what a store adds when it signs. */
import { type Entry, NoZip, plainOf } from './zip-file';

/** What addons.mozilla.org and the Chrome Web Store put into a package beside its own files. */
const STORES_FILES = /^(META-INF|_metadata)\//;
/** What the Chrome Web Store and Edge Add-ons put into its manifest. */
const storesKeys = ['update_url', 'key'];

/** The manifest without what a store adds, its keys in the order in which they stand. */
function ownManifest(text: string): string {
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new NoZip('its manifest is no object');
  return JSON.stringify(Object.fromEntries(Object.entries(parsed).filter(([key]) => !storesKeys.includes(key))));
}

/** The manifest of a package; throws {@link NoZip} where there is none that can be read. */
export function manifestOf(entries: readonly Entry[]): Record<string, unknown> {
  const entry = entries.find(({ name }) => name === 'manifest.json');
  if (!entry) throw new NoZip('there is no manifest.json in it: it is no extension');
  try {
    return JSON.parse(ownManifest(plainOf(entry).toString('utf8'))) as Record<string, unknown>;
  } catch (error) {
    if (error instanceof SyntaxError) throw new NoZip('its manifest.json is no JSON');
    throw error;
  }
}

const isSame = (ours: Entry, theirs: Entry): boolean => {
  const [own, other] = [plainOf(ours), plainOf(theirs)];
  if (own.equals(other)) return true;
  return ours.name === 'manifest.json' && ownManifest(own.toString('utf8')) === ownManifest(other.toString('utf8'));
};

/** Each difference in a line; empty where the packages hold the same. */
export function differencesOf(ours: readonly Entry[], theirs: readonly Entry[]): string[] {
  const byName = new Map(theirs.filter(({ name }) => !STORES_FILES.test(name)).map((entry) => [entry.name, entry]));
  const found: string[] = [];
  for (const entry of ours) {
    const other = byName.get(entry.name);
    byName.delete(entry.name);
    if (!other) found.push(`${entry.name}: is missing from it`);
    else if (!isSame(entry, other)) found.push(`${entry.name}: is another`);
  }
  return [...found, ...[...byName.keys()].map((name) => `${name}: is only in it`)].sort();
}

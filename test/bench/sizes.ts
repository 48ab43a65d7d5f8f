/** What does not depend on a run: the package, and the libraries in it. */
import type { BrowserName } from '../browser/driver/driver';
import { librariesOf } from './bundles';
import type { Setting } from './setting';

const KB = 1024;

export async function measurePackage(name: BrowserName, { builds, say }: Setting): Promise<void> {
  const { zipBytes, listBytes } = builds.of(name);
  say({
    what: 'package, zipped for the store, without the blocking lists',
    where: name,
    value: (zipBytes - listBytes) / KB,
    unit: 'KB',
    target: { atMost: 300 },
    note: 'KB of 1,024 bytes',
  });
  say({
    what: 'package, zipped for the store, with the blocking lists',
    where: name,
    value: zipBytes / KB,
    unit: 'KB',
  });
  say({ what: 'blocking lists in it, compressed', where: name, value: listBytes / KB, unit: 'KB' });
}

export async function measureLibraries({ say }: Setting): Promise<void> {
  for (const [part, entry, atMost] of [
    ['background', 'entrypoints/background.ts', 15],
    ['popup', 'entrypoints/popup/main.tsx', 23],
  ] as const) {
    const { allBytes, withoutListBytes, each } = await librariesOf(entry);
    const base = { where: '', unit: 'KB', digits: 1, target: { atMost } };
    const list = each.map(({ name, bytes }) => `${name} ${(bytes / KB).toFixed(1)}`).join(', ');
    say({ ...base, what: `libraries of the ${part}, gzipped`, value: allBytes / KB, note: list });
    if (allBytes === withoutListBytes) continue;
    say({
      ...base,
      what: `libraries of the ${part} without the public suffix list (tldts)`,
      value: withoutListBytes / KB,
    });
  }
}

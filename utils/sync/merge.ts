/** Two documents become one: for each key the later change, whoever made it. Pure; the order of merging never matters. */
import { compareStamps } from './clock';
import { canonical, type Document, type Entry, own } from './document';

/**
 * Above 0 where `a` takes the place of `b`. Two entries of one stamp come from a device that was copied: a deletion stays a
 * deletion, else the greater text wins, so that everybody picks the same.
 */
export function compareEntries(a: Entry, b: Entry): number {
  const order = compareStamps(a.at, b.at);
  if (order !== 0) return order;
  if (a.value === undefined || b.value === undefined)
    return Number(a.value === undefined) - Number(b.value === undefined);
  const [one, other] = [canonical(a.value), canonical(b.value)];
  return one === other ? 0 : one < other ? -1 : 1;
}

export function merge(a: Document, b: Document): Document {
  const keys = new Set([...Object.keys(a.entries), ...Object.keys(b.entries)]);
  return {
    entries: Object.fromEntries([...keys].sort().map((key) => [key, later(own(a.entries, key), own(b.entries, key))])),
  };
}

function later(a: Entry | undefined, b: Entry | undefined): Entry {
  if (a && b) return compareEntries(a, b) >= 0 ? a : b;
  return (a ?? b) as Entry;
}

/** Whether nothing of `local` is missing from `remote`, which may be ahead of it. */
export const holdsAll = (remote: Document, local: Document): boolean => missingFrom(remote, local).length === 0;

/** The keys that `remote` does not have, or has older than `local` does. */
export const missingFrom = (remote: Document, local: Document): string[] =>
  Object.entries(local.entries)
    .filter(([key, entry]) => {
      const there = own(remote.entries, key);
      return !there || compareEntries(there, entry) < 0;
    })
    .map(([key]) => key);

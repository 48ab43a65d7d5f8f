/**
 * An independent look at the database: its own small code, reading the stores raw. What must hold after every crash:
 * the chain is intact, fences agree with the ledger, the browser holds nothing that no live grant explains, and no record
 * carries an epoch that had ended before it.
 */
import { createHash } from 'node:crypto';
import { held, type Page, rawRows } from './cloudopt';

interface Entry {
  readonly seq: number;
  readonly kind: string;
  readonly capability: string | null;
  readonly scope: string | null;
  readonly grantId: string | null;
  readonly epoch: number;
  readonly prevHash: string;
  readonly hash: string;
}

const live = new Set(['granted', 'resumed']);
const ends = new Set(['revoked', 'expired', 'paused', 'never', 'refused']);
const permissionsOf: Readonly<Record<string, readonly string[]>> = {
  'site-insight': [],
  'browsing-time': ['idle', 'tabs'],
  'site-cleaner': ['browsingData'],
  notifications: ['notifications'],
  protection: ['webRequest'],
  'download-guard': ['downloads'],
};
const required = [
  'activeTab',
  'alarms',
  'declarativeNetRequestWithHostAccess',
  'scripting',
  'storage',
  'unlimitedStorage',
];

/** JSON with sorted keys and no spaces: RFC 8785 for what a ledger holds. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join()}}`;
}

/** @returns what does not hold, in words; empty where all is well. */
export async function complaints(page: Page): Promise<string[]> {
  const found: string[] = [];
  const entries = (await rawRows(page, 'ledger')) as unknown as Entry[];
  let previous = '0'.repeat(64);
  for (const [index, entry] of entries.entries()) {
    const { hash, ...rest } = entry;
    if (entry.seq !== index + 1) found.push(`ledger: ${entry.seq} stands at ${index + 1}`);
    if (entry.prevHash !== previous) found.push(`ledger: ${entry.seq} does not follow`);
    if (createHash('sha256').update(canonical(rest)).digest('hex') !== hash)
      found.push(`ledger: ${entry.seq} was changed`);
    previous = hash;
  }

  const last = new Map<string, Entry>();
  for (const entry of entries) {
    if (entry.capability && entry.scope && (live.has(entry.kind) || ends.has(entry.kind))) {
      last.set(`${entry.capability} ${entry.scope}`, entry);
    }
  }
  const fences = await rawRows(page, 'fences');
  for (const fence of fences) {
    const entry = last.get(`${fence.capability} ${fence.scope}`);
    const agrees =
      entry !== undefined &&
      entry.epoch === fence.epoch &&
      entry.grantId === fence.grantId &&
      live.has(entry.kind) === fence.live;
    if (!agrees) found.push(`fence of ${fence.capability} ${fence.scope} disagrees with the ledger`);
  }
  if (last.size !== fences.length) found.push(`${last.size} grants in the ledger, ${fences.length} fences`);

  const alive = fences.filter((fence) => fence.live);
  const browser = await held(page);
  const explained = [...required, ...alive.flatMap((fence) => permissionsOf[String(fence.capability)] ?? [])];
  for (const name of browser.permissions) if (!explained.includes(name)) found.push(`the browser holds ${name}`);
  const sites = alive
    .filter((fence) => ['site-insight', 'protection'].includes(String(fence.capability)))
    .map((fence) => String(fence.scope));
  for (const origin of browser.origins) {
    if (!sites.includes('*') && !sites.includes(origin)) found.push(`the browser holds ${origin}`);
  }

  const ended = new Map<string, number>();
  for (const entry of entries) if (entry.grantId && ends.has(entry.kind)) ended.set(entry.grantId, entry.epoch);
  for (const record of await rawRows(page, 'records')) {
    const over = ended.get(String(record.grantId));
    if (over !== undefined && Number(record.epoch) >= over) found.push(`record ${record.id} is younger than its end`);
  }
  return found;
}

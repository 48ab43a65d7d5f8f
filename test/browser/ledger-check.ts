/**
 * An independent look at the database: its own small code, reading every store raw. What must hold after every death of the
 * browser or of its background:
 *
 * 1. the ledger is intact;
 * 2. fences agree with the ledger, and so do grants;
 * 3. the browser holds nothing that no live grant explains;
 * 4. no record carries an epoch later than its revocation, or one that was never granted;
 * 5. nothing that was acknowledged or seen on disk is missing.
 */
import { createHash } from 'node:crypto';
import type { Page } from './driver/driver';

const storeNames = [
  'fences',
  'grants',
  'ledger',
  'notices',
  'intents',
  'records',
  'outbox',
  'uses',
  'settings',
] as const;
type StoreName = (typeof storeNames)[number];
type Row = Readonly<Record<string, unknown>>;

export interface Held {
  readonly permissions: readonly string[];
  readonly origins: readonly string[];
  /** Firefox alone has it. */
  readonly data_collection?: readonly string[];
}

/** Every row of every store as of one moment, and what the browser says that it holds. */
export interface Look {
  readonly stores: Readonly<Record<StoreName, readonly Row[]>>;
  readonly held: Held;
}

/** Something that a page was told is done. */
export type Acknowledged =
  /** An entry of this kind stands after the one of this number. */
  | { kind: 'entry'; after: number; entry: string; capability: string; scope: string }
  /** These records are gone. */
  | { kind: 'erased'; ids: readonly string[] }
  /** This host is on the person's list. */
  | { kind: 'listed'; list: 'allow' | 'block'; host: string }
  /** Synchronization has begun: while its grant lives, it goes on from where it was. */
  | { kind: 'syncing'; grantId: string };

interface Entry extends Row {
  readonly seq: number;
  readonly kind: string;
  readonly capability: string | null;
  readonly scope: string | null;
  readonly grantId: string | null;
  readonly epoch: number;
  readonly prevHash: string;
  readonly hash: string;
}

/** The state that an entry of the ledger leads to. */
const stateAfter: Readonly<Record<string, string>> = {
  granted: 'granted',
  resumed: 'granted',
  revoked: 'revoked',
  expired: 'expired',
  paused: 'paused',
  never: 'never',
  refused: 'refused',
};
const isLive = (entry: Entry): boolean => stateAfter[entry.kind] === 'granted';
const isEnd = (entry: Entry): boolean => !isLive(entry) && stateAfter[entry.kind] !== undefined;

const permissionsOf: Readonly<Record<string, readonly string[]>> = {
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
const dataOf: Readonly<Record<string, readonly string[]>> = {
  'usage-statistics': ['technicalAndInteraction'],
  'crash-reports': ['technicalAndInteraction'],
  'cloud-sync': ['browsingActivity', 'authenticationInfo'],
};

/** Reads all of it by the page itself, in one transaction, and not through the code under test. */
export const look = (page: Page): Promise<Look> =>
  page.evaluate(
    async (names: readonly string[]) => {
      const api = (globalThis as unknown as { chrome: { permissions: { getAll(): Promise<Held> } } }).chrome;
      const stores: Record<string, Row[]> = {};
      await new Promise<void>((resolve, reject) => {
        const opening = indexedDB.open('cloudopt');
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const database = opening.result;
          // Another one's change of the version must not wait for this look.
          database.onversionchange = () => database.close();
          const transaction = database.transaction([...names]);
          for (const name of names) {
            const reading = transaction.objectStore(name).getAll();
            reading.onsuccess = () => {
              stores[name] = reading.result as Row[];
            };
          }
          transaction.onabort = () => reject(transaction.error);
          transaction.oncomplete = () => {
            database.close();
            resolve();
          };
        };
      });
      return { stores, held: await api.permissions.getAll() } as unknown as Look;
    },
    [...storeNames],
  );

/** JSON with sorted keys and no spaces: RFC 8785 for what a ledger holds. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join()}}`;
}

export const hashOfEntry = (entry: Row): string => createHash('sha256').update(canonical(entry)).digest('hex');

export const entriesOf = ({ stores }: Look): readonly Entry[] => stores.ledger as readonly Entry[];

const keyOf = ({ capability, scope }: Row): string => `${capability} ${scope}`;

/** Statement 1. */
function aboutLedger(look: Look): string[] {
  const found: string[] = [];
  let previous = '0'.repeat(64);
  for (const [index, entry] of entriesOf(look).entries()) {
    const { hash, ...rest } = entry;
    if (entry.seq !== index + 1) found.push(`ledger: ${entry.seq} stands at ${index + 1}`);
    if (entry.prevHash !== previous) found.push(`ledger: ${entry.seq} does not follow`);
    if (hashOfEntry(rest) !== hash) found.push(`ledger: ${entry.seq} was changed`);
    previous = hash;
  }
  return found;
}

/** Statement 2. */
function aboutFences(look: Look): string[] {
  const found: string[] = [];
  const last = new Map<string, Entry>();
  for (const entry of entriesOf(look)) {
    if (entry.capability && entry.scope && stateAfter[entry.kind] !== undefined) last.set(keyOf(entry), entry);
  }
  for (const name of ['fences', 'grants'] as const) {
    const rows = look.stores[name];
    for (const row of rows) {
      const entry = last.get(keyOf(row));
      const same = entry !== undefined && entry.epoch === row.epoch && entry.grantId === row.grantId;
      const state = stateAfter[entry?.kind ?? ''];
      const says = name === 'fences' ? (state === 'granted') === row.live : state === row.state;
      if (!same || !says) found.push(`${name}: ${keyOf(row)} disagrees with the ledger`);
    }
    if (last.size !== rows.length) found.push(`${name}: ${rows.length} rows, ${last.size} in the ledger`);
  }
  return found;
}

const isAll = (origin: string): boolean => /^(<all_urls>|(\*|https?):\/\/\*\/\*)$/.test(origin);

/** Whether a live scope explains this origin: it is that one, or lies within it. */
function explains(scope: string, origin: string): boolean {
  if (scope === '*') return true;
  const [wide, narrow] = [scope, origin].map((one) => /^([a-z*]+):\/\/([^/]+)\/\*$/.exec(one));
  if (!wide || !narrow || isAll(origin)) return false;
  const [host = '', held = ''] = [wide[2], narrow[2]];
  const covered = host.startsWith('*.') ? `.${held}`.endsWith(host.slice(1)) : held === host;
  return covered && (wide[1] === '*' || wide[1] === narrow[1]);
}

/** Statement 3. */
export function aboutHeld({ stores, held }: Look): string[] {
  const alive = stores.fences.filter((fence) => fence.live);
  const named = (of: Readonly<Record<string, readonly string[]>>) =>
    alive.flatMap((fence) => of[String(fence.capability)] ?? []);
  const permissions = [...required, ...named(permissionsOf)];
  const data = named(dataOf);
  const scopes = alive
    .filter(({ capability, scope }) =>
      capability === 'cloud-sync' ? scope !== '*' : capability === 'site-insight' || capability === 'protection',
    )
    .map(({ scope }) => String(scope));
  // A copy on a server that the person wanted deleted keeps that server's origin until it is.
  scopes.push(...stores.settings.filter(({ key }) => key === 'sync-erasure').map(({ scope }) => String(scope)));
  return [
    ...held.permissions.filter((name) => !permissions.includes(name)),
    ...held.origins.filter((origin) => !scopes.some((scope) => explains(scope, origin))),
    ...(held.data_collection ?? []).filter((type) => !data.includes(type)),
  ].map((what) => `the browser holds ${what}`);
}

/** Statement 4. */
function aboutRecords(look: Look): string[] {
  const found: string[] = [];
  const ended = new Map<string, number>();
  const given = new Set<string>();
  for (const entry of entriesOf(look)) {
    if (!entry.grantId) continue;
    if (isLive(entry)) {
      given.add(`${entry.grantId} ${entry.epoch}`);
      ended.delete(entry.grantId);
    } else if (isEnd(entry)) ended.set(entry.grantId, entry.epoch);
  }
  for (const { id, grantId, epoch } of look.stores.records) {
    const over = ended.get(String(grantId));
    if (over !== undefined && Number(epoch) >= over) found.push(`record ${id} is younger than its end`);
    else if (!given.has(`${grantId} ${epoch}`)) found.push(`record ${id} was written under no grant`);
  }
  for (const { id, grantId } of look.stores.outbox) {
    if (ended.has(String(grantId))) found.push(`${id} waits to be sent under an ended grant`);
  }
  return found;
}

/** Statements 1, 2 and 4: what holds at every moment. The third one takes the browser a moment. */
export const disagreements = (now: Look): string[] => [...aboutLedger(now), ...aboutFences(now), ...aboutRecords(now)];

/**
 * Statement 5.
 * @param before an earlier look at the same profile.
 * @param mayGo records that may have been erased since.
 */
export function missing(
  before: Look,
  now: Look,
  acknowledged: readonly Acknowledged[],
  mayGo: (record: Row) => boolean = () => false,
): string[] {
  const found: string[] = [];
  const entries = entriesOf(now);
  for (const { seq, kind, hash } of entriesOf(before)) {
    if (entries[seq - 1]?.hash !== hash) found.push(`ledger: ${seq} (${kind}) is gone`);
  }
  if (entries.some(({ kind }) => kind === 'history-lost')) found.push('the history was lost');
  const records = new Map(now.stores.records.map((row) => [row.id, row]));
  for (const row of before.stores.records) {
    if (!records.has(row.id) && !mayGo(row)) found.push(`record ${row.id} is gone`);
  }
  // What had ended by then got nothing more, and nothing of it was changed.
  const seen = new Map(before.stores.records.map((row) => [row.id, row]));
  const over = new Set(before.stores.fences.filter((fence) => !fence.live).map((fence) => fence.grantId));
  for (const entry of entries.slice(before.stores.ledger.length)) if (isLive(entry)) over.delete(entry.grantId);
  for (const row of records.values()) {
    if (!over.has(row.grantId)) continue;
    if (canonical(seen.get(row.id) ?? null) !== canonical(row)) found.push(`record ${row.id} came after its end`);
  }
  return [...found, ...acknowledged.flatMap((one) => unkept(one, now, records))];
}

function unkept(one: Acknowledged, now: Look, records: ReadonlyMap<unknown, Row>): string[] {
  switch (one.kind) {
    case 'entry': {
      const { after, entry, capability, scope } = one;
      const there = entriesOf(now).some(
        (row) => row.seq > after && row.kind === entry && row.capability === capability && row.scope === scope,
      );
      return there ? [] : [`acknowledged, and not in the ledger: ${entry} ${capability} ${scope}`];
    }
    case 'erased':
      return one.ids.filter((id) => records.has(id)).map((id) => `erased, and still there: ${id}`);
    case 'listed': {
      const settings = now.stores.settings.find(({ key }) => key === 'protection') ?? {};
      const list = settings[one.list];
      return Array.isArray(list) && list.includes(one.host) ? [] : [`not on the ${one.list} list: ${one.host}`];
    }
    case 'syncing': {
      const live = now.stores.fences.some((fence) => fence.live && fence.grantId === one.grantId);
      const kept = now.stores.uses.some((row) => row.id === `${one.grantId}|checkpoint`);
      return live && !kept ? [`synchronization of ${one.grantId} was forgotten`] : [];
    }
  }
}

/** @returns what does not hold of the first four statements, in words; empty where all is well. */
export async function complaints(page: Page): Promise<string[]> {
  const now = await look(page);
  return [...disagreements(now), ...aboutHeld(now)];
}

/**
 * What an organisation has set through the browser's managed storage: pure. It forbids, restricts and configures, and has
 * no word that grants. It comes from outside: what can't be read in it closes and never opens.
 */
import * as z from 'zod/mini';
import { type CapabilityId, capability, capabilityIds, isCapabilityId } from '../catalogue/catalogue';
import { type Destination, type Endpoint, type Endpoints, noEndpoints } from '../catalogue/endpoints';
import { type Scope, siteOf } from '../catalogue/scope';
import { statisticsAddress } from '../reports/endpoints';
import { parseDsn } from '../reports/sentry';

/** The keys of a policy, as public/managed-schema.json declares them to Chromium. */
export const managedKeys = ['forbiddenCapabilities', 'endpoints', 'allowedSyncServers', 'lockedSections'] as const;
export type ManagedKey = (typeof managedKeys)[number];

/**
 * Sections of the options page in which something can be locked: `permissions`, nothing new is granted. What is a person's
 * right (to see, to export, to erase, to take back) stands in the others and can't be locked.
 */
export const lockableSections = ['permissions'] as const;
export type LockableSection = (typeof lockableSections)[number];

/** What of a policy could not be followed. Words of the policy are cut to {@link WORD_MAX} characters. */
export type ManagedProblem =
  | { kind: 'unknown-key'; word: string }
  | { kind: 'unknown-capability'; word: string }
  | { kind: 'nothing-to-lock'; word: string }
  /** A key, or a part of it, whose value is not what it must be. */
  | { kind: 'unreadable'; word: string }
  /** The browser did not hand the policy over. */
  | { kind: 'unread'; word: string };

export interface Managed {
  /** Whether a policy is set at all. */
  readonly exists: boolean;
  /** The browser did not hand it over: nothing runs and nothing is granted until it does, and nothing ends for it. */
  readonly unread: boolean;
  readonly forbidden: readonly CapabilityId[];
  readonly locked: readonly LockableSection[];
  /** Where reports go, once a person allows them; `null`: it can't be read, so that nothing goes anywhere. */
  readonly endpoints: Partial<Endpoints>;
  /** Origins of the servers that may be synchronised with; `null`: the organisation says nothing about it. */
  readonly syncServers: readonly string[] | null;
  /** At most {@link PROBLEMS_MAX}. */
  readonly problems: readonly ManagedProblem[];
}

const WORD_MAX = 100;
const PROBLEMS_MAX = 50;

const nothingSet: Managed = {
  exists: false,
  unread: false,
  forbidden: [],
  locked: [],
  endpoints: {},
  syncServers: null,
  problems: [],
};

/** Where the browser did not say what is set. */
export const unreadManaged = (why: string): Managed => ({
  ...nothingSet,
  unread: true,
  endpoints: noEndpoints,
  syncServers: [],
  problems: [{ kind: 'unread', word: cut(why) }],
});

/** Whether nothing may run under a grant of it; of no grant of it at all, where no scope is given. */
export function forbids(managed: Managed, id: CapabilityId, scope?: Scope): boolean {
  return managed.unread || managed.forbidden.includes(id) || bansPlace(managed, id, scope);
}

/**
 * Servers that are named are the only places: then nothing goes to the browser's own sync. A scope knows no port; the
 * origin with its port is held where the place is used ({@link allowsServer}).
 */
function bansPlace({ syncServers }: Managed, id: CapabilityId, scope: Scope | undefined): boolean {
  if (syncServers === null || capability(id).sites !== 'server') return false;
  if (scope === undefined) return syncServers.length === 0;
  return !syncServers.some((origin) => new URL(origin).hostname === siteOf(scope)?.host);
}

/** Whether settings may be synchronised with a server of this origin. */
export const allowsServer = ({ syncServers }: Managed, origin: string): boolean =>
  syncServers === null || syncServers.includes(origin);

/** Why a prompt asks nothing, where the organisation is the reason. `place`: it allows others. */
export type Barred = 'capability' | 'place' | 'section' | 'unread';

export function barred(managed: Managed, id: CapabilityId, scope?: Scope): Barred | undefined {
  if (managed.unread) return 'unread';
  if (managed.forbidden.includes(id)) return 'capability';
  if (bansPlace(managed, id, scope)) return 'place';
  return managed.locked.includes('permissions') ? 'section' : undefined;
}

const place = z.string().check(z.trim(), z.minLength(1), z.maxLength(100));
const address = z.string().check(z.maxLength(500));
const statistics = z.strictObject({ url: address, place });
const crashes = z.strictObject({ dsn: address, place });
const server = address.check(
  z.refine((raw) => {
    const url = URL.canParse(raw) ? new URL(raw) : undefined;
    const bare = url?.username === '' && url.password === '' && `${url.pathname}${url.search}${url.hash}` === '/';
    return url?.protocol === 'https:' && bare;
  }, 'no origin of https'),
);

/** @param raw all that managed storage holds for us, as the browser hands it over. */
export function parseManaged(raw: unknown): Managed {
  if (raw === undefined || raw === null) return nothingSet;
  const problems: ManagedProblem[] = [];
  const tell = (kind: ManagedProblem['kind'], word: string): void => {
    if (problems.length < PROBLEMS_MAX) problems.push({ kind, word: cut(word) });
  };
  const isRecord = typeof raw === 'object' && !Array.isArray(raw);
  if (!isRecord) tell('unreadable', 'policy');
  const keys = isRecord ? Object.keys(raw) : [];
  for (const key of keys) if (!(managedKeys as readonly string[]).includes(key)) tell('unknown-key', key);
  // A policy that is none is as unreadable as each of its keys.
  const values: Record<string, unknown> = isRecord
    ? (raw as Record<string, unknown>)
    : { forbiddenCapabilities: 0, endpoints: 0, allowedSyncServers: 0, lockedSections: 0 };
  const given = (key: ManagedKey): unknown => (Object.hasOwn(values, key) ? (values[key] ?? undefined) : undefined);
  return {
    exists: !isRecord || keys.length > 0,
    unread: false,
    forbidden: forbiddenIn(given('forbiddenCapabilities'), tell),
    locked: lockedIn(given('lockedSections'), tell),
    endpoints: endpointsIn(given('endpoints'), tell),
    syncServers: serversIn(given('allowedSyncServers'), tell),
    problems,
  };
}

type Tell = (kind: ManagedProblem['kind'], word: string) => void;

/** Words of a list, in the spelling that ids have; one word stands for a list of it. `undefined`: it can't be read. */
function wordsIn(value: unknown): string[] | undefined {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  const words = list.filter((word) => typeof word === 'string').map((word) => word.trim().toLowerCase());
  return words.length === list.length ? words : undefined;
}

/** What was meant to forbid and can't be read forbids everything; an id that names nothing only is told of. */
function forbiddenIn(value: unknown, tell: Tell): CapabilityId[] {
  if (value === undefined) return [];
  const words = wordsIn(value);
  if (!words) {
    tell('unreadable', 'forbiddenCapabilities');
    return [...capabilityIds];
  }
  for (const word of words) if (!isCapabilityId(word)) tell('unknown-capability', word);
  return capabilityIds.filter((id) => words.includes(id));
}

function lockedIn(value: unknown, tell: Tell): LockableSection[] {
  if (value === undefined) return [];
  const words = wordsIn(value);
  if (!words) {
    tell('unreadable', 'lockedSections');
    return [...lockableSections];
  }
  for (const word of words) {
    if (!(lockableSections as readonly string[]).includes(word)) tell('nothing-to-lock', word);
  }
  return lockableSections.filter((section) => words.includes(section));
}

function statisticsIn(value: unknown): Endpoint | undefined {
  const { data } = statistics.safeParse(value);
  const url = data && statisticsAddress(data.url);
  return !data || url === undefined ? undefined : { url, auth: null, place: data.place, byOrganisation: true };
}

function crashesIn(value: unknown): Endpoint | undefined {
  const { data } = crashes.safeParse(value);
  if (!data) return undefined;
  const dsn = parseDsn(data.dsn);
  // A secret key has no place in what every user of the machine may read.
  if (dsn.kind !== 'dsn' || new URL(data.dsn).password !== '') return undefined;
  return { url: dsn.endpoint, auth: dsn.auth, place: data.place, byOrganisation: true };
}

const endpointReaders = {
  statistics: { destination: 'statistics-endpoint', read: statisticsIn },
  crashes: { destination: 'crash-endpoint', read: crashesIn },
} as const satisfies Record<string, { destination: Destination; read: (value: unknown) => Endpoint | undefined }>;

/** An endpoint that can't be read is none: nothing is sent there, nor anywhere else. */
function endpointsIn(value: unknown, tell: Tell): Partial<Endpoints> {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    tell('unreadable', 'endpoints');
    return noEndpoints;
  }
  for (const key of Object.keys(value)) {
    if (!Object.hasOwn(endpointReaders, key)) tell('unknown-key', `endpoints.${key}`);
  }
  const found: Partial<Record<Destination, Endpoint | null>> = {};
  for (const [name, { destination, read }] of Object.entries(endpointReaders)) {
    const part = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
    if (part === undefined || part === null) continue;
    const endpoint = read(part);
    if (!endpoint) tell('unreadable', `endpoints.${name}`);
    found[destination] = endpoint ?? null;
  }
  return found;
}

/** Servers that can't be read are not allowed; a list of which none is left allows none. */
function serversIn(value: unknown, tell: Tell): string[] | null {
  if (value === undefined) return null;
  if (!Array.isArray(value)) {
    tell('unreadable', 'allowedSyncServers');
    return [];
  }
  const origins = value.flatMap((one: unknown, index) => {
    const parsed = server.safeParse(one);
    if (parsed.success) return [new URL(parsed.data).origin];
    tell('unreadable', `allowedSyncServers ${index + 1}`);
    return [];
  });
  return [...new Set(origins)];
}

const cut = (word: string): string => (word.length > WORD_MAX ? `${word.slice(0, WORD_MAX - 1)}…` : word);

/**
 * What syncs, as bytes: a map of settings, each with the stamp of its last change. A key that this version does not know is
 * kept as it is. What was deleted stays as an entry without a value, a tombstone.
 */
import * as z from 'zod/mini';
import { invariant } from '../platform/invariant';
import { STAMP_MS_MAX, STAMP_N_MAX, type Stamp } from './clock';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Without a value: a tombstone. */
export type Entry = { readonly at: Stamp; readonly value?: Json };

export interface Document {
  /** By key: `protection.badge`, `protection.host/HOST`, `device/ID`, and such as later versions have. */
  readonly entries: Readonly<Record<string, Entry>>;
}

/** What one document may hold. */
export const DOCUMENT_BYTES_MAX = 2 * 1024 * 1024;
export const ENTRIES_MAX = 10_000;
/** What a device keeps may be more than it could send. */
export const KEPT_ENTRIES_MAX = 4 * ENTRIES_MAX;
const DEPTH_MAX = 16;
const FORMAT = 1;

export const emptyDocument: Document = { entries: {} };

const KEY = /^[\x21-\x7e]{1,300}$/;
const DEVICE = /^[\w-]{1,64}$/;
export const isKey = (raw: unknown): raw is string => typeof raw === 'string' && KEY.test(raw);
export const isDeviceId = (raw: unknown): raw is string => typeof raw === 'string' && DEVICE.test(raw);

export function isJson(raw: unknown, depth = 0): raw is Json {
  if (raw === null || typeof raw === 'string' || typeof raw === 'boolean') return true;
  if (typeof raw === 'number') return Number.isFinite(raw);
  if (typeof raw !== 'object' || depth === DEPTH_MAX) return false;
  return Object.values(raw).every((one) => isJson(one, depth + 1));
}

export const isStamp = (raw: unknown): raw is Stamp => stamp.safeParse(raw).success;
const stamp = z.strictObject({
  ms: z.number().check(z.int(), z.nonnegative(), z.maximum(STAMP_MS_MAX)),
  n: z.number().check(z.int(), z.nonnegative(), z.maximum(STAMP_N_MAX)),
  by: z.string().check(z.regex(DEVICE)),
});

export function isEntry(raw: unknown): raw is Entry {
  if (typeof raw !== 'object' || raw === null || !('at' in raw) || !isStamp(raw.at)) return false;
  return Object.keys(raw).every((member) => member === 'at' || (member === 'value' && isJson((raw as Entry).value)));
}

export const isDocument = (raw: unknown): raw is Document =>
  typeof raw === 'object' &&
  raw !== null &&
  Object.keys(raw).length === 1 &&
  'entries' in raw &&
  isMapOf(isKey, isEntry, KEPT_ENTRIES_MAX)(raw.entries);

/** Whether something is an object whose keys and values all are such, and no more of them. */
export const isMapOf =
  <V>(isName: (raw: unknown) => boolean, isValue: (raw: unknown) => raw is V, countMax: number) =>
  (raw: unknown): raw is Readonly<Record<string, V>> => {
    if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return false;
    const members = Object.entries(raw);
    return members.length <= countMax && members.every(([name, value]) => isName(name) && isValue(value));
  };

/** A member of a map by its own name alone: `constructor` is nobody's setting. */
export const own = <V>(map: Readonly<Record<string, V>>, key: string): V | undefined =>
  Object.hasOwn(map, key) ? map[key] : undefined;

/** The one spelling of a JSON value: equal values have equal texts. */
export function canonical(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (isList(value)) return `[${value.map(canonical).join()}]`;
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(own(value, name) as Json)}`).join()}}`;
}
const isList = (value: object): value is readonly Json[] => Array.isArray(value);

/** Whether two values are the same; `undefined` is that there is none. */
export const same = (a: Json | undefined, b: Json | undefined): boolean =>
  a === undefined || b === undefined ? a === b : a === b || canonical(a) === canonical(b);

/** An entry as it is written: milliseconds after `base`, counter, place in `devices`, and the value where there is one. */
type Packed = readonly [number, number, number] | readonly [number, number, number, Json];

/** Compact JSON in UTF-8; the same document always has the same bytes. */
export function encodeDocument(document: Document): Uint8Array {
  // What others can't read they would take for damaged, and write over.
  invariant(isDocument(document), 'what is written can be read');
  const { entries } = document;
  const keys = Object.keys(entries).sort();
  const all = keys.map((key) => entries[key] as Entry);
  const devices = [...new Set(all.map(({ at }) => at.by))].sort();
  const place = new Map(devices.map((by, index) => [by, index]));
  const base = all.reduce((least, { at }) => Math.min(least, at.ms), all[0]?.at.ms ?? 0);
  const packed = all.map(({ at, value }, index) => {
    const stamped = [at.ms - base, at.n, place.get(at.by) as number] as const;
    const entry: Packed = value === undefined ? stamped : [...stamped, value];
    return `${JSON.stringify(keys[index])}:${canonical(entry)}`;
  });
  return new TextEncoder().encode(
    `{"format":${FORMAT},"base":${base},"devices":${JSON.stringify(devices)},"entries":{${packed.join()}}}`,
  );
}

const packed = z.strictObject({
  format: z.literal(FORMAT),
  base: z.number(),
  devices: z.array(z.string()),
  entries: z.custom<Readonly<Record<string, Packed>>>(
    isMapOf(
      isKey,
      (raw): raw is Packed =>
        Array.isArray(raw) &&
        (raw.length === 3 || raw.length === 4) &&
        raw.slice(0, 3).every((part) => typeof part === 'number'),
      ENTRIES_MAX,
    ),
  ),
});

export type Decoded =
  | { kind: 'document'; document: Document }
  /** `newer-format`: written by a later version, and not to be overwritten. */
  | { kind: 'unreadable'; why: 'newer-format' | 'too-large' | 'no-document' };

export function decodeDocument(bytes: Uint8Array): Decoded {
  if (bytes.length > DOCUMENT_BYTES_MAX) return { kind: 'unreadable', why: 'too-large' };
  let raw: unknown;
  try {
    raw = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return { kind: 'unreadable', why: 'no-document' };
  }
  const newer = z.object({ format: z.number().check(z.int(), z.gt(FORMAT)) }).safeParse(raw).success;
  if (newer) return { kind: 'unreadable', why: 'newer-format' };
  const parsed = packed.safeParse(raw);
  if (!parsed.success) return { kind: 'unreadable', why: 'no-document' };
  const { base, devices, entries } = parsed.data;
  const document = {
    entries: Object.fromEntries(
      Object.entries(entries).map(([key, [ms, n, device, ...value]]) => {
        const at = { ms: base + ms, n, by: devices[device] };
        return [key, value.length === 0 ? { at } : { at, value: value[0] }];
      }),
    ),
  };
  return isDocument(document) ? { kind: 'document', document } : { kind: 'unreadable', why: 'no-document' };
}

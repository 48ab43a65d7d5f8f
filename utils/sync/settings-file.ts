/** Settings as a file that a person keeps: in the clear, with or without sync. */
import * as z from 'zod/mini';
import { isJson, isKey, isMapOf, type Json, own } from './document';
import { fitting, isKnown, type LocalSettings } from './settings';
import { type Change, differences } from './state';

export const SETTINGS_FILE_BYTES_MAX = 1_000_000;
const SETTINGS_MAX = 10_000;
const FORMAT = 'cloudopt-settings';
const VERSION = 1;

const file = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  exportedAtMs: z.number().check(z.int(), z.nonnegative()),
  settings: z.custom<LocalSettings>(isMapOf(isKey, (raw): raw is Json => isJson(raw), SETTINGS_MAX)),
});

/** JSON, two spaces deep, its settings in the order of their keys. */
export function encodeSettings(local: LocalSettings, nowMs: number): string {
  const settings = Object.fromEntries(Object.entries(local).sort(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify({ format: FORMAT, version: VERSION, exportedAtMs: nowMs, settings } satisfies z.infer<typeof file>, null, 2)}\n`;
}

export type ReadSettings =
  /** `unknown`: keys that this version does not know, or whose values it can't use. They are left out. */
  | { kind: 'settings'; settings: LocalSettings; unknown: readonly string[]; exportedAtMs: number }
  | { kind: 'unreadable'; why: 'too-large' | 'no-json' | 'not-ours' | 'newer-version' };

export function readSettings(text: string): ReadSettings {
  if (text.length > SETTINGS_FILE_BYTES_MAX) return { kind: 'unreadable', why: 'too-large' };
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return { kind: 'unreadable', why: 'no-json' };
  }
  const newer = z.object({ format: z.literal(FORMAT), version: z.number().check(z.int(), z.gt(VERSION)) });
  if (newer.safeParse(raw).success) return { kind: 'unreadable', why: 'newer-version' };
  const parsed = file.safeParse(raw);
  if (!parsed.success) return { kind: 'unreadable', why: 'not-ours' };
  const { settings, exportedAtMs } = parsed.data;
  const known = Object.entries(settings).filter(([key, value]) => isKnown(key, value));
  const unknown = Object.keys(settings).filter((key) => !isKnown(key, own(settings, key) as Json));
  return { kind: 'settings', settings: Object.fromEntries(known), unknown, exportedAtMs };
}

export interface Imported {
  /** All settings as they are to stand here. What the file does not name stays as it is. */
  readonly settings: LocalSettings;
  readonly changes: readonly Change[];
  /** Keys of hosts for which the lists have no room. */
  readonly left: readonly string[];
}

export function imported(local: LocalSettings, settings: LocalSettings): Imported {
  const { values, left } = fitting({ ...local, ...settings }, local);
  return { settings: values, changes: differences(local, values), left };
}

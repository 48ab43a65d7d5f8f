/**
 * A file of consent records: written when the person exports them, read to look at them and to check them on another
 * device. A bundle that is read gives no permission: nothing here writes, and its records have no type that a grant has.
 */
import * as z from 'zod/mini';
import { isIntact, iso } from './record';
import { type DpvRecord, dpvRecordShape, moment } from './shape';
import { context } from './terms';

export const BUNDLE_FORMAT = 'cloudopt-consent-records';
/** Version 1 was plain JSON without DPV's terms and without hashes. */
export const BUNDLE_VERSION = 2;
/** Characters that a file may have. */
export const BUNDLE_CHARS = 20_000_000;

/** What stands in a bundle before its records, which follow as its last member, {@link BUNDLE_MEMBER}. */
export const bundleHead = (exportedAtMs: number, appVersion: string) => ({
  '@context': context,
  format: BUNDLE_FORMAT,
  version: BUNDLE_VERSION,
  exportedAt: iso(exportedAtMs),
  appVersion,
});

export const BUNDLE_MEMBER = 'records';

/** Exactly this JSON value and no other. */
function exactly(value: string | object): z.ZodMiniType {
  if (typeof value === 'string') return z.literal(value);
  return z.strictObject(Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, exactly(inner)])));
}

const headShape = {
  // Another context would give the same words another meaning.
  '@context': exactly(context),
  format: z.literal(BUNDLE_FORMAT),
  version: z.literal(BUNDLE_VERSION),
  exportedAt: moment,
  appVersion: z.string().check(z.minLength(1), z.maxLength(300)),
};
const bundleShape = z.strictObject({ ...headShape, [BUNDLE_MEMBER]: z.array(z.unknown()) });
const otherVersion = z.looseObject({ format: z.literal(BUNDLE_FORMAT), version: z.number() });

export interface BundleHead {
  readonly exportedAt: string;
  readonly appVersion: string;
}

export interface BundleRecord {
  readonly record: DpvRecord;
  /** `changed`: the record does not fit the hash that it carries. `intact` says no more than that it does. */
  readonly checked: 'intact' | 'changed';
}

export type BundleRead =
  | { kind: 'read'; head: BundleHead; records: readonly BundleRecord[] }
  | { kind: 'unreadable'; why: 'too-large' | 'not-json' | 'not-a-bundle' | 'other-version' }
  /** `index`: from 0. `why`: for a log, not for people. */
  | { kind: 'bad-record'; index: number; why: string };

function parseJson(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** Where a record first differs from its shape. */
function whyOf(error: z.core.$ZodError): string {
  const issue = error.issues[0];
  return issue ? `${issue.path.map(String).join(' > ')}: ${issue.code}` : 'unknown';
}

/** Reads a file that anybody may have written. Never throws. */
export function readBundle(text: string): BundleRead {
  if (text.length > BUNDLE_CHARS) return { kind: 'unreadable', why: 'too-large' };
  const json = parseJson(text);
  if (!json) return { kind: 'unreadable', why: 'not-json' };
  const bundle = bundleShape.safeParse(json.value);
  if (!bundle.success) {
    const other = otherVersion.safeParse(json.value);
    const why = other.success && other.data.version !== BUNDLE_VERSION ? 'other-version' : 'not-a-bundle';
    return { kind: 'unreadable', why };
  }
  const records: BundleRecord[] = [];
  for (const [index, raw] of bundle.data.records.entries()) {
    const parsed = dpvRecordShape.safeParse(raw);
    if (!parsed.success) return { kind: 'bad-record', index, why: whyOf(parsed.error) };
    records.push({ record: parsed.data, checked: isIntact(parsed.data) ? 'intact' : 'changed' });
  }
  const { exportedAt, appVersion } = bundle.data;
  return { kind: 'read', head: { exportedAt, appVersion }, records };
}

/** Shapes that rows, messages and files share. */
import * as z from 'zod/mini';
import { type CapabilityId, isCapabilityId } from './catalogue';
import { ALL, parseHost, type Scope, siteOf } from './scope';

export const capabilityId = z.custom<CapabilityId>(isCapabilityId, 'no such capability');
/** The form of a scope; scope-shape.ts holds besides that it is no wider than a site. For what nothing is granted by. */
export const scopePattern = z.custom<Scope>(
  (raw) => typeof raw === 'string' && (raw === ALL || siteOf(raw) !== undefined),
  'no scope',
);
export const ms = z.number().check(z.int(), z.nonnegative());
export const count = z.number().check(z.int(), z.nonnegative());
/** Whole characters only: half of a surrogate pair has no canonical JSON, so nothing that holds one can be hashed. */
export const text = z.string().check(z.refine((raw) => raw.isWellFormed(), 'no whole characters'));
export const id = text.check(z.minLength(1), z.maxLength(64));
export const sha256Hex = z.string().check(z.regex(/^[0-9a-f]{64}$/));
export const host = z.string().check(z.refine((raw) => parseHost(raw) === raw, 'no host'));
/** A calendar day, `2026-01-31`. */
export const day = z.string().check(z.regex(/^\d{4}-\d{2}-\d{2}$/));

/** A row of ours read back, or `undefined` where it doesn't parse: then nothing may rest on it. */
export function readRow<T>(schema: z.ZodMiniType<T>, raw: unknown): T | undefined {
  const parsed = schema.safeParse(raw);
  return parsed.success ? parsed.data : undefined;
}

/** The rows that parse, and how many did not. */
export function readRows<T>(schema: z.ZodMiniType<T>, raw: readonly unknown[]): { rows: T[]; unreadable: number } {
  const rows = raw.map((row) => readRow(schema, row)).filter((row) => row !== undefined);
  return { rows, unreadable: raw.length - rows.length };
}

/**
 * Words of incidents and of the policy that ship in the package, so that hearing of one collects nothing: files of
 * public/notices, put into the bundle by the build. (A `notice` is what a prompt showed; these are called bulletins.)
 */
import * as z from 'zod/mini';
import policy201901 from '../../public/notices/policy-2019-01.json';
import { day, id, readRows } from '../catalogue/shapes';

const words = z.strictObject({
  title: z.string().check(z.minLength(1), z.maxLength(200)),
  text: z.string().check(z.minLength(1), z.maxLength(4000)),
});

export const bulletinShape = z.strictObject({
  /** Never used twice: what was dismissed is known by it. */
  id,
  date: day,
  kind: z.enum(['incident', 'policy']),
  /** The clause of the policy under which it is told. */
  clause: z.string().check(z.regex(/^[IVX]+(\.\d+)?$/)),
  /** By BCP 47 tag. English is always there. */
  texts: z
    .record(z.string().check(z.regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/)), words)
    .check(z.refine((texts) => Object.hasOwn(texts, 'en'), 'no English')),
});
export type Bulletin = z.infer<typeof bulletinShape>;

/** Set by the build: more of them in a test build, `null` in what ships. */
declare const __UPCOMING_BULLETINS__: readonly unknown[] | null;
const upcoming = typeof __UPCOMING_BULLETINS__ === 'undefined' ? null : __UPCOMING_BULLETINS__;

/** Newest first. */
export const bulletins: readonly Bulletin[] = readRows(bulletinShape, [policy201901, ...(upcoming ?? [])]).rows.sort(
  (a, b) => b.date.localeCompare(a.date),
);

export interface InLanguage {
  readonly language: string;
  readonly title: string;
  readonly text: string;
}

/** Its words in this language, in the language without its region, or in English. */
export function inLanguage({ texts }: Bulletin, language: string): InLanguage {
  const found = [language, language.split('-')[0] ?? '', 'en'].find((tag) => Object.hasOwn(texts, tag)) ?? 'en';
  return { language: found, title: texts[found]?.title ?? '', text: texts[found]?.text ?? '' };
}

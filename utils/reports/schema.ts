/** What the reports are made of, as it is kept on the device. */
import * as z from 'zod/mini';
import { count, ms } from '../catalogue/shapes';
import { FRAMES_MAX, isFunctionName, scrub, scrubName, TEXT_CHARS_MAX } from './scrub';

/** Where in the extension a crash happened. */
export const places = ['background', 'popup', 'options', 'prompt', 'welcome'] as const;
export type Place = (typeof places)[number];

/** `popup.opened`: a name of ours, never one that is made of data. */
export const counterName = z.string().check(z.maxLength(64), z.regex(/^[a-z][a-z\d-]*(?:\.[a-z][a-z\d-]*)*$/));

const version = z.string().check(z.regex(/^\d{1,6}(?:\.\d{1,6}){0,3}$/));
const shortName = z.string().check(z.regex(/^[A-Za-z][A-Za-z\d .-]{0,31}$/));
/** The browser's name and the first part of its version; more would help to tell people apart. */
export const browserMark = z.strictObject({
  name: shortName,
  major: z.number().check(z.int(), z.positive(), z.maximum(99_999)),
});

/** How often one thing was done, before it is stamped with the grant that it is kept under. `atMs`: when it began. */
export const counterDraft = z.strictObject({ atMs: ms, name: counterName, count });

/** What statistics say about where they come from. */
export const resource = z.strictObject({
  version,
  browser: browserMark,
  os: shortName,
  /** A BCP 47 tag, `pt-BR`. */
  language: z.string().check(z.maxLength(35), z.regex(/^[A-Za-z]{2,8}(?:-[A-Za-z\d]{1,8})*$/)),
});

const linePart = z.nullable(z.number().check(z.int(), z.nonnegative(), z.maximum(9_999_999)));
export const frame = z.strictObject({
  function: z.string().check(z.refine((raw) => raw === '?' || isFunctionName(raw), "no function's name")),
  file: z.string().check(z.regex(/^(?:other|[\w-][\w.-]{0,62}\.(?:js|mjs|html))$/)),
  line: linePart,
  column: linePart,
});

/** An error that nothing of ours caught. Its texts don't parse unless they are scrubbed. */
export const crash = z.strictObject({
  atMs: ms,
  name: z.string().check(z.refine((raw) => scrubName(raw) === raw, 'no name of an error')),
  message: z.string().check(
    z.maxLength(TEXT_CHARS_MAX),
    z.refine((raw) => scrub(raw) === raw, 'not scrubbed'),
  ),
  frames: z.array(frame).check(z.maxLength(FRAMES_MAX)),
  version,
  browser: browserMark,
  os: shortName,
  where: z.enum(places),
});

export type CounterDraft = z.infer<typeof counterDraft>;
export type Resource = z.infer<typeof resource>;
export type Crash = z.infer<typeof crash>;

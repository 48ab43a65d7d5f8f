/**
 * Takes out of error texts what could say who a person is, where they were or what they typed. In doubt it takes out
 * too much. It judges a text word by word and leaves a mark such as `[url]` for what it took, so a scrubbed text is its
 * own scrubbed text, and the time taken grows with the text's length alone.
 */

/** Characters that a scrubbed text has at most. */
export const TEXT_CHARS_MAX = 500;
/** Frames that a scrubbed stack has at most: those nearest to where the error was thrown. */
export const FRAMES_MAX = 30;

/** A longer word is no identifier of ours. */
const WORD_CHARS_MAX = 80;
/** Nothing of a longer word is looked at but its beginning. */
const WORD_CHARS_READ = 300;
/** A longer line of a stack is no frame of ours. */
const LINE_CHARS_MAX = 1000;
/** So many digits in neighbouring words are a telephone, account or card number. */
const DIGITS_MAX = 7;

export interface Frame {
  /** The function's name; `?` where it has none, or where it is not known to be ours or the browser's own. */
  readonly function: string;
  /** The bare name of a file of our own package, or `other`. */
  readonly file: string;
  /** Both from 1, and both `null` where the file is not ours. */
  readonly line: number | null;
  readonly column: number | null;
}

// ---------------------------------------------------------------------------------------------------------------- texts

/** Quotation marks, in kinds that end one another; V8 quotes what was parsed, and that may hold quotation marks again. */
const quoteKinds = ['"', "'‘’‚‛", '`´', '“”„‟«»‹›「」『』'] as const;
const anyQuote = new RegExp(`[${quoteKinds.join('')}]`, 'g');
/** `can't`, `it's`: an apostrophe that quotes nothing. */
const contraction = /^[A-Za-z]['’](?:s|t|re|ve|ll|d|m)(?![\p{L}\p{N}_])/iu;

/**
 * For each kind of quotation mark, what stands from its first to its last becomes `[text]`, and to the end where they
 * don't pair up. Taking each pair by itself would leave what a person typed between two quotation marks of their own.
 */
function withoutQuotes(text: string): string {
  const spans = new Map<string, { first: number; last: number; marks: number }>();
  for (const { 0: mark, index } of text.matchAll(anyQuote)) {
    if (contraction.test(text.slice(Math.max(index - 1, 0), index + 4))) continue;
    const kind = quoteKinds.find((kind) => kind.includes(mark)) ?? mark;
    const span = spans.get(kind);
    spans.set(kind, { first: span?.first ?? index, last: index, marks: (span?.marks ?? 0) + 1 });
  }
  let kept = '';
  let from = 0;
  for (const { first, last, marks } of [...spans.values()].sort((a, b) => a.first - b.first)) {
    if (first >= from) kept += `${text.slice(from, first)}[text]`;
    from = Math.max(from, marks % 2 === 0 ? last + 1 : text.length);
  }
  return kept + text.slice(from);
}

/** File names of a package such as ours, and a place in one: `background.js:12:34`. */
const fileName = /^[\w-][\w.-]{0,62}\.(?:js|mjs|html)$/;
const filePlace = /^([\w.-]{1,64}\.(?:js|mjs|html))(?::\d{1,7}){1,2}$/;

/** Last labels that are a property of an object more often than a country. */
const properties = 'at|by|db|fn|go|id|is|js|ms|of|ok|on|os|to|ui|up';
const domains =
  'biz|blog|club|com|corp|edu|example|gov|internal|invalid|lan|localhost|mil|net|onion|online|org|shop|test|xyz';

/** What a word must not hold, and the mark that takes its place. The first that fits counts. */
const signs: readonly (readonly [mark: string, sign: RegExp])[] = [
  ['[url]', /:\/\/|%[\da-f]{2}|\?[^?]*=|[^=!<>]=[^=>]/i],
  [
    '[url]',
    /(?<![a-z])(?:about|blob|chrome|chrome-extension|data|file|filesystem|ftp|https?|javascript|mailto|moz-extension|resource|tel|view-source|wss?):./i,
  ],
  ['[path]', /[/\\]/],
  ['[email]', /.@|@./],
  ['[ip]', /\d{1,3}(?:\.\d{1,3}){3}|::[\da-f]|(?<!\w)(?:[\da-f]{1,4}:)+(?::|[\da-f]{1,4}:)/i],
  ['[id]', /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}|[\da-f]{16}|[a-p]{32}|(?=[\w-]*\d)[\w-]{40}/i],
  ['[number]', /\p{Nd}{6}/u],
  ['[host]', /(?<![\w$])www\.|xn--/i],
  ['[host]', new RegExp(`(?<![\\p{L}\\d_$-])(?:[\\p{L}\\d-]+\\.)+(?:${domains})(?![\\w$-])`, 'iu')],
  [
    '[host]',
    new RegExp(`(?<![\\p{L}\\d_$-])(?:[\\p{L}\\d-]+\\.)+(?!(?:${properties})(?![a-z]))[a-z]{2}(?![\\w$-])`, 'iu'),
  ],
  ['[host]', /[\p{L}\d]-[\p{L}\d-]*\.(?!(?:js|mjs|html)(?!\p{L}))\p{L}{2}|\.[\p{L}\d-]+:\d/u],
];

const digitsIn = (word: string): number => word.match(/\p{Nd}/gu)?.length ?? 0;
/** Digits with what stands between the digits of one number, and nothing else. */
const numberWord = /^[-+().,/:#]*\p{Nd}[-+().,/:#\p{Nd}]*$/u;
const closing = /[)\]}>,.;:]+$/;
const privateName = /^#[\w$]+$/;

/** The mark for what a word must not hold, or `undefined` where it may stay. */
function markOf(word: string): string | undefined {
  const name = filePlace.exec(word)?.[1] ?? word;
  const found = signs.find(([, sign]) => sign.test(name));
  if (found) return found[0];
  if (digitsIn(name) >= DIGITS_MAX) return '[number]';
  return word.length > WORD_CHARS_MAX ? '[text]' : undefined;
}

/** `moz-extension://UUID/chunks/a.js?b:1:2` → `a.js` and `:1:2`; `undefined` where that is no file of an extension's. */
function ownPlace(url: string): { file: string; place: string } | undefined {
  const parts = /(?:moz|chrome)-extension:\/\/[^/]*\/([\w./-]*)(?:[?#].*?)?((?::\d{1,7}){0,2})$/i.exec(url);
  const path = parts?.[1];
  if (path === undefined) return undefined;
  const file = path.slice(path.lastIndexOf('/') + 1);
  return fileName.test(file) ? { file, place: parts?.[2] ?? '' } : undefined;
}

function scrubWord(word: string, before: string): string {
  if (word.length > WORD_CHARS_READ) return markOf(word.slice(0, WORD_CHARS_READ)) ?? '[text]';
  const bare = word.replace(closing, '').replace(/^[([{<]+/, '');
  const own = ownPlace(bare);
  if (own && markOf(own.file) === undefined) return own.file + own.place;
  // V8 names a private member without quotes, and only after one of these words.
  if (/#./.test(word)) {
    if (!/^(?:member|method|field)$/.test(before) || !privateName.test(bare)) return '[url]';
  }
  return markOf(filePlace.test(bare) ? bare : word) ?? word;
}

/** Words from `at` on that together may be one number. */
function numberFrom(words: readonly string[], at: number): { words: number; digits: number } {
  let digits = 0;
  let count = 0;
  for (let word = words[at]; word !== undefined && numberWord.test(word); word = words[at + count]) {
    digits += digitsIn(word);
    count += 1;
  }
  return { words: count, digits };
}

/**
 * One line of at most `TEXT_CHARS_MAX` characters without URLs or parts of them, host names, paths, e-mail and IP
 * addresses, ids, long numbers and anything that stood in quotation marks. A file of an extension stays as its bare
 * name: `background.js:12:34`. Bare host names are known by their last label, so that `a.b.id` passes as a property.
 */
export function scrub(text: string): string {
  // Half a character would not survive the way through UTF-8; unseen ones could hide what is looked for.
  const seen = text.replace(/\p{Cs}/gu, '�').replace(/\p{Cf}/gu, '');
  const words = withoutQuotes(seen)
    .split(/[\s\p{Cc}]+/u)
    .filter((word) => word !== '');
  const kept: string[] = [];
  let chars = -1;
  let at = 0;
  while (at < words.length && chars <= TEXT_CHARS_MAX) {
    const number = numberFrom(words, at);
    const long = number.words > 1 && number.digits >= DIGITS_MAX;
    const word = long ? '[number]' : scrubWord(words[at] ?? '', kept.at(-1) ?? '');
    at += long ? number.words : 1;
    kept.push(word);
    chars += word.length + 1;
  }
  if (at === words.length && chars <= TEXT_CHARS_MAX) return kept.join(' ');
  while (chars > TEXT_CHARS_MAX - ' …'.length) chars -= (kept.pop() ?? '').length + 1;
  return [...kept, '…'].join(' ');
}

/** An error's name where it is an identifier, else `Error`: `name` can be set to anything. */
export const scrubName = (name: string): string =>
  /^[A-Za-z_$][\w$]{0,63}$/.test(name) && markOf(name) === undefined ? name : 'Error';

// --------------------------------------------------------------------------------------------------------------- stacks

const functionName =
  /^(?:(?:async|new|get|set|static) ){0,3}[\p{ID_Continue}$.#<>/[\]]{1,80}(?: \[as [\p{ID_Continue}$.]{1,60}\])?$/u;
/** Functions that the browser itself brings: their frames name no file. */
const builtIn =
  /^(?:async )?(?:new )?(?:Array|ArrayBuffer|Date|Function|Iterator|JSON|Map|Math|Number|Object|Promise|Proxy|Reflect|RegExp|Set|String|Symbol|WeakMap|WeakSet)(?:\.[A-Za-z]{1,40})?$/;

/** Whether this may be a function's name in a frame: names can be made of data, so each part is judged as a word. */
export const isFunctionName = (name: string): boolean =>
  functionName.test(name) && name.split(/[ /#<>]/).every((part) => markOf(part) === undefined);

function frameOf(name: string, where: string): Frame {
  const own = /^(?:moz|chrome)-extension:/i.test(where) ? ownPlace(where) : undefined;
  const [line, column] = own?.place.slice(1).split(':').map(Number) ?? [];
  if (own && line !== undefined && column !== undefined) {
    return { function: isFunctionName(name) ? name : '?', file: own.file, line, column };
  }
  return { function: builtIn.test(name) ? name : '?', file: 'other', line: null, column: null };
}

/** `    at async Name.of (URL:1:2)`, `    at URL:1:2`, `    at Array.map (<anonymous>)` */
function chromiumFrame(line: string): Frame | undefined {
  if (!line.startsWith('at ')) return undefined;
  const rest = line.slice('at '.length);
  const open = rest.endsWith(')') ? rest.indexOf(' (') : -1;
  const name = open < 0 ? '' : rest.slice(0, open);
  const where = open < 0 ? rest : rest.slice(open + ' ('.length, -1);
  const isPlace = /:\d{1,9}:\d{1,9}$|^<anonymous>$|^native$|^index \d{1,9}$/.test(where);
  return isPlace ? frameOf(name, where) : undefined;
}

/** `async*name/inner<@URL:1:2`: what was awaited stands before the star. */
function firefoxFrame(line: string): Frame | undefined {
  const at = line.indexOf('@');
  if (at < 0 || !/:\d{1,9}:\d{1,9}$/.test(line)) return undefined;
  return frameOf(line.slice(line.lastIndexOf('*', at) + 1, at), line.slice(at + 1));
}

/**
 * The frames of an error's `stack` in Chromium's or Firefox's form, the youngest first. What is not a frame, such as
 * the message, is left out. Of frames outside an extension's package nothing is told but that they are there.
 */
export function scrubStack(stack: string): Frame[] {
  const frames: Frame[] = [];
  for (let from = 0; from < stack.length && frames.length < FRAMES_MAX; ) {
    const end = stack.indexOf('\n', from);
    const to = end < 0 ? stack.length : end;
    const line = to - from > LINE_CHARS_MAX ? '' : stack.slice(from, to).trim();
    const frame = chromiumFrame(line) ?? firefoxFrame(line);
    if (frame) frames.push(frame);
    from = to + 1;
  }
  return frames;
}

/** Values that are almost what is expected, and values that are nothing of the kind. */
import fc from 'fast-check';

const words = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '*',
  '*://*/*',
  '<all_urls>',
  '*://*.com/*',
  '*://shop.example/*',
  '*://SHOP.example/*',
  'http://127.1/*',
  'https://xn--a/*',
  '*://shop.example:8080/*',
  'file:///*',
  'javascript:alert(1)',
  'chrome-extension://ours/popup.html',
  'site-insight',
  'Site-Insight',
  'site-insight\u0000',
  'granted',
  'allow',
  '=1+1',
  '<img src=x onerror=alert(1)>',
  'a'.repeat(64),
  'a'.repeat(10_000),
  '\u0000',
  '\uD800',
  '\uFFFF',
  '../',
  '1e999',
] as const;

/** What may stand where anything else is expected. */
export const strange: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(...words),
  fc.constantFrom<unknown>(
    undefined,
    null,
    true,
    false,
    0,
    -0,
    -1,
    0.5,
    2 ** 31,
    2 ** 53,
    1e308,
    Number.NaN,
    8.64e15 + 1,
  ),
  fc.constantFrom<unknown>([], {}, [null], { length: 1 }, [[[]]], new Date(0), new Map(), 1n),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.integer(),
  fc.jsonValue(),
);

/** Texts that may stand where a name, a scope or an address is expected. */
export const strangeText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom<string>(...words),
  fc.string({ unit: 'binary', maxLength: 60 }),
);

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Paths to everything in a value, itself included. */
export function pathsIn(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  return [
    path,
    ...(isObject(value) ? Object.entries(value).flatMap(([name, inner]) => pathsIn(inner, [...path, name])) : []),
  ];
}

type Change =
  | { readonly kind: 'put'; readonly value: unknown }
  | { readonly kind: 'drop' }
  | { readonly kind: 'add'; readonly name: string; readonly value: unknown }
  | { readonly kind: 'wrap' };

function changed(value: unknown, path: readonly string[], change: Change): unknown {
  const [name, ...rest] = path;
  if (name === undefined) {
    if (change.kind === 'put') return change.value;
    if (change.kind === 'wrap') return [value];
    if (change.kind === 'drop') return undefined;
    if (!isObject(value)) return { value, [change.name]: change.value };
    const more = Array.isArray(value) ? [...value, change.value] : { ...value };
    if (!Array.isArray(more)) {
      Object.defineProperty(more, change.name, {
        value: change.value,
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
    return more;
  }
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string, unknown>;
  if (rest.length === 0 && change.kind === 'drop') delete copy[name];
  else copy[name] = changed(copy[name], rest, change);
  return copy;
}

const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 4, arbitrary: strange.map((value): Change => ({ kind: 'put', value })) },
  { weight: 1, arbitrary: fc.constant<Change>({ kind: 'drop' }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.oneof(fc.constantFrom(...words), fc.string({ maxLength: 12 })), strange)
      .map(([name, value]): Change => ({ kind: 'add', name, value })),
  },
  { weight: 1, arbitrary: fc.constant<Change>({ kind: 'wrap' }) },
);

/** A valid value with one to three things changed. */
export const almost = (sample: unknown): fc.Arbitrary<unknown> =>
  fc.array(fc.tuple(fc.nat(), change), { minLength: 1, maxLength: 3 }).map((changes) =>
    changes.reduce<unknown>((value, [at, one]) => {
      const paths = pathsIn(value);
      return changed(value, paths[at % paths.length] ?? [], one);
    }, structuredClone(sample)),
  );

/** Mostly almost right, now and then right, now and then nothing of the kind. */
export const hostile = (sample: unknown): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 8, arbitrary: almost(sample) },
    { weight: 1, arbitrary: fc.constant(sample) },
    { weight: 2, arbitrary: strange },
  );

/** A text, cut, doubled, or with some characters changed. */
export const almostText = (sample: string): fc.Arbitrary<string> =>
  fc
    .array(fc.tuple(fc.nat(), fc.nat({ max: 12 }), fc.string({ unit: 'binary', maxLength: 6 })), {
      minLength: 1,
      maxLength: 4,
    })
    .map((edits) =>
      edits.reduce((text, [at, cut, put]) => {
        const from = text.length === 0 ? 0 : at % text.length;
        return `${text.slice(0, from)}${put}${text.slice(from + cut)}`;
      }, sample),
    );

/** JSON has no word for some of what is drawn: such a file can't be written. */
export function asJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'undefined';
  } catch {
    return String(value);
  }
}

/** What a hostile server may answer: any status, headers that lie, bodies of every kind, or no answer at all. */
import fc from 'fast-check';
import type { Came } from '../../utils/egress/carry';
import { almostText } from './mutations';

/** Statuses that mean something to somebody, and any other that a browser lets through. */
export const statuses: fc.Arbitrary<number> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(200, 201, 204, 207) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(206, 304, 400, 401, 403, 404, 405, 409, 410, 412, 413, 423, 429, 500, 503, 507),
  },
  { weight: 1, arbitrary: fc.integer({ min: 200, max: 599 }) },
);

/** A header's value is Latin-1 without line breaks: all else a browser takes for no answer. */
const anyHeader = fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)) });

/** Dates: the ends of what a `Date` can hold, other ages, now, and what is none. */
const dates = fc.oneof(
  fc.constantFrom(
    'Sat, 13 Sep 275760 00:00:00 GMT',
    'Tue, 20 Apr 271821 BC 00:00:00 GMT',
    'Thu, 01 Jan 1970 00:00:00 GMT',
    'Fri, 01 Jan 0001 00:00:00 GMT',
    'Fri, 15 Jan 2027 08:00:00 GMT',
    '8640000000000000',
    '-271821-04-20T00:00:00.000Z',
    'soon',
  ),
  fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
);

export const retryAfters: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('0', '7', '-1', '1e9', '999999999', '99999999999999999999', '0x10', 'Infinity', ' 5 ', ''),
  dates,
  anyHeader,
);

const headers: fc.Arbitrary<Record<string, string>> = fc.record(
  {
    etag: fc.oneof(
      fc.constantFrom('"1"', 'W/"1"', '"1-gzip"', '"', '""', '*', `"${'a'.repeat(5000)}"`, '"1", "2"', '"a\tb"'),
      anyHeader,
    ),
    'content-type': fc.oneof(
      fc.constantFrom('text/html', 'application/octet-stream', 'text/plain; charset=utf-16', 'application/xhtml+xml'),
      anyHeader,
    ),
    date: dates,
    'retry-after': retryAfters,
    'content-length': fc.oneof(fc.constantFrom('0', '-1', '18446744073709551616', 'many'), anyHeader),
    dav: anyHeader,
    location: fc.webUrl(),
  },
  { requiredKeys: [] },
);

/** Text within text within text: what a reader that calls itself can't come back from. */
export const deepTexts: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom(['[', ']'], ['{"a":', '}'], ['[[{"entries":', '}]]']), fc.constantFrom(2, 40, 1000, 8000))
  .map(([[open = '', close = ''], depth]) => `${open.repeat(depth)}1${close.repeat(depth)}`);

const HUGE = 'A'.repeat(300_000);

/** Bodies: what was really there once, changed or cut, other files, pages, nothing, far too much of it. */
export const bodies = (known: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...known) },
    { weight: 6, arbitrary: fc.constantFrom(...known).chain(almostText) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom(...known), fc.nat())
        .map(([text, at]) => text.slice(0, at % (text.length + 1))),
    },
    { weight: 1, arbitrary: deepTexts },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        '',
        '{}',
        'null',
        '<!doctype html><title>Sign in</title>',
        '<multistatus/>',
        HUGE,
        '\uFEFF{}',
      ),
    },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 100 }) },
  );

/** `undefined`: the server is honest this once. An error: no answer came. */
export type Answer = Came | Error | undefined;

const faults: fc.Arbitrary<Error> = fc.constantFrom<Error>(
  new TypeError('Failed to fetch'),
  new DOMException('The operation timed out.', 'TimeoutError'),
  new DOMException('aborted', 'AbortError'),
  new RangeError('Maximum call stack size exceeded'),
);

export const answers = (known: readonly string[], honest = 0): fc.Arbitrary<Answer> =>
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc
        .tuple(statuses, headers, bodies(known))
        .map(([status, more, text]): Came => ({ status, headers: new Headers(more), redirected: false, text })),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom<Came>(
        { status: 0, headers: new Headers(), redirected: true, text: '' },
        { status: 200, headers: new Headers({ etag: '"1"' }), redirected: false, text: null },
      ),
    },
    // What is there is right, and only the clock is not.
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.constantFrom(...known), dates)
        .map(([text, date]): Came => ({ status: 200, headers: new Headers({ date }), redirected: false, text })),
    },
    { weight: 1, arbitrary: faults },
    { weight: honest, arbitrary: fc.constant(undefined) },
  );

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FRAMES_MAX, isFunctionName, scrub, scrubName, scrubStack, TEXT_CHARS_MAX } from '../../../utils/reports/scrub';

const uuid = '3f2b8c1e-7a4d-4e0b-9c55-0d1e2f3a4b5c';
const chromeId = 'abcdefghijklmnopabcdefghijklmnop';

/** Pieces that meet the rules' edges: quotation marks, marks of the scrubber's own, halves of characters, unseen ones. */
const pieces = fc.constantFrom(
  ...[
    '"',
    "'",
    '’',
    '`',
    '“',
    '”',
    '«',
    "can't ",
    "it's",
    "'s",
    ' ',
    '\n',
    '\t',
    '\u0000',
    '\u200b',
    '\ud83d',
    '\ude00',
  ],
  ...['[text]', '[url]', '…', ' …', '#', '#x', 'member ', '@', '/', '\\', ':', '.', '-', '=', '?', '%', '(', ')', ','],
  ...['1', '12', '123456', '1.2.3.4', '::1', 'https://a.example/b?c#d', 'about:', 'data:', 'www.', 'com', 'a.id', 'de'],
  ...[`moz-extension://${uuid}/chunks/a.js:1:2`, `chrome-extension://${chromeId}/background.js`, 'background.js:12:34'],
  ...[uuid, chromeId, 'foo', 'undefined', '日本', '\u{e0001}', 'é', 'x'.repeat(79)],
);
const anyQuote = /["'`´‘’‚‛“”„‟«»‹›「」『』]/g;
const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(pieces, { maxLength: 40 }).map((all) => all.join('')),
  fc.array(pieces, { minLength: 100, maxLength: 400 }).map((all) => all.join(' ')),
);

describe('a scrubbed text', () => {
  test.each([
    // The messages of the browsers, with what is in them of a person taken out.
    ["Cannot read properties of undefined (reading 'secret')", 'Cannot read properties of undefined (reading [text])'],
    ['can\'t access property "secret", a is undefined', "can't access property [text], a is undefined"],
    ['this.store.entries is not a function', 'this.store.entries is not a function'],
    ['entry.id is undefined', 'entry.id is undefined'],
    ['Cannot read private member #seq from an object whose class did not declare it', null],
    ['JSON.parse: unexpected character at line 1 column 2 of the JSON data', null],
    ['NetworkError when attempting to fetch resource.', null],
    ['Maximum call stack size exceeded', null],
    ["Failed to execute 'open' on 'IDBFactory': it failed", 'Failed to execute [text]: it failed'],
    [
      'Unexpected token \'h\', ..."{"name": "secret" x"... is not valid JSON',
      'Unexpected token [text], ...[text]... is not valid JSON',
    ],
    ["the users' data", 'the users[text]'],
    // Addresses.
    ['at https://a.example/b?c=d#e now', 'at [url] now'],
    ['HTTPS://A.EXAMPLE', '[url]'],
    ['(blob:https://a.example/1)', '[url]'],
    ['data:text/plain,secret', '[url]'],
    ['about:config', '[url]'],
    ['wss://a.example', '[url]'],
    ['mailto:a', '[url]'],
    ['//a.example/b', '[path]'],
    ['a?b=c&d', '[url]'],
    ['page#part', '[url]'],
    ['#part', '[url]'],
    ['a%20b', '[url]'],
    ['example.com,', '[host]'],
    ['bücher.example', '[host]'],
    ['my-bank.swiss', '[host]'],
    ['intranet.acme:8443', '[host]'],
    ['www.acme', '[host]'],
    ['a.de:', '[host]'],
    // Paths.
    ['/home/jane/x.txt', '[path]'],
    ['C:\\Users\\Jane Doe\\x', '[path] [path]'],
    ['\\\\server\\share', '[path]'],
    ['file:///etc/passwd', '[url]'],
    ['~/x', '[path]'],
    // People and numbers.
    ['jane.doe+x@mail.example', '[email]'],
    ['extension@cloudopt.net', '[email]'],
    ['from 192.168.0.1:80', 'from [ip]'],
    ['from [fe80::1]', 'from [ip]'],
    ['from 2001:db8:0:1:1:1:1:1', 'from [ip]'],
    ['card 4111 1111 1111 1111 no', 'card [number] no'],
    ['+49 (170) 123-45-67', '[number]'],
    ['id 1234567890', 'id [number]'],
    ['49-170-12-34-56', '[number]'],
    ['٠١٢٣٤٥', '[number]'],
    ['took 1500 ms, 3 of 40', 'took 1500 ms, 3 of 40'],
    // Ids.
    [uuid, '[id]'],
    [`{${uuid}}.x`, '[id]'],
    [`x${chromeId}`, '[id]'],
    [uuid.replaceAll('-', ''), '[id]'],
    [`moz-extension://${uuid}`, '[url]'],
    // Files of the package.
    ['background.js:12:34', 'background.js:12:34'],
    ['(background.js:1:123456)', '(background.js:1:123456)'],
    [`at f (chrome-extension://${chromeId}/background.js:12:34)`, 'at f background.js:12:34'],
    [`f@moz-extension://${uuid}/chunks/options-Cjmm1ukF.js:1:234`, 'options-Cjmm1ukF.js:1:234'],
    [`moz-extension://${uuid}/prompt.html?capability=a&scope=https://b.example#c`, 'prompt.html'],
    [`moz-extension://${uuid}/a.js,https://secret.example/b.js:1:2`, '[url]'],
    [`moz-extension://${uuid}/a,/secret.js:1:2`, '[url]'],
    [`moz-extension://${uuid}/x1234567.js:1:2`, '[url]'],
    ['https://a.example/background.js:1:2', '[url]'],
    // Unseen characters.
    ['mail\u200bto:zebra', '[url]'],
    ['half \ud83d of one', 'half � of one'],
    ['  two\r\nlines\u0000here ', 'two lines here'],
    ['', ''],
  ])('%j', (text, scrubbed) => {
    expect(scrub(text)).toBe(scrubbed ?? text);
  });

  test('is its own scrubbed text, and no longer than it may be', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const once = scrub(text);
        expect(once.length).toBeLessThanOrEqual(TEXT_CHARS_MAX);
        expect(scrub(once)).toBe(once);
        expect(JSON.parse(new TextDecoder().decode(new TextEncoder().encode(JSON.stringify(once))))).toBe(once);
      }),
      { numRuns: 2000 },
    );
  });

  test('holds nothing of what stood in quotation marks, whatever stood there', () => {
    const quotes = fc.constantFrom(['"', '"'], ["'", "'"], ['`', '`'], ['“', '”'], ['‘', '’'], ['«', '»'], ['„', '“']);
    fc.assert(
      fc.property(quotes, hostile, hostile, ([open, close], before, after) => {
        const typed = `${before}Zebra${after}`;
        expect(scrub(`Bad value: ${open}${typed}${close} (given)`)).not.toContain('Zebra');
        // Where the text ends before the quotation does.
        expect(scrub(`Bad value: ${open}Zebra${after.replace(anyQuote, '')}`)).not.toContain('Zebra');
      }),
      { numRuns: 2000 },
    );
  });

  test('holds nothing of an address, wherever it stands', () => {
    const scheme = fc.constantFrom('http', 'https', 'wss', 'ftp', 'file', 'moz-extension', 'chrome-extension', 'x-own');
    fc.assert(
      fc.property(scheme, hostile, hostile, fc.webPath(), (scheme, before, after, path) => {
        const url = `${scheme}://zebra.example/zebra${path}?zebra=zebra#zebra`;
        expect(scrub(`${before}${url} ${after}`).toLowerCase()).not.toContain('zebra');
      }),
      { numRuns: 2000 },
    );
  });

  test('holds nothing of a path or an e-mail address, wherever it stands', () => {
    const told = fc.constantFrom(
      '/zebra/zebra',
      'C:\\zebra\\zebra',
      '~/zebra',
      'zebra@zebra',
      '\\\\zebra\\zebra',
      'zebra.com',
    );
    fc.assert(
      fc.property(told, hostile, hostile, (told, before, after) => {
        expect(scrub(`${before} ${told} ${after}`)).not.toContain('zebra');
      }),
      { numRuns: 2000 },
    );
  });

  test('holds no id of an extension, wherever it stands', () => {
    fc.assert(
      fc.property(fc.uuid(), hostile, hostile, (id, before, after) => {
        expect(scrub(before + id + after)).not.toContain(id);
        expect(scrub(before + chromeId + after)).not.toContain(chromeId);
      }),
    );
  });

  test('is cut between words', () => {
    const cut = scrub('word '.repeat(1000));
    expect(cut).toMatch(/^(?:word )+…$/);
    expect(cut.length).toBeGreaterThan(TEXT_CHARS_MAX - 10);
    for (const word of ['x', 'xx', 'xxx', 'xxxx']) {
      for (let chars = TEXT_CHARS_MAX - 10; chars < TEXT_CHARS_MAX + 60; chars++) {
        const text = `${word} `.repeat(chars).slice(0, chars).trim();
        const fits = text.length <= TEXT_CHARS_MAX;
        expect(scrub(text).length).toBeLessThanOrEqual(TEXT_CHARS_MAX);
        expect(scrub(text).endsWith(' …')).toBe(!fits);
        if (fits) expect(scrub(text)).toBe(text);
      }
    }
  });

  test('has no word too long to be a name', () => {
    expect(scrub('x'.repeat(80))).toBe('x'.repeat(80));
    expect(scrub('x'.repeat(81))).toBe('[text]');
    expect(scrub('x'.repeat(1000))).toBe('[text]');
  });
});

const million = 1_000_000;
const long = (piece: string): string => piece.repeat(Math.ceil(million / piece.length));

describe('a megabyte', () => {
  test.each([
    ...[
      'a',
      'a ',
      '1',
      '1 ',
      '- ',
      ' ',
      '\n',
      '"',
      '"a" ',
      "'",
      "can't ",
      ':',
      'a:',
      '1:',
      '/',
      '//',
      '.',
      'a.',
      '-',
      'a-',
    ],
    ...[
      '@',
      '=',
      '?',
      '?=',
      '%',
      '#',
      '(',
      ' (',
      'at ',
      'at x (',
      '\nat x (y:1:2)',
      'https://',
      'a@b:1:2\n',
      '*',
      'f:',
      '::',
    ],
    ...[
      'moz-extension://',
      'moz-extension://u/a.js',
      'moz-extension://u/?',
      '\u200b',
      '\ud83d',
      '😀',
      'xn--',
      'async ',
    ],
  ])('of %j is read in time', (piece) => {
    const text = long(piece);
    const began = performance.now();
    scrub(text);
    scrub(`x${text}`);
    scrubStack(text);
    scrubStack(`    at ${text.slice(0, 990)}:1:2\n${text}`);
    // In quadratic time the shortest of these would take minutes.
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});

describe('the frames of a stack', () => {
  const own = `chrome-extension://${chromeId}`;

  test('of Chromium', () => {
    const stack = `TypeError: Cannot read properties of undefined (reading 'x')
    at Core.halt (${own}/background.js:12:34)
    at async Promise.all (index 0)
    at new Archive (${own}/chunks/chain-LQBH6NQZ.js:1:234567)
    at Array.map (<anonymous>)
    at Object.go [as stop] (${own}/background.js:5:6)
    at ${own}/prompt.html?scope=https://secret.example:7:8
    at secretOfPage (https://secret.example/a.js:1:2)
    at eval (eval at go (${own}/background.js:1:2), <anonymous>:1:1)
    at secretName (<anonymous>)
    at example.com (${own}/background.js:9:9)
    at home we say nothing`;
    const none = { function: '?', file: 'other', line: null, column: null };
    expect(scrubStack(stack)).toEqual([
      { function: 'Core.halt', file: 'background.js', line: 12, column: 34 },
      { ...none, function: 'async Promise.all' },
      { function: 'new Archive', file: 'chain-LQBH6NQZ.js', line: 1, column: 234567 },
      { ...none, function: 'Array.map' },
      { function: 'Object.go [as stop]', file: 'background.js', line: 5, column: 6 },
      { function: '?', file: 'prompt.html', line: 7, column: 8 },
      none,
      none,
      none,
      { function: '?', file: 'background.js', line: 9, column: 9 },
    ]);
  });

  test('of Firefox', () => {
    const own = `moz-extension://${uuid}`;
    const stack = `halt@${own}/background.js:12:34
async*Core/inner<@${own}/chunks/chain-LQBH6NQZ.js:1:2
@${own}/background.js:3:4
setTimeout handler*[Symbol.iterator]@${own}/background.js:5:6
secretOfPage@https://secret.example/?moz-extension://a/secret.js:1:2
go@${own}/background.js line 3 > eval:1:1
my secret name@${own}/background.js:7:8
`;
    expect(scrubStack(stack)).toEqual([
      { function: 'halt', file: 'background.js', line: 12, column: 34 },
      { function: 'Core/inner<', file: 'chain-LQBH6NQZ.js', line: 1, column: 2 },
      { function: '?', file: 'background.js', line: 3, column: 4 },
      { function: '[Symbol.iterator]', file: 'background.js', line: 5, column: 6 },
      { function: '?', file: 'other', line: null, column: null },
      { function: '?', file: 'other', line: null, column: null },
      { function: '?', file: 'background.js', line: 7, column: 8 },
    ]);
  });

  test('are the youngest of many', () => {
    const line = (n: number) => `    at f${n} (${own}/background.js:${n}:1)`;
    const frames = scrubStack(Array.from({ length: 100 }, (_, n) => line(n + 1)).join('\n'));
    expect(frames).toHaveLength(FRAMES_MAX);
    expect(frames[0]?.line).toBe(1);
  });

  test('hold names of ours only, whatever the stack', () => {
    const lines = fc.oneof(
      fc.string({ unit: 'binary' }),
      hostile,
      hostile.map((name) => `    at ${name} (${own}/background.js:1:2)`),
      hostile.map((name) => `${name}@moz-extension://${uuid}/a.html:1:2`),
      hostile.map((where) => `    at f (${where}:1:2)`),
      hostile.map((path) => `f@moz-extension://${uuid}/${path}:1:2`),
    );
    fc.assert(
      fc.property(fc.array(lines, { maxLength: 40 }), (all) => {
        const frames = scrubStack(all.join('\n'));
        expect(frames.length).toBeLessThanOrEqual(FRAMES_MAX);
        for (const frame of frames) {
          expect(frame.file).toMatch(/^(?:other|[\w.-]{1,64}\.(?:js|mjs|html))$/);
          expect(frame.function === '?' || isFunctionName(frame.function)).toBe(true);
          expect(frame.function).not.toContain(uuid);
          expect(frame.function).not.toMatch(/:|@|example/);
          expect(frame.line === null).toBe(frame.file === 'other');
        }
      }),
    );
  });

  test('have a name of an error that is one', () => {
    expect(scrubName('TypeError')).toBe('TypeError');
    for (const name of ['', 'my secret', 'https://a.example', 'a'.repeat(65), 'x1234567', '4'])
      expect(scrubName(name)).toBe('Error');
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isScope, registrableDomain } from '../../../utils/catalogue/domains';
import {
  ALL,
  covers,
  hostOfUrl,
  parseHost,
  type Scope,
  scopeName,
  scopeOfUrl,
  within,
} from '../../../utils/catalogue/scope';

describe('a scope', () => {
  test.each([
    '*',
    '*://shop.example/*',
    'https://shop.example/*',
    'http://shop.example/*',
    '*://*.shop.example/*',
    '*://localhost/*',
    '*://127.0.0.1/*',
    '*://[::1]/*',
    '*://[2001:db8::1]/*',
    '*://xn--mnchen-3ya.example/*',
    '*://a_b.example/*',
    '*://*.example.co.uk/*',
  ])('may be %s', (raw) => {
    expect(isScope(raw)).toBe(true);
  });

  test.each([
    '',
    '*://*/*',
    '<all_urls>',
    '*://*.com/*',
    '*://*.co.uk/*',
    '*://*.localhost/*',
    'https://*/*',
    'https://*.*/*',
    '*://shop.*/*',
    '*://shop.example/',
    '*://shop.example/account/*',
    '*://shop.example/*?a',
    '*://shop.example:8443/*',
    '*://shop.example:*/*',
    '*://user@shop.example/*',
    '*://user:secret@shop.example/*',
    'ftp://shop.example/*',
    'file:///*',
    'chrome://*/*',
    'ws://shop.example/*',
    'moz-extension://x/*',
    '*://münchen.example/*',
    '*://shop..example/*',
    '*://.shop.example/*',
    '*://shop.example./*',
    '*://-shop.example/*',
    '*://shop.example/*/*',
    '*://shop.example/*\n',
    ' *://shop.example/*',
    'javascript:alert(1)',
    `*://${'a'.repeat(64)}.example/*`,
    `*://${'a.'.repeat(130)}example/*`,
    '*://*.*.example/*',
    '*://%73hop.example/*',
    '*://shop.example#/*',
    '*://shop.example?/*',
    '*://shop.example\\/*',
  ])('is never %j', (raw) => {
    expect(isScope(raw)).toBe(false);
  });

  // One site, one spelling: another one would be a second grant of the same site, which a revocation misses.
  test.each(['*://SHOP.example/*', '*://127.1/*', '*://0x7f.0.0.1/*', '*://[0:0:0:0:0:0:0:1]/*', '*://[::::]/*'])(
    'is never spelt otherwise than in URLs: %s',
    (raw) => {
      expect(isScope(raw)).toBe(false);
    },
  );

  test('with a wildcard is never over hosts of different owners', () => {
    expect(isScope('*://*.github.io/*')).toBe(false);
    expect(isScope('*://me.github.io/*')).toBe(true);
    expect(isScope('*://*.me.github.io/*')).toBe(true);
  });

  test('never throws, whatever it is made of', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (raw, host) => {
        isScope(raw);
        parseHost(raw);
        hostOfUrl(raw);
        covers(raw, host);
        within(raw, host);
        scopeName(raw);
      }),
    );
  });
});

const host = fc.constantFrom(
  'example.org',
  'a.example.org',
  'b.a.example.org',
  'notexample.org',
  'shop.example',
  '[::1]',
);
const scope: fc.Arbitrary<Scope> = fc.oneof(
  { weight: 1, arbitrary: fc.constant(ALL) },
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.constantFrom('*', 'http', 'https'), fc.boolean(), host)
      .map(([scheme, wildcard, name]) => `${scheme}://${wildcard ? '*.' : ''}${name}/*`),
  },
);

describe('what lies within what', () => {
  test('every scope lies within itself, and within all', () => {
    fc.assert(
      fc.property(scope, (one) => {
        expect(within(one, one)).toBe(true);
        expect(within(one, ALL)).toBe(true);
        expect(within(ALL, one)).toBe(one === ALL);
      }),
    );
  });

  test('a scope within a scope within a third lies within the third', () => {
    fc.assert(
      fc.property(scope, scope, scope, (a, b, c) => {
        if (within(a, b) && within(b, c)) expect(within(a, c)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test('what the narrow one covers, the broad one covers', () => {
    fc.assert(
      fc.property(scope, scope, host, (a, b, name) => {
        if (within(a, b) && covers(a, name)) expect(covers(b, name)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test('two scopes within each other are one', () => {
    fc.assert(
      fc.property(scope, scope, (a, b) => {
        if (within(a, b) && within(b, a)) expect(a).toBe(b);
      }),
      { numRuns: 2000 },
    );
  });

  test('schemes are held apart', () => {
    expect(within('http://shop.example/*', '*://shop.example/*')).toBe(true);
    expect(within('*://shop.example/*', 'http://shop.example/*')).toBe(false);
    expect(within('http://shop.example/*', 'https://shop.example/*')).toBe(false);
  });

  test('a host is no subdomain because its name ends alike', () => {
    expect(covers('*://*.example.org/*', 'notexample.org')).toBe(false);
    expect(covers('*://*.example.org/*', 'a.example.org')).toBe(true);
    expect(covers('*://example.org/*', 'a.example.org')).toBe(false);
    expect(within('*://notexample.org/*', '*://*.example.org/*')).toBe(false);
  });
});

describe('the scope of a page', () => {
  test.each([
    ['https://shop.example/a?b#c', '*://shop.example/*'],
    ['http://user:secret@SHOP.example:8080/', '*://shop.example/*'],
    ['http://[::1]:3000/', '*://[::1]/*'],
    ['https://münchen.example/', '*://xn--mnchen-3ya.example/*'],
    ['http://127.1/', '*://127.0.0.1/*'],
  ])('of %s', (url, expected) => {
    expect(scopeOfUrl(url)).toBe(expected);
    expect(isScope(expected)).toBe(true);
  });

  test.each(['about:blank', 'chrome://settings/', 'file:///etc/passwd', 'moz-extension://a/popup.html', 'x', ''])(
    'of %s is none',
    (url) => {
      expect(scopeOfUrl(url)).toBeUndefined();
    },
  );

  test('covers its own host, and is a scope', () => {
    fc.assert(
      fc.property(fc.webUrl(), (url) => {
        const found = scopeOfUrl(url);
        const name = hostOfUrl(url);
        if (found === undefined || name === undefined) return;
        expect(isScope(found)).toBe(true);
        expect(covers(found, name)).toBe(true);
        expect(scopeName(found)).toBe(name);
      }),
    );
  });
});

test.each([
  ['a.b.example.co.uk', 'example.co.uk'],
  ['localhost', 'localhost'],
  ['127.0.0.1', '127.0.0.1'],
  ['[::1]', '[::1]'],
  ['me.github.io', 'me.github.io'],
])('the registrable domain of %s is %s', (name, domain) => {
  expect(registrableDomain(name)).toBe(domain);
});

test('a wildcard has no meaning over an address', () => {
  expect(isScope('*://*.127.0.0.1/*')).toBe(false);
  expect(isScope('*://*.[::1]/*')).toBe(false);
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Engine, filterPattern, matcher, requestsAround, type WebRequest } from '../../../tools/rulesets/match';
import type { Action, Condition, WrittenRule } from '../../../tools/rulesets/rules';

const rule = (condition: Condition, type: 'block' | 'allow' | 'allowAllRequests' = 'block', priority = 1) =>
  ({ id: 1, priority, action: { type }, condition }) satisfies WrittenRule;
const request = (url: string, more: Partial<WebRequest> = {}): WebRequest => ({
  url,
  type: 'script',
  thirdParty: true,
  ...more,
});
const matches = (condition: Condition, asked: WebRequest, engine?: Engine) =>
  matcher([rule(condition)], engine)(asked) !== undefined;

describe("a filter, by the documentation's examples", () => {
  test.each([
    ['abc', ['https://abcd.com', 'https://example.com/abcd'], ['https://ab.com']],
    ['abc*d', ['https://abcd.com', 'https://example.com/abcxyzd'], ['https://abc.com']],
    [
      '||a.example.com',
      ['https://a.example.com/', 'https://b.a.example.com/xyz', 'https://a.example.company'],
      ['https://example.com/'],
    ],
    ['|https*', ['https://example.com'], ['http://example.com/', 'http://https.com']],
    [
      'example*^123|',
      ['https://example.com/123', 'http://abc.com/example?123'],
      ['https://example.com/1234', 'https://abc.com/example0123'],
    ],
  ])('%s', (urlFilter, found, missed) => {
    for (const url of found) expect([url, matches({ urlFilter }, request(url))]).toEqual([url, true]);
    for (const url of missed) expect([url, matches({ urlFilter }, request(url))]).toEqual([url, false]);
  });
});

describe('a filter', () => {
  test.each<[string, string, boolean]>([
    ['||ads.com^', 'https://ads.com/', true],
    ['||ads.com^', 'https://ads.com:8080/', true],
    ['||ads.com^', 'https://sub.ads.com/', true],
    ['||ads.com^', 'https://badads.com/', false],
    ['||ads.com^', 'https://ads.com.evil.net/', false],
    ['||ads.com^', 'https://evil.net/ads.com/', false],
    ['||ads.com^', 'https://evil.net/?u=//ads.com/', false],
    ['||ads.com^', 'https://evil.net/x.ads.com/', false],
    ['||ads.com/p^', 'https://ads.com/p', true],
    ['||ads.com/p^', 'https://ads.com/p-q', false],
    ['||ads.com/p^', 'https://ads.com/p?q', true],
    ['/p.js|', 'https://ads.com/p.js', true],
    ['/p.js|', 'https://ads.com/p.js?1', false],
    ['a.b', 'https://ads.com/axb', false],
    ['p.js', 'https://ads.com/#p.js', false],
    ['/P.js', 'https://ads.com/p.JS', true],
  ])('%s on %s: %s', (urlFilter, url, expected) => {
    expect(matches({ urlFilter }, request(url))).toBe(expected);
  });

  test('minds case where it is told to', () => {
    const condition = { urlFilter: '/Path', isUrlFilterCaseSensitive: true };
    expect(matches(condition, request('https://ads.com/Path'))).toBe(true);
    expect(matches(condition, request('https://ads.com/path'))).toBe(false);
    expect(filterPattern('^Z^', true).test('https://ads.com/aZb')).toBe(false);
  });

  test('can be a regular expression', () => {
    expect(matches({ regexFilter: '/p\\d+\\.js$' }, request('https://ads.com/P12.js'))).toBe(true);
    expect(matches({ regexFilter: '/p\\d+\\.js$' }, request('https://ads.com/p.js'))).toBe(false);
    const sensitive = { regexFilter: '/p', isUrlFilterCaseSensitive: true };
    expect(matches(sensitive, request('https://ads.com/P'))).toBe(false);
  });

  test('is found by its stretches of text as it would be by itself', () => {
    const part = fc.constantFrom('ads', 'banner', '.com', '/', '*', '^', 'x', 'scripts', '_1');
    const text = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join(''));
    const start = fc.constantFrom('', '||', '|');
    fc.assert(
      fc.property(start, text, fc.array(text, { maxLength: 4 }), (anchor, body, paths) => {
        const filter = `${anchor}${body}`;
        const { href } = new URL(`https://ads.com/${paths.join('/').replaceAll('^', '?')}`);
        expect(matches({ urlFilter: filter }, request(href))).toBe(filterPattern(filter, false).test(href));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('domains', () => {
  const url = 'https://cdn.ads.com/a.js';

  test('stand for what lies below them', () => {
    expect(matches({ requestDomains: ['ads.com'] }, request(url))).toBe(true);
    expect(matches({ requestDomains: ['ds.com'] }, request(url))).toBe(false);
    expect(matches({ excludedRequestDomains: ['ads.com'] }, request(url))).toBe(false);
    expect(matches({ excludedRequestDomains: ['other.com'] }, request(url))).toBe(true);
  });

  test('of a page that there is none of are not met', () => {
    expect(matches({ initiatorDomains: ['page.com'] }, request(url))).toBe(false);
    expect(matches({ excludedInitiatorDomains: ['page.com'] }, request(url))).toBe(true);
  });

  test('of a page', () => {
    const from = (initiatorDomain: string) => request(url, { initiatorDomain });
    expect(matches({ initiatorDomains: ['page.com'] }, from('www.page.com'))).toBe(true);
    expect(matches({ initiatorDomains: ['page.com'] }, from('other.com'))).toBe(false);
    expect(matches({ excludedInitiatorDomains: ['page.com'] }, from('www.page.com'))).toBe(false);
  });

  test('in both lists: Firefox goes by the excluded one, Chromium by the longer one', () => {
    const condition = { initiatorDomains: ['a.page.com'], excludedInitiatorDomains: ['page.com'] };
    const from = request(url, { initiatorDomain: 'a.page.com' });
    expect(matches(condition, from, 'firefox')).toBe(false);
    expect(matches(condition, from, 'chromium')).toBe(true);
    const reverse = { initiatorDomains: ['page.com'], excludedInitiatorDomains: ['a.page.com'] };
    for (const engine of ['firefox', 'chromium'] as const) expect(matches(reverse, from, engine)).toBe(false);
  });
});

describe('other conditions', () => {
  const url = 'https://ads.com/';
  const frame = request(url, { type: 'main_frame' });

  test('no types means all but main frames', () => {
    expect(matches({}, request(url, { type: 'sub_frame' }))).toBe(true);
    expect(matches({}, frame)).toBe(false);
    expect(matches({ excludedResourceTypes: ['script'] }, frame)).toBe(true);
    expect(matches({ excludedResourceTypes: ['script'] }, request(url))).toBe(false);
    expect(matches({ resourceTypes: ['main_frame'] }, frame)).toBe(true);
    expect(matches({ resourceTypes: ['main_frame'] }, request(url))).toBe(false);
  });

  test('the party', () => {
    expect(matches({ domainType: 'thirdParty' }, request(url))).toBe(true);
    expect(matches({ domainType: 'firstParty' }, request(url))).toBe(false);
    expect(matches({ domainType: 'firstParty' }, request(url, { thirdParty: false }))).toBe(true);
  });

  test('the method', () => {
    expect(matches({ requestMethods: ['post'] }, request(url))).toBe(false);
    expect(matches({ requestMethods: ['post'] }, request(url, { method: 'post' }))).toBe(true);
  });
});

describe('the winner', () => {
  const of = (...rules: readonly WrittenRule[]) => matcher(rules)(request('https://ads.com/path/a.js'));
  const every: Condition = { urlFilter: 'ads.com' };

  test('is of the highest priority', () => {
    expect(of(rule(every, 'allow', 1), rule(every, 'block', 2))).toMatchObject({ action: 'block', priority: 2 });
    expect(of(rule(every, 'block', 2), rule(every, 'allow', 3))).toMatchObject({ action: 'allow', priority: 3 });
  });

  test('is none where none matches', () => {
    expect(of(rule({ urlFilter: 'other.com' }))).toBeUndefined();
  });

  test.each<[Action['type'], Action['type']]>([
    ['allow', 'allowAllRequests'],
    ['allow', 'block'],
    ['allowAllRequests', 'block'],
    ['block', 'redirect'],
  ])('at equal priority: %s before %s', (first, second) => {
    const acting = (type: Action['type']): WrittenRule => ({
      id: 1,
      priority: 1,
      action: type === 'redirect' ? { type, redirect: { extensionPath: '/x' } } : { type },
      condition: every,
    });
    expect(of(acting(second), acting(first))?.action).toBe(first);
    expect(of(acting(first), acting(second))?.action).toBe(first);
  });
});

describe('requests around rules', () => {
  const rules = [
    rule({ urlFilter: '||ads.com^', initiatorDomains: ['page.com'] }),
    rule({ urlFilter: '/banner/*/x^', resourceTypes: ['image'] }),
    rule({ requestDomains: ['ads.com'] }),
  ];

  test('are such as the rules match and such as they do not, the same each time', () => {
    const requests = requestsAround(rules, 100);
    for (const each of rules) {
      const verdicts = new Set(requests.map((asked) => matcher([each])(asked) !== undefined));
      expect(verdicts).toEqual(new Set([true, false]));
    }
    expect(requestsAround(rules, 100)).toEqual(requests);
  });

  test('are about as many as wanted', () => {
    const many = Array.from({ length: 500 }, (_, at) => rule({ urlFilter: `||host${at}.com/path^` }));
    const { length } = requestsAround(many, 200);
    expect(length).toBeGreaterThan(100);
    expect(length).toBeLessThan(400);
  });
});

/** Compaction and selection, on hand-written rules and on generated ones. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bareHosts, exact, hostsOf, isHost, stopMainFrames } from '../../../tools/rulesets/compact';
import { folded } from '../../../tools/rulesets/fold';
import { readRaw } from '../../../tools/rulesets/make';
import { matcher, requestsAround, sameVerdict, type WebRequest } from '../../../tools/rulesets/match';
import { type Condition, parseList, type Rule, resourceTypes } from '../../../tools/rulesets/rules';
import {
  couldExcept,
  fitFirefox,
  type ListName,
  type Lists,
  listNames,
  mapLists,
} from '../../../tools/rulesets/select';

type Type = 'block' | 'allow' | 'allowAllRequests';
const rule = (condition: Condition, type: Type = 'block', priority = 1): Rule => ({
  id: 1,
  priority,
  action: { type },
  condition,
  carries: 1,
});
const conditions = (rules: readonly Rule[]) => rules.map(({ condition }) => condition);
const stops = (action: string | undefined) => action === 'block' || action === 'redirect';

/** Few names, so that rules often meet. */
const hosts = ['a.com', 'b.a.com', 'c.b.a.com', 'xa.com', 'p.net', 'd.co.uk', '1.2.3.4'];
const paths = ['/', '/p', '/p^', '/p|', '/p.', '/ads/p', '/*/p', '/p*q', '/P/q?x=', '/p.net^'];
const some = <T>(values: readonly T[], maxLength = 3) =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength });
const host = fc.constantFrom(...hosts);
const path = fc.constantFrom(...paths);
const filter = fc.oneof(
  host.map((each) => `||${each}^`),
  fc.tuple(host, path).map(([each, rest]) => `||${each}${rest}`),
  path,
  host,
  fc.constantFrom('favicon.ico', '||com^', '||a.com', '||A.com^', '|https://a.com/p'),
);
const types = some(['main_frame', 'sub_frame', 'script', 'image'] as const);
const condition: fc.Arbitrary<Condition> = fc
  .record(
    {
      urlFilter: filter,
      isUrlFilterCaseSensitive: fc.boolean(),
      requestDomains: some(hosts),
      excludedRequestDomains: some(hosts, 2),
      initiatorDomains: some(hosts),
      excludedInitiatorDomains: some(hosts, 2),
      domainType: fc.constantFrom('firstParty' as const, 'thirdParty' as const),
    },
    { requiredKeys: [] },
  )
  .chain((made) => {
    const withTypes = fc.option(
      fc.oneof(
        types.map((resourceTypes) => ({ resourceTypes })),
        types.map((excludedResourceTypes) => ({ excludedResourceTypes })),
      ),
      { nil: {} },
    );
    return withTypes.map((more) => ({ ...made, ...more }));
  });
/** Mostly plain rules, such as the lists hold, and some that combine everything. */
const plain: fc.Arbitrary<Condition> = fc.record(
  { urlFilter: filter, resourceTypes: types, initiatorDomains: some(hosts) },
  { requiredKeys: ['urlFilter'] },
);
const anyCondition = fc.oneof({ weight: 2, arbitrary: plain }, { weight: 1, arbitrary: condition });
const priority = fc.constantFrom(1, 2);
const anyType = fc.constantFrom<Type[]>('block', 'block', 'block', 'allow', 'allowAllRequests');
const anyRule = fc.tuple(anyCondition, anyType, priority).map((parts) => rule(...parts));
const anyRules = fc.array(anyRule, { minLength: 1, maxLength: 12 });

const anyRequest: fc.Arbitrary<WebRequest> = fc
  .record(
    {
      scheme: fc.constantFrom('http', 'https'),
      at: fc.constantFrom(...hosts, 'sub.a.com', 'p.a.com', 'ads.d.co.uk', 'com', 'a.com.evil.net', 'other.net'),
      port: fc.constantFrom('', '', ':8080'),
      parts: fc.array(fc.constantFrom('p', 'P', 'ads', 'q', 'p.net', 'a.com', 'pq', 'favicon.ico'), { maxLength: 4 }),
      query: fc.constantFrom('', '?x=1', '?u=//a.com/p'),
      type: fc.constantFrom('main_frame' as const, 'sub_frame' as const, 'script' as const, 'image' as const),
      thirdParty: fc.boolean(),
      initiatorDomain: fc.constantFrom(...hosts, 'sub.b.a.com', 'other.net'),
    },
    { requiredKeys: ['scheme', 'at', 'port', 'parts', 'query', 'type', 'thirdParty'] },
  )
  .map(({ scheme, at, port, parts, query, ...more }) => ({
    url: `${scheme}://${at}${port}/${parts.join('/')}${query}`,
    ...more,
  }));
const anyRequests = fc.array(anyRequest, { minLength: 20, maxLength: 20 });
const run = { numRuns: 400 };

const ordered = (rules: readonly Rule[]) => {
  expect(rules.map(({ id }) => id)).toEqual(rules.map((_, at) => at + 1));
  expect(rules.map((each) => each.priority)).toEqual(rules.map((each) => each.priority).sort((a, b) => b - a));
};

describe('a host', () => {
  test.each([
    ['a.com', true],
    ['_dmarc.a-b.co.uk', true],
    ['xn--bcher-kva.example', true],
    ['1.2.3.4', true],
    ['com', false],
    ['a.com.', false],
    ['a..com', false],
    ['1.2.3', false],
    ['1.2.3.400', false],
    ['1.2.3.04', false],
    ['xn--a.example', false],
    ['A.com', false],
    ['a.com:80', false],
    ['[::1]', false],
  ])('%s: %s', (text, expected) => {
    expect(isHost(text)).toBe(expected);
  });
});

describe('the exact step', () => {
  test('says equal rules once', () => {
    expect(exact([rule({ urlFilter: '/p' }), rule({ urlFilter: '/p' })])).toMatchObject([{ id: 1, carries: 2 }]);
    expect(conditions(exact([rule({ urlFilter: '/P' }), rule({ urlFilter: '/p' })]))).toEqual([{ urlFilter: '/p' }]);
  });

  test('makes one domain list of whole hosts', () => {
    const rules = ['||b.com^', '||a.com^', '||sub.a.com^'].map((urlFilter) => rule({ urlFilter }));
    expect(exact(rules)).toMatchObject([{ condition: { requestDomains: ['a.com', 'b.com'] }, carries: 3 }]);
  });

  test.each(['||a.com', '||com^', '||a*.com^', '||a.com/^', '|a.com^', '||1.2.3^', '||[::1]^', '||a.com:80^'])(
    'leaves %s',
    (urlFilter) => {
      expect(conditions(exact([rule({ urlFilter })]))).toEqual([{ urlFilter }]);
    },
  );

  test('unites pages and types of rules that are else equal', () => {
    const rules = [
      rule({ urlFilter: '/p', initiatorDomains: ['b.com'], resourceTypes: ['script'] }),
      rule({ urlFilter: '/p', initiatorDomains: ['a.com'], resourceTypes: ['script'] }),
      rule({ urlFilter: '/p', initiatorDomains: ['a.com', 'b.com'], resourceTypes: ['image'] }),
    ];
    expect(conditions(exact(rules))).toEqual([
      { urlFilter: '/p', initiatorDomains: ['a.com', 'b.com'], resourceTypes: ['script', 'image'] },
    ]);
  });

  test('drops what a rule without the list covers, but not main frames', () => {
    const rules = [
      rule({ urlFilter: '/p' }),
      rule({ urlFilter: '/p', resourceTypes: ['script'] }),
      rule({ urlFilter: '/p', resourceTypes: ['main_frame'] }),
    ];
    expect(conditions(exact(rules))).toEqual([{ urlFilter: '/p', resourceTypes: ['main_frame'] }, { urlFilter: '/p' }]);
  });

  test('keeps a domain below another one where a list stands against it', () => {
    const both = { urlFilter: '/p', initiatorDomains: ['a.com', 'c.b.a.com'], excludedInitiatorDomains: ['b.a.com'] };
    expect(conditions(exact([rule(both)]))).toEqual([both]);
  });

  test('keeps a rule with a list where both stand against another one', () => {
    const open = { urlFilter: '/p', excludedInitiatorDomains: ['a.com'] };
    const listed = { urlFilter: '/p', initiatorDomains: ['b.a.com'], excludedInitiatorDomains: ['a.com'] };
    expect(exact([rule(open), rule(listed), rule(open)])).toMatchObject([
      { condition: open, carries: 2 },
      { condition: listed, carries: 1 },
    ]);
  });

  test('makes no domain list where another one stands against it (seed -1621975980)', () => {
    const made = { urlFilter: '||b.a.com^', excludedRequestDomains: ['a.com'] };
    expect(conditions(exact([rule(made)]))).toEqual([made]);
    expect(conditions(exact([rule({ ...made, requestDomains: ['a.com'] })]))).toMatchObject([made]);
  });

  test('keeps priorities and actions apart', () => {
    const rules = [rule({ urlFilter: '||a.com^' }), rule({ urlFilter: '||b.com^' }, 'allow', 2)];
    const made = exact([...rules, rule({ urlFilter: '||c.com^' }, 'block', 3)]);
    expect(made.map((each) => [each.priority, each.action.type])).toEqual([
      [3, 'block'],
      [2, 'allow'],
      [1, 'block'],
    ]);
    ordered(made);
  });

  test('changes no verdict, in neither browser', () => {
    fc.assert(
      fc.property(anyRules, anyRequests, (rules, requests) => {
        const made = exact(rules);
        for (const engine of ['chromium', 'firefox'] as const) {
          const [was, is] = [matcher(rules, engine), matcher(made, engine)];
          for (const asked of requests) expect(sameVerdict(was(asked), is(asked))).toBe(true);
        }
      }),
      run,
    );
  });

  test('is the same whatever the order, loses no entry, and has nothing to do on its own output', () => {
    fc.assert(
      fc.property(anyRules, (rules) => {
        const made = exact(rules);
        ordered(made);
        expect(made.reduce((sum, each) => sum + each.carries, 0)).toBe(rules.length);
        expect(exact(made)).toEqual(made);
        const single = rules.map((each) => exact([each]).length);
        expect(made.length).toBeLessThanOrEqual(single.reduce((sum, each) => sum + each, 0));
      }),
      run,
    );
    const filters = ['||a.com^', '||b.com^', '/p', '||b.com/p'].map((urlFilter) => rule({ urlFilter }));
    expect(exact([...filters].reverse())).toEqual(exact(filters));
  });

  test('changes nothing in a real list', () => {
    const { rules } = parseList(readRaw('malicious'));
    const [was, is] = [matcher(rules), matcher(exact(rules))];
    for (const asked of requestsAround(rules, 1000)) {
      if (!sameVerdict(was(asked), is(asked))) expect.fail(JSON.stringify(asked));
    }
  });
});

describe('step b', () => {
  const image = (urlFilter: string, more: Condition = {}) => rule({ urlFilter, resourceTypes: ['image'], ...more });

  test('makes one domain list of bare hosts of images', () => {
    expect(conditions(bareHosts([image('t.a.com'), image('click.b.co.uk')]))).toEqual([
      { requestDomains: ['click.b.co.uk', 't.a.com'], resourceTypes: ['image'] },
    ]);
  });

  test.each(['favicon.ico', 't.sidekickopen', 'github.io', 'co.uk', 'mail.shopee.', 'p.js', '1.2.3.4', '-a.com/p'])(
    'leaves %s',
    (urlFilter) => {
      expect(bareHosts([image(urlFilter)])).toHaveLength(1);
      expect(conditions(bareHosts([image(urlFilter)]))).toEqual([{ urlFilter, resourceTypes: ['image'] }]);
    },
  );

  test('leaves other types, exceptions and rules with a list of hosts', () => {
    const left = [
      rule({ urlFilter: 't.a.com' }),
      rule({ urlFilter: 't.a.com', resourceTypes: ['script', 'image'] }),
      rule({ urlFilter: 't.a.com', resourceTypes: ['image'] }, 'allow'),
      image('t.a.com', { requestDomains: ['b.com'] }),
      image('t.a.com', { excludedRequestDomains: ['a.com'] }),
    ];
    for (const each of left) expect(conditions(bareHosts([each]))).toEqual([each.condition]);
  });

  test('only blocks less', () => {
    const images = fc.oneof(
      anyRule,
      fc.tuple(host, priority).map(([each, at]) => ({ ...image(each), priority: at })),
    );
    fc.assert(
      fc.property(fc.array(images, { minLength: 1, maxLength: 12 }), anyRequests, (rules, requests) => {
        const made = bareHosts(rules);
        ordered(made);
        const [was, is] = [matcher(rules), matcher(made)];
        for (const asked of requests) {
          if (stops(is(asked)?.action)) expect(was(asked)?.action).toBe('block');
          if (!sameVerdict(was(asked), is(asked))) expect(asked.type).toBe('image');
        }
      }),
      run,
    );
  });
});

describe('folding', () => {
  const fold = (rules: readonly Rule[]) => folded(exact(rules), exact(rules));
  const filters = (...all: string[]) => all.map((urlFilter) => rule({ urlFilter }));

  test('says filters that differ in nothing else with one regular expression', () => {
    const [made, ...more] = fold(filters('||a.com/ads/x.js', '||a.com/ads/y.js', '||b.com^*/q^'));
    expect(more).toEqual([]);
    expect(made).toMatchObject({ carries: 3, hosts: ['a.com', 'a.com', 'b.com'] });
    expect(made?.condition).toEqual({
      regexFilter:
        '^[a-z]+:\\/\\/(?:[^/]*[.@])?(?:a\\.com\\/ads\\/(?:x\\.js|y\\.js)|b\\.com(?:[^a-z0-9_.%-]|$).*\\/q(?:[^a-z0-9_.%-]|$))',
    });
    const asked = matcher(made ? [made] : [], 'firefox');
    const at = (url: string) => asked({ url, type: 'script', thirdParty: true })?.action;
    expect(at('https://sub.a.com/ads/y.js?x')).toBe('block');
    expect(at('https://b.com:8080/deep/q')).toBe('block');
    for (const url of ['https://xa.com/ads/x.js', 'https://p.net/a.com/ads/x.js', 'https://b.com/deep/qq']) {
      expect(at(url)).toBeUndefined();
    }
  });

  test('leaves what a page could make the browser look for without end, and what stands alone', () => {
    for (const few of [
      filters('/p*q', '/q*p'),
      filters('||a.com*p*q', '||b.com*p*q'),
      filters('/p|', '/q|'),
      [rule({ urlFilter: '/p' }), rule({ urlFilter: '/q', resourceTypes: ['image'] })],
      [rule({ urlFilter: '/p' }), rule({ urlFilter: '/q', initiatorDomains: ['a.com'] })],
      [rule({ urlFilter: '/P', isUrlFilterCaseSensitive: true }), rule({ urlFilter: '/q' })],
    ]) {
      expect(fold(few)).toHaveLength(2);
      expect(fold(few).some(({ condition }) => condition.regexFilter !== undefined)).toBe(false);
    }
  });

  test('keeps what names whole hosts apart from what may be about any', () => {
    expect(fold(filters('||a.com/p', '||b.com/p', '/q', '||q.')).map(({ hosts }) => hosts)).toEqual([
      undefined,
      ['a.com', 'b.com'],
    ]);
  });

  test('makes one of the exceptions for the same pages, whatever their types and hosts', () => {
    const exceptions = [
      rule({ urlFilter: '||a.com/p', resourceTypes: ['script'], initiatorDomains: ['p.net'] }, 'allow', 3),
      rule({ urlFilter: '/q', resourceTypes: ['image'], initiatorDomains: ['p.net'] }, 'allow', 4),
      rule({ requestDomains: ['b.com'], resourceTypes: ['font'], initiatorDomains: ['p.net'] }, 'allow', 3),
      rule({ urlFilter: '/q', resourceTypes: ['main_frame'], initiatorDomains: ['p.net'] }, 'allow', 3),
    ];
    const between = rule({ urlFilter: '/' }, 'block', 4);
    expect(fold([...exceptions, rule({ urlFilter: '/' }, 'block', 2)]).map(({ priority }) => priority)).toEqual([
      4, 3, 2,
    ]);
    // The one above the block stays above it, the others below.
    expect(fold([...exceptions, between]).filter(({ action }) => action.type === 'allow')).toHaveLength(3);
    const [made] = fold(exceptions);
    expect(made?.condition).toMatchObject({ initiatorDomains: ['p.net'], resourceTypes: ['script', 'image', 'font'] });
    expect(made?.condition.requestDomains).toBeUndefined();
  });

  test('blocks the same where there are no exceptions', () => {
    const blocks = fc.array(
      fc.tuple(anyCondition, priority).map(([each, at]) => rule(each, 'block', at)),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(blocks, anyRequests, (rules, requests) => {
        const made = fold(rules);
        expect(made.length).toBeLessThanOrEqual(exact(rules).length);
        const [was, is] = [matcher(rules, 'firefox'), matcher(made, 'firefox')];
        for (const asked of requests) expect(is(asked)?.action).toBe(was(asked)?.action);
      }),
      run,
    );
  });

  test('blocks nothing more, and lets through only by an exception', () => {
    fc.assert(
      fc.property(anyRules, anyRequests, (rules, requests) => {
        const [was, is] = [matcher(rules, 'firefox'), matcher(fold(rules), 'firefox')];
        for (const asked of requests) {
          const [before, after] = [was(asked)?.action, is(asked)?.action];
          if (after === 'block') expect(before).toBe('block');
          if (before === 'block' && after !== 'block') expect(after).toBe('allow');
        }
      }),
      run,
    );
  });
});

describe('main frames', () => {
  const every = [...resourceTypes];
  const others = every.filter((type) => type !== 'main_frame');
  const redirect = { type: 'redirect', redirect: { extensionPath: '/blocked.html?list=malicious' } };
  const parts = (made: Rule) =>
    stopMainFrames([made], 'malicious').map(({ action, condition: each, priority: at }) => [
      action.type === 'redirect' ? action : action.type,
      each,
      at,
    ]);

  test('go to our page, the rest is blocked as before', () => {
    expect(parts(rule({ urlFilter: '||a.com/p', resourceTypes: every }, 'block', 55))).toEqual([
      ['block', { urlFilter: '||a.com/p' }, 55],
      [redirect, { urlFilter: '||a.com/p', resourceTypes: ['main_frame'] }, 55],
    ]);
    expect(parts(rule({ urlFilter: '/p', resourceTypes: ['main_frame', 'image'] }))).toEqual([
      ['block', { urlFilter: '/p', resourceTypes: ['image'] }, 1],
      [redirect, { urlFilter: '/p', resourceTypes: ['main_frame'] }, 1],
    ]);
    expect(parts(rule({ urlFilter: '/p', resourceTypes: ['main_frame'] }))).toEqual([
      [redirect, { urlFilter: '/p', resourceTypes: ['main_frame'] }, 1],
    ]);
    expect(parts(rule({ urlFilter: '/p', excludedResourceTypes: ['image'] }))).toEqual([
      ['block', { urlFilter: '/p', resourceTypes: others.filter((type) => type !== 'image') }, 1],
      [redirect, { urlFilter: '/p', resourceTypes: ['main_frame'] }, 1],
    ]);
  });

  test('are meant by a rule that names neither types nor pages', () => {
    expect(parts(rule({ requestDomains: ['a.com'] }))).toHaveLength(2);
  });

  test.each<[string, Rule]>([
    ['a page', rule({ urlFilter: '/p', initiatorDomains: ['a.com'] })],
    ['a party', rule({ urlFilter: '/p', domainType: 'thirdParty' })],
    ['other types', rule({ urlFilter: '/p', resourceTypes: ['image'] })],
    ['an exception', rule({ urlFilter: '/p', resourceTypes: ['main_frame'] }, 'allow')],
  ])('are left alone by a rule with %s', (_, made) => {
    expect(stopMainFrames([made], 'phishing')).toEqual([made]);
  });

  test('is all that changes', () => {
    fc.assert(
      fc.property(anyRules, anyRequests, (rules, requests) => {
        const [was, is] = [matcher(rules), matcher(stopMainFrames(rules, 'phishing'))];
        for (const asked of requests.filter((each) => each.type !== 'main_frame')) {
          expect(sameVerdict(was(asked), is(asked))).toBe(true);
        }
        for (const asked of requests.map((each) => ({ ...each, type: 'main_frame' as const }))) {
          expect(is(asked)?.action).not.toBe('block');
          if (stops(was(asked)?.action)) expect(is(asked)?.action).toBe('redirect');
        }
      }),
      run,
    );
  });

  test('the hosts that are blocked whole are known', () => {
    const rules = [
      rule({ requestDomains: ['b.com', 'a.com'], resourceTypes: every }),
      rule({ requestDomains: ['c.com'] }),
      rule({ requestDomains: ['images.com'], resourceTypes: ['image'] }),
      rule({ requestDomains: ['path.com'], urlFilter: '/p' }),
      rule({ requestDomains: ['page.com'], initiatorDomains: ['a.com'] }),
      rule({ requestDomains: ['fine.com'] }, 'allow'),
    ];
    expect(hostsOf(rules)).toEqual(['a.com', 'b.com', 'c.com']);
  });
});

describe('an exception could concern a rule', () => {
  test.each<[string, Rule, Rule, boolean]>([
    ['of the same host', rule({ urlFilter: '||a.com/p' }, 'allow'), rule({ requestDomains: ['a.com'] }), true],
    ['of a host above', rule({ requestDomains: ['a.com'] }, 'allow'), rule({ urlFilter: '||b.a.com/p' }), true],
    ['of a host below', rule({ urlFilter: '||b.a.com^*x' }, 'allow'), rule({ requestDomains: ['a.com'] }), true],
    ['of any host', rule({ urlFilter: '/p' }, 'allow'), rule({ requestDomains: ['a.com'] }), true],
    ['of a host that goes on', rule({ urlFilter: '||b.co' }, 'allow'), rule({ requestDomains: ['b.com'] }), true],
    ['of another host', rule({ urlFilter: '||b.com/p' }, 'allow'), rule({ requestDomains: ['a.com'] }), false],
    ['of a lower priority', rule({ urlFilter: '/p' }, 'allow', 1), rule({ urlFilter: '/p' }, 'block', 2), false],
    ['of an equal priority', rule({ urlFilter: '/p' }, 'allow', 2), rule({ urlFilter: '/p' }, 'block', 2), true],
    [
      'of another type',
      rule({ resourceTypes: ['image'] }, 'allow'),
      rule({ resourceTypes: ['script', 'font'] }),
      false,
    ],
    ['of one of its types', rule({ resourceTypes: ['font'] }, 'allow'), rule({}), true],
    ['of main frames only', rule({ resourceTypes: ['main_frame'] }, 'allow'), rule({}), false],
    ['of the other party', rule({ domainType: 'firstParty' }, 'allow'), rule({ domainType: 'thirdParty' }), false],
    ['of either party', rule({}, 'allow'), rule({ domainType: 'thirdParty' }), true],
    [
      'of another page',
      rule({ initiatorDomains: ['a.com'] }, 'allow'),
      rule({ initiatorDomains: ['xa.com', 'p.net'] }),
      false,
    ],
    ['of a page below', rule({ initiatorDomains: ['b.a.com'] }, 'allow'), rule({ initiatorDomains: ['a.com'] }), true],
    [
      'for a whole page of another host',
      rule({ requestDomains: ['b.com'], resourceTypes: ['main_frame'] }, 'allowAllRequests'),
      rule({ requestDomains: ['a.com'], resourceTypes: ['image'] }),
      true,
    ],
  ])('%s', (_, exception, block, expected) => {
    expect(couldExcept(exception, block)).toBe(expected);
  });

  test('whenever there is a request that both are about', () => {
    const fewer = fc.oneof(plain, condition);
    fc.assert(
      fc.property(fewer, fewer, fc.array(anyRequest, { minLength: 60, maxLength: 60 }), (one, other, requests) => {
        const [exception, block] = [rule(one, 'allow'), rule(other)];
        for (const engine of ['chromium', 'firefox'] as const) {
          const [first, second] = [matcher([exception], engine), matcher([block], engine)];
          if (requests.some((asked) => first(asked) && second(asked))) expect(couldExcept(exception, block)).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('what goes to Firefox', () => {
  const path = (at: number, carries = 1): Rule => ({ ...rule({ urlFilter: `||a.com/p${at}` }), id: at, carries });
  const empty: Lists = mapLists(() => []);
  const filters = (rules: readonly Rule[]) =>
    rules.filter(({ action }) => action.type === 'block').map((each) => each.condition.urlFilter);

  test('is all but phishing whole, and of phishing what carries most, both parts of a rule counted', () => {
    const lists: Lists = {
      ads: [path(1), path(2)],
      tracking: [path(3)],
      malicious: [path(4)],
      phishing: [path(5), path(6, 3), path(7, 2), { ...rule({ requestDomains: ['b.com'] }), id: 8, carries: 4 }],
    };
    const fitted = fitFirefox(lists, 9);
    expect(mapLists((name) => fitted.lists[name].length)).toEqual({ ads: 2, tracking: 1, malicious: 2, phishing: 4 });
    expect(filters(fitted.lists.phishing)).toEqual([undefined, '||a.com/p6']);
    expect(fitted.rules).toBe(9);
    expect(fitted.shares).toEqual({ ads: 1, tracking: 1, malicious: 1, phishing: 0.7 });
    expect(fitFirefox(lists, 10).rules).toBe(9);
    expect(fitFirefox(lists, 100).shares.phishing).toBe(1);
  });

  test('is refused where the whole lists are too many', () => {
    expect(() => fitFirefox({ ...empty, malicious: [path(1)] }, 1)).toThrow('2 rules of 1');
  });

  test('of a small selection is the best, with the exceptions that it needs and no others', () => {
    const ads = [
      { ...path(1), carries: 5 },
      { ...rule({ urlFilter: '||b.com/q' }), id: 2, carries: 2 },
      rule({ urlFilter: '||a.com/p1/ok' }, 'allow', 2),
      rule({ urlFilter: '||b.com/ok' }, 'allow', 2),
    ];
    const fitted = fitFirefox({ ...empty, ads }, 3, { budgets: {} });
    expect(conditions(fitted.lists.ads)).toEqual([{ urlFilter: '||a.com/p1/ok' }, { urlFilter: '||a.com/p1' }]);
  });

  test('takes no rule whose exceptions find no room, be they of another list', () => {
    const lists: Lists = {
      ...empty,
      ads: [path(1)],
      tracking: [rule({ urlFilter: '||a.com/ok' }, 'allow', 2), rule({ urlFilter: '||b.com/p' })],
    };
    const fitted = fitFirefox(lists, 9, { budgets: { tracking: 1 } });
    expect(mapLists((name) => fitted.lists[name].length)).toMatchObject({ ads: 1, tracking: 1 });
    expect(fitFirefox(lists, 9, { budgets: { tracking: 0 } }).rules).toBe(0);
  });

  test('counts main frames that only the written rule is about (seed -1510889760)', () => {
    const frames = rule({ urlFilter: '/', resourceTypes: ['main_frame'] }, 'allow');
    const fitted = fitFirefox({ ...empty, ads: [frames], malicious: [path(1)] }, 3, { budgets: {} });
    expect(fitted.lists.ads).toHaveLength(1);
  });

  test('takes the exceptions of hosts below', () => {
    const ads = [rule({ requestDomains: ['a.com'] }), rule({ urlFilter: '||b.a.com/ok' }, 'allow')];
    expect(fitFirefox({ ...empty, ads }, 3, { budgets: {} }).rules).toBe(2);
  });

  test('keeps its limits, and stops nothing that the whole lists would let through', () => {
    const anyLists = fc.record({
      ads: anyRules,
      tracking: anyRules,
      malicious: fc.array(
        anyCondition.map((each) => rule(each)),
        { maxLength: 3 },
      ),
      phishing: fc.array(
        anyCondition.map((each) => rule(each)),
        { maxLength: 6 },
      ),
    });
    const few: fc.Arbitrary<Partial<Record<ListName, number>>> = fc.record(
      { ads: fc.nat(8), tracking: fc.nat(8), phishing: fc.nat(8) },
      { requiredKeys: [] },
    );
    const budgets = fc.option(few, { nil: undefined });
    fc.assert(
      fc.property(anyLists, fc.nat(20), budgets, anyRequests, (raw, limit, wanted, requests) => {
        const whole = mapLists((name) => exact(raw[name]));
        const among = listNames.flatMap((name) => whole[name]);
        const lists = mapLists((name) => folded(whole[name], among));
        const most = wanted ? limit : limit + 60;
        const fitted = fitFirefox(lists, most, wanted ? { budgets: wanted } : {});
        const sizes = mapLists((name) => fitted.lists[name].length);
        expect(fitted.rules).toBe(listNames.reduce((sum, name) => sum + sizes[name], 0));
        expect(fitted.rules).toBeLessThanOrEqual(most);
        for (const name of listNames) {
          ordered(fitted.lists[name]);
          expect(sizes[name]).toBeLessThanOrEqual(wanted?.[name] ?? most);
          expect(fitted.shares[name]).toBeLessThanOrEqual(1);
        }
        const all = fitFirefox(lists, 1000);
        const [everything, part] = [all, fitted].map((each) => matcher(listNames.flatMap((name) => each.lists[name])));
        for (const asked of requests) {
          if (stops(part?.(asked)?.action)) expect(stops(everything?.(asked)?.action)).toBe(true);
        }
      }),
      run,
    );
  });
});

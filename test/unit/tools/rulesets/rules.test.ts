import { describe, expect, test } from 'vitest';
import { parseList, withoutWildcards, written } from '../../../tools/rulesets/rules';

const dummy = { id: 1, action: { type: 'block' }, condition: { urlFilter: 'x' }, metadata: {} };
const block = { id: 7, priority: 1, action: { type: 'block' }, condition: { urlFilter: '||a.com^' } };
const of = (...rules: readonly unknown[]) => parseList([dummy, ...rules]).rules;

describe('a raw list', () => {
  test('loses its dummy, but not a rule that only has its id', () => {
    expect(of()).toEqual([]);
    expect(parseList([{ ...block, id: 1 }]).rules).toHaveLength(1);
  });

  test('counts all but the dummy', () => {
    expect(parseList([dummy, block, { ...block, action: { type: 'redirect', redirect: {} } }]).raw).toBe(2);
  });

  test.each(['block', 'allow', 'allowAllRequests'])('keeps %s', (type) => {
    expect(of({ ...block, action: { type } })).toEqual([{ ...block, action: { type }, carries: 1 }]);
  });

  test.each([
    ['redirects', { type: 'redirect', redirect: { extensionPath: '/noop.js' } }],
    ['query strips', { type: 'redirect', redirect: { transform: { queryTransform: { removeParams: ['u'] } } } }],
    ['changes to headers', { type: 'modifyHeaders', responseHeaders: [{ header: 'x', operation: 'remove' }] }],
  ])('drops %s', (_, action) => {
    expect(of({ ...block, action })).toEqual([]);
  });

  test.each([
    ['an action that it does not know', { ...block, action: { type: 'upgradeScheme' } }],
    ['more in an action', { ...block, action: { type: 'block', redirect: {} } }],
    ['a condition that it does not know', { ...block, condition: { tabIds: [1] } }],
    ['a type that it does not know', { ...block, condition: { resourceTypes: ['webtransport'] } }],
    ['an empty list', { ...block, condition: { resourceTypes: [] } }],
    ['an empty filter', { ...block, condition: { urlFilter: '' } }],
    ['two filters', { ...block, condition: { urlFilter: 'a', regexFilter: 'b' } }],
    ['no priority', { ...block, priority: undefined }],
    ['a key that it does not know', { ...block, more: 1 }],
    ['no condition', { id: 7, priority: 1, action: { type: 'block' } }],
  ])('with %s is refused, with the id', (_, rule) => {
    expect(() => of(rule)).toThrow(/^rule 7/);
  });

  test('that is none is refused', () => {
    expect(() => parseList({})).toThrow();
    expect(() => parseList([null])).toThrow();
  });
});

describe('a wildcard domain', () => {
  test('is stripped', () => {
    expect(withoutWildcards({ urlFilter: 'x', initiatorDomains: ['porngo.*', 'a.com'] })).toEqual({
      urlFilter: 'x',
      initiatorDomains: ['a.com'],
    });
    expect(withoutWildcards({ urlFilter: 'x', excludedInitiatorDomains: ['porngo.*'] })).toEqual({ urlFilter: 'x' });
  });

  test.each(['initiatorDomains', 'requestDomains'])('takes its rule along where it is all of %s', (key) => {
    expect(of({ ...block, condition: { urlFilter: 'x', [key]: ['porngo.*'] } })).toEqual([]);
  });
});

test('what is counted is not written', () => {
  const [rule] = of(block);
  expect(rule && written(rule)).toEqual(block);
});

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { differences, makeRulesets } from '../../../tools/rulesets/make';
import { type Rule, resourceTypes } from '../../../tools/rulesets/rules';
import type { ListName } from '../../../tools/rulesets/select';

const every = [...resourceTypes];
const block = (condition: object, priority = 1) => ({ id: 9, priority, action: { type: 'block' }, condition });
const raw: Record<ListName, readonly object[]> = {
  ads: [block({ urlFilter: '||ads.com^' }), { ...block({ urlFilter: 'x' }), action: { type: 'modifyHeaders' } }],
  tracking: [
    block({ urlFilter: 't.track.com', resourceTypes: ['image'] }),
    block({ urlFilter: '||a.com/t.js' }),
    block({ urlFilter: '||b.com/t.js' }),
  ],
  malicious: [block({ urlFilter: '||bad.com^', resourceTypes: every }, 55)],
  phishing: ['||fake.com^', '||evil.net^', '||docs.com/p^'].map((urlFilter) =>
    block({ urlFilter, resourceTypes: every }, 55),
  ),
};

describe('the rulesets', () => {
  let outDir = '';
  let lines: string[] = [];
  beforeEach(() => {
    outDir = mkdtempSync(join(tmpdir(), 'rulesets-'));
    lines = [];
  });
  afterEach(() => rmSync(outDir, { recursive: true }));
  const options = { log: (line: string) => lines.push(line), read: (name: ListName) => raw[name] };
  const read = (name: string): unknown => JSON.parse(readFileSync(join(outDir, 'rulesets', `${name}.json`), 'utf8'));

  test('are four lists and the hosts that are blocked whole', () => {
    const figures = makeRulesets({ ...options, browser: 'chromium', outDir });
    expect(readdirSync(join(outDir, 'rulesets')).sort()).toEqual([
      'ads.json',
      'hosts.json',
      'malicious.json',
      'phishing.json',
      'tracking.json',
    ]);
    expect(read('ads')).toEqual([
      { id: 1, priority: 1, action: { type: 'block' }, condition: { requestDomains: ['ads.com'] } },
    ]);
    expect(read('malicious')).toEqual([
      { id: 1, priority: 55, action: { type: 'block' }, condition: { requestDomains: ['bad.com'] } },
      {
        id: 2,
        priority: 55,
        action: { type: 'redirect', redirect: { extensionPath: '/blocked.html?list=malicious' } },
        condition: { requestDomains: ['bad.com'], resourceTypes: ['main_frame'] },
      },
    ]);
    expect(read('hosts')).toEqual({ malicious: ['bad.com'], phishing: ['evil.net', 'fake.com'] });
    expect(figures.lists.ads).toMatchObject({ raw: 2, kept: 1, exact: 1, rules: 1, share: 1 });
    expect(figures).toMatchObject({ rules: 10, regexRules: 0, hosts: { malicious: 1, phishing: 2 } });
    expect(lines.join('\n')).toMatch(/tracking +3 +3 +3 +3 +3 +3/);
  });

  test('in Firefox are folded and fit the limit', () => {
    const figures = makeRulesets({ ...options, browser: 'firefox', outDir, limit: 7 });
    expect(read('tracking')).toHaveLength(2);
    expect(read('phishing')).toHaveLength(2);
    expect(read('hosts')).toEqual({ malicious: ['bad.com'], phishing: ['evil.net', 'fake.com'] });
    expect(figures.rules).toBe(7);
    expect(lines.join('\n')).toContain("Firefox carries 66.7 % of the phishing list's entries");
  });

  test('are refused where they could not be used', () => {
    expect(() => makeRulesets({ ...options, browser: 'firefox', outDir, limit: 4 })).toThrow('5 rules of 4');
    const regexes = Array.from({ length: 1001 }, (_, at) => block({ regexFilter: `x${at}` }));
    const read = (name: ListName) => (name === 'ads' ? regexes : raw[name]);
    expect(() => makeRulesets({ ...options, browser: 'chromium', outDir, read })).toThrow('1001 regex rules');
  });
});

test('a step that changes a verdict is found', () => {
  const rule = (urlFilter: string): Rule => ({ ...block({ urlFilter }), action: { type: 'block' }, carries: 1 });
  expect(differences([rule('||a.com/p')], [rule('||a.com/p')], 100).found).toEqual([]);
  expect(differences([rule('||a.com/p')], [rule('||a.com/')], 100).found).not.toEqual([]);
  expect(differences([rule('||a.com^')], [rule('||b.com^')], 100).found).not.toEqual([]);
});

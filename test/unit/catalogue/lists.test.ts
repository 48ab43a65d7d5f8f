import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { blockedPage, credits, listNames, stoppingLists } from '../../../utils/catalogue/lists';
import { stopMainFrames } from '../../tools/rulesets/compact';
import { listNames as madeLists } from '../../tools/rulesets/select';

const notice = readFileSync('NOTICE', 'utf8');

test.each(credits)('NOTICE names $name with its licence and link', ({ name, license, url }) => {
  const part = notice.split('\n\n').find((one) => one.startsWith(name));
  expect(part).toContain(`Licence: ${license}\n`);
  expect(part).toContain(url);
});

test('every list has somebody to thank', () => {
  for (const list of listNames) expect(credits.map((credit) => credit.list)).toContain(list);
});

test('the lists are those that the build makes', () => {
  expect(listNames).toEqual(madeLists);
});

test.each(['malicious', 'phishing'] as const)('rules of %s lead to the page that stands for a blocked one', (list) => {
  const rule = { id: 1, priority: 1, action: { type: 'block' }, condition: { requestDomains: ['a.com'] }, carries: 1 };
  const redirects = stopMainFrames([rule as never], list).flatMap(({ action }) =>
    action.type === 'redirect' ? [action.redirect] : [],
  );
  expect(redirects).toEqual([{ extensionPath: `/${blockedPage}?list=${list}` }]);
  expect(stoppingLists).toContain(list);
});

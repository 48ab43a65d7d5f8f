import { describe, expect, test } from 'vitest';
import messages from '../../../public/_locales/en/messages.json';
import { Core } from '../../../utils/background/core';
import { capability, capabilityIds, fieldsOf } from '../../../utils/catalogue/catalogue';
import { noEndpoints } from '../../../utils/catalogue/endpoints';
import { noticeRef } from '../../../utils/grants/ledger-entry';
import { hashOf } from '../../../utils/platform/hash';
import type { Say } from '../../../utils/platform/text-types';
import { clauseHash, clauseOf, currentPolicy } from '../../../utils/policy/versions';
import { buildNotice } from '../../../utils/prompts/notice';

const say: Say = (key) => (messages as Record<string, { message: string }>)[key]?.message ?? '';

describe.each(capabilityIds)('the notice of %s', (id) => {
  const { sites } = capability(id);
  const scopes =
    sites === 'choose' ? ['*', '*://shop.example/*'] : sites === 'server' ? ['*', 'https://dav.example/*'] : ['*'];

  test.each(scopes)('for %s says everything that a prompt must', (scope) => {
    const notice = buildNotice(id, scope, say, 'en', noEndpoints);
    const { name, does, why, destination, place, retention, refusalCost, withdrawal, controller } = notice;
    for (const part of [name, does, why.trim(), destination, place, retention, refusalCost, withdrawal, controller]) {
      expect(part).not.toBe('');
    }
    expect(notice.fields.map((field) => field.name)).toHaveLength(fieldsOf(id, scope).length);
    expect(notice.fields.every((field) => field.name !== '' && field.text !== '')).toBe(true);
    expect(notice.clauses.map((clause) => clause.id)).toEqual([...capability(id).clauses]);
    expect(notice.clauses.every((clause) => clauseOf(clause.id)?.text === clause.text)).toBe(true);
    expect(notice).toMatchObject({ policyVersion: currentPolicy.version, policyEffective: currentPolicy.effective });
    expect(notice.browserPrompt.map((one) => one.scope)).toEqual(
      scope === '*' ? ['all'] : sites === 'server' ? ['site'] : ['site', 'all'],
    );
    expect(notice.browserPrompt.every((one) => one.text !== '')).toBe(true);
  });

  test('is referred to by a hash that the same notice has again, and no other', () => {
    const [first, again] = [buildNotice(id, '*', say, 'en', noEndpoints), buildNotice(id, '*', say, 'en', noEndpoints)];
    expect(hashOf(first)).toBe(hashOf(again));
    expect(hashOf(JSON.parse(JSON.stringify(first)))).toBe(hashOf(first));
    const others = [
      buildNotice(id, '*', say, 'de', noEndpoints),
      buildNotice(id, '*://shop.example/*', say, 'en', noEndpoints),
      buildNotice(id, '*', (key) => `${say(key)} `, 'en', noEndpoints),
    ];
    for (const other of others) expect(hashOf(other)).not.toBe(hashOf(first));
    const ref = Core.noticeRef(first);
    expect(noticeRef.safeParse(ref).success).toBe(true);
    expect(ref).toEqual({
      hash: hashOf(first),
      policyVersion: currentPolicy.version,
      language: 'en',
      clauses: first.clauses.map(({ id: clause, title, text }) => ({
        id: clause,
        hash: clauseHash({ id: clause, title, text }),
      })),
    });
  });
});

test('names the endpoint that is set, in words and as it is compared later, and says who set it', () => {
  const set = { url: 'https://stats.example:4318/v1/metrics', place: 'Hamburg', byOrganisation: true };
  const say: Say = (key, ...given) => [key, ...given].join(' ');
  const notice = buildNotice('usage-statistics', '*', say, 'en', { ...noEndpoints, 'statistics-endpoint': set });
  expect(notice).toMatchObject({
    destination: 'destination_organisation https://stats.example:4318',
    place: 'place_server Hamburg',
    endpoint: set,
  });
  expect(Core.noticeRef(notice).endpoint).toEqual(set);
  expect(noticeRef.safeParse(Core.noticeRef(notice)).success).toBe(true);
  const built = { ...set, byOrganisation: false };
  expect(
    buildNotice('usage-statistics', '*', say, 'en', { ...noEndpoints, 'statistics-endpoint': built }).destination,
  ).toBe('destination_server https://stats.example:4318');
  expect(
    buildNotice('crash-reports', '*', say, 'en', { ...noEndpoints, 'statistics-endpoint': set }),
  ).not.toHaveProperty('endpoint');
});

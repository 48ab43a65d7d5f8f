import { describe, expect, test } from 'vitest';
import {
  capability,
  capabilityIds,
  everyField,
  optionalPermissions,
  requiredPermissions,
} from '../../../../utils/catalogue/catalogue';
import type { Endpoints } from '../../../../utils/catalogue/endpoints';
import { clauseOf } from '../../../../utils/policy/versions';
import { answersProblems } from '../../../tools/check-manifest';
import { collected, JUSTIFICATION_CHARACTERS_MAX, justifications, storeAnswers } from '../../../tools/stores/answers';
import { chromeCategories } from '../../../tools/stores/terms';

const none: Endpoints = { 'statistics-endpoint': null, 'crash-endpoint': null };
const some: Endpoints = {
  'statistics-endpoint': {
    url: 'https://otel.example/v1/metrics',
    auth: null,
    place: 'Falkenstein, Germany',
    byOrganisation: false,
  },
  'crash-endpoint': null,
};
const { permissions, origins, dataCollection } = optionalPermissions();
const manifest = {
  permissions: [...requiredPermissions],
  optional_permissions: [...permissions],
  optional_host_permissions: [...origins],
  browser_specific_settings: {
    gecko: { data_collection_permissions: { required: ['none'], optional: dataCollection } },
  },
};

describe('answers for the stores', () => {
  const all = justifications(none);
  const every = [...all.required, ...all.optional, ...all.hosts, ...all.dataCollection];

  test('justify what the manifest names, and nothing else', () => {
    expect(all.required.map(({ name }) => name)).toEqual(requiredPermissions);
    expect(all.optional.map(({ name }) => name)).toEqual(permissions);
    expect(all.hosts.map(({ name }) => name)).toEqual(origins);
    expect(all.dataCollection.map(({ name }) => name)).toEqual(dataCollection);
    expect(answersProblems(manifest, storeAnswers('firefox', '1.2.3', none))).toEqual([]);
    const chrome = { ...manifest, browser_specific_settings: undefined };
    expect(answersProblems(chrome, storeAnswers('chrome', '1.2.3', none))).toEqual([]);
  });

  test('lack one for a permission that nobody justified', () => {
    const more = { ...manifest, optional_permissions: ['history'], host_permissions: ['https://a.example/*'] };
    expect(answersProblems(more, storeAnswers('chrome', '1.2.3', none)).join()).toMatch(/history.*a\.example/);
  });

  test.each(every)('$name: fits into a form, names clauses of the policy, and who needs it', (one) => {
    expect(one.text.length).toBeGreaterThan(40);
    expect(one.text.length).toBeLessThanOrEqual(JUSTIFICATION_CHARACTERS_MAX);
    expect(one.clauses.length).toBeGreaterThan(0);
    for (const clause of one.clauses) expect(clauseOf(clause)?.title).toBeTruthy();
    if (!all.required.includes(one)) expect(one.capabilities.length).toBeGreaterThan(0);
  });

  test('put every field that is collected under a category or none, once for each capability', () => {
    const found = [...chromeCategories, null].flatMap((category) => collected(category, some));
    const ids = capabilityIds.filter((id) => capability(id).destination !== 'crash-endpoint');
    const expected = ids.flatMap((id) => everyField(id).map((field) => `${id} ${field}`));
    const sent = found.map(({ capability: id, field }) => `${id} ${field}`);
    expect(sent.filter((one) => !one.startsWith('crash-reports')).sort()).toEqual(expected.sort());
  });

  test('say that reports go nowhere where there is no server, and where settings may go', () => {
    const text = storeAnswers('chrome', '1.2.3', none);
    expect(text).toContain('### Web history: yes');
    expect(text).toContain('### Authentication information: yes');
    expect(text).toContain('### Financial and payment information: no');
    expect(text).toContain('Reports go nowhere: this package was built without a server');
    expect(text).toContain('end-to-end encrypted to the place that the person picks');
    expect(collected('Location', none).map((one) => one.capability)).toEqual(['cloud-sync']);
    expect(text).not.toContain('https://otel.example');
  });

  test('name the server where there is one, and what it sees', () => {
    const text = storeAnswers('chrome', '1.2.3', some);
    expect(text).toContain('Reports go to https://otel.example (Falkenstein, Germany)');
    expect(text).toContain('### Location: yes');
    expect(justifications(some).hosts[0]?.capabilities).toContain('usage-statistics');
    expect(justifications(none).hosts[0]?.capabilities).not.toContain('usage-statistics');
  });

  test('leave no text without its words', () => {
    for (const store of ['chrome', 'firefox'] as const) {
      for (const endpoints of [none, some]) {
        expect(storeAnswers(store, '1.2.3', endpoints)).not.toMatch(/\$\d|undefined|null|not in this policy/);
      }
    }
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { policy201901 } from '../../../utils/policy/2019-01';
import type { PolicyClause, PolicyVersion } from '../../../utils/policy/version';
import {
  changedInSubstance,
  clauseChange,
  clauseHash,
  clauseOf,
  currentPolicy,
  grantedClauses,
  policyVersions,
} from '../../../utils/policy/versions';
import { upcomingPolicy } from '../../fixtures/policy-next';

const both = [policy201901, upcomingPolicy];
const under = (id: string) => grantedClauses([id], policy201901)[0] ?? { id, hash: '' };

/** The policy once more, with one clause put in other words. */
function next(from: PolicyVersion, version: string, id: string, change: Partial<PolicyClause>): PolicyVersion {
  return { ...from, version, clauses: from.clauses.map((one) => (one.id === id ? { ...one, ...change } : one)) };
}

describe('a clause that a grant was given under', () => {
  test('that reads as it did is the same', () => {
    expect(clauseChange(under('III'), both)).toBe('same');
    expect(clauseChange(under('I.5'), [policy201901])).toBe('same');
  });

  test('that was put in other words alone has changed editorially', () => {
    expect(clauseChange(under('II.5'), both)).toBe('editorial');
  });

  test('that says something else has changed in substance', () => {
    expect(clauseChange(under('I.5'), both)).toBe('substance');
    expect(changedInSubstance(grantedClauses(['I.5', 'II.5', 'III'], policy201901), both)).toEqual(['I.5']);
  });

  test('given under the newest version is the same', () => {
    expect(clauseChange(grantedClauses(['I.5'], upcomingPolicy)[0] ?? under(''), both)).toBe('same');
  });

  test('of an unknown wording counts as changed in substance', () => {
    fc.assert(
      fc.property(fc.string(), fc.stringMatching(/^[0-9a-f]{64}$/), (id, hash) => {
        expect(clauseChange({ id, hash }, both)).toBe('substance');
        expect(clauseChange({ id: 'I.5', hash }, both)).toBe('substance');
      }),
    );
  });

  test('that is gone counts as changed in substance', () => {
    const gone = { ...upcomingPolicy, clauses: upcomingPolicy.clauses.filter((clause) => clause.id !== 'III') };
    expect(clauseChange(under('III'), [policy201901, gone])).toBe('substance');
  });

  test('that changed with no word on how counts as changed in substance', () => {
    expect(clauseChange(under('III'), [policy201901, next(policy201901, '2', 'III', { text: 'x' })])).toBe('substance');
  });

  test('that changed in substance and then in words alone has changed in substance', () => {
    const editorial = { kind: 'editorial', summary: '' } as const;
    const third = next(upcomingPolicy, '3', 'I.5', { text: 'reworded', revision: editorial });
    expect(clauseChange(under('I.5'), [...both, third])).toBe('substance');
    expect(clauseChange(grantedClauses(['I.5'], upcomingPolicy)[0] ?? under(''), [...both, third])).toBe('editorial');
  });

  test('whose wording came back after another counts from where it was last the same', () => {
    const back = next(upcomingPolicy, '3', 'I.5', { text: clauseOf('I.5', policy201901)?.text ?? '' });
    // Between the two it said something else: the person is asked again.
    expect(clauseChange(under('I.5'), [...both, back])).toBe('substance');
  });
});

describe('a clause’s hash', () => {
  const [clause] = policy201901.clauses as [PolicyClause];

  test('changes with its number, title and text, and with nothing else', () => {
    expect(clauseHash({ ...clause, id: 'X' })).not.toBe(clauseHash(clause));
    expect(clauseHash({ ...clause, title: 'X' })).not.toBe(clauseHash(clause));
    expect(clauseHash({ ...clause, text: 'X' })).not.toBe(clauseHash(clause));
    const told = { ...clause, here: 'X', revision: { kind: 'editorial', summary: '' } } as const;
    expect(clauseHash(told)).toBe(clauseHash(clause));
  });

  test('is that of every version that shipped: an edited clause would pause every grant', () => {
    const hashes = policy201901.clauses.map((one) => `${one.id} ${clauseHash(one).slice(0, 8)}`);
    expect(hashes).toMatchInlineSnapshot(`
      [
        "I.1 af18b396",
        "I.2 fc3765b1",
        "I.3 ce532036",
        "I.4 12ca8cb9",
        "I.5 f02fbb96",
        "I.6 c62753df",
        "II.1 5e6fb70e",
        "II.2 809dcda3",
        "II.3 430b1449",
        "II.4 b6475ff7",
        "II.5 1ccdf2fa",
        "III 44c9fa2a",
        "IV.1 538e3d7e",
        "IV.2 84adccbd",
        "IV.3 49cb3143",
        "IV.4 4919c824",
        "V.1 886aa662",
        "V.2 e44200d6",
        "V.3 c40a34a6",
        "V.4 12704cbf",
        "VI ea18cfb5",
        "VII 6d5afc5c",
        "VIII 84ebcefc",
      ]
    `);
  });
});

describe('the policy versions', () => {
  test('are in order, and the last is in force', () => {
    expect(policyVersions).toEqual([policy201901]);
    expect(currentPolicy).toBe(policy201901);
    expect([...both].sort((a, b) => a.version.localeCompare(b.version))).toEqual(both);
  });

  test.each(both)('$version has sections and clauses that fit', (policy) => {
    const sections = policy.sections.map((section) => section.id);
    const ids = policy.clauses.map((clause) => clause.id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const clause of policy.clauses) {
      expect(sections).toContain(clause.section);
      expect(clause.id === clause.section || clause.id.startsWith(`${clause.section}.`)).toBe(true);
      expect(clause.text.length).toBeGreaterThan(20);
      expect(clause.here.length).toBeGreaterThan(10);
    }
    expect(sections.filter((id) => !policy.clauses.some((clause) => clause.section === id))).toEqual([]);
  });

  test('the upcoming one says of each changed clause how it changed', () => {
    for (const clause of upcomingPolicy.clauses) {
      const before = clauseOf(clause.id, policy201901);
      expect(clause.revision !== undefined).toBe(before === undefined || clauseHash(before) !== clauseHash(clause));
    }
  });
});

import { clauseChange, clauseHash, clauseOf, type GrantedClause, policyVersions } from './versions';

/** What changed in a clause since the person last agreed to it. */
export interface ClauseDifference {
  readonly id: string;
  readonly kind: 'substance' | 'editorial';
  readonly summary: string;
  readonly before: string;
  readonly now: string;
}

/** What changed in the clauses that a grant was given under, as the person is shown it. */
export function differences(clauses: readonly GrantedClause[]): ClauseDifference[] {
  return clauses.flatMap((granted): ClauseDifference[] => {
    const kind = clauseChange(granted);
    if (kind === 'same') return [];
    const versions = policyVersions.flatMap((policy) => policy.clauses.filter((clause) => clause.id === granted.id));
    const before = versions.find((clause) => clauseHash(clause) === granted.hash)?.text ?? '';
    const now = clauseOf(granted.id);
    const summary = now?.revision?.summary ?? '';
    return [{ id: granted.id, kind, summary, before, now: now?.text ?? '' }];
  });
}

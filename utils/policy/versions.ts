import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import canonicalize from 'canonicalize';
import { policy201901 } from './2019-01';
import type { PolicyClause, PolicyVersion } from './version';

/** Set by the build: a newer policy version in a test build, `null` in what ships. */
declare const __UPCOMING_POLICY__: PolicyVersion | null;
const upcoming = typeof __UPCOMING_POLICY__ === 'undefined' ? null : __UPCOMING_POLICY__;

/** Every version that this build knows, oldest first. The last one is in force. */
export const policyVersions: readonly PolicyVersion[] = upcoming === null ? [policy201901] : [policy201901, upcoming];

export const currentPolicy: PolicyVersion = policyVersions.at(-1) ?? policy201901;

/** SHA-256 (hex) of a clause's number and wording: what a grant was given under. */
export function clauseHash(clause: Pick<PolicyClause, 'id' | 'title' | 'text'>): string {
  const { id, title, text } = clause;
  return bytesToHex(sha256(utf8ToBytes(canonicalize({ id, title, text }) ?? '')));
}

export const clauseOf = (id: string, policy: PolicyVersion = currentPolicy): PolicyClause | undefined =>
  policy.clauses.find((clause) => clause.id === id);

/** A clause that a grant rests on, as it read when the grant was given. */
export interface GrantedClause {
  readonly id: string;
  readonly hash: string;
}

export const grantedClauses = (ids: readonly string[], policy: PolicyVersion = currentPolicy): GrantedClause[] =>
  ids.flatMap((id) => {
    const clause = clauseOf(id, policy);
    return clause ? [{ id, hash: clauseHash(clause) }] : [];
  });

/** How a clause that a grant was given under reads today. A difference that no version calls editorial counts as substance. */
export type ClauseChange = 'same' | 'editorial' | 'substance';

export function clauseChange(
  granted: GrantedClause,
  policies: readonly PolicyVersion[] = policyVersions,
): ClauseChange {
  let hash = granted.hash;
  const from = policies.findIndex((policy) =>
    policy.clauses.some((it) => it.id === granted.id && clauseHash(it) === hash),
  );
  if (from < 0) return 'substance';
  let change: ClauseChange = 'same';
  for (const policy of policies.slice(from + 1)) {
    const clause = clauseOf(granted.id, policy);
    if (!clause) return 'substance';
    const next = clauseHash(clause);
    if (next === hash) continue;
    if (clause.revision?.kind !== 'editorial') return 'substance';
    change = 'editorial';
    hash = next;
  }
  return change;
}

/** The clauses of a grant that changed in substance since it was given. */
export const changedInSubstance = (
  clauses: readonly GrantedClause[],
  policies: readonly PolicyVersion[] = policyVersions,
): string[] => clauses.filter((clause) => clauseChange(clause, policies) === 'substance').map((clause) => clause.id);

import { type CapabilityId, capability, fieldsOf } from '../catalogue/catalogue';
import { endpointOf, named } from '../catalogue/endpoints';
import { ALL, type Scope } from '../catalogue/scope';
import type { Notice } from '../messages/contract';
import { joinSentences } from '../platform/languages';
import type { Say, TextKey } from '../platform/text-types';
import { clauseHash, clauseOf, currentPolicy } from '../policy/versions';
import { disclosureOf, type NamedEndpoints } from './destinations';

/** The catalogue's text of a capability; the catalogue's test proves that each exists. */
export const capabilityKey = (id: CapabilityId, part: string): TextKey =>
  `cap_${id.replaceAll('-', '_')}_${part}` as TextKey;

/** What the prompt will show for a capability and scope, in the language that `say` speaks. The page renders exactly this. */
export function buildNotice(
  id: CapabilityId,
  scope: Scope,
  say: Say,
  language: string,
  endpoints: NamedEndpoints,
): Notice {
  const { sites, clauses, destination } = capability(id);
  const { who, where, policy } = disclosureOf(id, say, endpoints, scope);
  const endpoint = endpointOf(destination, endpoints);
  const own = (part: string) => say(capabilityKey(id, part));
  return {
    capability: id,
    scope,
    language,
    policyVersion: currentPolicy.version,
    policyEffective: currentPolicy.effective,
    controller: say('controller'),
    name: own('name'),
    does: own('does'),
    why: joinSentences([own('why'), own('limits')], language),
    fields: fieldsOf(id, scope).map((field) => ({
      name: say(`field_${field}_name` as TextKey),
      text: say(`field_${field}_text` as TextKey),
    })),
    destination: who,
    // Whose policy else holds is Cloudopt's own, the organisation's, or nobody's.
    place: destination === 'sync-place' ? joinSentences([where, say('place_policy', policy)], language) : where,
    ...(endpoint ? { endpoint: named(endpoint) } : {}),
    retention: own('retention'),
    refusalCost: own('refusal'),
    withdrawal: say('withdrawal'),
    clauses: clauses.flatMap((number) => {
      const clause = clauseOf(number);
      return clause ? [{ id: clause.id, title: clause.title, text: clause.text, hash: clauseHash(clause) }] : [];
    }),
    browserPrompt: [
      ...(sites !== 'all' && scope !== ALL ? [{ scope: 'site' as const, text: own('browser_site') }] : []),
      // Another place of a server's kind is another question.
      ...(sites !== 'server' || scope === ALL ? [{ scope: 'all' as const, text: own('browser_all') }] : []),
    ],
  };
}

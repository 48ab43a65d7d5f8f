import { type CapabilityId, capability } from '../catalogue/catalogue';
import { endpointOf } from '../catalogue/endpoints';
import { ALL, type Scope } from '../catalogue/scope';
import type { Notice } from '../messages/contract';
import type { Say, TextKey } from '../platform/text-types';
import { clauseHash, clauseOf, currentPolicy } from '../policy/versions';

/** The catalogue's text of a capability; the catalogue's test proves that each exists. */
export const capabilityKey = (id: CapabilityId, part: string): TextKey =>
  `cap_${id.replaceAll('-', '_')}_${part}` as TextKey;

/** What the prompt will show for a capability and scope, in the browser's language. The page renders exactly this. */
export function buildNotice(id: CapabilityId, scope: Scope, say: Say, language: string): Notice {
  const { fields, sites, clauses, destination } = capability(id);
  const endpoint = endpointOf(destination);
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
    why: `${own('why')} ${own('limits')}`,
    fields: fields.map((field) => ({
      name: say(`field_${field}_name` as TextKey),
      text: say(`field_${field}_text` as TextKey),
    })),
    destination: endpoint
      ? say('destination_server', new URL(endpoint.url).origin)
      : say(destination === 'device' ? 'destination_device' : 'destination_none'),
    place: endpoint ? say('place_server', endpoint.place) : say('place_device'),
    retention: own('retention'),
    refusalCost: own('refusal'),
    withdrawal: say('withdrawal'),
    clauses: clauses.flatMap((number) => {
      const clause = clauseOf(number);
      return clause ? [{ id: clause.id, title: clause.title, text: clause.text, hash: clauseHash(clause) }] : [];
    }),
    browserPrompt: [
      ...(sites === 'choose' && scope !== ALL ? [{ scope: 'site' as const, text: own('browser_site') }] : []),
      { scope: 'all' as const, text: own('browser_all') },
    ],
  };
}

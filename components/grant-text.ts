import { type CapabilityId, capability } from '../utils/catalogue/catalogue';
import type { Scope } from '../utils/catalogue/scope';
import type { Revoked, ScopeView } from '../utils/messages/contract';
import { joinSentences } from '../utils/platform/languages';
import { language, text } from '../utils/platform/text';
import { capabilityText } from './capability-text';
import { counted, whenText } from './formats';
import { scopeText } from './scope-text';

/** Capabilities that are granted site by site; of the others, the scope says nothing worth reading. */
export const hasSites = (id: CapabilityId): boolean => capability(id).sites === 'choose';

/** A grant's name: `Site insight for shop.example`, or only `Notifications` where there are no sites. */
export function grantText(id: CapabilityId, scope: Scope | null): string {
  const name = capabilityText(id, 'name');
  return scope === null || !hasSites(id) ? name : text('grant_for', name, scopeText(scope));
}

/** Until when a live grant holds. */
export function untilText({ validUntilMs, lifetime }: Pick<ScopeView, 'validUntilMs' | 'lifetime'>): string {
  if (validUntilMs !== null) return text('until_moment', whenText(validUntilMs));
  return text(lifetime === 'session' ? 'until_session' : 'until_revoked');
}

/**
 * What a revocation came to. Says 'taken back' only where it is on record.
 * @param offered the choice about what was collected stands right beside it, so that it need not be told as well.
 */
export function revokedText(id: CapabilityId, scope: Scope, revoked: Revoked, offered = false): string {
  const what = grantText(id, scope);
  if (revoked.kind === 'not-live') return text('outcome_not_live', what);
  if (revoked.kind === 'not-durable') {
    return text(revoked.marked ? 'outcome_not_on_record' : 'outcome_not_durable', what);
  }
  const sentences = [text('outcome_revoked', what)];
  if (revoked.held === 'shared') sentences.push(text('outcome_shared'));
  if (revoked.held === 'kept-by-browser') sentences.push(text('outcome_kept_by_browser'));
  if (revoked.records > 0 && !offered) sentences.push(counted('outcome_sealed', revoked.records));
  return joinSentences(sentences, language());
}

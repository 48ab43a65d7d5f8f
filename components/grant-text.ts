import { type CapabilityId, capability } from '../utils/catalogue/catalogue';
import { ALL, type Scope, siteOf } from '../utils/catalogue/scope';
import type { Answers, Revoked, ScopeView } from '../utils/messages/contract';
import { DAY_MS } from '../utils/platform/clock';
import { joinSentences } from '../utils/platform/languages';
import { language, text } from '../utils/platform/text';
import { capabilityText } from './capability-text';
import { counted, formats, whenText } from './formats';
import { scopeText } from './scope-text';

/** Where a grant holds: the site, or the place that sync uses. `undefined`: of others, the scope says nothing worth reading. */
export function whereText(id: CapabilityId, scope: Scope): string | undefined {
  const { sites } = capability(id);
  if (sites === 'choose') return scopeText(scope);
  if (sites !== 'server') return undefined;
  return scope === ALL ? text('sync_own_place') : (siteOf(scope)?.host ?? scope);
}

/** A grant's name: `Site insight for shop.example`, or only `Notifications` where there are no sites nor places. */
export function grantText(id: CapabilityId, scope: Scope | null): string {
  const name = capabilityText(id, 'name');
  const where = scope === null ? undefined : whereText(id, scope);
  if (where === undefined) return name;
  return text(capability(id).sites === 'server' ? 'sync_grant' : 'grant_for', name, where);
}

/** Until when a live grant holds. */
export function untilText({ validUntilMs, lifetime }: Pick<ScopeView, 'validUntilMs' | 'lifetime'>): string {
  if (validUntilMs !== null) return text('until_moment', whenText(validUntilMs));
  return text(lifetime === 'session' ? 'until_session' : 'until_revoked');
}

/** Days after which a grant that is not used says so: it may not be needed any more. */
const LONG_UNUSED_DAYS = 30;

/** When a live grant was last used, or for how long it was not. */
export function lastUsedText(
  { sinceMs, lastUsedMs }: Pick<ScopeView, 'sinceMs' | 'lastUsedMs'>,
  nowMs: number,
): string {
  const days = Math.floor((nowMs - Math.max(sinceMs, lastUsedMs)) / DAY_MS);
  if (days >= LONG_UNUSED_DAYS) return text('row_long_unused', formats.number(days));
  return lastUsedMs > sinceMs ? whenText(lastUsedMs) : text('row_unused');
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

/** Whether a revocation, or what it found, is in force, on record, and let go by the browser. */
export const isCertain = (revoked: Revoked): boolean =>
  revoked.kind === 'not-live' || (revoked.kind === 'revoked' && revoked.held !== 'kept-by-browser');

/** What stopping everything came to. */
export function stoppedText({ stopped, undurable }: Answers['grants.stop-all']): string {
  const sentences = [
    ...(stopped > 0 ? [counted('stopped_everything', stopped)] : []),
    ...(undurable > 0 ? [counted('stopped_undurable', undurable)] : []),
  ];
  return joinSentences(sentences, language());
}

/** The page with the receipt of a decision. */
export const receiptAddress = (capability: CapabilityId, scope: Scope): string =>
  `/receipt.html?${new URLSearchParams({ capability, scope })}`;

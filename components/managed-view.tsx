import type { ManagedView } from '../utils/messages/contract';
import { type TextKey, text } from '../utils/platform/text';
import type { ManagedProblem } from '../utils/policy/managed';
import { Banner } from './banner';
import { capabilityText } from './capability-text';
import { counted } from './formats';

const namesOf = ({ forbidden }: ManagedView): string => forbidden.map((id) => capabilityText(id, 'name')).join(', ');

/** What the organisation has set, one sentence each. */
export function managedSentences(managed: ManagedView): string[] {
  const { unread, forbidden, locked, endpoints, syncServers } = managed;
  if (unread) return [text('managed_unread')];
  const { 'statistics-endpoint': statistics, 'crash-endpoint': crashes } = endpoints;
  const sentences = [
    ...(forbidden.length > 0 ? [text('managed_forbidden', namesOf(managed))] : []),
    ...(locked.includes('permissions') ? [text('managed_locked_permissions')] : []),
    ...(statistics ? [text('managed_statistics', new URL(statistics.url).host, statistics.place)] : []),
    ...(crashes ? [text('managed_crashes', new URL(crashes.url).host, crashes.place)] : []),
  ];
  if (syncServers?.length === 0) sentences.push(text('managed_sync_none'));
  else if (syncServers) sentences.push(text('managed_sync', syncServers.join(', ')));
  return sentences.length > 0 ? sentences : [text('managed_nothing')];
}

/** All that the organisation has set, and what it can't do. */
export function ManagedCard({ managed }: { managed: ManagedView }) {
  return (
    <section class="card stack" aria-labelledby="managed-title" data-testid="managed">
      <h2 id="managed-title">{text('managed_title')}</h2>
      <ul class="stack-tight managed-list">
        {managedSentences(managed).map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      {managed.problems > 0 && !managed.unread ? (
        <p>
          {counted('managed_problems', managed.problems)} <a href="#diagnostics">{text('managed_see_diagnostics')}</a>
        </p>
      ) : null}
      <p class="muted">{text('managed_limits')}</p>
    </section>
  );
}

/** Why nothing can be turned on, where the organisation is the reason for all of it. */
export function ManagedBanner({ managed }: { managed: ManagedView }) {
  if (managed.unread) {
    return (
      <Banner tone="warn" title={text('managed_unread_title')}>
        <p>{text('managed_unread')}</p>
      </Banner>
    );
  }
  if (!managed.locked.includes('permissions')) return null;
  return (
    <Banner title={text('managed_locked_title')}>
      <p data-testid="locked">{text('managed_locked_permissions')}</p>
    </Banner>
  );
}

/** The popup's one line about it. */
export function ManagedLine({ managed }: { managed: ManagedView }) {
  const { unread, forbidden, locked } = managed;
  const parts = unread
    ? [text('managed_unread_title')]
    : [
        ...(locked.includes('permissions') ? [text('managed_locked_line')] : []),
        ...(forbidden.length > 0 ? [text('managed_forbidden_line', namesOf(managed))] : []),
      ];
  if (parts.length === 0) return null;
  return (
    <p class="small muted" data-testid="managed">
      {parts.join(' ')} <a href="/options.html#policy">{text('managed_more')}</a>
    </p>
  );
}

const problems: Readonly<Record<ManagedProblem['kind'], TextKey>> = {
  'unknown-key': 'managed_problem_unknown_key',
  'unknown-capability': 'managed_problem_unknown_capability',
  'nothing-to-lock': 'managed_problem_nothing_to_lock',
  unreadable: 'managed_problem_unreadable',
  unread: 'managed_problem_unread',
};

export const managedProblemText = ({ kind, word }: ManagedProblem): string => text(problems[kind], word);

import type { ClauseDifference } from '../utils/messages/contract';
import { text } from '../utils/platform/text';
import { POLICY_LANGUAGE } from '../utils/policy/version';

/** For each clause that changed: what is different, how it read before, how it reads now. */
export function ClauseDifferences({ changes }: { changes: readonly ClauseDifference[] }) {
  return (
    <ul class="plain stack">
      {changes.map((change) => (
        <li key={change.id} class="stack-tight" data-clause={change.id}>
          <strong>
            {text(change.kind === 'substance' ? 'change_substance' : 'change_editorial', change.id, change.summary)}
          </strong>
          <details>
            <summary>{text('change_compare')}</summary>
            <dl class="disclosure-body stack-tight">
              <dt class="muted">{text('change_before')}</dt>
              <dd lang={POLICY_LANGUAGE}>{change.before}</dd>
              <dt class="muted">{text('change_now')}</dt>
              <dd lang={POLICY_LANGUAGE}>{change.now}</dd>
            </dl>
          </details>
        </li>
      ))}
    </ul>
  );
}

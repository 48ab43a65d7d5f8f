import { Banner } from '../../components/banner';
import { ClauseDifferences } from '../../components/clause-differences';
import { DisclosureTable } from '../../components/disclosure-table';
import { FEEDBACK_ADDRESS } from '../../components/feedback-form';
import { formats } from '../../components/formats';
import { ListCredits } from '../../components/list-credits';
import { ManagedCard } from '../../components/managed-view';
import { PolicyView } from '../../components/policy-view';
import { restingOn } from '../../components/resting-on';
import type { ClauseDifference } from '../../utils/messages/contract';
import { text } from '../../utils/platform/text';
import { clauseOf, currentPolicy, policyVersions } from '../../utils/policy/versions';
import { FEEDBACK_HASH } from './diagnostics';
import type { SectionProps } from './section';
import '../../components/overview.css';

/** What the newest version changed against the one before it. */
function newestChanges(): ClauseDifference[] {
  const before = policyVersions.at(-2);
  if (!before) return [];
  return currentPolicy.clauses.flatMap((clause) =>
    clause.revision
      ? [
          {
            id: clause.id,
            kind: clause.revision.kind,
            summary: clause.revision.summary,
            before: clauseOf(clause.id, before)?.text ?? '',
            now: clause.text,
          },
        ]
      : [],
  );
}

/** The policy in force, clause by clause; what its newest version changed stands first. */
export function Policy({ state, clause }: SectionProps) {
  const changes = newestChanges();
  const effective = formats.date(new Date(`${currentPolicy.effective}T12:00:00`).getTime());
  return (
    <>
      <p class="muted measure">{text('policy_lead')}</p>
      {state.managed ? <ManagedCard managed={state.managed} /> : null}
      {changes.length > 0 ? (
        <Banner title={text('policy_changes', currentPolicy.version, effective)}>
          <ClauseDifferences changes={changes} />
        </Banner>
      ) : null}
      <section class="stack" aria-labelledby="disclosure">
        <h2 id="disclosure">{text('disclosure_heading')}</h2>
        <p class="muted measure">{text('disclosure_lead')}</p>
        <DisclosureTable endpoints={state.endpoints} />
      </section>
      <section class="card stack" aria-labelledby="policy-title">
        <h2 id="policy-title">{currentPolicy.title}</h2>
        <PolicyView policy={currentPolicy} level={2} restingOn={restingOn} target={clause} />
        <p>
          {text('policy_feedback')} <a href={FEEDBACK_HASH}>{FEEDBACK_ADDRESS}</a>
        </p>
      </section>
      <ListCredits />
    </>
  );
}

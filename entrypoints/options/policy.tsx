import { Banner } from '../../components/banner';
import { ClauseDifferences } from '../../components/clause-differences';
import { formats } from '../../components/formats';
import { ListCredits } from '../../components/list-credits';
import { PolicyView } from '../../components/policy-view';
import { restingOn } from '../../components/resting-on';
import type { ClauseDifference } from '../../utils/messages/contract';
import { text } from '../../utils/platform/text';
import { clauseOf, currentPolicy, policyVersions } from '../../utils/policy/versions';
import type { SectionProps } from './section';

const FEEDBACK = 'support@cloudopt.net';

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
export function Policy({ clause }: SectionProps) {
  const changes = newestChanges();
  const effective = formats.date(new Date(`${currentPolicy.effective}T12:00:00`).getTime());
  return (
    <>
      <p class="muted measure">{text('policy_lead')}</p>
      {changes.length > 0 ? (
        <Banner title={text('policy_changes', currentPolicy.version, effective)}>
          <ClauseDifferences changes={changes} />
        </Banner>
      ) : null}
      <section class="card stack" aria-labelledby="policy-title">
        <h2 id="policy-title">{currentPolicy.title}</h2>
        <PolicyView policy={currentPolicy} folded={false} level={2} restingOn={restingOn} target={clause} />
        <p>
          {text('policy_feedback')} <a href={`mailto:${FEEDBACK}`}>{FEEDBACK}</a>
        </p>
      </section>
      <ListCredits />
    </>
  );
}

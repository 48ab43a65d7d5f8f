import { useEffect, useRef } from 'preact/hooks';
import { language, text } from '../utils/platform/text';
import { POLICY_LANGUAGE, type PolicyClause, type PolicyVersion } from '../utils/policy/version';
import { formats } from './formats';

export interface PolicyViewProps {
  readonly policy: PolicyVersion;
  /** Level of the policy's own heading; those of the sections and clauses follow. */
  readonly level: 2 | 3;
  /** Names of the capabilities that rest on a clause. */
  readonly restingOn: (clauseId: string) => readonly string[];
  /** A clause to be brought into view. */
  readonly target?: string | undefined;
}

/** A policy clause by clause, with what this extension does because of each; version and date at its end. */
export function PolicyView({ policy, level, restingOn, target }: PolicyViewProps) {
  const Section = level === 2 ? 'h3' : 'h4';
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (target === undefined) return;
    const clause = root.current?.querySelector<HTMLElement>(`[data-clause="${CSS.escape(target)}"]`);
    clause?.scrollIntoView({ block: 'start' });
    clause?.focus({ preventScroll: true });
  }, [target]);
  return (
    <div class="policy stack-wide" ref={root}>
      {language() === POLICY_LANGUAGE ? null : <p class="muted">{text('policy_language')}</p>}
      <p lang={POLICY_LANGUAGE}>{policy.summary}</p>
      {policy.sections.map((section) => {
        const clauses = policy.clauses.filter((clause) => clause.section === section.id);
        return (
          <section key={section.id} class="stack" aria-label={text('clause_heading', section.id, section.title)}>
            <Section lang={POLICY_LANGUAGE}>{text('clause_heading', section.id, section.title)}</Section>
            {clauses.map((clause) => {
              // A section of one clause, which bears the section's number and title, needs no second heading.
              const same = clause.id === section.id;
              const heading = text('clause_heading', clause.id, clause.title);
              return (
                <article key={clause.id} class="clause" data-clause={clause.id} tabIndex={-1} aria-label={heading}>
                  {same ? null : (
                    <p class="clause-title" lang={POLICY_LANGUAGE}>
                      {heading}
                    </p>
                  )}
                  <Clause clause={clause} names={restingOn(clause.id)} />
                </article>
              );
            })}
          </section>
        );
      })}
      <p class="policy-end muted" data-testid="policy-version">
        {text('policy_end', policy.version, formats.date(new Date(`${policy.effective}T12:00:00`).getTime()))}
      </p>
    </div>
  );
}

function Clause({ clause, names }: { clause: PolicyClause; names: readonly string[] }) {
  return (
    <div class="stack-tight">
      <p lang={POLICY_LANGUAGE}>{clause.text}</p>
      <p class="clause-here">
        <strong>{text('clause_here')}</strong> <span lang={POLICY_LANGUAGE}>{clause.here}</span>
      </p>
      <p class="small muted">
        {names.length === 0 ? text('clause_nothing_rests') : text('clause_rests', names.join(', '))}
      </p>
    </div>
  );
}

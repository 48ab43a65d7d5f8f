import type { ComponentChildren } from 'preact';
import type { Notice } from '../utils/messages/contract';
import { text } from '../utils/platform/text';
import { POLICY_LANGUAGE } from '../utils/policy/version';
import { formats } from './formats';

function Fact({ title, testId, children }: { title: string; testId?: string; children: ComponentChildren }) {
  return (
    <div class="notice-fact">
      <dt>{title}</dt>
      <dd class="stack-tight" data-testid={testId}>
        {children}
      </dd>
    </div>
  );
}

/** A notice exactly as it is stored: the prompt shows this, and the history shows it again. Adds nothing but labels. */
export function NoticeView({ notice }: { notice: Notice }) {
  const labelled = notice.browserPrompt.length > 1;
  return (
    <dl class="notice" lang={notice.language}>
      <Fact title={text('notice_purpose')} testId="prompt-purpose">
        <p class="notice-does">{notice.does}</p>
        <p>{notice.why}</p>
      </Fact>
      <Fact title={text('notice_fields')} testId="prompt-fields">
        {notice.fields.length === 0 ? (
          <p>{text('notice_no_fields')}</p>
        ) : (
          <ul class="plain stack-tight">
            {notice.fields.map((field) => (
              <li key={field.name}>
                <strong>{field.name}</strong>
                <br />
                <span class="muted">{field.text}</span>
              </li>
            ))}
          </ul>
        )}
      </Fact>
      <Fact title={text('notice_destination')} testId="prompt-destination">
        <p>{notice.destination}</p>
        <p class="muted">{notice.place}</p>
      </Fact>
      <Fact title={text('notice_retention')} testId="prompt-retention">
        <p>{notice.retention}</p>
      </Fact>
      <Fact title={text('notice_refusal')} testId="prompt-refusal-cost">
        <p>{notice.refusalCost}</p>
      </Fact>
      <Fact title={text('notice_withdrawal')}>
        <p>{notice.withdrawal}</p>
      </Fact>
      <Fact title={text('notice_browser')} testId="prompt-browser">
        {notice.browserPrompt.map((prompt) => (
          <p key={prompt.scope}>
            {labelled ? (
              <strong>{text(prompt.scope === 'site' ? 'notice_browser_site' : 'notice_browser_all')} </strong>
            ) : null}
            {prompt.text}
          </p>
        ))}
      </Fact>
      <Fact title={text('notice_clauses')} testId="prompt-clauses">
        <p class="muted">{text('notice_policy', notice.policyVersion, formats.date(dayMs(notice.policyEffective)))}</p>
        {notice.clauses.map((clause) => (
          <details key={clause.id} data-clause={clause.id} lang={POLICY_LANGUAGE}>
            <summary>{text('clause_heading', clause.id, clause.title)}</summary>
            <p class="disclosure-body muted">{clause.text}</p>
          </details>
        ))}
      </Fact>
      <Fact title={text('notice_controller')}>
        <p>{notice.controller}</p>
      </Fact>
    </dl>
  );
}

const dayMs = (day: string): number => new Date(`${day}T12:00:00`).getTime();

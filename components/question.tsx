import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Lifetime } from '../utils/catalogue/catalogue';
import type { PromptOpened } from '../utils/messages/contract';
import { type TextKey, text } from '../utils/platform/text';
import { Banner } from './banner';
import { ClauseDifferences } from './clause-differences';
import { CapabilityIcon } from './icons';
import { NoticeView } from './notice-view';
import { scopeText } from './scope-text';

export type Asked = Extract<PromptOpened, { kind: 'ask' }>;
export type Choice = Asked['choices'][number];

export interface QuestionProps {
  readonly asked: Asked;
  /** Where it is granted is a choice, or at least worth saying. */
  readonly hasSites: boolean;
  /** Allow was clicked: the browser's own prompt may be open. */
  readonly waiting: boolean;
  readonly onAllow: (choice: Choice, lifetime: Lifetime) => void;
  readonly onDecline: (answer: 'not-now' | 'never') => void;
}

const lifetimeWords: Readonly<Record<Lifetime, TextKey>> = {
  'until-revoked': 'lifetime_until_revoked',
  session: 'lifetime_session',
  hour: 'lifetime_hour',
};

export const lifetimeText = (lifetime: Lifetime): string => text(lifetimeWords[lifetime]);

/** The question: the notice, what changed, the two choices, and three answers of equal weight. */
export function Question({ asked, hasSites, waiting, onAllow, onDecline }: QuestionProps) {
  const { notice, choices, lifetimes, changes, state } = asked;
  const [chosen, setChosen] = useState(0);
  const [lifetime, setLifetime] = useState(asked.lifetime);
  const heading = useRef<HTMLHeadingElement>(null);
  const headingId = useId();
  const group = useId();
  const choice = choices[chosen] ?? choices[0];

  // Before the first paint: whoever sees the question can answer it by the keyboard.
  useLayoutEffect(() => heading.current?.focus(), []);
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Escape') onDecline('not-now');
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [onDecline]);

  return (
    <div class="prompt" role="dialog" aria-modal="true" aria-labelledby={headingId} data-testid="prompt">
      <div class="prompt-scroll">
        <header class="prompt-header">
          <span class="prompt-icon">
            <CapabilityIcon id={notice.capability} />
          </span>
          <h1 id={headingId} ref={heading} tabIndex={-1}>
            {text('prompt_heading', notice.name)}
          </h1>
        </header>
        {state === 'granted' ? (
          <Banner>
            <p>{text('prompt_already_on')}</p>
          </Banner>
        ) : null}
        {changes.length > 0 ? (
          <Banner tone="warn" title={text('prompt_policy_changed')}>
            <ClauseDifferences changes={changes} />
          </Banner>
        ) : null}
        <NoticeView notice={notice} />
      </div>
      <div class="prompt-choices">
        {hasSites ? (
          <fieldset>
            <legend>{text('prompt_where')}</legend>
            {choices.map((each, index) => (
              <label class="choice" key={each.scope}>
                <input
                  type="radio"
                  name={`${group}-scope`}
                  data-testid={each.scope === '*' ? 'scope-all' : 'scope-site'}
                  checked={index === chosen}
                  onChange={() => setChosen(index)}
                />
                {each.scope === '*' ? text('prompt_all_sites') : text('prompt_only_site', scopeText(each.scope))}
              </label>
            ))}
          </fieldset>
        ) : null}
        <fieldset>
          <legend>{text('prompt_how_long')}</legend>
          {lifetimes.map((each) => (
            <label class="choice" key={each}>
              <input
                type="radio"
                name={`${group}-lifetime`}
                data-testid={`lifetime-${each}`}
                checked={each === lifetime}
                onChange={() => setLifetime(each)}
              />
              {lifetimeText(each)}
            </label>
          ))}
        </fieldset>
      </div>
      <div class="prompt-answers">
        <p class="prompt-waiting" role="status">
          {waiting ? text('prompt_answer_browser') : ''}
        </p>
        <button
          type="button"
          class="button"
          data-testid="allow"
          aria-busy={waiting ? 'true' : undefined}
          aria-disabled={waiting ? 'true' : undefined}
          onClick={() => {
            // Nothing may come before this call: Firefox asks only in the very turn of the click.
            if (choice && !waiting) onAllow(choice, lifetime);
          }}
        >
          {text('allow')}
        </button>
        <button type="button" class="button" data-testid="not-now" onClick={() => onDecline('not-now')}>
          {text('not_now')}
        </button>
        <button type="button" class="button" data-testid="never" onClick={() => onDecline('never')}>
          {text('never_ask_again')}
        </button>
      </div>
    </div>
  );
}

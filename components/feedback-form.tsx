import { useId, useState } from 'preact/hooks';
import { text } from '../utils/platform/text';

export const FEEDBACK_ADDRESS = 'support@cloudopt.net';

/** Mail programs cut longer addresses off: in Windows after 2,048 characters, and a character may take nine. */
const CHARACTERS = 1000;

export interface FeedbackFormProps {
  /** What the mail says at first, besides the person's own words. */
  readonly version: string;
  readonly browser: string;
}

/** The whole mail stands in a field that the person may change; only then does their mail program open. */
export function FeedbackForm({ version, browser }: FeedbackFormProps) {
  const [body, setBody] = useState(() => text('feedback_body', version, browser).slice(0, CHARACTERS));
  const id = useId();
  const query = Object.entries({ subject: text('feedback_subject'), body })
    // Half of a surrogate pair has no encoding.
    .map(
      ([name, value]) => `${name}=${encodeURIComponent(value.replace(/\p{Surrogate}/gu, '').replaceAll('\n', '\r\n'))}`,
    )
    .join('&');
  return (
    <div class="card stack">
      <p>{text('feedback_lead')}</p>
      <div class="field">
        <label for={id}>{text('feedback_label')}</label>
        <textarea
          id={id}
          class="feedback-body"
          data-testid="feedback-body"
          rows={9}
          maxLength={CHARACTERS}
          value={body}
          onInput={(event) => setBody(event.currentTarget.value)}
        />
      </div>
      <div class="row">
        <a class="button button-primary" data-testid="feedback-write" href={`mailto:${FEEDBACK_ADDRESS}?${query}`}>
          {text('feedback_write')}
        </a>
        <span class="muted">{FEEDBACK_ADDRESS}</span>
      </div>
    </div>
  );
}

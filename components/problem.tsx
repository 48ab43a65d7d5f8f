import { RefusedError } from '../utils/messages/client';
import { errorText } from '../utils/platform/error-text';
import { type TextKey, text } from '../utils/platform/text';
import { Banner } from './banner';
import { Button } from './button';

const sentences: Readonly<Record<RefusedError['code'], TextKey>> = {
  'bad-input': 'problem_bad_input',
  'not-allowed': 'problem_not_allowed',
  closed: 'problem_closed',
  failed: 'problem_failed',
  unreachable: 'problem_unreachable',
};

/** What happened, what was kept and what to do, in one or two plain sentences. */
export const problemText = (error: unknown): string =>
  text(error instanceof RefusedError ? sentences[error.code] : 'problem_failed');

/** A question that the background did not answer, with its own words one click away. */
export function Problem({ error, onRetry }: { error: unknown; onRetry?: (() => unknown) | undefined }) {
  return (
    <Banner tone="danger" alert>
      <p>{problemText(error)}</p>
      <details class="small">
        <summary>{text('technical_details')}</summary>
        <code>{errorText(error)}</code>
      </details>
      {onRetry ? (
        <div>
          <Button small onPress={onRetry}>
            {text('try_again')}
          </Button>
        </div>
      ) : null}
    </Banner>
  );
}

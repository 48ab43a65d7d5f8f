import type { Verdict } from '../utils/grants/chain';
import { type TextKey, text } from '../utils/platform/text';
import { Button } from './button';
import { counted, formats } from './formats';
import { Icon } from './icons';

export type Verification =
  | { kind: 'idle' }
  | { kind: 'running'; done: number; total: number }
  | { kind: 'stopped'; done: number }
  | { kind: 'done'; verdict: Verdict };

const whyWords: Readonly<Record<Extract<Verdict, { kind: 'broken' }>['why'], TextKey>> = {
  unreadable: 'broken_unreadable',
  missing: 'broken_missing',
  link: 'broken_link',
  hash: 'broken_hash',
  'cut-short': 'broken_cut_short',
};

export interface VerifyPanelProps {
  readonly verification: Verification;
  readonly onVerify: () => unknown;
  readonly onStop: () => void;
}

/** Checks the chain of hashes from the first entry to the last, and says what came of it. */
export function VerifyPanel({ verification, onVerify, onStop }: VerifyPanelProps) {
  const running = verification.kind === 'running';
  return (
    <div class="stack">
      <div class="row">
        {running ? (
          <Button testId="stop-verifying" onPress={onStop}>
            {text('verify_stop')}
          </Button>
        ) : (
          <Button testId="verify-ledger" onPress={onVerify}>
            {text('verify')}
          </Button>
        )}
        <p class="small muted">{text('verify_explained')}</p>
      </div>
      {running ? (
        <div class="stack-tight">
          <progress
            aria-label={text('verify_progress')}
            max={Math.max(1, verification.total)}
            value={verification.done}
          />
          <p class="small muted">
            {text('verify_counted', formats.number(verification.done), formats.number(verification.total))}
          </p>
        </div>
      ) : null}
      <div role="status">
        {verification.kind === 'stopped' ? <p>{text('verify_stopped', formats.number(verification.done))}</p> : null}
        {verification.kind === 'done' ? <VerdictText verdict={verification.verdict} /> : null}
      </div>
    </div>
  );
}

function VerdictText({ verdict }: { verdict: Verdict }) {
  const intact = verdict.kind === 'intact';
  return (
    <div class="banner" data-tone={intact ? 'info' : 'danger'} data-testid="ledger-verdict" data-verdict={verdict.kind}>
      <Icon name={intact ? 'on' : 'warning'} />
      <div class="banner-body">
        {verdict.kind === 'intact' ? (
          <>
            <strong>{counted('verdict_intact', verdict.entries)}</strong>
            <p class="small">{text('verdict_intact_text')}</p>
          </>
        ) : (
          <>
            <strong>{text('verdict_broken', formats.number(verdict.seq))}</strong>
            <p class="small">{text(whyWords[verdict.why])}</p>
            <p class="small">{text('verdict_broken_text')}</p>
          </>
        )}
      </div>
    </div>
  );
}

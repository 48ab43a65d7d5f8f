import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { text } from '../utils/platform/text';
import { Button } from './button';

export interface ConfirmProps {
  /** The button that opens the question. */
  readonly action: string;
  readonly question: string;
  /** The button that does it. */
  readonly confirm: string;
  readonly onConfirm: () => unknown;
  readonly testId?: string;
  readonly disabled?: boolean;
  readonly small?: boolean;
  readonly label?: string | undefined;
}

/** Asks once, in place, before something that can't be taken back. */
export function Confirm({ action, question, confirm, onConfirm, testId, disabled, small, label }: ConfirmProps) {
  const [asking, setAsking] = useState(false);
  const group = useRef<HTMLFieldSetElement>(null);
  const opener = useRef<HTMLDivElement>(null);
  const wasAsking = useRef(false);
  // In the same turn: a key that follows at once, such as Escape, must find the question.
  useLayoutEffect(() => {
    if (asking) group.current?.querySelector('button')?.focus();
    else if (wasAsking.current) opener.current?.querySelector('button')?.focus();
    wasAsking.current = asking;
  }, [asking]);
  if (!asking) {
    return (
      <div ref={opener}>
        <Button
          onPress={() => setAsking(true)}
          {...(testId === undefined ? {} : { testId })}
          {...(small ? { small } : {})}
          {...(disabled ? { disabled } : {})}
          label={label}
        >
          {action}
        </Button>
      </div>
    );
  }
  return (
    <fieldset
      class="stack-tight"
      ref={group}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        setAsking(false);
      }}
    >
      <legend>{question}</legend>
      <div class="row">
        <Button small={small ?? false} onPress={() => setAsking(false)}>
          {text('cancel')}
        </Button>
        <Button
          look="danger"
          small={small ?? false}
          {...(testId === undefined ? {} : { testId: `${testId}-confirm` })}
          onPress={async () => {
            await onConfirm();
            setAsking(false);
          }}
        >
          {confirm}
        </Button>
      </div>
    </fieldset>
  );
}

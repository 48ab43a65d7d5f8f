import { useState } from 'preact/hooks';
import type { SyncSecret } from '../utils/messages/contract';
import { text } from '../utils/platform/text';
import { Button } from './button';
import { formats } from './formats';
import { emptySecret, NewPassphrase, SecretFields, secretOf, secretProblem } from './sync-secret';
import { Unfold } from './unfold';

/** Why the keys are as they were, in a sentence, and which field it is about. */
export interface RekeyProblem {
  readonly field: 'secret' | 'passphrase';
  readonly sentence: string;
}

/** Characters that a chosen passphrase has at least. */
export const PASSPHRASE_CHARS_MIN = 12;

export const shortPassphrase = (charsMin: number): string => text('sync_passphrase_short', formats.number(charsMin));

export interface RekeyFormProps {
  readonly about: string;
  /** The button that does it. */
  readonly action: string;
  readonly testId: string;
  /** A new passphrase comes of it: made, or chosen here. */
  readonly asksNew?: boolean;
  readonly onCancel: () => void;
  readonly onSubmit: (secret: SyncSecret, passphrase: string | null) => Promise<RekeyProblem | undefined>;
}

/** Asks for the passphrase or the recovery key, and for a new passphrase where one is needed. */
export function RekeyForm({ about, action, testId, asksNew, onCancel, onSubmit }: RekeyFormProps) {
  const [typed, setTyped] = useState(emptySecret);
  const [chosen, setChosen] = useState<string | null>(null);
  const [problem, setProblem] = useState<RekeyProblem>();
  const submit = async () => {
    const secret = secretOf(typed);
    if (typeof secret === 'string') {
      return setProblem({ field: 'secret', sentence: secretProblem(secret) });
    }
    if (chosen !== null && chosen.trim().length < PASSPHRASE_CHARS_MIN) {
      return setProblem({ field: 'passphrase', sentence: shortPassphrase(PASSPHRASE_CHARS_MIN) });
    }
    setProblem(undefined);
    setProblem(await onSubmit(secret, chosen === null ? null : chosen.trim()));
  };
  const problemOf = (field: RekeyProblem['field']) => (problem?.field === field ? problem.sentence : undefined);
  return (
    <>
      <p class="small measure">{about}</p>
      <SecretFields
        label={text('sync_passphrase_present')}
        typed={typed}
        problem={problemOf('secret')}
        onTyped={setTyped}
        onSubmit={submit}
      />
      {asksNew ? (
        <NewPassphrase
          title={text('sync_passphrase_new')}
          chosen={chosen}
          problem={problemOf('passphrase')}
          testId="sync-new-passphrase"
          onChosen={setChosen}
          onSubmit={submit}
        />
      ) : null}
      <div class="row">
        <Button onPress={onCancel}>{text('cancel')}</Button>
        <Button look="primary" testId={testId} onPress={submit}>
          {action}
        </Button>
      </div>
    </>
  );
}

export interface SyncKeysProps {
  readonly onPassphrase: RekeyFormProps['onSubmit'];
  readonly onRotate: RekeyFormProps['onSubmit'];
}

/** Changing the passphrase, renewing the key. */
export function SyncKeys({ onPassphrase, onRotate }: SyncKeysProps) {
  return (
    <div class="row sync-keys">
      <Unfold
        action={text('sync_passphrase_change')}
        title={text('sync_passphrase_change')}
        testId="sync-change-passphrase"
      >
        {(close) => (
          <RekeyForm
            about={text('sync_passphrase_change_text')}
            action={text('sync_passphrase_change_do')}
            testId="sync-change-passphrase-confirm"
            asksNew
            onCancel={close}
            onSubmit={onPassphrase}
          />
        )}
      </Unfold>
      <Unfold action={text('sync_rotate')} title={text('sync_rotate')} testId="sync-rotate">
        {(close) => (
          <RekeyForm
            about={text('sync_rotate_text')}
            action={text('sync_rotate_do')}
            testId="sync-rotate-confirm"
            onCancel={close}
            onSubmit={onRotate}
          />
        )}
      </Unfold>
    </div>
  );
}

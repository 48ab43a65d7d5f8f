import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { SyncSecret } from '../utils/messages/contract';
import { text } from '../utils/platform/text';
import { Button } from './button';
import { formats } from './formats';

/** What a person typed to open the copy: one of the two is to be filled. */
export interface TypedSecret {
  readonly passphrase: string;
  readonly recovery: string;
}

export const emptySecret: TypedSecret = { passphrase: '', recovery: '' };

/** The secret, or what is wrong with what was typed. A passphrase is taken to the letter, but for blanks around it. */
export function secretOf({ passphrase, recovery }: TypedSecret): SyncSecret | 'missing' | 'both' {
  const [words, key] = [passphrase.trim(), recovery.trim()];
  if (words !== '' && key !== '') return 'both';
  if (words !== '') return { passphrase: words };
  return key === '' ? 'missing' : { recovery: key };
}

export const secretProblem = (wrong: 'missing' | 'both'): string =>
  text(wrong === 'both' ? 'sync_secret_both' : 'sync_secret_missing');

export interface SecretFieldsProps {
  readonly label: string;
  readonly typed: TypedSecret;
  /** What is wrong with it, in a sentence. */
  readonly problem: string | undefined;
  readonly onTyped: (typed: TypedSecret) => void;
  readonly onSubmit: () => unknown;
}

/** The passphrase, or the recovery key in its place. */
export function SecretFields({ label, typed, problem, onTyped, onSubmit }: SecretFieldsProps) {
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (problem !== undefined) field.current?.focus();
  }, [problem]);
  const common = {
    autocomplete: 'off',
    autocapitalize: 'off' as const,
    spellcheck: false,
    'aria-invalid': problem === undefined ? undefined : ('true' as const),
    'aria-describedby': `${id}-problem`,
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key === 'Enter') void onSubmit();
    },
  };
  return (
    <div class="stack sync-fields">
      <div class="field">
        <label for={id}>{label}</label>
        <input
          id={id}
          ref={field}
          type="password"
          data-testid="sync-passphrase"
          value={typed.passphrase}
          onInput={(event) => onTyped({ ...typed, passphrase: event.currentTarget.value })}
          {...common}
        />
      </div>
      <div class="field">
        <label for={`${id}-recovery`}>{text('sync_recovery_or')}</label>
        <input
          id={`${id}-recovery`}
          type="text"
          class="mono"
          data-testid="sync-recovery"
          value={typed.recovery}
          onInput={(event) => onTyped({ ...typed, recovery: event.currentTarget.value })}
          {...common}
        />
      </div>
      <p id={`${id}-problem`} class="problem" role="alert" data-testid="sync-secret-problem">
        {problem ?? ''}
      </p>
    </div>
  );
}

export interface NewPassphraseProps {
  readonly title: string;
  /** `null`: one is made. */
  readonly chosen: string | null;
  readonly problem: string | undefined;
  readonly testId: string;
  readonly onChosen: (chosen: string | null) => void;
  readonly onSubmit: () => unknown;
}

/** A passphrase made for the person, or one of their own. */
export function NewPassphrase({ title, chosen, problem, testId, onChosen, onSubmit }: NewPassphraseProps) {
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (problem !== undefined) field.current?.focus();
  }, [problem]);
  return (
    <fieldset class="stack-tight sync-fields">
      <legend class="field-title">{title}</legend>
      <label class="choice">
        <input
          type="radio"
          name={id}
          data-testid="sync-passphrase-made"
          checked={chosen === null}
          onChange={() => onChosen(null)}
        />
        {text('sync_passphrase_made')}
      </label>
      <label class="choice">
        <input
          type="radio"
          name={id}
          data-testid="sync-passphrase-chosen"
          checked={chosen !== null}
          onChange={() => onChosen(chosen ?? '')}
        />
        {text('sync_passphrase_chosen')}
      </label>
      {chosen === null ? null : (
        <div class="field">
          <label for={`${id}-chosen`}>{text('sync_passphrase_new')}</label>
          <input
            id={`${id}-chosen`}
            ref={field}
            type="password"
            autocomplete="new-password"
            data-testid={testId}
            value={chosen}
            aria-invalid={problem === undefined ? undefined : 'true'}
            aria-describedby={`${id}-problem ${id}-help`}
            onInput={(event) => onChosen(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === 'Enter') void onSubmit();
            }}
          />
          <p id={`${id}-problem`} class="problem" role="alert">
            {problem ?? ''}
          </p>
          <p id={`${id}-help`} class="small muted">
            {text('sync_passphrase_new_help')}
          </p>
        </div>
      )}
    </fieldset>
  );
}

/** A secret that is shown this once. */
export interface ShownSecret {
  readonly kind: 'passphrase' | 'recovery';
  readonly value: string;
  readonly place: string;
  readonly device: string;
  readonly atMs: number;
}

/** The sheet with a secret, ways to keep it, and going on only once it is kept. */
export function SecretSheet({ secret, onDone }: { secret: ShownSecret; onDone: () => void }) {
  const { kind, value, place, device, atMs } = secret;
  const [kept, setKept] = useState(false);
  const [said, setSaid] = useState('');
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(value);
      setSaid(text('sync_copied'));
    } catch {
      // The browser said no; the person is told what to do instead.
      setSaid(text('sync_copy_failed'));
    }
  };
  const isPassphrase = kind === 'passphrase';
  return (
    <div class="stack">
      <p class="measure">{text(isPassphrase ? 'sync_show_passphrase_text' : 'sync_show_recovery_text')}</p>
      <article class="receipt sync-sheet">
        <header class="receipt-head">
          <h3>{text(isPassphrase ? 'sync_sheet_passphrase' : 'sync_sheet_recovery')}</h3>
          <p>{text(isPassphrase ? 'sync_sheet_passphrase_text' : 'sync_sheet_recovery_text')}</p>
        </header>
        <p class="mono sync-shown" data-testid={`sync-${kind}`}>
          {value}
        </p>
        <dl>
          <div class="receipt-line">
            <dt>{text('sync_sheet_place')}</dt>
            <dd>{place}</dd>
          </div>
          <div class="receipt-line">
            <dt>{text('sync_sheet_device')}</dt>
            <dd>
              {device}, {formats.moment(atMs)}
            </dd>
          </div>
        </dl>
      </article>
      <div class="row">
        <Button testId="sync-copy" onPress={copy}>
          {text('sync_copy')}
        </Button>
        <Button testId="sync-print" onPress={() => print()}>
          {text('sync_print')}
        </Button>
        <span class="small muted" role="status">
          {said}
        </span>
      </div>
      <label class="choice">
        <input
          type="checkbox"
          data-testid="sync-written-down"
          checked={kept}
          onChange={(event) => setKept(event.currentTarget.checked)}
        />
        {text('sync_written_down')}
      </label>
      <div>
        <Button look="primary" testId="sync-continue" disabled={!kept} onPress={onDone}>
          {text('sync_continue')}
        </Button>
      </div>
    </div>
  );
}

import type { RefObject } from 'preact';
import { useId, useRef, useState } from 'preact/hooks';
import { hostOfUrl, parseHost, type Scope, scopeOfUrl } from '../utils/catalogue/scope';
import { text } from '../utils/platform/text';
import { Button } from './button';

/** The site's scope in what a person typed: a host name, or the address of a page. */
export function typedScope(raw: string): Scope | undefined {
  const typed = raw.trim();
  if (hostOfUrl(typed) !== undefined) return scopeOfUrl(typed);
  // What looks like another kind of address is no site.
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(typed)) return undefined;
  const host = hostOfUrl(`https://${typed}`);
  return host === undefined || parseHost(host) === undefined ? undefined : scopeOfUrl(`https://${typed}`);
}

export interface SiteFieldProps {
  readonly label: string;
  readonly action: string;
  /** What the button is called for those who don't see what it stands beside. */
  readonly actionLabel: string;
  readonly fieldTestId: string;
  readonly actionTestId: string;
  /** Within a list: a smaller label and button. */
  readonly small?: boolean;
  readonly field?: RefObject<HTMLInputElement | null>;
  /** `false`: it was not taken, so what was typed stays. */
  readonly onSite: (scope: Scope) => Promise<boolean>;
}

/** Asks for one site, and says plainly where what was typed is none. */
export function SiteField(props: SiteFieldProps) {
  const { label, action, actionLabel, fieldTestId, actionTestId, small = false, onSite } = props;
  const [typed, setTyped] = useState('');
  const [problem, setProblem] = useState(false);
  const id = useId();
  const own = useRef<HTMLInputElement>(null);
  const field = props.field ?? own;
  const submit = async () => {
    const scope = typedScope(typed);
    setProblem(scope === undefined);
    if (scope === undefined) field.current?.focus();
    else if (await onSite(scope)) setTyped('');
  };
  return (
    <div class="field site-field">
      <label for={id} class={small ? 'small muted' : undefined}>
        {label}
      </label>
      <div class="row">
        <input
          id={id}
          ref={field}
          type="text"
          inputMode="url"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          data-testid={fieldTestId}
          value={typed}
          aria-invalid={problem ? 'true' : undefined}
          aria-describedby={problem ? `${id}-problem` : undefined}
          onInput={(event) => setTyped(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') void submit();
          }}
        />
        <Button small={small} testId={actionTestId} label={actionLabel} onPress={submit}>
          {action}
        </Button>
      </div>
      <p id={`${id}-problem`} class="problem" role="alert">
        {problem ? text('site_field_problem') : ''}
      </p>
    </div>
  );
}

import { useId, useState } from 'preact/hooks';
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

/** Asks for one site, and says plainly where what was typed is none. */
export function SiteField({ name, onSite }: { name: string; onSite: (scope: Scope) => unknown }) {
  const [typed, setTyped] = useState('');
  const [problem, setProblem] = useState(false);
  const id = useId();
  const submit = async () => {
    const scope = typedScope(typed);
    setProblem(scope === undefined);
    if (scope === undefined) {
      document.getElementById(id)?.focus();
      return;
    }
    await onSite(scope);
    setTyped('');
  };
  return (
    <div class="field site-field">
      <label for={id}>{text('site_field_label')}</label>
      <div class="row">
        <input
          id={id}
          type="text"
          inputMode="url"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          data-testid="site-field"
          value={typed}
          aria-invalid={problem ? 'true' : undefined}
          aria-describedby={problem ? `${id}-problem` : undefined}
          onInput={(event) => setTyped(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') void submit();
          }}
        />
        <Button testId="turn-on-site" label={text('turn_on_site_named', name)} onPress={submit}>
          {text('turn_on_site')}
        </Button>
      </div>
      <p id={`${id}-problem`} class="problem" role="alert">
        {problem ? text('site_field_problem') : ''}
      </p>
    </div>
  );
}

import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { siteOf } from '../utils/catalogue/scope';
import { text } from '../utils/platform/text';
import { Button } from './button';
import { typedScope } from './site-field';

export interface HostListProps {
  readonly name: 'allow' | 'block';
  readonly title: string;
  readonly about: string;
  readonly label: string;
  readonly hosts: readonly string[];
  readonly onAdd: (host: string) => Promise<boolean>;
  readonly onRemove: (host: string) => Promise<unknown>;
}

/** A list of hosts that the person keeps. */
export function HostList({ name, title, about, label, hosts, onAdd, onRemove }: HostListProps) {
  const [typed, setTyped] = useState('');
  const [problem, setProblem] = useState(false);
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  const removed = useRef(false);
  // The button that was pressed is gone: the keyboard goes on at the field.
  useEffect(() => {
    if (removed.current) field.current?.focus();
    removed.current = false;
  }, [hosts]);
  const add = async () => {
    const scope = typedScope(typed);
    const host = scope === undefined ? undefined : siteOf(scope)?.host;
    setProblem(host === undefined);
    if (host === undefined) field.current?.focus();
    else if (await onAdd(host)) setTyped('');
  };
  return (
    <section class="stack-tight" aria-labelledby={`${id}-title`} data-testid={`hosts-${name}`}>
      <h3 id={`${id}-title`}>{title}</h3>
      <p class="small muted">{about}</p>
      {hosts.length === 0 ? (
        <p>{text('protection_hosts_none')}</p>
      ) : (
        <ul class="plain host-list">
          {hosts.map((host) => (
            <li key={host} class="row-between" data-testid="host" data-host={host}>
              <span>{host}</span>
              <Button
                small
                testId="remove-host"
                label={text('protection_remove_named', host)}
                onPress={async () => {
                  removed.current = true;
                  await onRemove(host);
                }}
              >
                {text('protection_remove')}
              </Button>
            </li>
          ))}
        </ul>
      )}
      <div class="field site-field">
        <label for={id} class="small muted">
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
            data-testid="host-field"
            value={typed}
            aria-invalid={problem ? 'true' : undefined}
            aria-describedby={problem ? `${id}-problem` : undefined}
            onInput={(event) => setTyped(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === 'Enter') void add();
            }}
          />
          <Button small testId="add-host" label={`${text('protection_add')}: ${label}`} onPress={add}>
            {text('protection_add')}
          </Button>
        </div>
        <p id={`${id}-problem`} class="problem" role="alert">
          {problem ? text('site_field_problem') : ''}
        </p>
      </div>
    </section>
  );
}

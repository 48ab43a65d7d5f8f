import { useEffect, useId, useRef } from 'preact/hooks';
import { type Scope, siteOf } from '../utils/catalogue/scope';
import { text } from '../utils/platform/text';
import { Button } from './button';
import { SiteField } from './site-field';

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
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  const removed = useRef(false);
  // The button that was pressed is gone: the keyboard goes on at the field.
  useEffect(() => {
    if (removed.current) field.current?.focus();
    removed.current = false;
  }, [hosts]);
  const add = async (scope: Scope): Promise<boolean> => {
    const host = siteOf(scope)?.host;
    return host !== undefined && (await onAdd(host));
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
      <SiteField
        small
        label={label}
        action={text('protection_add')}
        actionLabel={`${text('protection_add')}: ${label}`}
        fieldTestId="host-field"
        actionTestId="add-host"
        field={field}
        onSite={add}
      />
    </section>
  );
}

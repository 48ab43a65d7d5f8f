import { useId, useState } from 'preact/hooks';
import type { Scope } from '../utils/catalogue/scope';
import { text } from '../utils/platform/text';
import type { BadAddress } from '../utils/sync/view';
import { Button } from './button';
import { placeOfScope } from './sync-text';
import { typedServer } from './typed-server';

/** What is typed before a place is settled; it is kept in memory alone. */
export interface SyncDraft {
  readonly place: 'browser' | 'server';
  readonly address: string;
  readonly user: string;
  readonly password: string;
}

export const emptyDraft: SyncDraft = { place: 'browser', address: '', user: '', password: '' };

export interface Limits {
  /** Origins that the organisation allows; `null`: it says nothing about it. */
  readonly servers: readonly string[] | null;
  /** The server that was allowed already. */
  readonly scope?: Scope | undefined;
}

/** What is wrong with the typed address, in a sentence; `undefined` where nothing is. */
export function addressProblem(address: string, { servers, scope }: Limits): string | undefined {
  const typed = typedServer(address);
  switch (typed.kind) {
    case 'empty':
      return text('sync_address_empty');
    case 'not-https':
      return text('sync_address_https');
    case 'with-credentials':
      return text('sync_address_credentials');
    case 'with-query':
      return text('sync_address_query');
    case 'malformed':
      return text('sync_address_malformed');
    case 'server':
      if (scope !== undefined && typed.scope !== scope) return text('sync_address_other', placeOfScope(scope));
      return servers === null || servers.includes(typed.origin) ? undefined : text('sync_address_managed');
  }
}

const badAddresses = {
  malformed: 'sync_address_malformed',
  'not-https': 'sync_address_https',
  'with-credentials': 'sync_address_credentials',
  'not-allowed': 'sync_address_managed',
} as const;

/** The background's word on an address. */
export const badAddressText = ({ why }: BadAddress, scope: Scope): string =>
  why === 'other-server' ? text('sync_address_other', placeOfScope(scope)) : text(badAddresses[why]);

interface Fields {
  readonly draft: SyncDraft;
  readonly limits: Limits;
  readonly onDraft: (draft: SyncDraft) => void;
}

interface ServerFieldsProps extends Fields {
  /** Also what is merely missing is told. */
  readonly tried: boolean;
  readonly onSubmit: () => unknown;
}

function ServerFields({ draft, limits, tried, onDraft, onSubmit }: ServerFieldsProps) {
  const id = useId();
  const typed = typedServer(draft.address);
  const problem = typed.kind === 'empty' && !tried ? undefined : addressProblem(draft.address, limits);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter') void onSubmit();
  };
  return (
    <div class="stack sync-server">
      <div class="field">
        <label for={id}>{text('sync_address')}</label>
        <input
          id={id}
          type="text"
          inputMode="url"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          data-testid="sync-address"
          value={draft.address}
          aria-invalid={problem === undefined ? undefined : 'true'}
          aria-describedby={`${id}-problem ${id}-help`}
          onInput={(event) => onDraft({ ...draft, address: event.currentTarget.value })}
          onKeyDown={onKeyDown}
        />
        <p id={`${id}-problem`} class="problem" aria-live="polite" data-testid="sync-address-problem">
          {problem ?? ''}
        </p>
        <p id={`${id}-help`} class="small muted">
          {text('sync_address_help')}
        </p>
      </div>
      <div class="field">
        <label for={`${id}-user`}>{text('sync_user')}</label>
        <input
          id={`${id}-user`}
          type="text"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          data-testid="sync-user"
          value={draft.user}
          onInput={(event) => onDraft({ ...draft, user: event.currentTarget.value })}
          onKeyDown={onKeyDown}
        />
      </div>
      <div class="field">
        <label for={`${id}-password`}>{text('sync_password')}</label>
        <input
          id={`${id}-password`}
          type="password"
          autocomplete="off"
          data-testid="sync-password"
          value={draft.password}
          aria-describedby={`${id}-password-help`}
          onInput={(event) => onDraft({ ...draft, password: event.currentTarget.value })}
          onKeyDown={onKeyDown}
        />
        <p id={`${id}-password-help`} class="small muted">
          {text('sync_password_help')}
        </p>
      </div>
    </div>
  );
}

interface SubmitProps extends Fields {
  readonly onSubmit: () => unknown;
}

/** Hands on what was typed, or goes to the field that is wrong. */
function useSubmit({ draft, limits, onSubmit }: SubmitProps) {
  const [tried, setTried] = useState(false);
  const submit = () => {
    if (draft.place === 'server' && addressProblem(draft.address, limits) !== undefined) {
      setTried(true);
      document.querySelector<HTMLElement>('[data-testid="sync-address"]')?.focus();
      return undefined;
    }
    return onSubmit();
  };
  return { tried, submit };
}

/** The choice of a place, before anything is allowed. */
export function PlaceForm(props: SubmitProps & { readonly disabled: boolean }) {
  const { draft, limits, onDraft } = props;
  const { tried, submit } = useSubmit(props);
  const group = useId();
  const { servers } = limits;
  const typed = typedServer(draft.address);
  if (servers?.length === 0) return <p data-testid="sync-no-place">{text('sync_place_managed_none')}</p>;
  const choice = (place: SyncDraft['place'], title: string, about: string) => (
    <label class="choice">
      <input
        type="radio"
        name={group}
        data-testid={`sync-place-${place}`}
        checked={draft.place === place}
        disabled={place === 'browser' && servers !== null}
        onChange={() => onDraft({ ...draft, place })}
      />
      <span>
        {title}
        <br />
        <span class="small muted">{about}</span>
      </span>
    </label>
  );
  return (
    <div class="stack">
      <fieldset class="stack-tight">
        <legend class="field-title">{text('sync_place')}</legend>
        {servers === null ? null : <p class="small">{text('sync_place_managed', servers.join(', '))}</p>}
        {choice('browser', text('sync_place_browser'), text('sync_place_browser_text'))}
        {choice('server', text('sync_place_server'), text('sync_place_server_text'))}
      </fieldset>
      {draft.place === 'server' ? (
        <ServerFields draft={draft} limits={limits} tried={tried} onDraft={onDraft} onSubmit={submit} />
      ) : null}
      <div class="row">
        <Button look="primary" testId="sync-turn-on" disabled={props.disabled} onPress={submit}>
          {text('turn_on')}
        </Button>
        {draft.place === 'server' && typed.kind === 'server' ? (
          <span class="small muted">{text('sync_asks', typed.host)}</span>
        ) : null}
      </div>
    </div>
  );
}

/** Address and sign-in of the server that was allowed. */
export function ServerForm(props: SubmitProps) {
  const { draft, limits, onDraft } = props;
  const { tried, submit } = useSubmit(props);
  return (
    <div class="stack">
      <ServerFields draft={draft} limits={limits} tried={tried} onDraft={onDraft} onSubmit={submit} />
      <div>
        <Button look="primary" testId="sync-test" onPress={submit}>
          {text('sync_test')}
        </Button>
      </div>
    </div>
  );
}

import type { CapabilityId } from '../utils/catalogue/catalogue';
import type { Scope } from '../utils/catalogue/scope';
import type { Revoked, ScopeView } from '../utils/messages/contract';
import { text } from '../utils/platform/text';
import { Banner } from './banner';
import { Button } from './button';
import { formats, whenText } from './formats';
import { grantText, revokedText, untilText, whereText } from './grant-text';
import { Icon } from './icons';
import { StateMark } from './state-mark';
import { useKeptFocus } from './use-kept-focus';

/** What came of something that the person did to this grant, on this page. */
export type RowOutcome = { kind: 'revoked'; revoked: Revoked } | { kind: 'kept' } | { kind: 'erased'; records: string };

export interface GrantRowProps {
  readonly capability: CapabilityId;
  readonly view: ScopeView;
  /** A revocation of it is in force but not on record. */
  readonly undurable: { readonly marked: boolean } | undefined;
  readonly outcome: RowOutcome | undefined;
  /** Whether the row offers to ask again (the card does so itself for all sites). */
  readonly asksAgain: boolean;
  readonly onRevoke: (scope: Scope) => unknown;
  readonly onAskAgain: (scope: Scope) => unknown;
  readonly onKeep: (scope: Scope) => unknown;
  readonly onErase: (scope: Scope) => unknown;
  readonly onClause: (id: string) => void;
}

/** One scope of a capability: its state, since when, until when, and what can be done. */
export function GrantRow(props: GrantRowProps) {
  const { capability, view, undurable, outcome, onRevoke, onAskAgain } = props;
  const { scope, state } = view;
  const live = state === 'granted';
  const name = grantText(capability, scope);
  const where = whereText(capability, scope);
  const row = useKeptFocus<HTMLLIElement>([outcome, outcome ? state : undefined]);
  return (
    <li class="grant stack-tight" ref={row} tabIndex={-1} data-testid="grant" data-scope={scope} data-state={state}>
      <div class="row-between">
        <div class="row">
          {undurable ? (
            <span class="mark" data-tone="warn">
              <Icon name="warning" />
              {text(undurable.marked ? 'state_not_on_record' : 'state_not_durable')}
            </span>
          ) : (
            <StateMark state={state} />
          )}
          {where === undefined ? null : <strong>{where}</strong>}
        </div>
        <div class="row">
          {!live && props.asksAgain ? (
            <Button small testId="ask-again" label={text('ask_again_named', name)} onPress={() => onAskAgain(scope)}>
              {text('ask_again')}
            </Button>
          ) : null}
          {live || state === 'paused' || undurable ? (
            <Button small testId="revoke" label={text('revoke_named', name)} onPress={() => onRevoke(scope)}>
              {text('revoke')}
            </Button>
          ) : null}
          <a
            class="small"
            target="_blank"
            rel="noopener"
            data-testid="receipt-link"
            aria-label={text('receipt_open_named', name)}
            href={`/receipt.html?${new URLSearchParams({ capability, scope })}`}
          >
            {text('receipt_open')}
          </a>
        </div>
      </div>
      <p class="small muted">{stateText(view)}</p>
      {state === 'paused' && view.changedClauses.length > 0 ? (
        <p class="small row">
          {text('row_changed_clauses')}
          {view.changedClauses.map((id) => (
            <Button key={id} look="link" onPress={() => props.onClause(id)}>
              {text('clause_link', id)}
            </Button>
          ))}
        </p>
      ) : null}
      {outcome ? <Outcome capability={capability} scope={scope} outcome={outcome} view={view} /> : null}
      {view.seals.length > 0 ? <SealedData {...props} name={name} /> : null}
    </li>
  );
}

function stateText(view: ScopeView): string {
  const since = whenText(view.sinceMs);
  switch (view.state) {
    case 'granted': {
      const used = view.lastUsedMs > view.sinceMs ? text('row_used', whenText(view.lastUsedMs)) : text('row_unused');
      return [text('row_since', since), untilText(view), used].join(' · ');
    }
    case 'refused':
      return text('row_refused', since);
    case 'never':
      return text('row_never', since);
    case 'revoked':
      return text(view.excluded ? 'row_excluded' : 'row_revoked', since);
    case 'expired':
      return text('row_expired', since);
    case 'paused':
      return text('row_paused', since);
    case 'revoked-but-held':
      return text('row_held', since);
    case 'forbidden':
      return text('managed_row_rests');
    default:
      return '';
  }
}

interface OutcomeProps {
  readonly capability: CapabilityId;
  readonly scope: Scope;
  readonly outcome: RowOutcome;
  readonly view: ScopeView;
}

function Outcome({ capability, scope, outcome, view }: OutcomeProps) {
  if (outcome.kind === 'kept') {
    const until = Math.max(0, ...view.seals.map((seal) => seal.eraseAtMs));
    return until > 0 ? <p class="small">{text('row_kept', formats.date(until))}</p> : null;
  }
  if (outcome.kind === 'erased') return <p class="small">{outcome.records}</p>;
  const { revoked } = outcome;
  const certain = revoked.kind === 'revoked' && revoked.held !== 'kept-by-browser';
  return (
    <Banner tone={certain || revoked.kind === 'not-live' ? 'info' : 'danger'}>
      <p class="small">{revokedText(capability, scope, revoked, view.seals.length > 0)}</p>
    </Banner>
  );
}

/** What an ended grant collected: kept, sealed, until a date, unless the person erases it now. */
function SealedData({ view, outcome, name, onKeep, onErase }: GrantRowProps & { name: string }) {
  const until = Math.max(...view.seals.map((seal) => seal.eraseAtMs));
  const kept = outcome?.kind === 'kept';
  return (
    <div class="row small">
      {kept ? null : <span>{text('row_sealed', formats.date(until))}</span>}
      {kept ? null : (
        <Button
          small
          testId="keep-data"
          label={text('keep_data_named', formats.date(until), name)}
          onPress={() => onKeep(view.scope)}
        >
          {text('keep_data', formats.date(until))}
        </Button>
      )}
      <Button small testId="erase-data" label={text('erase_data_named', name)} onPress={() => onErase(view.scope)}>
        {text('erase_data')}
      </Button>
    </div>
  );
}

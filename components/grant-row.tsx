import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { CapabilityId } from '../utils/catalogue/catalogue';
import type { Scope } from '../utils/catalogue/scope';
import type { Revoked, ScopeView } from '../utils/messages/contract';
import { text } from '../utils/platform/text';
import { Banner } from './banner';
import { Button } from './button';
import { formats, whenText } from './formats';
import { grantText, isCertain, receiptAddress, revokedText, whereText } from './grant-text';
import { Icon } from './icons';
import { StateMark } from './state-mark';
import { useKeptFocus } from './use-kept-focus';
import { useSoon } from './use-soon';

/** What came of something that the person did to this grant, on this page. */
export type RowOutcome = { kind: 'revoked'; revoked: Revoked } | { kind: 'kept' } | { kind: 'erased'; records: string };

export interface GrantRowProps {
  readonly capability: CapabilityId;
  readonly view: ScopeView;
  /** A revocation of it is in force but not on record. */
  readonly undurable: { readonly marked: boolean } | undefined;
  readonly outcome: RowOutcome | undefined;
  /** Whether the row offers to ask again (where it is the only one, the card does so itself). */
  readonly asksAgain: boolean;
  readonly onRevoke: (scope: Scope) => unknown;
  readonly onAskAgain: (scope: Scope) => unknown;
  readonly onKeep: (scope: Scope) => unknown;
  readonly onErase: (scope: Scope) => unknown;
  readonly onClause: (id: string) => void;
}

/** One scope of a capability: its state, and what can be done. What is known of a live one stands in the page's summary. */
export function GrantRow(props: GrantRowProps) {
  const { capability, view, undurable, outcome, onRevoke, onAskAgain } = props;
  const { scope, state } = view;
  const live = state === 'granted';
  const name = grantText(capability, scope);
  const where = whereText(capability, scope);
  const row = useKeptFocus<HTMLLIElement>([outcome, outcome ? state : undefined]);
  const told = outcome?.kind === 'revoked';
  const more = moreText(view);
  const plain = !live && more === undefined;
  const askAgain = !live && props.asksAgain && (
    <Button small testId="ask-again" label={text('ask_again_named', name)} onPress={() => onAskAgain(scope)}>
      {text('ask_again')}
    </Button>
  );
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
          {plain ? <span class="small muted">{whenText(view.sinceMs)}</span> : null}
        </div>
        <div class="row">
          {told ? null : askAgain}
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
            href={receiptAddress(capability, scope)}
          >
            {text('receipt_open')}
          </a>
        </div>
      </div>
      {more === undefined || told ? null : <p class="small muted">{more}</p>}
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
      {outcome ? (
        <Outcome capability={capability} scope={scope} outcome={outcome} view={view}>
          {askAgain}
        </Outcome>
      ) : null}
      {view.seals.length > 0 ? <SealedData {...props} name={name} /> : null}
    </li>
  );
}

/** What there is to say about a state beyond its name and its time. */
function moreText({ state, excluded, sinceMs }: ScopeView): string | undefined {
  const since = whenText(sinceMs);
  if (state === 'never') return text('row_never', since);
  if (state === 'revoked' && excluded) return text('row_excluded', since);
  if (state === 'paused') return text('row_paused', since);
  if (state === 'revoked-but-held') return text('row_held', since);
  if (state === 'forbidden') return text('managed_row_rests');
  return undefined;
}

interface OutcomeProps {
  readonly capability: CapabilityId;
  readonly scope: Scope;
  readonly outcome: RowOutcome;
  readonly view: ScopeView;
  /** What undoes it. */
  readonly children: ComponentChildren;
}

function Outcome({ capability, scope, outcome, view, children }: OutcomeProps) {
  if (outcome.kind === 'kept') {
    const until = Math.max(0, ...view.seals.map((seal) => seal.eraseAtMs));
    return until > 0 ? <p class="small">{text('row_kept', formats.date(until))}</p> : null;
  }
  if (outcome.kind === 'erased') return <p class="small">{outcome.records}</p>;
  const { revoked } = outcome;
  return (
    <Banner tone={isCertain(revoked) ? 'info' : 'danger'}>
      <div class="row-between">
        <p class="small">{revokedText(capability, scope, revoked, view.seals.length > 0)}</p>
        {children}
      </div>
    </Banner>
  );
}

/** What an ended grant collected: kept, sealed, until a date, unless the person erases it now; for a moment, that can be undone. */
function SealedData({ view, outcome, name, onKeep, onErase }: GrantRowProps & { name: string }) {
  const [erasing, setErasing] = useState(false);
  const soon = useSoon<Scope>(async (scope) => {
    setErasing(true);
    await onErase(scope);
    setErasing(false);
  });
  const place = useKeptFocus<HTMLDivElement>([soon.pending]);
  const until = Math.max(...view.seals.map((seal) => seal.eraseAtMs));
  if (soon.pending !== undefined) {
    return (
      <div class="row-between small" ref={place} tabIndex={-1}>
        <span role="alert">{text('erasing_sealed')}</span>
        <Button small testId="undo-erase-data" label={text('undo_named', name)} onPress={soon.undo}>
          {text('undo')}
        </Button>
      </div>
    );
  }
  const kept = outcome?.kind === 'kept';
  return (
    <div class="row-between small" ref={place} tabIndex={-1}>
      <span>{kept ? '' : text('row_sealed', formats.date(until))}</span>
      <span class="row">
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
        <Button
          small
          testId="erase-data"
          busy={erasing}
          label={text('erase_data_named', name)}
          onPress={() => soon.start(view.scope)}
        >
          {text('erase_data')}
        </Button>
      </span>
    </div>
  );
}

import { useId, useState } from 'preact/hooks';
import { capability as entryOf } from '../utils/catalogue/catalogue';
import type { Scope } from '../utils/catalogue/scope';
import type { CapabilityView, State } from '../utils/messages/contract';
import { text } from '../utils/platform/text';
import { Button } from './button';
import { CapabilityName } from './capability-name';
import { capabilityText } from './capability-text';
import { counted } from './formats';
import { GrantRow, type GrantRowProps, type RowOutcome } from './grant-row';
import { fitsSite } from './permission-filter';
import { SiteField } from './site-field';
import { StateMark } from './state-mark';

export interface CapabilityCardProps
  extends Pick<GrantRowProps, 'onRevoke' | 'onAskAgain' | 'onKeep' | 'onErase' | 'onClause'> {
  readonly view: CapabilityView;
  /** Nothing can be granted. */
  readonly closed: boolean;
  readonly undurable: State['undurable'];
  readonly managed: State['managed'];
  readonly outcomes: ReadonlyMap<Scope, RowOutcome>;
  /** What is typed as a site: only its rows are shown. */
  readonly site: string;
}

/** Rows that are shown at once. */
const ROWS_SHOWN = 12;

/** One capability: what it does, its state, and a row for each scope that was ever decided. */
export function CapabilityCard({ view, closed, undurable, managed, outcomes, site, ...on }: CapabilityCardProps) {
  const { id, state, scopes, mayAsk } = view;
  const [all, setAll] = useState(false);
  const headingId = useId();
  const { sites, clauses } = entryOf(id);
  const name = capabilityText(id, 'name');
  const broad = scopes.find((scope) => scope.scope === '*');
  const everywhere = broad?.state === 'granted';
  const rows = scopes
    .filter(({ scope }) => fitsSite(id, scope, site))
    .sort((a, b) => Number(b.state === 'granted') - Number(a.state === 'granted') || b.sinceMs - a.sinceMs);
  const shown = all ? rows : rows.slice(0, ROWS_SHOWN);
  const live = scopes.some((scope) => scope.state === 'granted');
  // Of several places, one at a time.
  const mayTurnOn = mayAsk && !(sites === 'server' ? live : everywhere);
  // This browser's own sync is no server that an organisation could name.
  const asksHere = sites !== 'server' || (managed?.syncServers ?? null) === null;
  const decided = broad !== undefined && broad.state !== 'off';
  return (
    <article
      class="card capability stack"
      aria-labelledby={headingId}
      data-testid={`capability-${id}`}
      data-state={state}
    >
      <div class="stack-tight">
        <div class="row-between">
          <h2 id={headingId} class="card-title with-icon">
            <CapabilityName id={id} />
          </h2>
          {rows.length === 0 || state === 'forbidden' || state === 'unsupported' ? <StateMark state={state} /> : null}
        </div>
        <p>{capabilityText(id, 'does')}</p>
        {state === 'forbidden' ? (
          <p class="small muted" data-testid="forbidden">
            {text(managed?.unread ? 'managed_card_unread' : 'managed_card_note')}
          </p>
        ) : null}
      </div>
      {shown.length > 0 ? (
        <ul class="plain grants" aria-label={text('grants_of', name)}>
          {shown.map((scope) => (
            <GrantRow
              key={scope.scope}
              capability={id}
              view={scope}
              undurable={undurable.find((one) => one.capability === id && one.scope === scope.scope)}
              outcome={outcomes.get(scope.scope)}
              asksAgain={
                !closed &&
                mayAsk &&
                (scope.scope !== '*' || (sites === 'choose' && outcomes.has('*'))) &&
                !(sites === 'server' && live)
              }
              {...on}
            />
          ))}
        </ul>
      ) : null}
      {rows.length > shown.length ? (
        <div>
          <Button small onPress={() => setAll(true)}>
            {counted('more_sites', rows.length - shown.length)}
          </Button>
        </div>
      ) : null}
      {mayTurnOn && asksHere ? (
        <div class="capability-turn-on">
          {sites === 'choose' && !closed ? (
            <SiteField
              label={text('site_field_label')}
              action={text('turn_on_site')}
              actionLabel={text('turn_on_site_named', name)}
              fieldTestId="site-field"
              actionTestId="turn-on-site"
              onSite={async (scope) => {
                await on.onAskAgain(scope);
                return true;
              }}
            />
          ) : null}
          <Button
            testId="turn-on"
            look={sites === 'choose' ? 'plain' : 'primary'}
            disabled={closed}
            label={text(sites === 'choose' ? 'turn_on_all_named' : decided ? 'ask_again_named' : 'turn_on_named', name)}
            onPress={() => on.onAskAgain('*')}
          >
            {text(sites === 'choose' ? 'turn_on_all' : decided ? 'ask_again' : 'turn_on')}
          </Button>
        </div>
      ) : null}
      {sites === 'server' ? <PlaceLine live={live} mayTurnOn={mayTurnOn} own={asksHere} /> : null}
      <details class="small">
        <summary>{text('capability_about')}</summary>
        <dl class="facts disclosure-body">
          <dt>{text('notice_purpose')}</dt>
          <dd>{capabilityText(id, 'why')}</dd>
          <dt>{text('about_limits')}</dt>
          <dd>{capabilityText(id, 'limits')}</dd>
          <dt>{text('notice_retention')}</dt>
          <dd>{capabilityText(id, 'retention')}</dd>
          <dt>{text('notice_refusal')}</dt>
          <dd>{capabilityText(id, 'refusal')}</dd>
          <dt>{text('notice_clauses')}</dt>
          <dd class="row">
            {clauses.map((clause) => (
              <Button key={clause} look="link" onPress={() => on.onClause(clause)}>
                {text('clause_link', clause)}
              </Button>
            ))}
          </dd>
        </dl>
      </details>
    </article>
  );
}

/** Where sync keeps its copy is chosen in its own section. */
function PlaceLine({ live, mayTurnOn, own }: { live: boolean; mayTurnOn: boolean; own: boolean }) {
  if (live) {
    return (
      <p class="small">
        {text('sync_card_open')} <a href="#sync">{text('sync_card_open_link')}</a>
      </p>
    );
  }
  if (!mayTurnOn) return null;
  return (
    <p class="small" data-testid="sync-choose-place">
      {own ? text('sync_card_place') : text('sync_card_managed')} <a href="#sync">{text('sync_card_place_link')}</a>
    </p>
  );
}

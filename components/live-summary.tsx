import { useId, useState } from 'preact/hooks';
import { type CapabilityId, capability } from '../utils/catalogue/catalogue';
import type { Scope } from '../utils/catalogue/scope';
import type { CapabilityView, ScopeView, State } from '../utils/messages/contract';
import { text } from '../utils/platform/text';
import { liveScopes } from './active-list';
import { Button } from './button';
import { CapabilityName } from './capability-name';
import { formats, whenText } from './formats';
import { grantText, lastUsedText, untilText, whereText } from './grant-text';
import { Icon, type IconName } from './icons';
import { type PermissionFilter, permissionFilters } from './permission-filter';

/** Rows that are shown at once. */
const ROWS_SHOWN = 8;

/** What is told at one glance, in this order. */
const counts = [
  ['on', 'on'],
  ['off', 'off'],
  ['paused', 'paused'],
  ['attention', 'warning'],
] as const satisfies readonly (readonly [PermissionFilter, IconName])[];

export interface LiveSummaryProps {
  readonly capabilities: readonly CapabilityView[];
  readonly undurable: State['undurable'];
  readonly onRevoke: (capability: CapabilityId, scope: Scope) => unknown;
  readonly onClause: (id: string) => void;
}

/** What is on now: each permission with all that is known of it, and how many capabilities are on, off, or in between. */
export function LiveSummary({ capabilities, undurable, onRevoke, onClause }: LiveSummaryProps) {
  const [all, setAll] = useState(false);
  const id = useId();
  const rows = capabilities
    .flatMap((view) => liveScopes(view).map((scope) => ({ id: view.id, scope })))
    .sort((a, b) => b.scope.sinceMs - a.scope.sinceMs);
  const shown = all ? rows : rows.slice(0, ROWS_SHOWN);
  return (
    <section class="stack" aria-labelledby={id} data-testid="summary">
      <div class="row-between">
        <h2 id={id}>{text('summary_heading')}</h2>
        <dl class="counts" aria-label={text('summary_counts')}>
          {counts.map(([name, icon]) => {
            const count = capabilities.filter((view) => permissionFilters[name].fits(view, undurable)).length;
            return (
              <div key={name} data-testid={`count-${name}`} data-count={count}>
                <dt>
                  <Icon name={icon} />
                  {text(permissionFilters[name].word)}
                </dt>
                <dd>{formats.number(count)}</dd>
              </div>
            );
          })}
        </dl>
      </div>
      {rows.length === 0 ? (
        <p class="card" data-testid="nothing-on">
          {text('summary_nothing')}
        </p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <section class="table-scroll table-cards" tabIndex={0} aria-labelledby={id}>
          <table>
            <thead>
              <tr>
                <th scope="col">{text('column_capability')}</th>
                <th scope="col">{text('column_place')}</th>
                <th scope="col">{text('column_since')}</th>
                <th scope="col">{text('column_how_long')}</th>
                <th scope="col">{text('column_last_used')}</th>
                <th scope="col">{text('column_clause')}</th>
                <th scope="col">
                  <span class="visually-hidden">{text('revoke')}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.map((row) => (
                <Row key={`${row.id} ${row.scope.scope}`} {...row} onRevoke={onRevoke} onClause={onClause} />
              ))}
            </tbody>
          </table>
        </section>
      )}
      {shown.length < rows.length ? (
        <div>
          <Button small testId="more-live" onPress={() => setAll(true)}>
            {text('more')}
          </Button>
        </div>
      ) : null}
    </section>
  );
}

interface RowProps extends Pick<LiveSummaryProps, 'onRevoke' | 'onClause'> {
  readonly id: CapabilityId;
  readonly scope: ScopeView;
}

function Row({ id, scope: view, onRevoke, onClause }: RowProps) {
  const { scope, sinceMs } = view;
  return (
    <tr data-testid="live-grant" data-capability={id} data-scope={scope}>
      <th scope="row">
        <span class="with-icon">
          <CapabilityName id={id} />
        </span>
      </th>
      <td data-label={text('column_place')}>{whereText(id, scope) ?? text('where_browser')}</td>
      <td data-label={text('column_since')}>{whenText(sinceMs)}</td>
      <td data-label={text('column_how_long')}>{untilText(view)}</td>
      <td data-label={text('column_last_used')}>{lastUsedText(view, Date.now())}</td>
      <td data-label={text('column_clause')}>
        <span class="clauses">
          {capability(id).clauses.map((clause) => (
            <Button key={clause} look="link" label={text('clause_link', clause)} onPress={() => onClause(clause)}>
              {clause}
            </Button>
          ))}
        </span>
      </td>
      <td>
        <Button
          small
          testId="revoke-live"
          label={text('revoke_named', grantText(id, scope))}
          onPress={() => onRevoke(id, scope)}
        >
          {text('revoke')}
        </Button>
      </td>
    </tr>
  );
}

import type { CapabilityId } from '../utils/catalogue/catalogue';
import { covers, type Scope } from '../utils/catalogue/scope';
import type { CapabilityView, ScopeView } from '../utils/messages/contract';
import { text } from '../utils/platform/text';
import { Button } from './button';
import { CapabilityName } from './capability-name';
import { counted, whenText } from './formats';
import { grantText, untilText, whereText } from './grant-text';
import { StateMark } from './state-mark';

/** Scopes of one capability that the popup shows; the rest stand in the options page. */
const SCOPES_SHOWN = 3;

export const liveScopes = (view: CapabilityView): ScopeView[] =>
  view.scopes.filter((scope) => scope.state === 'granted');

function placed(id: CapabilityId, scope: Scope) {
  const where = whereText(id, scope);
  return where === undefined ? null : <div>{where}</div>;
}

export interface ActiveListProps {
  readonly capabilities: readonly CapabilityView[];
  /** The host in front: what covers it comes first. */
  readonly host: string | undefined;
  readonly onRevoke: (capability: CapabilityId, scope: Scope) => unknown;
}

/** What is on now, each with one click to take it back. */
export function ActiveList({ capabilities, host, onRevoke }: ActiveListProps) {
  const live = capabilities.filter((view) => liveScopes(view).length > 0);
  if (live.length === 0) return <p class="muted">{text('popup_nothing_on')}</p>;
  const here = ({ scope }: ScopeView) => Number(host !== undefined && covers(scope, host));
  return (
    <ul class="plain card actives">
      {live.map((view) => {
        const scopes = liveScopes(view).sort((a, b) => here(b) - here(a));
        const more = scopes.length - SCOPES_SHOWN;
        return (
          <li key={view.id} class="stack-tight" data-testid={`active-${view.id}`}>
            {scopes.slice(0, SCOPES_SHOWN).map((scope, index) => (
              <div class="active" key={scope.scope}>
                <div class="active-text">
                  {index === 0 ? (
                    <div class="row">
                      <strong class="with-icon">
                        <CapabilityName id={view.id} />
                      </strong>
                      <StateMark state="granted" />
                    </div>
                  ) : null}
                  <div class="small">
                    {placed(view.id, scope.scope)}
                    <div class="muted">
                      {[text('row_since', whenText(scope.sinceMs)), untilText(scope)].join(' · ')}
                    </div>
                  </div>
                </div>
                <Button
                  small
                  testId="revoke"
                  label={text('revoke_named', grantText(view.id, scope.scope))}
                  onPress={() => onRevoke(view.id, scope.scope)}
                >
                  {text('revoke')}
                </Button>
              </div>
            ))}
            {more > 0 ? (
              <a class="small" href="/options.html#permissions">
                {counted('more_sites', more)}
              </a>
            ) : null}
          </li>
        );
      })}
    </ul>
  );
}

import { useEffect, useRef, useState } from 'preact/hooks';
import { Button } from '../../components/button';
import { capabilityText } from '../../components/capability-text';
import { FeedbackForm, type FeedbackFormProps } from '../../components/feedback-form';
import { formats } from '../../components/formats';
import { whereText } from '../../components/grant-text';
import { managedProblemText } from '../../components/managed-view';
import { Problem } from '../../components/problem';
import { scopeText } from '../../components/scope-text';
import { useLoaded } from '../../components/use-loaded';
import type { Needs } from '../../utils/catalogue/catalogue';
import { ask } from '../../utils/messages/client';
import type { Diagnostics as Facts } from '../../utils/messages/contract';
import { text } from '../../utils/platform/text';
import { Reports } from './reports';
import type { SectionProps } from './section';

/** How Cloudopt itself is doing: readable, and copied whole when someone asks for it. */
export function Diagnostics({ state, tick, announce }: SectionProps) {
  const facts = useLoaded(() => ask('diagnostics.get', {}), [tick]);
  const [copied, setCopied] = useState('');
  const copy = async (value: Facts) => {
    let key: 'diagnostics_copied' | 'diagnostics_not_copied' = 'diagnostics_copied';
    try {
      await navigator.clipboard.writeText(JSON.stringify(value, undefined, 2));
    } catch {
      key = 'diagnostics_not_copied';
    }
    setCopied(text(key));
    announce(text(key));
  };
  return (
    <>
      <p class="muted measure">{text('diagnostics_lead')}</p>
      {facts.error === undefined ? null : <Problem error={facts.error} onRetry={facts.reload} />}
      {facts.slow ? <p class="muted">{text('loading')}</p> : null}
      {facts.value ? <Rows facts={facts.value} /> : null}
      {facts.value ? (
        <div class="row">
          <Button testId="copy-diagnostics" onPress={() => (facts.value ? copy(facts.value) : undefined)}>
            {text('diagnostics_copy')}
          </Button>
          <span>{copied}</span>
        </div>
      ) : null}
      {state.closed === null ? <Reports tick={tick} announce={announce} /> : null}
      {facts.value ? <Feedback version={facts.value.version} browser={facts.value.browser} /> : null}
    </>
  );
}

/** Where a link to the feedback goes. */
export const FEEDBACK_HASH = '#diagnostics/feedback';

function Feedback(mail: FeedbackFormProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (location.hash !== FEEDBACK_HASH) return;
    heading.current?.scrollIntoView();
    heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <section class="stack measure" aria-labelledby="feedback">
      <h2 id="feedback" ref={heading} tabIndex={-1}>
        {text('feedback_heading')}
      </h2>
      <FeedbackForm {...mail} />
    </section>
  );
}

const namesOf = (needs: Needs): string =>
  [...needs.permissions, ...needs.origins, ...needs.dataCollection].join(', ') || text('none');

function Rows({ facts }: { facts: Facts }) {
  const { database, head, managed, leases, forwarders, errors } = facts;
  return (
    <dl class="card facts diagnostics">
      <dt>{text('diagnostics_version')}</dt>
      <dd>{facts.version}</dd>
      <dt>{text('diagnostics_browser')}</dt>
      <dd>{facts.browser}</dd>
      <dt>{text('diagnostics_started')}</dt>
      <dd>{formats.exact(facts.startedAtMs)}</dd>
      <dt>{text('diagnostics_database')}</dt>
      <dd>
        {text('diagnostics_database_state', database.kind, database.unreadableRows)}
        {database.id === null ? null : <div class="mono muted">{database.id}</div>}
      </dd>
      <dt>{text('diagnostics_head')}</dt>
      <dd>
        {head === null ? text('none') : text('diagnostics_head_state', head.seq, head.maxEpoch)}
        {head === null ? null : <div class="mono muted">{head.hash}</div>}
      </dd>
      <dt>{text('diagnostics_managed')}</dt>
      <dd data-testid="managed-diagnostics">
        {managed.problems.length === 0 ? (
          text(managed.exists ? 'diagnostics_managed_read' : 'none')
        ) : (
          <ul class="plain stack-tight">
            {managed.problems.map((problem) => (
              <li key={`${problem.kind} ${problem.word}`}>{managedProblemText(problem)}</li>
            ))}
          </ul>
        )}
      </dd>
      <dt>{text('diagnostics_usage')}</dt>
      <dd>{facts.usageBytes === null ? text('diagnostics_unknown') : formats.bytes(facts.usageBytes)}</dd>
      <dt>{text('diagnostics_held')}</dt>
      <dd>{namesOf(facts.held)}</dd>
      <dt>{text('diagnostics_unexplained')}</dt>
      <dd>{namesOf(facts.unexplained)}</dd>
      <dt>{text('diagnostics_leases')}</dt>
      <dd>
        {leases.length === 0 ? (
          text('diagnostics_no_leases')
        ) : (
          <ul class="plain">
            {leases.map((lease) => (
              <li key={`${lease.capability} ${lease.scope}`}>
                {text(
                  'diagnostics_lease',
                  capabilityText(lease.capability, 'name'),
                  whereText(lease.capability, lease.scope) ?? scopeText(lease.scope),
                  lease.epoch,
                )}
              </li>
            ))}
          </ul>
        )}
      </dd>
      <dt>{text('diagnostics_forwarders')}</dt>
      <dd>
        <ul class="plain">
          {forwarders.map(({ event, registered }) => (
            <li key={event}>
              <code>{event}</code>: {text(registered ? 'diagnostics_listening' : 'diagnostics_not_listening')}
            </li>
          ))}
        </ul>
      </dd>
      <dt>{text('diagnostics_connections')}</dt>
      <dd>{formats.number(facts.connections)}</dd>
      <dt>{text('diagnostics_errors')}</dt>
      <dd>
        {errors.length === 0 ? (
          text('none')
        ) : (
          <ul class="plain stack-tight">
            {errors.map((error) => (
              <li key={`${error.atMs} ${error.text}`}>
                <span class="muted">{formats.exact(error.atMs)}</span>
                <br />
                <code>{error.text}</code>
              </li>
            ))}
          </ul>
        )}
      </dd>
    </dl>
  );
}

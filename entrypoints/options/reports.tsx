import { useState } from 'preact/hooks';
import { Banner } from '../../components/banner';
import { Button } from '../../components/button';
import { capabilityText } from '../../components/capability-text';
import { Confirm } from '../../components/confirm';
import { counted, formats, whenText } from '../../components/formats';
import { Problem } from '../../components/problem';
import { useAttempt } from '../../components/use-attempt';
import { useLoaded } from '../../components/use-loaded';
import { ask } from '../../utils/messages/client';
import type { ReportSent, ReportView } from '../../utils/messages/contract';
import { utcDay } from '../../utils/platform/clock';
import { type TextKey, text } from '../../utils/platform/text';
import type { SectionProps } from './section';

const sentTexts: Readonly<Record<ReportSent['kind'], TextKey>> = {
  sent: 'reports_sent',
  waiting: 'reports_waiting',
  refused: 'reports_refused',
  changed: 'reports_changed',
  'no-endpoint': 'reports_no_endpoint',
};

/** Usage statistics and crash reports: what they would say, byte by byte, and what of it may leave. */
export function Reports({ tick, announce }: Pick<SectionProps, 'tick' | 'announce'>) {
  const view = useLoaded(() => ask('reports.get', {}), [tick]);
  return (
    <section class="stack" aria-labelledby="reports">
      <h2 id="reports">{text('reports_heading')}</h2>
      <p class="muted measure">{text('reports_lead')}</p>
      {view.error === undefined ? null : <Problem error={view.error} onRetry={view.reload} />}
      {view.value?.reports.map((report) => (
        <Report key={report.capability} report={report} announce={announce} reload={view.reload} />
      ))}
    </section>
  );
}

type Texts = Readonly<Record<ReportView['capability'], TextKey>>;
const ruleTexts: Texts = {
  'usage-statistics': 'reports_rule_usage_statistics',
  'crash-reports': 'reports_rule_crash_reports',
};
const emptyTexts: Texts = {
  'usage-statistics': 'reports_week_empty_usage_statistics',
  'crash-reports': 'reports_week_empty_crash_reports',
};

interface ReportProps {
  readonly report: ReportView;
  readonly announce: (message: string) => void;
  readonly reload: () => void;
}

function Report({ report, announce, reload }: ReportProps) {
  const { capability: id, live, to } = report;
  const [outcome, setOutcome] = useState('');
  const { error, attempt } = useAttempt();
  const name = capabilityText(id, 'name');
  /** Says what an action came to, and shows what stands now. */
  const act = async (action: () => Promise<string>) => {
    await attempt(async () => {
      const said = await action();
      setOutcome(said);
      announce(said);
    });
    reload();
  };
  return (
    <section
      class="card stack"
      aria-labelledby={`report-${id}`}
      data-testid={`report-${id}`}
      data-live={live ? 'true' : 'false'}
    >
      <h3 id={`report-${id}`}>{name}</h3>
      {to === null ? (
        <Banner>
          <p data-testid="report-no-endpoint">{text('reports_no_endpoint')}</p>
        </Banner>
      ) : (
        <dl class="facts">
          <dt>{text('reports_to')}</dt>
          <dd class="mono">{to.url}</dd>
          <dt>{text('reports_place')}</dt>
          <dd>{to.place}</dd>
          {to.byOrganisation ? (
            <>
              <dt>{text('reports_set_by')}</dt>
              <dd>{text('actor_managed')}</dd>
            </>
          ) : null}
        </dl>
      )}
      {live ? (
        <Live report={report} act={act} />
      ) : (
        <div class="row-between">
          <p>{text('reports_off')}</p>
          <Button
            testId="report-turn-on"
            label={text('turn_on_named', name)}
            onPress={() => ask('prompts.show', { capability: id, scope: '*' })}
          >
            {text('turn_on')}
          </Button>
        </div>
      )}
      {error === undefined ? null : <Problem error={error} />}
      {outcome === '' ? null : <p data-testid="report-outcome">{outcome}</p>}
    </section>
  );
}

function Live({ report, act }: { report: ReportView; act: (action: () => Promise<string>) => Promise<void> }) {
  const { capability: id, to, fields, items, byRule } = report;
  const configure = (change: { without?: string[]; byRule?: boolean }, said: TextKey | undefined) =>
    act(async () => {
      const { kind } = await ask('reports.configure', { capability: id, ...change });
      return kind === 'off' ? text('reports_gone') : said === undefined ? '' : text(said);
    });
  const resetId = () =>
    act(async () => {
      const { kind } = await ask('reports.reset-id', {});
      return text(kind === 'off' ? 'reports_gone' : 'reports_id_replaced');
    });
  const send = (hash: string) =>
    act(async () => text(sentTexts[(await ask('reports.send', { capability: id, hash })).kind]));
  const out = fields.filter((field) => field.out).map((field) => field.name);
  return (
    <>
      {report.id === null ? null : (
        <div class="row-between">
          <div>
            <strong>{text('reports_id')}</strong>
            <div class="mono" data-testid="report-id">
              {report.id}
            </div>
            <div class="small muted">{text('reports_id_text')}</div>
          </div>
          <Confirm
            testId="reset-report-id"
            action={text('reports_reset_id')}
            question={text('reports_reset_question')}
            confirm={text('reports_reset_id')}
            onConfirm={resetId}
          />
        </div>
      )}
      {to === null ? null : (
        <label class="choice">
          <input
            type="checkbox"
            data-testid="send-by-rule"
            checked={byRule}
            onChange={({ currentTarget }) => {
              const on = currentTarget.checked;
              void configure({ byRule: on }, on ? 'reports_rule_on' : 'reports_rule_off');
            }}
          />
          {text(ruleTexts[id])}
        </label>
      )}
      {fields.length === 0 ? null : (
        <fieldset>
          <legend>{text('reports_fields')}</legend>
          <p class="small muted">{text('reports_fields_text')}</p>
          <div class="report-fields">
            {fields.map((field) => (
              <label class="choice mono" key={field.name}>
                <input
                  type="checkbox"
                  data-testid={`report-field-${field.name}`}
                  checked={!field.out}
                  onChange={({ currentTarget }) => {
                    const without = out.filter((name) => name !== field.name);
                    if (!currentTarget.checked) without.push(field.name);
                    void configure({ without }, undefined);
                  }}
                />
                {field.name}
              </label>
            ))}
          </div>
        </fieldset>
      )}
      <h4>{text('reports_week')}</h4>
      {items.length === 0 ? <p class="muted">{text(emptyTexts[id])}</p> : null}
      <ul class="plain stack">
        {items.map((item) => (
          <Item key={keyOf(report, item)} report={report} item={item} onSend={send} />
        ))}
      </ul>
    </>
  );
}

const stateTexts: Readonly<Record<ReportView['items'][number]['state'], TextKey>> = {
  kept: 'reports_state_kept',
  waiting: 'reports_state_waiting',
  sent: 'reports_state_sent',
  refused: 'reports_state_refused',
};

/** Statistics of a day stay the same element while they grow: what is open stays open. */
const keyOf = ({ capability: id }: ReportView, { state, atMs, hash }: ReportView['items'][number]): string =>
  state === 'kept' && id === 'usage-statistics' ? `day ${atMs}` : hash;

interface ItemProps {
  readonly report: ReportView;
  readonly item: ReportView['items'][number];
  readonly onSend: (hash: string) => Promise<void>;
}

function Item({ report, item, onSend }: ItemProps) {
  const { atMs, text: bytes, hash, state } = item;
  const title =
    state !== 'kept'
      ? text('reports_item_handed', whenText(atMs))
      : report.capability === 'usage-statistics'
        ? text('reports_item_usage_statistics', formats.day(utcDay(atMs)))
        : text('reports_item_crash_reports', whenText(atMs));
  return (
    <li class="report" data-testid="report-item" data-hash={hash} data-state={state} data-bytes={item.bytes}>
      <div class="row-between">
        <span>
          <strong>{title}</strong>
          <br />
          <span class="small muted">
            {text(stateTexts[state])} · {counted('reports_bytes', item.bytes)}
          </span>
        </span>
        {state === 'kept' && report.to !== null ? (
          <Button small testId="send-once" label={text('reports_send_named', title)} onPress={() => onSend(hash)}>
            {text('reports_send')}
          </Button>
        ) : null}
      </div>
      <div class="small muted">SHA-256</div>
      <div class="mono small" data-testid="report-hash">
        {hash}
      </div>
      <details>
        <summary>{text('reports_exact', title)}</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
        <pre class="report-text" data-testid="report-text" tabIndex={0}>
          {bytes}
        </pre>
      </details>
    </li>
  );
}

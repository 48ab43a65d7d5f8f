import { useId, useState } from 'preact/hooks';
import { type ListName, listNames } from '../utils/catalogue/lists';
import { ask } from '../utils/messages/client';
import type { ProtectionChange } from '../utils/messages/contract';
import { type TextKey, text } from '../utils/platform/text';
import { Banner } from './banner';
import { formats, whenText } from './formats';
import { HostList } from './host-list';
import { Problem } from './problem';
import { useLoaded } from './use-loaded';

const listText = (list: ListName): string => text(`protection_list_${list}` as const satisfies TextKey);

/** The lists, the person's own hosts, and the count on the button. */
export function ProtectionCard({ tick }: { tick: number }) {
  const [changes, setChanges] = useState(0);
  const [error, setError] = useState<unknown>();
  const [full, setFull] = useState<number>();
  const view = useLoaded(() => ask('protection.get', {}), [tick, changes]);
  const id = useId();

  /** @returns whether it was kept. */
  const change = async (one: ProtectionChange): Promise<boolean> => {
    try {
      setError(undefined);
      const answer = await ask('protection.change', { change: one });
      setFull(answer.kind === 'full' ? answer.hostsMax : undefined);
      setChanges((n) => n + 1);
      return answer.kind === 'changed';
    } catch (why) {
      setError(why);
      return false;
    }
  };

  if (view.error !== undefined) return <Problem error={view.error} onRetry={view.reload} />;
  if (!view.value) return null;
  const { live, settings, missing } = view.value;
  const pauses = settings.pauses.filter((pause) => pause.untilMs > Date.now());
  return (
    <section class="card stack" aria-labelledby={id} data-testid="protection-settings">
      <h2 id={id} class="card-title">
        {text('protection_heading')}
      </h2>
      {live ? null : <p class="muted">{text('protection_off')}</p>}
      {missing.length > 0 ? (
        <Banner>
          <p data-testid="lists-missing">
            {text('protection_missing', missing.map((list) => listText(list as ListName)).join(', '))}
          </p>
        </Banner>
      ) : null}
      {error === undefined ? null : <Problem error={error} />}
      <p class="problem lists-problem" role="alert">
        {full === undefined ? '' : text('protection_full', formats.number(full))}
      </p>
      <fieldset class="stack-tight">
        <legend class="visually-hidden">{text('protection_lists')}</legend>
        {listNames.map((list) => (
          <label key={list} class="choice">
            <input
              type="checkbox"
              data-testid={`list-${list}`}
              checked={settings.lists[list]}
              onChange={(event) => change({ kind: 'list', list, on: event.currentTarget.checked })}
            />
            <span>
              {listText(list)}
              <br />
              <span class="small muted">{text(`protection_list_${list}_text`)}</span>
            </span>
          </label>
        ))}
        <label class="choice">
          <input
            type="checkbox"
            data-testid="badge"
            checked={settings.badge}
            onChange={(event) => change({ kind: 'badge', on: event.currentTarget.checked })}
          />
          <span>{text('protection_badge')}</span>
        </label>
      </fieldset>
      {pauses.length > 0 ? (
        <p class="small">
          {text('protection_pauses', pauses.map(({ host, untilMs }) => `${host} (${whenText(untilMs)})`).join(', '))}
        </p>
      ) : null}
      <div class="host-lists">
        <HostList
          name="allow"
          title={text('protection_allow')}
          about={text('protection_allow_text')}
          label={text('protection_add_allow_label')}
          hosts={settings.allow}
          onAdd={(host) => change({ kind: 'add', to: 'allow', host })}
          onRemove={(host) => change({ kind: 'remove', from: 'allow', host })}
        />
        <HostList
          name="block"
          title={text('protection_block')}
          about={text('protection_block_text')}
          label={text('protection_add_block_label')}
          hosts={settings.block}
          onAdd={(host) => change({ kind: 'add', to: 'block', host })}
          onRemove={(host) => change({ kind: 'remove', from: 'block', host })}
        />
      </div>
    </section>
  );
}

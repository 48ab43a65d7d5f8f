import { useState } from 'preact/hooks';
import { Banner } from '../../components/banner';
import { Bulletins } from '../../components/bulletins';
import { Button } from '../../components/button';
import { CapabilityCard } from '../../components/capability-card';
import { count } from '../../components/feedback';
import { counted } from '../../components/formats';
import type { RowOutcome } from '../../components/grant-row';
import { revokedText } from '../../components/grant-text';
import { ManagedBanner } from '../../components/managed-view';
import { NewsBanners } from '../../components/news-banners';
import { Problem } from '../../components/problem';
import { ProtectionCard } from '../../components/protection-card';
import { useAttempt } from '../../components/use-attempt';
import { useKeptFocus } from '../../components/use-kept-focus';
import type { CapabilityId } from '../../utils/catalogue/catalogue';
import type { Scope } from '../../utils/catalogue/scope';
import { ask } from '../../utils/messages/client';
import { joinSentences } from '../../utils/platform/languages';
import { language, text } from '../../utils/platform/text';
import type { SectionProps } from './section';

const keyOf = (capability: CapabilityId, scope: Scope): string => `${capability} ${scope}`;

/** What is on, what is off, and why; turning on, taking back, asking again. */
export function Permissions({ state, tick, announce, onClause }: SectionProps) {
  const [outcomes, setOutcomes] = useState<ReadonlyMap<string, RowOutcome>>(new Map());
  const [stopped, setStopped] = useState<string>();
  const { error, attempt } = useAttempt();
  const result = useKeptFocus<HTMLDivElement>([stopped, stopped ? state : undefined]);
  const live = state.capabilities.some((view) => view.scopes.some((scope) => scope.state === 'granted'));

  const put = (capability: CapabilityId, scope: Scope, outcome: RowOutcome) =>
    setOutcomes((before) => new Map(before).set(keyOf(capability, scope), outcome));

  const show = (capability: CapabilityId, scope: Scope) =>
    attempt(async () => {
      await ask('prompts.show', { capability, scope });
    });
  const revoke = (capability: CapabilityId, scope: Scope) =>
    attempt(async () => {
      count('grant.revoked');
      const revoked = await ask('grants.revoke', { capability, scope });
      put(capability, scope, { kind: 'revoked', revoked });
      announce(revokedText(capability, scope, revoked));
    });
  const stopAll = () =>
    attempt(async () => {
      count('everything.stopped');
      const { stopped: ended, undurable } = await ask('grants.stop-all', {});
      const parts = [
        ...(ended > 0 ? [counted('stopped_everything', ended)] : []),
        ...(undurable > 0 ? [counted('stopped_undurable', undurable)] : []),
      ];
      setStopped(joinSentences(parts, language()));
      announce(joinSentences(parts, language()));
    });
  const erase = (capability: CapabilityId, scope: Scope) =>
    attempt(async () => {
      const { erased } = await ask('records.erase', { what: { kind: 'sealed', capability, scope } });
      const records = counted('erased_sealed', erased);
      put(capability, scope, { kind: 'erased', records });
      announce(records);
    });

  const outcomesOf = (id: CapabilityId): ReadonlyMap<Scope, RowOutcome> =>
    new Map(
      state.capabilities
        .filter((view) => view.id === id)
        .flatMap((view) =>
          view.scopes.flatMap(({ scope, state: now }) => {
            const outcome = outcomes.get(keyOf(id, scope));
            // What was said about a revocation is over once it is on again.
            return outcome && now !== 'granted' ? [[scope, outcome] as const] : [];
          }),
        ),
    );

  return (
    <>
      <div class="row-between">
        <p class="muted measure">{text('permissions_lead')}</p>
        {live ? (
          <Button look="danger" testId="stop-everything" onPress={stopAll}>
            {text('stop_everything')}
          </Button>
        ) : null}
      </div>
      {state.managed ? <ManagedBanner managed={state.managed} /> : null}
      {error === undefined ? null : <Problem error={error} />}
      <div class="outcome" ref={result} tabIndex={-1}>
        {stopped ? (
          <Banner>
            <p>{stopped}</p>
          </Banner>
        ) : null}
      </div>
      <Bulletins
        bulletins={state.bulletins}
        onDismiss={
          state.closed === null
            ? (id) =>
                attempt(async () => {
                  await ask('bulletins.dismiss', { id });
                })
            : undefined
        }
      />
      <NewsBanners
        news={state.news}
        max={5}
        mayAsk={(id) => state.capabilities.some((view) => view.id === id && view.mayAsk)}
        onAskAgain={show}
        onDismiss={(upTo) =>
          attempt(async () => {
            await ask('news.dismiss', { upTo });
          })
        }
      />
      <section class="stack" aria-label={text('permissions_list')}>
        {state.capabilities.map((view) => (
          <CapabilityCard
            key={view.id}
            view={view}
            closed={state.closed !== null}
            undurable={state.undurable}
            managed={state.managed}
            outcomes={outcomesOf(view.id)}
            onRevoke={(scope) => revoke(view.id, scope)}
            onAskAgain={(scope) => show(view.id, scope)}
            onKeep={(scope) => {
              put(view.id, scope, { kind: 'kept' });
            }}
            onErase={(scope) => erase(view.id, scope)}
            onClause={onClause}
          />
        ))}
      </section>
      {state.closed === null &&
      state.capabilities.some((view) => view.id === 'protection' && view.scopes.length > 0) ? (
        <ProtectionCard tick={tick} />
      ) : null}
    </>
  );
}

import { useEffect, useState } from 'preact/hooks';
import { liveScopes } from '../../components/active-list';
import { Bulletins } from '../../components/bulletins';
import { Button } from '../../components/button';
import { CapabilityCard } from '../../components/capability-card';
import { count } from '../../components/feedback';
import { FilterNothing } from '../../components/filter-nothing';
import { counted, formats } from '../../components/formats';
import type { RowOutcome } from '../../components/grant-row';
import { isCertain, revokedText, stoppedText } from '../../components/grant-text';
import { LiveSummary } from '../../components/live-summary';
import { ManagedBanner } from '../../components/managed-view';
import { NewsBanners } from '../../components/news-banners';
import {
  filtered,
  filterOfHash,
  type PermissionFilter,
  permissionFilterNames,
  permissionFilters,
  permissionOfHash,
} from '../../components/permission-filter';
import { Problem } from '../../components/problem';
import { ProtectionCard } from '../../components/protection-card';
import { SelectField } from '../../components/select-field';
import { TakenBack } from '../../components/taken-back';
import { useAttempt } from '../../components/use-attempt';
import { useKeptFocus } from '../../components/use-kept-focus';
import type { CapabilityId } from '../../utils/catalogue/catalogue';
import type { Scope } from '../../utils/catalogue/scope';
import { ask } from '../../utils/messages/client';
import type { CapabilityView, Revoked } from '../../utils/messages/contract';
import { text } from '../../utils/platform/text';
import type { SectionProps } from './section';
import '../../components/overview.css';

/** One permission: a capability and where it holds. */
interface Held {
  readonly capability: CapabilityId;
  readonly scope: Scope;
}

/** What was taken back above the list on this page, and what came of the last of it. */
interface Ended {
  readonly sentence: string;
  readonly certain: boolean;
  readonly grants: readonly Held[];
}

const keyOf = (capability: CapabilityId, scope: Scope): string => `${capability} ${scope}`;

const liveOf = (views: readonly CapabilityView[]): Held[] =>
  views.flatMap((view) => liveScopes(view).map(({ scope }) => ({ capability: view.id, scope })));

/** The filter by state, which stands in the address, so that it can be linked to and outlives a reload. */
function useFilter(): readonly [PermissionFilter, (filter: PermissionFilter) => void] {
  const [filter, setFilter] = useState(() => filterOfHash(location.hash));
  useEffect(() => {
    const heard = () => setFilter(filterOfHash(location.hash));
    addEventListener('hashchange', heard);
    return () => removeEventListener('hashchange', heard);
  }, []);
  const choose = (next: PermissionFilter) => {
    history.replaceState(null, '', next === 'all' ? '#permissions' : `#permissions/${next}`);
    setFilter(next);
  };
  return [filter, choose];
}

/** What is on, what is off, and why; turning on, taking back, asking again. */
export function Permissions({ state, tick, announce, onClause }: SectionProps) {
  const [outcomes, setOutcomes] = useState<ReadonlyMap<string, RowOutcome>>(new Map());
  const [ended, setEnded] = useState<Ended>();
  const [filter, setFilter] = useFilter();
  const [site, setSite] = useState('');
  // One permission may be what was linked to.
  const [sought, setSought] = useState(() => permissionOfHash(location.hash, state.capabilities));
  const { error, attempt } = useAttempt();
  const result = useKeptFocus<HTMLDivElement>([ended, ended ? state : undefined]);
  const list = useKeptFocus<HTMLElement>([filter, site]);
  const live = liveOf(state.capabilities);
  const shown = filtered(state.capabilities, state.undurable, filter, site);
  const named = state.capabilities.some(({ scopes }) => scopes.some(({ scope }) => scope !== '*'));

  // Comes after the filter was cleared: the row is there.
  useEffect(() => {
    if (sought === undefined) return;
    const { capability, scope } = sought;
    const row = list.current?.querySelector<HTMLElement>(
      `[data-testid="capability-${capability}"] [data-scope="${CSS.escape(scope)}"]`,
    );
    row?.scrollIntoView({ block: 'center' });
    row?.focus({ preventScroll: true });
    setSought(undefined);
  }, [sought]);

  const showAll = () => {
    setFilter('all');
    setSite('');
  };

  const put = (capability: CapabilityId, scope: Scope, outcome: RowOutcome) =>
    setOutcomes((before) => new Map(before).set(keyOf(capability, scope), outcome));

  const show = (capability: CapabilityId, scope: Scope) =>
    attempt(async () => {
      await ask('prompts.show', { capability, scope });
    });
  const revoked = async (capability: CapabilityId, scope: Scope): Promise<Revoked> => {
    count('grant.revoked');
    const outcome = await ask('grants.revoke', { capability, scope });
    announce(revokedText(capability, scope, outcome));
    return outcome;
  };
  const revoke = (capability: CapabilityId, scope: Scope) =>
    attempt(async () => {
      put(capability, scope, { kind: 'revoked', revoked: await revoked(capability, scope) });
    });
  const revokeAbove = (capability: CapabilityId, scope: Scope) =>
    attempt(async () => {
      const outcome = await revoked(capability, scope);
      setEnded((before) => ({
        sentence: revokedText(capability, scope, outcome, true),
        certain: isCertain(outcome),
        grants: [
          { capability, scope },
          ...(before?.grants ?? []).filter((one) => keyOf(one.capability, one.scope) !== keyOf(capability, scope)),
        ],
      }));
    });
  const stopAll = () =>
    attempt(async () => {
      count('everything.stopped');
      const stopped = await ask('grants.stop-all', {});
      const sentence = stoppedText(stopped);
      setEnded({ sentence, certain: stopped.undurable === 0, grants: live });
      announce(sentence);
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

  /** Those of them that are still off, with what can be done. */
  const endedNow = (ended?.grants ?? []).flatMap(({ capability, scope }) => {
    const view = state.capabilities.find(({ id }) => id === capability);
    const now = view?.scopes.find((one) => one.scope === scope);
    if (now === undefined || now.state === 'granted') return [];
    return [
      { capability, scope, sealed: now.seals.length > 0, mayAsk: state.closed === null && view?.mayAsk === true },
    ];
  });

  return (
    <>
      <div class="row-between">
        <p class="muted measure">{text('permissions_lead')}</p>
        {live.length > 0 ? (
          <Button look="danger" testId="stop-everything" onPress={stopAll}>
            {text('stop_everything')}
          </Button>
        ) : null}
      </div>
      {state.managed ? <ManagedBanner managed={state.managed} /> : null}
      {error === undefined ? null : <Problem error={error} />}
      <LiveSummary
        capabilities={state.capabilities}
        undurable={state.undurable}
        onRevoke={revokeAbove}
        onClause={onClause}
      />
      <div class="outcome" ref={result} tabIndex={-1}>
        {ended && endedNow.length > 0 ? (
          <TakenBack
            sentence={ended.sentence}
            certain={ended.certain}
            grants={endedNow}
            onAskAgain={show}
            onChoose={(capability, scope) => {
              showAll();
              setSought({ capability, scope });
            }}
          />
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
      <section class="stack" aria-labelledby="permissions-list" ref={list} tabIndex={-1}>
        <h2 id="permissions-list">{text('permissions_list')}</h2>
        <div class="filters">
          <SelectField
            label={text('filter_state')}
            value={filter}
            testId="filter-state"
            onChange={setFilter}
            options={permissionFilterNames.map((name) => ({ value: name, text: text(permissionFilters[name].word) }))}
          />
          {named || site !== '' ? <SiteWord value={site} onValue={setSite} /> : null}
          <p class="small muted filter-found" role="status" data-testid="filter-found">
            {text('filter_found', formats.number(shown.length), formats.number(state.capabilities.length))}
          </p>
        </div>
        {shown.length === 0 ? <FilterNothing says={text('filter_nothing')} onClear={showAll} /> : null}
        {shown.map((view) => (
          <CapabilityCard
            key={view.id}
            view={view}
            closed={state.closed !== null}
            undurable={state.undurable}
            managed={state.managed}
            outcomes={outcomesOf(view.id)}
            site={site}
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

/** A part of a site's name, or the whole: then what is on for all sites fits too. */
function SiteWord({ value, onValue }: { value: string; onValue: (typed: string) => void }) {
  return (
    <label class="field">
      <span class="small muted">{text('column_site')}</span>
      <input
        type="search"
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        data-testid="filter-site"
        value={value}
        onInput={(event) => onValue(event.currentTarget.value)}
      />
    </label>
  );
}

/** Cloud Synchronization: turning on, setting up, how it stands, turning off; and settings as a file. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { Banner } from '../../components/banner';
import { Button } from '../../components/button';
import { count } from '../../components/feedback';
import { revokedText } from '../../components/grant-text';
import { Problem } from '../../components/problem';
import { SyncJoin } from '../../components/sync-join';
import {
  ErasureBanner,
  type RemoteChoice,
  SyncAbout,
  SyncTurnOff,
  type SyncTurnOffProps,
} from '../../components/sync-off';
import { emptyDraft, PlaceForm, type SyncDraft } from '../../components/sync-place';
import { SecretSheet, type ShownSecret } from '../../components/sync-secret';
import { SyncStatus } from '../../components/sync-status';
import { placeOfScope, placeText, stoppedText, syncedText, troubleText } from '../../components/sync-text';
import { typedServer } from '../../components/typed-server';
import { useAttempt } from '../../components/use-attempt';
import { useLoaded } from '../../components/use-loaded';
import { ask } from '../../utils/messages/client';
import type { State } from '../../utils/messages/contract';
import { joinSentences } from '../../utils/platform/languages';
import { language, type TextKey, text } from '../../utils/platform/text';
import type { RemoteCopy, SyncPhase, SyncView } from '../../utils/sync/view';
import type { SectionProps } from './section';
import { SettingsFileSection } from './sync-file';
import { type Act, Reopen, Running, RunningActions } from './sync-running';
import { Setup, setupTitle } from './sync-setup';
import { type Memory, useRemembered } from './use-remembered';
import { useSyncTest } from './use-sync-test';

/** What was typed, and secrets that nobody has written down yet. */
const drafts: Memory<SyncDraft> = { value: emptyDraft };
const secrets: Memory<readonly ShownSecret[]> = { value: [] };

const titles: Readonly<Record<Exclude<SyncPhase, 'placing'>, TextKey>> = {
  off: 'sync_off_heading',
  joining: 'sync_join_heading',
  running: 'sync_status_heading',
  'needs-secret': 'sync_secret_heading',
  'closed-elsewhere': 'sync_closed_heading',
};

const remotes: Readonly<Record<RemoteCopy['kind'], TextKey>> = {
  kept: 'sync_remote_kept',
  deleted: 'sync_remote_deleted',
  pending: 'sync_remote_pending',
  failed: 'sync_remote_failed',
};

/** Secrets in the order in which they are shown. */
function shownSecrets(made: { passphrase: string | null; recovery: string | null }, view: SyncView): ShownSecret[] {
  const place = view.place === null ? placeOfScope(view.live ?? '*') : placeText(view.place);
  const common = { place, device: view.device?.name ?? view.proposedName, atMs: Date.now() };
  return (['passphrase', 'recovery'] as const).flatMap((kind) => {
    const value = made[kind];
    return value === null ? [] : [{ kind, value, ...common }];
  });
}

export function Sync({ state, tick, announce }: SectionProps) {
  const loaded = useLoaded(() => ask('sync.get', {}), [tick]);
  const view = loaded.value;
  const [draft, setDraft] = useRemembered(drafts);
  const [unwritten, setUnwritten] = useRemembered(secrets);
  const { error, attempt } = useAttempt();
  const [said, setSaid] = useState<string>();
  const { test, error: testError, run, found } = useSyncTest(view, draft);
  const secret = unwritten[0];
  const phase = view?.phase;
  const title =
    secret !== undefined
      ? text(secret.kind === 'passphrase' ? 'sync_show_passphrase_heading' : 'sync_show_recovery_heading')
      : view === undefined || phase === undefined
        ? ''
        : phase === 'placing' || (phase === 'closed-elsewhere' && test.kind !== 'form')
          ? setupTitle(test, view.live ?? '*')
          : text(titles[phase]);
  const heading = useRef<HTMLHeadingElement>(null);
  const shown = useRef('');
  // The button that led to a new step is gone; whoever only opens the section keeps their place.
  useEffect(() => {
    const moved = shown.current !== '' && shown.current !== title;
    if (moved && document.activeElement === document.body) heading.current?.focus();
    shown.current = title;
  }, [title]);

  useEffect(() => {
    if (secret === undefined) return;
    // Leaving now would lose it for good: the browser asks first.
    const stay = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener('beforeunload', stay);
    return () => removeEventListener('beforeunload', stay);
  }, [secret]);
  // What was said is about what stood here.
  useEffect(() => {
    if (phase === 'running') setDraft(emptyDraft);
  }, [phase]);

  const act: Act = async (action) => {
    await attempt(async () => {
      setSaid(undefined);
      const sentence = await action();
      setSaid(sentence);
      if (sentence !== undefined) announce(sentence);
    });
    loaded.reload();
  };
  const showSecrets = (made: { passphrase: string | null; recovery: string | null }) => {
    if (view) setUnwritten(shownSecrets(made, view));
  };

  const turnOn = () =>
    act(async () => {
      const typed = typedServer(draft.address);
      const scope = draft.place === 'server' && typed.kind === 'server' ? typed.scope : '*';
      await ask('prompts.show', { capability: 'cloud-sync', scope });
      return undefined;
    });
  const turnOff = (remote: RemoteChoice) =>
    act(async () => {
      const scope = view?.live ?? '*';
      count('grant.revoked');
      const { revoked, remote: copy } = await ask('sync.revoke', { scope, remote });
      const sentences = [revokedText('cloud-sync', scope, revoked)];
      // Before a copy was made there is none to speak of.
      if (view?.place !== null || copy.kind !== 'kept') sentences.push(text(remotes[copy.kind]));
      return joinSentences(sentences, language());
    });
  const erasure = (what: 'retry' | 'drop') =>
    act(async () => {
      const answer = await ask('sync.erasure', { what });
      switch (answer.kind) {
        case 'deleted':
          return text('sync_remote_deleted');
        case 'dropped':
          return text('sync_erasure_dropped');
        case 'none':
          return text('sync_erasure_none');
        case 'pending': {
          const { lastTrouble } = answer.erasure;
          return text('sync_erasure_still', lastTrouble === null ? '' : troubleText(lastTrouble.why));
        }
      }
    });
  const join = (how: 'merge' | 'replace') =>
    act(async () => {
      const joined = await ask('sync.join', { how });
      if (joined.kind !== 'joined') return stoppedText(joined);
      return joinSentences([text('sync_joined'), syncedText(joined.synced)], language());
    });

  const body = (now: SyncView) => {
    if (secret !== undefined) {
      return <SecretSheet key={secret.kind} secret={secret} onDone={() => setUnwritten(unwritten.slice(1))} />;
    }
    switch (now.phase) {
      case 'off':
        return <Off state={state} view={now} draft={draft} onDraft={setDraft} onTurnOn={turnOn} />;
      case 'placing':
      case 'closed-elsewhere':
        return (
          <>
            {now.phase === 'closed-elsewhere' && test.kind === 'form' ? (
              <p class="measure">{text('sync_closed_text')}</p>
            ) : null}
            <Setup
              view={now}
              test={test}
              draft={draft}
              onDraft={setDraft}
              onTest={run}
              onFound={found}
              onSecrets={showSecrets}
              reload={loaded.reload}
            />
          </>
        );
      case 'joining':
        return now.preview === null ? null : <SyncJoin preview={now.preview} onJoin={join} />;
      case 'needs-secret':
        return <Reopen view={now} act={act} />;
      case 'running':
        return null;
    }
  };

  const step = (
    <h2 id="sync-step" ref={heading} tabIndex={-1} class="card-title">
      {title}
    </h2>
  );
  return (
    <>
      <p class="muted measure">{text('sync_lead')}</p>
      {loaded.error === undefined ? null : <Problem error={loaded.error} onRetry={loaded.reload} />}
      {loaded.slow ? <p class="muted">{text('loading')}</p> : null}
      {error === undefined ? null : <Problem error={error} />}
      {testError === undefined ? null : <Problem error={testError} onRetry={run} />}
      {said === undefined ? null : (
        <div data-testid="sync-outcome">
          <Banner>
            <p>{said}</p>
          </Banner>
        </div>
      )}
      {view === undefined ? null : (
        <>
          {view.erasure === null ? null : (
            <ErasureBanner erasure={view.erasure} onRetry={() => erasure('retry')} onDrop={() => erasure('drop')} />
          )}
          <section class="card stack" aria-labelledby="sync-step">
            {secret === undefined ? <SyncStatus view={view}>{step}</SyncStatus> : step}
            {body(view)}
            {secret === undefined && phase === 'running' ? <RunningActions view={view} act={act} /> : null}
          </section>
          {secret === undefined && phase === 'running' ? (
            <Running view={view} act={act} onSecrets={showSecrets} />
          ) : null}
          {secret === undefined && phase !== 'off' && view.live !== null ? (
            <TurnOff
              copy={phase !== 'placing' || (test.kind === 'works' && test.found !== 'empty')}
              place={view.place === null ? placeOfScope(view.live) : placeText(view.place)}
              onOff={turnOff}
            />
          ) : null}
          {secret === undefined ? <SettingsFileSection announce={announce} reload={loaded.reload} /> : null}
        </>
      )}
    </>
  );
}

interface OffProps {
  readonly state: State;
  readonly view: SyncView;
  readonly draft: SyncDraft;
  readonly onDraft: (draft: SyncDraft) => void;
  readonly onTurnOn: () => unknown;
}

function Off({ state, view, draft, onDraft, onTurnOn }: OffProps) {
  const capability = state.capabilities.find(({ id }) => id === 'cloud-sync');
  const { servers } = view.managed;
  // Where the organisation names servers, this browser's own sync is none of them.
  const allowed = servers === null ? draft : { ...draft, place: 'server' as const };
  return (
    <>
      <SyncAbout />
      {capability?.mayAsk ? (
        <PlaceForm draft={allowed} limits={{ servers }} onDraft={onDraft} onSubmit={onTurnOn} disabled={false} />
      ) : (
        <p data-testid="sync-barred">
          {text(capability?.state === 'unsupported' ? 'sync_unsupported' : 'sync_forbidden')}
        </p>
      )}
    </>
  );
}

interface TurnOffProps extends SyncTurnOffProps {
  /** There is one that the person may want to have deleted. */
  readonly copy: boolean;
}

function TurnOff({ copy, ...props }: TurnOffProps) {
  if (copy) return <SyncTurnOff {...props} />;
  return (
    <div>
      <Button testId="sync-turn-off" onPress={() => props.onOff('keep')}>
        {text('sync_off_plain')}
      </Button>
    </div>
  );
}

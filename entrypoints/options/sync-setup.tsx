import { useState } from 'preact/hooks';
import { Banner } from '../../components/banner';
import { Button } from '../../components/button';
import { formats } from '../../components/formats';
import { Problem } from '../../components/problem';
import { DeviceName } from '../../components/sync-devices';
import { PASSPHRASE_CHARS_MIN, shortPassphrase } from '../../components/sync-keys';
import { badAddressText, ServerForm, type SyncDraft } from '../../components/sync-place';
import { emptySecret, NewPassphrase, SecretFields, secretOf, secretProblem } from '../../components/sync-secret';
import { placeOfScope, stoppedText } from '../../components/sync-text';
import { useAttempt } from '../../components/use-attempt';
import { ask } from '../../utils/messages/client';
import { type TextKey, text } from '../../utils/platform/text';
import type { SyncView } from '../../utils/sync/view';
import type { Found, SyncTest, Works } from './use-sync-test';

const headings: Readonly<Record<Found, TextKey>> = {
  empty: 'sync_create_heading',
  vault: 'sync_open_heading',
  'given-up': 'sync_anew_heading',
};

export function setupTitle(test: SyncTest, live: string): string {
  switch (test.kind) {
    case 'form':
      return text('sync_form_heading', placeOfScope(live));
    case 'testing':
      return text('sync_testing_heading');
    case 'failed':
      return text('sync_failed_heading');
    case 'works':
      return text(headings[test.found]);
  }
}

export interface SetupProps {
  readonly view: SyncView;
  readonly test: SyncTest;
  readonly draft: SyncDraft;
  readonly onDraft: (draft: SyncDraft) => void;
  readonly onTest: () => unknown;
  readonly onFound: (what: Found) => void;
  readonly onSecrets: (made: { passphrase: string; recovery: string }) => void;
  readonly reload: () => void;
}

/** A place was allowed: it is tried, and a copy is begun there or opened. */
export function Setup(props: SetupProps) {
  const { view, test, draft, onDraft, onTest } = props;
  const live = view.live ?? '*';
  const form =
    live === '*' ? (
      <div>
        <Button look="primary" testId="sync-test" onPress={onTest}>
          {text(view.phase === 'closed-elsewhere' ? 'sync_closed_look' : 'sync_test')}
        </Button>
      </div>
    ) : (
      <ServerForm
        draft={{ ...draft, place: 'server', address: draft.address === '' ? addressOf(live) : draft.address }}
        limits={{ servers: view.managed.servers, scope: live }}
        onDraft={onDraft}
        onSubmit={onTest}
      />
    );
  switch (test.kind) {
    case 'form':
      return (
        <>
          {live === '*' || view.phase === 'closed-elsewhere' ? null : (
            <p class="muted measure">{text('sync_form_text')}</p>
          )}
          {form}
        </>
      );
    case 'testing':
      return <p class="muted">{text('loading')}</p>;
    case 'failed': {
      const { failed } = test;
      return (
        <>
          <div data-testid="sync-test-failed" data-why={'why' in failed ? failed.why : failed.kind}>
            <Banner tone="danger" alert>
              <p>{failedText(failed, live)}</p>
            </Banner>
          </div>
          {form}
        </>
      );
    }
    case 'works':
      return (
        <>
          <Tested works={test.works} server={live !== '*'} />
          {test.found === 'vault' ? <Open {...props} /> : <Create {...props} replace={test.found === 'given-up'} />}
        </>
      );
  }
}

function failedText(failed: Extract<SyncTest, { kind: 'failed' }>['failed'], live: string): string {
  if (failed.kind === 'bad-address') return badAddressText(failed, live);
  // The fields stand right below.
  if (failed.kind === 'trouble' && failed.why === 'signed-out') return text('sync_trouble_signed_out_form');
  return stoppedText(failed);
}

/** What a server's folder is proposed as, where only the server is known. */
const addressOf = (live: string): string => live.replace(/\*$/, '');

/** What the connection test found, in words. */
function Tested({ works, server }: { works: Works; server: boolean }) {
  const { honoursIfMatch, tags, madeFolder, bytesMax } = works;
  const sentences = server
    ? [
        text('sync_works_server'),
        text(honoursIfMatch ? 'sync_works_guarded' : 'sync_works_unguarded'),
        ...(tags ? [] : [text('sync_works_untagged')]),
        ...(madeFolder ? [text('sync_works_folder')] : []),
      ]
    : [text('sync_works_browser')];
  return (
    <ul class="stack-tight sync-tested" data-testid="sync-tested">
      {[...sentences, text('sync_works_size', formats.number(Math.floor(bytesMax / 1024)))].map((sentence) => (
        <li key={sentence}>{sentence}</li>
      ))}
    </ul>
  );
}

/** Runs a step, and holds what went wrong beside its fields. */
function useStep() {
  const { error, attempt } = useAttempt();
  const [stopped, setStopped] = useState<string>();
  const step = (action: () => Promise<string | undefined>) =>
    attempt(async () => {
      setStopped(undefined);
      setStopped(await action());
    });
  const shown =
    error !== undefined ? (
      <Problem error={error} />
    ) : stopped === undefined ? null : (
      <Banner tone="danger" alert>
        <p data-testid="sync-stopped">{stopped}</p>
      </Banner>
    );
  return { step, shown };
}

function Create({ view, onFound, onSecrets, reload, replace }: SetupProps & { replace: boolean }) {
  const [name, setName] = useState(view.device?.name ?? view.proposedName);
  const [chosen, setChosen] = useState<string | null>(null);
  const [short, setShort] = useState<string>();
  const { step, shown } = useStep();
  const create = () =>
    step(async () => {
      const deviceName = name.trim();
      const passphrase = chosen === null ? null : chosen.trim();
      if (deviceName === '') return text('sync_device_name_empty');
      const isShort = passphrase !== null && passphrase.length < PASSPHRASE_CHARS_MIN;
      setShort(isShort ? shortPassphrase(PASSPHRASE_CHARS_MIN) : undefined);
      if (isShort) return undefined;
      const created = await ask('sync.create', { deviceName, passphrase, replace });
      switch (created.kind) {
        case 'created':
          onSecrets(created);
          reload();
          return undefined;
        case 'too-short':
          setShort(shortPassphrase(created.charsMin));
          return undefined;
        case 'exists':
          onFound('vault');
          return undefined;
        default:
          reload();
          return stoppedText(created);
      }
    });
  return (
    <>
      <p class="measure">{text(replace ? 'sync_anew_text' : 'sync_create_text')}</p>
      <DeviceName name={name} onName={setName} onSubmit={create} />
      <NewPassphrase
        title={text('sync_passphrase')}
        chosen={chosen}
        problem={short}
        testId="sync-passphrase"
        onChosen={setChosen}
        onSubmit={create}
      />
      {shown}
      <div class="row">
        <Button look="primary" testId="sync-create" onPress={create}>
          {text('sync_create')}
        </Button>
        {replace ? <Button onPress={() => onFound('vault')}>{text('cancel')}</Button> : null}
      </div>
    </>
  );
}

function Open({ view, onFound, reload }: SetupProps) {
  const [name, setName] = useState(view.device?.name ?? view.proposedName);
  const [typed, setTyped] = useState(emptySecret);
  const [problem, setProblem] = useState<string>();
  const { step, shown } = useStep();
  const open = () =>
    step(async () => {
      const secret = secretOf(typed);
      setProblem(typeof secret === 'string' ? secretProblem(secret) : undefined);
      if (typeof secret === 'string') return undefined;
      if (name.trim() === '') return text('sync_device_name_empty');
      const opened = await ask('sync.open', { secret, deviceName: name.trim() });
      switch (opened.kind) {
        case 'opened':
          reload();
          return undefined;
        case 'wrong-secret':
          setProblem(text('sync_wrong_secret'));
          return undefined;
        case 'damaged':
          return text('sync_copy_damaged');
        case 'empty':
          onFound('empty');
          return undefined;
        default:
          reload();
          return stoppedText(opened);
      }
    });
  return (
    <>
      <p class="measure">{text('sync_open_text')}</p>
      <SecretFields
        label={text('sync_passphrase')}
        typed={typed}
        problem={problem}
        onTyped={setTyped}
        onSubmit={open}
      />
      <DeviceName name={name} onName={setName} onSubmit={open} />
      {shown}
      <div>
        <Button look="primary" testId="sync-open" onPress={open}>
          {text('sync_open')}
        </Button>
      </div>
      <p class="small muted measure">
        {text('sync_open_lost')}{' '}
        <Button look="link" testId="sync-begin-anew" onPress={() => onFound('given-up')}>
          {text('sync_anew')}
        </Button>
      </p>
    </>
  );
}

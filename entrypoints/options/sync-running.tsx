import { useState } from 'preact/hooks';
import { Button } from '../../components/button';
import { counted, whenText } from '../../components/formats';
import { SyncDevices } from '../../components/sync-devices';
import { type RekeyProblem, SyncKeys, shortPassphrase } from '../../components/sync-keys';
import { SyncLog } from '../../components/sync-log';
import { emptySecret, SecretFields, secretOf, secretProblem } from '../../components/sync-secret';
import { SyncSettings } from '../../components/sync-settings';
import { stoppedText, syncedText } from '../../components/sync-text';
import { ask } from '../../utils/messages/client';
import { text } from '../../utils/platform/text';
import type { Rekeyed, SyncChanged, SyncView } from '../../utils/sync/view';

/** Runs an action: shows and reads out the sentence that it comes to, and loads what stands now. */
export type Act = (action: () => Promise<string | undefined>) => Promise<void>;

export interface RunningProps {
  readonly view: SyncView;
  readonly act: Act;
  readonly onSecrets: (made: { passphrase: string | null; recovery: string | null }) => void;
}

/** The two things to do about the status: sync now, and undo. */
export function RunningActions({ view, act }: Pick<RunningProps, 'view' | 'act'>) {
  const { undo } = view;
  return (
    <>
      <div class="row">
        <Button look="primary" testId="sync-now" onPress={() => act(async () => syncedText(await ask('sync.now', {})))}>
          {text('sync_now')}
        </Button>
        {undo === null ? null : (
          <Button
            testId="sync-undo"
            onPress={() =>
              act(async () => {
                const undone = await ask('sync.undo', {});
                if (undone.kind === 'undone') return text('sync_undone');
                return undone.kind === 'nothing' ? text('sync_undo_nothing') : stoppedText(undone);
              })
            }
          >
            {text('sync_undo')}
          </Button>
        )}
      </div>
      {undo === null ? null : <p class="small muted">{counted('sync_undo_text', undo.changes, whenText(undo.atMs))}</p>}
    </>
  );
}

/** What syncs, with whom, what changed, and the keys. */
export function Running({ view, act, onSecrets }: RunningProps) {
  const changed = (answer: SyncChanged, done?: string) => (answer.kind === 'changed' ? done : stoppedText(answer));

  /** What a change of the keys came to; a problem goes to the form that asked. */
  const rekey = async (ask: () => Promise<Rekeyed>, done: string): Promise<RekeyProblem | undefined> => {
    let problem: RekeyProblem | undefined;
    await act(async () => {
      const rekeyed = await ask();
      switch (rekeyed.kind) {
        case 'rekeyed':
          onSecrets(rekeyed);
          return done;
        case 'wrong-secret':
          problem = { field: 'secret', sentence: text('sync_wrong_secret') };
          return undefined;
        case 'too-short':
          problem = { field: 'passphrase', sentence: shortPassphrase(rekeyed.charsMin) };
          return undefined;
        case 'damaged':
          return text('sync_copy_damaged');
        case 'no-such-device':
          return text('sync_device_gone');
        default:
          return stoppedText(rekeyed);
      }
    });
    return problem;
  };

  return (
    <>
      <section class="stack" aria-labelledby="sync-settings">
        <h2 id="sync-settings">{text('sync_settings_heading')}</h2>
        <p class="muted measure">{text('sync_settings_lead')}</p>
        <SyncSettings
          settings={view.settings}
          onDeviceOnly={(key, on) => act(async () => changed(await ask('sync.device-only', { key, on })))}
        />
      </section>
      <section class="stack" aria-labelledby="sync-devices">
        <h2 id="sync-devices">{text('sync_devices_heading')}</h2>
        <SyncDevices
          devices={view.devices}
          onRename={(name) => act(async () => changed(await ask('sync.rename', { name }), text('sync_renamed', name)))}
          onRemove={(device, secret, passphrase) =>
            rekey(() => ask('sync.remove-device', { device: device.id, secret, passphrase }), text('sync_removed'))
          }
        />
      </section>
      <section class="stack" aria-labelledby="sync-log">
        <h2 id="sync-log">{text('sync_log_heading')}</h2>
        <SyncLog log={view.log} />
      </section>
      <section class="stack" aria-labelledby="sync-keys">
        <h2 id="sync-keys">{text('sync_keys_heading')}</h2>
        <SyncKeys
          onPassphrase={(secret, passphrase) =>
            rekey(() => ask('sync.passphrase', { secret, passphrase }), text('sync_passphrase_changed'))
          }
          onRotate={(secret) => rekey(() => ask('sync.rotate', { secret }), text('sync_rotated'))}
        />
      </section>
    </>
  );
}

/** The key was renewed elsewhere: it goes on once the new passphrase is there. */
export function Reopen({ view, act }: Pick<RunningProps, 'view' | 'act'>) {
  const [typed, setTyped] = useState(emptySecret);
  const [problem, setProblem] = useState<string>();
  const open = async () => {
    const secret = secretOf(typed);
    if (typeof secret === 'string') return setProblem(secretProblem(secret));
    setProblem(undefined);
    await act(async () => {
      const opened = await ask('sync.open', { secret, deviceName: view.device?.name ?? view.proposedName });
      switch (opened.kind) {
        case 'opened':
          return text('sync_secret_done');
        case 'wrong-secret':
          setProblem(text('sync_wrong_secret'));
          return undefined;
        case 'damaged':
          return text('sync_copy_damaged');
        case 'empty':
          return text('sync_gone');
        default:
          return stoppedText(opened);
      }
    });
  };
  return (
    <>
      <p class="measure">{text('sync_secret_text')}</p>
      <SecretFields
        label={text('sync_passphrase')}
        typed={typed}
        problem={problem}
        onTyped={setTyped}
        onSubmit={open}
      />
      <div>
        <Button look="primary" testId="sync-open" onPress={open}>
          {text('sync_open')}
        </Button>
      </div>
    </>
  );
}

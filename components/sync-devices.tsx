import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { SyncSecret } from '../utils/messages/contract';
import { text } from '../utils/platform/text';
import type { DeviceView } from '../utils/sync/view';
import { Button } from './button';
import { formats, whenText } from './formats';
import { RekeyForm, type RekeyProblem } from './sync-keys';
import { Unfold } from './unfold';

/** Characters that a device's name may have. */
export const DEVICE_NAME_MAX = 60;

export interface SyncDevicesProps {
  readonly devices: readonly DeviceView[];
  readonly onRename: (name: string) => Promise<unknown>;
  readonly onRemove: (
    device: DeviceView,
    secret: SyncSecret,
    passphrase: string | null,
  ) => Promise<RekeyProblem | undefined>;
}

/** The devices that take part. */
export function SyncDevices({ devices, onRename, onRemove }: SyncDevicesProps) {
  return (
    <ul class="plain grants sync-devices">
      {devices.map((device) => (
        <li key={device.id} class="grant stack-tight" data-testid="sync-device" data-device={device.id}>
          <div class="row-between">
            <span>
              <strong>{device.name}</strong>{' '}
              {device.self ? <span class="small muted">({text('sync_device_self')})</span> : null}
            </span>
            {device.self ? (
              <Unfold action={text('sync_rename')} title={text('sync_device_label')} testId="sync-rename" small>
                {(close) => <RenameForm name={device.name} onRename={onRename} close={close} />}
              </Unfold>
            ) : (
              <Unfold
                action={text('sync_remove')}
                label={text('sync_remove_named', device.name)}
                title={text('sync_remove_named', device.name)}
                testId="sync-remove"
                small
              >
                {(close) => (
                  <RekeyForm
                    about={text('sync_remove_text', device.name)}
                    action={text('sync_remove_do')}
                    testId="sync-remove-confirm"
                    asksNew
                    onCancel={close}
                    onSubmit={(secret, passphrase) => onRemove(device, secret, passphrase)}
                  />
                )}
              </Unfold>
            )}
          </div>
          <p class="small muted">
            {[
              text('sync_device_joined', formats.date(device.joinedMs)),
              device.lastChangeMs === null
                ? text('sync_device_unchanged')
                : text('sync_device_changed', whenText(device.lastChangeMs)),
            ].join(' · ')}
          </p>
        </li>
      ))}
    </ul>
  );
}

interface RenameFormProps extends Pick<SyncDevicesProps, 'onRename'> {
  readonly name: string;
  readonly close: () => void;
}

function RenameForm({ name, onRename, close }: RenameFormProps) {
  const [typed, setTyped] = useState(name);
  const save = async () => {
    if (typed.trim() === '') return;
    await onRename(typed.trim());
    close();
  };
  return (
    <>
      <DeviceName name={typed} onName={setTyped} onSubmit={save} hidden />
      <div class="row">
        <Button small onPress={close}>
          {text('cancel')}
        </Button>
        <Button small look="primary" testId="sync-rename-save" onPress={save}>
          {text('sync_rename_save')}
        </Button>
      </div>
    </>
  );
}

export interface DeviceNameProps {
  readonly name: string;
  readonly onName: (name: string) => void;
  readonly onSubmit: () => unknown;
  /** The label stands above already. */
  readonly hidden?: boolean;
}

/** The field for this device's name. */
export function DeviceName({ name, onName, onSubmit, hidden }: DeviceNameProps) {
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (hidden) field.current?.select();
  }, [hidden]);
  return (
    <div class="field sync-fields">
      <label for={id} class={hidden ? 'visually-hidden' : undefined}>
        {text('sync_device_label')}
      </label>
      <input
        id={id}
        ref={field}
        type="text"
        autocomplete="off"
        spellcheck={false}
        maxLength={DEVICE_NAME_MAX}
        data-testid="sync-device-name"
        value={name}
        aria-invalid={name.trim() === '' ? 'true' : undefined}
        aria-describedby={`${id}-about`}
        onInput={(event) => onName(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') void onSubmit();
        }}
      />
      <p id={`${id}-about`} class={name.trim() === '' ? 'problem' : 'small muted'}>
        {text(name.trim() === '' ? 'sync_device_name_empty' : 'sync_device_name_help')}
      </p>
    </div>
  );
}

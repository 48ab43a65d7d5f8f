import { useState } from 'preact/hooks';
import { type TextKey, text } from '../utils/platform/text';
import type { SettingView } from '../utils/sync/view';
import { Button } from './button';
import { counted, whenText } from './formats';
import { settingName, settingText, valueText } from './sync-text';

/** Rows of a group that are shown at once. */
const SHOWN = 25;

const groups: readonly { readonly title: TextKey; readonly has: (setting: SettingView) => boolean }[] = [
  { title: 'sync_group_list', has: ({ group }) => group === 'list' },
  { title: 'sync_group_badge', has: ({ group }) => group === 'badge' },
  { title: 'sync_group_allow', has: ({ group, value }) => group === 'host' && value === 'allow' },
  { title: 'sync_group_block', has: ({ group, value }) => group === 'host' && value === 'block' },
  // Kept apart from what the other devices have on a list.
  { title: 'sync_group_neither', has: ({ group, value }) => group === 'host' && value === null },
];

export interface SyncSettingsProps {
  readonly settings: readonly SettingView[];
  readonly onDeviceOnly: (key: string, on: boolean) => unknown;
}

/** What syncs, setting by setting, each with the choice to keep it on this device. */
export function SyncSettings({ settings, onDeviceOnly }: SyncSettingsProps) {
  const others = settings.filter(({ group }) => group === 'other').length;
  return (
    <>
      <div class="table-scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">{text('sync_column_setting')}</th>
              <th scope="col" class="sync-only">
                {text('sync_device_only')}
              </th>
            </tr>
          </thead>
          {groups.map(({ title, has }) => {
            const rows = settings.filter(has);
            if (rows.length === 0 && title === 'sync_group_neither') return null;
            return <Group key={title} title={text(title)} rows={rows} onDeviceOnly={onDeviceOnly} />;
          })}
        </table>
      </div>
      {others === 0 ? null : <p class="small muted">{counted('sync_other', others)}</p>}
    </>
  );
}

interface GroupProps extends Pick<SyncSettingsProps, 'onDeviceOnly'> {
  readonly title: string;
  readonly rows: readonly SettingView[];
}

function Group({ title, rows, onDeviceOnly }: GroupProps) {
  const [shown, setShown] = useState(SHOWN);
  return (
    <tbody>
      <tr>
        <th scope="rowgroup" colSpan={2} class="sync-group">
          {title}
        </th>
      </tr>
      {rows.length === 0 ? (
        <tr>
          <td colSpan={2} class="muted">
            {text('sync_group_empty')}
          </td>
        </tr>
      ) : null}
      {rows.slice(0, shown).map((row) => (
        <tr key={row.key} data-testid="sync-setting" data-key={row.key} data-device-only={String(row.deviceOnly)}>
          <th scope="row" class="sync-name">
            {settingName(row)}
            <br />
            <span class="muted">{aboutText(row)}</span>
          </th>
          <td class="sync-only">
            <input
              type="checkbox"
              data-testid="sync-device-only"
              aria-label={text('sync_device_only_named', settingText(row))}
              checked={row.deviceOnly}
              onChange={(event) => onDeviceOnly(row.key, event.currentTarget.checked)}
            />
          </td>
        </tr>
      ))}
      {rows.length > shown ? (
        <tr>
          <td colSpan={2}>
            <Button
              small
              testId="more-settings"
              label={`${text('more')}: ${title}`}
              onPress={() => setShown(shown + SHOWN)}
            >
              {text('more')}
            </Button>
          </td>
        </tr>
      ) : null}
    </tbody>
  );
}

/** The value, where the list's name doesn't say it already, and who changed it when. */
function aboutText(row: SettingView): string {
  const { value, changedMs, by } = row;
  const parts = row.group === 'host' ? [] : [valueText(row, value)];
  parts.push(
    changedMs === null
      ? text('sync_unchanged')
      : text('sync_changed_by', whenText(changedMs), by ?? text('sync_someone')),
  );
  return [...new Set(parts)].join(' · ');
}

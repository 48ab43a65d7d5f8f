import { useState } from 'preact/hooks';
import { type TextKey, text } from '../utils/platform/text';
import type { SettingName, SettingView } from '../utils/sync/view';
import { Button } from './button';
import { counted, whenText } from './formats';
import { settingName, settingText, valueText } from './sync-text';

/** Rows of a group that are shown at once. */
const SHOWN = 25;

type ShownGroup = Exclude<SettingName['group'], 'other'>;
const groups: readonly ShownGroup[] = ['list', 'badge', 'allow', 'block'];
const titles: Readonly<Record<ShownGroup, TextKey>> = {
  list: 'sync_group_list',
  badge: 'sync_group_badge',
  allow: 'sync_group_allow',
  block: 'sync_group_block',
};

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
          {groups.map((group) => (
            <Group
              key={group}
              title={text(titles[group])}
              // A host that was taken off the list is no setting any more, unless it is kept apart.
              rows={settings.filter(
                (one) => one.group === group && (one.value !== null || one.deviceOnly || !isHost(one)),
              )}
              onDeviceOnly={onDeviceOnly}
            />
          ))}
        </table>
      </div>
      {others === 0 ? null : <p class="small muted">{counted('sync_other', others)}</p>}
    </>
  );
}

const isHost = ({ group }: SettingName): boolean => group === 'allow' || group === 'block';

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
  const parts = isHost(row) && value !== null ? [] : [valueText(row, value)];
  parts.push(
    changedMs === null
      ? text('sync_unchanged')
      : text('sync_changed_by', whenText(changedMs), by ?? text('sync_someone')),
  );
  return [...new Set(parts)].join(' · ');
}

/** What pages say about Cloud Synchronization. */

import { type ListName, listNames } from '../utils/catalogue/lists';
import { type Scope, siteOf } from '../utils/catalogue/scope';
import { joinSentences } from '../utils/platform/languages';
import { language, type TextKey, text } from '../utils/platform/text';
import type {
  Json,
  LogItemView,
  PlaceView,
  SettingName,
  Synced,
  SyncOff,
  SyncOutOfTurn,
  SyncTrouble,
  TroubleWhy,
  WarningView,
} from '../utils/sync/view';
import { counted, formats, whenText } from './formats';

const troubles: Readonly<Record<TroubleWhy, TextKey>> = {
  offline: 'sync_trouble_offline',
  'signed-out': 'sync_trouble_signed_out',
  forbidden: 'sync_trouble_forbidden',
  'no-folder': 'sync_trouble_no_folder',
  locked: 'sync_trouble_locked',
  busy: 'sync_trouble_busy',
  'server-error': 'sync_trouble_server_error',
  full: 'sync_trouble_full',
  'not-webdav': 'sync_trouble_not_webdav',
  'too-large': 'sync_trouble_too_large',
  'too-often': 'sync_trouble_too_often',
  halted: 'sync_trouble_halted',
  refused: 'sync_trouble_refused',
  'not-permitted': 'sync_trouble_not_permitted',
  damaged: 'sync_trouble_damaged',
  'other-vault': 'sync_trouble_other_vault',
  'newer-format': 'sync_trouble_newer_format',
  contended: 'sync_trouble_contended',
  'device-full': 'sync_trouble_device_full',
  failed: 'sync_trouble_failed',
};

/** What is the matter, and what to do. */
export const troubleText = (why: TroubleWhy): string => text(troubles[why]);

/** Why a step did not work, with the server's answer where it had one. */
export function stoppedText(stopped: SyncTrouble | SyncOutOfTurn | SyncOff): string {
  if (stopped.kind !== 'trouble') return text(stopped.kind === 'off' ? 'sync_was_off' : 'sync_out_of_turn');
  const { why, status } = stopped;
  const sentence = troubleText(why);
  return status === null ? sentence : joinSentences([sentence, text('sync_trouble_status', status)], language());
}

/** What a round came to. */
export function syncedText(synced: Synced): string {
  switch (synced.kind) {
    case 'synced': {
      const { sent, received } = synced;
      if (sent + received === 0) return text('sync_done_nothing');
      return text('sync_done', formats.number(sent), formats.number(received));
    }
    case 'behind':
      return text('sync_behind', troubleText(synced.why), whenText(synced.notBeforeMs));
    case 'needs-secret':
      return text('sync_secret_text');
    case 'closed':
      return text('sync_closed_text');
    default:
      return stoppedText(synced);
  }
}

export const placeText = (place: PlaceView): string =>
  place.kind === 'browser' ? text('sync_place_browser') : place.url;

/** The place that a scope stands for. */
export const placeOfScope = (scope: Scope): string =>
  scope === '*' ? text('sync_place_browser') : (siteOf(scope)?.host ?? scope);

const isList = (name: string): name is ListName => (listNames as readonly string[]).includes(name);
const listText = (name: string): string => (isList(name) ? text(`protection_list_${name}` as const) : name);

/** A setting's name within its group. */
export function settingName({ group, name }: SettingName): string {
  if (group === 'list') return listText(name);
  if (group === 'badge') return text('sync_badge');
  return group === 'other' ? text('sync_setting_other') : name;
}

/** A setting's name where it stands among those of other groups. */
export function settingText(setting: SettingName): string {
  const name = settingName(setting);
  if (setting.group === 'list') return text('sync_setting_list', name);
  return setting.group === 'host' ? text('sync_setting_host', name) : name;
}

/** A value as a person reads it. */
export function valueText({ group }: SettingName, value: Json): string {
  if (group === 'other') return text('sync_value_unread');
  if (group === 'host') {
    if (value === 'allow') return text('sync_value_allowed');
    return text(value === 'block' ? 'sync_value_blocked' : 'sync_value_unlisted');
  }
  if (value === null) return text('sync_value_usual');
  return text(value === true ? 'sync_value_on' : 'sync_value_off');
}

/** What is wrong, and what to do. */
export function warningText({ why, by, offMs, count }: WarningView): string {
  const off = formats.duration(Math.abs(offMs ?? 0));
  switch (why) {
    case 'clock-ahead':
      return text('sync_warn_clock', by ?? text('sync_someone'), off);
    case 'own-clock':
      return text((offMs ?? 0) > 0 ? 'sync_warn_own_ahead' : 'sync_warn_own_behind', off);
    case 'went-back':
      return text('sync_warn_back');
    case 'damaged':
      return text('sync_warn_damaged');
    case 'old-key':
      return text('sync_warn_old_key', by ?? text('sync_someone'));
    case 'does-not-fit':
      return counted('sync_warn_hosts', count ?? 0);
  }
}

/** One line of the log. */
export function logSentence(item: LogItemView): string {
  const { kind, setting, from, to, by, over, count, warning } = item;
  if (warning !== null) return warningText(warning);
  const who = by ?? text('sync_someone');
  if (setting === null) {
    const several = count ?? 0;
    if (kind === 'received') return counted('sync_log_received_several', several, who);
    return counted(kind === 'undone' ? 'sync_log_undone_several' : 'sync_log_sent_several', several);
  }
  const what = settingText(setting);
  const now = valueText(setting, to);
  switch (kind) {
    case 'sent':
      return text('sync_log_sent', what, now);
    case 'received':
      return text('sync_log_received', what, now, who);
    case 'conflict':
      return text('sync_log_conflict', what, who, now, over ?? text('sync_someone'), valueText(setting, from));
    default:
      return text('sync_log_undone', what, now);
  }
}

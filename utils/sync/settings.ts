/** Which settings sync, each under a key of its own, and how they become protection's settings again. */

import { type ListName, listNames, OWN_HOSTS_MAX, type ProtectionSettings, usualProtection } from '../catalogue/lists';
import { parseHost } from '../catalogue/scope';
import { type Json, own, same } from './document';

/** All that syncs and stands on this device, by key. A host that is on neither list has no key. */
export type LocalSettings = Readonly<Record<string, Json>>;

const BADGE = 'protection.badge';
const LIST = 'protection.list/';
const HOST = 'protection.host/';

/** What a host's key holds: which of the person's own lists it stands on. One key, so that it can't stand on both. */
export type HostVerdict = 'allow' | 'block';

/** What a key is about; `undefined` for one that this version does not know. */
export type About = { group: 'badge' } | { group: 'list'; list: ListName } | { group: 'host'; host: string };

export function aboutKey(key: string): About | undefined {
  if (key === BADGE) return { group: 'badge' };
  if (key.startsWith(LIST)) {
    const list = listNames.find((name) => key === LIST + name);
    return list && { group: 'list', list };
  }
  const host = key.startsWith(HOST) ? key.slice(HOST.length) : '';
  return parseHost(host) === host ? { group: 'host', host } : undefined;
}

/** Whether this version knows the key and can apply the value. */
export function isKnown(key: string, value: Json): boolean {
  const about = aboutKey(key);
  if (!about) return false;
  return about.group === 'host' ? value === 'allow' || value === 'block' : typeof value === 'boolean';
}

/** What stands where the person chose nothing; `undefined`: no key. */
export function usualValue(key: string): Json | undefined {
  const about = aboutKey(key);
  if (about?.group === 'badge') return usualProtection.badge;
  return about?.group === 'list' ? usualProtection.lists[about.list] : undefined;
}

export const isUsual = (key: string, value: Json | undefined): boolean => same(usualValue(key), value);

export const hostKey = (host: string): string => HOST + host;

export function project({ lists, badge, allow, block }: ProtectionSettings): LocalSettings {
  return Object.fromEntries<Json>([
    [BADGE, badge],
    ...listNames.map((name) => [LIST + name, lists[name]] as const),
    ...allow.map((host) => [HOST + host, 'allow'] as const),
    ...block.map((host) => [HOST + host, 'block'] as const),
  ]);
}

/** The settings with these in place of those that sync. `values` is all of them: a host without a key is on no list. */
export function applyTo(settings: ProtectionSettings, values: LocalSettings): ProtectionSettings {
  const on = (key: string, before: boolean): boolean => {
    const value = own(values, key);
    return typeof value === 'boolean' ? value : before;
  };
  const hosts = (verdict: HostVerdict): string[] =>
    Object.keys(values)
      .filter((key) => values[key] === verdict && aboutKey(key)?.group === 'host')
      .map((key) => key.slice(HOST.length))
      .sort();
  return {
    ...settings,
    lists: {
      ads: on(`${LIST}ads`, settings.lists.ads),
      tracking: on(`${LIST}tracking`, settings.lists.tracking),
      malicious: on(`${LIST}malicious`, settings.lists.malicious),
      phishing: on(`${LIST}phishing`, settings.lists.phishing),
    },
    badge: on(BADGE, settings.badge),
    allow: hosts('allow'),
    block: hosts('block'),
  };
}

/**
 * As much of `values` as the two lists of hosts can hold. Hosts that `here` has in the same place stay before others, which come in
 * the order of their names.
 */
export function fitting(
  values: LocalSettings,
  here: LocalSettings,
): { values: LocalSettings; left: readonly string[] } {
  const hosts = Object.keys(values).filter((key) => key.startsWith(HOST));
  const inTurn = [
    ...hosts.filter((key) => own(here, key) === values[key]),
    ...hosts.filter((key) => own(here, key) !== values[key]).sort(),
  ];
  const room = { allow: OWN_HOSTS_MAX, block: OWN_HOSTS_MAX };
  const left = new Set<string>();
  for (const key of inTurn) if (room[values[key] as HostVerdict]-- <= 0) left.add(key);
  return {
    values: left.size === 0 ? values : Object.fromEntries(Object.entries(values).filter(([key]) => !left.has(key))),
    left: [...left],
  };
}

/** What the person chose for protection, in the database's settings: read with a parse, changed one after another. */
import { OWN_HOSTS_MAX, type ProtectionSettings } from '../catalogue/lists';
import { PROTECTION_KEY, protectionOf, protectionRowOf } from '../catalogue/protection-row';
import type { ProtectionChange } from '../messages/contract';
import type { Database } from '../storage/database';

export const readProtection = async (database: Database): Promise<ProtectionSettings> =>
  protectionOf(await database.get('settings', PROTECTION_KEY));

export type ProtectionChanged = { kind: 'changed'; settings: ProtectionSettings } | { kind: 'full'; hostsMax: number };

/** Reads, changes and writes in one transaction: two pages that change at once lose nothing. */
export async function changeProtection(
  database: Database,
  change: (before: ProtectionSettings) => ProtectionSettings,
): Promise<ProtectionChanged> {
  const transaction = database.transaction('settings', 'readwrite');
  const settings = change(protectionOf(await transaction.store.get(PROTECTION_KEY)));
  const { allow, block, pauses } = settings;
  const full = Math.max(allow.length, block.length, pauses.length) > OWN_HOSTS_MAX;
  if (!full) await transaction.store.put(protectionRowOf(settings));
  await transaction.done;
  return full ? { kind: 'full', hostsMax: OWN_HOSTS_MAX } : { kind: 'changed', settings };
}

const without = (list: readonly string[], host: string) => list.filter((one) => one !== host);

/** The settings after one change of the person's. A host stands on one of the two lists at most. */
export function changed(before: ProtectionSettings, change: ProtectionChange): ProtectionSettings {
  switch (change.kind) {
    case 'list':
      return { ...before, lists: { ...before.lists, [change.list]: change.on } };
    case 'badge':
      return { ...before, badge: change.on };
    case 'add': {
      const [allow, block] = [without(before.allow, change.host), without(before.block, change.host)];
      const to = change.to === 'allow' ? allow : block;
      to.push(change.host);
      to.sort();
      return { ...before, allow, block };
    }
    case 'remove':
      return { ...before, [change.from]: without(before[change.from], change.host) };
  }
}

/** A pause until then; pauses that are over go. */
export function pausedUntil(before: ProtectionSettings, host: string, untilMs: number, nowMs: number) {
  const others = before.pauses.filter((pause) => pause.host !== host && pause.untilMs > nowMs);
  return { ...before, pauses: [...others, { host, untilMs }] };
}

/** No pause and no allowing of the site any more, nor of one that it lies below: what the person sees must hold. */
export function resumed(before: ProtectionSettings, host: string): ProtectionSettings {
  return {
    ...before,
    allow: before.allow.filter((one) => !isWithin(host, one)),
    pauses: before.pauses.filter((pause) => !isWithin(host, pause.host)),
  };
}

/** Whether a rule for `domain` is about `host` too. */
export const isWithin = (host: string, domain: string): boolean => host === domain || host.endsWith(`.${domain}`);

import type { LedgerEntry } from '../grants/schema';
import type { Say, TextKey } from '../platform/text-types';
import { capabilityKey } from '../prompts/notice';

const bodies: Partial<Record<LedgerEntry['kind'], TextKey>> = {
  revoked: 'notify_revoked',
  expired: 'notify_expired',
  paused: 'notify_paused',
  'handed-back': 'notify_handed_back',
  'policy-changed': 'notify_policy_changed',
  'history-lost': 'notify_history_lost',
};

export interface News {
  readonly seq: number;
  readonly title: string;
  readonly body: string;
}

/** An entry as a notification says it. */
export function newsOf({ seq, kind, by, capability }: LedgerEntry, say: Say): News | undefined {
  const key = kind === 'revoked' && by === 'managed' ? 'notify_revoked_managed' : bodies[kind];
  if (key === undefined) return undefined;
  const name = capability === null ? '' : say(capabilityKey(capability, 'name'));
  return { seq, title: say('extension_name'), body: say(key, name) };
}

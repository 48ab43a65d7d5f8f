import type { NewsToTell } from '../capabilities/capability';
import type { LedgerEntry } from '../grants/ledger-entry';
import type { Say, TextKey } from '../platform/text-types';
import { type Bulletin, inLanguage } from '../policy/bulletins';
import { capabilityKey } from '../prompts/notice';

const bodies: Partial<Record<LedgerEntry['kind'], TextKey>> = {
  revoked: 'notify_revoked',
  expired: 'notify_expired',
  paused: 'notify_paused',
  'handed-back': 'notify_handed_back',
  'policy-changed': 'notify_policy_changed',
  'history-lost': 'notify_history_lost',
};

function bodyOf({ kind, by, details }: LedgerEntry): TextKey | undefined {
  if (kind === 'revoked' && details.why === 'endpoint') return 'notify_revoked_moved';
  return kind === 'revoked' && by === 'managed' ? 'notify_revoked_managed' : bodies[kind];
}

/** An entry as a notification says it. */
export function newsOf(entry: LedgerEntry, say: Say): NewsToTell | undefined {
  const { seq, capability } = entry;
  const key = bodyOf(entry);
  if (key === undefined) return undefined;
  const name = capability === null ? '' : say(capabilityKey(capability, 'name'));
  return { id: `news-${seq}`, title: say('extension_name'), body: say(key, name) };
}

/** A bulletin as a notification says it. */
export function bulletinNews(bulletin: Bulletin, language: string): NewsToTell {
  const { title, text } = inLanguage(bulletin, language);
  return { id: `bulletin-${bulletin.id}`, title, body: text };
}

import type { LedgerEntry } from '../utils/grants/ledger-entry';
import { type TextKey, text } from '../utils/platform/text';
import { capabilityText } from './capability-text';
import { counted } from './formats';
import { grantText } from './grant-text';
import { scopeText } from './scope-text';

type Details = LedgerEntry['details'];

const lifetimes: Readonly<Record<string, TextKey>> = {
  'until-revoked': 'until_revoked',
  session: 'until_session',
  hour: 'until_hour',
};

const listOf = (details: Details, ...names: string[]): string =>
  names.flatMap((name) => (Array.isArray(details[name]) ? details[name] : [])).join(', ');

const numberOf = (raw: unknown): number => (typeof raw === 'number' ? raw : 0);

/** One entry of the ledger as a sentence. Every kind has one, and every actor that can cause it. */
export function ledgerSentence(entry: LedgerEntry): string {
  const { kind, by, capability, scope, details } = entry;
  const what = capability === null ? '' : grantText(capability, scope);
  switch (kind) {
    case 'asked':
      return text('entry_asked', what);
    case 'granted':
    case 'resumed': {
      const until = text(lifetimes[String(details.lifetime)] ?? 'until_revoked');
      return text(kind === 'granted' ? 'entry_granted' : 'entry_resumed', what, until);
    }
    case 'refused':
      if (by === 'person') return text('entry_refused', what);
      if (details.why === 'endpoint') return text('entry_refused_moved', what);
      if (by === 'managed') return text('entry_refused_managed', what);
      return text(by === 'browser' ? 'entry_refused_browser' : 'entry_refused_left', what);
    case 'never':
      return text('entry_never', what);
    case 'revoked':
      if (by === 'person' && 'takenOutOf' in details && capability !== null && scope !== null) {
        return text('entry_taken_out', scopeText(scope), capabilityText(capability, 'name'));
      }
      if (by === 'person') return text('entry_revoked', what);
      if (by === 'browser') return text('entry_revoked_browser', what);
      if (details.why === 'endpoint') return text('entry_revoked_moved', what);
      return text(by === 'managed' ? 'entry_revoked_managed' : 'entry_revoked_recovery', what);
    case 'expired':
      if (details.why === 'session') return text('entry_expired_session', what);
      return text(details.why === 'unused' ? 'entry_expired_unused' : 'entry_expired_time', what);
    case 'paused':
      return text('entry_paused', what, listOf(details, 'clauses'));
    case 'handed-back': {
      const held = listOf(details, 'permissions', 'origins');
      const kept = listOf(details, 'kept');
      return kept === '' ? text('entry_handed_back', held) : text('entry_handed_back_kept', held, kept);
    }
    case 'erased': {
      const records = numberOf(details.records);
      if (details.what === 'everything') return counted('entry_erased_everything', records);
      if (by === 'clock') return counted('entry_erased_clock', records);
      return capability === null
        ? counted('entry_erased', records)
        : counted('entry_erased_of', records, capabilityText(capability, 'name'));
    }
    case 'history-lost':
      return text('entry_history_lost');
    case 'policy-changed':
      return text('entry_policy_changed', String(details.from ?? ''), String(details.to ?? ''));
    case 'exported':
      return exported(String(details.what ?? ''), numberOf(details.items));
  }
}

function exported(what: string, items: number): string {
  if (what === 'everything') return counted('entry_exported_everything', items);
  if (what === 'ledger') return counted('entry_exported_ledger', items);
  return counted(what === 'consent-records' ? 'entry_exported_consents' : 'entry_exported_records', items);
}

const actorWords: Readonly<Record<LedgerEntry['by'], TextKey>> = {
  person: 'actor_person',
  browser: 'actor_browser',
  clock: 'actor_clock',
  policy: 'actor_policy',
  managed: 'actor_managed',
  recovery: 'actor_recovery',
};

export const actorText = (by: LedgerEntry['by']): string => text(actorWords[by]);

const kindWords: Readonly<Record<LedgerEntry['kind'], TextKey>> = {
  asked: 'kind_asked',
  granted: 'kind_granted',
  refused: 'kind_refused',
  never: 'kind_never',
  revoked: 'kind_revoked',
  expired: 'kind_expired',
  paused: 'kind_paused',
  resumed: 'kind_resumed',
  'handed-back': 'kind_handed_back',
  erased: 'kind_erased',
  'history-lost': 'kind_history_lost',
  'policy-changed': 'kind_policy_changed',
  exported: 'kind_exported',
};

/** Every kind of entry, in the order of a grant's life. */
export const ledgerKinds = Object.keys(kindWords) as LedgerEntry['kind'][];

export const kindText = (kind: LedgerEntry['kind']): string => text(kindWords[kind]);

import type { CapabilityId } from '../utils/catalogue/catalogue';
import type { Scope } from '../utils/catalogue/scope';
import type { NewsItem } from '../utils/messages/contract';
import { type TextKey, text } from '../utils/platform/text';
import { Banner } from './banner';
import { Button } from './button';
import { capabilityText } from './capability-text';
import { whenText } from './formats';
import { grantText } from './grant-text';

export interface NewsBannersProps {
  readonly news: readonly NewsItem[];
  /** How many are shown; the rest stand in the history. */
  readonly max: number;
  /** Whether a capability's prompt would ask. */
  readonly mayAsk: (capability: CapabilityId) => boolean;
  readonly onAskAgain: (capability: CapabilityId, scope: Scope) => unknown;
  readonly onDismiss: (upTo: number) => unknown;
}

const expiries: Readonly<Record<string, TextKey>> = {
  time: 'news_expired_time',
  session: 'news_expired_session',
  unused: 'news_expired_unused',
};

/** What happened, as one sentence. */
export function newsText({ kind, by, capability, scope, details }: NewsItem): string {
  const what = capability === null ? '' : grantText(capability, scope);
  if (kind === 'expired') return text(expiries[String(details.why)] ?? 'news_expired', what);
  if (kind === 'revoked' && details.why === 'endpoint') return text('news_revoked_moved', what);
  if (kind === 'revoked' && by === 'managed') return text('news_revoked_managed', what);
  if (kind === 'revoked') return text(by === 'browser' ? 'news_revoked_browser' : 'news_revoked_recovery', what);
  if (kind === 'paused') return text('news_paused', what, listOf(details.clauses));
  if (kind === 'handed-back') {
    return capability === null
      ? text('news_handed_back', [listOf(details.permissions), listOf(details.origins)].filter(Boolean).join(', '))
      : text('news_handed_back_named', capabilityText(capability, 'name'));
  }
  if (kind === 'policy-changed') return text('news_policy_changed', String(details.to ?? ''), listOf(details.clauses));
  if (kind === 'history-lost') return text('news_history_lost');
  return text('news_other');
}

const listOf = (raw: unknown): string => (Array.isArray(raw) ? raw.join(', ') : '');

/** Whether the prompt is worth opening for it again. */
const mayAskAgain = ({ kind, capability }: NewsItem): boolean =>
  capability !== null && (kind === 'expired' || kind === 'revoked' || kind === 'paused' || kind === 'handed-back');

/** What happened without the person, until they dismiss it. */
export function NewsBanners({ news, max, mayAsk, onAskAgain, onDismiss }: NewsBannersProps) {
  if (news.length === 0) return null;
  const newest = Math.max(...news.map((item) => item.seq));
  const hidden = news.length - max;
  return (
    <section class="stack" aria-label={text('news_heading')} data-testid="news">
      <ul class="plain stack">
        {news.slice(0, max).map((item) => (
          <li key={item.seq} data-testid="news-item" data-kind={item.kind} data-capability={item.capability ?? ''}>
            <Banner tone={item.kind === 'policy-changed' ? 'info' : 'warn'}>
              <p>{newsText(item)}</p>
              <div class="row-between small">
                <span class="muted">{whenText(item.atMs)}</span>
                <span class="row">
                  {item.kind === 'policy-changed' ? (
                    <a href="/options.html#policy">{text('news_see_changes')}</a>
                  ) : null}
                  {mayAskAgain(item) && item.capability !== null && mayAsk(item.capability) ? (
                    <AskAgain capability={item.capability} scope={item.scope ?? '*'} onAskAgain={onAskAgain} />
                  ) : null}
                </span>
              </div>
            </Banner>
          </li>
        ))}
      </ul>
      <div class="row-between small">
        {hidden > 0 ? <a href="/options.html#history">{text('news_more', hidden)}</a> : <span />}
        <Button small testId="dismiss-news" onPress={() => onDismiss(newest)}>
          {text(news.length === 1 ? 'dismiss' : 'dismiss_all')}
        </Button>
      </div>
    </section>
  );
}

interface AskAgainProps {
  readonly capability: CapabilityId;
  readonly scope: Scope;
  readonly onAskAgain: (capability: CapabilityId, scope: Scope) => unknown;
}

function AskAgain({ capability, scope, onAskAgain }: AskAgainProps) {
  return (
    <Button
      small
      testId="ask-again"
      label={text('ask_again_named', grantText(capability, scope))}
      onPress={() => onAskAgain(capability, scope)}
    >
      {text('ask_again')}
    </Button>
  );
}

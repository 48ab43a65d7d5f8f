/**
 * The permission prompt: one capability at a time, and the sole caller of `permissions.request`. It shows the notice that the
 * background stored, hands on the answer, and believes only what the background finds the browser to hold afterwards.
 */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import browser from 'webextension-polyfill';
import { capabilityText } from '../../components/capability-text';
import { ClosedText } from '../../components/closed-banner';
import { count } from '../../components/feedback';
import { whenText } from '../../components/formats';
import { problemText } from '../../components/problem';
import { PromptMessage, type PromptMessageProps } from '../../components/prompt-message';
import { type Asked, type Choice, Question } from '../../components/question';
import { scopeText } from '../../components/scope-text';
import { startPage } from '../../components/start-page';
import { capability, isCapabilityId, type Lifetime } from '../../utils/catalogue/catalogue';
import { ask, holdPrompt } from '../../utils/messages/client';
import type { PromptOpened, Settled } from '../../utils/messages/contract';
import { askingLock } from '../../utils/messages/names';
import { toPermissions } from '../../utils/platform/browser';
import { isEmpty } from '../../utils/platform/browser-types';
import { errorText } from '../../utils/platform/error-text';
import { text } from '../../utils/platform/text';
import './prompt.css';

const parameters = new URLSearchParams(location.search);
const wanted = parameters.get('capability') ?? '';
const wantedScope = parameters.get('scope');
/** We opened this page ourselves, so it may close itself once it is answered. */
const own = location.hash === '#own';

type Phase =
  | { kind: 'loading' }
  | { kind: 'elsewhere' }
  | { kind: 'asking'; asked: Asked; hold: ReturnType<typeof holdPrompt>; waiting: boolean }
  | { kind: 'not-asked'; opened: Exclude<PromptOpened, { kind: 'ask' }> }
  | { kind: 'settled'; settled: Settled; lifetime: Lifetime }
  | { kind: 'declined'; answer: 'not-now' | 'never' }
  | { kind: 'error'; error: unknown };

async function closePage(): Promise<void> {
  const tab = await browser.tabs.getCurrent();
  if (tab?.id === undefined) window.close();
  else await browser.tabs.remove(tab.id);
}

const openOptions = (): Promise<void> => browser.runtime.openOptionsPage();

/** The background holds the lock too, for a moment, while it brings a question that was left to its end. */
const LOCK_WAIT_MS = 1500;

/** Resolves `true` once this page holds the question's lock, which goes when the page goes; `false` where another holds it. */
function takeLock(): Promise<boolean> {
  if (!isCapabilityId(wanted)) return Promise.resolve(true);
  const giveUp = AbortSignal.timeout(LOCK_WAIT_MS);
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(askingLock(wanted), { signal: giveUp }, () => {
        resolve(true);
        return new Promise<void>(() => undefined);
      })
      .catch((error: unknown) => (giveUp.aborted ? resolve(false) : reject(error)));
  });
}

function Page() {
  const [phase, setPhase] = useState<Phase>({ kind: 'loading' });
  const answered = useRef(false);
  const locked = useRef(false);

  const open = useCallback(async () => {
    try {
      locked.current ||= await takeLock();
      if (!locked.current) return setPhase({ kind: 'elsewhere' });
      const opened = await ask('prompts.open', { capability: wanted, scope: wantedScope });
      answered.current = false;
      count('prompt.opened');
      if (opened.kind !== 'ask') return setPhase({ kind: 'not-asked', opened });
      document.title = text('title_page', text('prompt_heading', opened.notice.name));
      setPhase({ kind: 'asking', asked: opened, hold: holdPrompt(opened.nonce), waiting: false });
    } catch (error) {
      setPhase({ kind: 'error', error });
    }
  }, []);
  useEffect(() => void open(), [open]);

  if (phase.kind !== 'asking') return <Message phase={phase} onAskAgain={open} />;
  const { asked, hold, waiting } = phase;
  const { nonce } = asked;

  const allow = (choice: Choice, lifetime: Lifetime) => {
    // First, in the turn of the click, with nothing awaited before it: Firefox refuses otherwise.
    const requested = isEmpty(choice.needs)
      ? Promise.resolve(true)
      : browser.permissions.request(toPermissions(choice.needs));
    // In the same turn, not awaited: the page may die while the browser's prompt is open.
    const recorded = ask('prompts.allow', { nonce, scope: choice.scope, lifetime });
    setPhase({ ...phase, waiting: true });
    void settle(requested, recorded, lifetime);
  };

  const settle = async (requested: Promise<boolean>, recorded: Promise<unknown>, lifetime: Lifetime) => {
    // What the browser's prompt answered is not believed; what the browser holds afterwards counts.
    await Promise.allSettled([requested, recorded]);
    if (answered.current) return;
    answered.current = true;
    try {
      const settled = await ask('prompts.settle', { nonce });
      if (settled.kind === 'granted') count('prompt.allowed');
      if (settled.kind === 'granted' && own) await closePage();
      setPhase({ kind: 'settled', settled, lifetime });
    } catch (error) {
      setPhase({ kind: 'error', error });
    } finally {
      hold.release();
    }
  };

  const decline = async (answer: 'not-now' | 'never') => {
    if (answered.current) return;
    answered.current = true;
    try {
      const declined = await ask('prompts.decline', { nonce, answer });
      count('prompt.declined');
      if (declined.kind !== 'recorded') setPhase({ kind: 'settled', settled: declined, lifetime: asked.lifetime });
      else if (own) await closePage();
      else setPhase({ kind: 'declined', answer });
    } catch (error) {
      setPhase({ kind: 'error', error });
    } finally {
      hold.release();
    }
  };

  return (
    <Question
      key={nonce}
      asked={asked}
      hasSites={capability(asked.notice.capability).sites === 'choose'}
      waiting={waiting}
      onAllow={allow}
      onDecline={decline}
    />
  );
}

function Message({ phase, onAskAgain }: { phase: Exclude<Phase, { kind: 'asking' }>; onAskAgain: () => unknown }) {
  if (phase.kind === 'loading') {
    return (
      <div class="prompt" aria-busy="true">
        <p class="prompt-scroll prompt-loading muted">{text('loading')}</p>
      </div>
    );
  }
  const shared = { onClose: closePage, onOptions: openOptions };
  const show = (message: Omit<PromptMessageProps, 'onClose' | 'onOptions'>) => (
    <PromptMessage {...shared} {...message} />
  );
  const plain = (key: Parameters<typeof text>[0], ...more: string[]) => <p>{text(key, ...more)}</p>;
  if (phase.kind === 'elsewhere') {
    const children = plain('prompt_elsewhere_text');
    return <PromptMessage icon="info" title={text('prompt_elsewhere')} onClose={closePage} children={children} />;
  }
  if (phase.kind === 'error') {
    return show({
      icon: 'warning',
      title: text('prompt_failed'),
      children: <p>{problemText(phase.error)}</p>,
      details: errorText(phase.error),
      onAskAgain,
    });
  }
  if (phase.kind === 'declined') {
    const key = phase.answer === 'never' ? 'prompt_never_text' : 'prompt_not_now_text';
    const title = text(phase.answer === 'never' ? 'prompt_never' : 'prompt_not_now');
    return show({ icon: phase.answer === 'never' ? 'never' : 'refused', title, children: plain(key) });
  }
  if (phase.kind === 'not-asked') {
    const { opened } = phase;
    if (opened.kind === 'closed') {
      return show({
        icon: 'warning',
        title: text('prompt_closed'),
        children: <ClosedText closed={opened.closed} />,
        details: opened.closed.kind === 'no-database' ? opened.closed.why : undefined,
      });
    }
    if (opened.kind === 'unsupported') {
      return show({
        icon: 'unsupported',
        title: text('state_unsupported'),
        children: plain('prompt_unsupported_text'),
      });
    }
    if (opened.kind === 'forbidden') {
      const name = isCapabilityId(wanted) ? capabilityText(wanted, 'name') : wanted;
      if (opened.why === 'unread') {
        return show({ icon: 'warning', title: text('managed_unread_title'), children: plain('managed_unread') });
      }
      return show({
        icon: 'held',
        title: text(opened.why === 'section' ? 'managed_locked_title' : 'managed_forbidden_title'),
        children: plain(barredKeys[opened.why], name),
      });
    }
    const key = opened.kind === 'bad-scope' ? 'prompt_bad_scope_text' : 'prompt_unknown_text';
    return show({ icon: 'warning', title: text('prompt_nothing_to_ask'), children: plain(key) });
  }
  const { settled, lifetime } = phase;
  if (settled.kind === 'granted') {
    const name = capabilityText(settled.capability, 'name');
    return show({
      icon: 'on',
      title: text('prompt_granted', name),
      children: (
        <>
          {capability(settled.capability).sites === 'choose' || settled.scope !== '*'
            ? plain('prompt_granted_where', scopeText(settled.scope))
            : null}
          {settled.validUntilMs === null
            ? plain(lifetime === 'session' ? 'prompt_granted_session' : 'prompt_granted_until_revoked')
            : plain('prompt_granted_until', whenText(settled.validUntilMs))}
          {plain('prompt_granted_withdrawal')}
        </>
      ),
    });
  }
  if (settled.kind === 'refused-by-browser') {
    return show({
      icon: 'refused',
      title: text('prompt_refused_by_browser'),
      children: plain('prompt_refused_by_browser_text'),
      onAskAgain,
    });
  }
  if (settled.kind === 'forbidden') {
    return show({ icon: 'held', title: text('managed_forbidden_title'), children: plain('managed_prompt_late') });
  }
  if (settled.kind === 'moved') {
    return show({ icon: 'held', title: text('prompt_moved'), children: plain('prompt_moved_text'), onAskAgain });
  }
  if (settled.kind === 'gone') {
    return show({ icon: 'info', title: text('prompt_gone'), children: plain('prompt_gone_text'), onAskAgain });
  }
  return show({
    icon: 'warning',
    title: text('prompt_failed'),
    children: plain('prompt_failed_text'),
    details: settled.why,
    onAskAgain,
  });
}

const barredKeys = {
  capability: 'managed_prompt_capability',
  place: 'managed_prompt_place',
  section: 'managed_prompt_section',
} as const;

startPage('title_prompt', Page, { language: 'fixed' });

/** Stands in place of a page that a list blocks: says which list, and lets the person through who knows what they do. */
import { useEffect, useRef, useState } from 'preact/hooks';
import browser from 'webextension-polyfill';
import { Button } from '../../components/button';
import { Confirm } from '../../components/confirm';
import { Icon } from '../../components/icons';
import { Problem } from '../../components/problem';
import { startPage } from '../../components/start-page';
import { useLoaded } from '../../components/use-loaded';
import { credits, type StoppingList, stoppingLists } from '../../utils/catalogue/lists';
import { hostOfUrl } from '../../utils/catalogue/scope';
import { ask } from '../../utils/messages/client';
import { text } from '../../utils/platform/text';
import './blocked.css';

const named = new URLSearchParams(location.search).get('list');
/** Outside input: any page may lead here, with any words behind. */
const list: StoppingList = stoppingLists.find((one) => one === named) ?? 'malicious';
const source = credits.find((credit) => credit.list === list);

/** The browser may tell the background of the redirect only after this page is there. */
const AGAIN_MS = 100;
const TRIES = 20;

interface Stopped {
  readonly url: string | undefined;
  readonly live: boolean;
}

/** The address, from the background; kept in the tab's own history, so that it is still there after a reload. */
async function stopped(): Promise<Stopped> {
  for (let triesLeft = TRIES; ; triesLeft -= 1) {
    const { url, live } = await ask('protection.stopped', {});
    const kept = (history.state as { stopped?: unknown } | null)?.stopped;
    const known = url ?? (typeof kept === 'string' ? kept : undefined);
    if (known !== undefined) history.replaceState({ stopped: known }, '');
    if (known !== undefined || !live || triesLeft === 0) return { url: known, live };
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

/** Where there is nothing to go back to, the tab was opened for this page alone. */
async function leave(): Promise<void> {
  if (history.length > 1) {
    history.back();
    return;
  }
  const tab = await browser.tabs.getCurrent();
  if (tab?.id !== undefined) await browser.tabs.remove(tab.id);
}

function Page() {
  const now = useLoaded(stopped, []);
  const [error, setError] = useState<unknown>();
  const [noPage, setNoPage] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const url = now.value?.url;
  const host = url === undefined ? undefined : hostOfUrl(url);

  const open = async () => {
    if (url === undefined) return;
    try {
      const answer = await ask('protection.let-through', { url });
      if (answer.kind === 'no-page') setNoPage(true);
      else location.replace(url);
    } catch (why) {
      setError(why);
    }
  };

  return (
    <main class="blocked card stack" data-testid="blocked" data-list={list} aria-busy={now.value ? undefined : 'true'}>
      <header class="blocked-header">
        <Icon name="warning" />
        <h1 ref={heading} tabIndex={-1}>
          {text('blocked_heading')}
        </h1>
      </header>
      <p data-testid="blocked-why">
        {host === undefined ? text(`blocked_unnamed_${list}`) : text(`blocked_${list}`, host)}
      </p>
      <p>{text('blocked_nothing_loaded')}</p>
      {url === undefined ? null : (
        <details class="small">
          <summary>{text('blocked_address')}</summary>
          <code data-testid="blocked-address">{url}</code>
        </details>
      )}
      <p class="small muted" data-testid="blocked-list">
        {source ? text('blocked_source', source.name) : text('blocked_source', text('blocked_source_own'))}
      </p>
      {now.error === undefined ? null : <Problem error={now.error} onRetry={now.reload} />}
      {error === undefined ? null : <Problem error={error} />}
      {noPage ? (
        <p class="problem" role="alert">
          {text('blocked_no_page')}
        </p>
      ) : null}
      {now.value && url === undefined ? <p>{text('blocked_unknown')}</p> : null}
      {now.value && !now.value.live ? <p>{text('blocked_is_off')}</p> : null}
      <div class="row">
        <Button look="primary" testId="blocked-leave" onPress={leave}>
          {history.length > 1 ? <Icon name="back" /> : null}
          {text(history.length > 1 ? 'blocked_back' : 'blocked_close')}
        </Button>
        {now.value && host !== undefined && now.value.live ? (
          <Confirm
            testId="let-through"
            action={text('blocked_through')}
            question={text('blocked_through_question', host)}
            confirm={text('blocked_through_confirm')}
            onConfirm={open}
          />
        ) : null}
        {now.value && url !== undefined && !now.value.live ? (
          <Button onPress={open}>{text('blocked_open')}</Button>
        ) : null}
      </div>
    </main>
  );
}

startPage('title_blocked', Page);

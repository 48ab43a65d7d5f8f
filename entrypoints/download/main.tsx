/** Asks about a download that is held: what it is, why it is held, keep or cancel. */
import { useEffect, useRef, useState } from 'preact/hooks';
import browser from 'webextension-polyfill';
import { Button } from '../../components/button';
import { Icon } from '../../components/icons';
import { Problem } from '../../components/problem';
import { startPage } from '../../components/start-page';
import { useAttempt } from '../../components/use-attempt';
import { useLoaded } from '../../components/use-loaded';
import type { Verdict } from '../../utils/catalogue/lists';
import { ask } from '../../utils/messages/client';
import type { HeldDownload } from '../../utils/messages/contract';
import { type TextKey, text } from '../../utils/platform/text';
import './download.css';

/** Outside input: what is no number names no download. */
const raw = new URLSearchParams(location.search).get('id') ?? '';
const id = /^\d{1,15}$/.test(raw) ? Number(raw) : undefined;

const whys: Readonly<Record<Verdict, TextKey>> = {
  malicious: 'download_malicious',
  phishing: 'download_phishing',
  'program-over-http': 'download_program_over_http',
};

/** A download goes on while the page is open. */
const AGAIN_MS = 1000;

type Done = { kind: 'kept' } | { kind: 'discarded' } | { kind: 'failed'; why: string };

async function close(): Promise<void> {
  const tab = await browser.tabs.getCurrent();
  if (tab?.id !== undefined) await browser.tabs.remove(tab.id);
}

function Page() {
  const now = useLoaded(
    async () => (id === undefined ? ({ kind: 'gone' } as const) : await ask('download.get', { id })),
    [],
  );
  const [done, setDone] = useState<Done>();
  const { error, attempt } = useAttempt();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), [done]);
  const moving = now.value?.kind === 'held' && now.value.state === 'loading' && done === undefined;
  useEffect(() => {
    if (!moving) return;
    const timer = setInterval(now.reload, AGAIN_MS);
    return () => clearInterval(timer);
  }, [moving]);

  const act = (action: () => Promise<Done>) => attempt(async () => setDone(await action()));
  const keep = (held: number) =>
    act(async () => {
      const answer = await ask('download.keep', { id: held });
      return answer.kind === 'gone' ? { kind: 'failed', why: 'gone' } : answer;
    });
  const discard = (held: number) => act(() => ask('download.discard', { id: held }));
  const decided = done !== undefined && done.kind !== 'failed';
  return (
    <main
      class="blocked card stack"
      data-kind="download"
      data-testid="download"
      data-state={done?.kind ?? (now.value?.kind === 'held' ? now.value.state : now.value?.kind)}
      aria-busy={now.value ? undefined : 'true'}
    >
      <header class="blocked-header">
        <Icon name="warning" />
        <h1 ref={heading} tabIndex={-1}>
          {text('download_heading')}
        </h1>
      </header>
      {now.error === undefined ? null : <Problem error={now.error} onRetry={now.reload} />}
      {error === undefined ? null : <Problem error={error} />}
      {now.value?.kind === 'gone' ? <p>{text('download_gone')}</p> : null}
      {now.value?.kind === 'off' ? <p>{text('download_off')}</p> : null}
      {now.value?.kind === 'held' ? <Facts held={now.value} decided={decided} /> : null}
      <div role="status">
        {done?.kind === 'kept' ? <p>{text('download_kept')}</p> : null}
        {done?.kind === 'discarded' ? <p>{text('download_discarded')}</p> : null}
        {done?.kind === 'failed' ? <p class="problem">{text('download_failed')}</p> : null}
      </div>
      <div class="row">
        {id !== undefined && now.value?.kind === 'held' && now.value.state !== 'over' && !decided ? (
          <>
            <Button look="danger" testId="discard-download" onPress={() => discard(id)}>
              {text(now.value.state === 'done' ? 'download_remove' : 'download_discard')}
            </Button>
            <Button testId="keep-download" onPress={() => keep(id)}>
              {text('download_keep')}
            </Button>
          </>
        ) : (
          <Button onPress={close}>{text('close')}</Button>
        )}
      </div>
    </main>
  );
}

function Facts({ held, decided }: { held: HeldDownload; decided: boolean }) {
  return (
    <>
      <p data-testid="download-why">
        {text(whys[held.verdict], held.fileName || text('download_some_file'), held.host ?? '')}
      </p>
      {decided ? null : <p>{text(`download_state_${held.state}`)}</p>}
    </>
  );
}

startPage('title_download', Page);

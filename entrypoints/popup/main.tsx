/** The popup: what is on now, this site, and stopping. Imports nothing heavy: it has to be there at once. */
import { useEffect, useState } from 'preact/hooks';
import browser from 'webextension-polyfill';
import { ActiveList, liveScopes } from '../../components/active-list';
import { Announcer } from '../../components/announcer';
import { Banner } from '../../components/banner';
import { Bulletins } from '../../components/bulletins';
import { Button } from '../../components/button';
import { capabilityText } from '../../components/capability-text';
import { count } from '../../components/feedback';
import { counted } from '../../components/formats';
import { revokedText } from '../../components/grant-text';
import { ManagedLine } from '../../components/managed-view';
import { NewsBanners } from '../../components/news-banners';
import { Problem } from '../../components/problem';
import { ProtectionPanel } from '../../components/protection-panel';
import { type Cleaning, SitePanel } from '../../components/site-panel';
import { startPage } from '../../components/start-page';
import { useAttempt } from '../../components/use-attempt';
import { useKeptFocus } from '../../components/use-kept-focus';
import { useLoaded } from '../../components/use-loaded';
import { Warnings } from '../../components/warnings';
import { type CapabilityId, capability } from '../../utils/catalogue/catalogue';
import { covers, hostOfUrl, type Scope, scopeOfUrl } from '../../utils/catalogue/scope';
import { ask, onChanged } from '../../utils/messages/client';
import type { CapabilityView, State } from '../../utils/messages/contract';
import { localDay } from '../../utils/platform/clock';
import { joinSentences } from '../../utils/platform/languages';
import { language, text } from '../../utils/platform/text';
import './popup.css';

interface Front {
  readonly host: string | undefined;
  readonly scope: Scope | undefined;
  readonly port: number | undefined;
  readonly tabId: number | undefined;
  readonly incognito: boolean;
}

/** The site in front. Without a host where the tab is no website, or the browser does not say. */
async function inFront(): Promise<Front> {
  const [tab] = await browser.tabs.query({ active: true, currentWindow: true });
  const url = tab?.url ?? '';
  const host = hostOfUrl(url);
  const port = host === undefined ? 0 : Number(new URL(url).port);
  return {
    host,
    scope: scopeOfUrl(url),
    port: port > 0 ? port : undefined,
    tabId: tab?.id,
    incognito: tab?.incognito === true || browser.extension.inIncognitoContext === true,
  };
}

const viewOf = (state: State, id: CapabilityId): CapabilityView | undefined =>
  state.capabilities.find((view) => view.id === id);

const isLive = (state: State, id: CapabilityId): boolean => {
  const view = viewOf(state, id);
  return view !== undefined && liveScopes(view).length > 0;
};

/** Opens a section of the options page in a tab of its own: a link would open inside the popup. */
async function openSection(path: string): Promise<void> {
  await browser.tabs.create({ url: browser.runtime.getURL(path) });
  window.close();
}

function App() {
  const [tick, setTick] = useState(0);
  const { error, attempt } = useAttempt();
  const [message, setMessage] = useState<{ text: string; data: boolean }>();
  const state = useLoaded(() => ask('state.get', {}), [tick]);
  const front = useLoaded(inFront, []);
  const heading = useKeptFocus<HTMLHeadingElement>([message, message ? state.value : undefined]);

  useEffect(() => count('popup.opened'), []);
  useEffect(() => onChanged(() => setTick((n) => n + 1)), []);
  useEffect(() => {
    const heard = (event: MouseEvent) => {
      const link = event.target instanceof Element ? event.target.closest('a') : null;
      const path = link?.getAttribute('href');
      if (!path?.startsWith('/')) return;
      event.preventDefault();
      void openSection(path);
    };
    document.addEventListener('click', heard);
    return () => document.removeEventListener('click', heard);
  }, []);

  const show = (capability: CapabilityId, scope: Scope) =>
    attempt(async () => {
      await ask('prompts.show', { capability, scope });
      window.close();
    });
  const revoke = (capability: CapabilityId, scope: Scope) =>
    attempt(async () => {
      count('grant.revoked');
      const revoked = await ask('grants.revoke', { capability, scope });
      const sealed = revoked.kind === 'revoked' && revoked.records > 0;
      setMessage({ text: revokedText(capability, scope, revoked), data: sealed });
    });
  const stopAll = () =>
    attempt(async () => {
      count('everything.stopped');
      const { stopped, undurable } = await ask('grants.stop-all', {});
      const parts = [
        ...(stopped > 0 ? [counted('stopped_everything', stopped)] : []),
        ...(undurable > 0 ? [counted('stopped_undurable', undurable)] : []),
      ];
      setMessage({ text: joinSentences(parts, language()), data: stopped > 0 });
    });
  const dismiss = (upTo: number) =>
    attempt(async () => {
      await ask('news.dismiss', { upTo });
    });

  const dismissBulletin = (id: string) =>
    attempt(async () => {
      await ask('bulletins.dismiss', { id });
    });

  const now = state.value;
  const live = now?.capabilities.some((view) => liveScopes(view).length > 0) === true;
  return (
    <>
      <header class="popup-header row-between">
        <h1 class="row">
          <img class="logo" src="/icon/cloudopt.svg" alt="" />
          {text('extension_name')}
        </h1>
        <a href="/options.html#permissions">{text('all_permissions')}</a>
      </header>
      <main class="popup-main" aria-busy={now === undefined ? 'true' : undefined}>
        {state.error === undefined ? null : <Problem error={state.error} onRetry={state.reload} />}
        {error === undefined ? null : <Problem error={error} />}
        {now ? <Warnings state={now} /> : null}
        {message ? (
          <Banner>
            <p>{message.text}</p>
            {message.data ? <a href="/options.html#permissions">{text('popup_keep_or_erase')}</a> : null}
          </Banner>
        ) : null}
        {now ? (
          <Bulletins bulletins={now.bulletins} onDismiss={now.closed === null ? dismissBulletin : undefined} />
        ) : null}
        {now ? (
          <NewsBanners
            news={now.news}
            max={2}
            mayAsk={(id) => viewOf(now, id)?.mayAsk === true}
            onAskAgain={show}
            onDismiss={dismiss}
          />
        ) : null}
        <section class="stack-tight popup-on" aria-labelledby="on-now">
          <div class="row-between">
            <h2 id="on-now" ref={heading} tabIndex={-1}>
              {text('popup_on_now')}
            </h2>
            {live ? (
              <Button small look="danger" testId="stop-everything" onPress={stopAll}>
                {text('stop_everything')}
              </Button>
            ) : null}
          </div>
          {now ? <ActiveList capabilities={now.capabilities} host={front.value?.host} onRevoke={revoke} /> : null}
        </section>
        <section class="stack-tight popup-site" aria-labelledby="this-site">
          <h2 id="this-site">{text('popup_this_site')}</h2>
          {now && front.value ? (
            <Site key={front.value.host} state={now} front={front.value} tick={tick} onShow={show} onRevoke={revoke} />
          ) : null}
        </section>
        {now?.managed ? <ManagedLine managed={now.managed} /> : null}
        {now && front.value && now.closed === null ? <Offer state={now} front={front.value} onShow={show} /> : null}
      </main>
      <footer class="popup-footer small">
        <a href="/options.html#diagnostics/feedback">{text('feedback_link')}</a>
      </footer>
      <Announcer message={message?.text ?? ''} />
    </>
  );
}

interface SiteProps {
  readonly state: State;
  readonly front: Front;
  readonly tick: number;
  readonly onShow: (capability: CapabilityId, scope: Scope) => Promise<void>;
  readonly onRevoke: (capability: CapabilityId, scope: Scope) => Promise<void>;
}

function Site({ state, front, tick, onShow, onRevoke }: SiteProps) {
  const { host, scope, port, tabId, incognito } = front;
  const [cleaning, setCleaning] = useState<Cleaning>();
  const view = viewOf(state, 'site-insight');
  const covering = host === undefined || !view ? [] : liveScopes(view).filter((one) => covers(one.scope, host));
  const excluded = view?.scopes.some((one) => one.scope === scope && one.excluded && one.state !== 'granted') === true;
  const live = covering.length > 0 && !excluded && !incognito;
  const timed = host !== undefined && !incognito && isLive(state, 'browsing-time');
  const report = useLoaded(
    async () => (live && host !== undefined ? await ask('insight.site', { host }) : undefined),
    [host, live, tick],
  );
  const time = useLoaded(async () => (timed ? await ask('time.days', { days: 1 }) : undefined), [timed, tick]);

  const protects = host !== undefined && tabId !== undefined && isLive(state, 'protection');
  const protection = useLoaded(
    async () => (protects ? await ask('protection.site', { host, tabId }) : undefined),
    [protects, host, tabId, tick],
  );
  const protectionPanel =
    protects && protection.value?.live ? (
      <ProtectionPanel
        host={host}
        site={protection.value}
        onPause={async (length) => {
          await ask('protection.pause', { host, tabId, length });
          protection.reload();
        }}
        onResume={async () => {
          await ask('protection.resume', { host, tabId });
          protection.reload();
        }}
      />
    ) : null;

  if (host === undefined || scope === undefined) {
    return <p class="muted">{text(incognito ? 'popup_private' : 'popup_no_site')}</p>;
  }
  if (incognito) {
    return (
      <>
        <p class="muted">{text('popup_private')}</p>
        {protectionPanel}
      </>
    );
  }
  const failed = report.error ?? time.error ?? protection.error;
  const offered =
    view !== undefined && state.closed === null && view.mayAsk && (view.mayOffer || view.state === 'granted');
  const today = localDay(Date.now());
  // Time is kept by registrable domain: `www.shop.example` counts as `shop.example`.
  const mine = time.value?.rows.filter((row) => row.day === today && covers(`*://*.${row.site}/*`, host)) ?? [];
  return (
    <>
      <p class="popup-host">{host}</p>
      {failed === undefined ? null : <Problem error={failed} />}
      {protectionPanel}
      <SitePanel
        host={host}
        report={report.value}
        insight={live ? 'live' : offered ? 'offer' : 'silent'}
        underAllSites={live && !covering.some((one) => one.scope === scope)}
        todayMs={timed && time.value ? mine.reduce((all, row) => all + row.attentionMs, 0) : undefined}
        alone={protectionPanel === null}
        cleaner={isLive(state, 'site-cleaner')}
        cleaning={cleaning}
        onTurnOn={() => onShow('site-insight', scope)}
        onStopHere={() => onRevoke('site-insight', scope)}
        onClean={async () => {
          try {
            count('site.cleaned');
            setCleaning(await ask('clean.site', { host, ...(port === undefined ? {} : { port }) }));
          } catch (error) {
            setCleaning({ kind: 'failed', why: String(error) });
          }
        }}
      />
    </>
  );
}

/** At most one quiet offer: of what was never decided on, or put off long enough ago. */
function Offer({ state, front, onShow }: Pick<SiteProps, 'state' | 'front' | 'onShow'>) {
  const offered = state.capabilities.find(
    ({ id, mayOffer, state: now }) =>
      mayOffer &&
      // What serves its makers is not put before a person who did not look for it.
      capability(id).destination === 'device' &&
      (now === 'off' || now === 'refused') &&
      (id !== 'site-insight' || front.host === undefined),
  );
  if (!offered) return null;
  return (
    <aside class="popup-offer row-between small" aria-label={text('popup_offer')} data-testid="offer">
      <span>
        <strong>{capabilityText(offered.id, 'name')}</strong>
        <br />
        <span class="muted">{capabilityText(offered.id, 'does')}</span>
      </span>
      <Button
        small
        testId="turn-on"
        label={text('turn_on_named', capabilityText(offered.id, 'name'))}
        onPress={() => onShow(offered.id, '*')}
      >
        {text('turn_on')}
      </Button>
    </aside>
  );
}

// In the toolbar's panel the width is fixed; opened as a tab, the page takes the width that there is.
const inPanel = browser.extension.getViews({ type: 'popup' }).includes(window);
document.documentElement.classList.toggle('in-tab', !inPanel);
startPage('title_popup', App);

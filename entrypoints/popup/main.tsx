/** The popup: what is on now, this site, and stopping. Imports nothing heavy: it has to be there at once. */
import type { ComponentChildren, RefObject } from 'preact';
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
import { revokedText, stoppedText } from '../../components/grant-text';
import { CapabilityIcon, Icon } from '../../components/icons';
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
import { covers, type Scope } from '../../utils/catalogue/scope';
import { ask, onChanged } from '../../utils/messages/client';
import type { State } from '../../utils/messages/contract';
import { localDay } from '../../utils/platform/clock';
import { text } from '../../utils/platform/text';
import {
  type About,
  askAbout,
  askFirst,
  askFront,
  type First,
  type Front,
  insightHere,
  isLive,
  viewOf,
} from './answers';
import './popup.css';

// In the toolbar's panel the size is fixed; opened as a tab, the page takes the room that there is.
const inPanel = browser.extension.getViews({ type: 'popup' }).includes(window);
document.documentElement.classList.toggle('in-tab', !inPanel);

/** What changes between the first question and the first paint. */
let changed = false;
let heard = () => {
  changed = true;
};
onChanged(() => heard());

const first: First = {};
const asked = askFirst().then((answers) => Object.assign(first, answers));

/** Opens a section of the options page in a tab of its own: a link would open inside the popup. */
async function openSection(path: string): Promise<void> {
  await browser.tabs.create({ url: browser.runtime.getURL(path) });
  window.close();
}

function App() {
  const [tick, setTick] = useState(0);
  const { error, attempt } = useAttempt();
  const [message, setMessage] = useState<Message>();
  const state = useLoaded(() => ask('state.get', {}), [], tick, first.state);
  const front = useLoaded(askFront, [], 0, first.front);
  const heading = useKeptFocus<HTMLHeadingElement>([message, message ? state.value : undefined]);

  useEffect(() => count('popup.opened'), []);
  useEffect(() => {
    heard = () => setTick((n) => n + 1);
    if (changed) heard();
  }, []);
  useEffect(() => {
    const clicked = (event: MouseEvent) => {
      const link = event.target instanceof Element ? event.target.closest('a') : null;
      const path = link?.getAttribute('href');
      if (!path?.startsWith('/')) return;
      event.preventDefault();
      void openSection(path);
    };
    document.addEventListener('click', clicked);
    return () => document.removeEventListener('click', clicked);
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
      const stopped = await ask('grants.stop-all', {});
      setMessage({ text: stoppedText(stopped), data: stopped.stopped > 0 });
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
  return (
    <>
      <header class="popup-header row-between">
        <h1 class="row">
          <img class="logo" src="/icon/cloudopt.svg" alt="" />
          {text('extension_name')}
        </h1>
        <a class="with-icon" href="/options.html#permissions">
          <Icon name="settings" />
          {text('all_permissions')}
        </a>
      </header>
      <main class="popup-main" aria-busy={now && front.value ? undefined : 'true'}>
        {state.error === undefined ? null : <Problem error={state.error} onRetry={state.reload} />}
        {error === undefined ? null : <Problem error={error} />}
        {now ? (
          <Now
            state={now}
            front={front.value}
            message={message}
            tick={tick}
            heading={heading}
            onShow={show}
            onRevoke={revoke}
            onStopAll={stopAll}
            onDismiss={dismiss}
            onDismissBulletin={dismissBulletin}
          />
        ) : (
          <Bones lines={6} />
        )}
      </main>
      <footer class="popup-footer small">
        <a href="/options.html#diagnostics/feedback">{text('feedback_link')}</a>
      </footer>
      <Announcer message={message?.text ?? ''} />
    </>
  );
}

interface Message {
  readonly text: string;
  /** Something was collected, about which there is a choice. */
  readonly data: boolean;
}

interface NowProps {
  readonly state: State;
  readonly front: Front | undefined;
  readonly message: Message | undefined;
  readonly tick: number;
  readonly heading: RefObject<HTMLHeadingElement | null>;
  readonly onShow: SiteProps['onShow'];
  readonly onRevoke: SiteProps['onRevoke'];
  readonly onStopAll: () => Promise<void>;
  readonly onDismiss: (upTo: number) => Promise<void>;
  readonly onDismissBulletin: (id: string) => Promise<void>;
}

/** All that is known of the state, in one piece. */
function Now({ state, front, message, tick, heading, onShow, onRevoke, ...on }: NowProps) {
  const news = state.bulletins.length + state.news.length;
  return (
    <>
      <Warnings state={state} />
      {message ? (
        <Banner>
          <p>{message.text}</p>
          {message.data ? <a href="/options.html#permissions">{text('popup_keep_or_erase')}</a> : null}
        </Banner>
      ) : null}
      {news > 0 ? (
        <a class="popup-news with-icon" href="#news" data-testid="news-line">
          <Icon name="news" />
          <span>{counted('popup_news', news)}</span>
          <Icon name="onward" />
        </a>
      ) : null}
      <section class="stack-tight popup-on" aria-labelledby="on-now">
        <div class="row-between">
          <h2 id="on-now" ref={heading} tabIndex={-1}>
            {text('popup_on_now')}
          </h2>
          {state.capabilities.some((view) => liveScopes(view).length > 0) ? (
            <Button small look="danger" testId="stop-everything" onPress={on.onStopAll}>
              {text('stop_everything')}
            </Button>
          ) : null}
        </div>
        <ActiveList capabilities={state.capabilities} host={front?.host} onRevoke={onRevoke} />
      </section>
      {front === undefined ? (
        <SiteSection>
          <Bones lines={3} />
        </SiteSection>
      ) : (
        <Rest state={state} front={front} tick={tick} onShow={onShow} onRevoke={onRevoke}>
          {news > 0 ? (
            <section id="news" class="stack popup-below" aria-labelledby="news-title">
              <h2 id="news-title" tabIndex={-1}>
                {text('news_heading')}
              </h2>
              <Bulletins
                bulletins={state.bulletins}
                onDismiss={state.closed === null ? on.onDismissBulletin : undefined}
              />
              <NewsBanners
                news={state.news}
                max={2}
                mayAsk={(id) => viewOf(state, id)?.mayAsk === true}
                onAskAgain={onShow}
                onDismiss={on.onDismiss}
              />
            </section>
          ) : null}
        </Rest>
      )}
    </>
  );
}

/** Where an answer will stand that takes longer than a person should see nothing. */
function Bones({ lines }: { lines: number }) {
  return (
    <div class="bones stack-tight" aria-hidden="true">
      {Array.from({ length: lines }, (_, line) => (
        <div class="bone" key={line} />
      ))}
    </div>
  );
}

function SiteSection({ children }: { children: ComponentChildren }) {
  return (
    <section class="stack-tight popup-site" aria-labelledby="this-site">
      <h2 id="this-site">{text('popup_this_site')}</h2>
      {children}
    </section>
  );
}

interface SiteProps {
  readonly state: State;
  readonly front: Front;
  readonly onShow: (capability: CapabilityId, scope: Scope) => Promise<void>;
  readonly onRevoke: (capability: CapabilityId, scope: Scope) => Promise<void>;
}

/**
 * The site in front and all that stands below it. It comes at once, when all of its answers are there: so nothing that
 * is shown is pushed away by what comes later.
 */
function Rest({ tick, children, ...site }: SiteProps & { tick: number; children: ComponentChildren }) {
  const { state, front, onShow } = site;
  const about = useLoaded(
    () => askAbout(state, front),
    [front.host, insightHere(state, front), isLive(state, 'browsing-time'), isLive(state, 'protection')],
    tick,
    first.about,
  );
  if (about.value === undefined && about.error === undefined) {
    return (
      <SiteSection>
        <Bones lines={3} />
      </SiteSection>
    );
  }
  return (
    <>
      <SiteSection>
        {about.error === undefined ? null : <Problem error={about.error} onRetry={about.reload} />}
        <Site key={front.host} {...site} about={about.value} onReload={about.reload} />
      </SiteSection>
      {state.managed ? <ManagedLine managed={state.managed} /> : null}
      {state.closed === null ? <Offer state={state} front={front} onShow={onShow} /> : null}
      {children}
    </>
  );
}

function Site({
  state,
  front,
  about,
  onReload,
  onShow,
  onRevoke,
}: SiteProps & { about: About | undefined; onReload: () => void }) {
  const { host, scope, port, tabId, incognito } = front;
  const [cleaning, setCleaning] = useState<Cleaning>();
  const view = viewOf(state, 'site-insight');
  const covering = insightHere(state, front);
  const { report, time, protection } = about ?? {};
  const protectionPanel =
    host !== undefined && tabId !== undefined && protection?.live ? (
      <ProtectionPanel
        host={host}
        site={protection}
        onPause={async (length) => {
          await ask('protection.pause', { host, tabId, length });
          onReload();
        }}
        onResume={async () => {
          await ask('protection.resume', { host, tabId });
          onReload();
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
  const offered =
    view !== undefined && state.closed === null && view.mayAsk && (view.mayOffer || view.state === 'granted');
  const today = localDay(Date.now());
  // Time is kept by registrable domain: `www.shop.example` counts as `shop.example`.
  const mine = time?.rows.filter((row) => row.day === today && covers(`*://*.${row.site}/*`, host));
  return (
    <>
      <p class="popup-host with-icon">
        <Icon name="site" />
        {host}
      </p>
      {protectionPanel}
      <SitePanel
        host={host}
        report={report}
        insight={covering.length > 0 ? 'live' : offered ? 'offer' : 'silent'}
        underAllSites={covering.length > 0 && !covering.includes(scope)}
        todayMs={mine?.reduce((all, row) => all + row.attentionMs, 0)}
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
  const name = capabilityText(offered.id, 'name');
  return (
    <aside class="popup-offer small" aria-label={text('popup_offer')} data-testid="offer">
      <CapabilityIcon id={offered.id} />
      <span class="popup-offer-text">
        <strong>{name}</strong>
        <br />
        <span class="muted">{capabilityText(offered.id, 'does')}</span>
      </span>
      <Button small testId="turn-on" label={text('turn_on_named', name)} onPress={() => onShow(offered.id, '*')}>
        {text('turn_on')}
      </Button>
    </aside>
  );
}

startPage('title_popup', App, { after: asked });

/** What the popup asks before its first paint, so that this shows what is on and nothing moves afterwards. */
import browser from 'webextension-polyfill';
import { liveScopes } from '../../components/active-list';
import type { CapabilityId } from '../../utils/catalogue/catalogue';
import { covers, hostOfUrl, type Scope, scopeOfUrl } from '../../utils/catalogue/scope';
import { ask } from '../../utils/messages/client';
import type { Answers, CapabilityView, InsightSite, ProtectionSite, State } from '../../utils/messages/contract';

/** The tab in front. Without a host where it is no website, or the browser does not say. */
export interface Front {
  readonly host: string | undefined;
  readonly scope: Scope | undefined;
  readonly port: number | undefined;
  readonly tabId: number | undefined;
  readonly incognito: boolean;
}

/** What is known about the site in front. Each is missing where its capability is off here. */
export interface About {
  readonly report: InsightSite | undefined;
  readonly time: Answers['time.days'] | undefined;
  readonly protection: ProtectionSite | undefined;
}

export const viewOf = (state: State, id: CapabilityId): CapabilityView | undefined =>
  state.capabilities.find((view) => view.id === id);

export const isLive = (state: State, id: CapabilityId): boolean => {
  const view = viewOf(state, id);
  return view !== undefined && liveScopes(view).length > 0;
};

/** The scopes under which site insight looks at the site in front. */
export function insightHere(state: State, { host, scope, incognito }: Front): Scope[] {
  const view = viewOf(state, 'site-insight');
  if (view === undefined || host === undefined || incognito) return [];
  const out = view.scopes.some((one) => one.scope === scope && one.excluded && one.state !== 'granted');
  return out ? [] : liveScopes(view).flatMap((one) => (covers(one.scope, host) ? [one.scope] : []));
}

export async function askFront(): Promise<Front> {
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

export async function askAbout(state: State, front: Front): Promise<About> {
  const { host, tabId, incognito } = front;
  const nothing = Promise.resolve(undefined);
  const [report, time, protection] = await Promise.all([
    host !== undefined && insightHere(state, front).length > 0 ? ask('insight.site', { host }) : nothing,
    host !== undefined && !incognito && isLive(state, 'browsing-time') ? ask('time.days', { days: 1 }) : nothing,
    host !== undefined && tabId !== undefined && isLive(state, 'protection')
      ? ask('protection.site', { host, tabId })
      : nothing,
  ]);
  return { report, time, protection };
}

/** What was there in time; the rest is asked for by the page, which says so where it fails. */
export interface First {
  state?: State;
  front?: Front;
  about?: About;
}

/** A background that runs answers in a few milliseconds; one that starts up may take longer than a person should see nothing. */
const HELD_MS = 150;

export async function askFirst(): Promise<First> {
  const first: First = {};
  const all = async () => {
    const front = askFront().then((answer) => {
      first.front = answer;
      return answer;
    });
    const state = ask('state.get', {}).then((answer) => {
      first.state = answer;
      return answer;
    });
    first.about = await askAbout(...(await Promise.all([state, front])));
  };
  await Promise.race([all().catch(console.debug), new Promise((resolve) => setTimeout(resolve, HELD_MS))]);
  return { ...first };
}

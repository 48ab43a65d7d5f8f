import type { ComponentChildren } from 'preact';
import type { CapabilityId } from '../utils/catalogue/catalogue';
import type { Answers, InsightSite } from '../utils/messages/contract';
import { type TextKey, text } from '../utils/platform/text';
import { Button } from './button';
import { CapabilityName } from './capability-name';
import { Confirm } from './confirm';
import { formats } from './formats';
import { ThirdParties } from './third-parties';

export type Cleaning = Answers['clean.site'];

export interface SitePanelProps {
  readonly host: string;
  /** Missing where site insight is off for this site, or did not answer. */
  readonly report: InsightSite | undefined;
  /** `offer`: it may be turned on here. `silent`: it is off, and nothing asks for it. */
  readonly insight: 'live' | 'offer' | 'silent';
  /** Site insight is on here because it is on for all sites. */
  readonly underAllSites: boolean;
  /** Attention today; missing where browsing time is off. */
  readonly todayMs: number | undefined;
  /** Nothing else is said about the site. */
  readonly alone: boolean;
  readonly cleaner: boolean;
  readonly cleaning: Cleaning | undefined;
  readonly onTurnOn: () => unknown;
  readonly onStopHere: () => unknown;
  readonly onClean: () => unknown;
}

/** The site in front: whom it talks to, how long it had attention, and clearing what it stored. */
export function SitePanel(props: SitePanelProps) {
  const { host, report, insight, underAllSites, todayMs, cleaner, cleaning } = props;
  const parts: ComponentChildren[] = [];
  if (insight === 'live') {
    parts.push(
      <div class="stack-tight popup-part" key="insight" data-testid="site-insight">
        <PartTitle id="site-insight" />
        {report ? <ThirdParties report={report} /> : null}
        {underAllSites ? (
          <div>
            <Button small testId="stop-here" onPress={props.onStopHere}>
              {text('popup_stop_here', host)}
            </Button>
          </div>
        ) : null}
      </div>,
    );
  } else if (insight === 'offer') {
    parts.push(
      <div class="stack-tight popup-part" key="insight">
        <PartTitle id="site-insight" />
        <p class="muted">{text('popup_insight_off')}</p>
        <div>
          <Button testId="turn-on-site" onPress={props.onTurnOn}>
            {text('turn_on_site')}
          </Button>
        </div>
      </div>,
    );
  }
  if (todayMs !== undefined) {
    parts.push(
      <div class="stack-tight popup-part" key="time" data-testid="site-time">
        <PartTitle id="browsing-time" />
        <p>{todayMs < 30_000 ? text('popup_time_none') : text('popup_time_today', formats.duration(todayMs))}</p>
      </div>,
    );
  }
  if (cleaner) {
    parts.push(
      <div key="cleaner" class="stack-tight popup-part">
        <PartTitle id="site-cleaner" />
        <Confirm
          testId="clean-site"
          action={text('popup_clean')}
          question={text('popup_clean_question', host)}
          confirm={text('popup_clean_confirm')}
          onConfirm={props.onClean}
        />
        <div role="status">{cleaning ? <CleaningText cleaning={cleaning} host={host} /> : null}</div>
      </div>,
    );
  }
  if (parts.length === 0) return !props.alone ? null : <p class="muted">{text('popup_site_nothing')}</p>;
  return <div class="card stack site-panel">{parts}</div>;
}

/** Which capability a part of the popup comes from. */
export function PartTitle({ id }: { id: CapabilityId }) {
  return (
    <h3 class="with-icon">
      <CapabilityName id={id} />
    </h3>
  );
}

const kindWords: Readonly<Record<string, TextKey>> = {
  cookies: 'data_cookies',
  cache: 'data_cache',
  localStorage: 'data_local_storage',
  indexedDB: 'data_indexed_db',
  serviceWorkers: 'data_service_workers',
  cacheStorage: 'data_cache_storage',
};

const kindsText = (kinds: readonly string[]): string =>
  kinds
    .map((kind) => {
      const key = kindWords[kind];
      return key === undefined ? kind : text(key);
    })
    .join(', ');

function CleaningText({ cleaning, host }: { cleaning: Cleaning; host: string }) {
  if (cleaning.kind === 'off') return <p class="small problem">{text('popup_clean_off')}</p>;
  if (cleaning.kind === 'failed') {
    return (
      <>
        <p class="small problem">{text('popup_clean_failed')}</p>
        <details class="small">
          <summary>{text('technical_details')}</summary>
          <code>{cleaning.why}</code>
        </details>
      </>
    );
  }
  return (
    <div class="small stack-tight" data-testid="cleaned">
      {cleaning.cleared.length > 0 ? <p>{text('popup_cleared', host, kindsText(cleaning.cleared))}</p> : null}
      {cleaning.left.length > 0 ? <p class="muted">{text('popup_left', kindsText(cleaning.left))}</p> : null}
    </div>
  );
}

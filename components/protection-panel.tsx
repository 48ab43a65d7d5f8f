import type { PauseLength } from '../utils/catalogue/lists';
import type { ProtectionSite } from '../utils/messages/contract';
import { text } from '../utils/platform/text';
import { Button } from './button';
import { counted, whenText } from './formats';
import { PartTitle } from './site-panel';

export interface ProtectionPanelProps {
  readonly host: string;
  readonly site: ProtectionSite;
  readonly onPause: (length: PauseLength) => unknown;
  readonly onResume: () => unknown;
}

function pausedText(host: string, paused: Exclude<ProtectionSite['paused'], { kind: 'no' }>): string {
  if (paused.kind === 'visit') return text('popup_paused_visit', host);
  if (paused.kind === 'always') return text('popup_paused_always', host);
  return text('popup_paused_hour', text('until_moment', whenText(paused.untilMs)));
}

/** Protection on the site in front: what it blocked today, and pausing it here. */
export function ProtectionPanel({ host, site, onPause, onResume }: ProtectionPanelProps) {
  const { paused, blockedToday } = site;
  return (
    <section
      class="card stack popup-part"
      aria-label={text('popup_protection')}
      data-testid="protection"
      data-paused={paused.kind}
    >
      <PartTitle id="protection" />
      <p data-testid="blocked-today" data-count={blockedToday}>
        {blockedToday === 0 ? text('popup_protection_none') : counted('popup_protection_count', blockedToday)}
      </p>
      {paused.kind === 'no' ? (
        <fieldset class="stack-tight">
          <legend class="small muted">{text('popup_protection_pause')}</legend>
          <div class="row">
            <Button small testId="pause-visit" onPress={() => onPause('visit')}>
              {text('popup_pause_visit')}
            </Button>
            <Button small testId="pause-hour" onPress={() => onPause('hour')}>
              {text('popup_pause_hour')}
            </Button>
            <Button small testId="pause-always" onPress={() => onPause('always')}>
              {text('popup_pause_always')}
            </Button>
          </div>
          <p class="small muted">{text('popup_pause_reloads')}</p>
        </fieldset>
      ) : (
        <div class="stack-tight">
          <p>{pausedText(host, paused)}</p>
          <div>
            <Button small look="primary" testId="resume-protection" onPress={onResume}>
              {text('popup_resume')}
            </Button>
          </div>
        </div>
      )}
    </section>
  );
}

import type { ComponentChildren } from 'preact';
import { type TextKey, text } from '../utils/platform/text';
import type { SyncPhase, SyncView } from '../utils/sync/view';
import { whenText } from './formats';
import { Icon, type IconName } from './icons';
import { placeOfScope, placeText, troubleText, warningText } from './sync-text';

type Mark = { readonly icon: IconName; readonly word: TextKey; readonly tone: 'on' | 'quiet' | 'warn' };
const marks: Readonly<Record<Exclude<SyncPhase, 'running'>, Mark>> = {
  off: { icon: 'off', word: 'sync_state_off', tone: 'quiet' },
  placing: { icon: 'paused', word: 'sync_state_setup', tone: 'warn' },
  joining: { icon: 'paused', word: 'sync_state_setup', tone: 'warn' },
  'needs-secret': { icon: 'held', word: 'sync_state_secret', tone: 'warn' },
  'closed-elsewhere': { icon: 'stopped', word: 'sync_state_closed', tone: 'warn' },
};

function markOf({ phase, trouble, lastSyncMs }: SyncView): Mark {
  if (phase !== 'running') return marks[phase];
  if (trouble !== null) return { icon: 'warning', word: 'sync_state_trouble', tone: 'warn' };
  if (lastSyncMs === null) return { icon: 'paused', word: 'sync_state_waiting', tone: 'quiet' };
  return { icon: 'on', word: 'sync_state_running', tone: 'on' };
}

/** How it stands, below its heading: one word, the place, when it was last right, and what is the matter if anything is. */
export function SyncStatus({ view, children }: { view: SyncView; children: ComponentChildren }) {
  const { phase, live, place, trouble, lastSyncMs, nextMs } = view;
  const { icon, word, tone } = markOf(view);
  const opened = phase === 'running' || phase === 'needs-secret';
  return (
    <div class="stack-tight" data-testid="sync-status" data-phase={phase} data-trouble={trouble?.why ?? ''}>
      <div class="row-between">
        {children}
        <span class="mark" data-tone={tone}>
          <Icon name={icon} />
          {text(word)}
        </span>
      </div>
      {trouble === null || !opened ? null : (
        <p class="measure">
          {troubleText(trouble.why)}{' '}
          <span class="small muted">{text('sync_trouble_since', whenText(trouble.atMs))}</span>
        </p>
      )}
      {view.warnings.map((warning) => (
        <p
          key={`${warning.why} ${warning.by}`}
          class="sync-warning measure"
          data-testid="sync-warning"
          data-why={warning.why}
        >
          <Icon name="warning" />
          <span>{warningText(warning)}</span>
        </p>
      ))}
      {live === null ? null : (
        <dl class="facts small">
          <dt>{text('sync_sheet_place')}</dt>
          <dd>{place === null ? placeOfScope(live) : placeText(place)}</dd>
          {opened ? (
            <>
              <dt>{text('sync_last')}</dt>
              <dd>{lastSyncMs === null ? text('sync_never') : whenText(lastSyncMs)}</dd>
            </>
          ) : null}
          {phase === 'running' ? (
            <>
              <dt>{text('sync_next')}</dt>
              <dd>{nextMs === null ? text('sync_next_change') : whenText(nextMs)}</dd>
            </>
          ) : null}
        </dl>
      )}
    </div>
  );
}

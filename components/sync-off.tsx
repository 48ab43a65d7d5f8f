import { text } from '../utils/platform/text';
import type { ErasureView } from '../utils/sync/view';
import { Banner } from './banner';
import { Button } from './button';
import { Confirm } from './confirm';
import { whenText } from './formats';
import { troubleText } from './sync-text';
import { Unfold } from './unfold';

/** What leaves, encrypted how, and to whom. */
export function SyncAbout() {
  return (
    <dl class="facts sync-about">
      <dt>{text('sync_what')}</dt>
      <dd>{text('sync_what_text')}</dd>
      <dt>{text('sync_how')}</dt>
      <dd>{text('sync_how_text')}</dd>
      <dt>{text('sync_to')}</dt>
      <dd>{text('sync_to_text')}</dd>
    </dl>
  );
}

export type RemoteChoice = 'keep' | 'delete';

export interface SyncTurnOffProps {
  readonly place: string;
  readonly onOff: (remote: RemoteChoice) => unknown;
}

/** Asks what becomes of the copy, and then turns off. */
export function SyncTurnOff({ place, onOff }: SyncTurnOffProps) {
  return (
    <Unfold action={text('sync_off_turn')} title={text('sync_off_question', place)} testId="sync-turn-off">
      {(close) => (
        <>
          <p class="small measure">{text('sync_off_text')}</p>
          <div class="row">
            <Button onPress={close}>{text('cancel')}</Button>
            <Button testId="sync-remote-keep" onPress={() => onOff('keep')}>
              {text('sync_off_keep')}
            </Button>
            <Button look="danger" testId="sync-remote-delete" onPress={() => onOff('delete')}>
              {text('sync_off_delete')}
            </Button>
          </div>
        </>
      )}
    </Unfold>
  );
}

export interface ErasureBannerProps {
  readonly erasure: ErasureView;
  readonly onRetry: () => unknown;
  readonly onDrop: () => unknown;
}

/** A deletion that the person chose and that is not done yet. */
export function ErasureBanner({ erasure, onRetry, onDrop }: ErasureBannerProps) {
  const { sinceMs, url, lastTrouble } = erasure;
  const place = url ?? text('sync_own_place');
  return (
    <div data-testid="sync-erasure">
      <Banner tone="warn" title={text('sync_erasure_title')}>
        <p>{text('sync_erasure_text', whenText(sinceMs), place)}</p>
        {lastTrouble === null ? null : (
          <p class="small">{text('sync_erasure_trouble', whenText(lastTrouble.atMs), troubleText(lastTrouble.why))}</p>
        )}
        <div class="row">
          <Button testId="sync-erasure-retry" onPress={onRetry}>
            {text('sync_erasure_retry')}
          </Button>
          <Confirm
            action={text('sync_erasure_drop')}
            question={text('sync_erasure_drop_question', place)}
            confirm={text('sync_erasure_drop_do')}
            testId="sync-erasure-drop"
            onConfirm={onDrop}
          />
        </div>
      </Banner>
    </div>
  );
}

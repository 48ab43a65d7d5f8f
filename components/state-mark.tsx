import type { ShownState } from '../utils/messages/contract';
import { type TextKey, text } from '../utils/platform/text';
import { Icon, type IconName } from './icons';

const marks: Readonly<Record<ShownState, { icon: IconName; word: TextKey; tone: 'on' | 'quiet' | 'warn' }>> = {
  off: { icon: 'off', word: 'state_off', tone: 'quiet' },
  granted: { icon: 'on', word: 'state_granted', tone: 'on' },
  refused: { icon: 'refused', word: 'state_refused', tone: 'quiet' },
  never: { icon: 'never', word: 'state_never', tone: 'quiet' },
  revoked: { icon: 'stopped', word: 'state_revoked', tone: 'quiet' },
  expired: { icon: 'expired', word: 'state_expired', tone: 'quiet' },
  paused: { icon: 'paused', word: 'state_paused', tone: 'warn' },
  'revoked-but-held': { icon: 'held', word: 'state_revoked_but_held', tone: 'warn' },
  forbidden: { icon: 'held', word: 'state_forbidden', tone: 'quiet' },
  unsupported: { icon: 'unsupported', word: 'state_unsupported', tone: 'quiet' },
};

export const stateWord = (state: ShownState): string => text(marks[state].word);

/** A state as an icon and a word. */
export function StateMark({ state }: { state: ShownState }) {
  const { icon, tone } = marks[state];
  return (
    <span class="mark" data-tone={tone}>
      <Icon name={icon} />
      {stateWord(state)}
    </span>
  );
}

import type { LedgerKind } from './ledger-entry';
import type { GrantState } from './schema';

/** What can happen to a grant. `allow` is the person's answer together with the browser's. */
export const grantEvents = ['allow', 'refuse', 'never', 'revoke', 'expire', 'pause'] as const;
export type GrantEvent = (typeof grantEvents)[number];
export type GrantStateOrOff = GrantState | 'off';

/** The state after an event, and the ledger's word for it. */
export interface Transition {
  readonly to: GrantState;
  readonly kind: LedgerKind;
}

const allow: Transition = { to: 'granted', kind: 'granted' };
const refuse: Transition = { to: 'refused', kind: 'refused' };
const never: Transition = { to: 'never', kind: 'never' };
/** One site taken out of a grant for all sites is revoked there whatever stood there before. */
const revoke: Transition = { to: 'revoked', kind: 'revoked' };

/**
 * Every transition; what is not listed changes nothing. Refusing a question about a live grant leaves the grant as it
 * is: asking again changes nothing until it is answered with Allow or Never.
 */
export const transitions: Readonly<Record<GrantStateOrOff, Partial<Record<GrantEvent, Transition>>>> = {
  off: { allow, refuse, never, revoke },
  granted: {
    allow,
    never,
    revoke,
    expire: { to: 'expired', kind: 'expired' },
    pause: { to: 'paused', kind: 'paused' },
  },
  refused: { allow, refuse, never, revoke },
  never: { allow, refuse, never, revoke },
  revoked: { allow, refuse, never, revoke },
  expired: { allow, refuse, never, revoke },
  paused: { allow: { to: 'granted', kind: 'resumed' }, refuse, never, revoke },
};

export const transition = (from: GrantStateOrOff, event: GrantEvent): Transition | undefined =>
  transitions[from][event];

export const isLive = (state: GrantStateOrOff): boolean => state === 'granted';

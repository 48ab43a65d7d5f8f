import { MINUTE_MS } from '../platform/clock';
import type { Fence } from './schema';

/** How far the clock may stand behind the latest time seen before a timed grant counts as expired. */
export const CLOCK_SLACK_MS = MINUTE_MS;

export interface FenceCheck {
  readonly grantId: string;
  readonly epoch: number;
  readonly nowMs: number;
}

/** Whether a timed grant has run out: its time is over, or the clock was set back. */
export function hasRunOut(fence: Pick<Fence, 'validUntilMs' | 'latestSeenMs'>, nowMs: number): boolean {
  if (fence.validUntilMs === null) return false;
  return nowMs >= fence.validUntilMs || nowMs < fence.latestSeenMs - CLOCK_SLACK_MS;
}

/** Whether this fence lets a write or a send of that lease through. A missing or unreadable fence never does. */
export function passes(fence: Fence | undefined, { grantId, epoch, nowMs }: FenceCheck): boolean {
  return fence?.live === true && fence.grantId === grantId && fence.epoch === epoch && !hasRunOut(fence, nowMs);
}

import { HOUR_MS, SECOND_MS } from '../platform/clock';

/** Whoever asks for more patience than this is asked again after it. */
const RETRY_AFTER_MAX_MS = 24 * HOUR_MS;

/** `Retry-After`, which holds seconds or an HTTP date, as the time to wait. */
export function patience(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  const untilMs = /^\d{1,9}$/.test(header) ? nowMs + Number(header) * SECOND_MS : Date.parse(header);
  return Number.isNaN(untilMs) ? null : Math.min(Math.max(0, untilMs - nowMs), RETRY_AFTER_MAX_MS);
}

/** What pages tell the background about themselves: features used, errors met. It is dropped unread unless it was allowed. */
import browser from 'webextension-polyfill';
import { ask } from '../utils/messages/client';
import { FAULT_CHARS_MAX } from '../utils/messages/names';
import type { CounterName } from '../utils/reports/counters';

/** Whether this page stands in a private window, a popup included: then it tells nothing. */
async function isPrivate(): Promise<boolean> {
  if (browser.extension.inIncognitoContext) return true;
  return (await browser.windows?.getCurrent())?.incognito === true;
}

/** A background that can't be reached counts nothing, and nobody waits for it. */
async function tell(send: () => Promise<unknown>): Promise<void> {
  try {
    if (!(await isPrivate())) await send();
  } catch (error) {
    console.debug(error);
  }
}

/** A feature was used. */
export const count = (name: CounterName): void => void tell(() => ask('usage.count', { name }));

function report(error: unknown): void {
  const { name, message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  const cut = (text: string) => text.slice(0, FAULT_CHARS_MAX);
  void tell(() => ask('crash.report', { name: cut(name), message: cut(message), stack: cut(stack) }));
}

/** Hands over errors that nothing in this page catches. */
export function reportFaults(): void {
  addEventListener('error', ({ error, message }) => report(error ?? new Error(message)));
  addEventListener('unhandledrejection', ({ reason }) => report(reason));
}

/** How our pages reach the background: one question, one answer; long answers as a stream; hints that something changed. */
import browser from 'webextension-polyfill';
import type {
  Answers,
  Envelope,
  Input,
  MessageName,
  StreamInput,
  StreamItems,
  StreamMessage,
  StreamName,
} from './contract';
import { CHANGED, LANGUAGE_CHANGED, promptPortName } from './names';

/** The background's typed refusal; its `code` chooses the text that the person sees. */
export class RefusedError extends Error {
  constructor(
    readonly code: 'bad-input' | 'not-allowed' | 'closed' | 'failed' | 'unreachable',
    why: string,
  ) {
    super(why);
    this.name = 'RefusedError';
  }
}

/** Sends one message and resolves with its answer; rejects with {@link RefusedError}. */
export async function ask<N extends MessageName>(name: N, input: Input<N>): Promise<Answers[N]> {
  let envelope: Envelope<N> | undefined;
  try {
    envelope = (await browser.runtime.sendMessage({ name, input })) as Envelope<N> | undefined;
  } catch (error) {
    throw new RefusedError('unreachable', String(error));
  }
  if (envelope === undefined) throw new RefusedError('unreachable', 'no answer');
  if (!envelope.ok) throw new RefusedError(envelope.error, envelope.why);
  return envelope.answer;
}

/** Reads a long answer chunk by chunk. Returning early from the loop cuts the stream. */
export async function* stream<N extends StreamName>(
  name: N,
  input: StreamInput<N>,
): AsyncGenerator<readonly StreamItems[N][], void, void> {
  const port = browser.runtime.connect({ name: `stream:${name}` });
  const queue: (StreamMessage | 'cut')[] = [];
  let wake: () => void = () => undefined;
  port.onMessage.addListener((message) => {
    queue.push(message as StreamMessage);
    wake();
  });
  port.onDisconnect.addListener(() => {
    queue.push('cut');
    wake();
  });
  port.postMessage({ kind: 'start', input });
  try {
    for (;;) {
      const message = queue.shift();
      if (message === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      if (message === 'cut') throw new RefusedError('unreachable', 'the stream was cut');
      if (message.kind === 'failed') throw new RefusedError('failed', message.why);
      if (message.kind === 'end') return;
      // One chunk is on its way while one is worked on, and never a second: memory stays bounded on both sides.
      port.postMessage({ kind: 'next' });
      yield JSON.parse(message.items) as StreamItems[N][];
    }
  } finally {
    port.disconnect();
  }
}

/** Calls back whenever the background says that something changed, and when the page is shown again. */
export function onChanged(heard: () => void): () => void {
  const listener = (message: unknown): undefined => {
    if (message === CHANGED) heard();
    return undefined;
  };
  const shown = () => {
    if (document.visibilityState === 'visible') heard();
  };
  browser.runtime.onMessage.addListener(listener);
  document.addEventListener('visibilitychange', shown);
  return () => {
    browser.runtime.onMessage.removeListener(listener);
    document.removeEventListener('visibilitychange', shown);
  };
}

/** Calls back when another language was picked. */
export function onLanguageChanged(heard: () => void): void {
  browser.runtime.onMessage.addListener((message: unknown): undefined => {
    if (message === LANGUAGE_CHANGED) heard();
    return undefined;
  });
}

/** Holds the port that tells the background that this question is still on screen; the browser closes it with the page. */
export function holdPrompt(nonce: string): { release: () => void } {
  let released = false;
  let port: ReturnType<typeof browser.runtime.connect> | undefined;
  const hold = () => {
    if (released) return;
    port = browser.runtime.connect({ name: promptPortName(nonce) });
    // The background rested: it must know anew.
    port.onDisconnect.addListener(hold);
  };
  hold();
  return {
    release: () => {
      released = true;
      port?.disconnect();
    },
  };
}

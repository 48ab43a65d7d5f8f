export interface Outgoing {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly signal: AbortSignal;
  /** Firefox: `same-origin`, which it allows where the host is granted. With `cors` it sends the extension's UUID as `Origin`. */
  readonly mode: 'cors' | 'same-origin';
  /** Neither goes anywhere else: `error` rejects, `manual` says that it was pointed elsewhere. */
  readonly redirect: 'error' | 'manual';
  /** How much of the answer is read, inflated; 0: nothing. */
  readonly bytesMax: number;
}

export interface Came {
  readonly status: number;
  readonly headers: Pick<Headers, 'get'>;
  readonly redirected: boolean;
  /** `null`: longer than `bytesMax`. */
  readonly text: string | null;
}

/** Sends one request. Rejects where no whole answer came, and where the signal aborted. */
export type Carry = (outgoing: Outgoing) => Promise<Came>;

/** Not waited for, nor asked how it went: nothing more is read, whatever the other side makes of that. */
function giveUp(stream: { cancel(): Promise<void> }): void {
  stream.cancel().catch(() => undefined);
}

/** The body as UTF-8, `null` where it is longer; what comes after that is not waited for. Rejects where the signal aborts. */
async function bounded(
  body: ReadableStream<Uint8Array>,
  bytesMax: number,
  signal: AbortSignal,
): Promise<string | null> {
  const reader = body.getReader();
  const stop = () => giveUp(reader);
  // A body of a broken encoding may say nothing more, not even that the fetch was aborted.
  signal.addEventListener('abort', stop, { once: true });
  try {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    let text = '';
    for (let bytes = 0; ; ) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) return text + decoder.decode();
      bytes += value.byteLength;
      if (bytes > bytesMax) {
        giveUp(reader);
        return null;
      }
      text += decoder.decode(value, { stream: true });
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** The one `fetch` that leaves the device: the build's check counts it. */
export const carry: Carry = async ({ url, bytesMax, ...init }) => {
  const response = await fetch(url, {
    ...init,
    credentials: 'omit',
    referrer: '',
    referrerPolicy: 'no-referrer',
    cache: 'no-store',
  });
  const { status, headers, type, body } = response;
  const redirected = type === 'opaqueredirect' || (status >= 300 && status < 400 && status !== 304);
  if (!body) return { status, headers, redirected, text: '' };
  if (redirected || bytesMax === 0) {
    giveUp(body);
    return { status, headers, redirected, text: '' };
  }
  return { status, headers, redirected, text: await bounded(body, bytesMax, init.signal) };
};

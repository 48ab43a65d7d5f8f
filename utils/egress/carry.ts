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

/** The body as UTF-8, `null` where it is longer; what comes after that is not waited for. */
async function bounded(body: ReadableStream<Uint8Array>, bytesMax: number): Promise<string | null> {
  const reader = body.getReader();
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let text = '';
  for (let bytes = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > bytesMax) {
      await reader.cancel();
      return null;
    }
    text += decoder.decode(value, { stream: true });
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
    await body.cancel();
    return { status, headers, redirected, text: '' };
  }
  return { status, headers, redirected, text: await bounded(body, bytesMax) };
};

export interface Posted {
  readonly status: number;
  /** The header `Retry-After` as it came. */
  readonly retryAfter: string | null;
}

export interface PostOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Firefox: `same-origin`, which it allows where the host is granted. With `cors` it sends the extension's UUID as `Origin`. */
  readonly mode: 'cors' | 'same-origin';
}

/** POSTs a text. Rejects where no answer came, where a redirect did, and where the signal aborted. */
export type Post = (url: string, text: string, options: PostOptions) => Promise<Posted>;

export const post: Post = async (url, text, { headers, signal, mode }) => {
  const response = await fetch(url, {
    method: 'POST',
    body: text,
    headers,
    signal,
    mode,
    credentials: 'omit',
    referrer: '',
    referrerPolicy: 'no-referrer',
    redirect: 'error',
    cache: 'no-store',
  });
  // What it says is not read: the status is the answer.
  await response.body?.cancel();
  return { status: response.status, retryAfter: response.headers.get('retry-after') };
};

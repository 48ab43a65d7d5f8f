import { carry, type Outgoing } from './carry';

export interface Posted {
  readonly status: number;
  /** The header `Retry-After` as it came. */
  readonly retryAfter: string | null;
}

export type PostOptions = Pick<Outgoing, 'headers' | 'signal' | 'mode'>;

/** POSTs a text. Rejects where no answer came, where a redirect did, and where the signal aborted. */
export type Post = (url: string, text: string, options: PostOptions) => Promise<Posted>;

export const post: Post = async (url, text, options) => {
  // What it says is not read: the status is the answer.
  const came = await carry({ ...options, method: 'POST', url, body: text, redirect: 'error', bytesMax: 0 });
  return { status: came.status, retryAfter: came.headers.get('retry-after') };
};

import type { Came } from './carry';
import { patience } from './retry-after';
import type { WireAnswer } from './wire';

/** The server's clock, where it says it. */
function dateOf(header: string | null): number | null {
  const atMs = header === null ? Number.NaN : Date.parse(header);
  return Number.isNaN(atMs) ? null : atMs;
}

/** What came over the wire, in the words of wire.ts. */
export function answerOf({ status, headers, redirected, text }: Came, nowMs: number): WireAnswer {
  if (redirected) return { kind: 'redirected' };
  if (text === null) return { kind: 'too-large' };
  return {
    kind: 'answer',
    status,
    headers: {
      etag: headers.get('etag'),
      contentType: headers.get('content-type'),
      dav: headers.get('dav'),
      dateMs: dateOf(headers.get('date')),
      afterMs: patience(headers.get('retry-after'), nowMs),
    },
    text,
  };
}

/** What a synchronization says to its place and hears from it. Types alone: who sends is the door. */

export interface WireRequest {
  readonly method: 'GET' | 'PUT' | 'DELETE' | 'PROPFIND' | 'MKCOL' | 'OPTIONS';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** A longer answer is cut off, and is `too-large`. */
  readonly bytesMax: number;
}

export interface WireHeaders {
  readonly etag: string | null;
  readonly contentType: string | null;
  readonly dav: string | null;
  /** The server's clock, in milliseconds since 1970. */
  readonly dateMs: number | null;
  /** How long the server asks to be left alone. */
  readonly afterMs: number | null;
}

export type WireAnswer =
  | { kind: 'answer'; status: number; headers: WireHeaders; text: string }
  /** The server points elsewhere; nobody went there. */
  | { kind: 'redirected' }
  /** Nothing was begun. */
  | { kind: 'refused'; why: 'stale-lease' | 'no-destination' | 'too-long' | 'too-often' }
  /** It was aborted by the end of the grant: whether it arrived is not known. */
  | { kind: 'halted' }
  /** No network, no such host, a bad certificate, an answer that broke off: a browser doesn't tell which. */
  | { kind: 'no-answer' }
  | { kind: 'too-large' };

/** Sends one request. Never rejects. */
export type Exchange = (request: WireRequest) => Promise<WireAnswer>;

export type Stored =
  | { kind: 'stored' }
  /** Over a quota of bytes or items. Nothing was stored. */
  | { kind: 'full' }
  /** Over a quota of writes. Nothing was stored. */
  | { kind: 'too-often' }
  | { kind: 'halted' }
  | { kind: 'refused' }
  | { kind: 'failed'; why: string };

export type Fetched =
  | { kind: 'fetched'; items: Readonly<Record<string, unknown>> }
  | Extract<Stored, { kind: 'halted' | 'refused' | 'too-often' | 'failed' }>;

/** The browser's own sync. Nothing of it rejects. */
export interface SyncArea {
  /** `null`: everything. */
  get(keys: readonly string[] | null): Promise<Fetched>;
  /** All or nothing, and one write, however many items. */
  set(items: Readonly<Record<string, unknown>>): Promise<Stored>;
  remove(keys: readonly string[]): Promise<Stored>;
}

/** What a lease may reach: a server, or the browser's own sync, never both; the other refuses. */
export interface Reach {
  readonly exchange: Exchange;
  readonly area: SyncArea;
}

/** What a person chose to have deleted as they took a grant back. */
export type Erasure =
  | { readonly kind: 'server'; readonly urls: readonly string[] }
  /** `left`: the items that say to other devices that this place is closed. */
  | { readonly kind: 'area'; readonly keys: readonly string[]; readonly left: Readonly<Record<string, unknown>> };

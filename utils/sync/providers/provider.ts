/** A place that keeps two files of ciphertext. It knows nothing of what is in them. */

export type FileName = 'keys' | 'settings';

export const troubleWhys = [
  /** No answer came: no network, no such host, a bad certificate, an answer that broke off. */
  'offline',
  /** The server doesn't take this user and password. */
  'signed-out',
  'forbidden',
  /** The folder is not there, or neither is the one that it should be in. */
  'no-folder',
  'locked',
  'busy',
  'server-error',
  'full',
  /** Something answers, but not as a WebDAV server does. */
  'not-webdav',
  'too-large',
  'too-often',
  /** The grant ended. */
  'halted',
  /** Cloudopt itself refused to send. */
  'refused',
] as const;
export type TroubleWhy = (typeof troubleWhys)[number];

export interface Trouble {
  readonly kind: 'trouble';
  readonly why: TroubleWhy;
  /** How long the place asks to be left alone. */
  readonly afterMs: number | null;
  /** The server's own number, where it gave one. */
  readonly status: number | null;
}

export const trouble = (why: TroubleWhy, status: number | null = null, afterMs: number | null = null): Trouble => ({
  kind: 'trouble',
  why,
  afterMs,
  status,
});

export type Got =
  /** `tag`: what `put` takes as `onlyIf`; `dateMs`: the server's clock. */
  | { kind: 'found'; text: string; tag: string | null; dateMs: number | null }
  | { kind: 'missing' }
  /** A device deleted everything here on purpose. */
  | { kind: 'closed' }
  /** What came is of two writes, or only a part of one. */
  | { kind: 'torn' }
  | Trouble;

export type Put =
  | { kind: 'put'; tag: string | null }
  /** The file is no longer the one that `onlyIf` names. Nothing was written. */
  | { kind: 'changed' }
  | Trouble;

export type Deleted = { kind: 'deleted' } | Trouble;

export type Probe =
  | {
      kind: 'works';
      /** A stale `onlyIf` was refused and a right one taken. It saves retries; nothing may depend on it. */
      honoursIfMatch: boolean;
      tags: boolean;
      madeFolder: boolean;
      dateMs: number | null;
      bytesMax: number;
    }
  | Trouble;

/** Nothing of it rejects. */
export interface Provider {
  /** The most that one file may have, in bytes. */
  readonly bytesMax: number;
  /** Tries everything that the others need; it makes the folder where that is missing. */
  probe(): Promise<Probe>;
  get(name: FileName): Promise<Got>;
  /** `onlyIf`: a tag that an earlier `get` or `put` gave. */
  put(name: FileName, text: string, onlyIf: string | null): Promise<Put>;
  /** Deletes what `keepDamaged` kept of it too. Resolves with `deleted` once it was seen to be gone. */
  delete(name: FileName): Promise<Deleted>;
  /** Keeps what could not be read beside the file, in the place of what was kept there before. */
  keepDamaged(name: FileName, text: string): Promise<Put>;
}

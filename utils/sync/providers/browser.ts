/**
 * The browser's own sync. It takes 8,192 bytes an item, so a file is cut into chunks, with a manifest that says what they
 * make together; items arrive one by one on other devices, so what does not fit together is `torn`.
 */
import * as z from 'zod/mini';
import type { Stored, SyncArea } from '../../egress/wire';
import { textHash } from '../../platform/hash';
import { type Deleted, type FileName, type Got, type Provider, type Put, type Trouble, trouble } from './provider';

/** One file at most: two, and what is kept of a damaged one while it is small, stay below the browser's 102,400. */
export const BROWSER_BYTES_MAX = 64 * 1024;
/** Key, quotes and text of an item; the browser takes 8,192. */
const ITEM_CHARS_MAX = 8000;
const CHUNKS_MAX = 9;

const names: readonly FileName[] = ['keys', 'settings'];
const manifestKey = (file: string) => `cloudopt/${file}`;
const chunkKey = (file: string, index: number) => `cloudopt/${file}/${index}`;
const damagedFile = (name: FileName) => `${name}.bad`;
const PROBE_KEY = 'cloudopt/probe';

const chunkKeys = (file: string, from = 0): string[] =>
  Array.from({ length: CHUNKS_MAX - from }, (_, index) => chunkKey(file, from + index));
const keysOf = (file: string): string[] => [manifestKey(file), ...chunkKeys(file)];

const CLOSED = { closed: true } as const;
const manifest = z.union([
  z.strictObject({ closed: z.literal(true) }),
  z.strictObject({
    sha256: z.string().check(z.regex(/^[\da-f]{64}$/)),
    chunks: z.number().check(z.int(), z.nonnegative(), z.maximum(CHUNKS_MAX)),
  }),
]);

/** Every item that Cloudopt may have made, and what is left of them where all is deleted: what an erasure names. */
export const browserErasure = {
  keys: [...names.flatMap((name) => [...keysOf(name), ...keysOf(damagedFile(name))]), PROBE_KEY],
  left: Object.fromEntries(names.map((name) => [manifestKey(name), CLOSED])),
};

/** Of these each takes one byte in an item; others may take six, as `<` does in Chromium. */
const PLAIN = /[\w.~+/=:,{}[\] -]/;

/** Cuts a text so that each piece makes an item that the browser takes. */
function cut(file: string, text: string): string[] {
  const costMax = ITEM_CHARS_MAX - chunkKey(file, CHUNKS_MAX).length - '""'.length;
  const pieces: string[] = [];
  let from = 0;
  let cost = 0;
  for (let at = 0; at < text.length; at += 1) {
    const one = PLAIN.test(text.charAt(at)) ? 1 : 6;
    if (cost + one > costMax) {
      pieces.push(text.slice(from, at));
      from = at;
      cost = 0;
    }
    cost += one;
  }
  if (from < text.length) pieces.push(text.slice(from));
  return pieces;
}

const whyOf = {
  full: 'full',
  'too-often': 'too-often',
  halted: 'halted',
  refused: 'refused',
  failed: 'server-error',
} as const;

const troubleOf = ({ kind }: { kind: keyof typeof whyOf }): Trouble => trouble(whyOf[kind]);

/** A set of items, or the trouble that stood in its way. */
const orTrouble = (stored: Stored): Trouble | undefined => (stored.kind === 'stored' ? undefined : troubleOf(stored));

export function browserProvider(area: SyncArea): Provider {
  async function getFile(file: string): Promise<Got> {
    const fetched = await area.get(keysOf(file));
    if (fetched.kind !== 'fetched') return troubleOf(fetched);
    const { items } = fetched;
    const row = items[manifestKey(file)];
    if (row === undefined) return { kind: Object.keys(items).length > 0 ? 'torn' : 'missing' };
    const parsed = manifest.safeParse(row);
    if (!parsed.success) return { kind: 'torn' };
    if ('closed' in parsed.data) return { kind: 'closed' };
    const { sha256, chunks } = parsed.data;
    const pieces = Array.from({ length: chunks }, (_, index) => items[chunkKey(file, index)]);
    if (!pieces.every((piece) => typeof piece === 'string')) return { kind: 'torn' };
    const text = pieces.join('');
    return textHash(text) === sha256 ? { kind: 'found', text, tag: null, dateMs: null } : { kind: 'torn' };
  }

  async function putFile(file: string, text: string): Promise<Put> {
    const pieces = cut(file, text);
    if (text.length > BROWSER_BYTES_MAX || pieces.length > CHUNKS_MAX) return trouble('full');
    const before = await area.get(chunkKeys(file, pieces.length));
    if (before.kind !== 'fetched') return troubleOf(before);
    const row = { sha256: textHash(text), chunks: pieces.length };
    const chunks = Object.fromEntries(pieces.map((piece, index) => [chunkKey(file, index), piece]));
    const failed = orTrouble(await area.set({ [manifestKey(file)]: row, ...chunks }));
    if (failed) return failed;
    const surplus = Object.keys(before.items);
    // Chunks of a longer text before this one only take room; what keeps them from going now, the next write tries again.
    if (surplus.length > 0) await area.remove(surplus);
    return { kind: 'put', tag: null };
  }

  return {
    bytesMax: BROWSER_BYTES_MAX,

    async probe() {
      const failed = orTrouble(await area.set({ [PROBE_KEY]: 1 })) ?? orTrouble(await area.remove([PROBE_KEY]));
      if (failed) return failed;
      const none = { honoursIfMatch: false, tags: false, madeFolder: false, dateMs: null };
      return { kind: 'works', ...none, bytesMax: BROWSER_BYTES_MAX };
    },

    get: getFile,
    put: (name, text) => putFile(name, text),
    keepDamaged: (name, text) => putFile(damagedFile(name), text),

    async delete(name): Promise<Deleted> {
      // The marker first: what is half gone must not look like a write that is still arriving.
      const going = [...chunkKeys(name), ...keysOf(damagedFile(name))];
      const failed = orTrouble(await area.set({ [manifestKey(name)]: CLOSED })) ?? orTrouble(await area.remove(going));
      if (failed) return failed;
      const after = await area.get(going);
      if (after.kind !== 'fetched') return troubleOf(after);
      return Object.keys(after.items).length === 0 ? { kind: 'deleted' } : trouble('server-error');
    },
  };
}

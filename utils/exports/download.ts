/** Files that the person asks for, put together chunk by chunk on this device. */
import { localDay } from '../platform/clock';

type Chunks<T> = AsyncIterable<readonly T[]>;

/** Characters that become one part of a file. */
const PART_CHARS = 4 * 1024 * 1024;

/**
 * Puts a file together out of texts as they come. A part goes through a response: Firefox keeps the body of one this long in
 * a file of its own, where it keeps what a page makes a blob of in memory. Chromium moves blobs to the disk by itself.
 */
async function fileOf(type: string, texts: AsyncIterable<string>): Promise<Blob> {
  const parts: Blob[] = [];
  let pending: string[] = [];
  let chars = 0;
  const close = async () => {
    parts.push(await new Response(pending.join('')).blob());
    pending = [];
    chars = 0;
  };
  for await (const text of texts) {
    pending.push(text);
    chars += text.length;
    if (chars >= PART_CHARS) await close();
  }
  await close();
  return new Blob(parts, { type });
}

const openingOf = (head: object): string[] =>
  Object.entries(head).map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);

/** Collects one JSON document: the members of `head`, then one array of that name with everything that the chunks bring. */
export async function jsonDocument<T>(head: object, member: string, chunks: Chunks<T>): Promise<Blob> {
  async function* texts() {
    yield `{${[...openingOf(head), `${JSON.stringify(member)}:[`].join(',')}`;
    let first = true;
    for await (const items of chunks) {
      if (items.length === 0) continue;
      yield `${first ? '' : ','}\n${items.map((item) => JSON.stringify(item)).join(',\n')}`;
      first = false;
    }
    yield '\n]}\n';
  }
  return await fileOf('application/json', texts());
}

/** Collects one JSON document out of rows that come store by store: the members of `head`, then an array for each store. */
export async function storesDocument(head: object, chunks: Chunks<{ store: string; row: object }>): Promise<Blob> {
  async function* texts() {
    yield `{${openingOf(head).join(',')}`;
    let open: string | undefined;
    for await (const items of chunks) {
      let part = '';
      for (const { store, row } of items) {
        if (store === open) part += ',';
        else part += `${open === undefined ? '' : '\n]'},\n${JSON.stringify(store)}:[`;
        part += `\n${JSON.stringify(row)}`;
        open = store;
      }
      yield part;
    }
    yield open === undefined ? '}\n' : '\n]}\n';
  }
  return await fileOf('application/json', texts());
}

/** Collects one text out of lines. The byte order mark tells spreadsheets that it is UTF-8. */
export async function csvDocument<T>(head: string, line: (item: T) => string, chunks: Chunks<T>): Promise<Blob> {
  async function* texts() {
    yield `\uFEFF${head}`;
    for await (const items of chunks) yield items.map(line).join('');
  }
  return await fileOf('text/csv;charset=utf-8', texts());
}

/** The first members of an exported JSON document, `cloudopt-WHAT` of version 1. */
export const fileHead = (what: string, nowMs = Date.now()) => ({
  format: `cloudopt-${what}`,
  version: 1,
  exportedAt: new Date(nowMs).toISOString(),
});

/** `cloudopt-records-2026-01-31.json` */
export const fileName = (what: string, extension: string, nowMs = Date.now()): string =>
  `cloudopt-${what}-${localDay(nowMs)}.${extension}`;

/** How long a file's address stays valid: browsers read it after the click has returned. */
const VALID_MS = 60_000;

/** Hands a file to the browser's own downloads. */
export function saveFile(name: string, file: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), VALID_MS);
}

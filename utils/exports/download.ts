/** Files that the person asks for, put together chunk by chunk on this device. */
import { localDay } from '../platform/clock';

type Chunks<T> = AsyncIterable<readonly T[]>;

/** Collects one JSON document: the members of `head`, then one array of that name with everything that the chunks bring. */
export async function jsonDocument<T>(head: object, member: string, chunks: Chunks<T>): Promise<Blob> {
  const opening = Object.entries(head).map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  const parts: Blob[] = [new Blob([`{${[...opening, `${JSON.stringify(member)}:[`].join(',')}`])];
  let first = true;
  for await (const items of chunks) {
    if (items.length === 0) continue;
    // A blob of its own lets the browser move each chunk out of memory.
    parts.push(new Blob([`${first ? '' : ','}\n${items.map((item) => JSON.stringify(item)).join(',\n')}`]));
    first = false;
  }
  return new Blob([...parts, '\n]}\n'], { type: 'application/json' });
}

/** Collects one JSON document out of rows that come store by store: the members of `head`, then an array for each store. */
export async function storesDocument(head: object, chunks: Chunks<{ store: string; row: object }>): Promise<Blob> {
  const opening = Object.entries(head).map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  const parts: Blob[] = [new Blob([`{${opening.join(',')}`])];
  let open: string | undefined;
  for await (const items of chunks) {
    let part = '';
    for (const { store, row } of items) {
      if (store === open) part += ',';
      else part += `${open === undefined ? '' : '\n]'},\n${JSON.stringify(store)}:[`;
      part += `\n${JSON.stringify(row)}`;
      open = store;
    }
    parts.push(new Blob([part]));
  }
  return new Blob([...parts, open === undefined ? '}\n' : '\n]}\n'], { type: 'application/json' });
}

/** Collects one text out of lines. The byte order mark tells spreadsheets that it is UTF-8. */
export async function csvDocument<T>(head: string, line: (item: T) => string, chunks: Chunks<T>): Promise<Blob> {
  const parts: Blob[] = [new Blob(['\uFEFF', head])];
  for await (const items of chunks) parts.push(new Blob([items.map(line).join('')]));
  return new Blob(parts, { type: 'text/csv;charset=utf-8' });
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

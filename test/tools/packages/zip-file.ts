/** ZIP archives as bytes: read strictly, written so that the same files always give the same bytes. */
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';

/** https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3 */
const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END_BYTES = 22;
const COMMENT_BYTES_MAX = 0xffff;
const ENTRIES_MAX = 0xfffe;
/** No entry of ours comes near it; a small file that inflates to more is refused unread. */
const ENTRY_BYTES_MAX = 64 * 1024 * 1024;
/** 1 January 1980, 00:00: the earliest that the format can say. */
const DAY = 0x0021;
const STORED = 0;
const DEFLATED = 8;

/** A file of an archive, packed as it stands there. */
export interface Entry {
  /** Path with `/`, relative. */
  readonly name: string;
  readonly method: 0 | 8;
  readonly crc: number;
  readonly packed: Buffer;
  readonly plainBytes: number;
}

/** The bytes are no archive, or one of a kind that Cloudopt's packages never are. */
export class NoZip extends Error {}

function endOf(bytes: Buffer): number {
  const first = Math.max(0, bytes.length - END_BYTES - COMMENT_BYTES_MAX);
  for (let at = bytes.length - END_BYTES; at >= first; at--) {
    if (bytes.readUInt32LE(at) === END && at + END_BYTES + bytes.readUInt16LE(at + 20) === bytes.length) return at;
  }
  throw new NoZip('it has no end of a ZIP archive');
}

/** A name that stays inside the folder that it is unpacked to. */
function nameOf(raw: Buffer): string {
  const name = raw.toString('utf8');
  const parts = name.split('/');
  if (name.includes('\\') || name.includes('\0') || /^[a-z]:/i.test(name) || parts.includes('..') || parts[0] === '') {
    throw new NoZip(`a name in it leads elsewhere: ${JSON.stringify(name)}`);
  }
  return name;
}

/**
 * Files in the order of the archive's directory; folders are left out. What stands before the archive, such as the header of
 * a CRX, is passed over.
 * @throws {NoZip}
 */
export function readZip(bytes: Buffer): Entry[] {
  try {
    return entriesOf(bytes);
  } catch (error) {
    // A length that points out of the bytes.
    if (error instanceof RangeError) throw new NoZip('it is cut off or damaged');
    throw error;
  }
}

function entriesOf(bytes: Buffer): Entry[] {
  const end = endOf(bytes);
  const count = bytes.readUInt16LE(end + 10);
  if (count > ENTRIES_MAX) throw new NoZip('it is a ZIP64 archive');
  let at = end - bytes.readUInt32LE(end + 12);
  // Offsets count from where the archive begins, which in a CRX is later than the file does.
  const start = at - bytes.readUInt32LE(end + 16);
  if (start < 0) throw new NoZip('it is cut off or damaged');
  const found = new Map<string, Entry>();
  for (let n = 0; n < count; n++) {
    if (bytes.readUInt32LE(at) !== CENTRAL) throw new NoZip('its directory is damaged');
    const nameBytes = bytes.readUInt16LE(at + 28);
    const name = nameOf(bytes.subarray(at + 46, at + 46 + nameBytes));
    if (found.has(name)) throw new NoZip(`${name} is in it twice`);
    if (!name.endsWith('/')) found.set(name, entryAt(bytes, at, name, start, end));
    at += 46 + nameBytes + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return [...found.values()];
}

/** @param at where its line in the directory stands. */
function entryAt(bytes: Buffer, at: number, name: string, start: number, end: number): Entry {
  const method = bytes.readUInt16LE(at + 10);
  if (method !== STORED && method !== DEFLATED) throw new NoZip(`${name} is packed by method ${method}`);
  const local = start + bytes.readUInt32LE(at + 42);
  if (bytes.readUInt32LE(local) !== LOCAL) throw new NoZip(`${name} is not where the directory says`);
  const data = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
  const packedBytes = bytes.readUInt32LE(at + 20);
  if (data + packedBytes > end) throw new NoZip(`${name} is cut off`);
  return {
    name,
    method,
    crc: bytes.readUInt32LE(at + 16),
    packed: bytes.subarray(data, data + packedBytes),
    plainBytes: bytes.readUInt32LE(at + 24),
  };
}

/**
 * What a file holds.
 * @throws {NoZip} where it is damaged.
 */
export function plainOf({ name, method, crc, packed, plainBytes }: Entry): Buffer {
  if (plainBytes > ENTRY_BYTES_MAX) throw new NoZip(`${name} is larger than any file of ours`);
  let plain = packed;
  if (method === DEFLATED) {
    try {
      plain = inflateRawSync(packed, { maxOutputLength: ENTRY_BYTES_MAX });
    } catch (error) {
      throw new NoZip(`${name} can't be unpacked: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (plain.length !== plainBytes || crc32(plain) !== crc) throw new NoZip(`${name} is damaged`);
  return plain;
}

export function packed(name: string, plain: Buffer): Entry {
  return { name, method: DEFLATED, crc: crc32(plain), packed: deflateRawSync(plain), plainBytes: plain.length };
}

/** An archive of these files: by name, each of 1 January 1980, without folders, comments and attributes. No ZIP64. */
export function writeZip(entries: readonly Entry[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  const sorted = [...entries].sort((one, other) => (one.name < other.name ? -1 : 1));
  for (const { name: path, method, crc, packed: data, plainBytes } of sorted) {
    const name = Buffer.from(path, 'utf8');
    // Version 2.0 and a name in UTF-8.
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x0800, 2);
    common.writeUInt16LE(method, 4);
    common.writeUInt16LE(DAY, 8);
    common.writeUInt32LE(crc, 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(plainBytes, 18);
    common.writeUInt16LE(name.length, 22);
    parts.push(signature(LOCAL), common, name, data);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    directory.push(signature(CENTRAL), Buffer.from([20, 0]), common, tail, name);
    offset += 4 + common.length + name.length + data.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(END_BYTES);
  end.writeUInt32LE(END, 0);
  end.writeUInt16LE(sorted.length, 8);
  end.writeUInt16LE(sorted.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, list, end]);
}

function signature(number: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(number);
  return bytes;
}

/**
 * The same archive without what changes from one run to the next: the time of each file and their order. The packed bytes
 * stay as they are; WXT packs them in JavaScript, which gives the same on every machine.
 */
export const settled = (bytes: Buffer): Buffer => writeZip(readZip(bytes));

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NoZip, packed, plainOf, readZip, settled, writeZip } from '../../../tools/packages/zip-file';

const archive = (files: Readonly<Record<string, string>>): Buffer =>
  writeZip(Object.entries(files).map(([name, text]) => packed(name, Buffer.from(text))));
const textsOf = (bytes: Buffer): Record<string, string> =>
  Object.fromEntries(readZip(bytes).map((entry) => [entry.name, plainOf(entry).toString()]));

/** Writes another time into every header, as a second run would. */
function touched(bytes: Buffer): Buffer {
  const other = Buffer.from(bytes);
  for (let at = 0; at < other.length - 4; at++) {
    if (other.readUInt32LE(at) === 0x04034b50) other.writeUInt16LE(0x1234, at + 10);
    if (other.readUInt32LE(at) === 0x02014b50) other.writeUInt16LE(0x1234, at + 12);
  }
  return other;
}

describe('an archive', () => {
  const files = { 'manifest.json': '{"a":1}', 'icon/16.png': 'x'.repeat(500), 'a b/ü.txt': '' };

  test('is read as it was written', () => {
    expect(textsOf(archive(files))).toEqual(files);
  });

  test('is the same whatever the order and the time of its files', () => {
    const one = archive(files);
    const other = touched(archive(Object.fromEntries(Object.entries(files).reverse())));
    expect(other.equals(one)).toBe(false);
    expect(settled(other).equals(one)).toBe(true);
  });

  test('is another where a file is', () => {
    expect(settled(archive(files)).equals(settled(archive({ ...files, 'a b/ü.txt': '.' })))).toBe(false);
  });

  test('is found behind the header of a CRX', () => {
    expect(textsOf(Buffer.concat([Buffer.from('Cr24\x03\x00\x00\x00'), archive(files)]))).toEqual(files);
  });

  test.each([
    ['../up', 'leads elsewhere'],
    ['a/../../up', 'leads elsewhere'],
    ['/etc/passwd', 'leads elsewhere'],
    ['C:\\up', 'leads elsewhere'],
  ])('with a file named %s is refused', (name, why) => {
    expect(() => readZip(archive({ [name]: '' }))).toThrow(why);
  });

  test('with a file in it twice is refused', () => {
    const entry = packed('a', Buffer.from('b'));
    expect(() => readZip(writeZip([entry, entry]))).toThrow('twice');
  });

  test('whose file says another length or holds other bytes is damaged', () => {
    const entry = packed('a', Buffer.from('b'.repeat(100)));
    expect(() => plainOf({ ...entry, plainBytes: 99 })).toThrow('damaged');
    expect(() => plainOf({ ...entry, crc: entry.crc ^ 1 })).toThrow('damaged');
    expect(() => plainOf({ ...entry, plainBytes: 2 ** 31 })).toThrow('larger');
  });

  test('that is cut off, changed or made up gives its files or says that it can’t be read', () => {
    const bytes = archive(files);
    const spoilt = fc.oneof(
      fc.integer({ min: 0, max: bytes.length }).map((at) => bytes.subarray(0, at)),
      fc
        .array(fc.tuple(fc.integer({ min: 0, max: bytes.length - 1 }), fc.integer({ min: 0, max: 255 })))
        .map((changes) => {
          const other = Buffer.from(bytes);
          for (const [at, to] of changes) other[at] = to;
          return other;
        }),
      fc.uint8Array({ maxLength: 200 }).map((some) => Buffer.from(some)),
    );
    fc.assert(
      fc.property(spoilt, (some) => {
        try {
          for (const entry of readZip(some)) plainOf(entry);
        } catch (error) {
          expect(error).toBeInstanceOf(NoZip);
        }
      }),
      { numRuns: 3_000 },
    );
  });
});

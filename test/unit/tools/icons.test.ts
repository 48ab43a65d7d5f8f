import { existsSync, readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { iconsOf, listSizes, pictures, SOURCE, sourceOf, toolbarSizes } from '../../tools/icons/pictures';
import { encodePng, factsOf, oneColour } from '../../tools/icons/png';

const svg = readFileSync(SOURCE, 'utf8');

test.each(pictures)('$file is what today’s SVG gives: else npm run icons', (picture) => {
  const { file, width, height } = picture;
  expect(factsOf(readFileSync(file))).toEqual({ width, height, source: sourceOf(svg, picture) });
});

test('each icon that a manifest names is there', () => {
  for (const path of Object.values({ ...iconsOf(listSizes), ...iconsOf(toolbarSizes) })) {
    expect(existsSync(`public/${path}`), path).toBe(true);
  }
});

test('a changed SVG or layout is another source', () => {
  const [first] = pictures;
  if (!first) throw new Error('no pictures');
  expect(sourceOf(`${svg} `, first)).not.toBe(sourceOf(svg, first));
  expect(sourceOf(svg, { ...first, icon: first.icon - 1 })).not.toBe(sourceOf(svg, first));
});

describe('a PNG', () => {
  const pixels = Buffer.from(Array.from({ length: 4 * 4 * 3 }, (_, at) => (at * 37) % 256));

  test('says what it is, and shows damage', () => {
    const png = encodePng(4, 3, pixels, 'abc');
    expect(factsOf(png)).toEqual({ width: 4, height: 3, source: 'abc' });
    const damaged = Buffer.from(png);
    damaged[40] = (damaged[40] ?? 0) ^ 1;
    expect(() => factsOf(damaged)).toThrow('damaged');
    expect(() => factsOf(Buffer.from('GIF89a'))).toThrow('no PNG');
    expect(() => encodePng(4, 4, pixels, '')).toThrow('not 4 × 4');
  });

  test('holds the pixels, behind whichever filter', () => {
    const png = encodePng(4, 3, pixels, '');
    const at = png.indexOf('IDAT');
    const rows = inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4)));
    const type = rows[0] ?? 0;
    const plain = Buffer.alloc(pixels.length);
    const get = (x: number, y: number) => (x < 0 || y < 0 ? 0 : (plain[y * 16 + x] ?? 0));
    for (let y = 0; y < 3; y++) {
      expect(rows[y * 17]).toBe(type);
      for (let x = 0; x < 16; x++) {
        const [a, b, c] = [get(x - 4, y), get(x, y - 1), get(x - 4, y - 1)];
        const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
        const paeth = pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
        const guess = [0, a, b, Math.floor((a + b) / 2), paeth][type] ?? 0;
        plain[y * 16 + x] = (rows[y * 17 + x + 1] ?? 0) + guess;
      }
    }
    expect(plain.equals(pixels)).toBe(true);
  });

  test('of one colour has it in its edges as well', () => {
    const soft = Buffer.from([10, 20, 30, 255, 11, 19, 31, 128, 0, 0, 0, 0, 10, 20, 30, 255]);
    expect([...oneColour(soft)]).toEqual([10, 20, 30, 255, 10, 20, 30, 128, 10, 20, 30, 0, 10, 20, 30, 255]);
  });
});

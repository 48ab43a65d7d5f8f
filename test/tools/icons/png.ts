/** PNG images of 8-bit RGBA pixels: https://www.w3.org/TR/png-3/ */
import { crc32, deflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const BYTES_A_PIXEL = 4;

function chunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(typed));
  return Buffer.concat([length, typed, check]);
}

const paeth = (left: number, up: number, corner: number): number => {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
};

/** What each filter type, 0 to 4, takes a byte to be, from those left, above, and left of that. */
const predictors: readonly ((left: number, up: number, corner: number) => number)[] = [
  () => 0,
  (left) => left,
  (_left, up) => up,
  (left, up) => (left + up) >> 1,
  paeth,
];

function filteredRow(pixels: Buffer, stride: number, y: number, type: number): Buffer {
  const predict = predictors[type] ?? (() => 0);
  const at = (x: number, row: number) => (x < 0 || row < 0 ? 0 : (pixels[row * stride + x] ?? 0));
  const row = Buffer.alloc(stride + 1);
  row[0] = type;
  for (let x = 0; x < stride; x++) {
    const left = x - BYTES_A_PIXEL;
    row[x + 1] = at(x, y) - predict(at(left, y), at(x, y - 1), at(left, y - 1));
  }
  return row;
}

const smallest = (some: readonly Buffer[]): Buffer =>
  some.reduce((best, each) => (each.length < best.length ? each : best));

/** With the one filter for all rows that makes the picture smallest. */
function compressed(pixels: Buffer, stride: number, height: number): Buffer {
  const rows = Array.from({ length: height }, (_, y) => y);
  return smallest(
    predictors.map((_, type) =>
      deflateSync(Buffer.concat(rows.map((y) => filteredRow(pixels, stride, y, type))), { level: 9 }),
    ),
  );
}

/**
 * The same picture of one colour, with that colour in soft edges and where nothing is seen: a canvas multiplies colours by
 * their opacity, and rounds them.
 */
export function oneColour(pixels: Buffer): Buffer {
  const opaque = new Map<number, number>();
  for (let at = 0; at < pixels.length; at += BYTES_A_PIXEL) {
    const colour = pixels.readUIntBE(at, 3);
    if (pixels[at + 3] === 255) opaque.set(colour, (opaque.get(colour) ?? 0) + 1);
  }
  const [first] = [...opaque].sort(([, one], [, other]) => other - one);
  const same = Buffer.from(pixels);
  for (let at = 0; first && at < same.length; at += BYTES_A_PIXEL) {
    if (same[at + 3] !== 255) same.writeUIntBE(first[0], at, 3);
  }
  return same;
}

/** @param source what the picture was made from; kept in it as the text `Source`. */
export function encodePng(width: number, height: number, pixels: Buffer, source: string): Buffer {
  const stride = width * BYTES_A_PIXEL;
  if (pixels.length !== stride * height) throw new Error(`${pixels.length} bytes are not ${width} × ${height} pixels`);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // 8 bits a channel, RGBA.
  header.set([8, 6], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('tEXt', Buffer.from(`Source\0${source}`, 'latin1')),
    chunk('IDAT', compressed(pixels, stride, height)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

export interface PngFacts {
  readonly width: number;
  readonly height: number;
  /** The text `Source`, where there is one. */
  readonly source: string | undefined;
}

/** What the chunks of a PNG say; throws where it is none or damaged. */
export function factsOf(png: Buffer): PngFacts {
  if (!png.subarray(0, SIGNATURE.length).equals(SIGNATURE)) throw new Error('it is no PNG');
  let source: string | undefined;
  for (let at = SIGNATURE.length; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const typed = png.subarray(at + 4, at + 8 + length);
    if (png.readUInt32BE(at + 8 + length) !== crc32(typed)) throw new Error('it is damaged');
    const [type, text] = [typed.toString('latin1', 0, 4), typed.toString('latin1', 4)];
    if (type === 'tEXt' && text.startsWith('Source\0')) source = text.slice('Source\0'.length);
    at += 12 + length;
  }
  return { width: png.readUInt32BE(16), height: png.readUInt32BE(20), source };
}

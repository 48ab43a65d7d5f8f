import { describe, expect, test } from 'vitest';
import { csvDocument, jsonDocument, storesDocument } from '../../../utils/exports/download';

async function* chunks<T>(...each: readonly (readonly T[])[]) {
  yield* each;
}

describe('a file', () => {
  test('of many parts is whole, in its order, with its type', async () => {
    // Three bytes and one character each: parts are counted in characters, files in bytes.
    const rows = Array.from({ length: 6 }, (_, n) => ({ n, text: '\u20ac'.repeat(1_500_000) }));
    const file = await jsonDocument({ format: 'x' }, 'rows', chunks(...rows.map((row) => [row])));
    expect(file.type).toBe('application/json');
    expect(file.size).toBeGreaterThan(6 * 4_500_000);
    expect(JSON.parse(await file.text())).toEqual({ format: 'x', rows });
  });

  test('of nothing is a document all the same', async () => {
    expect(JSON.parse(await (await jsonDocument({ a: 1 }, 'rows', chunks<number>([]))).text())).toEqual({
      a: 1,
      rows: [],
    });
    expect(JSON.parse(await (await storesDocument({ a: 1 }, chunks())).text())).toEqual({ a: 1 });
  });

  test('of stores has an array for each, whatever chunk its rows come in', async () => {
    const row = (store: string, n: number) => ({ store, row: { n } });
    const file = await storesDocument({ a: 1 }, chunks([row('x', 1)], [row('x', 2), row('y', 3)], [row('y', 4)]));
    expect(JSON.parse(await file.text())).toEqual({ a: 1, x: [{ n: 1 }, { n: 2 }], y: [{ n: 3 }, { n: 4 }] });
  });

  test('of lines begins with the mark that tells spreadsheets its encoding', async () => {
    const file = await csvDocument('a\n', (n: number) => `${n}\n`, chunks([1, 2], [3]));
    expect(file.type).toBe('text/csv;charset=utf-8');
    expect([...new Uint8Array(await file.arrayBuffer())]).toEqual([
      0xef,
      0xbb,
      0xbf,
      ...new TextEncoder().encode('a\n1\n2\n3\n'),
    ]);
  });
});

import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { textHash } from '../../../utils/platform/hash';

const known = (text: string) => createHash('sha256').update(text, 'utf8').digest('hex');

test('the hash of a text is that of its UTF-8, however long it is and whatever was hashed before', () => {
  const texts = fc.string({ unit: 'binary', maxLength: 40 });
  // Around the length from which on a text is encoded into an array of its own.
  const times = fc.oneof(fc.constant(1), fc.integer({ min: 20, max: 120 }), fc.integer({ min: 1300, max: 1400 }));
  fc.assert(
    fc.property(texts, times, (text, many) => {
      const whole = text.repeat(many);
      expect(textHash(whole)).toBe(known(whole));
    }),
  );
  for (const edge of ['', 'é', '漢'.repeat(1365), '漢'.repeat(1366), '😀'.repeat(682), '😀'.repeat(683)]) {
    expect(textHash(edge)).toBe(known(edge));
  }
});

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { textHash } from '../../../utils/platform/hash';
import { counterDraft, crash, resource } from '../../../utils/reports/schema';
import { scrub, scrubName, scrubStack } from '../../../utils/reports/scrub';
import { crashSample, statisticsSample } from './samples';

describe('a stored crash', () => {
  test('is what scrubbing leaves of any error', () => {
    const texts = fc.string({ unit: 'binary', maxLength: 2000 });
    fc.assert(
      fc.property(texts, texts, texts, (name, message, stack) => {
        const where = `    at ${name} (moz-extension://a/${name}/background.js:1:2)\n`;
        const kept = { name: scrubName(name), message: scrub(message), frames: scrubStack(where + stack) };
        expect(crash.safeParse({ ...crashSample, ...kept }).error).toBeUndefined();
      }),
    );
  });

  const [frame] = crashSample.frames;
  test.each([
    { message: 'at https://a.example' },
    { message: "it's 'secret'" },
    { message: 'word '.repeat(101) },
    { message: ' padded ' },
    { name: 'my secret' },
    { where: 'content' },
    { version: '1.2.3-beta' },
    { os: '' },
    { browser: { name: 'Firefox', major: 140, minor: 1 } },
    { browser: { name: 'Firefox', major: 140.5 } },
    { frames: Array(31).fill(frame) },
    { frames: [{ ...frame, function: 'my secret' }] },
    { frames: [{ ...frame, function: 'a.example' }] },
    { frames: [{ ...frame, file: '/home/jane/a.js' }] },
    { frames: [{ ...frame, line: -1 }] },
    { frames: [{ ...frame, url: 'https://a.example' }] },
    { url: 'https://a.example' },
    { atMs: -1 },
  ])('does not parse with %j', (part) => {
    expect(crash.safeParse(crashSample).success).toBe(true);
    expect(crash.safeParse({ ...crashSample, ...part }).success).toBe(false);
  });
});

describe('a stored counter', () => {
  const counter = { atMs: 1, name: 'popup.opened', count: 2 };
  test.each([
    { name: 'popup opened' },
    { name: 'https://a.example' },
    { name: 'Popup' },
    { name: 'popup.' },
    { name: `popup.${'a'.repeat(64)}` },
    { count: -1 },
    { count: 1.5 },
    { atMs: 1.5 },
    { site: 'a.example' },
  ])('does not parse with %j', (part) => {
    expect(counterDraft.safeParse(counter).success).toBe(true);
    expect(counterDraft.safeParse({ ...counter, ...part }).success).toBe(false);
  });
});

describe('where statistics come from', () => {
  test.each([
    { language: 'en_US' },
    { language: 'a' },
    { language: `en${'-abcd'.repeat(9)}` },
    { os: 'Linux; x86_64' },
    { device: 'x' },
  ])('does not parse with %j', (part) => {
    expect(resource.safeParse(statisticsSample.resource).success).toBe(true);
    expect(resource.safeParse({ ...statisticsSample.resource, ...part }).success).toBe(false);
  });
});

describe('the hash of a text', () => {
  test('is SHA-256 of its bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(textHash(text)).toBe(createHash('sha256').update(text, 'utf8').digest('hex'));
      }),
    );
  });
});

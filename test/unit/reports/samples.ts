import fc from 'fast-check';
import type { Statistics } from '../../../utils/reports/otlp';
import { type Crash, crash, places, resource } from '../../../utils/reports/schema';

export const crashSample: Crash = {
  atMs: Date.UTC(2026, 0, 31, 12),
  name: 'TypeError',
  message: 'entry.id is undefined',
  frames: [
    { function: 'Core.halt', file: 'background.js', line: 12, column: 34 },
    { function: 'Array.map', file: 'other', line: null, column: null },
    { function: 'main', file: 'background.js', line: 1, column: 1 },
  ],
  version: '1.2.3',
  browser: { name: 'Firefox', major: 140 },
  os: 'linux',
  where: 'background',
};

export const statisticsSample: Statistics = {
  counters: [
    { name: 'prompt.opened', count: 2 },
    { name: 'popup.opened', count: 3 },
  ],
  resource: { version: '1.2.3', browser: { name: 'Firefox', major: 140 }, os: 'linux', language: 'pt-BR' },
  fromMs: Date.UTC(2026, 0, 30),
  toMs: Date.UTC(2026, 0, 31),
};

const version = fc.array(fc.nat(999), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.'));
const browser = fc.record({
  name: fc.constantFrom('Firefox', 'Chrome', 'Edge'),
  major: fc.integer({ min: 1, max: 999 }),
});
const os = fc.constantFrom('linux', 'mac', 'win', 'android', 'cros', 'openbsd');
const atMs = fc.integer({ min: 0, max: Date.UTC(2100, 0) });

export const anyStatistics: fc.Arbitrary<Statistics> = fc
  .record({
    counters: fc.array(
      fc.record({ name: fc.stringMatching(/^[a-z]{1,5}(\.[a-z-]{0,3}[a-z]){0,2}$/), count: fc.nat() }),
      { maxLength: 20 },
    ),
    resource: fc.record({ version, browser, os, language: fc.constantFrom('en', 'pt-BR', 'zh-Hans-CN') }),
    times: fc.tuple(atMs, atMs),
    installId: fc.option(fc.uuid(), { nil: undefined }),
  })
  .map(({ times, ...rest }) => {
    const parsed = resource.parse(rest.resource);
    return { ...rest, resource: parsed, fromMs: Math.min(...times) + 1, toMs: Math.max(...times) + 1 };
  });

const frame = fc.oneof(
  fc.record({
    function: fc.constantFrom('?', 'Core.halt', 'new Archive', 'inner/<'),
    file: fc.constantFrom('background.js', 'popup.html'),
    line: fc.integer({ min: 1, max: 9_999_999 }),
    column: fc.integer({ min: 1, max: 9_999_999 }),
  }),
  fc.constant({ function: '?', file: 'other', line: null, column: null }),
);

/** `message`: words in any script, so that bytes are not characters. */
export const anyCrash: fc.Arbitrary<Crash> = fc
  .record({
    atMs,
    name: fc.constantFrom('Error', 'TypeError', 'DOMException'),
    message: fc.array(fc.constantFrom('größe', '日本', '😀', 'failed', 'is', '[text]', '…'), { maxLength: 20 }),
    frames: fc.array(frame, { maxLength: 30 }),
    version,
    browser,
    os,
    where: fc.constantFrom(...places),
  })
  .map((all) => crash.parse({ ...all, message: all.message.join(' ') }));

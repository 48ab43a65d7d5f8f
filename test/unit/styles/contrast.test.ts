/** The colours of tokens.css, read from the file: whatever is text can be read on whatever it stands on. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { rulesOf } from './stylesheets';

const rules = rulesOf(readFileSync('components/tokens.css', 'utf8'));

/** Values of the custom properties where all of these media features hold; later rules win. */
function tokens(...features: string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const { media, declarations } of rules) {
    if (!media.every((condition) => condition.split(' and ').every((feature) => features.includes(feature)))) continue;
    for (const { property, value } of declarations) found.set(property, value);
  }
  return found;
}

/** Relative luminance of `#rrggbb`: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance */
function luminance(color: string | undefined): number {
  if (color === undefined || !/^#[0-9a-f]{6}$/.test(color)) throw new Error(`no colour: ${color}`);
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string | undefined, b: string | undefined): number {
  const [dark = 0, bright = 0] = [luminance(a), luminance(b)].sort((one, other) => one - other);
  return (bright + 0.05) / (dark + 0.05);
}

const grounds = ['--bg', '--surface', '--sunken'];
/** What is written, and on what it is written. */
const written: readonly (readonly [text: string, grounds: readonly string[]])[] = [
  ['--text', [...grounds, '--accent-soft', '--warn-soft', '--danger-soft']],
  ['--muted', [...grounds, '--accent-soft', '--warn-soft', '--danger-soft']],
  ['--accent', [...grounds, '--accent-soft', '--warn-soft', '--danger-soft']],
  ['--accent-strong', [...grounds, '--accent-soft', '--warn-soft', '--danger-soft']],
  ['--warn', [...grounds, '--warn-soft']],
  ['--danger', [...grounds, '--danger-soft']],
  ['--on-accent', ['--accent', '--accent-strong']],
];

const dark = '(prefers-color-scheme: dark)';
const more = '(prefers-contrast: more)';

test('the contrast of black on white is 21', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5);
  expect(contrast('#767676', '#ffffff')).toBeCloseTo(4.54, 2);
});

describe.each([
  { features: [], least: 4.5 },
  { features: [dark], least: 4.5 },
  { features: [more], least: 7 },
  { features: [dark, more], least: 7 },
])('with $features', ({ features, least }) => {
  const colors = tokens(...features);
  const ratio = (one: string, other: string) => Number(contrast(colors.get(one), colors.get(other)).toFixed(2));

  test(`text has at least ${least} to 1`, () => {
    const pairs = written.flatMap(([text, on]) => on.map((ground) => ({ text, ground, ratio: ratio(text, ground) })));
    expect(pairs.filter((pair) => pair.ratio < least)).toEqual([]);
  });

  test('what marks a control or the focus has at least 3 to 1', () => {
    const pairs = ['--line-strong', '--focus', '--accent'].flatMap((line) =>
      grounds.map((ground) => ({ line, ground, ratio: ratio(line, ground) })),
    );
    expect(pairs.filter((pair) => pair.ratio < 3)).toEqual([]);
  });
});

test('more contrast changes every line and every weak text', () => {
  for (const features of [[], [dark]]) {
    const [usual, strong] = [tokens(...features), tokens(...features, more)];
    for (const token of ['--muted', '--line', '--line-strong', '--accent', '--warn', '--danger']) {
      const stands = (colors: Map<string, string>) => contrast(colors.get(token), colors.get('--surface'));
      expect(stands(strong), token).toBeGreaterThan(stands(usual));
    }
  }
});

/** No language that we ship runs from right to left, so it is held by the stylesheets that every page could. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Declaration, rulesOf } from './stylesheets';

const sheets = ['components', 'entrypoints'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.css'))
    .map((file) => join(folder, file)),
);

/** Names that hold for one side of the screen, whichever way a language runs. */
const sided = /(^|-)(left|right)(-|$)/;
/** Four values name the right side second and the left one last. */
const boxes = new Set(['margin', 'padding', 'inset', 'border-width', 'border-style', 'border-color']);
const corners = 'border-radius';

const partsOf = (value: string): string[] => value.match(/(?:[^\s(]|\([^)]*\))+/g) ?? [];

/** Why a declaration does not mirror; `undefined` where it does. */
function physical({ property, value }: Declaration): string | undefined {
  if (sided.test(property)) return 'names a side';
  if (!property.startsWith('--') && partsOf(value).some((part) => part === 'left' || part === 'right')) {
    return 'has a side as its value';
  }
  const parts = partsOf(value);
  if (boxes.has(property) && parts.length === 4 && parts[1] !== parts[3]) return 'differs between the sides';
  if (property === corners && parts.length > 1) return 'differs between the corners';
  if (property === 'translate' && parts[0] !== '0') return 'moves sideways';
  if (property === 'transform' || property === 'box-shadow') {
    const moved = property === 'transform' ? /translate|skew/.test(value) : !/^(none$|var|0 )/.test(value);
    if (moved) return 'moves sideways';
  }
  if (/gradient\((?:to (?:left|right)|90deg|270deg)/.test(value)) return 'runs sideways';
  return undefined;
}

test('what does not mirror is found', () => {
  const found = (css: string) => rulesOf(`a { ${css} }`).flatMap((rule) => rule.declarations.map(physical));
  for (const css of [
    'margin-left: 1px',
    'padding-right: 1px',
    'left: 0',
    'border-left-color: red',
    'border-top-right-radius: 2px',
    'text-align: left',
    'float: right',
    'margin: 0 1px 0 2px',
    'border-radius: 2px 0 0 2px',
    'translate: -100% 0',
    'transform: translateX(2px)',
    'box-shadow: 2px 0 0 red',
    'background: linear-gradient(to right, red, blue)',
    'background-position: right center',
  ]) {
    expect(found(css)[0], css).toBeTypeOf('string');
  }
  for (const css of [
    'margin-inline-start: 1px',
    'margin: 0 1px 2px 1px',
    'text-align: start',
    'float: inline-start',
    'translate: 0 -200%',
    'box-shadow: 0 1px 2px red',
    'padding: calc(1px + 2px) 0 0',
  ]) {
    expect(found(css), css).toEqual([undefined]);
  }
});

test('there are stylesheets', () => {
  expect(sheets.length).toBeGreaterThan(10);
});

test.each(sheets)('%s mirrors with the language', (sheet) => {
  const wrong = rulesOf(readFileSync(sheet, 'utf8')).flatMap(({ selector, declarations }) =>
    declarations.flatMap((one) => {
      const why = physical(one);
      return why === undefined ? [] : [`${selector} { ${one.property}: ${one.value} } ${why}`];
    }),
  );
  expect(wrong).toEqual([]);
});

test('no part of a page styles itself by a side', () => {
  const sources = ['components', 'entrypoints'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.tsx'))
      .map((file) => join(folder, file)),
  );
  const styled = /style=\{?[^>]*\b(left|right|marginLeft|marginRight|paddingLeft|paddingRight|translateX)\b/;
  expect(sources.filter((file) => styled.test(readFileSync(file, 'utf8')))).toEqual([]);
});

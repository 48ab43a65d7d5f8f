import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isOffline, type LinterOutput, lintProblems } from '../../tools/lint-package';

const android = {
  code: 'KEY_FIREFOX_ANDROID_UNSUPPORTED_BY_MIN_VERSION',
  message: 'Manifest key not supported by the specified minimum Firefox for Android version',
  file: 'manifest.json',
};
const preact = {
  code: 'UNSAFE_VAR_ASSIGNMENT',
  message: 'Unsafe assignment to innerHTML',
  file: 'chunks/start-page-q5Ld1eoe.js',
  line: 1,
};
const usual: LinterOutput = { errors: [], warnings: [android, preact], notices: [] };

describe('what the linter says', () => {
  test('is no problem where it is not ours', () => {
    expect(lintProblems(usual)).toEqual([]);
  });

  test.each([
    ['an error', { errors: [{ ...android, code: 'JSON_INVALID' }] }, 'error, manifest.json: JSON_INVALID'],
    [
      'a warning of another kind',
      { warnings: [android, preact, { ...preact, code: 'DANGEROUS_EVAL' }] },
      'DANGEROUS_EVAL',
    ],
    [
      'the same in another file',
      { warnings: [android, preact, { ...preact, file: 'background.js' }] },
      'background.js:1',
    ],
    ['the same a second time', { warnings: [android, preact, preact] }, 'warning, chunks/start-page'],
    ['a notice', { notices: [{ code: 'A', message: 'b' }] }, 'warning, package: A: b'],
    ['less than is allowed', { warnings: [android] }, 'UNSAFE_VAR_ASSIGNMENT'],
  ])('is one where it is %s', (_what, change, problem) => {
    const problems = lintProblems({ ...usual, ...change });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });
});

test('a registry that can’t be reached is told from one that says no', () => {
  expect(isOffline('npm error code ENOTFOUND\nnpm error network request failed')).toBe(true);
  expect(isOffline('npm error code ETARGET\nnpm error notarget No matching version')).toBe(false);
});

test('no code of ours writes markup into a page', () => {
  const writing = ['entrypoints', 'components', 'utils'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((file) => join(folder, file))
      .filter((file) => /\.tsx?$/.test(file))
      .filter((file) =>
        /innerHTML|outerHTML|insertAdjacentHTML|dangerouslySet|document\.write|setHTML/.test(
          readFileSync(file, 'utf8'),
        ),
      ),
  );
  expect(writing).toEqual([]);
});

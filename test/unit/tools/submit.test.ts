import { describe, expect, test } from 'vitest';
import { packed, writeZip } from '../../tools/packages/zip-file';
import { storeAnswers } from '../../tools/stores/answers';
import { keyNames, stores } from '../../tools/stores/submission';
import { packageProblems, readinessProblems } from '../../tools/submit';

const endpoints = { 'statistics-endpoint': null, 'crash-endpoint': null };
const gecko = { browser_specific_settings: { gecko: { id: 'extension@cloudopt.net' } } };
const archive = (files: Readonly<Record<string, string>>) =>
  writeZip(Object.entries(files).map(([name, text]) => packed(name, Buffer.from(text))));
const built = (manifest: object, version = '1.0.0') =>
  archive({
    'manifest.json': JSON.stringify(manifest),
    'store-answers.md': storeAnswers('chrome', version, endpoints),
  });
const chrome = built({ version: '1.0.0' });
const log = '# Changelog\n\n## [Unreleased]\n\n## [1.0.0] - 2026-02-03\n\n- a\n';

describe('a package', () => {
  test('of the right version and browser is sound', () => {
    expect(packageProblems('chrome', chrome, '1.0.0')).toEqual([]);
    expect(packageProblems('firefox', built({ version: '1.0.0', ...gecko }), '1.0.0')).toEqual([]);
    expect(packageProblems('sources', archive({ 'package.json': '{\n  "version": "1.0.0"\n}' }), '1.0.0')).toEqual([]);
  });

  test.each([
    ['chrome', built({ version: '99.0.0' }), 'is of version 99.0.0'],
    ['chrome', built({ version: '1.0.0', ...gecko }), 'another browser'],
    ['firefox', chrome, 'another browser'],
    ['chrome', built({ version: '1.0.0' }, '0.9.0'), 'no store-answers.md of 1.0.0'],
    ['chrome', archive({ 'a.js': '' }), 'has no manifest.json'],
    ['chrome', chrome.subarray(0, 100), 'no end'],
    ['sources', archive({ 'package.json': '{"version": "0.9.0"}' }), 'not of version 1.0.0'],
  ] as const)('%s, number %#, is not', (kind, bytes, problem) => {
    expect(packageProblems(kind, bytes, '1.0.0').join()).toContain(problem);
  });

  test('that was packed by something else is not', () => {
    const other = Buffer.from(chrome);
    other.writeUInt16LE(0x1234, 10);
    expect(packageProblems('chrome', other, '1.0.0')).toEqual(['chrome: is not as npm run zip leaves it']);
  });
});

describe('a version', () => {
  const keys = Object.fromEntries(stores.flatMap((store) => keyNames[store]).map((name) => [name, 'k']));

  test('with a dated entry and its keys is ready', () => {
    expect(readinessProblems('1.0.0', log, keys, stores)).toEqual([]);
  });

  test('needs the keys of the chosen stores alone', () => {
    const { FIREFOX_JWT_SECRET: _, ...rest } = keys;
    expect(readinessProblems('1.0.0', log, rest, ['chrome', 'edge'])).toEqual([]);
    expect(readinessProblems('1.0.0', log, rest, stores)).toEqual(['the environment has no FIREFOX_JWT_SECRET']);
  });

  test('without a date of release is not', () => {
    const undated = log.replace('2026-02-03', 'not yet released');
    expect(readinessProblems('1.0.0', undated, keys, [])).toEqual(['CHANGELOG.md: 1.0.0 has no date of release']);
  });
});

import { describe, expect, test } from 'vitest';
import { differencesOf, manifestOf } from '../../../tools/packages/compare';
import { type Entry, packed } from '../../../tools/packages/zip-file';

const manifest = { manifest_version: 3, version: '1.0.0' };
const entries = (files: Readonly<Record<string, unknown>>): Entry[] =>
  Object.entries(files).map(([name, held]) =>
    packed(name, Buffer.from(typeof held === 'string' ? held : JSON.stringify(held, null, 2))),
  );
const ours = entries({ 'manifest.json': manifest, 'background.js': 'a' });

describe('a package', () => {
  test('that holds the same has no differences', () => {
    expect(differencesOf(ours, entries({ 'background.js': 'a', 'manifest.json': manifest }))).toEqual([]);
  });

  test('that a store signed is still the same', () => {
    const mozilla = { 'META-INF/mozilla.rsa': 'r', 'META-INF/manifest.mf': 'm' };
    expect(differencesOf(ours, entries({ ...mozilla, 'manifest.json': manifest, 'background.js': 'a' }))).toEqual([]);
    const google = { ...manifest, update_url: 'https://store.example/crx', key: 'k' };
    const signed = { '_metadata/verified_contents.json': 'v', 'manifest.json': google, 'background.js': 'a' };
    expect(differencesOf(ours, entries(signed))).toEqual([]);
  });

  test.each([
    ['a file more', { 'manifest.json': manifest, 'background.js': 'a', 'b.js': 'b' }, ['b.js: is only in it']],
    ['a file less', { 'manifest.json': manifest }, ['background.js: is missing from it']],
    ['another file', { 'manifest.json': manifest, 'background.js': 'A' }, ['background.js: is another']],
    [
      'a permission more',
      { 'manifest.json': { ...manifest, permissions: ['tabs'] }, 'background.js': 'a' },
      ['manifest.json: is another'],
    ],
    [
      'a file in a folder that only sounds like a store’s',
      { 'manifest.json': manifest, 'background.js': 'a', 'x/META-INF/a': '' },
      ['x/META-INF/a: is only in it'],
    ],
  ])('with %s is another', (_what, files, differences) => {
    expect(differencesOf(ours, entries(files))).toEqual(differences);
  });

  test('tells its manifest, or that it has none', () => {
    expect(manifestOf(ours)).toEqual(manifest);
    expect(() => manifestOf(entries({ 'a.js': '' }))).toThrow('no manifest.json');
    expect(() => manifestOf(entries({ 'manifest.json': '{' }))).toThrow('no JSON');
    expect(() => manifestOf(entries({ 'manifest.json': '[]' }))).toThrow('no object');
  });
});

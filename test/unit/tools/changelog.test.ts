import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { changelogProblems, entriesOf } from '../../tools/changelog';
import { versionOf } from '../../tools/packages/names';

const log =
  '# Changelog\n\n## [Unreleased]\n\n## [1.1.0] - not yet released\n\n### Added\n\n- b\n\n## [1.0.0] - 2026-02-03\n\n- a\n';

test('CHANGELOG.md has an entry for the version of package.json, on top', () => {
  expect(changelogProblems(readFileSync('CHANGELOG.md', 'utf8'), versionOf('.'))).toEqual([]);
});

test('package-lock.json says the same version', () => {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { version: string; packages: { '': object } };
  expect([lock.version, lock.packages['']]).toEqual([
    versionOf('.'),
    expect.objectContaining({ version: versionOf('.') }),
  ]);
});

test('entries are read with their dates', () => {
  expect(entriesOf(log)).toEqual([
    { version: '1.1.0', date: null, text: '### Added\n\n- b' },
    { version: '1.0.0', date: '2026-02-03', text: '- a' },
  ]);
});

test.each([
  ['a version without an entry', log, '1.2.0', 'newest entry is 1.1.0'],
  ['an entry that is not on top', log, '1.0.0', 'newest entry is 1.1.0'],
  ['no entries', '# Changelog\n', '1.0.0', 'of no version'],
  ['an entry without text', log.replace('### Added\n\n- b\n', ''), '1.1.0', 'has no text'],
  ['an older one without its date', log.replace('2026-02-03', '2026-02-31'), '1.1.0', '1.0.0 has no date'],
])('%s is a problem', (_what, text, version, problem) => {
  expect(changelogProblems(text, version).join()).toContain(problem);
});

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Bulletin, bulletinShape, bulletins, inLanguage } from '../../../utils/policy/bulletins';
import { currentPolicy } from '../../../utils/policy/versions';
import { upcomingBulletins } from '../../fixtures/bulletins-next';

const folder = 'public/notices';
const files = readdirSync(folder);
const read = (file: string): unknown => JSON.parse(readFileSync(`${folder}/${file}`, 'utf8'));

describe.each(files)('%s', (file) => {
  test('parses, is named after its id, and rests on a clause of the policy', () => {
    const parsed = bulletinShape.parse(read(file));
    expect(file).toBe(`${parsed.id}.json`);
    expect(currentPolicy.clauses.map((clause) => clause.id)).toContain(parsed.clause);
  });

  test('is in the bundle', () => {
    expect(bulletins).toContainEqual(read(file));
  });
});

test('nothing else is in the bundle, and no id stands twice', () => {
  expect(bulletins).toHaveLength(files.length);
  expect(new Set(bulletins.map((one) => one.id)).size).toBe(files.length);
});

test('what ships says what is so: the policy in force', () => {
  const policy = bulletins.find((one) => one.kind === 'policy');
  expect(policy?.texts.en?.text).toContain(`${currentPolicy.version}, in force since ${currentPolicy.effective}`);
});

const good = upcomingBulletins[0] as Bulletin;

test.each<[string, object]>([
  ['a member too many', { ...good, url: 'https://evil.example/' }],
  ['no English', { ...good, texts: { de: { title: 'a', text: 'b' } } }],
  ['no day', { ...good, date: 'today' }],
  ['another kind', { ...good, kind: 'advert' }],
  ['no clause', { ...good, clause: '' }],
  ['an empty title', { ...good, texts: { en: { title: '', text: 'b' } } }],
  ['a language that is none', { ...good, texts: { ...good.texts, __proto__x: { title: 'a', text: 'b' } } }],
])('a file with %s does not parse', (_what, raw) => {
  expect(bulletinShape.safeParse(good).success).toBe(true);
  expect(bulletinShape.safeParse(raw).success).toBe(false);
});

test('words come in the language asked for, in the language without its region, or in English', () => {
  const german = { title: 'Ein Vorfall', text: 'Was geschah.' };
  const both: Bulletin = { ...good, texts: { ...good.texts, de: german } };
  expect(inLanguage(both, 'de')).toEqual({ language: 'de', ...german });
  expect(inLanguage(both, 'de-AT')).toEqual({ language: 'de', ...german });
  expect(inLanguage(both, 'zh-CN')).toMatchObject({ language: 'en', title: 'A fictional incident' });
  expect(inLanguage(both, 'constructor')).toMatchObject({ language: 'en' });
});

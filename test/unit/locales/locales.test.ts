import { describe, expect, test } from 'vitest';
import { languageNames, locales, tagOf } from '../../../utils/platform/languages';
import { countedBase, countedBases, english, folders, messagesOf, placeholders } from './locales';

/** Read as in English in every language. */
const alike = new Set(['controller', 'text_direction', 'receipt_hash', 'feedback_body']);
/** Words that a language shares with English. */
const shared: Readonly<Record<string, readonly string[]>> = {
  de: [
    'entry_details',
    'entry_hash',
    'diagnostics_version',
    'diagnostics_browser',
    'protection_list_malicious',
    'protection_list_phishing',
    'receipt_party_name',
    'receipt_schema',
    'feedback_heading',
    'feedback_link',
    'sync_passphrase',
    'sync_setting_host',
  ],
  fr: [
    'cap_notifications_name',
    'cap_protection_name',
    'field_site_name',
    'field_versions_name',
    'column_site',
    'column_clause',
    'clause_link',
    'bulletin_incident',
    'receipt_party_contact',
    'receipt_party_type',
    'import_intact',
    'popup_protection',
  ],
};

/** Nothing of it is for translating: the product's name, placeholders, signs. */
const isOnlySigns = (message: string): boolean => !/\p{L}/u.test(message.replaceAll(/\$\d|Cloudopt/g, ''));

test('there is a folder for each language of the picker, and no other', () => {
  expect(folders).toEqual([...locales].sort());
  expect(Object.keys(languageNames)).toEqual([...locales]);
});

describe.each(folders.filter((folder) => folder !== 'en'))('%s', (folder) => {
  const messages = messagesOf(folder);
  const keys = Object.keys(messages);
  const says = (key: string): string => messages[key]?.message ?? '';
  const forms = new Set<string>(new Intl.PluralRules(folder.replace('_', '-')).resolvedOptions().pluralCategories);

  test('has every text of English; of a counted one, `other` and `one` where its numbers have it', () => {
    const wanted = Object.keys(english).filter(
      (key) => countedBase(key) === undefined || !key.endsWith('_one') || forms.has('one'),
    );
    expect(wanted.filter((key) => !(key in messages))).toEqual([]);
  });

  test('has no text that nobody asks for', () => {
    // Further forms, such as `many`, may be there; counted() takes `other` where they are not.
    const unasked = keys.filter((key) => {
      const base = countedBase(key);
      return base === undefined ? !(key in english) : !forms.has(key.slice(base.length + 1));
    });
    expect(unasked).toEqual([]);
  });

  test('says each with the same placeholders', () => {
    const wrong = keys.filter((key) => {
      const base = countedBase(key);
      const pattern = english[key] ?? english[`${base}_other`];
      const [own, wanted] = [placeholders(says(key)), placeholders(pattern?.message ?? '')];
      // 'one record' may do without its number.
      const mayDrop = base !== undefined && key.endsWith('_one');
      return String(own) !== String(mayDrop ? wanted.filter((one) => one !== '$1' || own.includes(one)) : wanted);
    });
    expect(wrong).toEqual([]);
  });

  test('says nothing in English, nothing empty, and nothing with loose spaces', () => {
    const untranslated = keys.filter(
      (key) =>
        says(key) === english[key]?.message &&
        !alike.has(key) &&
        !shared[folder]?.includes(key) &&
        !isOnlySigns(says(key)),
    );
    expect(untranslated).toEqual([]);
    const loose = keys.filter((key) => says(key).trim() === '' || /^\s|\s$| {2}/.test(says(key)));
    expect(loose.filter((key) => !alike.has(key))).toEqual([]);
  });

  test('lists no shared word that it no longer shares', () => {
    expect((shared[folder] ?? []).filter((key) => says(key) !== english[key]?.message)).toEqual([]);
  });

  test('names its own language', () => {
    expect(says('language_tag')).toBe(folder.replace('_', '-'));
    expect(Intl.getCanonicalLocales(says('language_tag'))).toEqual([says('language_tag')]);
  });

  test('keeps the name of the product, and the number of days that the catalogue keeps a record', () => {
    const named = (key: string) => (english[key]?.message ?? '').includes('Cloudopt');
    expect(keys.filter((key) => named(key) && !says(key).includes('Cloudopt'))).toEqual([]);
    const days = (message: string) => message.match(/\b(?:7|14|30|90)\b|(?<=\D)(?:7|14|30|90)(?=\D)/g)?.sort() ?? [];
    const wrong = keys.filter(
      (key) => english[key] && String(days(` ${says(key)} `)) !== String(days(` ${english[key].message} `)),
    );
    expect(wrong).toEqual([]);
  });

  test('is no copy of another language', () => {
    for (const other of folders.filter((one) => one !== folder && one !== 'en')) {
      const same = keys.filter((key) => says(key).length > 40 && messagesOf(other)[key]?.message === says(key));
      expect(same, other).toEqual([]);
    }
  });
});

test.each(folders)('%s describes the extension in what Chrome’s manifest takes', (folder) => {
  // https://developer.chrome.com/docs/extensions/reference/manifest/description
  expect(messagesOf(folder).extension_description?.message.length).toBeLessThanOrEqual(132);
});

test('each language is tagged as the browser knows it', () => {
  expect(locales.map(tagOf)).toEqual(['en', 'de', 'fr', 'ja', 'ko', 'zh-CN', 'zh-TW']);
});

test('English has both of its forms of every counted text', () => {
  expect(countedBases.length).toBeGreaterThan(10);
  const lone = Object.keys(english).filter((key) => /_one$/.test(key) && countedBase(key) === undefined);
  // `erase_one` means one record, not a number.
  expect(lone).toEqual(['erase_one']);
});

test('what a text holds of English is plain: `$1` to `$9`, and no other use of the sign', () => {
  const odd = Object.entries(english).filter(([, { message }]) => /\$(?![1-9])/.test(message));
  expect(odd).toEqual([]);
});

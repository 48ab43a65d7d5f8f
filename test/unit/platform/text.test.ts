import { afterEach, describe, expect, test, vi } from 'vitest';

vi.mock('webextension-polyfill', () => import('../components/fake-browser'));

import { counted, formats } from '../../../components/formats';
import { joinSentences, type Texts } from '../../../utils/platform/languages';
import { language, speak, text } from '../../../utils/platform/text';
import { messagesOf } from '../locales/locales';

const textsOf = (folder: string): Texts =>
  Object.fromEntries(Object.entries(messagesOf(folder)).map(([key, { message }]) => [key, message]));

afterEach(() => speak(null));

describe('a picked language', () => {
  test('is spoken from now on, and the browser’s again without one', () => {
    expect(text('not_now')).toBe('Not now');
    speak(textsOf('de'));
    expect([text('not_now'), language()]).toEqual(['Nicht jetzt', 'de']);
    speak(null);
    expect([text('not_now'), language()]).toEqual(['Not now', 'en']);
  });

  test('fills its placeholders, each where it stands, as often as it stands', () => {
    speak({ revoke_named: '$2 $1, $1 $$ $3', more: '$1' });
    expect(text('revoke_named', 'one', 2)).toBe('2 one, one $ ');
    // What is put in is not filled again.
    expect(text('more', '$1 $2 $& $$')).toBe('$1 $2 $& $$');
  });

  test('lets the browser say what it lacks', () => {
    speak({ language_tag: 'de' });
    expect(text('not_now')).toBe('Not now');
  });

  test('writes numbers, dates and their forms as it does', () => {
    const noon = new Date(2026, 0, 31, 12).getTime();
    expect([formats.number(1234.5), counted('count_requests', 1), formats.date(noon)]).toEqual([
      '1,234.5',
      '1 request',
      'Jan 31, 2026',
    ]);
    speak(textsOf('de'));
    expect([formats.number(1234.5), counted('count_requests', 1), formats.date(noon)]).toEqual([
      '1.234,5',
      '1 Anfrage',
      '31.01.2026',
    ]);
    expect(counted('count_requests', 0)).toBe('0 Anfragen');
    speak({ language_tag: 'ja', count_requests_other: 'リクエスト$1件' });
    expect(counted('count_requests', 1)).toBe('リクエスト1件');
    // French has a form for millions; where its text is missing, the general one does.
    speak({ language_tag: 'fr', count_requests_one: '$1 requête', count_requests_other: '$1 requêtes' });
    expect([0, 1, 2, 1_000_000].map((n) => counted('count_requests', n).replaceAll(/\s/g, ' '))).toEqual([
      '0 requête',
      '1 requête',
      '2 requêtes',
      '1 000 000 requêtes',
    ]);
  });
});

test('sentences stand apart by a space where the language sets one', () => {
  expect(joinSentences(['A.', 'B.'], 'en')).toBe('A. B.');
  expect(joinSentences(['가.', '나.'], 'ko')).toBe('가. 나.');
  expect(joinSentences(['一。', '二。'], 'zh-TW')).toBe('一。二。');
  expect(joinSentences(['一。', '二。'], 'ja')).toBe('一。二。');
});

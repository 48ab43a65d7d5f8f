/** The languages that Cloudopt speaks: those of public/_locales, in the order of the picker. */
export const locales = ['en', 'de', 'fr', 'ja', 'ko', 'zh_CN', 'zh_TW'] as const;
export type Locale = (typeof locales)[number];

/** What a person may pick: a language, or that of the browser. */
export const languageChoices = ['automatic', ...locales] as const;
export type LanguageChoice = (typeof languageChoices)[number];

/** Each language by its own name: whoever can't read the page finds it all the same. */
export const languageNames: Readonly<Record<Locale, string>> = {
  en: 'English',
  de: 'Deutsch',
  fr: 'Français',
  ja: '日本語',
  ko: '한국어',
  zh_CN: '简体中文',
  zh_TW: '繁體中文',
};

/** A locale's folder name as a BCP 47 tag. */
export const tagOf = (locale: Locale): string => locale.replace('_', '-');

/** Texts of a locale by key, as {@link ../platform/text} takes them. */
export type Texts = Readonly<Record<string, string>>;

/** What is spoken now. `texts` is `null` where the browser's own language is, which the browser gives by itself. */
export interface Spoken {
  readonly choice: LanguageChoice;
  readonly texts: Texts | null;
}

/** Chinese and Japanese set no space between sentences. */
export const joinSentences = (sentences: readonly string[], language: string): string =>
  sentences.join(/^(ja|zh)\b/.test(language) ? '' : ' ');

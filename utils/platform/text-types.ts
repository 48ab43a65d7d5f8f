import type en from '../../public/_locales/en/messages.json';

/** Key of a text in public/_locales; a key that English lacks does not compile. */
export type TextKey = Extract<keyof typeof en, string>;
/** The text in the browser's language, with $1…$9 replaced. */
export type Say = (key: TextKey, ...substitutions: (string | number)[]) => string;

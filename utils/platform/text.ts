import browser from 'webextension-polyfill';
import type { Say } from './text-types';

export type { Say, TextKey } from './text-types';

export const text: Say = (key, ...substitutions) => browser.i18n.getMessage(key, substitutions.map(String));

/** The language that {@link text} answers in, as a BCP 47 tag. */
export const language = (): string => browser.i18n.getMessage('language_tag') || 'en';

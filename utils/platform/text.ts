import browser from 'webextension-polyfill';
import type { Texts } from './languages';
import type { Say } from './text-types';

export type { Say, TextKey } from './text-types';

/** Texts of a language that the person picked; `null`: the browser's own, in its language. */
let picked: Texts | null = null;

/** From now on {@link text} speaks in these, or in the browser's language again. What is on screen stays as it is. */
export function speak(texts: Texts | null): void {
  picked = texts;
}

const fill = (message: string, substitutions: readonly (string | number)[]): string =>
  message.replace(/\$([$1-9])/g, (_, sign: string) =>
    sign === '$' ? '$' : String(substitutions[Number(sign) - 1] ?? ''),
  );

export const text: Say = (key, ...substitutions) => {
  const message = picked?.[key];
  return message === undefined ? browser.i18n.getMessage(key, substitutions.map(String)) : fill(message, substitutions);
};

/** The language that {@link text} answers in, as a BCP 47 tag. */
export const language = (): string => text('language_tag') || 'en';

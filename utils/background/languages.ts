import * as z from 'zod/mini';
import { readRow } from '../catalogue/shapes';
import type { Handlers } from '../messages/server';
import type { Area } from '../platform/browser-types';
import { type LanguageChoice, languageChoices, type Spoken, type Texts } from '../platform/languages';
import { serial } from '../platform/serial';

/** Where the choice is kept, in `storage.local`: there it can be made and read without a database, too. */
export const LANGUAGE_KEY = 'language';

const choiceRow = z.enum(languageChoices);
/** A messages.json as browsers read it; what else it may hold is for translators. */
const messagesFile = z.record(z.string(), z.object({ message: z.string() }));

export interface LanguagePorts {
  readonly local: Pick<Area, 'get' | 'set'>;
  /** Reads a JSON file of the package. */
  read(path: string): Promise<unknown>;
  /** Makes the background's own texts speak so. */
  speak(texts: Texts | null): void;
  /** Open pages shall ask what is spoken now. */
  changed(): void;
  report(error: unknown): void;
}

export interface Languages {
  /** Resolves, and never rejects, when the background speaks the language that was picked. */
  readonly ready: Promise<void>;
  readonly answers: Pick<Handlers, 'language.get' | 'language.set'>;
}

/** Knows which language the person picked, and gives its texts to the background and the pages. */
export function languages({ local, read, speak, changed, report }: LanguagePorts): Languages {
  let spoken: Spoken = { choice: 'automatic', texts: null };

  async function take(choice: LanguageChoice): Promise<void> {
    spoken = { choice, texts: choice === 'automatic' ? null : await textsOf(choice) };
    speak(spoken.texts);
  }

  async function textsOf(choice: LanguageChoice): Promise<Texts> {
    const file = messagesFile.parse(await read(`_locales/${choice}/messages.json`));
    return Object.fromEntries(Object.entries(file).map(([key, { message }]) => [key, message]));
  }

  // One after another, so that what is kept is what is spoken.
  const inTurn = serial();
  const ready = inTurn(async () => {
    try {
      await take(readRow(choiceRow, await local.get(LANGUAGE_KEY)) ?? 'automatic');
    } catch (error) {
      report(error);
    }
  });

  return {
    ready,
    answers: {
      'language.get': ({ known }) => inTurn(async () => (known === spoken.choice ? null : spoken)),
      'language.set': ({ choice }) =>
        inTurn(async () => {
          const before = spoken;
          await take(choice);
          try {
            await local.set(LANGUAGE_KEY, choice);
          } catch (error) {
            spoken = before;
            speak(before.texts);
            throw error;
          }
          changed();
          return spoken;
        }),
    },
  };
}

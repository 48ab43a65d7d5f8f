/**
 * The language that a page speaks. The background knows which was picked; a page remembers it with its texts in
 * `localStorage`, which it can read before its first paint without waiting for anybody.
 */
import browser from 'webextension-polyfill';
import { ask } from '../utils/messages/client';
import { type LanguageChoice, locales, type Spoken, type Texts } from '../utils/platform/languages';
import { speak } from '../utils/platform/text';

const MEMORY = 'language';

/** What this page knows to be spoken; `null` before it knows. */
let known: LanguageChoice | null = null;
let shown: () => void = () => undefined;

export const pickedLanguage = (): LanguageChoice => known ?? 'automatic';

const isTexts = (raw: unknown): raw is Texts =>
  typeof raw === 'object' && raw !== null && Object.values(raw).every((text) => typeof text === 'string');

/** What the last page kept. `unusable`: of another version, or the browser gives pages no memory. */
function remembered(): Spoken | 'nothing' | 'unusable' {
  try {
    const kept = localStorage.getItem(MEMORY);
    if (kept === null) return 'nothing';
    const { version, choice, texts } = JSON.parse(kept) as Record<string, unknown>;
    if (choice === 'automatic') return { choice, texts: null };
    const locale = locales.find((one) => one === choice);
    const current = version === browser.runtime.getManifest().version;
    return locale !== undefined && current && isTexts(texts) ? { choice: locale, texts } : 'unusable';
  } catch {
    return 'unusable';
  }
}

function remember({ choice, texts }: Spoken): void {
  try {
    const { version } = browser.runtime.getManifest();
    localStorage.setItem(MEMORY, JSON.stringify({ version, choice, texts }));
  } catch (error) {
    // Then each page asks anew: slower, and as right.
    console.warn(error);
  }
}

function use(spoken: Spoken): void {
  known = spoken.choice;
  speak(spoken.texts);
  remember(spoken);
  shown();
}

/** Asks the background, and speaks as it says; rejects where there is no answer. */
export async function learnLanguage(): Promise<void> {
  const spoken = await ask('language.get', { known });
  if (spoken !== null) use(spoken);
}

/** Picks a language for every page and for the background. */
export const pickLanguage = async (choice: LanguageChoice): Promise<void> => use(await ask('language.set', { choice }));

/**
 * Speaks as far as it is known without asking; `false` where it isn't: in Firefox's private windows, which have a memory of
 * their own, until one page there has asked. Elsewhere no memory means that nothing was ever picked.
 */
export function speakFromMemory(): boolean {
  const memory = remembered();
  if (memory === 'unusable') return false;
  if (memory === 'nothing') {
    if (browser.extension.inIncognitoContext) return false;
    known = 'automatic';
    return true;
  }
  known = memory.choice;
  speak(memory.texts);
  return true;
}

/** Calls back after each change of what is spoken. */
export function onSpoken(heard: () => void): void {
  shown = heard;
}

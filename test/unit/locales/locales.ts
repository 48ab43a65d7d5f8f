/** The texts of public/_locales, as the tests read them. */
import { readdirSync, readFileSync } from 'node:fs';

export const folders = readdirSync('public/_locales').sort();

type Messages = Readonly<Record<string, { readonly message: string }>>;

export const messagesOf = (folder: string): Messages =>
  JSON.parse(readFileSync(`public/_locales/${folder}/messages.json`, 'utf8')) as Messages;

export const english = messagesOf('en');

/** `count_requests` of `count_requests_one` and `count_requests_other`: a text in the forms that numbers need. */
export const countedBases: readonly string[] = Object.keys(english)
  .filter((key) => key.endsWith('_other') && key.replace(/_other$/, '_one') in english)
  .map((key) => key.replace(/_other$/, ''));

/** The key without its form where it is one of a counted text, else `undefined`. */
export function countedBase(key: string): string | undefined {
  const base = key.replace(/_(zero|one|two|few|many|other)$/, '');
  return base !== key && countedBases.includes(base) ? base : undefined;
}

/** `$1`, `$2` … of a text, each once, in order. */
export const placeholders = (message: string): string[] => [...new Set(message.match(/\$\d/g) ?? [])].sort();

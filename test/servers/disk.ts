import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Files of a folder that hold any of these words, as they are or packed into base64url. */
export function holding(folder: string, words: readonly string[]): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file));
  return files.filter((file) => {
    if (!statSync(file).isFile()) return false;
    const text = readFileSync(file, 'latin1');
    const unpacked = text.split(/[^\w-]+/).map((part) => Buffer.from(part, 'base64url').toString('latin1'));
    return [text, ...unpacked].some((one) => words.some((word) => one.includes(word)));
  });
}

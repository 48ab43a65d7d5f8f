/** Which bulletins the person has heard of, and which they have dismissed: one row of `settings`. */
import * as z from 'zod/mini';
import { id, readRow } from '../catalogue/shapes';
import type { BulletinView } from '../messages/contract';
import { type Bulletin, bulletins, inLanguage } from '../policy/bulletins';
import type { Database } from '../storage/database';

const KEY = 'bulletins';
const heardRow = z.strictObject({
  key: z.literal(KEY),
  /** Ids that have been told of, or came with the installation. */
  known: z.array(id),
  dismissed: z.array(id),
});
type Heard = Omit<z.infer<typeof heardRow>, 'key'>;

const ids = (): string[] => bulletins.map((one) => one.id);

/** Reads the row and puts it back changed, in one transaction. */
async function change(database: Database, next: (heard: Heard | undefined) => Heard): Promise<void> {
  const transaction = database.transaction('settings', 'readwrite');
  const heard = readRow(heardRow, await transaction.store.get(KEY));
  transaction.store.put({ ...next(heard), key: KEY });
  await transaction.done;
}

/**
 * Those that came with an update since the last start, oldest first. They are on disk as known before anybody is told,
 * so that nobody is told twice. What an installation brings is news to nobody: the pages show it all the same.
 */
export async function arrived(database: Database): Promise<Bulletin[]> {
  // Most starts find nothing new, and need not write.
  const before = readRow(heardRow, await database.get('settings', KEY));
  if (before && ids().every((one) => before.known.includes(one))) return [];
  let fresh: Bulletin[] = [];
  await change(database, (heard) => {
    if (heard) fresh = bulletins.filter((one) => !heard.known.includes(one.id));
    return { known: ids(), dismissed: heard?.dismissed ?? [] };
  });
  return fresh.reverse();
}

/** Those that the person has not dismissed, newest first. Without a database nobody can say which: then all. */
export async function unread(database: Database | undefined, language: string): Promise<BulletinView[]> {
  const dismissed = readRow(heardRow, await database?.get('settings', KEY))?.dismissed ?? [];
  return bulletins
    .filter((one) => !dismissed.includes(one.id))
    .map((one) => ({
      id: one.id,
      day: one.date,
      kind: one.kind,
      clause: one.clause,
      ...inLanguage(one, language),
    }));
}

export async function dismiss(database: Database, which: string): Promise<void> {
  await change(database, (heard) => {
    const dismissed = new Set(heard?.dismissed).add(which);
    // What no longer ships need not be remembered.
    return { known: ids(), dismissed: ids().filter((one) => dismissed.has(one)) };
  });
}

/**
 * The browser's settings take a site away and give it back at random moments, while its page floods and others open, the background is
 * killed and the clock is set: `FLAP_RUNS` times (500 under fire), from `FLAP_SEED` (printed, so that a run can be had again).
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { start, type WebServer } from '../servers/web';
import {
  ask,
  type Driven,
  grant,
  held,
  type Page,
  promptUrl,
  rawRows,
  testid,
  unthrottled,
  until,
  wantedBrowsers,
  withBrowser,
} from './cloudopt';
import { Dice } from './dice';
import { pause } from './driver/driver';
import { complaints } from './ledger-check';

const RUNS = Number(process.env.FLAP_RUNS ?? 10);
const SEED = Number(process.env.FLAP_SEED ?? Date.now() % 1_000_000);
const SHOP = '*://shop.example/*';
const SITE_ALONE = [SHOP];
/** A moment of a flap is at most so far from the one before. */
const MOMENT_MS = 500;
/** How far the clock is set: a timed grant ends either way, and nothing is so old that it would be erased. */
const CLOCKS_MS = [7_200_000, -7_200_000, 600_000, -600_000, 0] as const;

let web: WebServer;
beforeAll(async () => {
  web = await start();
});
afterAll(() => web.stop());

/** What one flap does: most have a question behind them, as after our prompt; some come from the settings alone. */
type Kind = 'asked' | 'asked and taken at once' | 'unasked' | 'unasked, taken and given again';
interface Flap {
  readonly kind: Kind;
  readonly lifetime: 'until-revoked' | 'hour';
  readonly momentMs: number;
  readonly kills: boolean;
  readonly clockMs: number | undefined;
  readonly opensPage: boolean;
}

function flapOf(dice: Dice): Flap {
  const [kindAt, clock] = [dice.next(), CLOCKS_MS[dice.below(CLOCKS_MS.length)]];
  const kinds: readonly [number, Kind][] = [
    [0.15, 'unasked'],
    [0.25, 'unasked, taken and given again'],
    [0.4, 'asked and taken at once'],
  ];
  return {
    kind: kinds.find(([upTo]) => kindAt < upTo)?.[1] ?? 'asked',
    lifetime: dice.chance(0.5) ? 'hour' : 'until-revoked',
    momentMs: dice.below(MOMENT_MS),
    kills: dice.chance(0.1),
    clockMs: dice.chance(0.15) ? clock : undefined,
    opensPage: dice.chance(0.2),
  };
}

describe.each(wantedBrowsers())('a permission that comes and goes in %s', (name) => {
  test(
    `${RUNS} times from seed ${SEED}: the record holds, and nothing is kept after an end`,
    async () => {
      await withBrowser(name, { prefs: unthrottled }, async (browser) => {
        const ours = await browser.open('options.html#policy');
        const parties = Array.from({ length: 20 }, (_, index) => `p${index}.example`).join();
        // Only a prompt may ask; that of another capability, so that its page does not keep what comes unasked from being handed back.
        const asker = await browser.open(promptUrl('browsing-time'));
        await asker.waitFor(testid('allow'));
        const other = await browser.open(web.url('shop.example', '/plain'));
        const flooding = await browser.open(web.url('shop.example', `/flood?perSecond=100&parties=${parties}`));
        // Chromium's settings give back only what its prompt once gave, and forget it when the extension hands it back.
        const prime = async () => {
          await grant(browser, ours, 'site-insight', { scope: SHOP });
          await browser.flip(SITE_ALONE, false);
          await rest(ours);
          await flooding.bringToFront();
        };
        await prime();

        const dice = new Dice(SEED);
        const counts = new Map<string, number>();
        for (let run = 0; run < RUNS; run += 1) {
          const flap = flapOf(dice);
          counts.set(flap.kind, (counts.get(flap.kind) ?? 0) + 1);
          await fly(browser, { ours, asker, other }, flap).catch((error: unknown) => {
            throw new Error(`flap ${run} of seed ${SEED}, ${JSON.stringify(flap)}: ${String(error)}`, { cause: error });
          });
          // What was unasked, and a timed grant that a set clock ended, the extension hands back by itself.
          const handedBack = flap.kind.startsWith('unasked') || flap.clockMs !== undefined;
          if (name === 'chromium' && handedBack) await prime();
        }

        await asker.close();
        await until(async () => (await ask(ours, 'diagnostics.get', {})).connections === 0, 'no port is left');
        expect(await complaints(ours)).toEqual([]);
        const { leases, unexplained, errors } = await ask(ours, 'diagnostics.get', {});
        expect(leases).toEqual([]);
        expect(unexplained).toEqual({ permissions: [], origins: [], dataCollection: [] });
        expect(errors).toEqual([]);
        const ends = await endsSeen(ours);
        const rows = await rawRows(ours, 'records');
        for (const [grantId, standing] of Object.entries(ends)) {
          const now = rows.filter((row) => row.grantId === grantId).map((row) => JSON.stringify(row));
          expect(
            now.filter((row) => !standing.includes(row)),
            `kept after the end of ${grantId}`,
          ).toEqual([]);
        }
        const kept = Object.values(ends).filter((standing) => standing.length > 0).length;
        console.log(
          `${name}, seed ${SEED}: ${[...counts].map(([kind, times]) => `${times} ${kind}`).join('; ')}; ` +
            `${Object.keys(ends).length} grants ended, ${kept} of them with records`,
        );
        expect(kept).toBeGreaterThan(0);
      });
    },
    RUNS * 6000 + 120_000,
  );
});

interface Pages {
  readonly ours: Page;
  readonly asker: Page;
  readonly other: Page;
}

async function fly(browser: Driven, { ours, asker, other }: Pages, flap: Flap): Promise<void> {
  const { kind, lifetime, momentMs, kills, clockMs, opensPage } = flap;
  if (kind.startsWith('asked')) await question(asker, lifetime);
  await browser.flip(SITE_ALONE, true);
  if (kind === 'asked') {
    await until(async () => (await grantNow(ours)) !== undefined, 'granted');
    await watchEnd(ours);
    if (clockMs !== undefined) await setClock(browser, clockMs);
  }
  if (kind !== 'asked and taken at once') await pause(momentMs);
  if (kind === 'unasked, taken and given again') {
    await browser.flip(SITE_ALONE, false);
    await browser.flip(SITE_ALONE, true);
  } else if (opensPage) {
    await other.goto(web.url('shop.example', `/?parties=late.example&at=${momentMs}`));
  }
  if (kills) await browser.killBackground();
  await browser.flip(SITE_ALONE, false);
  await rest(ours);
  if (kind === 'asked') {
    await until(() => ours.evaluate(() => document.documentElement.dataset.watching !== 'yes'), 'the end is on record');
  }
}

/** What could not be written at once is tried again after half a minute, as often as it takes. */
const REST_MS = 100_000;

/** Nothing is granted, asked or held any more. A question that was not granted is over. */
async function rest(ours: Page): Promise<void> {
  await until(async () => (await held(ours)).origins.length === 0, 'given back');
  await until(async () => (await grantNow(ours)) === undefined, 'ended', REST_MS).catch(async (error: unknown) => {
    const { leases, errors, database } = await ask(ours, 'diagnostics.get', {});
    const { undurable } = await ask(ours, 'state.get', {});
    throw new Error(JSON.stringify({ leases, undurable, database, errors }), { cause: error });
  });
}

async function grantNow(ours: Page): Promise<string | undefined> {
  const { capabilities } = await ask(ours, 'state.get', {});
  const scopes = capabilities.find(({ id }) => id === 'site-insight')?.scopes ?? [];
  return scopes.find(({ scope, state }) => scope === SHOP && state === 'granted')?.grantId;
}

/** As our prompt page does when Allow is clicked; the browser's yes is still to come. */
async function question(asker: Page, lifetime: Flap['lifetime']): Promise<void> {
  const opened = await ask(asker, 'prompts.open', { capability: 'site-insight', scope: SHOP });
  if (opened.kind !== 'ask') throw new Error(`not asked: ${opened.kind}`);
  await ask(asker, 'prompts.allow', { nonce: opened.nonce, scope: SHOP, lifetime } as never);
}

/** Sets the clock that the background reads, off from the true one. It lasts until the background starts anew. */
function setClock(browser: Driven, offMs: number): Promise<void> {
  return browser.background((offMs: number) => {
    // In Firefox this runs beside the page: its own clock is behind `window`.
    const clock = (typeof window === 'undefined' ? globalThis : window) as unknown as {
      Date: DateConstructor;
    };
    clock.Date.now = () => new clock.Date().getTime() + offMs;
  }, offMs);
}

/**
 * Looks, in a page of ours and raw, at the ledger and the records in one transaction, until the ledger has the end of the grant that is
 * live now; keeps the rows of that very moment: none may come or change after it.
 */
async function watchEnd(ours: Page): Promise<void> {
  await ours.evaluate(async () => {
    const root = document.documentElement;
    const opening = indexedDB.open('cloudopt');
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(opening.error);
    });
    interface Entry {
      readonly kind: string;
      readonly grantId: string;
      readonly capability: string | null;
    }
    const answer = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const newest = (store: IDBObjectStore) =>
      new Promise<Entry[]>((resolve, reject) => {
        const entries: Entry[] = [];
        const walking = store.openCursor(null, 'prev');
        walking.onerror = () => reject(walking.error);
        walking.onsuccess = () => {
          const cursor = walking.result;
          if (cursor) entries.push(cursor.value as Entry);
          if (!cursor || entries.length === 12) resolve(entries);
          else cursor.continue();
        };
      });
    const granted = (await newest(database.transaction('ledger').objectStore('ledger'))).find(
      (entry) => entry.kind === 'granted',
    );
    if (granted === undefined) throw new Error('nothing was granted');
    const { grantId } = granted;
    root.dataset.watching = 'yes';
    const ends = ['revoked', 'expired', 'paused', 'never'];
    const look = async (): Promise<void> => {
      const transaction = database.transaction(['ledger', 'records']);
      const [entries, rows] = await Promise.all([
        newest(transaction.objectStore('ledger')),
        answer(transaction.objectStore('records').getAll(IDBKeyRange.bound(`${grantId}|`, `${grantId}}`))),
      ]);
      if (!entries.some((entry) => entry.grantId === grantId && ends.includes(entry.kind))) {
        setTimeout(look, 5);
        return;
      }
      const seen = JSON.parse(root.dataset.ends ?? '{}') as Record<string, string[]>;
      seen[grantId] = rows.map((row) => JSON.stringify(row));
      root.dataset.ends = JSON.stringify(seen);
      root.dataset.watching = 'no';
      database.close();
    };
    void look();
  });
}

/** The rows of each grant at the moment of its end, by the grant's id. */
function endsSeen(ours: Page): Promise<Record<string, string[]>> {
  return ours.evaluate(() => JSON.parse(document.documentElement.dataset.ends ?? '{}') as Record<string, string[]>);
}

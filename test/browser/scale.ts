/**
 * A database as years of use leave it, put in raw through a page and not through our code, and what is then measured of
 * the pages.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { link, type Unlinked } from '../../utils/grants/chain';
import type { LedgerEntry } from '../../utils/grants/ledger-entry';
import { ask, type Driven, grant, type Page, stateOf, testid, until, withBrowser } from './cloudopt';
import type { BrowserName } from './driver/driver';

export interface Sizes {
  readonly records: number;
  readonly entries: number;
}

/** Rows that one call of the driver makes, and one transaction puts. */
const RECORDS_A_CALL = 50_000;
const ENTRIES_A_CALL = 4000;
export const SITES = 2000;

/** What the page makes records with; runs there, so it sees nothing of this file. */
function putRecords(from: number, to: number, total: number, sites: number, grants: Granted): Promise<number> {
  const now = Date.now();
  const dayMs = 86_400_000;
  const day = (atMs: number) => new Date(atMs).toISOString().slice(0, 10);
  const stamp = ({ scope, grantId, epoch }: Granted['insight']) => ({ scope, grantId, epoch });
  const row = (n: number): object => {
    // Of twenty records one is attention, one is of protection: spread over four weeks, oldest first.
    const atMs = now - Math.trunc((1 - n / total) * 28 * dayMs);
    const site = `s${(n * 7919) % sites}.example`;
    if (n % 20 === 0) {
      const id = `${grants.time.grantId}|${n}|${site}`;
      return {
        ...stamp(grants.time),
        id,
        capability: 'browsing-time',
        atMs,
        site,
        day: day(atMs),
        attentionMs: 1000 + n,
      };
    }
    if (n % 20 === 1) {
      const id = `other|${n}|${site}`;
      return {
        scope: '*',
        grantId: 'other',
        epoch: 1,
        id,
        capability: 'protection',
        atMs,
        site,
        day: day(atMs),
        blocked: n % 90,
      };
    }
    const party = `cdn${n % 397}.ads${n % 61}.example`;
    const id = `${grants.insight.grantId}|${atMs}-visit${n}|${party}`;
    return {
      ...stamp(grants.insight),
      id,
      capability: 'site-insight',
      atMs,
      site,
      day: day(atMs),
      party,
      requests: 1 + (n % 9),
    };
  };
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('cloudopt');
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const database = opening.result;
      const write = (at: number): void => {
        if (at >= to) {
          database.close();
          resolve(to);
          return;
        }
        const transaction = database.transaction('records', 'readwrite', { durability: 'relaxed' });
        const store = transaction.objectStore('records');
        const end = Math.min(to, at + 5000);
        for (let n = at; n < end; n += 1) store.put(row(n));
        transaction.onabort = () => reject(transaction.error);
        transaction.oncomplete = () => write(end);
      };
      write(from);
    };
  });
}

function putEntries(entries: readonly object[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('cloudopt');
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const transaction = opening.result.transaction('ledger', 'readwrite', { durability: 'relaxed' });
      for (const entry of entries) transaction.objectStore('ledger').put(entry);
      transaction.onabort = () => reject(transaction.error);
      transaction.oncomplete = () => {
        opening.result.close();
        resolve(entries.length);
      };
    };
  });
}

interface Authority {
  readonly scope: string;
  readonly grantId: string;
  readonly epoch: number;
}
interface Granted {
  readonly insight: Authority;
  readonly time: Authority;
}

const notice = {
  hash: 'a'.repeat(64),
  policyVersion: '2019-01',
  language: 'en',
  clauses: [
    { id: 'I.5', hash: 'b'.repeat(64) },
    { id: 'III', hash: 'c'.repeat(64) },
  ],
};

/** The entry that a busy life would add: questions and answers about many sites, now and then an end by the clock. */
function entryAfter(last: LedgerEntry, atMs: number): Unlinked {
  const n = last.seq;
  const kinds = ['asked', 'granted', 'revoked'] as const;
  const kind = n % 500 === 0 ? 'expired' : (kinds[n % 3] ?? 'asked');
  return {
    atMs,
    kind,
    capability: n % 7 === 0 ? 'browsing-time' : 'site-insight',
    scope: n % 7 === 0 ? '*' : `*://s${n % SITES}.example/*`,
    grantId: `grant-${Math.trunc(n / 3)}`,
    epoch: last.maxEpoch + 1,
    maxEpoch: last.maxEpoch + 1,
    by: kind === 'expired' ? 'clock' : 'person',
    notice,
    details: kind === 'granted' ? { lifetime: 'until-revoked', prompt: `nonce-${n}` } : {},
  };
}

/** Rows of a store, by the page itself. */
function countRows(store: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('cloudopt');
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const counting = opening.result.transaction(store).objectStore(store).count();
      counting.onerror = () => reject(counting.error);
      counting.onsuccess = () => {
        opening.result.close();
        resolve(counting.result);
      };
    };
  });
}

/**
 * Grants what the records need, and fills the database up to these sizes: what stands in it already is filled up. The
 * background rests meanwhile and starts anew after it. An engine takes 5,000 to 10,000 records a second, however they come.
 */
export async function fill(browser: Driven, page: Page, { records, entries }: Sizes): Promise<void> {
  for (const capability of ['site-insight', 'browsing-time']) {
    if ((await stateOf(page, capability)) !== 'granted') await grant(browser, page, capability);
  }
  const { capabilities } = await ask(page, 'state.get', {});
  const authority = (id: string): Authority => {
    const scope = capabilities.find((one) => one.id === id)?.scopes[0];
    if (scope === undefined) throw new Error(`${id} is not granted`);
    return { scope: scope.scope, grantId: scope.grantId, epoch: scope.epoch };
  };
  const grants: Granted = { insight: authority('site-insight'), time: authority('browsing-time') };
  for (let from = await page.evaluate(countRows, 'records'); from < records; from += RECORDS_A_CALL) {
    const to = Math.min(records, from + RECORDS_A_CALL);
    await page.evaluate(putRecords, from, to, records, SITES, grants);
  }
  const { entries: known } = await ask(page, 'history.page', { before: null, limit: 1 });
  let last = known[0];
  if (last === undefined) throw new Error('nothing was granted');
  const startMs = Date.now() - entries * 1000;
  while (last.seq < entries) {
    const some: LedgerEntry[] = [];
    for (let left = Math.min(ENTRIES_A_CALL, entries - last.seq); left > 0; left -= 1) {
      last = link(last, entryAfter(last, startMs + last.seq * 1000));
      some.push(last);
    }
    await page.evaluate(putEntries, some);
  }
  await browser.stopBackground();
}

// ---------------------------------------------------------------------------------------------------------- measuring

/** Milliseconds from the navigation to the first match, as the page itself counts them; never too few. */
export async function paintMs(page: Page, url: string, selector: string): Promise<number> {
  await page.goto('welcome.html');
  await page.goto(url);
  return page.evaluate(
    (css: string) =>
      new Promise<number>((resolve) => {
        const look = (): void => {
          if (document.querySelector(css) === null) setTimeout(look, 5);
          else requestAnimationFrame(() => resolve(performance.now()));
        };
        look();
      }),
    selector,
  );
}

/** Milliseconds from choosing in a filter to rows of which all carry that value. */
export function filterMs(page: Page, field: string, value: string, row: string, attribute: string): Promise<number> {
  return page.evaluate(
    (field: string, value: string, row: string, attribute: string) =>
      new Promise<number>((resolve) => {
        const control = document.querySelector<HTMLSelectElement | HTMLInputElement>(field);
        if (control === null) throw new Error(`no ${field}`);
        const began = performance.now();
        control.value = value;
        control.dispatchEvent(new Event('change', { bubbles: true }));
        const look = (): void => {
          const rows = [...document.querySelectorAll(row)];
          const wanted = (one: Element) =>
            attribute === '' ? one.textContent?.includes(value) : one.getAttribute(attribute) === value;
          if (rows.length > 0 && rows.every(wanted)) requestAnimationFrame(() => resolve(performance.now() - began));
          else setTimeout(look, 4);
        };
        look();
      }),
    field,
    value,
    row,
    attribute,
  );
}

/** Scrolls a long list to its end and on as it loads more, and counts how long each frame took (ms). */
export function scrollFrames(
  page: Page,
  row: string,
  steps = 200,
): Promise<{ frames: number; p50: number; p95: number; most: number; drawn: number; reachedPx: number }> {
  return page.evaluate(
    (row: string, steps: number) =>
      new Promise<{ frames: number; p50: number; p95: number; most: number; drawn: number; reachedPx: number }>(
        (resolve) => {
          const box = document.querySelector(row)?.closest('.list-scroll');
          if (!box) throw new Error('no list');
          const times: number[] = [];
          let drawn = 0;
          let last = performance.now();
          const step = (left: number): void => {
            requestAnimationFrame((now) => {
              times.push(now - last);
              last = now;
              drawn = Math.max(drawn, document.querySelectorAll(row).length);
              box.scrollTop += 400;
              if (left > 0) return step(left - 1);
              times.sort((a, b) => a - b);
              const at = (share: number) => Math.round(times[Math.floor((times.length - 1) * share)] ?? 0);
              resolve({
                frames: times.length,
                p50: at(0.5),
                p95: at(0.95),
                most: at(1),
                drawn,
                reachedPx: box.scrollTop,
              });
            });
          };
          step(steps);
        },
      ),
    row,
    steps,
  );
}

/** Milliseconds that a message to the background takes. */
export async function messageMs(page: Page, name: string, input: object): Promise<number> {
  return page.evaluate(
    async (name: string, input: object) => {
      const api = (
        globalThis as unknown as { chrome: { runtime: { sendMessage(m: object): Promise<{ ok: boolean }> } } }
      ).chrome;
      const began = performance.now();
      const { ok } = await api.runtime.sendMessage({ name, input });
      if (!ok) throw new Error(`${name} was refused`);
      return performance.now() - began;
    },
    name,
    input,
  );
}

/** MiB that the browser's processes hold to themselves, all together (proportional set size). */
export function memoryMiB({ profile }: Driven): number {
  const table = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  const processes = table
    .trim()
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((found) => found !== null)
    .map(([, pid = '', parent = '', args = '']) => ({ pid, parent, args }));
  const ours = new Set(processes.filter(({ args }) => args.includes(profile)).map(({ pid }) => pid));
  for (let before = -1; before !== ours.size; ) {
    before = ours.size;
    for (const { pid, parent } of processes) if (ours.has(parent)) ours.add(pid);
  }
  let kib = 0;
  for (const pid of ours) {
    try {
      const rollup = execFileSync('cat', [`/proc/${pid}/smaps_rollup`], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      kib += Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0);
    } catch {
      // It ended meanwhile.
    }
  }
  return kib / 1024;
}

export interface Memory {
  /** Of all processes of the browser. */
  readonly browser: number;
  /** What is alive, garbage collected before. */
  readonly background: number;
  readonly page: number;
}
export interface Watched {
  readonly before: Memory;
  readonly most: Memory;
  readonly after: Memory;
}

const MIB = 1024 * 1024;
/** How often memory is looked at while something runs: each look collects garbage, which takes its time. */
const LOOK_MS = 1500;

async function memoryOf(browser: Driven, page: Page): Promise<Memory> {
  return {
    browser: memoryMiB(browser),
    background: (await browser.heapBytes()) / MIB,
    page: (await browser.heapBytes(page)) / MIB,
  };
}

/** MiB before `task`, the most while it ran, and after it. */
export async function watchMemory(browser: Driven, page: Page, task: () => Promise<void>): Promise<Watched> {
  const before = await memoryOf(browser, page);
  let most = before;
  let over = false;
  const watching = (async () => {
    while (!over) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      const now = await memoryOf(browser, page);
      most = {
        browser: Math.max(most.browser, now.browser),
        background: Math.max(most.background, now.background),
        page: Math.max(most.page, now.page),
      };
    }
  })();
  try {
    await task();
  } finally {
    over = true;
    await watching;
  }
  return { before, most, after: await memoryOf(browser, page) };
}

/** `browser 700 → 900 → 710, background 9 → 12 → 9, page 4 → 6 → 4 MiB` */
export function memoryText({ before, most, after }: Watched): string {
  const row = (of: keyof Memory) => `${of} ${[before, most, after].map((one) => Math.round(one[of])).join(' → ')}`;
  return `${row('browser')}, ${row('background')}, ${row('page')} MiB`;
}

/**
 * Runs `task` over a filled database. With `SCALE_PROFILE`, a folder, it is filled there once, and what runs gets a copy:
 * filling a million takes minutes, measuring them one.
 */
export async function withFilled(
  name: BrowserName,
  sizes: Sizes,
  task: (browser: Driven, page: Page) => Promise<void>,
): Promise<void> {
  const kept = process.env.SCALE_PROFILE;
  if (kept === undefined) {
    await withBrowser(name, {}, async (browser) => {
      const page = await browser.open('options.html#policy');
      await fill(browser, page, sizes);
      await task(browser, page);
    });
    return;
  }
  const profile = path.join(kept, `${name}-${sizes.records}-${sizes.entries}`);
  await withBrowser(name, { profile, persistent: true }, async (browser) => {
    const page = await browser.open('options.html#policy');
    await fill(browser, page, sizes);
    // Chromium keeps the background's script with the profile for as long as the version stays, whatever was built since.
    await browser.update();
  });
  const copy = mkdtempSync(path.join(tmpdir(), 'cloudopt-scale-'));
  try {
    cpSync(profile, copy, { recursive: true });
    await withBrowser(name, { profile: copy, persistent: true }, async (browser) => {
      await task(browser, await browser.open('options.html#policy'));
    });
  } finally {
    rmSync(copy, { recursive: true, force: true, maxRetries: 5 });
  }
}

export { testid, until };

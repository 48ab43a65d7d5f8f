/** Rows of any shape in every store, before a start and under a running background. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readRow } from '../../utils/catalogue/shapes';
import { fenceRow, grantRow } from '../../utils/grants/schema';
import type { Database } from '../../utils/storage/database';
import { FakeBrowser } from '../sim/fake-world';
import { grant } from '../sim/journey';
import { hostile } from './mutations';
import { runs, TIMEOUT_MS } from './runs';
import { dump, type FuzzWorld, world } from './world';

/** Rows that one run puts. */
const ROWS_A_RUN = 10;

const options = { id: 'ours', url: 'chrome-extension://ours/options.html' };
const receipt = { id: 'ours', url: 'chrome-extension://ours/receipt.html' };

/** A browser whose database holds one good row of each kind, and that holds every permission. */
async function filled(): Promise<{
  browser: FakeBrowser;
  rows: Record<string, unknown[]>;
  local: [string, unknown][];
}> {
  const browser = new FakeBrowser();
  const w = await world(browser);
  await grant(browser, w, 'site-insight');
  await grant(browser, w, 'browsing-time', { lifetime: 'hour' });
  await grant(browser, w, 'notifications');
  await w.core.revoke('notifications', '*');
  for (const lease of w.core.office.leases()) {
    const site = lease.capability === 'site-insight' || lease.capability === 'browsing-time';
    if (!site) continue;
    const data = lease.capability === 'site-insight' ? { party: 'cdn.ads.example', requests: 3 } : { attentionMs: 5 };
    await lease.write({
      records: [{ key: 'k', site: 'shop.example', atMs: browser.nowMs, data }],
      uses: 1,
      checkpoint: { since: 1 },
    });
  }
  const { database } = w.core.openStatus();
  await w.ask({ name: 'subject.id', input: { how: 'make' } }, options);
  const rows = await dump(database);
  const [fence] = rows.fences ?? [];
  rows.outbox = [
    {
      ...Object.fromEntries(
        Object.entries(fence ?? {}).filter(([name]) => ['grantId', 'epoch', 'scope'].includes(name)),
      ),
      id: 'grant|report',
      capability: 'crash-reports',
      atMs: browser.nowMs,
      text: '{}',
      hash: 'a'.repeat(64),
      state: 'waiting',
      tries: 0,
      notBeforeMs: 0,
    },
  ];
  const { notice } = (rows.grants?.[0] ?? {}) as { notice?: unknown };
  rows.intents = [
    {
      nonce: 'nonce-x',
      capability: 'download-guard',
      scope: '*',
      notice,
      openedAtMs: browser.nowMs,
      allowed: { scope: '*', lifetime: 'hour', atMs: browser.nowMs, expiresAtMs: browser.nowMs + 1000 },
    },
  ];
  database.close();
  return { browser, rows, local: [...browser.local.values] };
}

/** Puts what can be put: a row without a key is none. */
async function put(database: Database, store: string, row: unknown): Promise<void> {
  const transaction = database.transaction(store as 'records', 'readwrite');
  try {
    await Promise.all([transaction.store.put(row as object), transaction.done]);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    await transaction.done.catch(() => undefined);
  }
}

async function lookAtEverything(w: FuzzWorld): Promise<void> {
  const filters = [{}, { capability: 'site-insight' }, { site: 'shop.example' }];
  const asked = [
    ['state.get', {}],
    ...filters.map((filter) => ['records.page', { filter, after: null, limit: 50 }]),
    ['records.summary', {}],
    ['records.sites', { prefix: '' }],
    ['insight.sites', {}],
    ['insight.site', { host: 'shop.example' }],
    ['time.days', { days: 14 }],
    ['activity.week', {}],
    ['history.page', { before: null, limit: 50 }],
    ['history.page', { before: 9, limit: 50, kind: 'asked', capability: 'site-insight' }],
    ['history.head', {}],
    ['subject.id', { how: 'look' }],
    ['protection.get', {}],
    ['reports.get', {}],
    ['diagnostics.get', {}],
  ] as const;
  for (const [name, input] of asked) {
    const answer = await w.ask({ name, input }, options);
    expect(answer, JSON.stringify({ name, input })).toMatchObject({ ok: true });
  }
  const consent = { name: 'history.consent', input: { capability: 'site-insight', scope: '*' } };
  expect(await w.ask(consent, receipt)).toMatchObject({ ok: true });
  const streams = ['records', 'ledger', 'consent-records', 'everything'];
  for (const name of streams) {
    const input = { purpose: 'verify', ...(name === 'records' ? { filter: {} } : {}) };
    expect(await w.read(name, input), name).toBe('end');
  }
}

/** Leases stand only where a row of a grant and its fence, both whole, say so with one voice. */
function onlyExplained(w: FuzzWorld, rows: Record<string, unknown[]>): void {
  const grants = (rows.grants ?? []).flatMap((row) => readRow(grantRow, row) ?? []);
  const fences = (rows.fences ?? []).flatMap((row) => readRow(fenceRow, row) ?? []);
  for (const lease of w.core.office.leases()) {
    const explained = grants.some(
      (one) =>
        one.capability === lease.capability &&
        one.scope === lease.scope &&
        one.state === 'granted' &&
        one.grantId === lease.grantId &&
        fences.some(
          (fence) =>
            fence.capability === one.capability &&
            fence.scope === one.scope &&
            fence.live &&
            fence.grantId === one.grantId &&
            fence.epoch === one.epoch,
        ),
    );
    expect(explained, `${lease.capability} ${lease.scope}`).toBe(true);
  }
}

/** Takes back what may be live, and sees that it is on record and that nothing is left. */
async function stop(w: FuzzWorld): Promise<void> {
  const answer = await w.ask({ name: 'grants.stop-all', input: {} }, options);
  expect(answer).toMatchObject({ ok: true, answer: { undurable: 0 } });
  expect(w.core.office.leases()).toEqual([]);
  const fences = await w.core.openStatus().database.getAll('fences');
  expect(fences.flatMap((row) => readRow(fenceRow, row) ?? []).filter((fence) => fence.live)).toEqual([]);
}

/** A whole row of another moment or grant: nothing of it is damaged, and still it does not agree with the others. */
const stale = (sample: object): fc.Arbitrary<object> =>
  fc
    .constantFrom<object>({ epoch: 1 }, { epoch: 99 }, { grantId: 'id-other' }, { live: true }, { state: 'granted' })
    .map((change) => {
      const known = Object.entries(change).filter(([name]) => Object.hasOwn(sample, name));
      return { ...sample, ...Object.fromEntries(known) };
    });

const stores = ['fences', 'grants', 'ledger', 'notices', 'intents', 'records', 'outbox', 'uses', 'settings'] as const;

describe('a database of damaged rows', async () => {
  const { browser, rows, local } = await filled();
  const damaged = fc.constantFrom(...stores).chain((store) =>
    fc
      .constantFrom(...((rows[store] ?? []).length > 0 ? (rows[store] as object[]) : [{}]))
      .chain((sample) => fc.oneof({ weight: 4, arbitrary: hostile(sample) }, { weight: 1, arbitrary: stale(sample) }))
      .map((row) => ({ store, row })),
  );
  const [intent] = rows.intents as [object];
  const some = fc.array(damaged, { minLength: ROWS_A_RUN, maxLength: ROWS_A_RUN });

  async function restored(): Promise<FuzzWorld> {
    const w = await world(browser);
    const { database } = w.core.openStatus();
    const transaction = database.transaction([...stores], 'readwrite');
    for (const store of stores) {
      transaction.objectStore(store).clear();
      for (const row of rows[store] ?? []) transaction.objectStore(store).put(row as object);
    }
    await transaction.done;
    browser.local.values.clear();
    for (const [key, value] of local) browser.local.values.set(key, value);
    browser.permissions.give({ permissions: ['tabs', 'idle', 'notifications', 'downloads'], origins: ['*://*/*'] });
    return w;
  }

  test(
    'starts, answers every page, runs nothing that whole rows don’t explain, and can be stopped on record',
    async () => {
      await fc.assert(
        fc.asyncProperty(some, async (drawn) => {
          const before = await restored();
          for (const { store, row } of drawn) await put(before.core.openStatus().database, store, row);
          before.core.openStatus().database.close();
          const w = await world(browser);
          expect(w.core.status.kind).toBe('open');
          onlyExplained(w, await dump(w.core.openStatus().database));
          await lookAtEverything(w);
          await stop(w);
          expect(w.errors).toEqual([]);
          w.core.openStatus().database.close();
        }),
        { ...runs(30, ROWS_A_RUN), examples: [[[{ store: 'intents', row: { ...intent, nonce: '\ud800' } }]]] },
      );
    },
    TIMEOUT_MS,
  );

  test(
    'under a running background does not break an answer, and can be stopped on record',
    async () => {
      await fc.assert(
        fc.asyncProperty(some, async (drawn) => {
          (await restored()).core.openStatus().database.close();
          const w = await world(browser);
          for (const { store, row } of drawn) await put(w.core.openStatus().database, store, row);
          await w.core.reconcile();
          onlyExplained(w, await dump(w.core.openStatus().database));
          await lookAtEverything(w);
          await stop(w);
          expect(w.errors).toEqual([]);
          w.core.openStatus().database.close();
        }),
        runs(20, ROWS_A_RUN),
      );
    },
    TIMEOUT_MS,
  );
});

/** The servers that reports go to answer anything: each report ends by name, and no answer decides anything else. */
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { Posted } from '../../utils/egress/post';
import { DAY_MS, HOUR_MS } from '../../utils/platform/clock';
import { retryAfters } from './hostile-server';
import { runs, TIMEOUT_MS } from './runs';
import { dump } from './world';

const here = { place: 'here', byOrganisation: false };
vi.stubGlobal('__ENDPOINTS__', {
  'statistics-endpoint': { url: 'https://statistics.example/v1/metrics', auth: null, ...here },
  'crash-endpoint': { url: 'https://crashes.example/api/7/envelope/', auth: 'Sentry sentry_key=a', ...here },
});
vi.resetModules();
const { Reports } = await import('../../utils/background/reports');
const { outboxRow } = await import('../../utils/catalogue/record');
const { background, FakeBrowser } = await import('../sim/fake-world');
const { grant } = await import('../sim/journey');
const { aboutTest } = await import('../unit/capabilities/stage');

/** Answers of one run: as many as one report is tried at most, and two more. */
const ANSWERS_A_RUN = 12;
const TRIES_MAX = 10;

type Said = Posted | Error;
const status = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(408, 429, 500, 502, 503, 504, 599) },
  { weight: 1, arbitrary: fc.constantFrom(0, 100, 200, 204, 299, 300, 304, 400, 401, 403, 404, 413) },
  { weight: 1, arbitrary: fc.integer({ min: 200, max: 599 }) },
);
const said: fc.Arbitrary<Said> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ status, retryAfter: fc.option(retryAfters) }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Said>(
      new TypeError('Failed to fetch'),
      new DOMException('The operation timed out.', 'TimeoutError'),
      new DOMException('aborted', 'AbortError'),
    ),
  },
);

describe('a report', () => {
  test(
    'to a server that answers anything is sent, refused or waits no longer than a day; nothing else changes',
    async () => {
      const browser = new FakeBrowser();
      let left: Said[] = [];
      let posts = 0;
      const it = background(browser, {
        ports: {
          post: async () => {
            posts += 1;
            const next = left.shift() ?? new TypeError('no more answers');
            if (next instanceof Error) throw next;
            return next;
          },
        },
      });
      const { core } = it;
      const reports = new Reports({ core, about: aboutTest });
      await core.start();
      await grant(browser, it, 'crash-reports');
      const { database } = core.openStatus();
      const [lease] = core.office.leases();
      if (!lease) throw new Error('no lease');
      const crash = {
        name: 'TypeError',
        message: 'm',
        frames: [],
        version: '0.1.0',
        where: 'popup',
        eventId: 'a'.repeat(32),
      };
      const data = { ...crash, browser: { name: 'Firefox', major: 153 }, os: 'Linux', handed: false };
      const before = await dump(database);
      await fc.assert(
        fc.asyncProperty(fc.array(said, { minLength: ANSWERS_A_RUN, maxLength: ANSWERS_A_RUN }), async (drawn) => {
          await database.clear('records');
          await database.clear('outbox');
          // A lease sends so and so often within an hour.
          browser.nowMs += HOUR_MS;
          left = [...drawn];
          posts = 0;
          await lease.write({ records: [{ key: 'crash', atMs: browser.nowMs, data }] });
          const view = (await reports.view()).reports.find((one) => one.capability === 'crash-reports');
          const [item] = view?.items ?? [];
          expect(item).toBeDefined();
          const first = await reports.send({ capability: 'crash-reports', hash: item?.hash ?? '' });
          expect(['sent', 'waiting', 'refused']).toContain(first.kind);
          for (let turn = 0; turn < ANSWERS_A_RUN; turn += 1) {
            const rows = await database.getAll('outbox');
            expect(rows).toHaveLength(1);
            const row = outboxRow.parse(rows[0]);
            expect(row.tries).toBeLessThanOrEqual(TRIES_MAX);
            if (row.state !== 'waiting') break;
            expect(row.notBeforeMs - browser.nowMs).toBeLessThanOrEqual(DAY_MS);
            // Asked a moment too early, it leaves the server alone.
            const so_far = posts;
            browser.nowMs = row.notBeforeMs - 1;
            await reports.run();
            expect(posts).toBe(so_far);
            browser.nowMs = row.notBeforeMs;
            await reports.run();
          }
          expect(posts).toBeLessThanOrEqual(TRIES_MAX);
          const [settled] = await database.getAll('outbox');
          expect((settled as { state: unknown }).state).not.toBe('waiting');
          const after = await dump(database);
          for (const store of ['fences', 'grants', 'ledger', 'settings', 'intents']) {
            expect(after[store], store).toEqual(before[store]);
          }
          expect(core.office.leases()).toEqual([lease]);
          expect(it.errors).toEqual([]);
        }),
        runs(24, ANSWERS_A_RUN),
      );
    },
    TIMEOUT_MS,
  );
});

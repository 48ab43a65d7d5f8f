import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { start, type WebServer } from '../servers/web';
import { wantedBrowsers, withBrowser } from './cloudopt';
import { floodRun, type Trial } from './flood';

const TRIALS = Number(process.env.FLOOD_TRIALS ?? 40);

let web: WebServer;
beforeAll(async () => {
  web = await start();
});
afterAll(() => web.stop());

describe.each(wantedBrowsers())('revoking under a flood in %s', (name) => {
  test(
    `${TRIALS} times: nothing is kept after a revocation has resolved`,
    async () => {
      await withBrowser(name, {}, async (browser) => {
        const run = await floodRun(browser, web);
        const trials: Trial[] = [];
        for (let index = 0; index < TRIALS; index += 1) {
          trials.push(await run.trial({ killBackground: index % 10 === 9 }));
        }
        const ms = trials.map((trial) => trial.revokeMs).sort((a, b) => a - b);
        const at = (share: number) => Math.round(ms[Math.min(ms.length - 1, Math.floor(ms.length * share))] ?? 0);
        console.log(`${name}: revoke, call to answer: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms`);
        expect(trials.reduce((sum, trial) => sum + trial.late, 0)).toBe(0);
      });
    },
    TRIALS * 10_000 + 120_000,
  );
});

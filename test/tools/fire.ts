/**
 * `npm run test:fire`: what `npm test` does briefly, long: 1,000 floods with a revocation, 1,000 revocations while sending,
 * 20 times the simulation, 10,000 hostile inputs of each kind, a database of a million records, 10,000 visits, and what Chromium
 * itself says of the compacted lists.
 */
import { endpointBuilds } from './endpoint-builds';
import { runSteps } from './steps';

process.exit(
  await runSteps([
    {
      name: 'simulation, long',
      command: ['npx', 'vitest', 'run', 'test/sim'],
      env: { SIM_RUNS: '2000' },
      vitest: true,
    },
    {
      name: '10,000 hostile inputs of each kind',
      command: ['npx', 'vitest', 'run', 'test/fuzz'],
      env: { FUZZ_RUNS: '10000' },
      vitest: true,
    },
    {
      name: 'Chromium treats 10,000 requests by the compacted lists as by the raw ones',
      command: ['npx', 'tsx', 'test/tools/rulesets/parity.ts', '10500'],
    },
    { name: 'build', command: ['npm', 'run', '--silent', 'build'] },
    {
      name: '1,000 floods with a revocation, in each browser',
      command: ['npx', 'vitest', 'run', '--config', 'vitest.browser.config.ts', 'test/browser/flood.test.ts'],
      env: { FLOOD_TRIALS: '1000' },
      vitest: true,
    },
    {
      name: 'a million records and 100,000 entries, in each browser',
      command: ['npx', 'vitest', 'run', '--config', 'vitest.browser.config.ts', 'test/browser/scale.test.ts'],
      env: { SCALE_RECORDS: '1000000', SCALE_ENTRIES: '100000' },
      vitest: true,
    },
    {
      name: '10,000 visits and 200 popups leave nothing behind, in each browser',
      command: ['npx', 'vitest', 'run', '--config', 'vitest.browser.config.ts', 'test/browser/leak.test.ts'],
      env: { LEAK_VISITS: '10000', LEAK_POPUPS: '200' },
      vitest: true,
    },
    ...endpointBuilds,
    {
      name: '1,000 revocations while sending, in each browser',
      command: ['npx', 'vitest', 'run', '--config', 'vitest.browser.config.ts', 'test/browser/reports.test.ts'],
      env: { SEND_TRIALS: '1000' },
      vitest: true,
    },
  ]),
);

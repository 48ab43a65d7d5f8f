/**
 * `npm run test:fire`: what `npm test` does briefly, long, in under 20 minutes. `--long` has the full numbers instead: 1,000
 * floods and 1,000 revocations while sending, 10,000 visits, 500 flaps, half an hour of deaths, in each browser.
 */
import { endpointBuilds } from './endpoint-builds';
import { runSteps, type Step } from './steps';

const long = process.argv.includes('--long');

/** All that one browser goes through, file by file; the two browsers side by side. */
const fire = (browser: 'chromium' | 'firefox'): Step => ({
  name: `${browser} under fire`,
  command: [
    'npx',
    'vitest',
    'run',
    '--config',
    'vitest.browser.config.ts',
    ...['flood', 'crash-matrix', 'scale', 'leak', 'flapping', 'reports'].map((name) => `test/browser/${name}.test.ts`),
  ],
  env: {
    BROWSERS: browser,
    CRASH_RUNS: '1000',
    CRASH_MINUTES: long ? '30' : '3',
    FLOOD_TRIALS: long ? '1000' : '100',
    SEND_TRIALS: long ? '1000' : '60',
    LEAK_VISITS: long ? '10000' : '1000',
    LEAK_POPUPS: long ? '200' : '40',
    FLAP_RUNS: long ? '500' : '60',
    SCALE_RECORDS: long ? '1000000' : '200000',
    SCALE_ENTRIES: long ? '100000' : '50000',
  },
  vitest: true,
});

process.exit(
  await runSteps([
    {
      name: 'simulation and 10,000 hostile inputs of each kind',
      command: ['npx', 'vitest', 'run', 'test/sim', 'test/fuzz'],
      env: { SIM_RUNS: long ? '2000' : '500', FUZZ_RUNS: '10000' },
      vitest: true,
    },
    {
      name: 'Chromium treats 10,000 requests by the compacted lists as by the raw ones',
      command: ['npx', 'tsx', 'test/tools/rulesets/parity.ts', '10500'],
    },
    { name: 'build', command: ['npm', 'run', '--silent', 'build'] },
    endpointBuilds,
    [fire('chromium'), fire('firefox')],
  ]),
);

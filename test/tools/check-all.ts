/** `npm test`: all that must hold, in the order in which a failure is cheapest to find. */
import { ensureBrowsers } from './ensure-browsers';
import { runSteps, type Step } from './steps';

const next = { CLOUDOPT_TEST_BUILD: 'next', CLOUDOPT_OUT_DIR: '.output/next' };

const steps: Step[] = [
  { name: 'types, lint, layers, egress', command: ['npm', 'run', '--silent', 'check'] },
  { name: 'unit, simulation, migrations', command: ['npx', 'vitest', 'run'], vitest: true },
  { name: 'build', command: ['npm', 'run', '--silent', 'build'] },
  { name: 'what was built', command: ['npm', 'run', '--silent', 'check:build'] },
  { name: 'build with the next policy (Chromium)', command: ['npx', 'wxt', 'build'], env: next },
  {
    name: 'build with the next policy (Firefox)',
    command: ['npx', 'wxt', 'build', '-b', 'firefox', '--mv3'],
    env: next,
  },
  { name: 'real browsers', command: ['npx', 'vitest', 'run', '--config', 'vitest.browser.config.ts'], vitest: true },
];

await ensureBrowsers();
process.exit(await runSteps(steps));

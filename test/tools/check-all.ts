/** `npm test`: all that must hold, in the order in which a failure is cheapest to find. */
import { endpointBuilds } from './endpoint-builds';
import { ensureBrowsers } from './ensure-browsers';
import { ensureServers } from './ensure-servers';
import { runSteps, type Step } from './steps';

const next = { CLOUDOPT_TEST_BUILD: 'next', CLOUDOPT_OUT_DIR: '.output/next' };

const browserTests = ['npx', 'vitest', 'run', '--config', 'vitest.browser.config.ts'];

const steps: (Step | Step[])[] = [
  { name: 'types, lint, layers, egress', command: ['npm', 'run', '--silent', 'check'] },
  { name: 'unit, simulation, migrations, real servers', command: ['npx', 'vitest', 'run'], vitest: true },
  { name: 'build', command: ['npm', 'run', '--silent', 'build'] },
  { name: 'what was built', command: ['npm', 'run', '--silent', 'check:build'] },
  { name: 'build with the next policy (Chromium)', command: ['npx', 'wxt', 'build'], env: next },
  {
    name: 'build with the next policy (Firefox)',
    command: ['npx', 'wxt', 'build', '-b', 'firefox', '--mv3'],
    env: next,
  },
  ...endpointBuilds,
  [
    { name: 'real Chromium', command: browserTests, env: { BROWSERS: 'chromium' }, vitest: true },
    { name: 'real Firefox', command: browserTests, env: { BROWSERS: 'firefox' }, vitest: true },
  ],
];

await ensureBrowsers();
await ensureServers();
process.exit(await runSteps(steps));

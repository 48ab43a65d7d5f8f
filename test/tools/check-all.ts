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
  { name: 'build and packages', command: ['npm', 'run', '--silent', 'zip'] },
  { name: 'what was built', command: ['npm', 'run', '--silent', 'check:build'] },
  { name: 'Mozilla’s linter', command: ['npm', 'run', '--silent', 'lint:package'] },
  { name: 'submission, dry', command: ['npm', 'run', '--silent', 'submit', '--', '--dry-run'] },
  { name: 'known weaknesses', command: ['npm', 'run', '--silent', 'audit'] },
  { name: 'rebuild from the sources package', command: ['npm', 'run', '--silent', 'verify-build'] },
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

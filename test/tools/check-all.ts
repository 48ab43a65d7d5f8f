/** `npm test`: all that must hold, in the order in which a failure is cheapest to find. */
import { endpointBuilds } from './endpoint-builds';
import { ensureBrowsers } from './ensure-browsers';
import { ensureServers } from './ensure-servers';
import { runSteps, type Step } from './steps';

// A build keeps one processor busy: those for the two browsers run side by side.
const packages: Step[] = [
  { name: 'build and package (Chromium)', command: ['npx', 'wxt', 'zip'] },
  { name: 'build and package (Firefox)', command: ['npx', 'wxt', 'zip', '-b', 'firefox', '--mv3'] },
];

const env = { CLOUDOPT_TEST_BUILD: 'next', CLOUDOPT_OUT_DIR: '.output/next' };
const nextBuilds: Step[] = [
  { name: 'build with the next policy (Chromium)', command: ['npx', 'wxt', 'build'], env },
  { name: 'build with the next policy (Firefox)', command: ['npx', 'wxt', 'build', '-b', 'firefox', '--mv3'], env },
];

const browserTests = ['npx', 'vitest', 'run', '--config', 'vitest.browser.config.ts'];

const steps: (Step | readonly Step[])[] = [
  { name: 'types, lint, layers, egress', command: ['npm', 'run', '--silent', 'check'] },
  { name: 'unit, simulation, migrations, real servers', command: ['npx', 'vitest', 'run'], vitest: true },
  packages,
  { name: 'what was built', command: ['npm', 'run', '--silent', 'check:build'] },
  [
    { name: 'Mozilla’s linter', command: ['npm', 'run', '--silent', 'lint:package'] },
    { name: 'rebuild from the sources package', command: ['npm', 'run', '--silent', 'verify-build'] },
  ],
  { name: 'submission, dry', command: ['npm', 'run', '--silent', 'submit', '--', '--dry-run'] },
  { name: 'known weaknesses', command: ['npm', 'run', '--silent', 'audit'] },
  nextBuilds,
  endpointBuilds,
  [
    { name: 'real Chromium', command: browserTests, env: { BROWSERS: 'chromium' }, vitest: true },
    { name: 'real Firefox', command: browserTests, env: { BROWSERS: 'firefox' }, vitest: true },
  ],
];

await ensureBrowsers();
await ensureServers();
process.exit(await runSteps(steps));

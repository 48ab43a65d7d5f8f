/** Builds that may send, to receivers that the browser tests start: those put in the ports (test/browser/receivers.ts). */
import type { Step } from './steps';

/** What a build is given so that it may send; receivers put their ports in. */
export const endpointEnv = {
  CLOUDOPT_STATISTICS_URL: 'https://statistics.example:4318/v1/metrics',
  CLOUDOPT_STATISTICS_PLACE: 'a test on this machine',
  CLOUDOPT_CRASH_DSN: 'https://c0ffee@crashes.example:4319/7',
  CLOUDOPT_CRASH_PLACE: 'a test on this machine',
};

const env = { ...endpointEnv, CLOUDOPT_OUT_DIR: '.output/reports' };

export const endpointBuilds: readonly Step[] = [
  { name: 'build with endpoints (Chromium)', command: ['npx', 'wxt', 'build'], env },
  { name: 'build with endpoints (Firefox)', command: ['npx', 'wxt', 'build', '-b', 'firefox', '--mv3'], env },
];

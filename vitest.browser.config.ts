import { defineConfig } from 'vitest/config';

// Real browsers: one at a time, no retries: a test that fails once has failed.
export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    environment: 'node',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    retry: 0,
  },
});

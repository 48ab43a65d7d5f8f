import { defineConfig } from 'vitest/config';

// Real browsers: one of a kind at a time, no retries: a test that fails once has failed.
export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    environment: 'node',
    fileParallelism: false,
    testTimeout: 240_000,
    hookTimeout: 240_000,
    retry: 0,
  },
});

/**
 * Tests: every *.test.ts under test/, on the sources (the command line and the package are tested on dist). The project
 * `slow` is what is exhaustive or waits for other programs, in files *.slow.test.ts; `fast` is everything else.
 */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: {
    alias: { '#wasm-host': fileURLToPath(new URL('src/backend/wasm/host-node.ts', import.meta.url)) },
  },
  test: {
    projects: [
      {
        extends: true,
        test: { name: 'fast', include: ['test/**/*.test.ts'], exclude: ['test/**/*.slow.test.ts'] },
      },
      { extends: true, test: { name: 'slow', include: ['test/**/*.slow.test.ts'] } },
    ],
    globalSetup: 'test/house/global-setup.ts',
    reporters: ['default', './test/house/count-reporter.ts'],
    // One worker a core; by default one core is left to the reporter.
    maxWorkers: '100%',
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});

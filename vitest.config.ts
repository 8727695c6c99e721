/** Tests: every *.test.ts under test/, on the sources (the command line and the package are tested on dist). */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: {
    alias: { '#wasm-host': fileURLToPath(new URL('src/backend/wasm/host-node.ts', import.meta.url)) },
  },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/house/global-setup.ts',
    reporters: ['default', './test/house/count-reporter.ts'],
    // One worker a core; by default one core is left to the reporter.
    maxWorkers: '100%',
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});

/**
 * `npm run fuzz`: runs test/fuzz/main.ts, and in its worker threads test/fuzz/worker.ts. Vite compiles them, because Node
 * reads no TypeScript in every version that Fewbit supports.
 */
import { isMainThread } from 'node:worker_threads';
import { runnerImport } from 'vite';

const { module } = await runnerImport(isMainThread ? './test/fuzz/main.ts' : './test/fuzz/worker.ts', {
  configFile: false,
  logLevel: 'error',
});
await module.run();

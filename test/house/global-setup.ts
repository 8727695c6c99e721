/**
 * Before all tests: compiles the WebAssembly kernels unless they are up to date (the script knows), so that
 * `npx vitest run test/<room>` works on its own.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

export default function setup(): void {
  const root = join(import.meta.dirname, '../..');
  const { status } = spawnSync(process.execPath, ['scripts/build.mjs', '--kernels'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) console.error('kernels: not built, so the tests that need them fail');
}

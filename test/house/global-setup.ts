/**
 * Before all tests: compiles the WebAssembly kernels unless they are up to date (the script knows), so that
 * `npx vitest run test/<room>` works on its own. Kernels that do not compile stop the run: no test sees old ones.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

export default function setup(): void {
  const root = join(import.meta.dirname, '../..');
  execFileSync(process.execPath, ['scripts/build.mjs', '--kernels'], { cwd: root, stdio: 'inherit' });
}

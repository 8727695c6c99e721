// The limit of the machine for one thread: the register-only loop in WebAssembly (limit.ts), and in C if
// there is a compiler (native-peak.c). Contenders like any other, so that they are measured in the same
// rounds as the kernels.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileAssembly } from '../scripts/compile.mjs';
import { Child } from './child.mjs';

const MACS_A_TURN = 96;
/** One piece of work: about 2 ms. */
const TURNS = 1_000_000;
/** Multiply-adds of one piece of work. */
export const LIMIT_MACS = TURNS * MACS_A_TURN;
const TIMEOUT_MS = 60_000;

const source = (name) => fileURLToPath(new URL(name, import.meta.url));

async function wasmLimit() {
  const binary = await compileAssembly(
    'limit.ts',
    (name) => (name === 'limit.ts' ? readFileSync(source(name), 'utf8') : null),
    [],
  );
  const { instance } = await WebAssembly.instantiate(binary);
  const { loop } = instance.exports;
  const run = async (count) => {
    const start = performance.now();
    // In short calls: the engine replaces its first, slow code between calls, not within one.
    for (let call = 0; call < 10 * count; call++) loop(TURNS / 10);
    return (performance.now() - start) / 1000;
  };
  return { name: 'limit', run };
}

/** The compiled C program, or null. AVX saves the copies that two-operand instructions need; not every machine has it. */
function nativeProgram(folder) {
  const program = join(folder, 'native-peak');
  for (const flag of ['-mavx', '-msse4.1']) {
    const args = ['-O2', flag, '-o', program, source('native-peak.c')];
    if (spawnSync('cc', args, { stdio: 'ignore' }).status !== 0) continue;
    if (spawnSync(program, { input: '1000\n' }).status === 0) return program;
  }
  return null;
}

/** If no C compiler can build it, `native` is null and `note` gives the reason. */
export async function openLimits() {
  const wasm = await wasmLimit();
  const folder = mkdtempSync(join(tmpdir(), 'fewbit-bench-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.on('exit', remove);
  const program = nativeProgram(folder);
  const child = program && new Child(program, []);
  const native = child && { name: 'native', run: (count) => child.ask(count * TURNS, TIMEOUT_MS) };
  return {
    wasm,
    native,
    note: native ? null : 'native peak: skipped, it needs cc and an x86 processor (apt-get install gcc)',
    async close() {
      await child?.close();
      remove();
      process.off('exit', remove);
    },
  };
}

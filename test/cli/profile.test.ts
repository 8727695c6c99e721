/** `fewbit bench`, `fewbit train --profile` and the memory that `fewbit plan` reports; no assertion on a time. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { wasmInfo } from '../../src/backend/index.js';
import { cli, jsonLines, temporaryFolder, writeConfiguration, type CliResult } from './support.js';

const folder = temporaryFolder();
const at = (...parts: string[]): string => join(folder, ...parts);
const run = (...args: string[]): Promise<CliResult> => cli(args, { cwd: folder });

beforeAll(() => {
  writeConfiguration(folder, { epochs: 1, batch: 100 });
});

/** Events of a trace file; the format itself is tested in test/train. */
function events(file: string): { name: string; ph: string }[] {
  return JSON.parse(readFileSync(at(file), 'utf8')).traceEvents;
}

describe('bench', () => {
  it('prints a row per op, with speed, limit and path', async () => {
    const { code, stdout, stderr } = await run('bench', 'config.json', '--steps', '3', '--threads', '2');
    expect([code, stderr]).toEqual([0, '']);
    const [title, , head] = stdout.split('\n');
    expect(title).toBe('Training step of small, batch 100, backend wasm, 2 threads: median of 3 steps');
    expect(head).toMatch(/^layer +op +writes +ms +share +GMAC\/s +of limit +path$/);
    expect(stdout).toMatch(/^fc1 +matmul +output +\d+\.\d{3} +[\d.]+ % +[\d.]+ +\d+ % +sparse$/m);
    expect(stdout).toMatch(/^fc2 +matmul +output +\d+\.\d{3} +[\d.]+ % +[\d.]+ +\d+ % +fast$/m);
    expect(stdout).toMatch(/^fc1\.relu +relu +output +\d+\.\d{3} +[\d.]+ %$/m);
    expect(stdout).toMatch(/^ +outside of the ops +\d+\.\d{3} +[\d.]+ %$/m);
    expect(stdout).toMatch(
      /\nstep [\d.]+ ms, [\d.]+ steps\/s, [\d.]+ GMAC\/s, \d+ % of the limit \([\d.]+ GMAC\/s: multiply-adds alone, between the steps\)\n$/,
    );
  });
});

describe('train --profile', () => {
  const TRAIN = ['train', 'config.json', '--steps', '4', '--out'];

  it('prints the table before the result, and changes nothing', async () => {
    const plain = jsonLines(await run(...TRAIN, 'plain', '--json')).at(-1)!;
    const { code, stdout, stderr } = await run(...TRAIN, 'profiled', '--profile');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /\n\nTraining step of small, batch 100, backend wasm, 1 thread: median of 4 steps\n\nlayer [^]*\nstep [^\n]+\n\ntest error /,
    );
    expect(stdout).toContain(`digest ${String(plain['digest'])}`);
    expect(plain).not.toHaveProperty('profile');
  });

  it('writes a trace, and prints only the result on stdout where that is asked for', async () => {
    const { stdout, stderr } = await run(...TRAIN, 'quiet', '--profile', 'trace.json', '--quiet');
    expect(stdout.split('\n')).toHaveLength(4);
    expect(stderr).toMatch(
      /\nlayer +op [^]*\ntrace trace\.json: open it at ui\.perfetto\.dev or in chrome:\/\/tracing\n/,
    );
    expect(events('trace.json').filter(({ name }) => name.startsWith('step '))).toHaveLength(4);
  });

  it.each([
    [
      ['train', '--profile', 'lenet'],
      /^error: train: a network is needed \("lenet" was taken for the file of --profile\): /,
    ],
    [
      [...TRAIN, 'no', '--profile', 'config.json'],
      /^error: --profile: must be a new file, got config\.json, which exists; choose another name\n$/,
    ],
    [
      [...TRAIN, 'no', '--profile', 'none/trace.json'],
      /^error: --profile: must lie in a folder that exists, got none\/trace\.json; make none\n$/,
    ],
    [
      ['bench', 'config.json', '--trace', 'config.json'],
      /^error: --trace: must be a new file, got config\.json, which exists; choose another name\n$/,
    ],
    [
      ['bench', 'config.json', '--steps', '201'],
      /^error: --steps: must be a whole number from 1 to 200, got "201"\n$/,
    ],
    [
      ['bench', 'config.json', '--backend', 'reference', '--minimal', 'never'],
      /^error: bench: --minimal and --scatter choose kernels of backend wasm, got backend "reference"; leave them out\n$/,
    ],
    [['bench', 'vgg'], /^error: network: expected dnn, lenet, cifar, /],
  ])('%j is refused', async (args, error) => {
    const before = readFileSync(at('config.json'), 'utf8');
    const { code, stdout, stderr } = await run(...args);
    expect(stderr).toMatch(error);
    expect([code, stdout]).toEqual([2, '']);
    expect(existsSync(at('no'))).toBe(false);
    expect(readFileSync(at('config.json'), 'utf8')).toBe(before);
  });
});

describe('memory', () => {
  it('is printed by plan: the arena, and what a session needs besides', async () => {
    const { stdout } = await run('plan', 'lenet', '--batch', '100', '--threads', '2');
    expect(stdout).toMatch(/^37,610 parameters; memory 2\.5 MB \(/m);
    expect(stdout).toMatch(
      /^peak memory of a session, backend wasm, 2 threads: \d\.\d MB \(arena 2\.5 MB, scratch [\d.]+ MB, counters [\d.]+ kB, records [\d.]+ kB\)$/m,
    );
    const { memory } = JSON.parse((await run('plan', 'lenet', '--json')).stdout);
    expect(memory).toMatchObject({ backend: 'wasm', threads: wasmInfo().threads });
    const large = await run('plan', 'lenet', '--batch', '200000', '--threads', '1');
    expect(large.code).toBe(0);
    expect(large.stdout).toMatch(/; more than the 2\.15 GB that a session may have\n$/);
  });

  it('that does not fit is refused before anything is fetched or written', async () => {
    const args = ['lenet', '--batch', '200000', '--threads', '2', '--out', 'huge'];
    const env = { FEWBIT_CACHE: at('no-cache'), FEWBIT_OFFLINE: '1' };
    for (const command of [
      ['train', ...args],
      ['compare', ...args, '--settings', '4.12; 2.14'],
    ]) {
      const { code, stdout, stderr } = await cli(command, { cwd: folder, env });
      expect(stderr).toMatch(
        /^error: wasm: a session must fit in 2148 MB of memory, got \d+ MB \(arena \d+ MB, scratch \d+ MB, counters \d+ MB, records \d+ MB\); use a smaller batch or network, or fewer threads\n$/,
      );
      expect([code, stdout]).toEqual([2, '']);
    }
    const bench = await run('bench', 'lenet', '--batch', '200000');
    expect([bench.code, bench.stdout]).toEqual([2, '']);
    expect(existsSync(at('huge'))).toBe(false);
    expect(existsSync(at('no-cache'))).toBe(false);
  });
});

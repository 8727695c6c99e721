/** `fewbit bench`, `fewbit train --profile` and the memory that `fewbit plan` tells; no assertion on a time. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { wasmInfo } from '../../src/backend/index.js';
import {
  cli,
  ended,
  jsonLines,
  startCli,
  temporaryFolder,
  writeConfiguration,
  type CliResult,
} from './support.js';

const folder = temporaryFolder();
const at = (...parts: string[]): string => join(folder, ...parts);
const run = (...args: string[]): Promise<CliResult> => cli(args, { cwd: folder });

interface Table {
  readonly rows: readonly {
    readonly layer: string;
    readonly op: string;
    readonly paths: object;
    readonly timeMs: number;
  }[];
  readonly limitGmacs: number | null;
}

beforeAll(() => {
  writeConfiguration(folder, { epochs: 1, batch: 100 });
});

/** Events of a trace file; the format itself is tested in test/train. */
function events(file: string): { name: string; ph: string }[] {
  return JSON.parse(readFileSync(at(file), 'utf8')).traceEvents;
}

describe('bench', () => {
  it('prints a row an op, with speed, limit and path', async () => {
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

  it('as JSON and as a trace, in float32', async () => {
    const args = ['--steps', '2', '--threads', '1', '--formats', 'float32', '--batch', '8'];
    const result = await run('bench', 'config.json', ...args, '--json', '--trace', 'float.json');
    expect([result.code, result.stderr]).toEqual([0, '']);
    const [table] = jsonLines(result);
    expect(table).toMatchObject({ event: 'bench', network: 'small', batch: 8, threads: 1, steps: 2 });
    const { rows, limitGmacs } = table as unknown as Table;
    expect(rows[0]).toMatchObject({ layer: 'fc1', op: 'matmul', macs: 100_352, paths: { float32: 1 } });
    expect(limitGmacs).toBeGreaterThan(0);
    // Two steps, each with its limit, and the three names.
    expect(events('float.json')).toHaveLength(3 + 2 * (rows.length + 2));
  });

  it('measures the reference too, and saturating accumulators', async () => {
    const args = ['bench', 'config.json', '--steps', '1', '--batch', '1', '--json'];
    const [reference] = jsonLines(await run(...args, '--backend', 'reference')) as unknown as Table[];
    expect(reference!.limitGmacs).toBeNull();
    expect(reference!.rows[0]!.paths).toEqual({ reference: 1 });
    const [ordered] = jsonLines(await run(...args, '--accumulator', 'saturate:32')) as unknown as Table[];
    expect(ordered!.rows[0]!.paths).toEqual({ ordered: 1 });
  });

  it('takes the kernels that are chosen', async () => {
    const args = ['bench', 'lenet', '--steps', '1', '--batch', '8', '--threads', '1', '--json'];
    const pathsOf = async (...choice: string[]): Promise<string[]> => {
      const [table] = jsonLines(await run(...args, ...choice)) as unknown as Table[];
      const taken = table!.rows.filter(({ layer }) => layer === 'conv2').map(({ paths }) => paths);
      return [...new Set(taken.flatMap((paths) => Object.keys(paths)))].sort();
    };
    expect(await pathsOf('--minimal', 'never', '--scatter', 'never')).toEqual(['fast']);
    expect(await pathsOf('--minimal', 'always', '--scatter', 'never')).toEqual(['minimal']);
    expect(await pathsOf('--minimal', 'never', '--scatter', 'always')).toEqual(['sparse']);
  });

  it('of all networks stops on Ctrl-C; what is measured by then is shown', async () => {
    const args = ['bench', '--batch', '8', '--threads', '1', '--json', '--trace', 'all.json'];
    const child = startCli(args, { cwd: folder });
    child.stdout?.once('data', () => child.kill('SIGINT'));
    const stopped = await ended(child);
    expect(stopped.code).toBe(130);
    expect(jsonLines(stopped)).toMatchObject([{ network: 'dnn' }]);
    expect(existsSync(at('all.json'))).toBe(false);
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

  it('writes a trace, and says the result alone on stdout where that is asked for', async () => {
    const { stdout, stderr } = await run(...TRAIN, 'quiet', '--profile', 'trace.json', '--quiet');
    expect(stdout.split('\n')).toHaveLength(4);
    expect(stderr).toMatch(
      /\nlayer +op [^]*\ntrace trace\.json: open it at ui\.perfetto\.dev or in chrome:\/\/tracing\n/,
    );
    expect(events('trace.json').filter(({ name }) => name.startsWith('step '))).toHaveLength(4);
  });

  it('is a field of the JSON result, and of that of an interrupted run', async () => {
    const done = jsonLines(await run(...TRAIN, 'json', '--profile', '--json')).at(-1);
    expect(done).toMatchObject({ event: 'done', profile: { network: 'small', steps: 4 } });
    const long = [
      'train',
      'config.json',
      '--epochs',
      '400',
      '--out',
      'cut',
      '--json',
      '--profile',
      'cut.json',
    ];
    const child = startCli(long, { cwd: folder });
    child.stdout?.once('data', () => child.kill('SIGINT'));
    const stopped = await ended(child);
    expect(stopped.code).toBe(130);
    const last = jsonLines(stopped).at(-1)!;
    expect(last).toMatchObject({ event: 'interrupted', profile: { network: 'small' }, trace: 'cut.json' });
    expect(existsSync(at('cut.json'))).toBe(true);
    // What is done is not repeated, hence not measured; a trace that is there stays.
    const again = await run('train', '--resume', '--out', 'json', '--profile');
    expect(again.code).toBe(0);
    expect(again.stdout).not.toContain('Training step');
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
  it('is told by plan: the arena, and what a session needs besides', async () => {
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

  it('that the engine refuses ends the run, and nothing stands in the way of the next one', async () => {
    const refuse = `WebAssembly.Memory = class { constructor() { throw new RangeError('could not allocate memory'); } };`;
    writeFileSync(at('refuse.mjs'), refuse);
    const env = { NODE_OPTIONS: `--import=${at('refuse.mjs')}` };
    const error = /^error: wasm: the engine refuses \d MB of memory; use a smaller batch or network\n$/;
    const args = ['train', 'config.json', '--steps', '2', '--out', 'refused'];
    const first = await cli(args, { cwd: folder, env });
    expect([first.code, first.stdout]).toEqual([2, '']);
    expect(first.stderr).toMatch(error);
    expect(existsSync(at('refused'))).toBe(false);
    // A run that is begun stays as it was.
    const child = startCli(['train', 'config.json', '--epochs', '400', '--out', 'begun', '--json'], {
      cwd: folder,
    });
    child.stdout?.once('data', () => child.kill('SIGINT'));
    expect((await ended(child)).code).toBe(130);
    const before = readdirSync(at('begun'));
    const second = await cli(['train', '--resume', '--out', 'begun'], { cwd: folder, env });
    expect(second.code).toBe(2);
    expect(second.stderr).toMatch(error);
    expect(readdirSync(at('begun'))).toEqual(before);
    expect((await run(...args)).code).toBe(0);
  });
});

/** `fewbit bench` and `fewbit train --profile` in full: other backends, traces, interruption, an engine without memory. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
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
      const paths = table!.rows.filter(({ layer }) => layer === 'conv2').map((row) => row.paths ?? {});
      return [...new Set(paths.flatMap((path) => Object.keys(path)))].sort();
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
});

describe('memory', () => {
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

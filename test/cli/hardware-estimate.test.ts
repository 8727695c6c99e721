/** `fewbit hardware estimate` as a user meets it: tables, JSON, files, sweeps, and what is refused. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import {
  addArrayOptions,
  addMemoryOptions,
  arrayOf,
  type ArrayOptions,
  type MemoryOptions,
} from '../../src/cli/commands/hardware/array-options.js';
import {
  checkConflicts,
  listOf,
  productOf,
  sizeOf,
  type EstimateOptions,
} from '../../src/cli/commands/hardware/estimate-options.js';
import { parseFormats } from '../../src/experiment/index.js';
import { PAPER_ARRAY } from '../../src/hardware/index.js';
import { cli, jsonLines, temporaryFolder, writeConfiguration } from './support.js';

const cwd = temporaryFolder();
const ESTIMATE = ['hardware', 'estimate'];

describe('fewbit hardware estimate', () => {
  test("prints a training step on the paper's array", async () => {
    const { code, stdout, stderr } = await cli([...ESTIMATE, 'lenet'], { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('Estimate of lenet, batch 100\n28 x 28 PEs at 166 MHz');
    expect(stdout).toMatch(/^conv2\/weight\.gradient +200 +6400 +16 /m);
    expect(stdout).toMatch(/^all /m);
    expect(stdout).toContain('an epoch of 60,000 examples, 600 steps');
    expect(stdout).toContain('not counted: 3 relu');
    expect(readdirSync(cwd)).toEqual([]);
  });

  test('takes a configuration, its batch and its formats', async () => {
    const file = writeConfiguration(cwd);
    const options = ['--batch', '20', '--formats', '4.16', '--examples', '50', '--rows', '4', '--cols', '5'];
    const { stdout } = await cli([...ESTIMATE, file, ...options, '--json'], { cwd });
    const [line] = jsonLines({ code: 0, stdout, stderr: '' });
    expect(line).toMatchObject({
      event: 'done',
      title: 'small, batch 20',
      config: { rows: 4, cols: 5, accumulatorBits: 48 },
      epoch: { examples: 50, batch: 20 },
      rows: [{ product: 'fc1/output', m: 20, k: 784, n: 16, lhsBits: 20 }, {}, {}, {}, {}],
      files: [],
    });
  });

  test("comes near the paper's speed on a large product", async () => {
    const { stdout } = await cli([...ESTIMATE, '--product', '1024x1024x1024', '--watts', '7', '--json'], {
      cwd,
    });
    const [line] = jsonLines({ code: 0, stdout, stderr: '' }) as [
      { readonly total: { readonly gops: number }; readonly peakGops: number; readonly watts: number },
    ];
    expect(line.watts).toBe(7);
    expect(line.total.gops / line.peakGops).toBeGreaterThanOrEqual(0.95);
  });

  test.each([
    [['dnn', '--product', '2x2x2'], 'estimate: give a network or --product, one of the two, got both'],
    [['dnn', '--stage', '1'], '--stage: this network has stages 0 to 0, got 1'],
    [
      ['dnn', '--buffers', '64'],
      'array: half of lhsBufferBytes must hold a slice of 56 bytes, got 64; make the buffer larger or the array smaller',
    ],
    [
      ['dnn', '--formats', 'float32'],
      'fc1/output: the array multiplies fixed-point words, got float32; choose formats such as <2,14>',
    ],
  ])('refuses %j before anything is written', async (options, message) => {
    const { code, stdout, stderr } = await cli([...ESTIMATE, ...options, '--out', 'none'], { cwd });
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: `error: ${message}\n` });
    expect(existsSync(join(cwd, 'none'))).toBe(false);
  });

  test('is listed by its group', async () => {
    expect((await cli(['hardware'], { cwd })).stdout).toContain('estimate [options] [network]');
    expect((await cli(['hardware', 'nothing'], { cwd })).stderr).toContain(
      'error: hardware: there is no command "nothing"; choose one of ',
    );
  });
});

describe('options', () => {
  const parse = (...words: string[]) =>
    addMemoryOptions(addArrayOptions(new Command('x')))
      .parse(words, { from: 'user' })
      .opts<ArrayOptions & MemoryOptions>();

  test("are the paper's array by default", () => {
    expect(arrayOf(parse())).toEqual(PAPER_ARRAY);
  });

  test('describe an array', () => {
    const words = '--rows 4 --cols 8 --acc 32 --lfsr 24 --clock 500 --buffers 16k,1M --bandwidth 25.6';
    expect(arrayOf(parse(...words.split(' ')))).toEqual({
      ...{ rows: 4, cols: 8, accumulatorBits: 32, lfsrBits: 24, clockMHz: 500 },
      ...{ lhsBufferBytes: 16384, rhsBufferBytes: 1048576, bandwidth: 51 },
    });
    expect(arrayOf(parse('--buffers', '600', '--bandwidth', 'unlimited'))).toMatchObject({
      ...{ lhsBufferBytes: 600, rhsBufferBytes: 600, bandwidth: Infinity },
    });
  });

  test.each([
    [['--rows', '0'], '--rows: must be a whole number from 1 to 1024, got "0"'],
    [['--acc', '65'], '--acc: must be a whole number from 8 to 64, got "65"'],
    [['--lfsr', '9'], '--lfsr: must be one of 8, 12, 16, 20, 24, 32, got "9"'],
    [['--clock', 'fast'], '--clock: must be a number from 1, got "fast"'],
    [['--buffers', '1G'], '--buffers: expected bytes such as 1M, or two such as 1M,512k, got "1G"'],
    [['--buffers', '1,2,3'], '--buffers: expected bytes such as 1M, or two such as 1M,512k, got "1,2,3"'],
    [
      ['--bandwidth', '0.1'],
      '--bandwidth: must be at least one byte per cycle, 0.166 GB/s at 166 MHz, got 0.1; choose more, or a slower clock',
    ],
  ])('refuse %j', (words, message) => {
    expect(() => arrayOf(parse(...words))).toThrow(message);
  });

  test('read products, sizes and lists', () => {
    expect(productOf(' 2x30x4 ')).toEqual([2, 30, 4]);
    expect(listOf(sizeOf)('4x8, 28x28')).toEqual([
      { rows: 4, cols: 8 },
      { rows: 28, cols: 28 },
    ]);
    for (const text of ['2x2', '2x0x2', '2x2x2x2', '2x2x131073', ''])
      expect(() => productOf(text), text).toThrow('--product: expected M x K x N from 1 to 131072');
    for (const text of ['8', '0x8', '8x1025', '8x8x8'])
      expect(() => sizeOf(text), text).toThrow('--array: expected rows x columns from 1 to 1024');
  });

  test('contradict each other no further than requested', () => {
    const product = [1, 1, 1] as const;
    const array = [{ rows: 1, cols: 1 }];
    const formats = parseFormats('2.14');
    checkConflicts('dnn', { array, formats, batch: 1, stage: 1 });
    checkConflicts(undefined, { product, rows: 4, wl: [8, 16], out: 'x', quiet: true });
    const conflict = (network: string | undefined, options: EstimateOptions, message: string) => {
      expect(() => checkConflicts(network, options)).toThrow(message);
    };
    conflict(undefined, {}, 'estimate: give a network or --product, one of the two, got neither');
    conflict('dnn', { array, rows: 4 }, 'estimate: give --array or --rows, not both');
    conflict('dnn', { array, cols: 4 }, 'estimate: give --array or --cols, not both');
    conflict(undefined, { product, formats }, 'estimate: give --product or --formats, not both');
    conflict(undefined, { product, batch: 5 }, 'estimate: give --product or --batch, not both');
    conflict(undefined, { product, stage: 0 }, 'estimate: give --product or --stage, not both');
    conflict(undefined, { product, examples: 5 }, 'estimate: give --product or --examples, not both');
    conflict(
      'dnn',
      { wl: [8, 16], watts: 7 },
      'estimate: --watts goes with one array, got a list with --wl; leave one out',
    );
    conflict('dnn', { quiet: true }, 'estimate: --quiet goes with --out, got it alone; name a folder');
    conflict('dnn', { force: true }, 'estimate: --force goes with --out, got it alone; name a folder');
  });
});

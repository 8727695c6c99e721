/** `fewbit hardware rtl` and `fewbit hardware cosim`: what they write and print, and what they refuse. */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cli, jsonLines, CONVOLUTIONAL_NETWORK, temporaryFolder, writeConfiguration } from './support.js';

const folder = temporaryFolder();
const run = (...args: string[]) => cli(['hardware', ...args], { cwd: folder });

describe('rtl', () => {
  it('writes the folder once, and again with --force', async () => {
    const first = await run('rtl', 'array', '--rows', '4', '--cols', '3', '--quiet');
    expect(first).toEqual({ code: 0, stdout: 'array\n', stderr: '' });
    expect(readdirSync(join(folder, 'array')).sort()).toEqual(
      [
        ...['Makefile', 'README.md', 'harness.cpp', 'vectors'],
        ...[
          ...['array', 'buffer', 'checks', 'control', 'drain', 'lfsr', 'pe', 'results', 'rounding_unit'],
          ...['skew', 'source', 'tb', 'timing', 'top'],
        ].map((name) => `fewbit_${name}.sv`),
      ].sort(),
    );
    const top = readFileSync(join(folder, 'array/fewbit_top.sv'), 'utf8');
    expect(top).toContain('parameter int ROWS   = 4');
    const again = await run('rtl', 'array');
    expect([again.code, again.stderr]).toEqual([
      2,
      'error: --out array: must be new or empty, but holds Makefile; choose another folder, or replace the files with --force\n',
    ]);
    const forced = await run(
      'rtl',
      'array',
      '--force',
      '--rows',
      '4',
      '--cols',
      '3',
      '--rounding',
      'nearest',
      '--json',
    );
    expect(forced.code).toBe(0);
    const [done] = jsonLines(forced);
    expect(done).toMatchObject({
      event: 'done',
      design: { rows: 4, cols: 3, wordLength: 16, rounding: { mode: 'nearest-away' } },
    });
    expect(readFileSync(join(folder, 'array/fewbit_top.sv'), 'utf8')).not.toContain('LFSR');
  });

  it('takes the vectors and the words of a run', { timeout: 120_000 }, async () => {
    const network = { ...CONVOLUTIONAL_NETWORK, formats: '2.6', rounding: 'floor' };
    writeConfiguration(folder, { network, steps: 3 }, 'narrow.json');
    expect((await cli(['train', 'narrow.json', '--out', 'narrow', '--quiet'], { cwd: folder })).code).toBe(0);
    const done = await run('rtl', 'from-run', '--run', 'narrow', '--layer', 'fc1', '--batch', '1', '--json');
    expect(done.stderr).toBe('');
    expect(jsonLines(done)[0]).toMatchObject({
      origin: 'layer fc1 of narrow',
      design: { wordLength: 8, rounding: { mode: 'floor' } },
    });
    const wrong = await run('rtl', 'other', '--run', 'narrow', '--rounding', 'nearest');
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      'error: --rounding: the run rounds floor, got nearest-away; leave it out\n',
    ]);
    expect(existsSync(join(folder, 'other'))).toBe(false);
  });

  it.each([
    [['--fl', '-4'], 16],
    [['--fl', '30'], 16],
    [['--wl', '8', '--fl', '6', '--acc', '24', '--rounding', 'nearest'], 8],
    [['--wl', '32', '--accumulator', 'wrap:48'], 32],
  ])('takes every format whose sums fit: %j', async (args, wordLength) => {
    const { code, stdout } = await run('rtl', 'formats', '--force', '--json', ...args);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ design: { wordLength } });
  });

  it('warns if no word of the layer tests anything', async () => {
    const { code, stderr } = await run('rtl', 'zeros', '--fl', '-4', '--quiet');
    expect([code, stderr]).toEqual([
      0,
      'warning: all 696 words of layer conv2 are 0 or a limit of their format, so only the synthetic products test the array; choose another --fl or --layer\n',
    ]);
  });

  it.each([
    [
      ['--acc', '20', '--wl', '8'],
      'rtl: conv2/output: its sums may take 21 bits, got an accumulator of 20; use --acc 21\n',
    ],
    [
      ['--run', 'runs/a', '--accumulator', 'wrap:48'],
      '--accumulator: a run has its own accumulators; leave it out with --run\n',
    ],
    [['--fl', '65'], '--fl: must be a whole number from -64 to 64, got "65"\n'],
    [['--layer', 'fc9'], 'error: --layer: must be one of conv1, conv2, fc1, got "fc9"\n'],
    [['--depth', '6'], 'error: rtl: depth must be a power of two, got 6; its addresses must wrap\n'],
    [['--wl', '33'], 'error: --wl: must be a whole number from 2 to 32, got "33"\n'],
    [['--run', 'nowhere'], 'error: '],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await run('rtl', 'refused', ...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(existsSync(join(folder, 'refused'))).toBe(false);
  });
});

describe('cosim', () => {
  it('names the Debian package of a tool that is missing', async () => {
    // A PATH with nothing but node.
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    symlinkSync(process.execPath, join(bin, 'node'));
    writeConfiguration(folder, { network: CONVOLUTIONAL_NETWORK });
    const { code, stderr } = await cli(['hardware', 'cosim', 'config.json', '--batch', '2', '--quiet'], {
      cwd: folder,
      env: { PATH: bin },
    });
    expect([code, stderr]).toEqual([2, 'error: verilator: is not installed; apt-get install verilator\n']);
  });

  it.each([
    [['config.json', '--accumulator', 'saturate:48'], 'saturate'],
    [['config.json', '--wl', '8'], 'words must fit in 8 bits, got 16; use --wl 16'],
    [['config.json', '--layer', 'pool'], '--layer: must be one of conv1, conv2, fc1, got "pool"'],
    [['config.json', '--formats', 'float32'], 'float32'],
  ])('refuses %j', async (args, message) => {
    const { code, stdout, stderr } = await run('cosim', ...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});

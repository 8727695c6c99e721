/** `fewbit export`: every format from a run, its test run by make, and bad input that writes nothing. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { noCompiler } from '../support/compiler.js';
import { cli, SMALL_NETWORK, temporaryFolder, writeConfiguration, type CliResult } from './support.js';

const folder = temporaryFolder();
const at = (...parts: string[]): string => join(folder, ...parts);
const run = (...args: string[]): Promise<CliResult> => cli(['export', ...args], { cwd: folder });

async function good(...args: string[]): Promise<CliResult> {
  const result = await run(...args);
  expect(result).toMatchObject({ stderr: '', code: 0 });
  return result;
}

beforeAll(async () => {
  writeConfiguration(folder, { steps: 5 });
  writeConfiguration(folder, { steps: 1, network: { ...SMALL_NETWORK, formats: 'float32' } }, 'float32.json');
  for (const name of ['config', 'float32']) {
    const trained = await cli(['train', `${name}.json`, '--out', name, '--quiet'], { cwd: folder });
    expect(trained).toMatchObject({ stderr: '', code: 0 });
  }
});

describe('export', () => {
  it('writes C into the run folder, whose test passes', async (context) => {
    const { stdout } = await good('config', '--format', 'c', '--vectors', '30');
    expect(stdout).toMatch(/^small of config at step 5, 30 golden vectors\n/);
    expect(stdout).toMatch(/\nconstants 26\.0 kB, static memory 1\.6 kB\n/);
    expect(stdout).toContain(`\n${join('config', 'export-c', 'small.c')}\n`);
    context.skip(noCompiler !== undefined, noCompiler);
    const made = spawnSync('make', ['-s', 'test'], { cwd: at('config', 'export-c'), encoding: 'utf8' });
    expect(made.stderr).toBe('');
    expect(made.stdout).toMatch(/^30 of 30 identical\n\d+ of 30 right\n$/);
    const timed = spawnSync('make', ['-s', 'time', 'size'], {
      cwd: at('config', 'export-c'),
      encoding: 'utf8',
    });
    expect(timed.stdout).toMatch(/^\d+\.\d\d us an example\n/);
    expect(timed.stdout).toContain('small.o');
  });

  it('writes over nothing without --force', async () => {
    await good('config', '--format', 'npz', '--out', 'kept', '--quiet');
    writeFileSync(at('kept', 'small.npz'), 'mine');
    const refused = await run('config', '--format', 'npz', '--out', 'kept');
    expect(refused).toMatchObject({
      code: 2,
      stdout: '',
      stderr:
        'error: --out kept: must be new or empty, but holds formats.json; choose another folder, or replace the files with --force\n',
    });
    expect(readFileSync(at('kept', 'small.npz'), 'utf8')).toBe('mine');
    await good('config', '--format', 'npz', '--out', 'kept', '--force', '--quiet');
    expect(readFileSync(at('kept', 'small.npz')).length).toBeGreaterThan(1000);
  });
});

describe('export refuses', () => {
  const cases: [what: string, args: string[], message: string][] = [
    [
      'a run in float32',
      ['float32', '--format', 'c'],
      'export: a network must be in fixed point to be exported as integers, got "small" in float32; its checkpoint is a safetensors file of floats already',
    ],
    ['no format', ['config'], "required option '--format <format>' not specified"],
    [
      'an unknown format',
      ['config', '--format', 'onnx'],
      "option '--format <format>' argument 'onnx' is invalid. Allowed choices are c, hex, npz, safetensors.",
    ],
    [
      'a folder without a run',
      ['nowhere', '--format', 'c'],
      'run folder nowhere: holds no run (no config.json); start one with fewbit train --out nowhere',
    ],
    [
      'no vectors',
      ['config', '--format', 'c', '--vectors', '0'],
      '--vectors: must be a whole number from 1, got "0"',
    ],
    [
      'more vectors than examples',
      ['config', '--format', 'c', '--vectors', '9999'],
      'export: vectors must be 1 to 500, the examples that there are, got 9999',
    ],
    [
      'an unknown rounding',
      ['config', '--format', 'c', '--rounding', 'up'],
      'rounding: unknown mode "up"; choose one of stochastic, nearest-away, nearest-even, nearest-down, nearest-up, floor, toward-zero, nearest, stochastic:n',
    ],
  ];

  it.each(cases)('%s', async (_, args, message) => {
    const result = await run(...args, '--out', 'never');
    expect(result).toMatchObject({ code: 2, stdout: '', stderr: `error: ${message}\n` });
    expect(existsSync(at('never'))).toBe(false);
  });
});

/** `fewbit study rounding` as a user meets it: files, JSON, nothing replaced unasked. */
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, jsonLines, temporaryFolder } from './support.js';

const cwd = temporaryFolder();
const SMALL = ['study', 'rounding', '--samples', '200', '--weights', '100'];

describe('fewbit study rounding', () => {
  test('writes figures, a page and the numbers, and prints a table', async () => {
    const { code, stdout, stderr } = await cli([...SMALL, '--out', 'a'], { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('stochastic:1');
    expect(readdirSync(join(cwd, 'a')).sort()).toEqual([
      'dot-accumulator.svg',
      'dot-random-bits.svg',
      'rounding-study.html',
      'study.json',
      'weight-accumulator.svg',
      'weight-random-bits.svg',
      'weight-updates.svg',
    ]);
    const again = await cli([...SMALL, '--out', 'b', '--json'], { cwd });
    const stored: unknown = JSON.parse(readFileSync(join(cwd, 'a', 'study.json'), 'utf8'));
    expect(jsonLines(again)).toMatchObject([{ event: 'done', ...(stored as object) }]);
  });

  test('replaces nothing unasked', async () => {
    mkdirSync(join(cwd, 'full'));
    writeFileSync(join(cwd, 'full', 'study.json'), 'mine');
    const refused = await cli([...SMALL, '--out', 'full'], { cwd });
    expect(refused).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'error: --out full: must be new or empty, but holds study.json; choose another folder, or replace the files with --force\n',
    });
    expect(readFileSync(join(cwd, 'full', 'study.json'), 'utf8')).toBe('mine');
    expect((await cli([...SMALL, '--out', 'full', '--force', '--quiet'], { cwd })).code).toBe(0);
  });

  test('refuses bad numbers and files in the way before anything is written', async () => {
    writeFileSync(join(cwd, 'file'), '');
    const file = await cli([...SMALL, '--out', 'file'], { cwd });
    expect(file.code).toBe(2);
    expect(file.stderr).toBe('error: --out file: must be a folder, got a file; choose another name\n');
    const samples = await cli(['study', 'rounding', '--samples', '9', '--out', 'none'], { cwd });
    expect(samples.stderr).toBe('error: --samples: must be a whole number from 100 to 1000000, got "9"\n');
    expect(existsSync(join(cwd, 'none'))).toBe(false);
    expect((await cli(['study', 'nothing'], { cwd })).stderr).toBe(
      'error: study: there is no command "nothing"; choose one of rounding\n',
    );
  });
});

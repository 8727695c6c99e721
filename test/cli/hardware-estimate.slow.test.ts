/** `fewbit hardware estimate`: tables, charts and sweeps in files. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, jsonLines, temporaryFolder } from './support.js';

const cwd = temporaryFolder();
const ESTIMATE = ['hardware', 'estimate'];
const TABLES = ['estimate.csv', 'estimate.json', 'estimate.md'];
const pictures = (name: string): string[] =>
  [name, `${name}-dark`].flatMap((file) => [`${file}.png`, `${file}.svg`]);

describe('fewbit hardware estimate', () => {
  test('writes tables and charts, and replaces nothing unasked', async () => {
    const command = [...ESTIMATE, 'dnn', '--batch', '10', '--out', 'one'];
    const { code, stdout } = await cli([...command, '--quiet'], { cwd });
    expect(code).toBe(0);
    const files = readdirSync(join(cwd, 'one')).sort();
    expect(files).toEqual([...TABLES, ...pictures('roofline'), ...pictures('utilisation')].sort());
    expect(stdout.trimEnd().split('\n').sort()).toEqual(files.map((file) => join('one', file)));
    const markdown = readFileSync(join(cwd, 'one', 'estimate.md'), 'utf8');
    expect(markdown).toContain('![Roofline: G-ops/s against operations per byte](roofline.svg)');
    expect(markdown).toContain(`fewbit ${command.join(' ')} --quiet`);
    expect(
      readFileSync(join(cwd, 'one', 'estimate.csv'), 'utf8')
        .trimEnd()
        .split('\r\n'),
    ).toHaveLength(9);
    expect((await cli(command, { cwd })).stderr).toBe(
      'error: --out one: must be new or empty, but holds estimate.csv; choose another folder, or replace the files with --force\n',
    );
    expect((await cli([...command, '--force', '--quiet'], { cwd })).code).toBe(0);
  });

  test('sweeps over lists, a row for every combination', async () => {
    const lists = ['--array', '4x4,8x8', '--wl', '8,16', '--rounding', 'nearest,stochastic:8'];
    const command = [...ESTIMATE, '--product', '64x300x64', ...lists, '--out', 'sweep', '--json'];
    const [line] = jsonLines(await cli(command, { cwd })) as [{ readonly rows: readonly object[] }];
    expect(line.rows).toHaveLength(8);
    expect(line.rows[7]).toMatchObject({
      array: '8x8',
      WL: '16',
      rounding: 'stochastic:8',
      macs: 64 * 300 * 64,
    });
    expect(readdirSync(join(cwd, 'sweep')).sort()).toEqual([...TABLES, ...pictures('sweep')].sort());
  });
});

/** `fewbit reproduce` and `fewbit report` as processes: bad input, and reports when they are asked for. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { lostShare, lostText, type RunResult } from '../../src/experiment/index.js';
import { cli, jsonLines, temporaryFolder, writeConfiguration } from './support.js';

describe('reproduce', () => {
  const folder = temporaryFolder();

  it.each([
    [
      ['figure9'],
      "error: command-argument value 'figure9' is invalid for argument 'figure'. Allowed choices are figure1, figure2, figure3, mixed, resnet8, resnet20, all.",
    ],
    [['figure2', '--seeds', '0'], 'error: --seeds: must be a whole number from 1 to 100, got "0"'],
    [['figure2', '--epochs', 'x'], 'error: --epochs: must be a whole number from 1, got "x"'],
  ])('%j is reported in one line', async (args, message) => {
    const { code, stderr } = await cli(['reproduce', ...args], { cwd: folder });
    expect(code).toBe(2);
    expect(stderr).toBe(`${message}\n`);
  });
});

describe('report', () => {
  const folder = temporaryFolder();
  const config = writeConfiguration(folder, { epochs: 1, subset: { train: 200, test: 100 } });

  it('is written when asked for, and not by a short run', async () => {
    const short = await cli(['train', config, '--out', 'short'], { cwd: folder });
    expect(short.code).toBe(0);
    expect(short.stdout).toMatch(/report: fewbit report short\n$/);
    expect(existsSync(join(folder, 'short', 'report.html'))).toBe(false);
    const asked = await cli(['train', config, '--out', 'asked', '--report', '--json'], { cwd: folder });
    expect(jsonLines(asked).at(-1)).toMatchObject({ event: 'done', steps: 10, report: 'asked/report.html' });
    expect(readFileSync(join(folder, 'asked', 'report.html'), 'utf8')).toContain('100 test examples');
  });

  it('is written later, the same', async () => {
    const later = await cli(['report', 'asked', '--json'], { cwd: folder });
    expect(later.stderr).toBe('');
    expect(jsonLines(later)).toEqual([{ event: 'report', run: 'asked', report: 'asked/report.html' }]);
  });

  it('of a comparison is its page, which is there already', async () => {
    const made = await cli(
      ['compare', config, '--settings', 'float32; 4.8 nearest', '--out', 'side', '--json'],
      { cwd: folder },
    );
    expect(made.code).toBe(0);
    const page = readFileSync(join(folder, 'side', 'comparison.html'), 'utf8');
    const { code, stdout } = await cli(['report', 'side'], { cwd: folder });
    expect([code, stdout]).toEqual([0, 'page side/comparison.html\n']);
    expect(readFileSync(join(folder, 'side', 'comparison.html'), 'utf8')).toBe(page);
    const json = await cli(['report', 'side', '--json'], { cwd: folder });
    expect(jsonLines(json)).toEqual([{ event: 'pages', folder: 'side', pages: ['side/comparison.html'] }]);
    const bad = await cli(['report', 'side', '--x', 'seed', '--y', 'formats'], { cwd: folder });
    expect([bad.code, bad.stderr]).toEqual([
      2,
      'error: report: --backend, --threads, --x and --y change the report of a run or a sweep, and side is neither; its page is side/comparison.html\n',
    ]);
    rmSync(join(folder, 'side', 'comparison.html'));
    const none = await cli(['report', 'side'], { cwd: folder });
    expect([none.code, none.stderr]).toEqual([
      2,
      'error: report side: holds neither a run nor a sweep, and no page; it holds runs: fewbit report side/float32 writes the report of one, fewbit runs compare side --out side a page about all\n',
    ]);
  });

  it('has the figures of the result, the table of runs, the run in full and its evaluation', async () => {
    const result = JSON.parse(readFileSync(join(folder, 'asked', 'result.json'), 'utf8')) as RunResult;
    const test = `${result.testErrorPercent.toFixed(2)} %`;
    const train = `${result.trainErrorPercent.toFixed(2)} %`;
    const { document } = parseHTML(readFileSync(join(folder, 'asked', 'report.html'), 'utf8'));
    const tiles = [...document.querySelectorAll('.tile b')].map((tile) => tile.textContent);
    const lost = lostText(lostShare(result.lost));
    expect(tiles.slice(0, 5)).toEqual([
      ...[test, train, result.testLoss?.toFixed(4), result.loss?.toFixed(4), lost],
    ]);
    const listed = await cli(['runs', 'list', 'asked'], { cwd: folder });
    expect(listed.stdout).toContain(test);
    expect(listed.stdout).toContain(train);
    const shown = await cli(['runs', 'show', 'asked'], { cwd: folder });
    for (const text of [test, train, lost]) expect(shown.stdout).toContain(text);
    const evaluated = jsonLines(await cli(['eval', 'asked', '--json'], { cwd: folder })).at(-1);
    expect(100 * (1 - Number(evaluated?.['accuracy']))).toBeCloseTo(result.testErrorPercent, 9);
  });

  it('of no run is an error in one line', async () => {
    const { code, stderr } = await cli(['report', 'nothing'], { cwd: folder });
    expect(code).toBe(2);
    expect(stderr).toBe(
      'error: run folder nothing: holds no run (no config.json); start one with fewbit train --out nothing\n',
    );
  });
});

/** `fewbit reproduce` and `fewbit report` as processes: bad input, and reports when they are asked for. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
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

  it('of no run is an error in one line', async () => {
    const { code, stderr } = await cli(['report', 'nothing'], { cwd: folder });
    expect(code).toBe(2);
    expect(stderr).toBe(
      'error: run folder nothing: holds no run (no config.json); start one with fewbit train --out nothing\n',
    );
  });
});

/** `fewbit advise` as a user meets it: the advice and its files, and what is refused. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from 'fast-png';
import { describe, expect, test } from 'vitest';
import {
  adviceFiles,
  cli,
  jsonLines,
  SMALL_NETWORK,
  temporaryFolder,
  writeConfiguration,
} from './support.js';

const cwd = temporaryFolder();
/** Several processes in sequence, on a machine that may be busy with other work. */
const LONG_MS = 180_000;
const network = { ...SMALL_NETWORK, weightInit: 'he-normal' };
const config = writeConfiguration(cwd, { network, steps: 40 });
const ADVISE = ['advise', config, '--trials', '2', '--budget', '9%', '--seeds', '1', '--verify-seeds', '1'];

describe('fewbit advise', () => {
  test(
    'advises, and what it writes can be trained as it is',
    async () => {
      const { code, stdout, stderr } = await cli([...ADVISE, '--out', 'advice'], { cwd });
      expect({ code, errors: stderr.includes('error:') }).toEqual({ code: 0, errors: false });
      expect(stdout).toMatch(
        /^data synthetic: 1,600 training and 400 held-out examples, 500 for the test at the end/,
      );
      expect(stdout).toMatch(/^trial 0 {2}proposal {2}16\.00 bits {2}error .* kept$/m);
      expect(stdout).toContain('trial 1');
      expect(stdout).not.toContain('trial 2');
      expect(stdout).toMatch(/^advised: after trial \d/m);
      expect(stdout).toContain('configuration advice/advised.json: fewbit train advice/advised.json');
      const written = ['advice.html', 'advice.json', 'advice.md', 'advice.png', 'advice.svg', 'advised.json'];
      expect(Object.keys(adviceFiles(join(cwd, 'advice'))).sort()).toEqual([
        ...written,
        'ranges.json',
        'request.json',
      ]);
      expect(decode(readFileSync(join(cwd, 'advice/advice.png'))).width).toBe(1920);
      const trained = await cli(['train', 'advice/advised.json', '--steps', '3', '--out', 'run', '--json'], {
        cwd,
      });
      expect(jsonLines(trained).at(-1)).toMatchObject({ event: 'done', steps: 3, seed: 3 });
      const run = JSON.parse(readFileSync(join(cwd, 'run', 'config.json'), 'utf8')) as { network: unknown };
      const advised = JSON.parse(readFileSync(join(cwd, 'advice/advised.json'), 'utf8')) as typeof run;
      expect(run.network).toEqual(advised.network);
      expect(run).not.toHaveProperty('subset');
    },
    LONG_MS,
  );

  test('refuses the folder of other advice, and one of something else', async () => {
    const before = adviceFiles(join(cwd, 'advice'));
    const other = await cli([...ADVISE, '--bits', '12', '--out', 'advice'], { cwd });
    expect(other).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'error: --out advice: holds other advice, bits is 16 there and 12 here; choose another folder\n',
    });
    const longer = await cli([...ADVISE, '--steps', '50', '--out', 'advice'], { cwd });
    expect(longer.stderr).toBe(
      'error: --out advice: holds other advice, trial.steps is 40 there and 50 here; choose another folder\n',
    );
    expect(adviceFiles(join(cwd, 'advice'))).toEqual(before);
    mkdirSync(join(cwd, 'mine'));
    writeFileSync(join(cwd, 'mine', 'notes.txt'), '');
    const mine = await cli([...ADVISE, '--out', 'mine'], { cwd });
    expect(mine.stderr).toBe(
      'error: --out mine: must be new or empty, but holds notes.txt; choose another folder\n',
    );
    expect(readdirSync(join(cwd, 'mine'))).toEqual(['notes.txt']);
  });

  test.each([
    [['--bits', '3'], '--bits: must be a whole number from 4 to 32, got "3"'],
    [
      ['--budget', '0'],
      '--budget: must be points of error above 0 and below 100, such as 0.3 or 0.3%, got "0"',
    ],
    [
      ['--budget', 'x'],
      '--budget: must be points of error above 0 and below 100, such as 0.3 or 0.3%, got "x"',
    ],
    [['--trials', '0'], '--trials: must be a whole number from 1 to 10000, got "0"'],
    [
      ['--validation', '2000'],
      'subset: validation must leave some of the 2000 training examples, got 2000; choose fewer',
    ],
    [['--formats', '4.12'], "unknown option '--formats'"],
  ])('%j is reported in one line, and nothing is written', async (options, message) => {
    const { code, stderr } = await cli(['advise', config, ...options, '--out', 'bad'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: [^\n]*\n$/);
    expect(stderr).toContain(message);
    expect(existsSync(join(cwd, 'bad'))).toBe(false);
  });
});

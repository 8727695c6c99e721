/**
 * A recorded configuration repeats its run, whichever command has made it: `fewbit train <run>/config.json` uses the same data, the
 * same part of them held out, and comes to the same bits. An evaluation looks at the same part.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expectRepeatable, resultOf, runsBelow } from './repeatable.js';
import {
  cli,
  jsonLines,
  SMALL_NETWORK,
  temporaryFolder,
  writeConfiguration,
  type CliResult,
} from './support.js';

const folder = temporaryFolder();
/** Several processes in sequence, on a machine that may be busy with other work. */
const LONG_MS = 180_000;
const run = (...args: string[]): Promise<CliResult> => cli(args, { cwd: folder });
const SUBSET = { epochs: 1, batch: 50, subset: { train: 400, validation: 300 } };

describe('a recorded configuration repeats its run', () => {
  it.each([
    ['train', 1, []],
    ['compare', 2, ['--settings', '4.12/6.10 stochastic; float32']],
    ['sweep', 4, ['--grid', 'seed=3..4', '--settings', '4.12/6.10 stochastic; 6.10 nearest']],
  ])(
    '%s',
    async (command, count, options) => {
      const config = writeConfiguration(folder, SUBSET);
      const out = `by-${command}`;
      const made = await run(command, config, ...options, '--out', out, '--quiet');
      expect(made.stderr).not.toContain('error');
      const runs = runsBelow(folder, out);
      expect(runs).toHaveLength(count);
      await expectRepeatable(folder, runs);
    },
    LONG_MS,
  );

  it(
    'advise, with seeds other than that of the data',
    async () => {
      const network = { ...SMALL_NETWORK, weightInit: 'he-normal' };
      const config = writeConfiguration(folder, { network, steps: 40 });
      const short = ['--trials', '1', '--budget', '40%', '--seeds', '2', '--verify-seeds', '1'];
      await run('advise', config, ...short, '--out', 'by-advise', '--quiet');
      const runs = runsBelow(folder, 'by-advise');
      expect(runs.some((path) => path.endsWith('seed-4'))).toBe(true);
      await expectRepeatable(folder, runs);
    },
    LONG_MS,
  );

  it('and refuses data that are no longer those', async () => {
    writeFileSync(join(folder, 't.csv'), `x,y,label\n${'1,2,a\n3,4,b\n'.repeat(10)}`);
    const network = { ...SMALL_NETWORK, input: { size: 2 }, layers: [{ type: 'dense', units: 2 }] };
    const config = writeConfiguration(folder, { network, epochs: 1, batch: 5, data: 't.csv' });
    expect((await run('train', config, '--out', 'table', '--quiet')).code).toBe(0);
    writeFileSync(join(folder, 't.csv'), `x,y,label\n${'1,2,a\n3,4,b\n5,5,a\n'.repeat(10)}`);
    for (const command of ['train', 'compare']) {
      const { code, stderr } = await run(command, 'table/config.json', '--out', 'other', '--quiet');
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: expect.stringMatching(
          new RegExp(
            `^error: ${command}: the configuration was recorded with other data \\(SHA-256 [0-9a-f]{64}\\), got [0-9a-f]{64}; restore them, or name the data with --data\n$`,
          ),
        ),
      });
    }
    const named = await run('train', 'table/config.json', '--data', 't.csv', '--out', 'other', '--quiet');
    expect(named.code).toBe(0);
  });
});

it('an evaluation has the figures of result.json', async () => {
  const config = writeConfiguration(folder, SUBSET);
  expect((await run('train', config, '--out', 'trained', '--quiet')).code).toBe(0);
  const [evaluation] = jsonLines(await run('eval', 'trained', '--json'));
  expect(evaluation).toMatchObject({ examples: 300 });
  const percent = resultOf(join(folder, 'trained')).testErrorPercent;
  expect(100 * (1 - (evaluation!['accuracy'] as number))).toBeCloseTo(percent, 9);
});

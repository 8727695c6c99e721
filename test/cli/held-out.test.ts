/** A part held out for validation is split off once, whichever command trains, and an evaluation looks at the same part. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cli, jsonLines, temporaryFolder, writeConfiguration, type CliResult } from './support.js';
import { sweepDigests } from './sweeps.js';

const folder = temporaryFolder();
const run = (...args: string[]): Promise<CliResult> => cli(args, { cwd: folder });

interface Result {
  readonly digest: string;
  readonly testErrorPercent: number;
}

const resultOf = (path: string): Result =>
  JSON.parse(readFileSync(join(folder, path, 'result.json'), 'utf8')) as Result;

it('gives one digest by train, compare and sweep, and the figures of result.json by eval', async () => {
  writeConfiguration(folder, { epochs: 1, batch: 50, subset: { train: 400, validation: 300 } });
  expect((await run('train', 'config.json', '--out', 'trained', '--quiet')).code).toBe(0);
  const { digest, testErrorPercent } = resultOf('trained');
  const setting = ['--setting', '4.12/6.10 stochastic'];
  expect((await run('compare', 'config.json', ...setting, '--out', 'compared', '--quiet')).code).toBe(0);
  expect((await run('sweep', 'config.json', '--grid', 'seed=3', '--out', 'swept', '--quiet')).code).toBe(0);
  expect(Object.values(sweepDigests(join(folder, 'swept')))).toEqual([digest]);
  expect(Object.values(sweepDigests(join(folder, 'compared')))).toEqual([digest]);

  const [evaluation] = jsonLines(await run('eval', 'trained', '--json'));
  expect(evaluation).toMatchObject({ examples: 300 });
  expect(100 * (1 - (evaluation!['accuracy'] as number))).toBeCloseTo(testErrorPercent, 9);
});

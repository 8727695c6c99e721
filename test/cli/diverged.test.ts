/** A run whose numbers blow up, on the command line: the warning, the tables, the evaluation, JSON, halving. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  cli,
  jsonLines,
  SMALL_NETWORK,
  temporaryFolder,
  writeConfiguration,
  type CliResult,
} from './support.js';

const folder = temporaryFolder();
const fewbit = (...args: string[]): Promise<CliResult> => cli(args, { cwd: folder });
const DIVERGED = 'the network has diverged; train it again with a lower learning rate';

beforeAll(async () => {
  writeConfiguration(folder, { steps: 6 });
  const blown = { ...SMALL_NETWORK, formats: 'float32', optimizer: { kind: 'sgd', learningRate: 1e36 } };
  writeConfiguration(folder, { steps: 6, network: blown }, 'blown.json');
  expect((await fewbit('train', 'config.json', '--out', 'runs/good', '--quiet')).code).toBe(0);
});

describe('train', () => {
  it('warns once on stderr and marks the figures', async () => {
    const { code, stdout, stderr } = await fewbit('train', 'blown.json', '--out', 'runs/blown');
    expect(code).toBe(0);
    expect(stderr).toMatch(
      new RegExp(`^warning: the loss of step \\d is (not a number|infinite): ${DIVERGED}\\n$`),
    );
    expect(stdout).toMatch(/^test error not a number {2}training error not a number {2}loss not a number /m);
  });

  it('has the reason of a null in JSON', async () => {
    const result = await fewbit('train', 'blown.json', '--out', 'json', '--json');
    const lines = jsonLines(result);
    expect(lines.filter(({ event }) => event === 'warning')).toMatchObject([{ kind: 'diverged' }]);
    expect(lines.find(({ event }) => event === 'epoch')).toMatchObject({ testLoss: null, diverged: true });
    expect(lines.at(-1)).toMatchObject({ event: 'done', testLoss: null, diverged: true });
    const good = jsonLines(await fewbit('train', '--resume', '--out', 'runs/good', '--json'));
    expect(good.at(-1)).toMatchObject({ event: 'done', diverged: false });
  });

  it('warns of a batch larger than the data and of inputs that saturate, with the figures', async () => {
    const rows = [
      'a,b,label',
      ...Array.from({ length: 10 }, (_, i) => `${i % 4},${i % 3},${i % 2 ? 'x' : 'y'}`),
    ];
    mkdirSync(join(folder, 'tables'));
    for (const name of ['train.csv', 'test.csv'])
      writeFileSync(join(folder, 'tables', name), rows.join('\n'));
    const network = { ...SMALL_NETWORK, formats: '<1,15>', input: { size: 2 } };
    const layers = [{ type: 'dense', name: 'fc1', units: 2 }];
    writeConfiguration(
      folder,
      { epochs: 2, batch: 1000, data: 'tables', network: { ...network, layers } },
      'csv.json',
    );
    const { code, stderr } = await fewbit('train', 'csv.json', '--out', 'csv', '--quiet');
    expect(code).toBe(0);
    const [batch, inputs, ...others] = stderr.trimEnd().split('\n');
    expect(batch).toBe(
      'warning: batch: 10 examples are fewer than a batch of 1000, by which a step divides their sum, so that every step is 100 times smaller than with a full batch; choose a batch of at most 10',
    );
    expect(inputs).toMatch(
      /^warning: inputs: \d+ of 20 \(\d+ %\) saturate in <1,15>, which holds -1 to 0.99997, /,
    );
    expect(others).toEqual([]);
  });
});

describe('eval', () => {
  it('prints that the logits are not numbers, how many, and what to do', async () => {
    const { code, stdout } = await fewbit('eval', 'runs/blown');
    expect(code).toBe(0);
    expect(stdout).toContain(
      `Warning: the logits of 500 of 500 examples are not numbers, which counts as wrong: ${DIVERGED}\n`,
    );
    expect(stdout).toMatch(/^Without class +500$/m);
    expect(stdout).toMatch(/^Accuracy +0.0000\nTop-3 accuracy +0.0000\n/m);
    const [json] = jsonLines(await fewbit('eval', 'runs/blown', '--json'));
    expect(json).toMatchObject({ withoutClass: 500, diverged: true, accuracy: 0, loss: null });
  });
});

describe('tables of runs', () => {
  it('have the run that blew up last, and marked', async () => {
    const list = await fewbit('runs', 'list', 'runs', '--sort', 'error');
    const rows = list.stdout.trimEnd().split('\n');
    expect(rows.map((row) => row.split(' ')[0])).toEqual(['run', 'runs/good', 'runs/blown']);
    expect(rows[2]).toMatch(/not a number +not a number/);
    const shown = await fewbit('runs', 'show', 'runs/blown');
    expect(shown.stdout).toMatch(/not a number +not a number +not a number/);
    const compared = await fewbit('runs', 'compare', 'runs/good', 'runs/blown');
    expect(compared.stdout).toMatch(/float32.* not a number +not a number +– +not a number/);
    const json = jsonLines(await fewbit('runs', 'list', 'runs', '--json'));
    expect(json.map(({ run, diverged }) => [run, diverged])).toEqual([
      ['runs/blown', true],
      ['runs/good', false],
    ]);
  });
});

describe('a sweep with halving', () => {
  it('prunes the run that blew up, warns of it once, and has it last', async () => {
    const grid = ['--settings', 'float32', '--grid', 'learningRate=1e36; 2e36; 0.0001', '--eta', '2'];
    const common = ['--halving', '1', '--epochs', '2', '--jobs', '1', '--threads', '1', '--out', 'sweep'];
    writeConfiguration(folder, { batch: 1000 }, 'short.json');
    const { code, stdout, stderr } = await fewbit('sweep', 'short.json', ...grid, ...common);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /learningRate=1e\+36 {2}pruned after epoch 1: not a number, place 2 of 3, 1 continue/,
    );
    expect(stdout).toMatch(
      /learningRate=2e\+36 {2}pruned after epoch 1: not a number, place 3 of 3, 1 continue/,
    );
    const table = stdout.slice(stdout.indexOf('\nstate'));
    expect(table).toMatch(
      /\ndone +0.0001 .*\npruned +1e\+36 .*not a number.*\npruned +2e\+36 .*not a number/,
    );
    expect(stderr.match(/^warning: /gm)).toHaveLength(1);
    expect(stderr).toMatch(
      /^warning: run "float32 learningRate=1e\+36": .*diverged.*logs in sweep\/_log\)$/m,
    );
  });
});

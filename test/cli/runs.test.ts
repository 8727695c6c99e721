/** `fewbit runs`: tables, files for other programs, and removal, on runs made for it. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { parquetReadObjects } from 'hyparquet';
import { beforeAll, describe, expect, it } from 'vitest';
import { RunFolder } from '../../src/experiment/store/index.js';
import {
  cli,
  jsonLines,
  SMALL_NETWORK,
  temporaryFolder,
  writeConfiguration,
  type CliResult,
} from './support.js';

const folder = temporaryFolder();
const at = (...parts: string[]): string => join(folder, ...parts);

async function good(...args: string[]): Promise<CliResult> {
  const result = await cli(['runs', ...args], { cwd: folder });
  expect([result.code, result.stderr]).toEqual([0, '']);
  return result;
}

async function bad(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await cli(['runs', ...args], { cwd: folder });
  expect([code, stdout]).toEqual([2, '']);
  return stderr;
}

beforeAll(async () => {
  writeConfiguration(folder, { steps: 120 });
  const made = await cli(['sweep', 'config.json', '--grid', 'seed=1..2', '--out', 'runs/seeds', '--quiet'], {
    cwd: folder,
  });
  expect(made.code).toBe(0);
  const configuration = { network: SMALL_NETWORK, data: 'synthetic', batch: 20, epochs: 4, backend: 'wasm' };
  RunFolder.create(at('runs/begun'), configuration).close();
});

describe('list', () => {
  it('shows the fields that differ', async () => {
    const { stdout } = await good('list');
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/));
    expect(lines.map((cells) => cells.slice(0, 2))).toEqual([
      ['run', 'state'],
      ['runs/begun', 'stopped'],
      ['runs/seeds/seed-1', 'done'],
      ['runs/seeds/seed-2', 'done'],
    ]);
    expect(lines[0]).toEqual([
      'run',
      'state',
      'epochs',
      'steps',
      'seed',
      'epoch',
      'step',
      'test error',
      'training error',
      'digest',
    ]);
  });

  it('sorts, chooses, and prints JSON', async () => {
    const rows = jsonLines(await good('list', 'runs/seeds', '--sort', 'error', '--json'));
    const errors = rows.map((row) => row['testErrorPercent'] as number);
    expect(errors).toEqual([...errors].sort((a, b) => a - b));
    expect((await good('list', '--state', 'stopped', '--fields', 'learningRate,batch')).stdout).toMatch(
      /^run +state +learningRate +batch .*\nruns\/begun +stopped +0.1 +20 .*\n$/,
    );
    expect((await good('list', '--state', 'failed')).stdout).toBe('runs: no runs are failed\n');
  });
});

describe('show', () => {
  it('tells everything about a run', async () => {
    const { stdout } = await good('show', 'runs/seeds/seed-1');
    expect(stdout).toMatch(
      /^runs\/seeds\/seed-1 {2}done; 120 steps, 1 epochs\ndata synthetic, batch 20, seed 1, /,
    );
    for (const text of ['fc1.relu', 'epoch     step', '2 (part)', 'lost gradients', 'digest ']) {
      expect(stdout).toContain(text);
    }
    const json = jsonLines(await good('show', 'runs/seeds/seed-1', '--json'))[0];
    expect(json).toMatchObject({
      state: 'done',
      steps: 120,
      lines: [{ epoch: 1 }, { epoch: 2, partial: true }],
    });
  });
});

describe('compare', () => {
  it('puts runs side by side, with chart and page on request', async () => {
    const { stdout } = await good('compare', 'runs/seeds/seed-2', 'runs/seeds/seed-1', '--out', 'page');
    expect(stdout).toMatch(/^\n2 runs of small\n\nsetting .*\nseed=2 .*\nseed=1 /);
    expect(readdirSync(at('page')).sort()).toEqual(['comparison.html', 'comparison.svg']);
    expect(readFileSync(at('page/comparison.html'), 'utf8')).toContain('seed=1');
  });

  it('leaves out runs that are not done, and prints this', async () => {
    const { code, stdout, stderr } = await cli(['runs', 'compare', 'runs', '--json'], { cwd: folder });
    expect(stderr).toBe('runs/begun: is stopped and left out; fewbit runs list shows it\n');
    expect([code, JSON.parse(stdout).runs.length]).toEqual([0, 2]);
  });
});

describe('export', () => {
  it('writes runs and epochs as CSV and JSON', async () => {
    const csv = parse((await good('export', 'runs/seeds')).stdout, {
      columns: true,
      record_delimiter: '\r\n',
    });
    expect(csv).toHaveLength(2);
    expect(csv[0]).toMatchObject({ run: 'runs/seeds/seed-1', state: 'done', seed: '1', stepsDone: '120' });
    const { stdout } = await good(
      'export',
      '--format',
      'json',
      '--out',
      'epochs.json',
      '--metrics',
      '--all-fields',
    );
    expect(stdout).toBe('epochs.json: 4 rows\n');
    const rows = JSON.parse(readFileSync(at('epochs.json'), 'utf8'));
    expect(rows[0]).toMatchObject({
      run: 'runs/seeds/seed-1',
      momentum: '0.9',
      'layers.fc1.units': '16',
      epoch: 1,
      step: 100,
    });
  });

  it('writes Parquet with the same contents as JSON', async () => {
    await good('export', 'runs', '--format', 'parquet', '--out', 'runs.parquet');
    const file = readFileSync(at('runs.parquet'));
    const read = await parquetReadObjects({
      file: file.buffer.slice(file.byteOffset, file.byteOffset + file.length),
    });
    expect(read).toEqual(JSON.parse((await good('export', 'runs', '--format', 'json')).stdout));
    expect(await bad('export', '--format', 'parquet')).toBe(
      'error: export: Parquet is not for terminals; name a file with --out\n',
    );
  });

  it('writes over nothing unless requested', async () => {
    writeFileSync(at('mine.csv'), 'mine');
    expect(await bad('export', '--out', 'mine.csv')).toBe(
      'error: export: mine.csv is there already; choose another file, or write over it with --force\n',
    );
    expect(readFileSync(at('mine.csv'), 'utf8')).toBe('mine');
    await good('export', '--out', 'mine.csv', '--force');
    expect(readFileSync(at('mine.csv'), 'utf8')).toMatch(/^run,state,/);
  });
});

describe('rm and index', () => {
  it('removes only when it is sure', async () => {
    const { code, stdout, stderr } = await cli(['runs', 'rm', 'runs/begun', 'runs/seeds'], { cwd: folder });
    expect(stdout).toMatch(
      /^runs\/begun: a run, 1 files, .*\nruns\/seeds: a sweep of 2 runs, \d+ files, .*\n$/,
    );
    expect([code, stderr]).toEqual([2, 'error: runs: cannot ask without a terminal; remove with --yes\n']);
    expect(await bad('rm', 'runs', '--yes')).toBe(
      'error: runs: expected the folder of a run or a sweep, got "runs"; nothing is removed\n',
    );
    expect((await good('rm', 'runs/begun', '--yes')).stdout).toBe('runs/begun: removed\n');
    expect(existsSync(at('runs/begun'))).toBe(false);
    expect((await good('index', 'runs/seeds')).stdout).toBe('runs/seeds: index of 2 runs\n');
  });
});

describe('bad input', () => {
  it.concurrent.each([
    [
      ['list', 'nowhere'],
      'runs: expected a folder, got "nowhere", which is not there; name a folder with runs',
    ],
    [['list', 'runs', '--fields', 'speed'], '--fields: no run has a field "speed"; there are data, batch, '],
    [['show', 'runs'], 'run folder runs: holds no run; fewbit runs list shows those that there are'],
    [['index', 'runs'], 'sweep folder runs: holds no sweep (no sweep.json)'],
    [['remove'], 'runs: there is no command "remove"; choose one of list, show, compare, export, rm, index'],
  ])('%j', async (args, message) => {
    expect(await bad(...args)).toContain(`error: ${message}`);
  });
});

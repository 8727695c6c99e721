/** Every command in good weather, as people and as machines use it. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { BACKEND_NAMES } from '../../src/backend/index.js';
import {
  ended,
  cli,
  jsonLines,
  omit,
  startCli,
  temporaryFolder,
  writeConfiguration,
  type CliResult,
} from './support.js';

const folder = temporaryFolder();
const at = (...parts: string[]): string => join(folder, ...parts);
const run = (...args: string[]): Promise<CliResult> => cli(args, { cwd: folder });
const ANSI = '\u001b[';

/** A command that has to succeed and say nothing on stderr. */
async function good(...args: string[]): Promise<CliResult> {
  const result = await run(...args);
  expect(result.stderr).toBe('');
  expect(result.code).toBe(0);
  return result;
}

beforeAll(() => {
  writeConfiguration(folder, { epochs: 2 });
});

describe('help', () => {
  const COMMANDS = [
    ...['train', 'compare', 'sweep', 'runs', 'eval', 'export', 'convert', 'plan', 'bench'],
    ...['data', 'info', 'demo'],
  ];

  it.concurrent.each(COMMANDS)('%s has examples', async (command) => {
    const { stdout } = await good(command, '--help');
    expect(stdout).toContain(`Usage: fewbit ${command}`);
    expect(stdout).toMatch(new RegExp(`Examples:\n  \\$ fewbit ${command}`));
  });

  it('names every command, even if none is given', async () => {
    const { stdout } = await good();
    expect(stdout).toBe((await good('--help')).stdout);
    for (const command of COMMANDS) {
      expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
    }
    const version = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
    expect((await good('--version')).stdout).toBe(`${version}\n`);
  });
});

describe('convert', () => {
  it('shows raw integer, value, error and bits', async () => {
    const { stdout } = await good('convert', '0.1234', '-0.5', '--format', '2.14', '--rounding', 'nearest');
    expect(stdout).toBe(
      [
        '<2,14>, 16 bits, nearest-away',
        '',
        'number    raw            value                    error  binary',
        '0.1234   2022  0.1234130859375  0.000013085937500004197  0 0.0001 1111 1001 10',
        '  -0.5  -8192             -0.5                        0  1 1.1000 0000 0000 00',
        '',
      ].join('\n'),
    );
  });

  it('reads infinities like any number, and gives JSON their names', async () => {
    const { stdout } = await good('convert', '-Infinity', '-5', 'inf', '--format', '8.0', '--json');
    const [low, five, high] = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(low).toMatchObject({ number: '-Infinity', raw: -128, value: -128, error: 'Infinity' });
    expect(five).toMatchObject({ number: -5, raw: -5, error: 0 });
    expect(high).toMatchObject({ number: 'Infinity', raw: 127, value: 127, error: '-Infinity' });
  });

  it.each([
    [
      '1e999',
      'a number must be between 4.9e-324 and 1.8e308 in magnitude (float64), got "1e999"; write 0 or Infinity if that is meant',
    ],
    [
      '-1e-999',
      'a number must be between 4.9e-324 and 1.8e308 in magnitude (float64), got "-1e-999"; write 0 or Infinity if that is meant',
    ],
    ['-x', 'there is no option "-x"; --help lists the options'],
    ['--fast', 'there is no option "--fast"; --help lists the options'],
    ['-.', 'expected a number, got "-."'],
  ])('refuses %s', async (text, message) => {
    const { code, stdout, stderr } = await cli(['convert', '--format', '8.0', '--json', text], {
      cwd: folder,
    });
    expect([code, stdout, stderr]).toEqual([2, '', `error: convert: ${message}\n`]);
  });

  it('draws the same bits for the same seed, and others for another', async () => {
    const draws = async (seed: string): Promise<unknown[]> => {
      const numbers = Array<string>(16).fill('0.5');
      const result = await good('convert', ...numbers, '--format', '4.0', '--seed', seed, '--json');
      return jsonLines(result).map(({ raw }) => raw);
    };
    const first = await draws('1');
    expect(first).toHaveLength(16);
    expect(new Set(first)).toEqual(new Set([0, 1]));
    expect(await draws('1')).toEqual(first);
    expect(await draws('2')).not.toEqual(first);
  });
});

describe('plan', () => {
  it('prints every operation with its costs, and totals', async () => {
    const { stdout } = await good('plan', 'lenet', '--batch', '100');
    expect(stdout).toContain('Training step of lenet, batch 100');
    expect(stdout).toMatch(
      /^conv2d +input \[100, 28, 28, 1\] <6,10> +conv1\/output \[100, 24, 24, 8\] <6,10> +22 -> <6,10> stochastic, 16-bit +11,520,000 +1,078,816$/m,
    );
    expect(stdout).toMatch(/^37,610 parameters; memory /m);
    expect(stdout).not.toContain(ANSI);
  });

  it('prints a later stage of a precision schedule', async () => {
    const { stdout } = await good('plan', 'cifar10-mixed', '--batch', '4', '--stage', '1');
    expect(stdout).toMatch(
      /^conv2d +input \[4, 32, 32, 3\] <6,14> +conv1\/output \[4, 32, 32, 64\] <6,14> /m,
    );
  });

  it('as JSON has the operations themselves', async () => {
    const { stdout } = await good(
      'plan',
      'config.json',
      '--formats',
      '8.8',
      '--rounding',
      'nearest',
      '--json',
    );
    const plan = JSON.parse(stdout);
    expect(plan).toMatchObject({ name: 'small', batch: 100, arithmetic: 'fixed' });
    expect(plan.sites[0]).toMatchObject({ format: { il: 8, fl: 8 }, rounding: { mode: 'nearest-away' } });
  });
});

describe('info and data', () => {
  it('say what there is', async () => {
    const info = jsonLines(await good('info', '--json'))[0];
    expect(info).toMatchObject({ node: process.versions.node, backends: BACKEND_NAMES.join(', ') });
    const { stdout } = await cli(['data', 'list'], { cwd: folder, env: { FEWBIT_CACHE: at('cache') } });
    expect(stdout).toMatch(/^mnist +- +55\.0 MB +/m);
    expect(stdout).toContain(`cache ${at('cache')}`);
  });

  it('verify fails where files are missing', async () => {
    const env = { FEWBIT_CACHE: at('cache') };
    const { code, stdout, stderr } = await cli(['data', 'verify', 'mnist'], { cwd: folder, env });
    expect(stdout).toContain('train-images-idx3-ubyte: train-images-idx3-ubyte is missing\n');
    expect(stderr).toBe(
      `error: mnist: files in ${at('cache', 'mnist')} are missing or damaged; fetch them with fewbit data get mnist\n`,
    );
    expect(code).toBe(2);
    const removed = await cli(['data', 'rm', 'mnist'], { cwd: folder, env });
    expect(removed).toEqual({ code: 0, stdout: 'mnist: was not in the cache\n', stderr: '' });
  });
});

describe('train', () => {
  let done: Record<string, unknown>;

  it('as JSON tells epochs as they happen and the result last', async () => {
    const lines = jsonLines(await good('train', 'config.json', '--json', '--out', 'a/first'));
    expect(lines.map(({ event, epoch, step }) => [event, epoch, step])).toEqual([
      ['epoch', 1, 100],
      ['epoch', 2, 200],
      ['done', undefined, undefined],
    ]);
    done = lines[2]!;
    expect(done).toMatchObject({ steps: 200, run: 'a/first', seed: 3 });
    expect(done['digest']).toMatch(/^[0-9a-f]{64}$/);
    for (const field of ['testErrorPercent', 'trainErrorPercent', 'loss', 'stepsPerSecond']) {
      expect(typeof done[field]).toBe('number');
    }
    // The synthetic bars are easy: the network has learnt.
    expect(done['testErrorPercent']).toBeLessThan(50);
    expect(readdirSync(at('a', 'first')).sort()).toEqual([
      'checkpoint.safetensors',
      'config.json',
      'data.json',
      'metrics.jsonl',
      'result.json',
    ]);
  });

  it('gives the same digest on another backend, from the recorded configuration', async () => {
    const lines = jsonLines(
      await good('train', 'a/first/config.json', '--backend', 'reference', '--json', '--out', 'again'),
    );
    expect(lines.at(-1)?.['digest']).toBe(done['digest']);
  });

  it('gives another digest for another seed', async () => {
    const { stdout } = await good(
      'train',
      'config.json',
      '--seed',
      '4',
      '--steps',
      '5',
      '--quiet',
      '--out',
      'other',
    );
    expect(stdout).toMatch(/^test error [\d.]+ % {2}training error [\d.]+ % {2}loss [\d.]+ {2}5 steps at /);
    expect(stdout).toContain('run other (seed 4)\n');
    expect(stdout).not.toContain(String(done['digest']));
  });

  it('shows people what happens, in plain lines', async () => {
    const { stdout } = await good('train', 'config.json', '--steps', '150', '--rounding', 'stochastic:8');
    expect(stdout).toMatch(
      new RegExp(
        [
          String.raw`^small  12,730 parameters, weight bias error gradient update <4,12>, activation <6,10>; stochastic:8`,
          String.raw`data  synthetic: 2,000 training and 500 test examples \(.*\)`,
          String.raw`run  runs.small-1: seed 3, batch 20, 2 epochs, 150 steps, backend wasm, 1 thread`,
          String.raw`epoch 1/2  step 100  loss [\d.]+  training error [\d.]+ %  test error [\d.]+ %  [\d.]+ steps/s`,
          String.raw`epoch 2/2 \(first part\)  step 150  .*`,
          String.raw`test error .*`,
          String.raw`digest [0-9a-f]{64}`,
          String.raw`run runs.small-1 \(seed 3\)`,
          'report: fewbit report runs.small-1',
          '$',
        ].join('\n'),
      ),
    );
    expect(stdout).not.toContain(ANSI);
    // Each run has a separate folder.
    await good('train', 'config.json', '--steps', '1', '--quiet');
    expect(readdirSync(at('runs')).sort()).toEqual(['small-1', 'small-2']);
  });

  it('trains on augmented images, and prints this', async () => {
    const { stdout } = await good(
      'train',
      'config.json',
      '--steps',
      '2',
      '--augment',
      'crop,flip',
      '--out',
      'aug',
    );
    expect(stdout).toMatch(/^data {2}synthetic: .*; training images changed by flip,crop:4$/m);
    const { augment } = JSON.parse(readFileSync(at('aug', 'config.json'), 'utf8'));
    expect(augment).toEqual({ flip: true, crop: 4 });
  });

  it('changes its precision according to a file, and continues in the stage of its stop', async () => {
    const schedule = [{ epoch: 1, formats: { weight: '4.16', activation: '6.14' } }];
    writeFileSync(at('later.json'), JSON.stringify(schedule));
    const args = ['train', 'config.json', '--precision-schedule', 'later.json', '--steps', '110'];
    const { stdout } = await good(...args, '--out', 'later');
    expect(stdout).toMatch(/^then {2}from epoch 2: weight bias .* <4,16>, activation <6,14>; stochastic$/m);
    expect(stdout).toMatch(
      /^precision 1 {2}step 100 {2}weight .* <4,16>, activation <6,14>; stochastic {2}0 saturated and 0 flushed to zero of 25,460 converted$/m,
    );
    const lines = jsonLines(await good(...args, '--json', '--backend', 'reference', '--out', 'later-json'));
    expect(lines.map(({ event }) => event)).toEqual(['epoch', 'precision', 'epoch', 'done']);
    expect(stdout).toContain(`digest ${String(lines[3]?.['digest'])}\n`);
    const { stdout: resumed } = await good('train', '--resume', '--out', 'later');
    expect(resumed).toContain('the run is done');
    expect((await good('eval', 'later', '--json')).stdout).toContain('"event":"evaluation"');
  });

  it('takes the recorded configuration on --resume, and does not repeat what is done', async () => {
    const { stdout } = await good('train', '--resume', '--out', 'a/first');
    expect(stdout).toMatch(/^run folder a\/first: the run is done; it is not repeated\n/);
    expect(stdout).toContain(String(done['digest']));
    // The whole command prints the same again.
    const again = await good('train', 'config.json', '--resume', '--out', 'a/first', '--json');
    expect(jsonLines(again)).toEqual([done]);
  });

  it('is evaluated in full', async () => {
    const { stdout } = await good('eval', 'a/first');
    expect(stdout).toMatch(/^a\/first at step 200, test data of synthetic /);
    expect(stdout).toMatch(/^Top-3 accuracy +[01]\.\d{4}$/m);
    expect(stdout).toContain('Confusion matrix');
    const [evaluation] = jsonLines(await good('eval', 'a/first', '--json', '--backend', 'reference'));
    expect(evaluation).toMatchObject({
      event: 'evaluation',
      examples: 500,
      topN: 3,
      errorPercent: done['testErrorPercent'],
      loss: done['testLoss'],
    });
  });
});

describe('compare', () => {
  const ARGS = [
    'compare',
    'config.json',
    '--settings',
    'float32; 4.12/6.10 nearest',
    '--setting',
    'coarse: 4.4',
    '--epochs',
    '1',
    '--out',
    'side',
  ];

  it('trains the settings, and shows them in one table and one chart', async () => {
    const { stdout } = await good(...ARGS);
    for (const name of ['float32', 'nearest 4.12/6.10', 'coarse']) {
      expect(stdout).toMatch(
        new RegExp(
          `^${name} +[\\d.]+ % +[\\d.]+ % +(?:–|[\\d.]+ %) +[\\d.]+ +100 +[\\d.]+  [0-9a-f]{12}$`,
          'm',
        ),
      );
    }
    expect(stdout).toMatch(/^parameter +nearest 4\.12\/6\.10 +coarse$/m);
    expect(stdout).toMatch(/^fc1\/weight(?: +[\d.]+ % \([\d.]+ \+ [\d.]+\)){2}$/m);
    expect(readdirSync(at('side')).sort()).toEqual([
      'coarse',
      'comparison.html',
      'comparison.svg',
      'float32',
      'nearest-4.12-6.10',
    ]);
    expect(readFileSync(at('side', 'comparison.svg'), 'utf8')).toContain('nearest 4.12/6.10');
    // Everything but the setting is the same.
    const configuration = (name: string): Record<string, unknown> =>
      JSON.parse(readFileSync(at('side', name, 'config.json'), 'utf8'));
    const [first, second] = [configuration('float32'), configuration('coarse')];
    expect(omit(first, 'network')).toEqual(omit(second, 'network'));
    expect(omit(first['network'] as object, 'formats', 'rounding')).toEqual(
      omit(second['network'] as object, 'formats', 'rounding'),
    );
  });

  it('does not repeat what is done', async () => {
    const lines = jsonLines(await good(...ARGS, '--json'));
    expect(lines.map(({ event, reused }) => [event, reused])).toEqual([
      ['run', true],
      ['run', true],
      ['run', true],
      ['done', undefined],
    ]);
    expect(lines[3]).toMatchObject({ svg: 'side/comparison.svg', html: 'side/comparison.html' });
    expect(lines[3]?.['runs']).toHaveLength(3);
  });

  it('refuses runs of another configuration', async () => {
    const { code, stderr, stdout } = await run(...ARGS, '--batch', '50');
    expect(stderr).toBe(
      'error: run folder side/float32: holds another run, batch is 20 there and 50 here; choose another folder with --out\n',
    );
    expect([code, stdout]).toEqual([2, '']);
  });

  it('stops on Ctrl-C, and continues with the same command', async () => {
    const args = [
      'compare',
      'config.json',
      '--settings',
      '4.12; 6.10',
      '--epochs',
      '3',
      '--out',
      'cut',
      '--json',
    ];
    const child = startCli(args, { cwd: folder });
    child.stdout?.once('data', () => child.kill('SIGINT'));
    const stopped = await ended(child);
    expect(stopped.code).toBe(130);
    expect(jsonLines(stopped).at(-1)).toMatchObject({ event: 'interrupted', setting: 'stochastic 4.12' });
    expect(stopped.stderr).toMatch(/continue with: the same command\n$/);
    expect(existsSync(at('cut', 'comparison.svg'))).toBe(false);
    const lines = jsonLines(await good(...args));
    expect(lines.filter(({ event }) => event === 'run')).toMatchObject([
      { reused: false, steps: 300 },
      { reused: false, steps: 300 },
    ]);
    expect(existsSync(at('cut', 'comparison.svg'))).toBe(true);
  });
});

/** `fewbit reproduce` and `fewbit report` as processes: bad input, and reports when they are asked for. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cli, jsonLines, temporaryFolder, writeConfiguration } from './support.js';

describe('reproduce', () => {
  const folder = temporaryFolder();
  const out = join(folder, 'out');
  const runsOf = (): string[] => {
    const runs = join(out, 'mnist-lenet');
    return existsSync(runs)
      ? readdirSync(runs).filter((run) => existsSync(join(runs, run, 'result.json')))
      : [];
  };
  const resultOf = (run: string): string => join(out, 'mnist-lenet', run, 'result.json');

  it('continues after SIGKILL without repeating a run', async () => {
    const killed = startCli([...FIGURE, '--out', 'out', '--json'], { cwd: folder });
    const end = ended(killed);
    while (runsOf().length < 2 && killed.exitCode === null) await sleep(5);
    killed.kill('SIGKILL');
    expect((await end).code).toBeNull();
    const done = runsOf();
    expect(done.length).toBeGreaterThanOrEqual(2);
    expect(done.length).toBeLessThan(5);
    const written = done.map((run) => statSync(resultOf(run)).mtimeMs);

    const rest = await cli([...FIGURE, '--out', 'out', '--json'], { cwd: folder });
    expect(rest.stderr).toBe('');
    expect(rest.code).toBe(0);
    const lines = jsonLines(rest);
    const runs = lines.filter(({ event }) => event === 'run');
    expect(runs).toHaveLength(5);
    expect(runs.filter(({ reused }) => reused).map(({ setting }) => setting)).toHaveLength(done.length);
    expect(done.map((run) => statSync(resultOf(run)).mtimeMs)).toEqual(written);
    expect(lines.at(-1)).toMatchObject({ event: 'figure', figure: 'figure2', svg: 'out/figure2.svg' });
    expect(lines.at(-1)?.['settings']).toHaveLength(5);
    expect(runs.map(({ steps }) => steps)).toEqual(Array.from({ length: 5 }, () => 20));
  });

  it('draws the figure, light and dark, with its table', () => {
    const files = readdirSync(out).filter((name) => name.startsWith('figure2'));
    expect(files.sort()).toEqual([
      ...['figure2-dark.png', 'figure2-dark.svg', 'figure2.html', 'figure2.md', 'figure2.png', 'figure2.svg'],
    ]);
    const [light, dark] = ['figure2', 'figure2-dark'].map((name) =>
      decode(readFileSync(join(out, `${name}.png`))),
    );
    expect(light?.width).toBe(1920);
    // The corner is the background; somewhere there is something else.
    expect([...light!.data.subarray(0, 3)]).toEqual([255, 255, 255]);
    expect([...dark!.data.subarray(0, 3)]).toEqual([20, 24, 29]);
    expect(new Set(light!.data).size).toBeGreaterThan(50);
    expect(readFileSync(join(out, 'figure2.md'), 'utf8')).toContain(
      'fewbit reproduce figure2 --epochs 1 --data synthetic',
    );
  });

  it('refuses a folder with runs of another length, and changes nothing there', async () => {
    const before = statSync(resultOf('float32-seed-1')).mtimeMs;
    const refused = await cli(
      ['reproduce', 'figure2', '--data', 'synthetic', '--epochs', '2', '--out', 'out'],
      { cwd: folder },
    );
    expect(refused.code).toBe(2);
    expect(refused.stderr).toBe(
      'error: run folder out/mnist-lenet/float32-seed-1: holds another run, epochs is 1 there and 2 here; choose another folder with --out\n',
    );
    expect(statSync(resultOf('float32-seed-1')).mtimeMs).toBe(before);
  });

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

  it('does without missing data, and prints this', async () => {
    const images = join(folder, 'table');
    mkdirSync(images);
    const rows = Array.from({ length: 20 }, (_, i) => `${i % 2},${i},${20 - i}`);
    writeFileSync(join(images, 'train.csv'), ['label,a,b', ...rows].join('\n'));
    const layers = [{ type: 'dense', units: 2 }];
    const network = {
      name: 'flat',
      seed: 1,
      formats: '4.12',
      optimizer: { kind: 'sgd', learningRate: 0.1 },
      input: { size: 2 },
      layers,
    };
    const own = writeConfiguration(folder, { network, data: images, batch: 4, epochs: 1 }, 'own.json');
    const trained = await cli(['train', own, '--out', 'own', '--report', '--quiet'], { cwd: folder });
    expect(trained.stderr).toBe('');
    expect(readFileSync(join(folder, 'own', 'report.html'), 'utf8')).toContain('Confusion matrix');
    rmSync(images, { recursive: true });
    const without = await cli(['report', 'own'], { cwd: folder });
    expect(without.code).toBe(0);
    expect(without.stderr).toMatch(
      /^no confusion matrix and no images, because the run's data cannot be loaded: /,
    );
    expect(readFileSync(join(folder, 'own', 'report.html'), 'utf8')).not.toContain('Confusion matrix');
  });

  it('of no run is an error in one line', async () => {
    const { code, stderr } = await cli(['report', 'nothing'], { cwd: folder });
    expect(code).toBe(2);
    expect(stderr).toBe(
      'error: run folder nothing: holds no run (no config.json); start one with fewbit train --out nothing\n',
    );
  });
});

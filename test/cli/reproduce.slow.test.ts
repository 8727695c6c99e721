/** `fewbit reproduce` as a process: it repeats nothing and loses nothing; a report without its data. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { expectRepeatable } from './repeatable.js';
import { cli, ended, jsonLines, startCli, temporaryFolder, writeConfiguration } from './support.js';

const FIGURE = ['reproduce', 'figure2', '--data', 'synthetic', '--epochs', '1', '--threads', '1'];

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

  it('has runs that their recorded configurations repeat', async () => {
    const runs = ['float32-seed-1', 'stochastic-fl-12-seed-1'].map((run) => `out/mnist-lenet/${run}`);
    await expectRepeatable(folder, runs);
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
});

describe('report', () => {
  const folder = temporaryFolder();

  it('does without missing data, and prints this', async () => {
    const images = join(folder, 'table');
    mkdirSync(images);
    const rows = Array.from({ length: 20 }, (_, i) => `${i % 2},${(7 * i) % 20},${20 - i}`);
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
});

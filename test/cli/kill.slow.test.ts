/** A run that is killed without warning, again and again, ends with the weights of the run that was not. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { cli, ended, jsonLines, omit, startCli, temporaryFolder, writeConfiguration } from './support.js';

/** Metrics and result without what depends on the clock. */
function metricsOf(folder: string): unknown[] {
  const lines = readFileSync(join(folder, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => omit(JSON.parse(line), 'seconds', 'stepsPerSecond', 'sha256'));
}

function resultOf(folder: string): unknown {
  return omit(JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')), 'stepsPerSecond');
}

const sizeOf = (file: string): number => (existsSync(file) ? statSync(file).size : 0);

describe('kill and resume', () => {
  const folder = temporaryFolder();
  const config = writeConfiguration(folder, { epochs: 4, checkpointEvery: 7, metricsEvery: 5 });

  it('survives SIGKILL at any moment', async () => {
    const whole = await cli(['train', config, '--out', 'whole', '--json'], { cwd: folder });
    expect(whole.stderr).toBe('');
    const expected = jsonLines(whole).at(-1);

    const killed = join(folder, 'killed');
    const metrics = join(killed, 'metrics.jsonl');
    let kills = 0;
    // The first one before the run has a folder, the others at moments spread over steps, checkpoints and evaluations.
    for (const [lines, delayMs] of [
      [0, 40],
      [0, 210],
      [1, 0],
      [2, 3],
      [3, 7],
      [5, 1],
      [9, 11],
      [14, 2],
      [20, 5],
    ] as const) {
      const begun = existsSync(join(killed, 'config.json'));
      const child = startCli(['train', config, '--out', 'killed', '--json', ...(begun ? ['--resume'] : [])], {
        cwd: folder,
      });
      const end = ended(child);
      const before = sizeOf(metrics);
      // A line of this network's metrics has about 1,000 characters.
      while (lines > 0 && sizeOf(metrics) < before + lines * 1000 && child.exitCode === null) await sleep(1);
      await sleep(delayMs);
      child.kill('SIGKILL');
      const { code } = await end;
      if (code === null) kills++;
    }
    expect(kills).toBeGreaterThanOrEqual(5);

    const rest = await cli(['train', '--resume', '--out', 'killed', '--json'], { cwd: folder });
    expect(rest.stderr).toBe('');
    expect(rest.code).toBe(0);
    expect(jsonLines(rest).at(-1)).toMatchObject({ digest: expected?.['digest'], steps: 400 });
    expect(resultOf(killed)).toEqual(resultOf(join(folder, 'whole')));
    expect(metricsOf(killed)).toEqual(metricsOf(join(folder, 'whole')));
  });

  it('stops on Ctrl-C with a checkpoint and prints how to resume', async () => {
    const child = startCli(['train', config, '--out', 'stopped'], { cwd: folder });
    const end = ended(child);
    while (sizeOf(join(folder, 'stopped', 'metrics.jsonl')) === 0 && child.exitCode === null) await sleep(1);
    child.kill('SIGINT');
    const stopped = await end;
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toMatch(
      /stopped at step \d+ with a checkpoint; continue with: fewbit train --resume --out stopped\n$/,
    );
    const step = Number(/at step (\d+)/.exec(stopped.stderr)?.[1]);

    const rest = await cli(['train', '--resume', '--out', 'stopped', '--quiet'], { cwd: folder });
    expect(rest.code).toBe(0);
    expect(resultOf(join(folder, 'stopped'))).toEqual(resultOf(join(folder, 'whole')));
    // One interval may be split in two at the step of the interruption; none is lost or there twice.
    const steps = readFileSync(join(folder, 'stopped', 'metrics.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string; from: number; step: number })
      .filter(({ event }) => event === 'interval');
    expect(steps.some((line) => line.step === step)).toBe(true);
    let at = 0;
    for (const line of steps) {
      expect(line.from).toBe(at);
      at = line.step;
    }
    expect(at).toBe(400);
  });
});

/** Trains runs again from their recorded configurations, and compares. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import type { RunResult } from '../../src/experiment/index.js';
import { cli } from './support.js';

/** result.json without the speed, which no two runs share. */
export function resultOf(run: string): Omit<RunResult, 'stepsPerSecond'> {
  const json = readFileSync(join(run, 'result.json'), 'utf8');
  const { stepsPerSecond: _speed, ...result } = JSON.parse(json) as RunResult;
  return result;
}

/** All finished runs below a folder of `cwd`. */
export function runsBelow(cwd: string, path: string): string[] {
  const files = readdirSync(join(cwd, path), { recursive: true, encoding: 'utf8' });
  return files.filter((file) => file.endsWith('result.json')).map((file) => join(path, dirname(file)));
}

/** `fewbit train <run>/config.json` gives the result of each run, bit for bit. */
export async function expectRepeatable(cwd: string, runs: readonly string[]): Promise<void> {
  for (const run of runs) {
    const again = `again-${run.replace(/\W/g, '-')}`;
    const { code, stderr } = await cli(['train', join(run, 'config.json'), '--out', again, '--quiet'], {
      cwd,
    });
    expect({ run, code, stderr }).toEqual({ run, code: 0, stderr: '' });
    expect(resultOf(join(cwd, again))).toEqual(resultOf(join(cwd, run)));
  }
}

/** Folders of sweeps as tests look at them, and sweeps that are refused. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { summarizeRuns } from '../../src/experiment/store/index.js';
import { cli } from './support.js';

/** Digest by run of a sweep that is done. */
export function sweepDigests(sweep: string): Record<string, unknown> {
  const runs = readdirSync(sweep).filter((name) => existsSync(join(sweep, name, 'result.json')));
  return Object.fromEntries(
    runs.map((name) => [name, JSON.parse(readFileSync(join(sweep, name, 'result.json'), 'utf8')).digest]),
  );
}

/** State by run. */
export function sweepStates(sweep: string): Record<string, string> {
  return Object.fromEntries(
    summarizeRuns(sweep).map(({ path, state }) => [path.slice(sweep.length + 1), state]),
  );
}

/** A test that a sweep in the folder is refused in one line, and that nothing is written. */
export function refusesIn(folder: string): (args: readonly string[], message: string) => Promise<void> {
  return async (args, message) => {
    const before = readdirSync(folder);
    const env = { PATH: join(folder, 'nowhere') };
    const { code, stdout, stderr } = await cli(['sweep', ...args], { cwd: folder, env });
    expect(stderr).toContain(`error: ${message}`);
    expect(stderr.split('\n')).toHaveLength(2);
    expect([code, stdout]).toEqual([2, '']);
    expect(readdirSync(folder)).toEqual(before);
  };
}

/** The benchmark's command, run as a person would. */
import { spawnSync } from 'node:child_process';
import { ROOT } from '../house/sources.js';

/** Runs it and waits for its end. */
export function bench(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ['bench/main.mjs', ...args], { cwd: ROOT, encoding: 'utf8' });
}

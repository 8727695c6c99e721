/**
 * Writes that the system cuts short or refuses: a full disk, a disk that fails. Whole lines and whole files, or an error
 * that names the file.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { executeRun } from '../../src/experiment/index.js';
import { openStoredRun, readMetrics, RunFolder } from '../../src/experiment/store/index.js';
import { CONFIGURATION, DATA, intervalLine, temporaryFolder } from './support.js';

/** What the next system calls do: null lets them work. */
const faults = vi.hoisted(() => ({
  write: null as ((size: number) => number) | null,
  sync: null as (() => void) | null,
}));

vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>();
  const writeSync = (handle: number, bytes: Uint8Array, offset: number, length: number): number =>
    real.writeSync(handle, bytes, offset, faults.write === null ? length : faults.write(length));
  const fsyncSync = (handle: number): void => {
    faults.sync?.();
    real.fsyncSync(handle);
  };
  return { ...real, writeSync, fsyncSync };
});

function refusal(code: string, syscall: string): Error {
  return Object.assign(new Error(`${code}: ${syscall}`), { code, syscall });
}

const root = temporaryFolder();
let count = 0;
const fresh = (): string => join(root, `run-${++count}`);
const LINES = [intervalLine(0, 2), intervalLine(2, 4)];

afterEach(() => {
  faults.write = null;
  faults.sync = null;
});

describe('a write', () => {
  it('that is cut short is continued', async () => {
    faults.write = (size) => Math.ceil(size / 3);
    const path = fresh();
    const folder = RunFolder.create(path, CONFIGURATION);
    await executeRun(folder, CONFIGURATION, null, { data: DATA, now: () => 0 });
    folder.close();
    expect(openStoredRun(path).result).toMatchObject({ steps: 8 });
  });

  it.each(['ENOSPC', 'EIO'])('that ends with %s leaves whole lines, and names the file', (code) => {
    const path = fresh();
    const folder = RunFolder.create(path, {});
    folder.appendMetrics(LINES[0]!);
    let calls = 0;
    faults.write = (size) => {
      if (calls++ > 0) throw refusal(code, 'write');
      return size - 5;
    };
    const file = join(path, 'metrics.jsonl');
    expect(() => folder.appendMetrics(LINES[1]!)).toThrow(expect.objectContaining({ code, path: file }));
    expect(readMetrics(path)).toEqual([LINES[0]]);
    expect(fs.readFileSync(file, 'utf8').endsWith('}\n')).toBe(true);
    // There is space again.
    faults.write = null;
    folder.appendMetrics(LINES[1]!);
    folder.close();
    expect(readMetrics(path)).toEqual(LINES);
  });

  it.each(['write', 'fsync'])(
    'of a checkpoint that ends with an error at %s leaves the old one',
    (syscall) => {
      const path = fresh();
      const folder = RunFolder.create(path, {});
      folder.writeCheckpoint(new Uint8Array(9).fill(1));
      const fail = (): never => {
        throw refusal('EIO', syscall);
      };
      if (syscall === 'write') faults.write = fail;
      else faults.sync = fail;
      const file = join(path, 'checkpoint.safetensors');
      expect(() => folder.writeCheckpoint(new Uint8Array(9).fill(2))).toThrow(
        expect.objectContaining({ code: 'EIO', path: file }),
      );
      folder.close();
      expect([...fs.readFileSync(file)]).toEqual(Array<number>(9).fill(1));
      expect(fs.readdirSync(path).sort()).toEqual(['checkpoint.safetensors', 'config.json']);
    },
  );
});

/** The run folder: whole files, lines that a checkpoint covers, and one process at a time. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readMetrics, RunFolder } from '../../src/experiment/store/index.js';
import { intervalLine, temporaryFolder } from './support.js';

const root = temporaryFolder();
let count = 0;
const fresh = (): string => join(root, `run-${++count}`);
const LINES = [intervalLine(0, 2), intervalLine(2, 4), intervalLine(4, 6)];

function withLines(): string {
  const path = fresh();
  const folder = RunFolder.create(path, {});
  for (const line of LINES) folder.appendMetrics(line);
  folder.close();
  return path;
}

function rewound(path: string, step: number): unknown {
  const folder = RunFolder.resume(path);
  try {
    return folder.rewindMetrics(step);
  } finally {
    folder.close();
  }
}

describe('metrics', () => {
  it.each([
    [0, 0],
    [1, 0],
    [2, 1],
    [5, 2],
    [6, 3],
    [99, 3],
  ])('rewound to step %i keep %i lines', (step, kept) => {
    const path = withLines();
    expect(rewound(path, step)).toEqual(LINES.slice(0, kept));
    expect(readMetrics(path)).toEqual(LINES.slice(0, kept));
  });

  it('lose a last line that was cut short', () => {
    const path = withLines();
    writeFileSync(join(path, 'metrics.jsonl'), '{"event":"interval","st', { flag: 'a' });
    expect(readMetrics(path)).toEqual(LINES);
    expect(rewound(path, 6)).toEqual(LINES);
    expect(readFileSync(join(path, 'metrics.jsonl'), 'utf8').endsWith('}\n')).toBe(true);
  });

  it('may be damaged after the checkpoint, not before it', () => {
    const path = withLines();
    const file = join(path, 'metrics.jsonl');
    writeFileSync(file, '\0\0\0\n', { flag: 'a' });
    const message = `${file}: line 4 is no metrics line; restore the file, or start the run again in another folder`;
    const damaged = readFileSync(file);
    expect(() => rewound(path, 8)).toThrow(message);
    expect(readFileSync(file)).toEqual(damaged);
    expect(rewound(path, 6)).toEqual(LINES);
  });
});

describe('a folder', () => {
  it('is made with its parents, and is removed if nothing has happened in it', () => {
    const path = join(fresh(), 'a', 'b');
    RunFolder.create(path, { a: 1 }).discard();
    expect(existsSync(path)).toBe(false);
    const folder = RunFolder.create(path, { a: 1 });
    folder.appendMetrics(intervalLine(0, 1));
    folder.discard();
    expect(readdirSync(path).sort()).toEqual(['config.json', 'metrics.jsonl']);
  });

  it('replaces a checkpoint whole', () => {
    const path = fresh();
    const folder = RunFolder.create(path, {});
    for (const byte of [1, 2]) {
      folder.writeCheckpoint(new Uint8Array(10).fill(byte));
      expect([...readFileSync(join(path, 'checkpoint.safetensors'))]).toEqual(Array<number>(10).fill(byte));
      expect(readdirSync(path).sort()).toEqual(['checkpoint.safetensors', 'config.json', 'lock']);
    }
    folder.close();
    expect(existsSync(join(path, 'lock'))).toBe(false);
  });

  it('is not made over a run, other files, or a file', () => {
    const run = withLines();
    expect(() => RunFolder.create(run, {})).toThrow(`run folder ${run}: holds a run already; `);
    const other = fresh();
    mkdirSync(other);
    writeFileSync(join(other, 'notes.txt'), '');
    expect(() => RunFolder.create(other, {})).toThrow(
      `run folder ${other}: must be new or empty, but holds notes.txt; `,
    );
    const file = join(other, 'notes.txt');
    expect(() => RunFolder.create(join(file, 'run'), {})).toThrow(`${file} is not a folder`);
    expect(readdirSync(other)).toEqual(['notes.txt']);
  });

  it('cannot be resumed without a run', () => {
    const path = fresh();
    expect(() => RunFolder.resume(path)).toThrow(`run folder ${path}: holds no run (no config.json); `);
  });
});

describe('the lock', () => {
  it('keeps a second run out, also in the same process', () => {
    const path = withLines();
    const folder = RunFolder.resume(path);
    expect(() => RunFolder.resume(path)).toThrow(
      `run folder ${path}: in use by process ${process.pid}; wait for it, or remove ${join(path, 'lock')} if it is gone`,
    );
    folder.close();
    RunFolder.resume(path).close();
  });

  it.each([
    ['a process that has ended', () => ({ pid: endedProcess(), host: hostname(), started: null })],
    [
      'a process whose number another one has now',
      () => ({ pid: process.pid, host: hostname(), started: '1' }),
    ],
    ['no process, because it is not a lock', () => 'x'],
  ])('of %s is taken over', (_, holder) => {
    const path = withLines();
    writeFileSync(join(path, 'lock'), JSON.stringify(holder()));
    RunFolder.resume(path).close();
    expect(readdirSync(path).sort()).toEqual(['config.json', 'metrics.jsonl']);
  });

  it('of another machine is left to the user', () => {
    const path = withLines();
    writeFileSync(join(path, 'lock'), JSON.stringify({ pid: 1, host: 'elsewhere', started: null }));
    expect(() => RunFolder.resume(path)).toThrow(`run folder ${path}: in use by process 1 on elsewhere; `);
    expect(existsSync(join(path, 'lock'))).toBe(true);
  });
});

function endedProcess(): number {
  return spawnSync(process.execPath, ['-e', '']).pid;
}

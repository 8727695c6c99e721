/** The run folder: whole files, lines that a checkpoint covers, and one process at a time. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readMetrics, RunFolder } from '../../src/experiment/store/index.js';
import type { RunSeal } from '../../src/experiment/index.js';
import { intervalLine, temporaryFolder } from './support.js';

const root = temporaryFolder();
let count = 0;
const fresh = (): string => join(root, `run-${++count}`);
const LINES = [intervalLine(0, 2), intervalLine(2, 4), intervalLine(4, 6)];

/** A folder with all lines, and the seal of a checkpoint after each of them. */
function sealed(): { path: string; seals: RunSeal[] } {
  const path = fresh();
  const folder = RunFolder.create(path, {});
  const seals = [folder.seal()!];
  for (const line of LINES) {
    folder.appendMetrics(line);
    seals.push(folder.seal()!);
  }
  folder.close();
  return { path, seals };
}

function withLines(): string {
  return sealed().path;
}

/** A folder as versions without digests wrote it. */
function old(): string {
  const path = fresh();
  mkdirSync(path);
  writeFileSync(join(path, 'config.json'), '{}');
  writeFileSync(join(path, 'metrics.jsonl'), LINES.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return path;
}

function rewound(path: string, step: number, seal: RunSeal | null = null): unknown {
  const folder = RunFolder.resume(path);
  try {
    return folder.rewindMetrics(step, 0, seal);
  } finally {
    folder.close();
  }
}

describe('metrics', () => {
  it.each([0, 1, 2, 3])('are rewound to the %i lines of the checkpoint', (kept) => {
    const { path, seals } = sealed();
    expect(rewound(path, 2 * kept, seals[kept])).toEqual(LINES.slice(0, kept));
    expect(readMetrics(path)).toEqual(LINES.slice(0, kept));
  });

  it('continue as one chain', () => {
    const { path, seals } = sealed();
    const folder = RunFolder.resume(path);
    folder.rewindMetrics(2, 0, seals[1]);
    // Another time changes no digest.
    folder.appendMetrics({ ...LINES[1]!, seconds: 7 });
    expect(folder.seal()).toEqual(seals[2]);
    folder.appendMetrics({ ...LINES[2]!, correct: 1 });
    expect(folder.seal()?.metrics.chain).not.toBe(seals[3]?.metrics.chain);
    folder.close();
    expect(readMetrics(path)).toHaveLength(3);
  });

  it.each([
    [2, 1],
    [4, 2],
    [6, 3],
  ])('of an earlier version, rewound to step %i, keep %i lines', (step, kept) => {
    const path = old();
    expect(rewound(path, step)).toEqual(LINES.slice(0, kept));
    expect(readMetrics(path)).toEqual(LINES.slice(0, kept));
    const folder = RunFolder.resume(path);
    folder.rewindMetrics(step, 0, null);
    expect(folder.seal()).toBeNull();
    folder.close();
  });

  it.each([1, 5, 99])('of an earlier version must reach step %i of the checkpoint', (step) => {
    expect(() => rewound(old(), step)).toThrow(
      /metrics\.jsonl: has 0 epochs and ends at step \d, but checkpoint\.safetensors is of epoch 0 and step \d+; restore the file, or start the run again in another folder$/,
    );
  });

  it('lose a last line that was cut short', () => {
    const { path, seals } = sealed();
    writeFileSync(join(path, 'metrics.jsonl'), '{"event":"interval","st', { flag: 'a' });
    expect(readMetrics(path)).toEqual(LINES);
    expect(rewound(path, 6, seals[3])).toEqual(LINES);
    expect(readFileSync(join(path, 'metrics.jsonl'), 'utf8').endsWith('}\n')).toBe(true);
  });

  it('may be damaged after the checkpoint, not before it', () => {
    const { path, seals } = sealed();
    const file = join(path, 'metrics.jsonl');
    writeFileSync(file, '\0\0\0\n', { flag: 'a' });
    const damaged = readFileSync(file);
    const more = { ...seals[3]!, metrics: { ...seals[3]!.metrics, lines: 4 } };
    expect(() => rewound(path, 8, more)).toThrow(
      `${file}: line 4 is no metrics line (not JSON); restore the file, or start the run again in another folder`,
    );
    expect(readFileSync(file)).toEqual(damaged);
    expect(rewound(path, 6, seals[3])).toEqual(LINES);
  });

  it('are refused without the checkpoint that they had', () => {
    const path = withLines();
    expect(() => rewound(path, 0)).toThrow(
      `${join(path, 'checkpoint.safetensors')}: is missing, but the run has begun to train (metrics.jsonl has 3 lines); `,
    );
    expect(readMetrics(path)).toEqual(LINES);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['text for a number', { correct: '1' }, 'correct: Invalid input: expected number, received string'],
    [
      'a missing field',
      { seconds: undefined },
      'seconds: Invalid input: expected number, received undefined',
    ],
    [
      'a number that is not finite',
      { lossSum: Infinity },
      'lossSum: Invalid input: expected number, received Infinity',
    ],
    ['a negative count', { examples: -1 }, 'examples: Too small: expected number to be >=1'],
    ['more correct examples than examples', { correct: 99 }, 'its counts contradict each other'],
    ['a gap', { from: 3 }, 'begins at step 3, the lines before it end at 2'],
  ])('with %s are refused', (_, change, message) => {
    const path = old();
    const line = JSON.stringify({ ...LINES[1], ...change }).replace('"lossSum":null', '"lossSum":1e999');
    writeFileSync(join(path, 'metrics.jsonl'), `${JSON.stringify(LINES[0])}\n${line}\n`);
    expect(() => readMetrics(path)).toThrow('metrics.jsonl: line 2 ');
    expect(() => readMetrics(path)).toThrow(message);
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

/**
 * The benchmark's arithmetic and its command: statistics over rounds, taking turns, tables as Prettier leaves them, the
 * document's marks, and bad input. No test asserts a speed.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check } from 'prettier';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isPastStretches, placesIn } from '../../bench/divergence.mjs';
import { filled } from '../../bench/document.mjs';
import { measure } from '../../bench/measure.mjs';
import { blasNote, torchProcesses } from '../../bench/peers/contenders.mjs';
import { partText } from '../../bench/report.mjs';
import {
  inverse,
  median,
  numberText,
  quotients,
  rangeText,
  ratio,
  summary,
} from '../../bench/statistics.mjs';
import { ROOT } from '../house/sources.js';
import { bench } from './command.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fewbit-bench-test-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('statistics', () => {
  test('the median is the middle, or the mean of the two in the middle; the order does not matter', () => {
    expect(median([3])).toBe(3);
    expect(median([10, 2, 3])).toBe(3);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([9, 10, 100])).toBe(10);
  });

  test('a summary has median and extremes of the rounds that were measured', () => {
    expect(summary([4, undefined, 2, 8])).toEqual({ median: 4, low: 2, high: 8 });
    expect(summary([undefined])).toBeNull();
    expect(inverse([4, undefined, 2])).toEqual([0.25, undefined, 0.5]);
  });

  test('a ratio is taken round by round, in rounds that measured both', () => {
    // Rounds of 2, 3 and 4 times; the medians' ratio would be 8 / 4 = 2.
    expect(ratio([8, 30, 4, 5], [4, 10, 1, undefined])).toEqual({ median: 3, low: 2, high: 4 });
    expect(ratio([1], [undefined])).toBeNull();
    expect(quotients([8, 30, 5, undefined], [4, 10, undefined, 2])).toEqual([2, 3, undefined, undefined]);
  });

  test('numbers have three digits and no exponent', () => {
    expect([0, 1234567, 123.4, 43.21, 1.239, 0.12345].map(numberText)).toEqual([
      ...['0', '1234567', '123', '43.2', '1.24', '0.123'],
    ]);
    expect(rangeText({ median: 2, low: 1.5, high: 2.5 })).toBe('2.00 (1.50 to 2.50)');
    expect(rangeText(null)).toBe('-');
  });
});

test('contenders take turns, none always behind the same; a slow one sits rounds out', async () => {
  const calls: string[] = [];
  const contender = (name: string, seconds: number) => ({
    name,
    run: (count: number) => {
      calls.push(name);
      return Promise.resolve(seconds * count);
    },
  });
  const pace = { rounds: 3, roundMs: 1000, warmMs: 0, slowRounds: 1 };
  const progress = { show: () => undefined, end: () => undefined };
  const contenders = [contender('a', 0.25), contender('b', 0.5), contender('slow', 4)];
  const times = await measure('test', contenders, { pace, progress });
  expect(Object.fromEntries(times)).toEqual({
    a: [0.25, 0.25, 0.25],
    b: [0.5, 0.5, 0.5],
    slow: [4, undefined, undefined],
  });
  expect(calls.slice(3).join(' ')).toBe('a b slow b a a b');
});

describe('where <2,14> is measured', () => {
  const share = (flush: number, full = 0): { flush: number; full: number } => ({ flush, full });

  test('most sums in stretches and hardly any in digits, over the steps after the first; and further on', () => {
    // Step 4 to 6 flush most of those with few digits; of steps 5 to 7 more than 2 % are made in digits.
    const shares = [...[0.9, 0, 0, 0.1, 0.5, 0.6, 0.6].map((flush) => share(flush)), share(0.7, 0.07)];
    expect(placesIn(shares)).toEqual({ fitting: 0, stretches: 3, diverging: 43 });
    // Of places that are alike the first.
    expect(placesIn(Array.from({ length: 9 }, () => share(0.5))).stretches).toBe(0);
  });

  test('sums fit at the last place before where nearly none need either', () => {
    const shares = [
      ...[0.2, 0, 0, 0, 0, 0.0005, 0, 0, 0.3, 0.6, 0.6, 0.6].map((flush) => share(flush)),
      share(0, 0),
    ];
    expect(placesIn(shares)).toMatchObject({ fitting: 4, stretches: 8 });
  });

  test('the search ends at a tenth made in digits', () => {
    expect([share(0.9, 0.1), share(0.1, 0.11)].map(isPastStretches)).toEqual([false, true]);
  });
});

describe('torch', () => {
  test('runs on each number of threads, on several with threads that spin and with threads that sleep', () => {
    expect(torchProcesses([1, 2], false)).toMatchObject([
      { threads: 1, kind: 'float32', suffix: '', env: {} },
      { threads: 2, kind: 'float32', suffix: '', env: {} },
      { threads: 2, suffix: ', sleeping threads', env: { OMP_WAIT_POLICY: 'passive' } },
    ]);
  });

  test('runs once more as on processors without AVX-512 if it is available', () => {
    const processes = torchProcesses([1, 2], true);
    expect(processes.slice(0, 3)).toEqual(torchProcesses([1, 2], false));
    expect(processes.slice(3)).toMatchObject([
      { threads: 1, kind: 'float32, AVX2', suffix: ', AVX2', env: { OPENBLAS_CORETYPE: 'Haswell' } },
      { threads: 2, suffix: ', AVX2' },
      { suffix: ', AVX2, sleeping threads', env: { ONEDNN_MAX_CPU_ISA: 'AVX2', OMP_WAIT_POLICY: 'passive' } },
    ]);
  });

  test('gets advice for its products, if anything helps', () => {
    expect(blasNote('/lib/libblas.so.3')).toContain('many times slower than OpenBLAS');
    expect(blasNote('OpenBLAS 0.3.21 DYNAMIC_ARCH Cooperlake')).toContain(
      'has threads beside those of torch',
    );
    expect(blasNote('OpenBLAS 0.3.21 DYNAMIC_ARCH USE_OPENMP Cooperlake')).toBeNull();
    expect(blasNote('/opt/libmkl_rt.so.2')).toBeNull();
  });
});

test('a report is as Prettier leaves it', async () => {
  const table = { title: 'Speed', head: ['what', 'ms'], rows: [['a `<2,14>` b', '1.00 (0.900 to 1.10)']] };
  const aims = [{ what: 'dnn', wanted: '>= 1x', got: '-' }];
  const text = partText('steps', { tables: [table], aims }, { date: '2025-01-01', lines: ['a machine'] });
  expect(text).toContain('| a `<2,14>` b | 1.00 (0.900 to 1.10) |');
  expect(await check(text, { parser: 'markdown', printWidth: 110 })).toBe(true);
});

test("a document's marks are filled, those without results left alone", () => {
  const block = (part: string, text: string): string =>
    `<!-- bench: ${part} -->\n\n${text}\n\n<!-- bench: end -->`;
  const document = `# A\n\n${block('steps', 'old')}\n\nB\n\n${block('peers', 'old')}\n`;
  expect(filled(document, (part: string) => (part === 'steps' ? 'new $1\n' : undefined))).toBe(
    `# A\n\n${block('steps', 'new $1')}\n\nB\n\n${block('peers', 'old')}\n`,
  );
});

test('docs/performance.md has a place for every part', () => {
  const parts: string[] = [];
  filled(readFileSync(join(ROOT, 'docs/performance.md'), 'utf8'), (part: string) => void parts.push(part));
  expect(parts).toEqual(['kernels', 'steps', 'peers', 'scaling']);
});

describe('the command', () => {
  test('has help that names parts and examples', () => {
    const { status, stdout } = bench('--help');
    expect(status).toBe(0);
    for (const word of ['kernels', 'steps', 'peers', 'scaling', 'npm run bench -- --quick']) {
      expect(stdout).toContain(word);
    }
  });

  test('refuses what it does not know, with exit code 2', () => {
    expect(bench('--only', 'kernels,gpu')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('choose from kernels, steps, peers, scaling, got "gpu"'),
    });
    expect(bench('--rounds', '0')).toMatchObject({ status: 2, stderr: expect.stringContaining('got "0"') });
    expect(bench('--document', folder)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--document needs a folder with results'),
    });
  });

  test('writes over nothing', () => {
    const path = join(folder, 'kernels.json');
    writeFileSync(path, 'kept');
    const { status, stderr } = bench('--only', 'kernels', '--out', folder);
    expect([status, stderr]).toEqual([2, expect.stringContaining("a part's results are written once")]);
    expect(readFileSync(path, 'utf8')).toBe('kept');
  });
});

/**
 * The schedule's recurrence and the quick sums against the array simulated PE by PE: the same cycles, stalls, bytes and
 * results on shapes that stall for every reason, and for several at once.
 */
import { describe, expect, test } from 'vitest';
import {
  arrayConfig,
  computeProduct,
  layoutOf,
  PeArray,
  schedule,
  simulateProduct,
  type ArrayConfig,
  type Slice,
} from '../../src/hardware/index.js';
import type { Converter } from '../../src/numerics/index.js';
import { generator } from '../contract/data.js';
import { jobOf, matmulOf, type ProductOptions } from './support.js';

interface Shape extends ProductOptions {
  readonly config: ArrayConfig;
}

const LHS = ['<4,12>', '<2,6>', '<4,16>', '<8,12>'];
const ROUNDINGS = ['stochastic', 'nearest-even', 'floor', 'stochastic:8'];

/** 400 shapes, drawn once and for all: arrays of 1 to 6 rows and columns, buffers from two slices to whole products. */
function drawnShapes(): Shape[] {
  const random = generator('hardware/simulation');
  const upTo = (n: number): number => 1 + (random() % n);
  return Array.from({ length: 400 }, (_, i) => {
    const [rows, cols] = [upTo(6), upTo(6)];
    const [m, k, n] = [upTo(17), upTo(i % 3 === 0 ? 3 : 24), upTo(17)];
    const buffer = (words: number): number => 2 * words * 4 * upTo([1, 3, 2 * k, 4 * k][random() % 4]!);
    const config = arrayConfig({
      rows,
      cols,
      // The narrow ones wrap.
      accumulatorBits: [48, 40, 33, 32, 27, 20, 64][random() % 7]!,
      lhsBufferBytes: buffer(rows),
      rhsBufferBytes: buffer(cols),
      bandwidth: [1, 2, 3, 7, 16, 40, 1000, Infinity][random() % 8]!,
    });
    const operands = { lhs: LHS[random() % 4]!, rhs: LHS[random() % 4]!, rounding: ROUNDINGS[random() % 4]! };
    const style = i % 4 === 0 ? 'small' : 'full';
    return { config, m, k, n, ...operands, style, bias: random() % 2 === 0 ? null : '<4,12>' };
  });
}

const few = { lhsBufferBytes: 65536, rhsBufferBytes: 65536, bandwidth: 64 };
const chosen: Shape[] = [
  { config: arrayConfig({ rows: 1, cols: 1 }), m: 1, k: 1, n: 1 },
  { config: arrayConfig({ rows: 3, cols: 4, ...few }), m: 1, k: 1, n: 1 },
  { config: arrayConfig({ rows: 3, cols: 4, ...few }), m: 9, k: 1, n: 13 },
  // K one below, at and above the 2 C - 1 cycles that results take.
  ...[6, 7, 8].map((k) => ({ config: arrayConfig({ rows: 3, cols: 4, ...few }), m: 9, k, n: 12 })),
  { config: arrayConfig({ rows: 1, cols: 7, ...few }), m: 5, k: 12, n: 15 },
  { config: arrayConfig({ rows: 7, cols: 1, ...few }), m: 15, k: 12, n: 5 },
  // Results that memory takes more slowly than the array gives them.
  { config: arrayConfig({ rows: 4, cols: 4, ...few, bandwidth: 3 }), m: 12, k: 2, n: 12 },
  // Macro rows of one, two and three block rows, the last one short.
  ...[1, 2, 3].map((p) => ({
    config: arrayConfig({
      rows: 2,
      cols: 3,
      lhsBufferBytes: 2 * p * 2 * 5 * 2,
      rhsBufferBytes: 2 * 3 * 5 * 2,
      bandwidth: 4,
    }),
    ...{ m: 13, k: 5, n: 10 },
  })),
  // One slice at a time.
  {
    config: arrayConfig({ rows: 3, cols: 2, lhsBufferBytes: 12, rhsBufferBytes: 8, bandwidth: 5 }),
    ...{ m: 7, k: 9, n: 5 },
  },
];

function counters({ elements, saturatedHigh, saturatedLow, flushed, maxMagnitude }: Converter): number[] {
  return [elements, saturatedHigh, saturatedLow, flushed, maxMagnitude];
}

const shapes = [...chosen, ...drawnShapes()];

describe('PE by PE = recurrence and quick sums', () => {
  test.each(shapes.map((shape, i) => [i, shape] as const))('shape %i', (i, { config, ...options }) => {
    const matmul = matmulOf(options);
    const source = i % 2 === 0 ? 'lfsr' : 'philox';
    const slow = jobOf(config, matmul, source);
    const quick = jobOf(config, matmul, source);
    const simulated = simulateProduct(slow);
    computeProduct(quick);
    expect(simulated).toEqual(schedule(config, matmul.product));
    expect(slow.out).toEqual(quick.out);
    expect(counters(slow.converter)).toEqual(counters(quick.converter));
    const { fill, drain, read, write, flush } = simulated.stalls;
    expect(simulated.slices + fill + drain + read + write + flush).toBe(simulated.cycles);
  });

  test('the shapes stall for every reason, stream and stay, reuse and reload', () => {
    const seen = shapes.map(({ config, ...options }) => {
      const { product } = matmulOf(options);
      return { layout: layoutOf(config, product), stalls: schedule(config, product).stalls };
    });
    const count = (of: (one: (typeof seen)[number]) => boolean): number => seen.filter(of).length;
    expect(count(({ stalls }) => stalls.drain > 0)).toBeGreaterThan(100);
    expect(count(({ stalls }) => stalls.read > 0)).toBeGreaterThan(100);
    expect(count(({ stalls }) => stalls.write > 0)).toBeGreaterThan(100);
    expect(count(({ stalls }) => stalls.fill === 0)).toBeGreaterThan(20);
    expect(count(({ stalls: { drain, read, write } }) => drain > 0 && read > 0 && write > 0)).toBeGreaterThan(
      20,
    );
    expect(count(({ layout }) => layout.macroRows === 0)).toBeGreaterThan(50);
    expect(
      count(({ layout }) => layout.macroRows > 1 && layout.blockRows > layout.macroRows),
    ).toBeGreaterThan(10);
    expect(count(({ layout }) => layout.macroRows > 0 && !layout.rhsResident)).toBeGreaterThan(20);
    expect(count(({ layout }) => layout.macroRows > 0 && layout.rhsResident)).toBeGreaterThan(50);
  });
});

describe('the drain chain', () => {
  /** Two blocks of one slice each, their slices `spacing` cycles apart; the columns in the order in which row 0 gives them. */
  function columnsLeaving(cols: number, spacing: number): number[] {
    const array = new PeArray({ rows: 2, cols, accumulatorBits: 48 });
    const slice: Slice = {
      lhs: Int32Array.of(1, 1),
      rhs: Int32Array.from({ length: cols }, (_, j) => j),
      first: true,
      last: true,
    };
    const columns: number[] = [];
    for (let cycle = 0; cycle < 8 * cols; cycle++) {
      const sum = array.leaving(0);
      if (sum !== null) columns.push(sum.toNumber());
      array.step(cycle === 0 || cycle === spacing ? slice : null);
    }
    return columns;
  }

  const MET = /two results met in column \d+ of the drain chain/;

  test.each([1, 2, 3, 4, 7])(
    'of %i columns keeps blocks apart that end 2 C - 1 cycles apart, or more',
    (cols) => {
      const inOrder = Array.from({ length: cols }, (_, j) => j);
      for (const spacing of [2 * cols - 1, 2 * cols, 2 * cols + 1]) {
        expect(columnsLeaving(cols, spacing)).toEqual([...inOrder, ...inOrder]);
      }
    },
  );

  test.each([2, 3, 4, 7])('of %i columns mixes them below that', (cols) => {
    const inOrder = Array.from({ length: cols }, (_, j) => j);
    expect(() => columnsLeaving(cols, 2 * cols - 2)).toThrow(MET);
    for (let spacing = 1; spacing < 2 * cols - 1; spacing++) {
      // An even distance brings two results to one register, an odd one puts them out of order.
      if (spacing % 2 === 0) expect(() => columnsLeaving(cols, spacing)).toThrow(MET);
      else expect(columnsLeaving(cols, spacing)).not.toEqual([...inOrder, ...inOrder]);
    }
  });
});

test('a buffer that holds no slice is refused', () => {
  const { product } = matmulOf({ m: 4, k: 4, n: 4 });
  expect(() => schedule(arrayConfig({ rows: 4, cols: 4, rhsBufferBytes: 12 }), product)).toThrow(
    'array: half of rhsBufferBytes must hold a slice of 8 bytes, got 12; make the buffer larger or the array smaller',
  );
});

/** Energies of operations: the published numbers, the rules between them, and one product added up by hand. */
import { describe, expect, test } from 'vitest';
import {
  addPj,
  arrayConfig,
  dramPj,
  FLOAT32_MAC_PJ,
  HOROWITZ_45NM,
  lfsrPj,
  multiplyPj,
  productEnergy,
  roundingPj,
  schedule,
  singleWorkload,
  sramPj,
  totalPj,
} from '../../src/hardware/index.js';
import { parseRounding, ROUNDING_MODES } from '../../src/numerics/index.js';

describe('operations', () => {
  test('have the published energies, if any', () => {
    expect(multiplyPj(32, 32)).toBe(3.1);
    expect(addPj(32)).toBe(0.1);
    for (const [bytes, pj] of HOROWITZ_45NM.sram64.slice(0, 2)) expect(sramPj(64, bytes)).toBe(pj);
    expect(dramPj(8)).toBe((1300 + 2600) / 2);
    expect(FLOAT32_MAC_PJ).toBe(3.7 + 0.9);
  });

  test('come near the published ones that the rules do not start from', () => {
    expect(multiplyPj(8, 8) / HOROWITZ_45NM.multiply8).toBe(0.96875);
    expect(addPj(8) / HOROWITZ_45NM.add8).toBeCloseTo(0.8333, 4);
    const [bytes, pj] = HOROWITZ_45NM.sram64[2];
    expect(sramPj(64, bytes) / pj).toBeCloseTo(1.1314, 4);
  });

  test('grow with the square of the width, with the width, and with the square root of a memory', () => {
    expect(multiplyPj(16, 16)).toBe(3.1 / 4);
    expect(multiplyPj(8, 16)).toBe(3.1 / 8);
    expect(addPj(48)).toBeCloseTo(0.15, 12);
    expect(sramPj(16, 32768)).toBe(5);
    // Below the smallest memory of the table there is no smaller energy.
    expect(sramPj(64, 1)).toBe(10);
  });
});

describe('the rounding unit', () => {
  const array = { accumulatorBits: 48, lfsrBits: 16 } as const;
  const unit = (mode: string, lfsrBits: 8 | 16 | 32 = 16) =>
    roundingPj({ ...array, lfsrBits }, { outBits: 16, rounding: parseRounding(mode) });

  test('needs an adder more for all modes but floor, and a shift register for the stochastic one', () => {
    for (const mode of ROUNDING_MODES) {
      const extra = (mode === 'floor' ? 0 : addPj(48)) + (mode === 'stochastic' ? lfsrPj(16) : 0);
      expect(unit(mode), mode).toBeCloseTo(unit('floor') + extra, 12);
    }
    expect(lfsrPj(16)).toBeCloseTo((16 + 3 * 16) * 0.003125, 12);
    expect(unit('stochastic', 32) - unit('stochastic', 8)).toBeCloseTo(lfsrPj(32) - lfsrPj(8), 12);
    // Two shifters of 48 x 6 multiplexers, one adder, 48 + 16 gates that saturate.
    expect(unit('floor')).toBeCloseTo((2 * 48 * 6 + 48 + 48 + 16) * 0.003125, 12);
  });
});

test('a product of 2 x 3 x 2 on 2 x 2 PEs, added up by hand', () => {
  // A bank of 8 KB for each row and column.
  const buffers = { lhsBufferBytes: 16384, rhsBufferBytes: 16384 };
  const config = arrayConfig({ rows: 2, cols: 2, accumulatorBits: 16, lfsrBits: 8, ...buffers });
  const workload = singleWorkload({ m: 2, k: 3, n: 2 }, 16, parseRounding('stochastic'));
  const energy = productEnergy(config, workload, schedule(config, workload));
  const gate = 0.1 / 32;
  expect(energy.multiply).toBeCloseTo(12 * 0.775, 9);
  expect(energy.accumulate).toBeCloseTo(12 * 0.05, 9);
  // Three slices through 4 PEs of 3 x 16 bits and two skew registers; 2 rows of 1 + 2 drain moves, 2 results re-aligned.
  expect(energy.registers).toBeCloseTo((3 * (4 * 48 + 2 * 16) + 2 * 3 * 16 + 2 * 16) * gate, 9);
  expect(energy.rounding).toBeCloseTo(4 * (2 * 16 * 4 + 2 * 16 + 32 + 8 + 3 * 13) * gate, 9);
  // 12 words read, 12 written before, 4 results in and out; 16 bits are 2.5 pJ.
  expect(energy.sram).toBeCloseTo((12 + 12 + 8) * 2.5, 9);
  expect(energy.dram).toBeCloseTo((24 + 8) * 243.75, 9);
  const parts = energy.multiply + energy.accumulate + energy.registers + energy.rounding;
  expect(totalPj(energy)).toBeCloseTo(parts + energy.sram + energy.dram, 9);
});

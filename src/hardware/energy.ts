/**
 * The energy of each operation of the array, in picojoules: M. Horowitz, "Computing's energy problem (and
 * what we can do about it)", ISSCC 2014, for 45 nm and 0.9 V, and the rules that scale its widths to others.
 * Leakage, the clock tree and wires between blocks are not included, so this is a lower bound for an ASIC,
 * not the power of an FPGA. docs/hardware.md, section "Energy".
 */
import type { Rounding } from '../numerics/index.js';
import type { ArrayConfig, LfsrBits } from './array.js';
import { LFSR_SHIFTS } from './lfsr.js';
import type { ProductSize } from './product.js';
import type { Schedule } from './schedule.js';

/** The published numbers in pJ. A range is given by its two ends. */
export const HOROWITZ_45NM = {
  multiply8: 0.2,
  multiply32: 3.1,
  add8: 0.03,
  add32: 0.1,
  floatMultiply32: 3.7,
  floatAdd32: 0.9,
  /** An access of 64 bits to a memory of `bytes` bytes. */
  sram64: [
    [8192, 10],
    [32768, 20],
    [1048576, 100],
  ],
  /** An access of 64 bits. */
  dram64: [1300, 2600],
} as const;

/** Bytes of the smallest memory of the table; a smaller one counts the same. */
const SMALLEST_BYTES = HOROWITZ_45NM.sram64[0][0];
const SMALLEST_PJ = HOROWITZ_45NM.sram64[0][1];

/**
 * A product of a and b bits: quadratic, 3.1 pJ for 32 x 32. (8 x 8 gives 0.19; the published value is 0.2.)
 */
export function multiplyPj(aBits: number, bBits: number): number {
  return (HOROWITZ_45NM.multiply32 * aBits * bBits) / 1024;
}

/** A sum of `bits` bits: linear, 0.1 pJ for 32. (8 give 0.025; the published value is 0.03.) */
export function addPj(bits: number): number {
  return (HOROWITZ_45NM.add32 * bits) / 32;
}

/**
 * A number of flip-flops clocked once, or of gates (a multiplexer, an exclusive or) passed once. The table
 * has neither, so each counts as one bit of an adder, which has a similar size.
 */
export function gatesPj(count: number): number {
  return addPj(count);
}

/**
 * An access of `bits` bits to a memory: proportional to them and to the square root of its size, 10 pJ for 64
 * bits of 8 KB.
 */
export function sramPj(bits: number, memoryBytes: number): number {
  return ((SMALLEST_PJ * bits) / 64) * Math.sqrt(Math.max(memoryBytes, SMALLEST_BYTES) / SMALLEST_BYTES);
}

/** A byte from or to the external memory: the middle of the published range, 244 pJ. */
export function dramPj(bytes: number): number {
  const [low, high] = HOROWITZ_45NM.dram64;
  return (((low + high) / 2) * bytes) / 8;
}

/** A float32 multiply-add, for comparison: 4.6 pJ. */
export const FLOAT32_MAC_PJ = HOROWITZ_45NM.floatMultiply32 + HOROWITZ_45NM.floatAdd32;

/** The widths of the numbers of a product, and the rounding of its sums. */
export interface ProductWidths {
  readonly lhsBits: number;
  readonly rhsBits: number;
  readonly outBits: number;
  readonly rounding: Rounding;
}

/** Gates of the feedback of one step of the shift register; those of maximal length have at most 4 taps. */
const FEEDBACK_GATES = 3;

/**
 * The rounding unit, for one sum. The bias is shifted and added, and a shift makes the cut, both over
 * `accumulatorBits` (a shifter has one row of multiplexers for every bit of the distance). Saturation then
 * examines every bit and chooses. All modes except `floor` add something before the cut, which is one more
 * adder. Stochastic rounding steps an n-bit shift register n times, unrolled: n flip-flops, n feedbacks.
 */
export function roundingPj(
  { accumulatorBits, lfsrBits }: Pick<ArrayConfig, 'accumulatorBits' | 'lfsrBits'>,
  { outBits, rounding }: Pick<ProductWidths, 'outBits' | 'rounding'>,
): number {
  const distanceBits = 32 - Math.clz32(accumulatorBits - 1);
  const shifters = gatesPj(2 * accumulatorBits * distanceBits);
  const adders = addPj(accumulatorBits) * (rounding.mode === 'floor' ? 1 : 2);
  const saturation = gatesPj(accumulatorBits + outBits);
  return shifters + adders + saturation + (rounding.mode === 'stochastic' ? lfsrPj(lfsrBits) : 0);
}

/** One random word of a shift register of n bits: all shifts of a draw at once. */
export function lfsrPj(bits: LfsrBits): number {
  return gatesPj(bits + FEEDBACK_GATES * LFSR_SHIFTS[bits]);
}

/** The energy of a product by its use, in pJ. */
export interface EnergyParts {
  /** Multipliers, for the real products only, because zeros that pad a block switch nothing. */
  readonly multiply: number;
  readonly accumulate: number;
  /** Flip-flops of PEs, skew, drain and re-alignment, including padding; they stop while the array stalls. */
  readonly registers: number;
  readonly rounding: number;
  /** On-chip buffers: operands in and out, results in and out. */
  readonly sram: number;
  readonly dram: number;
}

/** The parts in the order of display. */
export const ENERGY_PARTS = [
  'multiply',
  'accumulate',
  'registers',
  'rounding',
  'sram',
  'dram',
] as const satisfies readonly (keyof EnergyParts)[];

/** The energy of a product with that schedule, in pJ. */
export function productEnergy(
  config: ArrayConfig,
  workload: ProductWidths & Pick<ProductSize, 'lhsBytes' | 'rhsBytes'>,
  { macs, slices, blocks, bytesRead, bytesWritten }: Schedule,
): EnergyParts {
  const { rows, cols, accumulatorBits } = config;
  const { lhsBits, rhsBits, outBits, lhsBytes, rhsBytes } = workload;
  const results = blocks * rows * cols;
  /**
   * Registers on the way of the words of rows (or columns) 0, 1, 2 ..., which are delayed by 0, 1, 2 ...
   * cycles.
   */
  const triangle = (lines: number): number => (lines * (lines - 1)) / 2;
  const sliceBits =
    rows * cols * (lhsBits + rhsBits + accumulatorBits) + triangle(rows) * lhsBits + triangle(cols) * rhsBits;
  // A result enters its PE's drain register and passes through those on its left; then it waits for the row
  // below.
  const blockBits = rows * triangle(cols + 1) * accumulatorBits + cols * triangle(rows) * outBits;
  const lhsBank = config.lhsBufferBytes / rows;
  const rhsBank = config.rhsBufferBytes / cols;
  return {
    multiply: macs * multiplyPj(lhsBits, rhsBits),
    accumulate: macs * addPj(accumulatorBits),
    registers: gatesPj(slices * sliceBits + blocks * blockBits),
    rounding: results * roundingPj(config, workload),
    sram:
      slices * (rows * sramPj(8 * lhsBytes, lhsBank) + cols * sramPj(8 * rhsBytes, rhsBank)) +
      sramPj(8 * bytesRead, Math.max(lhsBank, rhsBank)) +
      2 * sramPj(8 * bytesWritten, 0),
    dram: dramPj(bytesRead + bytesWritten),
  };
}

/** The sum of all parts. */
export function totalPj(parts: EnergyParts): number {
  return ENERGY_PARTS.reduce((sum, part) => sum + parts[part], 0);
}

/** The sums of several products, part by part. */
export function addEnergies(energies: readonly EnergyParts[]): EnergyParts {
  const sum = (part: keyof EnergyParts): number => energies.reduce((total, one) => total + one[part], 0);
  return {
    multiply: sum('multiply'),
    accumulate: sum('accumulate'),
    registers: sum('registers'),
    rounding: sum('rounding'),
    sram: sum('sram'),
    dram: sum('dram'),
  };
}

/**
 * The parameters of generated hardware: sizes, widths and the one rounding mode of its rounding units.
 * Everything else of a product (its sizes, shifts, output format, seeds) is configured at run time.
 * docs/hardware.md, section "RTL".
 */
import { InputError } from '../../numerics/index.js';
import type { Overflow, Rounding } from '../../numerics/index.js';
import { arrayConfig, wordBytes, type ArrayConfig, type LfsrBits } from '../array.js';

/** An array in hardware. */
export interface RtlDesign {
  readonly rows: number;
  readonly cols: number;
  /** Bits of an operand and of a result, 2 to 32. */
  readonly wordLength: number;
  readonly accumulatorBits: number;
  /** Slices in half an operand buffer, a power of two; they may be read again while the other half fills. */
  readonly depth: number;
  /** `stochastic:n` uses the n top bits of a random word. */
  readonly rounding: Rounding;
  readonly lfsrBits: LfsrBits;
  readonly overflow: Overflow;
}

function checkInteger(what: string, value: number, low: number, high: number): void {
  if (Number.isInteger(value) && value >= low && value <= high) return;
  throw new InputError(`rtl: ${what} must be an integer from ${low} to ${high}, got ${value}`);
}

/**
 * Checks a design and returns it.
 * @throws RangeError for a size or width outside of its range
 */
export function checkDesign(design: RtlDesign): RtlDesign {
  const { rows, cols, accumulatorBits, lfsrBits, wordLength, depth } = design;
  arrayConfig({ rows, cols, accumulatorBits, lfsrBits });
  checkInteger('rows', rows, 1, 256);
  checkInteger('cols', cols, 1, 256);
  checkInteger('the word length', wordLength, 2, 32);
  checkInteger('depth', depth, 1, 65536);
  if ((depth & (depth - 1)) !== 0) {
    throw new InputError(`rtl: depth must be a power of two, got ${depth}; its addresses must wrap`);
  }
  return design;
}

/** True for a design whose rounding units draw random words. */
export function isStochastic({ rounding }: Pick<RtlDesign, 'rounding'>): boolean {
  return rounding.mode === 'stochastic';
}

/** Number of random bits added below the cut. */
export function randomBits({ rounding, lfsrBits }: RtlDesign): number {
  return Math.min(rounding.randomBits, lfsrBits);
}

/**
 * The design as an array of the simulator and the schedule, with its buffers and a memory that never keeps it
 * waiting.
 */
export function arrayOfDesign(design: RtlDesign): ArrayConfig {
  const { rows, cols, accumulatorBits, lfsrBits, depth, wordLength } = design;
  const sliceBytes = 2 * depth * wordBytes(wordLength);
  return arrayConfig({
    ...{ rows, cols, accumulatorBits, lfsrBits },
    lhsBufferBytes: rows * sliceBytes,
    rhsBufferBytes: cols * sliceBytes,
    bandwidth: Infinity,
  });
}

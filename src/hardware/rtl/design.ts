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
  /**
   * Register stages of a rounding unit, 3 to 5; default 3. The fourth holds the rounded word before it saturates, the fifth the
   * carry of the random sum. Each adds a cycle to a product, not to a word.
   */
  readonly roundStages?: number;
  /** Begins the name of every module and of its file; default `fewbit_`. */
  readonly prefix?: string;
}

/** The names of modules begin with it if a design has no other prefix. */
export const DEFAULT_PREFIX = 'fewbit_';

/** Register stages of the rounding units of a design. */
export function roundStages({ roundStages: stages = 3 }: RtlDesign): number {
  return stages;
}

/** The name of a module of a design. */
export function moduleName({ prefix = DEFAULT_PREFIX }: Pick<RtlDesign, 'prefix'>, name: string): string {
  return prefix + name;
}

function checkInteger(what: string, value: number, low: number, high: number): void {
  if (Number.isInteger(value) && value >= low && value <= high) return;
  throw new InputError(`rtl: ${what} must be an integer from ${low} to ${high}, got ${value}`);
}

/**
 * Checks a design and returns it.
 * @throws RangeError for a size, width or number of stages outside of its range, or a prefix that begins no name
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
  checkInteger('the number of round stages', roundStages(design), 3, 5);
  const { prefix = DEFAULT_PREFIX } = design;
  // `type` is a word of the language, and the name of the PE's module with this prefix.
  if (!/^(?:[A-Za-z_][A-Za-z0-9_]{0,63})?$/.test(prefix) || prefix === 'ty') {
    throw new InputError(
      `rtl: the prefix must be a letter or _ and then letters, digits or _, up to 64 in all, got ${JSON.stringify(prefix)}; choose for example ${DEFAULT_PREFIX}`,
    );
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

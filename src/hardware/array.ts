/**
 * The systolic array that the simulator, the estimates and the generated hardware share, as data. It is
 * output stationary: each processing element (PE) keeps one sum while operands pass by. docs/hardware.md has
 * the picture.
 */
import { InputError } from '../numerics/index.js';

/** Lengths of the linear feedback shift registers that supply the bits of the rounding units. */
export const LFSR_BITS = [8, 12, 16, 20, 24, 32] as const;

/** The length of a linear feedback shift register. */
export type LfsrBits = (typeof LFSR_BITS)[number];

/** An array of `rows` x `cols` PEs with its rounding units, buffers and memory. */
export interface ArrayConfig {
  readonly rows: number;
  readonly cols: number;
  /** Width of the PEs' accumulators in bits, 8 to 64; sums wrap. */
  readonly accumulatorBits: number;
  /** Length of each row's shift register. */
  readonly lfsrBits: LfsrBits;
  readonly clockMHz: number;
  /** Bytes of the operand buffers. Each has two halves, one of which is read while the other is filled. */
  readonly lhsBufferBytes: number;
  readonly rhsBufferBytes: number;
  /**
   * Bytes per cycle from memory, and as many to memory at the same time. Infinity is a memory that never
   * keeps the array waiting.
   */
  readonly bandwidth: number;
}

/**
 * The array of the paper (Gupta et al., ICML 2015, section 5): 28 x 28 on a Kintex-7 XC7K325T at 166 MHz. The
 * memory is that of the board (KC705): 64 bits at 800 MT/s are 6.4 GB/s, or 38.5 bytes per cycle. The buffers
 * take 1.5 of its 2 MB of block RAM.
 */
export const PAPER_ARRAY: ArrayConfig = {
  rows: 28,
  cols: 28,
  accumulatorBits: 48,
  lfsrBits: 16,
  clockMHz: 166,
  lhsBufferBytes: 1048576,
  rhsBufferBytes: 524288,
  bandwidth: 38,
};

/**
 * Cycles of the rounding unit, from the left edge of the drain chain to a finished result. The result of row
 * i and column j is available in cycle `feed of the last slice + i + 2 j + 1 + PIPELINE_CYCLES`.
 */
export const PIPELINE_CYCLES = 1;

/** Cycles from feeding the last slice of a block to its last result. */
export function drainCycles({ rows, cols }: Pick<ArrayConfig, 'rows' | 'cols'>): number {
  return rows - 1 + 2 * (cols - 1) + 1 + PIPELINE_CYCLES;
}

/**
 * Minimum cycles between the last slices of two blocks, so that their results do not meet in the drain chain.
 */
export function drainSpacing({ cols }: Pick<ArrayConfig, 'cols'>): number {
  return 2 * cols - 1;
}

/** Bytes of a word in buffers and memory. */
export function wordBytes(wordLength: number): 2 | 4 {
  return wordLength <= 16 ? 2 : 4;
}

function checkInteger(what: string, value: number, low: number, high: number): void {
  if (Number.isInteger(value) && value >= low && value <= high) return;
  throw new InputError(`array: ${what} must be an integer from ${low} to ${high}, got ${value}`);
}

/**
 * The paper's array with the given changes.
 * @throws RangeError for a size, width, buffer or bandwidth outside of its range.
 */
export function arrayConfig(changes: Partial<ArrayConfig> = {}): ArrayConfig {
  const config = { ...PAPER_ARRAY, ...changes };
  checkInteger('rows', config.rows, 1, 1024);
  checkInteger('cols', config.cols, 1, 1024);
  checkInteger('accumulatorBits', config.accumulatorBits, 8, 64);
  if (!LFSR_BITS.includes(config.lfsrBits)) {
    throw new InputError(
      `array: lfsrBits must be ${LFSR_BITS.join(', ')}, got ${config.lfsrBits}; these lengths have taps of the longest period`,
    );
  }
  if (!(config.clockMHz > 0 && config.clockMHz < Infinity)) {
    throw new InputError(`array: clockMHz must be a positive number, got ${config.clockMHz}`);
  }
  checkInteger('lhsBufferBytes', config.lhsBufferBytes, 1, 2147483647);
  checkInteger('rhsBufferBytes', config.rhsBufferBytes, 1, 2147483647);
  if (config.bandwidth !== Infinity) checkInteger('bandwidth', config.bandwidth, 1, 2147483647);
  return config;
}

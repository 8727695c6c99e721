/** The input and output of harness.cpp, as 32-bit words. */
import { drainCycles, drainSpacing } from '../array.js';
import { layoutOf } from '../blocks.js';
import type { ProductSize } from '../product.js';
import { arrayOfDesign, roundStages, type RtlDesign } from './design.js';
import type { ProductStream } from './stream.js';

/**
 * Cycles of the generated hardware with rounding units of three stages beyond those of the schedule
 * (docs/hardware.md, section "Timing"): from the cycle that takes a product's configuration to the one that
 * outputs its last column, if operands never delay it. Each further stage takes one more.
 */
export const RTL_LATENCY = 7;

/**
 * Cycles that the generated hardware takes for a product if neither its operands nor the receiver delays it.
 */
export function rtlCycles(design: RtlDesign, size: ProductSize): number {
  const config = arrayOfDesign(design);
  const { blockRows, blockCols } = layoutOf(config, size);
  const blocks = blockRows * blockCols;
  const drainStalls = (blocks - 1) * Math.max(0, drainSpacing(config) - size.k);
  return blocks * size.k + drainStalls + drainCycles(config) + RTL_LATENCY + roundStages(design) - 3;
}

/** How often each stream pauses, in 256ths of cycles; the pattern follows from the seed. */
export interface Pauses {
  readonly seed: number;
  readonly lhs: number;
  readonly rhs: number;
  readonly bias: number;
  readonly results: number;
}

const NO_PAUSES: Pauses = { seed: 0, lhs: 0, rhs: 0, bias: 0, results: 0 };

/** A product that the hardware has computed. */
export interface HarnessResult {
  readonly cycles: number;
  /** Time that the simulation of those cycles took. */
  readonly timeMs: number;
  /** Columns of ROWS raw words, not sign-extended. */
  readonly results: Int32Array;
}

/** The words that request a product. */
export function harnessRequest(stream: ProductStream, design: RtlDesign, pauses = NO_PAUSES): Int32Array {
  const { settings, seeds, lhs, rhs, bias, columns } = stream;
  const { depth, blockRows, blockCols, panels, resident, shift, biasShift, limit } = settings;
  const counts = [lhs.length / design.rows, rhs.length / design.cols, columns];
  const header = [
    ...[depth, blockRows, blockCols, panels, resident, shift, biasShift, limit, ...counts],
    ...[pauses.seed, pauses.lhs, pauses.rhs, pauses.bias, pauses.results],
  ];
  const words = new Int32Array(header.length + seeds.length + lhs.length + rhs.length + bias.length);
  let at = 0;
  for (const part of [header, seeds, lhs, rhs, bias]) {
    words.set(part, at);
    at += part.length;
  }
  return words;
}

/**
 * The answers to requests, in their order.
 * @throws RangeError for an answer that ends too early
 */
export function harnessResults(
  words: Uint32Array,
  streams: readonly ProductStream[],
  { rows }: RtlDesign,
): HarnessResult[] {
  let at = 0;
  const long = (): number => {
    at += 2;
    return words[at - 2]! + words[at - 1]! * 2 ** 32;
  };
  return streams.map(({ columns }) => {
    const length = columns * rows;
    if (at + 4 + length > words.length) {
      throw new Error(
        `internal: rtl: the simulated hardware must answer every product, got an answer of ${words.length} words; look at its errors`,
      );
    }
    const cycles = long();
    const timeMs = long() / 1e6;
    at += length;
    return { cycles, timeMs, results: Int32Array.from(words.subarray(at - length, at)) };
  });
}

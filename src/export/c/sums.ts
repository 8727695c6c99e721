/**
 * Registers for sums of products. The weights are known, so the largest sum that any input can give is known, too: where 32 bits
 * hold it, 32 bits are used, and a register that was narrowed on purpose but is never left is an ordinary one.
 */
import { UnsupportedError } from '../../backend/index.js';
import { wordLength, type Accumulator, type Format } from '../../numerics/index.js';
import type { ExportTensor } from '../subject.js';
import { int64, product, timesPower } from './text.js';

/** No 64-bit register is shifted by more. */
const MAX_SHIFT = 62;

/** Weights of one product: [outputs, terms], and a bias an output. */
export interface Products {
  readonly input: Format;
  /** The input is never negative. */
  readonly isPositive: boolean;
  readonly weight: ExportTensor;
  readonly bias: ExportTensor | null;
  readonly outputs: number;
  readonly biasShift: number;
  readonly accumulator: Accumulator;
}

/** How a sum is written. */
export interface SumRegister {
  /** `32-bit sums`, for comments. */
  readonly text: string;
  /** Declaration of `sum`. */
  readonly start: string;
  /** The statement that adds the product of two elements. */
  add(lhs: string, rhs: string): string;
  /** The statement that adds the bias. */
  addBias(bias: string): string;
  /** The exact signed integer at the end. */
  readonly result: string;
}

/** Magnitude that no partial sum exceeds, whatever the input. */
function largestSum({ input, isPositive, weight, bias, outputs, biasShift }: Products): bigint {
  const terms = weight.data.length / outputs;
  const most = 1n << BigInt(wordLength(input) - 1);
  let largest = 0n;
  for (let o = 0; o < outputs; o++) {
    // Sums of magnitudes of at most 2^31 each: exact in doubles for any number of terms that there may be.
    let [above, below] = [0, 0];
    for (const raw of weight.data.subarray(o * terms, (o + 1) * terms)) {
      if (raw > 0) above += raw;
      else below -= raw;
    }
    const magnitudes = isPositive ? Math.max(above, below) : above + below;
    const sum = BigInt(magnitudes) * most + (BigInt(Math.abs(bias?.data[o] ?? 0)) << BigInt(biasShift));
    if (sum > largest) largest = sum;
  }
  return largest;
}

/** The register of an op. */
export function sumRegister(products: Products): SumRegister {
  const { input, weight, biasShift, accumulator } = products;
  if (biasShift > MAX_SHIFT) {
    throw new UnsupportedError(
      `${weight.name}: a bias may be shifted by at most ${MAX_SHIFT} bits in C, got ${biasShift}; choose a bias format with more fraction bits`,
    );
  }
  const largest = largestSum(products);
  const times = (lhs: string, rhs: string): string => product(input, weight.format, lhs, rhs);
  const narrow = accumulator !== 'exact' && largest >= 1n << BigInt(accumulator.width - 1);
  if (!narrow) {
    // A product of 32-bit elements is made in 64 bits anyway; a shift of 31 has no literal in 32.
    const bits = largest < 1n << 31n && times('', '').startsWith('(int32_t)') && biasShift < 31 ? 32 : 64;
    return {
      text: `${bits}-bit sums`,
      start: `int${bits}_t sum = 0;`,
      add: (lhs, rhs) => `sum += ${times(lhs, rhs)};`,
      addBias: (bias) => `sum += ${timesPower(bits, bias, biasShift)};`,
      result: 'sum',
    };
  }
  const { width, overflow } = accumulator;
  if (overflow === 'wrap') {
    return {
      text: `sums wrapping at ${width} bits`,
      start: 'uint64_t sum = 0;',
      add: (lhs, rhs) => `sum += (uint64_t)(${times(lhs, rhs)});`,
      addBias: (bias) => `sum += (uint64_t)${bias} << ${biasShift};`,
      result: `wrap(sum, ${width})`,
    };
  }
  const most = (1n << BigInt(width - 1)) - 1n;
  const clamped = (term: string): string =>
    `sum = clamp(sum + ${term}, ${int64(-most - 1n)}, ${int64(most)});`;
  return {
    text: `sums saturating at ${width} bits`,
    start: 'int64_t sum = 0;',
    add: (lhs, rhs) => clamped(times(lhs, rhs)),
    addBias: (bias) => clamped(timesPower(64, bias, biasShift)),
    result: 'sum',
  };
}

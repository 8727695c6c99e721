/** Tables that several files of the contract suite draw their cases from. */
import type { Accumulator } from '../../src/numerics/index.js';
import type { Style } from './data.js';

/** Every rounding mode; stochastic also with few random bits. */
export const ROUNDINGS = [
  'stochastic',
  'nearest-away',
  'nearest-even',
  'nearest-down',
  'nearest-up',
  'floor',
  'toward-zero',
  'stochastic:8',
  'stochastic:1',
] as const;

export const OVERFLOWS = ['saturate', 'wrap'] as const;

/** Formats of the operands of a product, its bias and its result. */
export interface Mix {
  readonly lhs: string;
  readonly rhs: string;
  readonly bias: string;
  readonly out: string;
}

/** Word lengths 8, 12, 16, 20 and 32 in every storage, and every class of shift that convert knows. */
export const MIXES: readonly Mix[] = [
  { lhs: '<6,10>', rhs: '<2,14>', bias: '<2,14>', out: '<6,10>' },
  { lhs: '<2,14>', rhs: '<2,14>', bias: '<4,12>', out: '<2,14>' },
  // 16 and 17 bits dropped: the random words change from 16 to 32 bits.
  { lhs: '<2,14>', rhs: '<2,14>', bias: '<2,14>', out: '<4,12>' },
  { lhs: '<2,14>', rhs: '<2,14>', bias: '<2,14>', out: '<5,11>' },
  { lhs: '<2,6>', rhs: '<2,6>', bias: '<2,6>', out: '<4,4>' },
  { lhs: '<4,8>', rhs: '<3,9>', bias: '<2,10>', out: '<-4,16>' },
  { lhs: '<6,14>', rhs: '<4,12>', bias: '<4,16>', out: '<6,10>' },
  { lhs: '<4,12>', rhs: '<6,14>', bias: '<8,8>', out: '<10,10>' },
  { lhs: '<6,14>', rhs: '<4,16>', bias: '<2,14>', out: '<6,14>' },
  { lhs: '<4,28>', rhs: '<8,8>', bias: '<16,0>', out: '<2,30>' },
  // Negative fraction bits.
  { lhs: '<20,-4>', rhs: '<10,6>', bias: '<16,0>', out: '<16,-4>' },
  // 32, 33 and 42 bits dropped: the cut lies at and beyond the halves of a 64-bit sum.
  { lhs: '<-2,22>', rhs: '<-6,26>', bias: '<4,12>', out: '<0,16>' },
  { lhs: '<-2,22>', rhs: '<-6,26>', bias: '<4,12>', out: '<1,15>' },
  { lhs: '<2,30>', rhs: '<1,20>', bias: '<8,24>', out: '<8,8>' },
  // Shifted left: exact.
  { lhs: '<8,0>', rhs: '<8,2>', bias: '<8,2>', out: '<4,12>' },
];

/** Operands of 32 bits: a product alone fills 63 bits, so longer sums need a wrapping register. */
export const WIDE_MIX: Mix = { lhs: '<16,16>', rhs: '<4,28>', bias: '<8,24>', out: '<8,24>' };

/** Narrowed accumulators around the halves of a 64-bit sum. */
export const NARROW: readonly Exclude<Accumulator, 'exact'>[] = [
  ...([63, 48, 33, 32, 31, 20] as const).map((width) => ({ width, overflow: 'wrap' }) as const),
  ...([63, 48, 33, 32, 31, 20] as const).map((width) => ({ width, overflow: 'saturate' }) as const),
];

export const STYLES: readonly Style[] = ['full', 'small', 'ties', 'ends'];

/** The element of a table for case `i`: tables of coprime lengths meet in every combination. */
export function pick<T>(table: readonly T[], i: number): T {
  return table[i % table.length]!;
}

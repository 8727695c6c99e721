/**
 * Proofs that the plan builder makes before anything runs: exact sums fit in 63 bits and a sign, shifts stay in range.
 * Derived in docs/plan.md, section "What the builder proves".
 */
import { formatText, wordLength, type Accumulator, type Format } from '../numerics/index.js';

const LIMIT = 2n ** 63n - 1n;

/** One part of an exact sum: `count` terms of at most `bits` magnitude bits (2^bits), shifted left by `shift`. */
export interface Term {
  readonly count: number;
  readonly bits: number;
  readonly shift: number;
}

/** Largest magnitude that the sum of the terms can reach. */
function bound(terms: readonly Term[]): bigint {
  return terms.reduce((sum, term) => sum + (BigInt(term.count) << BigInt(term.bits + term.shift)), 0n);
}

/** Bits that the bound needs, with its sign. */
function bitsOf(value: bigint): number {
  return value.toString(2).length + 1;
}

/**
 * Proves that an exact sum fits in a signed 64-bit integer.
 * @throws RangeError that names the op otherwise.
 */
export function proveExact(who: string, what: string, terms: readonly Term[], wayOut: string): void {
  const largest = bound(terms);
  if (largest > LIMIT) {
    throw new RangeError(
      `${who}: ${what} must fit in 64 bits to be exact, got up to ${String(bitsOf(largest))} bits; ${wayOut}`,
    );
  }
}

/**
 * Proves that a product sum can be accumulated: exactly in 64 bits, or in the narrowed register that was asked for.
 * A wrapping register needs no proof (the low bits of the exact sum are order-free); a saturating one holds any
 * single product because its width is at most 63.
 */
export function proveAccumulator(
  who: string,
  lhs: Format,
  rhs: Format,
  k: number,
  bias: { readonly format: Format; readonly shift: number } | null,
  accumulator: Accumulator,
): void {
  if (accumulator !== 'exact' && accumulator.overflow === 'wrap') return;
  const biasTerms = bias ? [{ count: 1, bits: wordLength(bias.format) - 1, shift: bias.shift }] : [];
  const products = { bits: wordLength(lhs) + wordLength(rhs) - 2, shift: 0 };
  const terms = [{ ...products, count: accumulator === 'exact' ? k : 1 }, ...biasTerms];
  proveExact(
    who,
    `a sum of ${String(k)} products ${formatText(lhs)} x ${formatText(rhs)}`,
    terms,
    'choose shorter formats or a wrapping accumulator such as { width: 48, overflow: "wrap" }',
  );
}

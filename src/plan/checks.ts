/**
 * Proofs that the plan builder makes before anything runs: exact sums fit in 63 bits and a sign, shifts stay in range.
 * Derived in docs/plan.md, section "What the builder proves".
 */
import {
  accumulatorBits,
  formatText,
  sumFits,
  wordLength,
  type Accumulator,
  type Format,
  type SumTerm,
  InputError,
} from '../numerics/index.js';

/**
 * Proves that an exact sum fits in a signed 64-bit integer.
 * @throws RangeError that names the op otherwise.
 */
export function proveExact(who: string, what: string, terms: readonly SumTerm[], wayOut: string): void {
  if (!sumFits(terms)) {
    throw new InputError(
      `${who}: ${what} must fit in 64 bits to be exact, got up to ${String(accumulatorBits(terms))} bits; ${wayOut}`,
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

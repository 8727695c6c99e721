/** How the terms of an SGD update line up: left shifts to common fraction bits, proved to fit in 64 bits. */
import { proveExact } from './checks.js';
import { COEFFICIENT_BITS, fractionBits, magnitudeBits } from './bits.js';
import type { Tensor } from './types.js';

export interface UpdateAlignment {
  readonly shifts: { readonly update: number; readonly gradient: number; readonly parameter: number };
  readonly sumShifts: { readonly parameter: number; readonly update: number };
  /** Fraction bits of momentum*u - rate*g - decay*w, and of w + u'. */
  readonly from: number;
  readonly sumFrom: number;
}

/**
 * Aligns weight, gradient and update.
 * @throws RangeError naming the parameter when a sum could exceed 64 bits.
 */
export function alignUpdate(w: Tensor, g: Tensor, u: Tensor, decays: boolean): UpdateAlignment {
  const fl = { w: fractionBits(w), g: fractionBits(g), u: fractionBits(u) };
  const most = Math.max(fl.u, fl.g, decays ? fl.w : fl.u);
  const shifts = { update: most - fl.u, gradient: most - fl.g, parameter: decays ? most - fl.w : 0 };
  const sumFrom = Math.max(fl.w, fl.u);
  const sumShifts = { parameter: sumFrom - fl.w, update: sumFrom - fl.u };
  const wayOut = 'choose formats with closer fraction bits for weight, gradient and update';
  // Momentum and lr * decay are at most 1 (2^30), the rate is below 2 (2^31): optim holds them to it.
  const terms = [
    { count: 1, bits: magnitudeBits(u) + COEFFICIENT_BITS, shift: shifts.update },
    { count: 1, bits: magnitudeBits(g) + COEFFICIENT_BITS + 1, shift: shifts.gradient },
    ...(decays ? [{ count: 1, bits: magnitudeBits(w) + COEFFICIENT_BITS, shift: shifts.parameter }] : []),
  ];
  proveExact(w.name, 'the update', terms, wayOut);
  const sum = [
    { count: 1, bits: magnitudeBits(w), shift: sumShifts.parameter },
    { count: 1, bits: magnitudeBits(u), shift: sumShifts.update },
  ];
  proveExact(w.name, 'the sum of weight and update', sum, wayOut);
  return { shifts, sumShifts, from: most + COEFFICIENT_BITS, sumFrom };
}

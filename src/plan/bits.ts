/** Numbers of bits that the plan reckons with: of counts, of tensors, and of shifts. */
import type { Tensor } from './types.js';

/** No 64-bit register is shifted by more bits. */
export const MAX_SHIFT = 62;

/** Fraction bits of momentum, rate and decay, and of probabilities and reciprocals. */
export const COEFFICIENT_BITS = 30;

/** Number of bits that hold 0 .. n-1: ceil(log2 n). */
export function bitsFor(n: number): number {
  return n <= 1 ? 0 : 32 - Math.clz32(n - 1);
}

/** Fraction bits of a tensor, 0 in float32. */
export function fractionBits(tensor: Tensor): number {
  return tensor.format === null || tensor.format === 'float32' ? 0 : tensor.format.fl;
}

/** log2 of the largest magnitude of a tensor's raw integers; 31 when it has no format. */
export function magnitudeBits(tensor: Tensor): number {
  const { format } = tensor;
  return format === null || format === 'float32' ? 31 : format.il + format.fl - 1;
}

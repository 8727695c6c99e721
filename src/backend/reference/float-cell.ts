/**
 * Cells of the float32 baseline: sums in a double, in the op's order, rounded to float32 when stored.
 * No formats, no rounding sites, no counters; shifts are 0 in a float32 plan.
 */
import type { Cell, Elements } from './cell.js';

export class FloatCell implements Cell {
  private sum = 0;

  clear(): void {
    this.sum = 0;
  }

  addProducts(
    a: Elements,
    aStart: number,
    aStride: number,
    b: Elements,
    bStart: number,
    bStride: number,
    length: number,
  ): void {
    let sum = this.sum;
    for (let t = 0, i = aStart, j = bStart; t < length; t += 1, i += aStride, j += bStride) {
      sum += a[i]! * b[j]!;
    }
    this.sum = sum;
  }

  addProduct(a: number, b: number): void {
    this.sum += a * b;
  }

  add(value: number): void {
    this.sum += value;
  }

  addQuotient(dividend: number, divisor: number): void {
    this.sum += dividend / divisor;
  }

  isZero(): boolean {
    return this.sum === 0;
  }

  constant(integer: number, fractionBits: number): number {
    return integer * 2 ** -fractionBits;
  }

  finish(): number {
    return Math.fround(this.sum);
  }
}

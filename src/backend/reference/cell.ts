/**
 * One output element under construction, to which every op adds before it converts. An op chooses the
 * operands and their order; a cell defines addition, here of exact integers, in float-cell.ts of doubles.
 */
import {
  AccumulatorRegister,
  Wide,
  type Accumulator,
  type Converter,
  type RandomSite,
} from '../../numerics/index.js';

/** Elements that take part in arithmetic. */
export type Elements = Int16Array | Int32Array | Float32Array;

/** A sum of products that becomes one element; the matrix product and the convolutions need only this. */
export interface ProductCell {
  clear(): void;
  /** Adds a[aStart + t * aStride] * b[bStart + t * bStride] for t = 0 .. length - 1, ascending. */
  addProducts(
    a: Elements,
    aStart: number,
    aStride: number,
    b: Elements,
    bStart: number,
    bStride: number,
    length: number,
  ): void;
  /** Adds value * 2^shift. */
  add(value: number, shift: number): void;
  /** Rounds the sum, brings it into the format as element `index` of the output tensor, and counts it. */
  finish(index: number): number;
}

/** A general exact sum that becomes one element. */
export interface Cell extends ProductCell {
  /** Adds a * b * 2^shift. */
  addProduct(a: number, b: number, shift: number): void;
  /** Adds floor(dividend * 2^fractionBits / divisor), dividend a whole number to 2^47, divisor 1 .. 65536. */
  addQuotient(dividend: number, divisor: number, fractionBits: number): void;
  isZero(): boolean;
  /** A constant of the plan with `fractionBits` fraction bits, in the form of this arithmetic. */
  constant(integer: number, fractionBits: number): number;
}

/**
 * Exact 64-bit sums, of which a wrapping accumulator keeps the low bits. Order does not matter, so it wraps
 * once.
 */
export class ExactCell implements Cell {
  private readonly sum = new Wide();
  private readonly part = new Wide();

  /**
   * @param random the site's random words; null where its rounding draws none
   * @param width bits of a wrapping accumulator; 64 for an exact one
   */
  constructor(
    private readonly converter: Converter,
    private readonly random: RandomSite | null,
    private readonly width: number,
  ) {}

  clear(): void {
    this.sum.clear();
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
    // Magnitude bits of the whole run. Up to 53 bits a double is exact, and much faster than two halves.
    const bits = 8 * (a.BYTES_PER_ELEMENT + b.BYTES_PER_ELEMENT) - 2 + (32 - Math.clz32(length));
    if (bits <= 53) {
      let sum = 0;
      for (let t = 0, i = aStart, j = bStart; t < length; t += 1, i += aStride, j += bStride) {
        sum += a[i]! * b[j]!;
      }
      this.part.setNumber(sum);
      this.sum.addWide(this.part);
    } else {
      for (let t = 0, i = aStart, j = bStart; t < length; t += 1, i += aStride, j += bStride) {
        this.sum.addProduct(a[i]!, b[j]!);
      }
    }
  }

  addProduct(a: number, b: number, shift: number): void {
    this.sum.addProductShifted(a, b, shift);
  }

  add(value: number, shift: number): void {
    this.sum.addShifted(value, shift);
  }

  addQuotient(dividend: number, divisor: number, fractionBits: number): void {
    this.part.setQuotient(dividend, divisor, fractionBits);
    this.sum.addWide(this.part);
  }

  isZero(): boolean {
    return this.sum.isZero();
  }

  constant(integer: number): number {
    return integer;
  }

  finish(index: number): number {
    this.sum.wrapTo(this.width);
    return this.converter.convert(this.sum, this.random === null ? 0 : this.random.word(index));
  }
}

/**
 * A register that saturates after every product and after the bias, so that the order of the sum determines
 * its value.
 */
export class SaturatingCell implements ProductCell {
  private readonly register: AccumulatorRegister;

  constructor(
    private readonly converter: Converter,
    private readonly random: RandomSite | null,
    accumulator: Accumulator,
  ) {
    this.register = new AccumulatorRegister(accumulator);
  }

  clear(): void {
    this.register.clear();
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
    for (let t = 0, i = aStart, j = bStart; t < length; t += 1, i += aStride, j += bStride) {
      this.register.addProduct(a[i]!, b[j]!);
    }
  }

  add(value: number, shift: number): void {
    this.register.addShifted(value, shift);
  }

  finish(index: number): number {
    return this.converter.convert(this.register.sum, this.random === null ? 0 : this.random.word(index));
  }
}

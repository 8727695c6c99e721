/**
 * Exact 64-bit two's complement integers in two 32-bit halves, mutable, for accumulation loops.
 * Sums are modulo 2^64; the plan builder proves that 64 bits suffice (accumulator.ts); nothing is checked here.
 * No number theory beyond that: rounding is convert.ts. Derived in docs/numerics.md, section "Wide integers".
 */

const TWO_TO_MINUS_32 = 2 ** -32;

/** High 32 bits of the exact signed product of two int32 (Hacker's Delight, mulhs: no partial sum leaves int32). */
export function multiplyHigh(a: number, b: number): number {
  const aHigh = a >> 16;
  const aLow = a & 0xffff;
  const bHigh = b >> 16;
  const bLow = b & 0xffff;
  const first = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) | 0;
  const second = (Math.imul(aLow, bHigh) + (first & 0xffff)) | 0;
  return (Math.imul(aHigh, bHigh) + (first >> 16) + (second >> 16)) | 0;
}

/** High 32 bits, unsigned, of the exact product of two uint32 (either sign convention of the arguments is read as unsigned). */
export function multiplyHighUnsigned(a: number, b: number): number {
  const aHigh = a >>> 16;
  const aLow = a & 0xffff;
  const bHigh = b >>> 16;
  const bLow = b & 0xffff;
  const first = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) | 0;
  const second = (Math.imul(aLow, bHigh) + (first & 0xffff)) | 0;
  return (Math.imul(aHigh, bHigh) + (first >>> 16) + (second >>> 16)) >>> 0;
}

/** A 64-bit two's complement integer `hi * 2^32 + (lo >>> 0)`; both halves are int32. */
export class Wide {
  hi = 0;
  lo = 0;

  /** A new Wide of the low 64 bits of `value`. */
  static fromBigInt(value: bigint): Wide {
    const wide = new Wide();
    wide.setBigInt(value);
    return wide;
  }

  /** Sets 0. */
  clear(): void {
    this.hi = 0;
    this.lo = 0;
  }

  /** Sets both halves, int32. */
  set(hi: number, lo: number): void {
    this.hi = hi;
    this.lo = lo;
  }

  /** Sets a safe integer. */
  setNumber(value: number): void {
    const low = value >>> 0;
    // A multiple of 2^32 not above 2^53, times a power of two: exact.
    this.set(((value - low) * TWO_TO_MINUS_32) | 0, low | 0);
  }

  /**
   * Sets floor(dividend * 2^fractionBits / divisor) by long division. Both are whole numbers, |dividend| <= 2^47,
   * 1 <= divisor <= 2^16.
   */
  setQuotient(dividend: number, divisor: number, fractionBits: number): void {
    const negative = dividend < 0;
    this.setNumber(negative ? -dividend : dividend);
    const { hi, lo } = this;
    let rest = 0;
    this.clear();
    for (let bit = 47; bit >= -fractionBits; bit -= 1) {
      const digit = bit < 0 ? 0 : (bit < 32 ? lo >>> bit : hi >>> (bit - 32)) & 1;
      rest = 2 * rest + digit;
      this.shiftLeft(1);
      if (rest < divisor) continue;
      rest -= divisor;
      this.lo |= 1;
    }
    if (!negative) return;
    // -floor(q) - 1 is the complement of q; a quotient without a rest is one more.
    this.set(~this.hi, ~this.lo);
    if (rest === 0) this.add(0, 1);
  }

  /** Sets the low 64 bits of `value`. */
  setBigInt(value: bigint): void {
    this.set(Number(BigInt.asIntN(32, value >> 32n)), Number(BigInt.asIntN(32, value)));
  }

  /** Sets the value of another. */
  copy(other: Wide): void {
    this.hi = other.hi;
    this.lo = other.lo;
  }

  /** Adds a 64-bit integer given in halves, modulo 2^64. */
  add(hi: number, lo: number): void {
    const sum = (this.lo + lo) | 0;
    // The carry out of the low words: both top bits set, or one set and the sum's top bit lost.
    const carry = ((this.lo & lo) | ((this.lo | lo) & ~sum)) >>> 31;
    this.hi = (this.hi + hi + carry) | 0;
    this.lo = sum;
  }

  /** Adds another, modulo 2^64. */
  addWide(other: Wide): void {
    this.add(other.hi, other.lo);
  }

  /** Adds the exact product of two int32. */
  addProduct(a: number, b: number): void {
    const low = Math.imul(a, b);
    // Two 16-bit operands, the usual case: the product fits in int32 and its high half is its sign.
    const high = (a << 16) >> 16 === a && (b << 16) >> 16 === b ? low >> 31 : multiplyHigh(a, b);
    this.add(high, low);
  }

  /** Adds `a * b * 2^shift`, a and b int32, 0 <= shift <= 62. */
  addProductShifted(a: number, b: number, shift: number): void {
    this.#addHalvesShifted(multiplyHigh(a, b), Math.imul(a, b), shift);
  }

  /** Adds `value * 2^shift`, value int32, 0 <= shift <= 62. */
  addShifted(value: number, shift: number): void {
    this.#addHalvesShifted(value >> 31, value, shift);
  }

  #addHalvesShifted(hi: number, lo: number, shift: number): void {
    if (shift === 0) this.add(hi, lo);
    else if (shift < 32) this.add((hi << shift) | (lo >>> (32 - shift)), lo << shift);
    else this.add(lo << (shift - 32), 0);
  }

  /** Shifts left by any `count` >= 0, dropping what leaves 64 bits. */
  shiftLeft(count: number): void {
    const { hi, lo } = this;
    if (count === 0) return;
    if (count < 32) this.set((hi << count) | (lo >>> (32 - count)), lo << count);
    else this.set(count < 64 ? lo << (count - 32) : 0, 0);
  }

  /** Arithmetic shift right (floor of the division by 2^count) by any `count` >= 0. */
  shiftRight(count: number): void {
    const { hi, lo } = this;
    if (count === 0) return;
    if (count < 32) this.set(hi >> count, (lo >>> count) | (hi << (32 - count)));
    else this.set(hi >> 31, count < 64 ? hi >> (count - 32) : hi >> 31);
  }

  /** Keeps the low `width` bits (1..64), sign-extended: two's complement wrap-around. */
  wrapTo(width: number): void {
    if (width >= 64) return;
    if (width > 32) {
      this.hi = (this.hi << (64 - width)) >> (64 - width);
    } else {
      this.lo = (this.lo << (32 - width)) >> (32 - width);
      this.hi = this.lo >> 31;
    }
  }

  /** Clamps to the signed range of `width` bits (1..64), [-2^(width-1), 2^(width-1) - 1]. */
  saturateTo(width: number): void {
    if (this.fitsIn(width)) return;
    const negative = this.hi < 0;
    // The largest positive integer of `width` bits; its complement is the smallest negative one.
    const maxHi = width > 32 ? -1 - (-1 << (width - 33)) : 0;
    const maxLo = width > 32 ? -1 : -1 - (-1 << (width - 1));
    this.set(negative ? ~maxHi : maxHi, negative ? ~maxLo : maxLo);
  }

  /** True when the integer fits in `width` signed bits (1..64). */
  fitsIn(width: number): boolean {
    if (width > 32) return width >= 64 || (this.hi << (64 - width)) >> (64 - width) === this.hi;
    return this.hi === this.lo >> 31 && (this.lo << (32 - width)) >> (32 - width) === this.lo;
  }

  /** True for 0. */
  isZero(): boolean {
    return (this.hi | this.lo) === 0;
  }

  /** True below 0. */
  isNegative(): boolean {
    return this.hi < 0;
  }

  /** Negative, zero or positive as this is less than, equal to or greater than `other`. */
  compare(other: Wide): number {
    if (this.hi !== other.hi) return this.hi < other.hi ? -1 : 1;
    if (this.lo === other.lo) return 0;
    return this.lo >>> 0 < other.lo >>> 0 ? -1 : 1;
  }

  /** The exact value. */
  toBigInt(): bigint {
    return (BigInt(this.hi) << 32n) | BigInt(this.lo >>> 0);
  }

  /** The nearest double; exact up to 2^53. */
  toNumber(): number {
    return this.hi * 4294967296 + (this.lo >>> 0);
  }
}

/**
 * Division and inverse square root of whole numbers, bit by bit: what batch normalisation makes of its sums, once a channel.
 * docs/numerics.md, section "Batch normalisation".
 */

/** Bits of `value` >= 0. */
function bitLength(value: bigint): bigint {
  let bits = 0n;
  while (value >> bits > 0n) bits += 1n;
  return bits;
}

/** Whole quotient of two integers, dividend >= 0 and divisor > 0, by long division. */
function quotient(dividend: bigint, divisor: bigint): bigint {
  let rest = 0n;
  let result = 0n;
  for (let bit = bitLength(dividend) - 1n; bit >= 0n; bit -= 1n) {
    rest = 2n * rest + ((dividend >> bit) & 1n);
    result *= 2n;
    if (rest >= divisor) {
      rest -= divisor;
      result += 1n;
    }
  }
  return result;
}

/** The nearest integer to dividend / divisor, halves up: floor((2 dividend + divisor) / (2 divisor)), divisor > 0. */
export function roundedQuotient(dividend: bigint, divisor: bigint): bigint {
  const numerator = 2n * dividend + divisor;
  const denominator = 2n * divisor;
  // floor(-n / d) = -ceil(n / d) = -floor((n + d - 1) / d)
  return numerator >= 0n
    ? quotient(numerator, denominator)
    : -quotient(-numerator + denominator - 1n, denominator);
}

/** Largest integer whose square is not above `value`, 0 <= value < 2^62. */
function rootBelow(value: bigint): bigint {
  let root = 0n;
  for (let bit = 1n << 30n; bit > 0n; bit >>= 1n) {
    const next = root + bit;
    if (next * next <= value) root = next;
  }
  return root;
}

/** 1 / sqrt(value) as `mantissa * 2^-(60 - halfShift)`: 2^29 <= mantissa <= 2^30, relative error below 2^-28. */
export interface InverseRoot {
  readonly mantissa: number;
  readonly halfShift: number;
}

/** Inverse square root of a whole number, 1 <= value < 2^62: mantissa = 2^60 / floor(sqrt(value * 4^halfShift)) to nearest. */
export function inverseRoot(value: bigint): InverseRoot {
  // The even shift that brings the top bit to place 60 or 61.
  const halfShift = (62n - bitLength(value)) >> 1n;
  const root = rootBelow(value << (2n * halfShift));
  return { mantissa: Number(roundedQuotient(1n << 60n, root)), halfShift: Number(halfShift) };
}

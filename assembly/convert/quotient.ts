/* Exact quotients, for roundings that cut down: a rounded reciprocal would move a mean that is exact by a whole unit. */

/** Largest integer at most dividend / divisor, divisor > 0. */
function floorDivide(dividend: i64, divisor: i64): i64 {
  const cut = dividend / divisor;
  return cut - i64(cut * divisor > dividend);
}

/**
 * floor(dividend * 2^fractionBits / divisor) for |dividend| <= 2^47, divisor 1 .. 65536, fractionBits <= 30. The remainder is
 * scaled apart from the whole part, so that nothing leaves 64 bits.
 */
export function quotient(dividend: i64, divisor: i32, fractionBits: i32): i64 {
  const whole = floorDivide(dividend, divisor);
  const remainder = dividend - whole * divisor;
  return (whole << fractionBits) + floorDivide(remainder << fractionBits, divisor);
}

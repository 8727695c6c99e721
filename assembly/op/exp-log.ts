/*
 * exp and log of doubles for the float32 baseline, from + - * / alone: the same bits on every machine, and no tables.
 * Relative error below 1e-15 on the arguments that softmax has (x <= 0, sums >= 1).
 */

const LN_2_HIGH: f64 = 0.6931471803691238; // the top bits of ln 2: a multiple of it by a small integer is exact
const LN_2_LOW: f64 = 1.9082149292705877e-10;
const LOG2_E: f64 = 1.4426950408889634;

/** e^x for x <= 0; 0 below -708. x = n ln 2 + r, |r| <= ln 2 / 2, e^r by its series. NaN stays NaN. */
export function exponential(x: f64): f64 {
  if (x < -708) return 0;
  if (x != x) return x;
  const n = nearest(x * LOG2_E);
  const r = x - n * LN_2_HIGH - n * LN_2_LOW;
  let sum: f64 = 1;
  for (let j: f64 = 14; j >= 1; j--) sum = 1 + (sum * r) / j;
  return sum * reinterpret<f64>((<i64>n + 1023) << 52);
}

/** ln x for x >= 1: x = 2^n m with m in [0.70, 1.42), ln m = 2 atanh((m - 1) / (m + 1)) by its series. */
export function logarithm(x: f64): f64 {
  if (!(x < Infinity)) return x;
  let n = <i32>(reinterpret<i64>(x) >> 52) - 1023;
  let m = reinterpret<f64>((reinterpret<i64>(x) & 0xfffffffffffff) | ((<i64>1023) << 52));
  if (m > 1.4142135623730951) {
    m *= 0.5;
    n++;
  }
  const s = (m - 1) / (m + 1);
  const square = s * s;
  let sum: f64 = 0;
  for (let j: f64 = 21; j >= 1; j -= 2) sum = sum * square + 1 / j;
  return <f64>n * LN_2_HIGH + (2 * s * sum + <f64>n * LN_2_LOW);
}

/*
 * The addends of the rounding modes that draw no words: what is added to m before its `drop` low bits go is
 *
 *   base + ((m < 0) & sign) + ((m >> drop) & even), one row of the table a mode; 0 if nothing is dropped.
 *
 * In 32-bit lanes one of the last two terms is enough, because no mode has both: base + ((m >> shift) & mask).
 */
import { NEAREST_AWAY, NEAREST_DOWN, NEAREST_EVEN, NEAREST_UP, TOWARD_ZERO } from '../layout';

/** What every sum gets. */
export function baseOf(mode: i32, drop: i32): i64 {
  if (drop <= 0) return 0;
  const half = (<i64>1) << (drop - 1);
  if (mode == NEAREST_AWAY || mode == NEAREST_UP) return half;
  return mode == NEAREST_EVEN || mode == NEAREST_DOWN ? half - 1 : 0;
}

/** What sums below zero get beside it. */
export function signOf(mode: i32, drop: i32): i64 {
  if (drop <= 0) return 0;
  if (mode == NEAREST_AWAY) return -1;
  return mode == TOWARD_ZERO ? ((<i64>1) << drop) - 1 : 0;
}

/** 1 if sums with an odd floor get one more. */
export function evenOf(mode: i32, drop: i32): i64 {
  return drop > 0 && mode == NEAREST_EVEN ? 1 : 0;
}

/** Bits to the right by which a sum of 32 bits goes to `maskOf`; for split sums m is h, of which the `drop` bits are gone. */
export function shiftOf<S>(mode: i32, drop: i32): i32 {
  if (mode != NEAREST_EVEN) return 31;
  return sizeof<S>() == 8 ? 0 : drop;
}

/** What is kept of it. */
export function maskOf(mode: i32, drop: i32): i32 {
  return <i32>(signOf(mode, drop) | evenOf(mode, drop));
}

/** The addends of four sums of 32 bits. */
export function given32(m: v128, base: i32, shift: i32, mask: i32): v128 {
  return i32x4.add(i32x4.splat(base), v128.and(i32x4.shr_s(m, shift), i32x4.splat(mask)));
}

/** The addends of two sums of 64 bits. */
export function given64(m: v128, drop: i32, base: i64, sign: i64, even: i64): v128 {
  const below = v128.and(i64x2.lt_s(m, i64x2.splat(0)), i64x2.splat(sign));
  const odd = v128.and(i64x2.shr_u(m, drop), i64x2.splat(even));
  return i64x2.add(i64x2.add(i64x2.splat(base), below), odd);
}

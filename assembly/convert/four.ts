/*
 * Convert, four sums at a time: the vector loop of convert.ts, and of narrow.ts for what is not its usual case. Every
 * comparison is counted. Type parameter S is i32 for sums in i32, whose proof leaves room for the addend; u64 for split sums
 * (narrow.ts); i64 for sums in i64 of less than 2^61 in magnitude, with 0 to 62 dropped bits. There is no cheap arithmetic
 * shift of 64-bit lanes, so with 2^62 added, which makes every sum positive,
 *
 *   floor((m + addend) / 2^drop) = ((m + addend + 2^62) >> drop) - 2^(62 - drop), the shift being unsigned.
 */
import {
  SITE_DROP,
  SITE_MASK,
  SITE_MODE,
  SITE_OVERFLOW,
  SITE_TYPE,
  SITE_WIDTH,
  SITE_WL,
  TYPE_I16,
  WRAP,
} from '../layout';
import { baseOf, evenOf, given32, given64, shiftOf, signOf } from './addend';
import { countersOf, countRun, countSaturated, lanesOf } from './statistics';

/**
 * Converts `length` sums (a multiple of 4; low halves of split ones `apart` bytes behind the high ones) to the elements at
 * `out`. `words` is the run's random words, or 0. False, with nothing counted, if a sum in i64 is too large for this loop.
 */
export function convertFour<S>(
  site: usize,
  sums: usize,
  apart: usize,
  words: usize,
  out: usize,
  length: i32,
): bool {
  const int16 = load<i32>(site, SITE_TYPE) == TYPE_I16;
  if (load<i32>(site, SITE_WIDTH) == 16) {
    if (int16) return convertTo<i16, u16, S>(site, sums, apart, words, out, length);
    return convertTo<i32, u16, S>(site, sums, apart, words, out, length);
  }
  if (int16) return convertTo<i16, u32, S>(site, sums, apart, words, out, length);
  return convertTo<i32, u32, S>(site, sums, apart, words, out, length);
}

/** The same for elements of type T and words of type W. */
function convertTo<T, W, S>(
  site: usize,
  sums: usize,
  apart: usize,
  words: usize,
  out: usize,
  length: i32,
): bool {
  const drop = load<i32>(site, SITE_DROP);
  const mode = load<i32>(site, SITE_MODE);
  const unused = 32 - load<i32>(site, SITE_WL);
  const wraps = load<i32>(site, SITE_OVERFLOW) == WRAP;
  const kept = i32x4.splat(load<i32>(site, SITE_MASK));
  const cut: i32 = max(<i32>(8 * sizeof<W>()) - drop, 0);
  const limit = i32.MAX_VALUE >> unused;
  const most = i32x4.splat(limit);
  const least = v128.not(most);
  const zero = i32x4.splat(0);
  const base = baseOf(mode, drop);
  const sign = signOf(mode, drop);
  const even = evenOf(mode, drop);
  const shift = shiftOf<S>(mode, drop);
  let large = zero;
  let largest = zero;
  let smallest = zero;
  let flushed = zero;
  let highs = zero;
  let lows = zero;
  for (let i = 0; i < length; i += 4) {
    let addend = zero;
    if (words) {
      const word = sizeof<W>() == 2 ? v128.load_ext<u16>(words) : v128.load(words);
      addend = i32x4.shr_u(v128.and(word, kept), cut);
      words += 4 * sizeof<W>();
    }
    let t: v128;
    let none: v128;
    let high: v128;
    let low: v128;
    if (sizeof<S>() == 8 && isSigned<S>()) {
      const m0 = v128.load(sums);
      const m1 = v128.load(sums, 16);
      // Either of the two top bits is set unless -2^61 <= m < 2^61.
      const room = i64x2.splat((<i64>1) << 61);
      large = v128.or(large, v128.or(i64x2.add(m0, room), i64x2.add(m1, room)));
      let a0: v128;
      let a1: v128;
      if (words) {
        const raise = max(drop - 32, 0);
        a0 = i64x2.shl(i64x2.extend_low_i32x4_u(addend), raise);
        a1 = i64x2.shl(i64x2.extend_high_i32x4_u(addend), raise);
      } else {
        a0 = given64(m0, drop, base, sign, even);
        a1 = given64(m1, drop, base, sign, even);
      }
      const up = i64x2.splat((<i64>1) << 62);
      const down = i64x2.splat((<i64>1) << (62 - drop));
      const t0 = i64x2.sub(i64x2.shr_u(i64x2.add(i64x2.add(m0, a0), up), drop), down);
      const t1 = i64x2.sub(i64x2.shr_u(i64x2.add(i64x2.add(m1, a1), up), drop), down);
      const top = i64x2.splat(limit);
      const bottom = i64x2.splat(~limit);
      high = v128.shuffle<i32>(i64x2.gt_s(t0, top), i64x2.gt_s(t1, top), 0, 2, 4, 6);
      low = v128.shuffle<i32>(i64x2.lt_s(t0, bottom), i64x2.lt_s(t1, bottom), 0, 2, 4, 6);
      none = v128.shuffle<i32>(i64x2.eq(m0, zero), i64x2.eq(m1, zero), 0, 2, 4, 6);
      t = v128.shuffle<i32>(t0, t1, 0, 2, 4, 6);
      sums += 32;
    } else {
      let m = v128.load(sums);
      let rest = zero;
      if (sizeof<S>() == 8) {
        rest = v128.load(sums + apart);
        m = i32x4.add(m, i32x4.shr_s(rest, drop));
        rest = v128.and(rest, i32x4.splat((1 << drop) - 1));
      }
      if (!words) addend = given32(m, <i32>base, shift, <i32>(sign | even));
      if (sizeof<S>() == 8) t = i32x4.add(m, i32x4.shr_s(i32x4.add(rest, addend), drop));
      else t = i32x4.shr_s(i32x4.add(m, addend), drop);
      high = i32x4.gt_s(t, most);
      low = i32x4.lt_s(t, least);
      none = i32x4.eq(v128.or(m, rest), zero);
      sums += 16;
    }
    highs = i32x4.sub(highs, high);
    lows = i32x4.sub(lows, low);
    if (wraps) t = i32x4.shr_s(i32x4.shl(t, unused), unused);
    else t = v128.bitselect(most, v128.bitselect(least, t, low), high);
    largest = i32x4.max_s(largest, t);
    smallest = i32x4.min_s(smallest, t);
    flushed = i32x4.sub(flushed, v128.andnot(i32x4.eq(t, zero), none));
    if (sizeof<T>() == 2) v128.store_lane<i64>(out, i16x8.narrow_i32x4_s(t, t), 0);
    else v128.store(out, t);
    out += 4 * sizeof<T>();
  }
  if ((i64x2.extract_lane(large, 0) | i64x2.extract_lane(large, 1)) >> 62) return false;
  const counters = countersOf(site);
  countSaturated(counters, highs, lows);
  countRun(counters, length, lanesOf(flushed), largest, smallest);
  return true;
}

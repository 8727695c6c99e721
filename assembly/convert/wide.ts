/*
 * Convert for sums in i64, four at a time: the vector loop of convert.ts, for sums of less than 2^61 in magnitude and 0 to
 * 62 dropped bits. There is no cheap arithmetic shift of 64-bit lanes, so with 2^62 added, which makes every sum positive,
 *
 *   floor((m + addend) / 2^drop) = ((m + addend + 2^62) >> drop) - 2^(62 - drop), the shift being unsigned.
 *
 * The addend of every mode but stochastic is base + ((m < 0) & sign) + ((m >> drop) & even), see `openAddend`.
 */
import {
  COUNT_HIGH,
  COUNT_LOW,
  NEAREST_AWAY,
  NEAREST_DOWN,
  NEAREST_EVEN,
  NEAREST_UP,
  SITE_COUNTERS,
  SITE_DROP,
  SITE_MASK,
  SITE_MODE,
  SITE_OVERFLOW,
  SITE_WL,
  TOWARD_ZERO,
  WRAP,
} from '../layout';
import { bump, countRun, lanesOf } from './statistics';
import { statistics } from '../thread';

// The addend of a mode that draws no words.
let base: i64 = 0;
let sign: i64 = 0;
let even: i64 = 0;

function openAddend(mode: i32, drop: i32): void {
  base = 0;
  sign = 0;
  even = 0;
  if (drop == 0) return;
  const half = (<i64>1) << (drop - 1);
  if (mode == NEAREST_AWAY) {
    base = half;
    sign = -1;
  } else if (mode == NEAREST_EVEN) {
    base = half - 1;
    even = 1;
  } else if (mode == NEAREST_DOWN) {
    base = half - 1;
  } else if (mode == NEAREST_UP) {
    base = half;
  } else if (mode == TOWARD_ZERO) {
    sign = 2 * half - 1;
  }
}

/** The addends of two sums in a mode that draws no words. */
function given(m: v128, drop: i32): v128 {
  const below = v128.and(i64x2.lt_s(m, i64x2.splat(0)), i64x2.splat(sign));
  const odd = v128.and(i64x2.shr_u(m, drop), i64x2.splat(even));
  return i64x2.add(i64x2.add(i64x2.splat(base), below), odd);
}

/**
 * Converts `length` sums (a multiple of 4, i64 at `sums`) to elements of type T at `out`. `words` is the run's random
 * words, W each, or 0. False, with nothing counted, where a sum is too large for this loop.
 */
export function convertVectors<T, W>(site: usize, sums: usize, words: usize, out: usize, length: i32): bool {
  const drop = load<i32>(site, SITE_DROP);
  const unused = 32 - load<i32>(site, SITE_WL);
  const wraps = load<i32>(site, SITE_OVERFLOW) == WRAP;
  const kept = i32x4.splat(load<i32>(site, SITE_MASK));
  const cut: i32 = max(<i32>(8 * sizeof<W>()) - drop, 0);
  const raise = max(drop - 32, 0);
  const limit = i32.MAX_VALUE >> unused;
  const most = i64x2.splat(limit);
  const least = i64x2.splat(~limit);
  const most32 = i32x4.splat(limit);
  const least32 = v128.not(most32);
  const up = i64x2.splat((<i64>1) << 62);
  const down = i64x2.splat((<i64>1) << (62 - drop));
  const room = i64x2.splat((<i64>1) << 61);
  const zero = i64x2.splat(0);
  let large = zero;
  let largest = zero;
  let smallest = zero;
  let flushed = zero;
  let highs = zero;
  let lows = zero;
  openAddend(load<i32>(site, SITE_MODE), drop);
  for (let i = 0; i < length; i += 4) {
    const m0 = v128.load(sums);
    const m1 = v128.load(sums, 16);
    // Either of the two top bits is set unless -2^61 <= m < 2^61.
    large = v128.or(large, v128.or(i64x2.add(m0, room), i64x2.add(m1, room)));
    let a0: v128;
    let a1: v128;
    if (words) {
      let word = sizeof<W>() == 2 ? v128.load_ext<u16>(words) : v128.load(words);
      word = i32x4.shr_u(v128.and(word, kept), cut);
      a0 = i64x2.shl(i64x2.extend_low_i32x4_u(word), raise);
      a1 = i64x2.shl(i64x2.extend_high_i32x4_u(word), raise);
      words += 4 * sizeof<W>();
    } else {
      a0 = given(m0, drop);
      a1 = given(m1, drop);
    }
    const t0 = i64x2.sub(i64x2.shr_u(i64x2.add(i64x2.add(m0, a0), up), drop), down);
    const t1 = i64x2.sub(i64x2.shr_u(i64x2.add(i64x2.add(m1, a1), up), drop), down);
    const high = v128.shuffle<i32>(i64x2.gt_s(t0, most), i64x2.gt_s(t1, most), 0, 2, 4, 6);
    const low = v128.shuffle<i32>(i64x2.lt_s(t0, least), i64x2.lt_s(t1, least), 0, 2, 4, 6);
    let t = v128.shuffle<i32>(t0, t1, 0, 2, 4, 6);
    if (wraps) t = i32x4.shr_s(i32x4.shl(t, unused), unused);
    else t = v128.bitselect(most32, v128.bitselect(least32, t, low), high);
    highs = i32x4.sub(highs, high);
    lows = i32x4.sub(lows, low);
    largest = i32x4.max_s(largest, t);
    smallest = i32x4.min_s(smallest, t);
    const none = v128.shuffle<i32>(i64x2.eq(m0, zero), i64x2.eq(m1, zero), 0, 2, 4, 6);
    flushed = i32x4.sub(flushed, v128.andnot(i32x4.eq(t, zero), none));
    if (sizeof<T>() == 2) v128.store_lane<i64>(out, i16x8.narrow_i32x4_s(t, t), 0);
    else v128.store(out, t);
    sums += 32;
    out += 4 * sizeof<T>();
  }
  const extremes = i64x2.extract_lane(large, 0) | i64x2.extract_lane(large, 1);
  if (extremes >> 62) return false;
  const counters = statistics + load<u32>(site, SITE_COUNTERS);
  bump(counters + COUNT_HIGH, lanesOf(highs));
  bump(counters + COUNT_LOW, lanesOf(lows));
  countRun(counters, length, lanesOf(flushed), largest, smallest);
  return true;
}

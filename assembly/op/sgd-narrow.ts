/*
 * SGD for int16 operands, four at a time, in 32-bit lanes. Same integers and counters as sgd.ts, which also takes what is
 * rare: coefficients of 1 and more, unequal fraction bits, int32.
 *
 * A coefficient is taken apart, c = 2^15 high + low with -2^14 <= low < 2^14, so that i32x4.dot_i16x8_s of (u, g) with
 * (momentum, -rate) halves, and of (w, 0) with -decay's, gives the exact sum as S = 2^15 H + L' from two i32. With
 * L = L' mod 2^15 and M = H + floor(L' / 2^15) it is S = 2^15 M + L, and for an addend a = 2^15 ah + al
 *
 *   floor((S + a) / 2^k) = (M + ah + ((L + al) >> 15)) >> (k - 15).
 *
 * |L'| <= 3 * 2^14 * 2^15 always fits; |M| fits where the magnitudes of the high halves sum to less than 2^16 - 32, which
 * leaves 2^20 of room for the addend's high part, at most 2^(k-15) <= 2^17.
 */
import { convertNarrow } from '../convert/narrow';
import {
  COUNT_HIGH,
  COUNT_LOW,
  COUNT_SWALLOWED,
  NEAREST_AWAY,
  NEAREST_DOWN,
  NEAREST_EVEN,
  NEAREST_UP,
  RUN,
  SCRATCH_GROUPS,
  SCRATCH_SUMS,
  SITE_COUNTERS,
  SITE_DROP,
  SITE_HASH,
  SITE_MASK,
  SITE_MODE,
  SITE_OVERFLOW,
  SITE_WL,
  STOCHASTIC,
  TOWARD_ZERO,
  WRAP,
} from '../layout';
import { drawListed32 } from '../convert/philox';
import { bump, countRun, lanesOf, leastOf, mostOf } from '../convert/statistics';
import { scratch, statistics } from '../thread';

// Halves of momentum, -rate and -decay.
let momentumHigh: i32 = 0;
let momentumLow: i32 = 0;
let rateHigh: i32 = 0;
let rateLow: i32 = 0;
let decayHigh: i32 = 0;
let decayLow: i32 = 0;
// The addend of a mode that draws no words: high base + ((M >> 31) & highMask), low base + ((M >> lowShift) & lowMask).
let highBase: i32 = 0;
let highMask: i32 = 0;
let lowBase: i32 = 0;
let lowShift: i32 = 0;
let lowMask: i32 = 0;

/** The low half of a coefficient, in [-2^14, 2^14). */
function lowHalf(c: i64): i32 {
  return ((<i32>c) << 17) >> 17;
}

/** The high half. */
function highHalf(c: i64): i32 {
  return <i32>((c - lowHalf(c)) >> 15);
}

function magnitude(x: i32): i32 {
  return x < 0 ? -x : x;
}

/** Takes the coefficients apart; false where they, or the number of dropped bits, are not for this path. */
export function openNarrowSgd(site: usize, momentum: i64, rate: i64, decay: i64): bool {
  const drop = load<i32>(site, SITE_DROP);
  if (drop < 17 || drop > 32) return false;
  // All below 1.
  if ((momentum | rate | decay) >> 30) return false;
  momentumHigh = highHalf(momentum);
  momentumLow = lowHalf(momentum);
  rateHigh = highHalf(-rate);
  rateLow = lowHalf(-rate);
  decayHigh = highHalf(-decay);
  decayLow = lowHalf(-decay);
  // 2^15 itself is no int16, and only -2^15 is one.
  if (momentumHigh > 32767) return false;
  return magnitude(momentumHigh) + magnitude(rateHigh) + magnitude(decayHigh) < 65536 - 32;
}

function openAddend(mode: i32, drop: i32): void {
  const half = 1 << (drop - 16);
  highBase = 0;
  highMask = 0;
  lowBase = 0;
  lowShift = 31;
  lowMask = 0;
  if (mode == NEAREST_AWAY) {
    // Less 1 below zero.
    highBase = half;
    highMask = -1;
    lowMask = 32767;
  } else if (mode == NEAREST_EVEN) {
    highBase = half - 1;
    lowBase = 32767;
    lowShift = drop - 15;
    lowMask = 1;
  } else if (mode == NEAREST_DOWN) {
    highBase = half - 1;
    lowBase = 32767;
  } else if (mode == NEAREST_UP) {
    highBase = half;
  } else if (mode == TOWARD_ZERO) {
    highMask = 2 * half - 1;
    lowMask = 32767;
  }
}

/** Two int16 in every lane. */
function splatPair(low: i32, above: i32): v128 {
  return i32x4.splat((low & 0xffff) | (above << 16));
}

/**
 * u' = convert(momentum u - rate g - decay w) of `length` elements, a multiple of 4. Writes the updates, and to `moved` a
 * mask of 16 bits an element: the exact right side is not 0.
 */
function updateRun(site: usize, words: usize, w: usize, g: usize, u: usize, moved: usize, length: i32): void {
  const drop = load<i32>(site, SITE_DROP);
  const unused = 32 - load<i32>(site, SITE_WL);
  const wraps = load<i32>(site, SITE_OVERFLOW) == WRAP;
  const kept = i32x4.splat(load<i32>(site, SITE_MASK));
  const lowUG = splatPair(momentumLow, rateLow);
  const highUG = splatPair(momentumHigh, rateHigh);
  const lowW = splatPair(decayLow, 0);
  const highW = splatPair(decayHigh, 0);
  const decays = (decayLow | decayHigh) != 0;
  const most = i32x4.splat(i32.MAX_VALUE >> unused);
  const least = v128.not(most);
  const zero = i32x4.splat(0);
  const fraction = i32x4.splat(32767);
  let largest = zero;
  let smallest = zero;
  let flushed = zero;
  let highs = zero;
  let lows = zero;
  for (let i = 0; i < length; i += 4) {
    const ug = v128.shuffle<i16>(v128.load_zero<i64>(u), v128.load_zero<i64>(g), 0, 8, 1, 9, 2, 10, 3, 11);
    let low = i32x4.dot_i16x8_s(ug, lowUG);
    let high = i32x4.dot_i16x8_s(ug, highUG);
    if (decays) {
      const pairs = v128.load_ext<u16>(w);
      low = i32x4.add(low, i32x4.dot_i16x8_s(pairs, lowW));
      high = i32x4.add(high, i32x4.dot_i16x8_s(pairs, highW));
    }
    const upper = i32x4.add(high, i32x4.shr_s(low, 15));
    const lower = v128.and(low, fraction);
    let addHigh: v128;
    let addLow: v128;
    if (words) {
      const r = i32x4.shr_u(v128.and(v128.load(words), kept), 32 - drop);
      addHigh = i32x4.shr_u(r, 15);
      addLow = v128.and(r, fraction);
      words += 16;
    } else {
      addHigh = i32x4.add(i32x4.splat(highBase), v128.and(i32x4.shr_s(upper, 31), i32x4.splat(highMask)));
      addLow = i32x4.add(i32x4.splat(lowBase), v128.and(i32x4.shr_s(upper, lowShift), i32x4.splat(lowMask)));
    }
    const carry = i32x4.shr_s(i32x4.add(lower, addLow), 15);
    let t = i32x4.shr_s(i32x4.add(i32x4.add(upper, addHigh), carry), drop - 15);
    highs = i32x4.sub(highs, i32x4.gt_s(t, most));
    lows = i32x4.sub(lows, i32x4.lt_s(t, least));
    if (wraps) t = i32x4.shr_s(i32x4.shl(t, unused), unused);
    else t = i32x4.min_s(i32x4.max_s(t, least), most);
    largest = i32x4.max_s(largest, t);
    smallest = i32x4.min_s(smallest, t);
    const moves = i32x4.ne(v128.or(upper, lower), zero);
    flushed = i32x4.sub(flushed, v128.and(i32x4.eq(t, zero), moves));
    v128.store_lane<i64>(u, i16x8.narrow_i32x4_s(t, t), 0);
    v128.store_lane<i64>(moved, i16x8.narrow_i32x4_s(moves, moves), 0);
    u += 8;
    g += 8;
    w += 8;
    moved += 8;
  }
  const counters = statistics + load<u32>(site, SITE_COUNTERS);
  bump(counters + COUNT_HIGH, lanesOf(highs));
  bump(counters + COUNT_LOW, lanesOf(lows));
  countRun(counters, length, lanesOf(flushed), largest, smallest);
}

/** The sums w 2^shiftW + u 2^shiftU of `length` elements, a multiple of 4, in i32. */
function sumRun(w: usize, u: usize, shiftW: i32, shiftU: i32, sums: usize, length: i32): void {
  for (let i = 0; i < length; i += 4) {
    const parameter = i32x4.shl(v128.load_ext<i16>(w), shiftW);
    v128.store(sums, i32x4.add(parameter, i32x4.shl(v128.load_ext<i16>(u), shiftU)));
    w += 8;
    u += 8;
    sums += 16;
  }
}

/** Elements that should have moved and are what they were; `length` a multiple of 8. */
function countSwallowed(now: usize, before: usize, moved: usize, length: i32): i64 {
  let stuck = i16x8.splat(0);
  for (let i = 0; i < length; i += 8) {
    const same = i16x8.eq(v128.load(now), v128.load(before));
    stuck = i16x8.sub(stuck, v128.and(same, v128.load(moved)));
    now += 16;
    before += 16;
    moved += 16;
  }
  return lanesOf(i32x4.extadd_pairwise_i16x8_s(stuck));
}

/** Four pairs of sums 2^15 high + low, plus the addend of a 32-bit word, without their last `drop` bits. */
function rounded(low: v128, high: v128, word: v128, cut: i32, drop: i32): v128 {
  const r = i32x4.shr_u(word, cut);
  const carry = i32x4.shr_s(i32x4.add(low, v128.and(r, i32x4.splat(32767))), 15);
  return i32x4.shr_s(i32x4.add(i32x4.add(high, i32x4.shr_u(r, 15)), carry), drop - 15);
}

/**
 * The usual case of a step: stochastic updates, parameters with the updates' fraction bits, both saturating. Of `length`
 * elements, a multiple of 16, only the `count` groups of 16 are looked at that are listed. Keeps what was there at `before`
 * and `last`. False if anything saturates: then nothing is counted, but w and u are changed.
 *
 * An exact right side of 0 is told by its low word: if that is 0 and the whole is not, the whole is at least 2^32 in
 * magnitude and does not round to 0. So the right side moves the parameter where the rounded one or the low word is not 0.
 */
function usualRun(
  updateSite: usize,
  parameterSite: usize,
  words: usize,
  w: usize,
  g: usize,
  u: usize,
  before: usize,
  last: usize,
  length: i32,
  count: i32,
): bool {
  const drop = load<i32>(updateSite, SITE_DROP);
  const cut = 32 - drop;
  const kept = i32x4.splat(load<i32>(updateSite, SITE_MASK));
  const lowUG = splatPair(momentumLow, rateLow);
  const highUG = splatPair(momentumHigh, rateHigh);
  const lowW = splatPair(decayLow, 0);
  const highW = splatPair(decayHigh, 0);
  const decays = (decayLow | decayHigh) != 0;
  const mostU = (<i32>0x7fff) >> (16 - load<i32>(updateSite, SITE_WL));
  const mostW = i16x8.splat(<i16>((<i32>0x7fff) >> (16 - load<i32>(parameterSite, SITE_WL))));
  const leastW = v128.not(mostW);
  const zero = i32x4.splat(0);
  let largest = zero;
  let smallest = zero;
  let largestW = i16x8.splat(<i16>restingMost);
  let smallestW = i16x8.splat(<i16>restingLeast);
  let flushed = zero;
  let stuck = zero;
  let outside = zero;
  let list = scratch + SCRATCH_GROUPS;
  for (const end = list + ((<usize>count) << 2); list < end; list += 4) {
    const group = <usize>load<u32>(list);
    for (let at = group << 5; at < (group + 1) << 5; at += 16) {
      const now = v128.load(w + at);
      const update = v128.load(u + at);
      const gradient = v128.load(g + at);
      v128.store(before + at, now);
      v128.store(last + at, update);
      const ug0 = v128.shuffle<i16>(update, gradient, 0, 8, 1, 9, 2, 10, 3, 11);
      const ug1 = v128.shuffle<i16>(update, gradient, 4, 12, 5, 13, 6, 14, 7, 15);
      let low0 = i32x4.dot_i16x8_s(ug0, lowUG);
      let low1 = i32x4.dot_i16x8_s(ug1, lowUG);
      let high0 = i32x4.dot_i16x8_s(ug0, highUG);
      let high1 = i32x4.dot_i16x8_s(ug1, highUG);
      if (decays) {
        const w0 = i32x4.extend_low_i16x8_u(now);
        const w1 = i32x4.extend_high_i16x8_u(now);
        low0 = i32x4.add(low0, i32x4.dot_i16x8_s(w0, lowW));
        low1 = i32x4.add(low1, i32x4.dot_i16x8_s(w1, lowW));
        high0 = i32x4.add(high0, i32x4.dot_i16x8_s(w0, highW));
        high1 = i32x4.add(high1, i32x4.dot_i16x8_s(w1, highW));
      }
      const word = words + (at << 1);
      const t0 = rounded(low0, high0, v128.and(v128.load(word), kept), cut, drop);
      const t1 = rounded(low1, high1, v128.and(v128.load(word, 16), kept), cut, drop);
      largest = i32x4.max_s(largest, i32x4.max_s(t0, t1));
      smallest = i32x4.min_s(smallest, i32x4.min_s(t0, t1));
      const t = i16x8.narrow_i32x4_s(t0, t1);
      v128.store(u + at, t);
      // Not 0 stays so when narrowed with saturation.
      const sum0 = i32x4.add(i32x4.shl(high0, 15), low0);
      const sum1 = i32x4.add(i32x4.shl(high1, 15), low1);
      const none = i16x8.eq(i16x8.narrow_i32x4_s(sum0, sum1), zero);
      const zeroOut = i16x8.eq(t, zero);
      flushed = i16x8.sub(flushed, v128.andnot(zeroOut, none));
      const after = i16x8.min_s(i16x8.max_s(i16x8.add_sat_s(now, t), leastW), mostW);
      v128.store(w + at, after);
      largestW = i16x8.max_s(largestW, after);
      smallestW = i16x8.min_s(smallestW, after);
      outside = v128.or(outside, v128.xor(after, i16x8.add(now, t)));
      stuck = i16x8.sub(stuck, v128.andnot(i16x8.eq(now, after), v128.and(zeroOut, none)));
    }
  }
  if (v128.any_true(outside) || mostOf(largest) > mostU || leastOf(smallest) < ~mostU) return false;
  const counters = statistics + load<u32>(updateSite, SITE_COUNTERS);
  countRun(counters, length, lanesOf(i32x4.extadd_pairwise_i16x8_s(flushed)), largest, smallest);
  const parameterCounters = statistics + load<u32>(parameterSite, SITE_COUNTERS);
  const most = i32x4.max_s(i32x4.extend_low_i16x8_s(largestW), i32x4.extend_high_i16x8_s(largestW));
  const least = i32x4.min_s(i32x4.extend_low_i16x8_s(smallestW), i32x4.extend_high_i16x8_s(smallestW));
  countRun(parameterCounters, length, 0, most, least);
  bump(parameterCounters + COUNT_SWALLOWED, lanesOf(i32x4.extadd_pairwise_i16x8_s(stuck)));
  return true;
}

/** Puts the listed groups of `to` back to what they were at `from`. */
function restore(from: usize, to: usize, count: i32): void {
  let list = scratch + SCRATCH_GROUPS;
  for (; count > 0; count--) {
    const at = (<usize>load<u32>(list)) << 5;
    v128.store(to + at, v128.load(from + at));
    v128.store(to + at, v128.load(from + at, 16), 16);
    list += 4;
  }
}

// Largest and smallest parameter, and 0, of the groups that are not listed: these stay what they are.
let restingMost: i32 = 0;
let restingLeast: i32 = 0;

/**
 * Lists the groups of 16 elements whose right sides may not be 0: 0 is rounded to 0 by any word, and moves nothing. Returns
 * their number.
 */
function listMoving(w: usize, g: usize, u: usize, length: i32): i32 {
  const decaying = i16x8.splat((decayLow | decayHigh) != 0 ? -1 : 0);
  let most = i16x8.splat(0);
  let least = i16x8.splat(0);
  let list = scratch + SCRATCH_GROUPS;
  const first = list;
  const groups = length >> 4;
  for (let group = 0; group < groups; group++) {
    const at = (<usize>group) << 5;
    const w0 = v128.load(w + at);
    const w1 = v128.load(w + at, 16);
    const updates = v128.or(v128.load(u + at), v128.load(u + at, 16));
    const gradients = v128.or(v128.load(g + at), v128.load(g + at, 16));
    const decayed = v128.and(v128.or(w0, w1), decaying);
    const moves = v128.any_true(v128.or(v128.or(updates, gradients), decayed));
    store<u32>(list, group);
    list += (<usize>moves) << 2;
    const rests = i16x8.splat(<i16>(<i32>moves - 1));
    most = i16x8.max_s(most, v128.and(rests, i16x8.max_s(w0, w1)));
    least = i16x8.min_s(least, v128.and(rests, i16x8.min_s(w0, w1)));
  }
  restingMost = mostOf(i32x4.max_s(i32x4.extend_low_i16x8_s(most), i32x4.extend_high_i16x8_s(most)));
  restingLeast = leastOf(i32x4.min_s(i32x4.extend_low_i16x8_s(least), i32x4.extend_high_i16x8_s(least)));
  return <i32>((list - first) >> 2);
}

/**
 * Steps elements start .. start + length - 1, `start` a multiple of 32, `length` of 16 and at most RUN, `openNarrowSgd` having
 * agreed. Addresses are the tensors'; shifts align w and u' to the second site's fraction bits.
 */
export function sgdNarrow(
  updateSite: usize,
  parameterSite: usize,
  parameter: usize,
  gradient: usize,
  update: usize,
  shiftParameter: i32,
  shiftUpdate: i32,
  start: i32,
  length: i32,
): void {
  const w = parameter + ((<usize>start) << 1);
  const u = update + ((<usize>start) << 1);
  const sums = scratch + SCRATCH_SUMS;
  const moved = sums + 4 * RUN;
  const before = moved + 2 * RUN;
  const mode = load<i32>(updateSite, SITE_MODE);
  const g = gradient + ((<usize>start) << 1);
  const wraps =
    load<i32>(updateSite, SITE_OVERFLOW) == WRAP || load<i32>(parameterSite, SITE_OVERFLOW) == WRAP;
  let words: usize = 0;
  if (mode == STOCHASTIC) {
    const count = listMoving(w, g, u, length);
    words = drawListed32(load<u32>(updateSite, SITE_HASH), start, count);
    if (!wraps && (shiftParameter | shiftUpdate) == 0) {
      if (usualRun(updateSite, parameterSite, words, w, g, u, before, moved, length, count)) return;
      restore(before, w, count);
      restore(moved, u, count);
    }
  }
  memory.copy(before, w, (<usize>length) << 1);
  openAddend(mode, load<i32>(updateSite, SITE_DROP));
  updateRun(updateSite, words, w, g, u, moved, length);
  sumRun(w, u, shiftParameter, shiftUpdate, sums, length);
  convertNarrow(parameterSite, sums, parameter, start, length);
  const swallowed = statistics + load<u32>(parameterSite, SITE_COUNTERS) + COUNT_SWALLOWED;
  bump(swallowed, countSwallowed(w, before, moved, length));
}

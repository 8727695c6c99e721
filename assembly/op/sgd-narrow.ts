/*
 * SGD for int16 operands, in 32-bit lanes. Same integers and counters as sgd.ts, which also takes what is rare:
 * coefficients of 1 and more, unequal fraction bits, int32.
 *
 * A coefficient is taken apart, c = 2^15 high + low with -2^14 <= low < 2^14, so that i32x4.dot_i16x8_s of (u, g) with
 * (momentum, -rate) halves, and of (w, 0) with -decay's, gives the exact sum as S = 2^15 H + L' from two i32. With
 * L = L' mod 2^15 and M = H + floor(L' / 2^15) it is S = 2^15 M + L, and for an addend a = 2^15 ah + al
 *
 *   floor((S + a) / 2^30) = (M + ah + ((L + al) >> 15)) >> 15.
 *
 * |L'| <= 3 * 2^14 * 2^15 always fits; |M| fits if the magnitudes of the high halves sum to less than 2^16 - 32, which
 * leaves 2^20 of room for the addend's high part, at most 2^15. In the usual case one loop does it all. Any other run is
 * written as sums split at bit 30, for convert/narrow.ts: high half M >> 15, low half 2^15 (M mod 2^15) + L.
 */
import { convertNarrow, convertRun } from '../convert/narrow';
import {
  COEFFICIENTS,
  CONVERT,
  CONVERT_PARAMETER,
  COUNT_GRADIENTS,
  COUNT_SWALLOWED,
  COUNT_SWALLOWED_GRADIENTS,
  DECAYS,
  EXTRA,
  EXTRA_TYPE,
  GROUP,
  OUT,
  OUT_TYPE,
  RHS,
  RHS_TYPE,
  RUN,
  SCRATCH_FLAGS,
  SCRATCH_GROUPS,
  SCRATCH_RESTING,
  SCRATCH_SUMS,
  SHIFT_GRADIENT,
  SHIFT_PARAMETER,
  SHIFT_UPDATE,
  SITE_DROP,
  SITE_HASH,
  SITE_MASK,
  SITE_MODE,
  SITE_OVERFLOW,
  SITE_WL,
  STOCHASTIC,
  SUM_SHIFT_PARAMETER,
  SUM_SHIFT_UPDATE,
  TYPE_I16,
  WRAP,
} from '../layout';
import { drawListed32 } from '../convert/philox';
import { bump, countersOf, countRun, lanesOf, leastOf, mostOf } from '../convert/statistics';
import { scratch } from '../thread';

/** Fraction bits of a coefficient: what the sums of operands with equal fraction bits lose. */
const DROP: i32 = 30;

/** Address of the op's coefficients: momentum, rate, decay. */
export function coefficientsOf(record: usize): usize {
  return load<u32>(COEFFICIENTS) + <usize>load<i32>(record, GROUP) * 24;
}

/** The decay, 0 if the parameter has none. */
export function decayOf(record: usize): i64 {
  return load<i32>(record, DECAYS) ? load<i64>(coefficientsOf(record), 16) : 0;
}

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

/** True if operands, shifts and coefficients are for this path. */
export function takesNarrow(record: usize): bool {
  const types = load<i32>(record, OUT_TYPE) & load<i32>(record, RHS_TYPE) & load<i32>(record, EXTRA_TYPE);
  const shifts =
    load<i32>(record, SHIFT_UPDATE) | load<i32>(record, SHIFT_GRADIENT) | load<i32>(record, SHIFT_PARAMETER);
  const sumShifts = max(load<i32>(record, SUM_SHIFT_PARAMETER), load<i32>(record, SUM_SHIFT_UPDATE));
  if (types != TYPE_I16 || shifts != 0 || sumShifts > 14) return false;
  if (load<i32>(load<u32>(record, CONVERT), SITE_DROP) != DROP) return false;
  const momentum = load<i64>(coefficientsOf(record));
  const rate = load<i64>(coefficientsOf(record), 8);
  const decay = decayOf(record);
  // All below 1.
  if ((momentum | rate | decay) >> 30) return false;
  const high = highHalf(momentum);
  // 2^15 itself is no int16, and only -2^15 is one.
  if (high > 32767) return false;
  return magnitude(high) + magnitude(highHalf(-rate)) + magnitude(highHalf(-decay)) < 65536 - 32;
}

/** Two int16 in every lane. */
function splatPair(low: i32, above: i32): v128 {
  return i32x4.splat((low & 0xffff) | (above << 16));
}

/**
 * The exact right sides momentum u - rate g - decay w of `length` elements, a multiple of 4, to `sums`, split: high halves,
 * then, 4 RUN bytes behind them, low ones. To `moved` a mask of 16 bits an element: its right side is not 0.
 */
function sumUpdates(
  record: usize,
  w: usize,
  g: usize,
  u: usize,
  sums: usize,
  moved: usize,
  length: i32,
): void {
  const momentum = load<i64>(coefficientsOf(record));
  const rate = load<i64>(coefficientsOf(record), 8);
  const decay = decayOf(record);
  const lowUG = splatPair(lowHalf(momentum), lowHalf(-rate));
  const highUG = splatPair(highHalf(momentum), highHalf(-rate));
  const lowW = splatPair(lowHalf(-decay), 0);
  const highW = splatPair(highHalf(-decay), 0);
  const fraction = i32x4.splat(32767);
  for (let i = 0; i < length; i += 4) {
    const ug = v128.shuffle<i16>(v128.load_zero<i64>(u), v128.load_zero<i64>(g), 0, 8, 1, 9, 2, 10, 3, 11);
    const pairs = v128.load_ext<u16>(w);
    const low = i32x4.add(i32x4.dot_i16x8_s(ug, lowUG), i32x4.dot_i16x8_s(pairs, lowW));
    const high = i32x4.add(i32x4.dot_i16x8_s(ug, highUG), i32x4.dot_i16x8_s(pairs, highW));
    const upper = i32x4.add(high, i32x4.shr_s(low, 15));
    const lower = v128.or(i32x4.shl(v128.and(upper, fraction), 15), v128.and(low, fraction));
    const moves = i32x4.ne(v128.or(upper, lower), i32x4.splat(0));
    v128.store(sums, i32x4.shr_s(upper, 15));
    v128.store(sums + 4 * RUN, lower);
    v128.store_lane<i64>(moved, i16x8.narrow_i32x4_s(moves, moves), 0);
    u += 8;
    g += 8;
    w += 8;
    moved += 8;
    sums += 16;
  }
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

/** Counts elements that should have moved and are what they were, elements with a gradient, and those that are both; `length` a multiple of 8. */
function countSwallowed(
  counters: usize,
  now: usize,
  before: usize,
  moved: usize,
  g: usize,
  length: i32,
): void {
  const zero = i16x8.splat(0);
  let stuck = zero;
  let stuckGradients = zero;
  let without = zero;
  for (let i = 0; i < length; i += 8) {
    const same = i16x8.eq(v128.load(now), v128.load(before));
    const stays = v128.and(same, v128.load(moved));
    stuck = i16x8.sub(stuck, stays);
    const missing = i16x8.eq(v128.load(g), zero);
    without = i16x8.sub(without, missing);
    stuckGradients = i16x8.sub(stuckGradients, v128.andnot(stays, missing));
    now += 16;
    before += 16;
    moved += 16;
    g += 16;
  }
  bumpSwallowed(counters, stuck, stuckGradients, length, without);
}

/** Adds counts in lanes of 16 bits to the counters of a parameter; of `looked` elements, `without` have no gradient. */
function bumpSwallowed(
  counters: usize,
  stuck: v128,
  stuckGradients: v128,
  looked: i32,
  without: v128,
): void {
  bump(counters + COUNT_GRADIENTS, <i64>looked - lanesOf(i32x4.extadd_pairwise_i16x8_s(without)));
  bump(counters + COUNT_SWALLOWED, lanesOf(i32x4.extadd_pairwise_i16x8_s(stuck)));
  bump(counters + COUNT_SWALLOWED_GRADIENTS, lanesOf(i32x4.extadd_pairwise_i16x8_s(stuckGradients)));
}

/** Four sums 2^15 high + low, plus the addend of a 32-bit word, without their last DROP bits. */
function rounded(low: v128, high: v128, word: v128): v128 {
  const r = i32x4.shr_u(word, 32 - DROP);
  const carry = i32x4.shr_s(i32x4.add(low, v128.and(r, i32x4.splat(32767))), 15);
  return i32x4.shr_s(i32x4.add(i32x4.add(high, i32x4.shr_u(r, 15)), carry), DROP - 15);
}

/**
 * The usual case of a step: stochastic updates, parameters with the updates' fraction bits, both saturating. Of `length`
 * elements, a multiple of 16, only the `count` groups of 16 are looked at that are listed. Keeps what was there at `before`
 * and `last`. False if anything saturates: then nothing is counted, but w and u are changed.
 *
 * An exact right side of 0 is recognised by its low word: if that is 0 and the whole is not, the whole is at
 * least 2^32 in magnitude and does not round to 0. So the right side moves the parameter if the rounded one
 * or the low word is not 0.
 */
function usualRun(
  record: usize,
  words: usize,
  w: usize,
  g: usize,
  u: usize,
  before: usize,
  last: usize,
  length: i32,
  count: i32,
): bool {
  const updateSite = load<u32>(record, CONVERT);
  const parameterSite = load<u32>(record, CONVERT_PARAMETER);
  const kept = i32x4.splat(load<i32>(updateSite, SITE_MASK));
  const momentum = load<i64>(coefficientsOf(record));
  const rate = load<i64>(coefficientsOf(record), 8);
  const decay = decayOf(record);
  const lowUG = splatPair(lowHalf(momentum), lowHalf(-rate));
  const highUG = splatPair(highHalf(momentum), highHalf(-rate));
  const lowW = splatPair(lowHalf(-decay), 0);
  const highW = splatPair(highHalf(-decay), 0);
  const decays = decay != 0;
  const mostU = (<i32>0x7fff) >> (16 - load<i32>(updateSite, SITE_WL));
  const mostW = i16x8.splat(<i16>((<i32>0x7fff) >> (16 - load<i32>(parameterSite, SITE_WL))));
  const leastW = v128.not(mostW);
  const zero = i32x4.splat(0);
  let largest = zero;
  let smallest = zero;
  let largestW = v128.load(scratch + SCRATCH_RESTING);
  let smallestW = v128.load(scratch + SCRATCH_RESTING, 16);
  let flushed = zero;
  let stuck = zero;
  let stuckGradients = zero;
  let without = zero;
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
      const t0 = rounded(low0, high0, v128.and(v128.load(word), kept));
      const t1 = rounded(low1, high1, v128.and(v128.load(word, 16), kept));
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
      const stays = v128.andnot(i16x8.eq(now, after), v128.and(zeroOut, none));
      stuck = i16x8.sub(stuck, stays);
      const missing = i16x8.eq(gradient, zero);
      without = i16x8.sub(without, missing);
      stuckGradients = i16x8.sub(stuckGradients, v128.andnot(stays, missing));
    }
  }
  if (v128.any_true(outside) || mostOf(largest) > mostU || leastOf(smallest) < ~mostU) return false;
  countRun(
    countersOf(updateSite),
    length,
    lanesOf(i32x4.extadd_pairwise_i16x8_s(flushed)),
    largest,
    smallest,
  );
  const parameterCounters = countersOf(parameterSite);
  const most = i32x4.max_s(i32x4.extend_low_i16x8_s(largestW), i32x4.extend_high_i16x8_s(largestW));
  const least = i32x4.min_s(i32x4.extend_low_i16x8_s(smallestW), i32x4.extend_high_i16x8_s(smallestW));
  countRun(parameterCounters, length, 0, most, least);
  // Groups that are not listed have no gradient.
  bumpSwallowed(parameterCounters, stuck, stuckGradients, count << 4, without);
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

/**
 * Lists the groups of 16 elements whose right sides may not be 0: 0 is rounded to 0 by any word, and moves nothing. Returns
 * their number. Writes the largest and the smallest parameters, and 0, of the other groups, which stay what they are.
 */
function listMoving(w: usize, g: usize, u: usize, length: i32, decays: bool): i32 {
  const decaying = i16x8.splat(decays ? -1 : 0);
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
  v128.store(scratch + SCRATCH_RESTING, most);
  v128.store(scratch + SCRATCH_RESTING, least, 16);
  return <i32>((list - first) >> 2);
}

/** Steps elements start .. start + length - 1, `start` a multiple of 32, `length` of 16 and at most RUN, if `takesNarrow`. */
export function sgdNarrow(record: usize, start: i32, length: i32): void {
  const updateSite = load<u32>(record, CONVERT);
  const parameterSite = load<u32>(record, CONVERT_PARAMETER);
  const shiftParameter = load<i32>(record, SUM_SHIFT_PARAMETER);
  const shiftUpdate = load<i32>(record, SUM_SHIFT_UPDATE);
  const parameter = load<u32>(record, OUT);
  const w = parameter + ((<usize>start) << 1);
  const g = load<u32>(record, RHS) + ((<usize>start) << 1);
  const u = load<u32>(record, EXTRA) + ((<usize>start) << 1);
  const sums = scratch + SCRATCH_SUMS;
  const moved = scratch + SCRATCH_FLAGS;
  const before = moved + 2 * RUN;
  const wraps =
    load<i32>(updateSite, SITE_OVERFLOW) == WRAP || load<i32>(parameterSite, SITE_OVERFLOW) == WRAP;
  let words: usize = 0;
  if (load<i32>(updateSite, SITE_MODE) == STOCHASTIC) {
    const count = listMoving(w, g, u, length, decayOf(record) != 0);
    words = drawListed32(load<u32>(updateSite, SITE_HASH), start, count);
    if (!wraps && (shiftParameter | shiftUpdate) == 0) {
      if (usualRun(record, words, w, g, u, before, moved, length, count)) return;
      restore(before, w, count);
      restore(moved, u, count);
    }
  }
  memory.copy(before, w, (<usize>length) << 1);
  sumUpdates(record, w, g, u, sums, moved, length);
  // Groups that are not listed have stale words, but their sums are 0, which any word leaves 0.
  convertRun<u64>(updateSite, sums, 4 * RUN, words, u, length, false);
  sumRun(w, u, shiftParameter, shiftUpdate, sums, length);
  convertNarrow(parameterSite, sums, parameter, start, length);
  countSwallowed(countersOf(parameterSite), w, before, moved, g, length);
}

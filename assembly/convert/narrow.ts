/*
 * Convert for sums in i32, eight at a time. The sums' proof leaves room: m + addend fits in i32. Same integers and
 * counters as convert.ts, which also takes what is rare: left shifts, more than 30 bits dropped.
 *
 * Split sums (stretches.ts) are m = 2^drop high + low with low >= 0, not reduced: with h = high + (low >> drop) and l the
 * rest of low, floor((m + addend) / 2^drop) = h + ((l + addend) >> drop). Type parameter S: i32 for narrow sums, u64 for
 * split ones, whose low halves lie `apart` bytes behind the high ones.
 */
import { baseOf, given32, maskOf, shiftOf } from './addend';
import { convertSums } from './convert';
import { convertFour } from './four';
import {
  RUN,
  SCRATCH_SUMS,
  SITE_DROP,
  SITE_HASH,
  SITE_MASK,
  SITE_MODE,
  SITE_OVERFLOW,
  SITE_TYPE,
  SITE_WIDTH,
  SITE_WL,
  STOCHASTIC,
  TYPE_I16,
  WRAP,
} from '../layout';
import { draw16, draw32 } from './philox';
import { countersOf, countRun, countSaturated, lanesOf, leastOf, mostOf } from './statistics';
import { scratch } from '../thread';

/**
 * The usual case: saturating int16, eight at a time; stochastic, or (W is u8) a mode that draws no words.
 * C is i32 where saturated elements are counted; else (u8) the result is false, with nothing counted, if there is one.
 */
function convertEight<W, S, C>(
  site: usize,
  sums: usize,
  apart: usize,
  words: usize,
  out: usize,
  length: i32,
): bool {
  const drop = load<i32>(site, SITE_DROP);
  const unused = 32 - load<i32>(site, SITE_WL);
  const mask = load<i32>(site, SITE_MASK);
  const kept = sizeof<W>() == 2 ? i16x8.splat(<i16>mask) : i32x4.splat(mask);
  const cut: i32 = (sizeof<W>() == 2 ? 16 : 32) - drop;
  const mode = load<i32>(site, SITE_MODE);
  const base = <i32>baseOf(mode, drop);
  const shift = shiftOf<S>(mode, drop);
  const added = maskOf(mode, drop);
  const zero = i32x4.splat(0);
  const below = i32x4.splat((1 << drop) - 1);
  const most = i32.MAX_VALUE >> unused;
  let highs = zero;
  let lows = zero;
  let largest = zero;
  let smallest = zero;
  let flushed = zero;
  const end = sums + ((<usize>length) << 2);
  while (sums < end) {
    let m0 = v128.load(sums);
    let m1 = v128.load(sums, 16);
    let l0 = zero;
    let l1 = zero;
    if (sizeof<S>() == 8) {
      l0 = v128.load(sums + apart);
      l1 = v128.load(sums + apart, 16);
      m0 = i32x4.add(m0, i32x4.shr_s(l0, drop));
      m1 = i32x4.add(m1, i32x4.shr_s(l1, drop));
      l0 = v128.and(l0, below);
      l1 = v128.and(l1, below);
    }
    let r0: v128;
    let r1: v128;
    if (sizeof<W>() == 1) {
      r0 = given32(m0, base, shift, added);
      r1 = given32(m1, base, shift, added);
    } else if (sizeof<W>() == 2) {
      const r = i16x8.shr_u(v128.and(v128.load(words), kept), cut);
      r0 = i32x4.extend_low_i16x8_u(r);
      r1 = i32x4.extend_high_i16x8_u(r);
    } else {
      r0 = i32x4.shr_u(v128.and(v128.load(words), kept), cut);
      r1 = i32x4.shr_u(v128.and(v128.load(words, 16), kept), cut);
    }
    let t0: v128;
    let t1: v128;
    if (sizeof<S>() == 8) {
      t0 = i32x4.add(m0, i32x4.shr_s(i32x4.add(l0, r0), drop));
      t1 = i32x4.add(m1, i32x4.shr_s(i32x4.add(l1, r1), drop));
      m0 = v128.or(m0, l0);
      m1 = v128.or(m1, l1);
    } else {
      t0 = i32x4.shr_s(i32x4.add(m0, r0), drop);
      t1 = i32x4.shr_s(i32x4.add(m1, r1), drop);
    }
    if (sizeof<C>() == 4) {
      const high = i32x4.splat(most);
      const low = i32x4.splat(~most);
      highs = i32x4.sub(i32x4.sub(highs, i32x4.gt_s(t0, high)), i32x4.gt_s(t1, high));
      lows = i32x4.sub(i32x4.sub(lows, i32x4.lt_s(t0, low)), i32x4.lt_s(t1, low));
      t0 = i32x4.min_s(i32x4.max_s(t0, low), high);
      t1 = i32x4.min_s(i32x4.max_s(t1, low), high);
    }
    largest = i32x4.max_s(largest, i32x4.max_s(t0, t1));
    smallest = i32x4.min_s(smallest, i32x4.min_s(t0, t1));
    const t = i16x8.narrow_i32x4_s(t0, t1);
    v128.store(out, t);
    // A non-zero sum stays non-zero when narrowed with saturation, and zero stays zero.
    const zerosIn = i16x8.eq(i16x8.narrow_i32x4_s(m0, m1), zero);
    flushed = i16x8.add(flushed, i16x8.sub(zerosIn, i16x8.eq(t, zero)));
    sums += 32;
    if (sizeof<W>() > 1) words += 8 * sizeof<W>();
    out += 16;
  }
  if (sizeof<C>() == 1 && (mostOf(largest) > most || leastOf(smallest) < ~most)) return false;
  const counters = countersOf(site);
  if (sizeof<C>() == 4) countSaturated(counters, highs, lows);
  countRun(counters, length, lanesOf(i32x4.extadd_pairwise_i16x8_s(flushed)), largest, smallest);
  return true;
}

/** convertEight() by how words are drawn; false if it is not to count saturated elements, and there is one. */
function convertUsual<S, C>(
  site: usize,
  sums: usize,
  apart: usize,
  words: usize,
  out: usize,
  length: i32,
): bool {
  if (!words) return convertEight<u8, S, C>(site, sums, apart, 0, out, length);
  if (load<i32>(site, SITE_WIDTH) == 32)
    return convertEight<u32, S, C>(site, sums, apart, words, out, length);
  return convertEight<u16, S, C>(site, sums, apart, words, out, length);
}

/**
 * Converts a run of `length` sums, a multiple of 4, to the elements at `out`. `words` is the run's random words, or 0.
 * `saturates` expects saturated elements; the result is what to expect of the next run, which is probably like this one.
 */
export function convertRun<S>(
  site: usize,
  sums: usize,
  apart: usize,
  words: usize,
  out: usize,
  length: i32,
  saturates: bool,
): bool {
  const saturating = load<i32>(site, SITE_OVERFLOW) != WRAP && load<i32>(site, SITE_TYPE) == TYPE_I16;
  if (saturating && (length & 7) == 0) {
    if (!saturates && convertUsual<S, u8>(site, sums, apart, words, out, length)) return false;
    return convertUsual<S, i32>(site, sums, apart, words, out, length);
  }
  convertFour<S>(site, sums, apart, words, out, length);
  return saturates;
}

/** Converts sums that the vector loop does not take, widened. */
function convertWidened<S>(
  site: usize,
  sums: usize,
  apart: usize,
  drop: i32,
  out: usize,
  index: u32,
  count: i32,
): void {
  const wide = scratch + SCRATCH_SUMS;
  while (count > 0) {
    const length = min(count, RUN);
    for (let i = 0; i < length; i++) {
      let sum = <i64>load<i32>(sums + ((<usize>i) << 2));
      if (sizeof<S>() == 8) sum = (sum << drop) + <i64>load<i32>(sums + apart + ((<usize>i) << 2));
      store<i64>(wide + ((<usize>i) << 3), sum);
    }
    convertSums(site, wide, out, index, length);
    sums += (<usize>length) << 2;
    index += length;
    count -= length;
  }
}

/** True where `count` i32, a multiple of 4, are all 0. Mostly the first ones are not. */
function isZero(at: usize, count: i32): bool {
  for (const end = at + ((<usize>count) << 2); at < end; at += 16) {
    if (v128.any_true(v128.load(at))) return false;
  }
  return true;
}

function convertAll<S>(site: usize, sums: usize, apart: usize, out: usize, index: u32, length: i32): void {
  const drop = load<i32>(site, SITE_DROP);
  const vectors = drop >= 0 && drop < 31 ? length & ~3 : 0;
  const narrow = load<i32>(site, SITE_TYPE) == TYPE_I16;
  const draws = load<i32>(site, SITE_MODE) == STOCHASTIC && drop > 0;
  const wide = load<i32>(site, SITE_WIDTH) == 32;
  const hash = load<u32>(site, SITE_HASH);
  let saturates = false;
  for (let first = 0; first < vectors; first += RUN) {
    const part = min(vectors - first, RUN);
    const from = sums + ((<usize>first) << 2);
    const at = index + first;
    const to = out + ((<usize>at) << (narrow ? 1 : 2));
    if (isZero(from, part) && (sizeof<S>() == 4 || isZero(from + apart, part))) {
      // Any addend leaves 0 as it is, so none is drawn.
      memory.fill(to, 0, (<usize>part) << (narrow ? 1 : 2));
      const zero = i32x4.splat(0);
      countRun(countersOf(site), part, 0, zero, zero);
      continue;
    }
    const words: usize = draws ? (wide ? draw32(hash, at, part) : draw16(hash, at, part)) : 0;
    saturates = convertRun<S>(site, from, apart, words, to, part, saturates);
  }
  if (vectors < length) {
    const from = sums + ((<usize>vectors) << 2);
    convertWidened<S>(site, from, apart, drop, out, index + vectors, length - vectors);
  }
}

/** Converts `length` exact sums (i32 each) into elements index .. of the tensor at `out`. */
export function convertNarrow(site: usize, sums: usize, out: usize, index: u32, length: i32): void {
  convertAll<i32>(site, sums, 0, out, index, length);
}

/** The same for sums split at the dropped bits: high halves (i32 each) at `sums`, low ones `apart` bytes on. */
export function convertSplit(
  site: usize,
  sums: usize,
  apart: usize,
  out: usize,
  index: u32,
  length: i32,
): void {
  convertAll<u64>(site, sums, apart, out, index, length);
}

/*
 * Convert for sums in i32, eight at a time. The sums' proof leaves room: m + addend fits in i32. Same integers and
 * counters as convert.ts, which also takes what is rare: left shifts, more than 30 bits dropped.
 *
 * All modes but stochastic are m + base + ((m >> shift) & mask), see `addends`.
 */
import { convertSums } from './convert';
import {
  COUNT_ELEMENTS,
  COUNT_FLUSHED,
  COUNT_HIGH,
  COUNT_LOW,
  COUNT_MAGNITUDE,
  NEAREST_AWAY,
  NEAREST_DOWN,
  NEAREST_EVEN,
  NEAREST_UP,
  RUN,
  SCRATCH_SUMS,
  SITE_COUNTERS,
  SITE_DROP,
  SITE_HASH,
  SITE_MASK,
  SITE_MODE,
  SITE_OVERFLOW,
  SITE_TYPE,
  SITE_WIDTH,
  SITE_WL,
  STOCHASTIC,
  TOWARD_ZERO,
  TYPE_I16,
  WRAP,
} from './layout';
import { draw16, draw32 } from './philox';
import { scratch, statistics } from './thread';

// The addend of a mode that draws no words.
let base: i32 = 0;
let shift: i32 = 0;
let mask: i32 = 0;

/** 0 < drop < 31. */
function openAddend(mode: i32, drop: i32): void {
  const half = 1 << (drop - 1);
  base = 0;
  shift = 31;
  mask = 0;
  if (mode == NEAREST_AWAY) {
    base = half;
    mask = -1;
  } else if (mode == NEAREST_EVEN) {
    base = half - 1;
    shift = drop;
    mask = 1;
  } else if (mode == NEAREST_DOWN) {
    base = half - 1;
  } else if (mode == NEAREST_UP) {
    base = half;
  } else if (mode == TOWARD_ZERO) {
    mask = 2 * half - 1;
  }
}

/** Adds lanes of a vector of counts (each 0 or less: comparisons give -1). */
function lanesOf(v: v128): i64 {
  const pairs = i64x2.add(i64x2.extend_low_i32x4_s(v), i64x2.extend_high_i32x4_s(v));
  return i64x2.extract_lane(pairs, 0) + i64x2.extract_lane(pairs, 1);
}

function bump(counter: usize, by: i64): void {
  store<i64>(counter, load<i64>(counter) + by);
}

/** Largest lane. */
function mostOf(v: v128): i32 {
  v = i32x4.max_s(v, v128.shuffle<i32>(v, v, 2, 3, 0, 1));
  v = i32x4.max_s(v, v128.shuffle<i32>(v, v, 1, 0, 3, 2));
  return i32x4.extract_lane(v, 0);
}

/** Smallest lane. */
function leastOf(v: v128): i32 {
  v = i32x4.min_s(v, v128.shuffle<i32>(v, v, 2, 3, 0, 1));
  v = i32x4.min_s(v, v128.shuffle<i32>(v, v, 1, 0, 3, 2));
  return i32x4.extract_lane(v, 0);
}

/**
 * Converts `count` sums (a multiple of 4, at most RUN; i32 at `sums`), rounds them in place, and stores elements of
 * type T at `out`. `words` is the run's random words, W each, or 0.
 */
function convertRun<T, W>(site: usize, sums: usize, words: usize, out: usize, count: i32): void {
  const drop = load<i32>(site, SITE_DROP);
  const unused = 32 - load<i32>(site, SITE_WL);
  const most = i32.MAX_VALUE >> unused;
  const least = ~most;
  const wraps = load<i32>(site, SITE_OVERFLOW) == WRAP;
  const kept = i32x4.splat(load<i32>(site, SITE_MASK));
  const cut: i32 = (sizeof<W>() == 2 ? 16 : 32) - drop;
  const bases = i32x4.splat(base);
  const masks = i32x4.splat(mask);
  const mosts = i32x4.splat(most);
  const leasts = i32x4.splat(least);
  let largest = i32x4.splat(0);
  let smallest = i32x4.splat(0);
  let zerosIn = i32x4.splat(0);
  let zerosOut = i32x4.splat(0);
  let highs = i32x4.splat(0);
  let lows = i32x4.splat(0);
  const zero = i32x4.splat(0);
  for (let i = 0; i < count; i += 4) {
    const m = v128.load(sums);
    let addend: v128;
    if (words) {
      const word = sizeof<W>() == 2 ? v128.load_ext<u16>(words) : v128.load(words);
      addend = i32x4.shr_u(v128.and(word, kept), cut);
      words += 4 * sizeof<W>();
    } else {
      addend = i32x4.add(bases, v128.and(i32x4.shr_s(m, shift), masks));
    }
    let t = i32x4.shr_s(i32x4.add(m, addend), drop);
    highs = i32x4.add(highs, i32x4.gt_s(t, mosts));
    lows = i32x4.add(lows, i32x4.lt_s(t, leasts));
    if (wraps) t = i32x4.shr_s(i32x4.shl(t, unused), unused);
    else t = i32x4.min_s(i32x4.max_s(t, leasts), mosts);
    largest = i32x4.max_s(largest, t);
    smallest = i32x4.min_s(smallest, t);
    zerosIn = i32x4.add(zerosIn, i32x4.eq(m, zero));
    zerosOut = i32x4.add(zerosOut, i32x4.eq(t, zero));
    if (sizeof<T>() == 2) v128.store_lane<i64>(out, i16x8.narrow_i32x4_s(t, t), 0);
    else v128.store(out, t);
    sums += 16;
    out += 4 * sizeof<T>();
  }
  const counters = statistics + load<u32>(site, SITE_COUNTERS);
  bump(counters + COUNT_HIGH, -lanesOf(highs));
  bump(counters + COUNT_LOW, -lanesOf(lows));
  // Zero stays zero, so what was flushed is what came out zero less what went in zero.
  bump(counters + COUNT_FLUSHED, lanesOf(zerosIn) - lanesOf(zerosOut));
  bump(counters + COUNT_ELEMENTS, count);
  const magnitude = max(<i64>mostOf(largest), -(<i64>leastOf(smallest)));
  if (magnitude > load<i64>(counters, COUNT_MAGNITUDE)) store<i64>(counters, magnitude, COUNT_MAGNITUDE);
}

/** Converts sums that the vector loop does not take, widened. */
function convertWidened(site: usize, sums: usize, out: usize, index: u32, count: i32): void {
  const wide = scratch + SCRATCH_SUMS;
  while (count > 0) {
    const length = min(count, RUN);
    for (let i = 0; i < length; i++)
      store<i64>(wide + ((<usize>i) << 3), <i64>load<i32>(sums + ((<usize>i) << 2)));
    convertSums(site, wide, out, index, length);
    sums += (<usize>length) << 2;
    index += length;
    count -= length;
  }
}

/** Converts `count` exact sums (i32 each) into elements index .. of the tensor at `out`. */
export function convertNarrow(site: usize, sums: usize, out: usize, index: u32, count: i32): void {
  const drop = load<i32>(site, SITE_DROP);
  const vectors = drop > 0 && drop < 31 ? count & ~3 : 0;
  const narrow = load<i32>(site, SITE_TYPE) == TYPE_I16;
  const mode = load<i32>(site, SITE_MODE);
  if (vectors) openAddend(mode, drop);
  const hash = load<u32>(site, SITE_HASH);
  for (let done = 0; done < vectors; done += RUN) {
    const length = min(vectors - done, RUN);
    const from = sums + ((<usize>done) << 2);
    const at = index + done;
    const to = out + ((<usize>at) << (narrow ? 1 : 2));
    if (mode == STOCHASTIC && load<i32>(site, SITE_WIDTH) == 32) {
      const words = draw32(hash, at, length);
      if (narrow) convertRun<i16, u32>(site, from, words, to, length);
      else convertRun<i32, u32>(site, from, words, to, length);
    } else {
      const words = mode == STOCHASTIC ? draw16(hash, at, length) : 0;
      if (narrow) convertRun<i16, u16>(site, from, words, to, length);
      else convertRun<i32, u16>(site, from, words, to, length);
    }
  }
  if (vectors < count) {
    convertWidened(site, sums + ((<usize>vectors) << 2), out, index + vectors, count - vectors);
  }
}

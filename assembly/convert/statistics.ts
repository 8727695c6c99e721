/* Counting: what a run of elements adds to its site's counters, and sums and extremes over the lanes of a vector. */
import {
  COUNT_ELEMENTS,
  COUNT_FLUSHED,
  COUNT_HIGH,
  COUNT_LOW,
  COUNT_MAGNITUDE,
  SITE_COUNTERS,
} from '../layout';
import { statistics } from '../thread';

/** This thread's counters of a site. */
export function countersOf(site: usize): usize {
  return statistics + load<u32>(site, SITE_COUNTERS);
}

/** The sum of a vector's lanes. */
export function lanesOf(v: v128): i64 {
  const pairs = i64x2.add(i64x2.extend_low_i32x4_s(v), i64x2.extend_high_i32x4_s(v));
  return i64x2.extract_lane(pairs, 0) + i64x2.extract_lane(pairs, 1);
}

/** Adds to a counter. */
export function bump(counter: usize, by: i64): void {
  store<i64>(counter, load<i64>(counter) + by);
}

/** Largest lane. */
export function mostOf(v: v128): i32 {
  v = i32x4.max_s(v, v128.shuffle<i32>(v, v, 2, 3, 0, 1));
  v = i32x4.max_s(v, v128.shuffle<i32>(v, v, 1, 0, 3, 2));
  return i32x4.extract_lane(v, 0);
}

/** Smallest lane. */
export function leastOf(v: v128): i32 {
  v = i32x4.min_s(v, v128.shuffle<i32>(v, v, 2, 3, 0, 1));
  v = i32x4.min_s(v, v128.shuffle<i32>(v, v, 1, 0, 3, 2));
  return i32x4.extract_lane(v, 0);
}

/** Adds a run of `count` elements to the site's counters, all but the saturated ones. */
export function countRun(counters: usize, count: i32, flushed: i64, largest: v128, smallest: v128): void {
  bump(counters + COUNT_ELEMENTS, count);
  bump(counters + COUNT_FLUSHED, flushed);
  const magnitude = max(<i64>mostOf(largest), -(<i64>leastOf(smallest)));
  if (magnitude > load<i64>(counters, COUNT_MAGNITUDE)) store<i64>(counters, magnitude, COUNT_MAGNITUDE);
}

/** Adds the saturated elements of a run to the site's counters, lane by lane. */
export function countSaturated(counters: usize, highs: v128, lows: v128): void {
  bump(counters + COUNT_HIGH, lanesOf(highs));
  bump(counters + COUNT_LOW, lanesOf(lows));
}

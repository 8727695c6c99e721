/*
 * Euclidean norms of rows and columns of int16, as bounds for the Cauchy-Schwarz proofs of products.ts. Squares are
 * summed exactly in 64 bits; their root is below 2^32, where conversion and f64.sqrt together err by far less than 1.
 */
import { leastOf, mostOf } from '../convert/statistics';

/** An integer that is at least the square root. */
export function rootAbove(square: u64): u64 {
  return <u64>sqrt<f64>(<f64>square) + 2;
}

/** 2^62 less far more than what two conversions and a product of f64 can err by. */
const LIMIT: f64 = 4611686018423193600;

/** True where sums of products of vectors with these sums of squares surely fit in 32 bits. */
export function fits(squares: u64, others: u64): bool {
  return <f64>(<i64>squares) * <f64>(<i64>others) < LIMIT;
}

/** The largest norm of the columns of some panels of `pairs` pairs each. */
export function columnsRoot(panels: usize, pairs: i32, columns: i32): u64 {
  let most: u64 = 0;
  for (let column = 0; column < columns; column += 8) {
    most = max(most, max(columnSquares(panels, pairs, 32), columnSquares(panels + 16, pairs, 32)));
    panels += (<usize>pairs) << 5;
  }
  return rootAbove(most);
}

/** Sum of the squares of `count` contiguous int16. */
export function squares(from: usize, count: i32): u64 {
  let low = i64x2.splat(0);
  let high = i64x2.splat(0);
  const end = from + ((<usize>count) << 1);
  while (from + 16 <= end) {
    const v = v128.load(from);
    // Two squares of -32768 make 2^31, which is right as an unsigned number.
    const pairs = i32x4.dot_i16x8_s(v, v);
    low = i64x2.add(low, i64x2.extend_low_i32x4_u(pairs));
    high = i64x2.add(high, i64x2.extend_high_i32x4_u(pairs));
    from += 16;
  }
  low = i64x2.add(low, high);
  let sum = <u64>i64x2.extract_lane(low, 0) + <u64>i64x2.extract_lane(low, 1);
  while (from < end) {
    const value = <i64>load<i16>(from);
    sum += value * value;
    from += 2;
  }
  return sum;
}

/**
 * At least the largest sum of squares of a channel in `cells` cells of `channels` int16; of all channels
 * together if they do not fill vectors.
 */
export function channelSquares(from: usize, cells: i32, channels: i32): u64 {
  if (channels & 7) return squares(from, cells * channels);
  const cellBytes = (<usize>channels) << 1;
  let most: u64 = 0;
  for (let column: usize = 0; column < cellBytes; column += 16) {
    let a = i64x2.splat(0);
    let b = a;
    let c = a;
    let d = a;
    let at = from + column;
    for (let i = 0; i < cells; i++) {
      const v = v128.load(at);
      const low = i32x4.extmul_low_i16x8_s(v, v);
      const high = i32x4.extmul_high_i16x8_s(v, v);
      a = i64x2.add(a, i64x2.extend_low_i32x4_u(low));
      b = i64x2.add(b, i64x2.extend_high_i32x4_u(low));
      c = i64x2.add(c, i64x2.extend_low_i32x4_u(high));
      d = i64x2.add(d, i64x2.extend_high_i32x4_u(high));
      at += cellBytes;
    }
    most = larger(larger(larger(larger(most, a), b), c), d);
  }
  return most;
}

/** The larger of two sums of squares in two lanes and `most`. */
function larger(most: u64, sums: v128): u64 {
  return max(most, max(<u64>i64x2.extract_lane(sums, 0), <u64>i64x2.extract_lane(sums, 1)));
}

/** Largest sum of squares of the four columns of pairs in `count` vectors, `stride` bytes apart. */
export function columnSquares(from: usize, count: i32, stride: usize): u64 {
  let low = i64x2.splat(0);
  let high = i64x2.splat(0);
  for (; count > 0; count--) {
    const v = v128.load(from);
    const pairs = i32x4.dot_i16x8_s(v, v);
    low = i64x2.add(low, i64x2.extend_low_i32x4_u(pairs));
    high = i64x2.add(high, i64x2.extend_high_i32x4_u(pairs));
    from += stride;
  }
  return larger(larger(0, low), high);
}

/** The smallest of 0 and `bytes` bytes of int16, a multiple of 16, in lane 0, the largest in lane 1. */
function extremesOf(from: usize, bytes: usize): v128 {
  let most = i16x8.splat(0);
  let least = i16x8.splat(0);
  const end = from + bytes;
  while (from < end) {
    const v = v128.load(from);
    most = i16x8.max_s(most, v);
    least = i16x8.min_s(least, v);
    from += 16;
  }
  const smallest = leastOf(i32x4.min_s(i32x4.extend_low_i16x8_s(least), i32x4.extend_high_i16x8_s(least)));
  const largest = mostOf(i32x4.max_s(i32x4.extend_low_i16x8_s(most), i32x4.extend_high_i16x8_s(most)));
  return i32x4.replace_lane(i32x4.splat(smallest), 1, largest);
}

/** Largest magnitude among `bytes` bytes of int16, a multiple of 16. */
export function largestMagnitude(from: usize, bytes: usize): i32 {
  const extremes = extremesOf(from, bytes);
  return max(i32x4.extract_lane(extremes, 1), -i32x4.extract_lane(extremes, 0));
}

/** Largest less smallest of 0 and `bytes` bytes of int16, a multiple of 16. */
export function rangeOf(from: usize, bytes: usize): i32 {
  const extremes = extremesOf(from, bytes);
  return i32x4.extract_lane(extremes, 1) - i32x4.extract_lane(extremes, 0);
}

/** Largest magnitude among `rows` rows of `count` int32, `stride` bytes apart. */
export function largestOf(from: usize, rows: i32, count: i32, stride: usize): u32 {
  let most = i32x4.splat(0);
  let least = i32x4.splat(0);
  for (; rows > 0; rows--) {
    let at = from;
    const end = from + ((<usize>count) << 2);
    for (; at + 16 <= end; at += 16) {
      const v = v128.load(at);
      most = i32x4.max_s(most, v);
      least = i32x4.min_s(least, v);
    }
    for (; at < end; at += 4) {
      const v = i32x4.splat(load<i32>(at));
      most = i32x4.max_s(most, v);
      least = i32x4.min_s(least, v);
    }
    from += stride;
  }
  // -2^31 is its own negative, and right as an unsigned number.
  return max(<u32>mostOf(most), <u32>-leastOf(least));
}

/** The largest of the squares of single rows that `rowsRoot` left in the table. */
export function mostRowSquares(table: usize, rows: i32): u64 {
  let most: u64 = 0;
  for (let row = 0; row < rows; row++) most = max(most, load<u64>(table + ((<usize>row) << 3)));
  return most;
}

/**
 * An integer that is at least the norm of any stretch of `kernelHeight` rows (of `rowElements` int16, `rows` of them),
 * starting at multiples of `stride`. `table` has room for a u64 per row.
 */
export function rowsRoot(
  from: usize,
  rows: i32,
  rowElements: i32,
  kernelHeight: i32,
  stride: i32,
  table: usize,
): u64 {
  for (let row = 0; row < rows; row++) {
    store<u64>(table + ((<usize>row) << 3), squares(from + ((<usize>(row * rowElements)) << 1), rowElements));
  }
  let most: u64 = 0;
  for (let row = 0; row + kernelHeight <= rows; row += stride) {
    let sum: u64 = 0;
    for (let i = 0; i < kernelHeight; i++) sum += load<u64>(table + ((<usize>(row + i)) << 3));
    most = max(most, sum);
  }
  return rootAbove(most);
}

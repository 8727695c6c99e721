/*
 * Packing of operands for tile(): panels of eight columns of B, pairs of k side by side; rows of A, four rows a tile. Elements are int16; int32 ones are first taken apart into balanced digits of DIGIT_BITS bits, one int16 plane
 * each, so that one kernel serves every word length: v = sum of digit_i * 2^(11 i), |digit_i| <= 2^10. A block without
 * large values is one plane: the values themselves.
 */
import { DIGIT_BITS } from '../layout';

/** Planes that a block of int32 needs whose largest magnitude is `most`. */
export function planesFor(most: u32): i32 {
  if (most < 1 << 15) return 1;
  // The last digit is what is left of the value: at most 2^10 here, 2^9 below.
  return most < 1 << 20 ? 2 : 3;
}

/**
 * Digit number `plane` of v. The last one is all that is left.
 * The carry out of a digit is its sign: v = digit + 2^11 * ((v >> 11) + (digit < 0)).
 */
function digit(v: i32, plane: i32, planes: i32): i32 {
  for (; plane > 0; plane--) {
    const low = (v << (32 - DIGIT_BITS)) >> (32 - DIGIT_BITS);
    v = (v >> DIGIT_BITS) - (low >> 31);
    planes--;
  }
  return planes == 1 ? v : (v << (32 - DIGIT_BITS)) >> (32 - DIGIT_BITS);
}

/** The same for four lanes. */
function digits(v: v128, plane: i32, planes: i32): v128 {
  for (; plane > 0; plane--) {
    const low = i32x4.shr_s(i32x4.shl(v, 32 - DIGIT_BITS), 31);
    v = i32x4.sub(i32x4.shr_s(v, DIGIT_BITS), low);
    planes--;
  }
  return planes == 1 ? v : i32x4.shr_s(i32x4.shl(v, 32 - DIGIT_BITS), 32 - DIGIT_BITS);
}

/** Copies `count` contiguous elements of type T as digits of one plane. */
export function copyDigits<T>(from: usize, count: i32, plane: i32, planes: i32, to: usize): void {
  if (sizeof<T>() == 2) {
    memory.copy(to, from, (<usize>count) << 1);
    return;
  }
  let i = 0;
  for (; i + 8 <= count; i += 8) {
    const at = from + ((<usize>i) << 2);
    const low = digits(v128.load(at), plane, planes);
    const high = digits(v128.load(at, 16), plane, planes);
    v128.store(to + ((<usize>i) << 1), i16x8.narrow_i32x4_s(low, high));
  }
  for (; i < count; i++) {
    store<i16>(to + ((<usize>i) << 1), <i16>digit(load<i32>(from + ((<usize>i) << 2)), plane, planes));
  }
}

/** One plane of `rows` rows of `width` int32, `stride` bytes apart, side by side. */
export function copyRows(
  from: usize,
  rows: i32,
  width: i32,
  stride: usize,
  plane: i32,
  planes: i32,
  to: usize,
): void {
  for (; rows > 0; rows--) {
    copyDigits<i32>(from, width, plane, planes, to);
    from += stride;
    to += (<usize>width) << 1;
  }
}

/** Eight columns of two neighbours along k: stores the pairs of `a` and `b` at `to`. */
export function interleave(to: usize, a: v128, b: v128): void {
  v128.store(to, v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11));
  v128.store(to, v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15), 16);
}

/** Four pairs of each of four columns, `stride` bytes apart, to four rows of four columns, `apart` bytes apart. */
function transpose(from: usize, stride: usize, to: usize, apart: usize): void {
  const a = v128.load(from);
  const b = v128.load(from + stride);
  const c = v128.load(from + 2 * stride);
  const d = v128.load(from + 3 * stride);
  const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
  const cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  v128.store(to, v128.shuffle<i64>(ab, cd, 0, 2));
  v128.store(to + apart, v128.shuffle<i64>(ab, cd, 1, 3));
  const ab2 = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const cd2 = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  v128.store(to + 2 * apart, v128.shuffle<i64>(ab2, cd2, 0, 2));
  v128.store(to + 3 * apart, v128.shuffle<i64>(ab2, cd2, 1, 3));
}

/**
 * Packs one segment of B, `taps` x `inner` steps of k by `columns` columns (at most 8) into pairs at `to`. Element
 * (tap, i, column) is at from + tap * tapStride + i * innerStride + column * columnStride (bytes). Missing columns and
 * the missing half of a last pair are 0.
 */
function packSegment(
  from: usize,
  taps: i32,
  tapStride: i32,
  inner: i32,
  innerStride: i32,
  columns: i32,
  columnStride: i32,
  to: usize,
): void {
  if (columns == 8 && columnStride == 2 && ((inner & 1) == 0 || taps == 1)) {
    for (let tap = 0; tap < taps; tap++) {
      let row = from + tap * tapStride;
      for (let i = inner >> 1; i > 0; i--) {
        interleave(to, v128.load(row), v128.load(row + innerStride));
        row += 2 * innerStride;
        to += 32;
      }
      if (inner & 1) interleave(to, v128.load(row), i16x8.splat(0));
    }
    return;
  }
  if (columns == 8 && innerStride == 2 && (inner & 7) == 0) {
    for (let tap = 0; tap < taps; tap++) {
      let row = from + tap * tapStride;
      for (let i = inner >> 3; i > 0; i--) {
        transpose(row, columnStride, to, 32);
        transpose(row + 4 * columnStride, columnStride, to + 16, 32);
        row += 16;
        to += 128;
      }
    }
    return;
  }
  const steps = taps * inner;
  memory.fill(to, 0, (<usize>((steps + 1) >> 1)) << 5);
  let k = 0;
  for (let tap = 0; tap < taps; tap++) {
    for (let i = 0; i < inner; i++) {
      const row = from + tap * tapStride + i * innerStride;
      const at = to + ((<usize>(k >> 1)) << 5) + ((<usize>(k & 1)) << 1);
      for (let column = 0; column < columns; column++) {
        store<i16>(at + ((<usize>column) << 2), load<i16>(row + column * columnStride));
      }
      k++;
    }
  }
}

/** Packs all columns of B in panels of `segments` segments each; returns the end of what it wrote. */
export function packPanels(
  from: usize,
  segments: i32,
  segmentStride: i32,
  taps: i32,
  tapStride: i32,
  inner: i32,
  innerStride: i32,
  columns: i32,
  columnStride: i32,
  to: usize,
): usize {
  const segmentBytes = (<usize>((taps * inner + 1) >> 1)) << 5;
  for (let column = 0; column < columns; column += 8) {
    const width = min(8, columns - column);
    for (let segment = 0; segment < segments; segment++) {
      const at = from + column * columnStride + segment * segmentStride;
      packSegment(at, taps, tapStride, inner, innerStride, width, columnStride, to);
      to += segmentBytes;
    }
  }
  return to;
}

/** Packs `rows` rows of k elements of A, `stride` bytes apart, as packTransposed does. */
export function packRows(from: usize, k: i32, stride: usize, rows: i32, to: usize): void {
  for (let r = 0; r < rows; r += 4) {
    const row = from + <usize>r * stride;
    const count = min(4, rows - r);
    let i = 0;
    if (count == 4) {
      for (; i + 8 <= k; i += 8) {
        transpose(row + ((<usize>i) << 1), stride, to, 16);
        to += 64;
      }
    }
    for (; i < k; i += 2) {
      v128.store(to, i32x4.splat(0));
      for (let j = 0; j < count; j++) {
        const at = row + <usize>j * stride + ((<usize>i) << 1);
        store<i16>(to + ((<usize>j) << 2), load<i16>(at));
        if (i + 1 < k) store<i16>(to + ((<usize>j) << 2), load<i16>(at, 2), 2);
      }
      to += 16;
    }
  }
}

/**
 * Packs `rows` rows of a transposed A, stored [k][row] with steps of k `stride` bytes apart, four rows a tile: pair p
 * of row r is at to + (r >> 2) * pairs * 16 + p * 16 + (r & 3) * 4. Rows are filled up to a multiple of 4 with 0.
 */
export function packTransposed(from: usize, k: i32, stride: usize, rows: i32, to: usize): void {
  const pairs = (k + 1) >> 1;
  const tileBytes = (<usize>pairs) << 4;
  for (let p = 0; p < pairs; p++) {
    const first = from + <usize>(2 * p) * stride;
    const last = 2 * p + 1 == k;
    const second = first + (last ? 0 : stride);
    const keep = i16x8.splat(last ? 0 : -1);
    let at = to + ((<usize>p) << 4);
    let r = 0;
    for (; r + 8 <= rows; r += 8) {
      const a = v128.load(first + ((<usize>r) << 1));
      const b = v128.and(v128.load(second + ((<usize>r) << 1)), keep);
      v128.store(at, v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11));
      at += tileBytes;
      v128.store(at, v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15));
      at += tileBytes;
    }
    for (; r < rows; r += 4) {
      v128.store(at, i32x4.splat(0));
      const width = min(4, rows - r);
      for (let i = 0; i < width; i++) {
        const offset = (<usize>(r + i)) << 1;
        store<i16>(at + ((<usize>i) << 2), load<i16>(first + offset));
        if (!last) store<i16>(at + ((<usize>i) << 2), load<i16>(second + offset), 2);
      }
      at += tileBytes;
    }
  }
}

/** Splits `bytes` bytes of int16 (a multiple of 16) into two planes of 8-bit digits: v = 256 high + low. */
export function splitBytes(from: usize, bytes: usize, low: usize, high: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) {
    const v = v128.load(from + i);
    const digit = i16x8.shr_s(i16x8.shl(v, 8), 8);
    v128.store(low + i, digit);
    v128.store(high + i, i16x8.sub(i16x8.shr_s(v, 8), i16x8.shr_s(digit, 15)));
  }
}

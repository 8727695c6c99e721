/*
 * Packing of operands for tile(): panels of eight columns of B, pairs of k side by side; transposed rows of A, four rows
 * a tile. int32 operands are taken apart into balanced digits of `bits` bits, one int16 plane each, so that one kernel
 * serves every word length: v = sum of digit_i * 2^(i bits), each digit in [-2^(bits-1), 2^(bits-1)].
 */

/**
 * Digit number `plane` of v; planes above the last digit would be 0 or -1 with a carry, and are not asked for.
 * The carry out of a digit is its sign: v = digit + 2^bits * ((v >> bits) + (digit < 0)).
 */
function digit(v: i32, plane: i32, planes: i32, bits: i32): i32 {
  if (planes == 1) return v;
  for (; plane > 0; plane--) {
    const low = (v << (32 - bits)) >> (32 - bits);
    v = (v >> bits) - (low >> 31);
    planes--;
  }
  return planes == 1 ? v : (v << (32 - bits)) >> (32 - bits);
}

/** The same for four lanes. */
function digits(v: v128, plane: i32, planes: i32, bits: i32): v128 {
  const unused = 32 - bits;
  for (; plane > 0; plane--) {
    const low = i32x4.shr_s(i32x4.shl(v, unused), unused);
    v = i32x4.sub(i32x4.shr_s(v, bits), i32x4.shr_s(low, 31));
    planes--;
  }
  return planes == 1 ? v : i32x4.shr_s(i32x4.shl(v, unused), unused);
}

/** Eight columns of two neighbours along k: stores the pairs of `a` and `b` at `to`. */
export function interleave(to: usize, a: v128, b: v128): void {
  v128.store(to, v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11));
  v128.store(to, v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15), 16);
}

/** Four pairs of each of four columns, `stride` bytes apart, to four rows of four columns, 32 bytes apart. */
function transpose(from: usize, stride: usize, to: usize): void {
  const a = v128.load(from);
  const b = v128.load(from + stride);
  const c = v128.load(from + 2 * stride);
  const d = v128.load(from + 3 * stride);
  const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
  const cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  v128.store(to, v128.shuffle<i64>(ab, cd, 0, 2));
  v128.store(to, v128.shuffle<i64>(ab, cd, 1, 3), 32);
  const ab2 = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const cd2 = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i64>(ab2, cd2, 0, 2), 64);
  v128.store(to, v128.shuffle<i64>(ab2, cd2, 1, 3), 96);
}

/**
 * Packs one segment of B, `taps` x `inner` steps of k by `columns` columns (at most 8) into pairs at `to`. Element
 * (tap, i, column) is at from + tap * tapStride + i * innerStride + column * columnStride (bytes). Missing columns and
 * the missing half of a last pair are 0.
 */
function packSegment<T>(
  from: usize,
  taps: i32,
  tapStride: i32,
  inner: i32,
  innerStride: i32,
  columns: i32,
  columnStride: i32,
  plane: i32,
  planes: i32,
  bits: i32,
  to: usize,
): void {
  if (sizeof<T>() == 2 && columns == 8 && columnStride == 2 && ((inner & 1) == 0 || taps == 1)) {
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
  if (sizeof<T>() == 2 && columns == 8 && innerStride == 2 && (inner & 7) == 0) {
    for (let tap = 0; tap < taps; tap++) {
      let row = from + tap * tapStride;
      for (let i = inner >> 3; i > 0; i--) {
        transpose(row, columnStride, to);
        transpose(row + 4 * columnStride, columnStride, to + 16);
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
        const value = <i32>load<T>(row + column * columnStride);
        store<i16>(at + ((<usize>column) << 2), <i16>digit(value, plane, planes, bits));
      }
      k++;
    }
  }
}

/** Packs all columns of B in panels of `segments` segments each, first plane 0, then the others. Bytes written: see below. */
export function packPanels<T>(
  from: usize,
  segments: i32,
  segmentStride: i32,
  taps: i32,
  tapStride: i32,
  inner: i32,
  innerStride: i32,
  columns: i32,
  columnStride: i32,
  planes: i32,
  bits: i32,
  to: usize,
): void {
  const segmentBytes = ((taps * inner + 1) >> 1) << 5;
  for (let plane = 0; plane < planes; plane++) {
    for (let column = 0; column < columns; column += 8) {
      const width = min(8, columns - column);
      for (let segment = 0; segment < segments; segment++) {
        packSegment<T>(
          from + column * columnStride + segment * segmentStride,
          taps,
          tapStride,
          inner,
          innerStride,
          width,
          columnStride,
          plane,
          planes,
          bits,
          to,
        );
        to += segmentBytes;
      }
    }
  }
}

/**
 * Packs `rows` rows of a transposed A, stored [k][row] with steps of k `stride` bytes apart, four rows a tile: pair p
 * of row r is at to + (r >> 2) * pairs * 16 + p * 16 + (r & 3) * 4. Rows are filled up to a multiple of 4 with 0.
 */
export function packRows<T>(
  from: usize,
  k: i32,
  stride: usize,
  rows: i32,
  plane: i32,
  planes: i32,
  bits: i32,
  to: usize,
): void {
  const pairs = (k + 1) >> 1;
  const tileBytes = (<usize>pairs) << 4;
  for (let p = 0; p < pairs; p++) {
    const first = from + <usize>(2 * p) * stride;
    const last = 2 * p + 1 == k;
    const second = first + (last ? 0 : stride);
    let at = to + ((<usize>p) << 4);
    let r = 0;
    if (sizeof<T>() == 2) {
      const keep = i16x8.splat(last ? 0 : -1);
      for (; r + 8 <= rows; r += 8) {
        const a = v128.load(first + ((<usize>r) << 1));
        const b = v128.and(v128.load(second + ((<usize>r) << 1)), keep);
        v128.store(at, v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11));
        at += tileBytes;
        v128.store(at, v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15));
        at += tileBytes;
      }
    }
    for (; r < rows; r += 4) {
      v128.store(at, i32x4.splat(0));
      const width = min(4, rows - r);
      for (let i = 0; i < width; i++) {
        const offset = <usize>(r + i) * sizeof<T>();
        store<i16>(at + ((<usize>i) << 2), <i16>digit(<i32>load<T>(first + offset), plane, planes, bits));
        if (!last) {
          store<i16>(
            at + ((<usize>i) << 2),
            <i16>digit(<i32>load<T>(second + offset), plane, planes, bits),
            2,
          );
        }
      }
      at += tileBytes;
    }
  }
}

/** Copies `count` contiguous elements as digits of one plane. */
export function copyDigits<T>(from: usize, count: i32, plane: i32, planes: i32, bits: i32, to: usize): void {
  if (sizeof<T>() == 2 && planes == 1) {
    memory.copy(to, from, (<usize>count) << 1);
    return;
  }
  let i = 0;
  if (sizeof<T>() == 4) {
    for (; i + 8 <= count; i += 8) {
      const at = from + ((<usize>i) << 2);
      const low = digits(v128.load(at), plane, planes, bits);
      const high = digits(v128.load(at, 16), plane, planes, bits);
      v128.store(to + ((<usize>i) << 1), i16x8.narrow_i32x4_s(low, high));
    }
  }
  for (; i < count; i++) {
    const value = <i32>load<T>(from + <usize>i * sizeof<T>());
    store<i16>(to + ((<usize>i) << 1), <i16>digit(value, plane, planes, bits));
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

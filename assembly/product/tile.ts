/*
 * The one loop that all fast products share: 4 rows x 8 columns of sums of int16 products, in i32 lanes that wrap
 * modulo 2^32. A sum is right if its exact value fits in 32 bits, whatever its parts do; callers prove that
 * (products.ts). B lies in panels: for each pair of k, eight columns of two neighbours, 32 bytes. A row of A is read
 * four bytes (two neighbours along k) at a time, `step` apart, in `segments` stretches of `pairs`, in `images`.
 *
 * Eight accumulators, two vectors of B, one splat of A and one product are 12 registers of 15; a wider tile or an
 * unrolled loop makes the engine spill. Instructions are what limits it: where the four rows lie a constant distance
 * apart they share one pointer, which saves three additions of 29 instructions. docs/kernels.md.
 */
import { rowsApart } from './operands';

/**
 * For each of `tiles` tiles of four rows: c[r][0..7] = init[0..7] + sum of the products; rows of c are `stride` bytes
 * apart. Row r of A starts at lhs + table[r]; `skip` bytes are added after a segment, `leap` after an image's segments,
 * and `hop` bytes to B's address.
 */
export function tile(
  lhs: usize,
  table: usize,
  tiles: i32,
  step: usize,
  pairs: usize,
  segments: i32,
  skip: usize,
  images: i32,
  leap: usize,
  hop: usize,
  panel: usize,
  init: usize,
  c: usize,
  stride: usize,
): void {
  switch (rowsApart) {
    case 2:
      return tileApart<u16, u8>(
        lhs,
        table,
        tiles,
        step,
        pairs,
        segments,
        skip,
        images,
        leap,
        hop,
        panel,
        init,
        c,
        stride,
      );
    case 4:
      return tileApart<u32, u8>(
        lhs,
        table,
        tiles,
        step,
        pairs,
        segments,
        skip,
        images,
        leap,
        hop,
        panel,
        init,
        c,
        stride,
      );
    case 16:
      return tileApart<v128, u8>(
        lhs,
        table,
        tiles,
        step,
        pairs,
        segments,
        skip,
        images,
        leap,
        hop,
        panel,
        init,
        c,
        stride,
      );
    case 32:
      return tileApart<v128, u16>(
        lhs,
        table,
        tiles,
        step,
        pairs,
        segments,
        skip,
        images,
        leap,
        hop,
        panel,
        init,
        c,
        stride,
      );
    case 64:
      return tileApart<v128, u32>(
        lhs,
        table,
        tiles,
        step,
        pairs,
        segments,
        skip,
        images,
        leap,
        hop,
        panel,
        init,
        c,
        stride,
      );
    case 128:
      return tileApart<v128, u64>(
        lhs,
        table,
        tiles,
        step,
        pairs,
        segments,
        skip,
        images,
        leap,
        hop,
        panel,
        init,
        c,
        stride,
      );
    case 256:
      return tileApart<v128, v128>(
        lhs,
        table,
        tiles,
        step,
        pairs,
        segments,
        skip,
        images,
        leap,
        hop,
        panel,
        init,
        c,
        stride,
      );
    default:
      return tileAnywhere(
        lhs,
        table,
        tiles,
        step,
        pairs,
        segments,
        skip,
        images,
        leap,
        hop,
        panel,
        init,
        c,
        stride,
      );
  }
}

/** Tiles of which row r starts sizeof<S>() * sizeof<T>() * r bytes behind the first one. */
function tileApart<S, T>(
  lhs: usize,
  table: usize,
  tiles: i32,
  step: usize,
  pairs: usize,
  segments: i32,
  skip: usize,
  images: i32,
  leap: usize,
  hop: usize,
  panel: usize,
  init: usize,
  c: usize,
  stride: usize,
): void {
  do {
    let a = lhs + load<u32>(table);
    let b = panel;
    let c00 = v128.load(init);
    let c01 = v128.load(init, 16);
    let c10 = c00;
    let c11 = c01;
    let c20 = c00;
    let c21 = c01;
    let c30 = c00;
    let c31 = c01;
    let imagesLeft = images;
    do {
      let left = segments;
      do {
        const end = b + (pairs << 5);
        do {
          const b0 = v128.load(b);
          const b1 = v128.load(b, 16);
          let x = v128.load_splat<i32>(a);
          c00 = i32x4.add(c00, i32x4.dot_i16x8_s(x, b0));
          c01 = i32x4.add(c01, i32x4.dot_i16x8_s(x, b1));
          x = v128.load_splat<i32>(a, sizeof<S>() * sizeof<T>());
          c10 = i32x4.add(c10, i32x4.dot_i16x8_s(x, b0));
          c11 = i32x4.add(c11, i32x4.dot_i16x8_s(x, b1));
          x = v128.load_splat<i32>(a, 2 * sizeof<S>() * sizeof<T>());
          c20 = i32x4.add(c20, i32x4.dot_i16x8_s(x, b0));
          c21 = i32x4.add(c21, i32x4.dot_i16x8_s(x, b1));
          x = v128.load_splat<i32>(a, 3 * sizeof<S>() * sizeof<T>());
          c30 = i32x4.add(c30, i32x4.dot_i16x8_s(x, b0));
          c31 = i32x4.add(c31, i32x4.dot_i16x8_s(x, b1));
          a += step;
          b += 32;
        } while (b < end);
        a += skip;
      } while (--left);
      a += leap;
      b += hop;
    } while (--imagesLeft);
    v128.store(c, c00);
    v128.store(c, c01, 16);
    c += stride;
    v128.store(c, c10);
    v128.store(c, c11, 16);
    c += stride;
    v128.store(c, c20);
    v128.store(c, c21, 16);
    c += stride;
    v128.store(c, c30);
    v128.store(c, c31, 16);
    c += stride;
    table += 16;
  } while (--tiles);
}

/** Tiles of any four rows. */
function tileAnywhere(
  lhs: usize,
  table: usize,
  tiles: i32,
  step: usize,
  pairs: usize,
  segments: i32,
  skip: usize,
  images: i32,
  leap: usize,
  hop: usize,
  panel: usize,
  init: usize,
  c: usize,
  stride: usize,
): void {
  do {
    let a0 = lhs + load<u32>(table);
    let a1 = lhs + load<u32>(table, 4);
    let a2 = lhs + load<u32>(table, 8);
    let a3 = lhs + load<u32>(table, 12);
    let b = panel;
    let c00 = v128.load(init);
    let c01 = v128.load(init, 16);
    let c10 = c00;
    let c11 = c01;
    let c20 = c00;
    let c21 = c01;
    let c30 = c00;
    let c31 = c01;
    let imagesLeft = images;
    do {
      let left = segments;
      do {
        const end = b + (pairs << 5);
        do {
          const b0 = v128.load(b);
          const b1 = v128.load(b, 16);
          let a = v128.load_splat<i32>(a0);
          c00 = i32x4.add(c00, i32x4.dot_i16x8_s(a, b0));
          c01 = i32x4.add(c01, i32x4.dot_i16x8_s(a, b1));
          a = v128.load_splat<i32>(a1);
          c10 = i32x4.add(c10, i32x4.dot_i16x8_s(a, b0));
          c11 = i32x4.add(c11, i32x4.dot_i16x8_s(a, b1));
          a = v128.load_splat<i32>(a2);
          c20 = i32x4.add(c20, i32x4.dot_i16x8_s(a, b0));
          c21 = i32x4.add(c21, i32x4.dot_i16x8_s(a, b1));
          a = v128.load_splat<i32>(a3);
          c30 = i32x4.add(c30, i32x4.dot_i16x8_s(a, b0));
          c31 = i32x4.add(c31, i32x4.dot_i16x8_s(a, b1));
          a0 += step;
          a1 += step;
          a2 += step;
          a3 += step;
          b += 32;
        } while (b < end);
        a0 += skip;
        a1 += skip;
        a2 += skip;
        a3 += skip;
      } while (--left);
      a0 += leap;
      a1 += leap;
      a2 += leap;
      a3 += leap;
      b += hop;
    } while (--imagesLeft);
    v128.store(c, c00);
    v128.store(c, c01, 16);
    c += stride;
    v128.store(c, c10);
    v128.store(c, c11, 16);
    c += stride;
    v128.store(c, c20);
    v128.store(c, c21, 16);
    c += stride;
    v128.store(c, c30);
    v128.store(c, c31, 16);
    c += stride;
    table += 16;
  } while (--tiles);
}

/**
 * Adds `rows` rows of eight i32 sums, 32 bytes each, times 2^shift, to i64 sums with rows `stride` bytes apart; `fresh`:
 * stores them.
 */
export function flush(sums: usize, rows: i32, shift: i32, c: usize, stride: usize, fresh: bool): void {
  for (; rows > 0; rows--) {
    for (let half: usize = 0; half < 2; half++) {
      const v = v128.load(sums);
      const at = c + (half << 5);
      const low = i64x2.shl(i64x2.extend_low_i32x4_s(v), shift);
      const high = i64x2.shl(i64x2.extend_high_i32x4_s(v), shift);
      v128.store(at, fresh ? low : i64x2.add(v128.load(at), low));
      v128.store(at, fresh ? high : i64x2.add(v128.load(at, 16), high), 16);
      sums += 16;
    }
    c += stride;
  }
}

/** The same to sums split at bit `cut`: high halves at c, low ones `apart` bytes on. */
export function flushSplit(
  sums: usize,
  rows: i32,
  shift: i32,
  cut: i32,
  c: usize,
  apart: usize,
  stride: usize,
  fresh: bool,
): void {
  if (shift) return flushShifted(sums, rows, shift, cut, c, apart, stride, fresh);
  const mask = i32x4.splat((1 << cut) - 1);
  for (; rows > 0; rows--) {
    for (let half: usize = 0; half < 32; half += 16) {
      const v = v128.load(sums + half);
      const high = i32x4.shr_s(v, cut);
      const low = v128.and(v, mask);
      const at = c + half;
      v128.store(at, fresh ? high : i32x4.add(v128.load(at), high));
      v128.store(at + apart, fresh ? low : i32x4.add(v128.load(at + apart), low));
    }
    sums += 32;
    c += stride;
  }
}

/** The same where the sums are those of digits. */
function flushShifted(
  sums: usize,
  rows: i32,
  shift: i32,
  cut: i32,
  c: usize,
  apart: usize,
  stride: usize,
  fresh: bool,
): void {
  const mask = i32x4.splat((1 << cut) - 1);
  const whole = shift < cut ? 0 : shift - cut;
  const keep = shift < cut ? cut - shift : 0;
  // Above the cut nothing is left below it.
  const left = shift < cut ? mask : i32x4.splat(0);
  for (; rows > 0; rows--) {
    for (let half: usize = 0; half < 32; half += 16) {
      const v = v128.load(sums + half);
      const high = i32x4.shl(i32x4.shr_s(v, keep), whole);
      const low = v128.and(i32x4.shl(v, shift), left);
      const at = c + half;
      v128.store(at, fresh ? high : i32x4.add(v128.load(at), high));
      v128.store(at + apart, fresh ? low : i32x4.add(v128.load(at + apart), low));
    }
    sums += 32;
    c += stride;
  }
}

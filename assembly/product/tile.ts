/*
 * The one loop that all fast products share: 4 rows x 8 columns of sums of products. Of int16 they are i32 lanes that
 * wrap modulo 2^32: a sum is right if its exact value fits in 32 bits, whatever its parts do, which callers prove
 * (products.ts). Of float32 each product and each sum is rounded, k ascending, in an order that the shapes alone fix.
 * B lies in panels: for each step of k eight columns, 32 bytes; a step of int16 is a pair of neighbours along k. A row
 * of A is read four bytes, a step, at a time.
 *
 * Eight accumulators, two vectors of B, one splat of A and one product are 12 registers of 15; a wider tile or an
 * unrolled loop makes the engine spill. Instructions are what limits it: rows a constant distance apart share one
 * pointer, which saves three additions of 29 instructions. docs/kernels.md.
 */
import { SCRATCH_WALK } from '../layout';
import { scratch } from '../thread';

/** How tile() walks along rows of A: `segments` stretches of `pairs` steps, in `images`. Gaps are in bytes. */
@unmanaged
export class Walk {
  /** Bytes from a step of a row to the next one. */
  pairStep: usize;
  /** Bytes from a row of each tile to the next one if they are the same for all; else 0. */
  rowStride: i32;
  pairs: i32;
  segments: i32;
  /** Added to A's addresses after a segment. */
  segmentGap: usize;
  images: i32;
  /** Added to A's addresses, and to B's, after an image's segments. */
  imageGap: usize;
  panelGap: usize;
  /** Bytes from a row of the first sums to the next one, in float32; int16 rows all begin with the same sums. */
  initStride: usize;
  /** Bytes from a row of sums to the next one. */
  sumStride: usize;
}

/** The thread's walk, as yet along one segment of one image. */
export function openWalk(pairStep: usize, rowStride: i32, pairs: i32, sumStride: usize): Walk {
  const walk = changetype<Walk>(scratch + SCRATCH_WALK);
  walk.pairStep = pairStep;
  walk.rowStride = rowStride;
  walk.pairs = pairs;
  walk.segments = 1;
  walk.segmentGap = 0;
  walk.images = 1;
  walk.imageGap = 0;
  walk.panelGap = 0;
  walk.initStride = 0;
  walk.sumStride = sumStride;
  return walk;
}

/**
 * For each of `tiles` tiles of four rows: sums[r][0..7] = init[0..7] + sum of the products. Row r of A starts at
 * lhs + table[r].
 */
export function tile(
  walk: Walk,
  lhs: usize,
  table: usize,
  tiles: i32,
  panel: usize,
  init: usize,
  sums: usize,
): void {
  switch (walk.rowStride) {
    case 2:
      return tileOf<i16, u16, u8>(walk, lhs, table, tiles, panel, init, sums);
    case 4:
      return tileOf<i16, u32, u8>(walk, lhs, table, tiles, panel, init, sums);
    case 16:
      return tileOf<i16, v128, u8>(walk, lhs, table, tiles, panel, init, sums);
    case 32:
      return tileOf<i16, v128, u16>(walk, lhs, table, tiles, panel, init, sums);
    case 64:
      return tileOf<i16, v128, u32>(walk, lhs, table, tiles, panel, init, sums);
    case 128:
      return tileOf<i16, v128, u64>(walk, lhs, table, tiles, panel, init, sums);
    case 256:
      return tileOf<i16, v128, v128>(walk, lhs, table, tiles, panel, init, sums);
    default:
      return tileOf<i16, u8, u8>(walk, lhs, table, tiles, panel, init, sums);
  }
}

/** The same in float32. Each row begins with its sums init[r][0..7]; `sums` may be `init`. */
export function floatTile(
  walk: Walk,
  lhs: usize,
  table: usize,
  tiles: i32,
  panel: usize,
  init: usize,
  sums: usize,
): void {
  tileOf<f32, u8, u8>(walk, lhs, table, tiles, panel, init, sums);
}

/** sum + the products of a step. @inline */
function addProduct<E>(sum: v128, a: v128, b: v128): v128 {
  return isFloat<E>() ? f32x4.add(sum, f32x4.mul(a, b)) : i32x4.add(sum, i32x4.dot_i16x8_s(a, b));
}

/**
 * Tiles of elements of type E. The offset of a load must be known when the kernels are compiled, and the only
 * numbers that AssemblyScript lets a generic function have at that time are sizes of types: S and T stand for
 * nothing but sizeof<S>() * sizeof<T>(), the bytes from a row to the next one. 1, which is never a distance
 * of rows, means any four rows, each with a separate pointer.
 */
function tileOf<E, S, T>(
  walk: Walk,
  lhs: usize,
  table: usize,
  tiles: i32,
  panel: usize,
  init: usize,
  sums: usize,
): void {
  // In locals: the engine cannot know that no store changes the walk.
  const pairStep = walk.pairStep;
  const pairBytes = (<usize>walk.pairs) << 5;
  const segments = walk.segments;
  const segmentGap = walk.segmentGap;
  const images = walk.images;
  const imageGap = walk.imageGap;
  const panelGap = walk.panelGap;
  const initStride = walk.initStride;
  const sumStride = walk.sumStride;
  do {
    let a0 = lhs + load<u32>(table);
    let a1: usize = 0;
    let a2: usize = 0;
    let a3: usize = 0;
    if (sizeof<S>() * sizeof<T>() == 1) {
      a1 = lhs + load<u32>(table, 4);
      a2 = lhs + load<u32>(table, 8);
      a3 = lhs + load<u32>(table, 12);
    }
    let b = panel;
    let c00 = v128.load(init);
    let c01 = v128.load(init, 16);
    let c10 = c00;
    let c11 = c01;
    let c20 = c00;
    let c21 = c01;
    let c30 = c00;
    let c31 = c01;
    if (isFloat<E>()) {
      init += initStride;
      c10 = v128.load(init);
      c11 = v128.load(init, 16);
      init += initStride;
      c20 = v128.load(init);
      c21 = v128.load(init, 16);
      init += initStride;
      c30 = v128.load(init);
      c31 = v128.load(init, 16);
      init += initStride;
    }
    let imagesLeft = images;
    do {
      let left = segments;
      do {
        const end = b + pairBytes;
        do {
          const b0 = v128.load(b);
          const b1 = v128.load(b, 16);
          let a = v128.load_splat<i32>(a0);
          c00 = addProduct<E>(c00, a, b0);
          c01 = addProduct<E>(c01, a, b1);
          if (sizeof<S>() * sizeof<T>() == 1) a = v128.load_splat<i32>(a1);
          else a = v128.load_splat<i32>(a0, sizeof<S>() * sizeof<T>());
          c10 = addProduct<E>(c10, a, b0);
          c11 = addProduct<E>(c11, a, b1);
          if (sizeof<S>() * sizeof<T>() == 1) a = v128.load_splat<i32>(a2);
          else a = v128.load_splat<i32>(a0, 2 * sizeof<S>() * sizeof<T>());
          c20 = addProduct<E>(c20, a, b0);
          c21 = addProduct<E>(c21, a, b1);
          if (sizeof<S>() * sizeof<T>() == 1) a = v128.load_splat<i32>(a3);
          else a = v128.load_splat<i32>(a0, 3 * sizeof<S>() * sizeof<T>());
          c30 = addProduct<E>(c30, a, b0);
          c31 = addProduct<E>(c31, a, b1);
          a0 += pairStep;
          if (sizeof<S>() * sizeof<T>() == 1) {
            a1 += pairStep;
            a2 += pairStep;
            a3 += pairStep;
          }
          b += 32;
        } while (b < end);
        a0 += segmentGap;
        if (sizeof<S>() * sizeof<T>() == 1) {
          a1 += segmentGap;
          a2 += segmentGap;
          a3 += segmentGap;
        }
      } while (--left);
      if (!isFloat<E>()) {
        a0 += imageGap;
        if (sizeof<S>() * sizeof<T>() == 1) {
          a1 += imageGap;
          a2 += imageGap;
          a3 += imageGap;
        }
        b += panelGap;
      }
    } while (!isFloat<E>() && --imagesLeft);
    v128.store(sums, c00);
    v128.store(sums, c01, 16);
    sums += sumStride;
    v128.store(sums, c10);
    v128.store(sums, c11, 16);
    sums += sumStride;
    v128.store(sums, c20);
    v128.store(sums, c21, 16);
    sums += sumStride;
    v128.store(sums, c30);
    v128.store(sums, c31, 16);
    sums += sumStride;
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

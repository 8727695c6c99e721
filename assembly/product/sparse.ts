/*
 * Rows of A most of whose pairs are 0, as images on a black ground have them: of a tile's four rows, a pair
 * is kept unless it is 0 in all of them, together with the place of its columns in a panel of B. Nothing else
 * changes: the sums, and with them the proof of their size, are the same. docs/kernels.md.
 */
import { KEPT_BYTES, PIECE } from '../layout';
import { Product } from './product';

/**
 * Kept pairs pay if they are fewer than this many eighths of all, because each also loads the place of its
 * columns.
 */
const MOST_EIGHTHS = 7;

/** Bytes of the table of starts of a tile of `pairs` pairs: one for each piece, and the end. */
export function startsOf(pairs: i32): usize {
  return (<usize>((pairs + PIECE - 1) / PIECE + 1)) << 2;
}

/**
 * Number of pairs, of `count` packed ones of 16 bytes each, that are non-zero in at least one of the four
 * rows.
 */
function countPairs(packed: usize, count: i32): i32 {
  let some = 0;
  for (const end = packed + ((<usize>count) << 4); packed < end; packed += 16) {
    some += <i32>v128.any_true(v128.load(packed));
  }
  return some;
}

/**
 * Writes the records of `tiles` tiles of `pairs` pairs, packed four rows a tile, and the table of their starts; false, with
 * nothing written, where too few pairs are 0.
 */
export function keepPairs(packed: usize, tiles: i32, pairs: i32, at: usize, table: usize): bool {
  const all = tiles * pairs;
  if (8 * countPairs(packed, all) > MOST_EIGHTHS * all) return false;
  const first = at;
  for (; tiles > 0; tiles--) {
    for (let pair = 0; pair < pairs; pair++) {
      if (pair % PIECE == 0) {
        store<u32>(table, <u32>(at - first));
        table += 4;
      }
      const v = v128.load(packed);
      v128.store(at, v);
      store<u32>(at, pair << 5, 16);
      if (v128.any_true(v)) at += KEPT_BYTES;
      packed += 16;
    }
    store<u32>(table, <u32>(at - first));
    table += 4;
  }
  return true;
}

/**
 * As tile(), for tiles from `first` on: products of pairs `from` (the beginning of a piece) to `to` (the end
 * of one), with the panel whose first pair is at `panel`.
 */
export function tileSparse(
  product: Product,
  first: i32,
  tiles: i32,
  from: i32,
  to: i32,
  panel: usize,
  init: usize,
  c: usize,
  stride: usize,
): void {
  const kept = product.kept;
  const startBytes = startsOf(product.pairs);
  let table = product.starts + <usize>first * startBytes + ((<usize>(from / PIECE)) << 2);
  const last = (<usize>((to + PIECE - 1) / PIECE - from / PIECE)) << 2;
  do {
    let a = kept + load<u32>(table);
    const end = kept + load<u32>(table + last);
    let c00 = v128.load(init);
    let c01 = v128.load(init, 16);
    let c10 = c00;
    let c11 = c01;
    let c20 = c00;
    let c21 = c01;
    let c30 = c00;
    let c31 = c01;
    while (a < end) {
      const b = panel + load<u32>(a, 16);
      const b0 = v128.load(b);
      const b1 = v128.load(b, 16);
      let x = v128.load_splat<i32>(a);
      c00 = i32x4.add(c00, i32x4.dot_i16x8_s(x, b0));
      c01 = i32x4.add(c01, i32x4.dot_i16x8_s(x, b1));
      x = v128.load_splat<i32>(a, 4);
      c10 = i32x4.add(c10, i32x4.dot_i16x8_s(x, b0));
      c11 = i32x4.add(c11, i32x4.dot_i16x8_s(x, b1));
      x = v128.load_splat<i32>(a, 8);
      c20 = i32x4.add(c20, i32x4.dot_i16x8_s(x, b0));
      c21 = i32x4.add(c21, i32x4.dot_i16x8_s(x, b1));
      x = v128.load_splat<i32>(a, 12);
      c30 = i32x4.add(c30, i32x4.dot_i16x8_s(x, b0));
      c31 = i32x4.add(c31, i32x4.dot_i16x8_s(x, b1));
      a += KEPT_BYTES;
    }
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
    table += startBytes;
  } while (--tiles);
}

/*
 * Blocks of product sums, exact by proof. Lanes of tile() wrap modulo 2^32, so a block's sums may stay in i32 when each
 * of them fits, whatever its parts do. By Cauchy-Schwarz |sum| <= |row| |column|, so
 *
 *   fast    largest row norm * largest column norm + largest |bias| + 2^drop < 2^31 (2^drop: room for rounding).
 *   flush   otherwise sums are made in stretches that fit, and added to wider ones (stretches.ts).
 *   full    where not even a short stretch fits, A is split into 8-bit digits first: two passes.
 *
 * int32 operands whose magnitudes pass int16's come as planes of digits (pack.ts) and take the second way, plane by plane.
 * docs/kernels.md.
 */
import { convertSums } from '../convert/convert';
import { convertNarrow, convertSplit } from '../convert/narrow';
import {
  ACCUMULATOR,
  ACCUMULATOR_WIDTH,
  AT_BIAS,
  AT_RHS,
  AT_ROWS,
  AT_SUMS,
  CONVERT,
  OUT,
  SITE_DROP,
  SUMMED_FAST,
  SUMMED_SPARSE,
  WRAP,
} from '../layout';
import { countPath } from './paths';
import { Product } from './product';
import { tileSparse } from './sparse';
import { addBlock, blockCut, splitApart } from './stretches';
import { scratch } from '../thread';
import { openWalk, tile } from './tile';

/** True when every sum of the block fits in 32 bits with room for rounding. */
export function provesFast(product: Product): bool {
  if (product.lhsPlanes != 1 || product.rhsPlanes != 1) return false;
  const drop = load<i32>(load<u32>(product.record, CONVERT), SITE_DROP);
  const room: u64 = drop > 0 && drop < 31 ? (<u64>1) << drop : 0;
  return product.lhsRoot * product.rhsRoot + product.biasMost + room < (<u64>1) << 31;
}

/** Sums of a block in i32, rows `columns` * 4 bytes apart; the caller has proved that they fit. */
function fastBlock(product: Product, lhs: usize, rows: i32): void {
  const record = product.record;
  const table = scratch + load<u32>(record, AT_ROWS);
  const sums = scratch + load<u32>(record, AT_SUMS);
  const bias = scratch + load<u32>(record, AT_BIAS) + ((<usize>product.columns) << 3);
  const tiles = (rows + 3) >> 2;
  const pairs = product.pairs;
  const segments = product.segments;
  const segmentStride = product.segmentStride;
  const stride = (<usize>product.columns) << 2;
  const walk = openWalk(product.pairStep, product.rowStride, pairs, stride);
  walk.segmentGap = segmentStride - <usize>pairs * product.pairStep;
  walk.images = product.images;
  let panel = scratch + load<u32>(record, AT_RHS);
  for (let at: usize = 0; at < stride; at += 32) {
    let first = 0;
    if (product.sparse) {
      tileSparse(product, 0, tiles, 0, pairs, panel, bias + at, sums + at, stride);
      first = tiles;
    }
    while (first < tiles) {
      const end = product.openSpan(first, tiles);
      const spanFirst = <usize>product.spanFirst;
      const spanCount = product.spanCount;
      walk.segments = spanCount;
      walk.imageGap = product.imageStride - <usize>spanCount * segmentStride;
      walk.panelGap = (<usize>((segments - spanCount) * pairs)) << 5;
      tile(
        walk,
        lhs + spanFirst * segmentStride,
        table + ((<usize>first) << 4),
        end - first,
        panel + ((spanFirst * pairs) << 5),
        bias + at,
        sums + at + <usize>(4 * first) * stride,
      );
      first = end;
    }
    panel += product.panelBytes;
  }
}

/** Keeps the low bits of the sums of a wrapping accumulator: T is the sums' type. */
function wrapSums<T>(sums: usize, count: i32, width: i32): void {
  const unused = <T>(8 * sizeof<T>() - width);
  const end = sums + <usize>count * sizeof<T>();
  for (; sums < end; sums += sizeof<T>()) store<T>(sums, (load<T>(sums) << unused) >> unused);
}

/** Moves rows of `width` elements together, from `stride` elements apart. T is their type. */
function compact<T>(sums: usize, rows: i32, width: i32, stride: i32): void {
  for (let row = 1; row < rows; row++) {
    const to = sums + <usize>(row * width) * sizeof<T>();
    memory.copy(to, sums + <usize>(row * stride) * sizeof<T>(), <usize>width * sizeof<T>());
  }
}

/** Sets the block's wide sums to the bias: i64, or split at bit `cut`. */
function startWide(product: Product, rows: i32, cut: i32): void {
  const record = product.record;
  const columns = product.columns;
  const sums = scratch + load<u32>(record, AT_SUMS);
  const bias = scratch + load<u32>(record, AT_BIAS);
  const apart = splitApart(rows, columns);
  const rowBytes = (<usize>columns) << 3;
  // The first row, then each row from the one before it.
  for (let column = 0; column < columns; column++) {
    const value = load<i64>(bias + ((<usize>column) << 3));
    if (cut) {
      store<i32>(sums + ((<usize>column) << 2), <i32>(value >> cut));
      store<i32>(sums + apart + ((<usize>column) << 2), (<i32>value) & ((1 << cut) - 1));
    } else {
      store<i64>(sums + ((<usize>column) << 3), value);
    }
  }
  const left = (<usize>(((rows + 3) & ~3) - 1) * rowBytes) >> (cut ? 1 : 0);
  repeat(sums, cut ? rowBytes >> 1 : rowBytes, left);
  if (cut) repeat(sums + apart, rowBytes >> 1, left);
}

/** Copies what lies at `from` on to the next `period` bytes, and so on for `bytes` bytes; both multiples of 16. */
function repeat(from: usize, period: usize, bytes: usize): void {
  // By hand, because most of the time of a short memory.copy is its call.
  for (const end = from + bytes; from < end; from += 16) v128.store(from + period, v128.load(from));
}

/**
 * Sums a block of `rows` rows and `width` of the op's `n` columns and converts it. The block's first element is `index`.
 * A's elements lie in `bytes` bytes at `lhs` (or in planes there).
 */
export function productBlock(
  product: Product,
  lhs: usize,
  bytes: usize,
  rows: i32,
  width: i32,
  n: i32,
  index: u32,
): void {
  const fast = provesFast(product);
  let cut = 0;
  if (fast) {
    const path = product.sparse ? SUMMED_SPARSE : SUMMED_FAST;
    countPath(path, rows, product.columns, 2 * product.allPairs());
    fastBlock(product, lhs, rows);
  } else {
    if (load<i32>(product.record, ACCUMULATOR) != WRAP) cut = blockCut(product, lhs, rows);
    const fresh = product.biasMost == 0 && !product.spans;
    if (!fresh) startWide(product, rows, cut);
    addBlock(product, lhs, bytes, rows, cut, fresh);
  }
  finishBlock(product, fast, cut, rows, width, n, index);
}

/** Converts a block's sums: i32 if they were made fast, else i64, or split at bit `cut`. */
export function finishBlock(
  product: Product,
  fast: bool,
  cut: i32,
  rows: i32,
  width: i32,
  n: i32,
  index: u32,
): void {
  const record = product.record;
  const columns = product.columns;
  const sums = scratch + load<u32>(record, AT_SUMS);
  if (load<i32>(record, ACCUMULATOR) == WRAP) {
    const bits = load<i32>(record, ACCUMULATOR_WIDTH);
    if (!fast) wrapSums<i64>(sums, rows * columns, bits);
    else if (bits < 32) wrapSums<i32>(sums, rows * columns, bits);
  }
  const site = load<u32>(record, CONVERT);
  const out = load<u32>(record, OUT);
  const apart = splitApart(rows, columns);
  // Whole rows are one run of neighbours.
  const whole = width == n;
  if (whole && width != columns) {
    if (fast || cut) compact<i32>(sums, rows, width, columns);
    else compact<i64>(sums, rows, width, columns);
    if (cut) compact<i32>(sums + apart, rows, width, columns);
  }
  const runs = whole ? 1 : rows;
  const length = whole ? rows * n : width;
  for (let run = 0; run < runs; run++) {
    const at = <usize>(run * columns);
    if (fast) convertNarrow(site, sums + (at << 2), out, index, length);
    else if (cut) convertSplit(site, sums + (at << 2), apart, out, index, length);
    else convertSums(site, sums + (at << 3), out, index, length);
    index += n;
  }
}

/*
 * Blocks of product sums, exact by proof. Lanes of tile() wrap modulo 2^32, so a block's sums may stay in i32 when each
 * of them fits, whatever its parts do. By Cauchy-Schwarz |sum| <= |row| |column|, so
 *
 *   fast    largest row norm * largest column norm + largest |bias| + 2^drop < 2^31 (2^drop: room for rounding).
 *   flush   otherwise the sums of F pairs are added to i64, with 2 F max|a| max|b| < 2^31.
 *   full    where F is small, A is split into 8-bit digits: two passes with F >= 255 whatever the operands are.
 *
 * int32 operands come as planes of digits (pack.ts) and take the second way, plane by plane. docs/kernels.md.
 */
import { convertSums } from './convert';
import { convertNarrow } from './convert-narrow';
import {
  ACCUMULATOR,
  ACCUMULATOR_WIDTH,
  AT_BIAS,
  AT_LHS,
  AT_RHS,
  AT_ROWS,
  AT_SUMS,
  BIAS,
  BIAS_SHIFT,
  BIAS_TYPE,
  CONVERT,
  LHS_BITS,
  LHS_PLANES,
  OUT,
  PLANE_BYTES,
  RHS_BITS,
  RHS_PLANES,
  SCRATCH_SUMS,
  SITE_DROP,
  SUMMED_FAST,
  SUMMED_FLUSH,
  SUMMED_FULL,
  TYPE_I16,
  WRAP,
} from './layout';
import { largestMagnitude } from './norms';
import { splitBytes } from './pack';
import { countPath } from './paths';
import { scratch } from './thread';
import { flush, tile } from './tile';

/** Below this many pairs a flush costs more than a second pass. */
const FEW_PAIRS: i32 = 8;

/** Room for one tile's sums: the shared run buffer, free while products are at work. */
const TILE_SUMS = SCRATCH_SUMS;

// The product at work: how a row of A is walked ...
export let step: usize = 0;
export let pairs: i32 = 0;
export let segments: i32 = 0;
export let skip: usize = 0;
export let images: i32 = 1;
export let leap: usize = 0;
let segmentStride: usize = 0;
// ... of which a tile needs only segments first .. first + count - 1: others meet nothing but padding. Two words a tile.
let spans: usize = 0;
let spanFirst: i32 = 0;
let spanCount: i32 = 0;
// ... and B's columns: a block of `columns`, a multiple of 8, its norms and magnitudes.
let columns: i32 = 0;
let panelBytes: usize = 0;
let rhsRoot: u64 = 0;
let rhsMost: i32 = 0;
let biasMost: u64 = 0;

/** Sets how rows of A are walked: `segments` stretches of `pairs` pairs `step` bytes apart, `images` times. */
export function openRows(
  pairStep: usize,
  segmentPairs: i32,
  segmentCount: i32,
  stride: usize,
  imageCount: i32,
  imageStride: usize,
): void {
  step = pairStep;
  pairs = segmentPairs;
  segments = segmentCount;
  segmentStride = stride;
  skip = stride - <usize>segmentPairs * pairStep;
  images = imageCount;
  leap = imageStride - <usize>segmentCount * stride;
  spans = 0;
}

/** Limits the segments of each tile to those in the table at `tiles`: first and count (at least 1), u32 each. */
export function openSpans(tiles: usize): void {
  spans = tiles;
}

/** Sets the span at work to that of tile `tile`; returns the first of the following tiles, up to `end`, with another. */
function openSpan(tile: i32, end: i32): i32 {
  if (!spans) {
    spanFirst = 0;
    spanCount = segments;
    return end;
  }
  const at = spans + ((<usize>tile) << 3);
  spanFirst = load<i32>(at);
  spanCount = load<i32>(at, 4);
  const span = load<u64>(at);
  do tile++;
  while (tile < end && load<u64>(spans + ((<usize>tile) << 3)) == span);
  return tile;
}

/** Sets B's block: `root` is at least the largest norm of a column. */
export function openColumns(blockColumns: i32, root: u64): void {
  columns = blockColumns;
  panelBytes = (<usize>(images * segments * pairs)) << 5;
  rhsRoot = root;
  rhsMost = -1;
}

/** Writes the aligned bias of `width` columns from `first` on, i64 and i32, 0 beyond and where the op has none. */
export function openBias(record: usize, first: i32, width: i32, blockColumns: i32): void {
  const bias = load<u32>(record, BIAS);
  const wide = scratch + load<u32>(record, AT_BIAS);
  const narrow = wide + ((<usize>blockColumns) << 3);
  memory.fill(wide, 0, <usize>blockColumns * 12);
  biasMost = 0;
  if (!bias) return;
  const isNarrow = load<i32>(record, BIAS_TYPE) == TYPE_I16;
  const shift = load<i32>(record, BIAS_SHIFT);
  for (let i = 0; i < width; i++) {
    const at = <usize>(first + i);
    const raw = isNarrow ? <i64>load<i16>(bias + (at << 1)) : <i64>load<i32>(bias + (at << 2));
    store<i64>(wide + ((<usize>i) << 3), raw << shift);
    store<i32>(narrow + ((<usize>i) << 2), <i32>(raw << shift));
    // A shift that carries a bias out of 32 bits makes it larger than any bound.
    const magnitude = <u64>(raw < 0 ? -raw : raw);
    biasMost = max(biasMost, shift < 31 ? magnitude << shift : magnitude << 31);
  }
}

/** Pairs whose sum surely fits in 32 bits when no element of A exceeds `lhsMost` in magnitude. */
function safePairs(lhsMost: i32): i32 {
  const product = <u64>lhsMost * <u64>rhsMost;
  return product == 0 ? i32.MAX_VALUE : <i32>min<u64>(<u64>i32.MAX_VALUE / (2 * product), <u64>i32.MAX_VALUE);
}

/** Adds `count` segments of `length` pairs of one tile, times 2^shift, to i64 sums at c. */
function stretch(lhs: usize, table: usize, length: i32, count: i32, b: usize, shift: i32, c: usize): void {
  const sums = scratch + TILE_SUMS;
  const gap = segmentStride - <usize>length * step;
  tile(lhs, table, 1, step, length, count, gap, 1, 0, 0, b, sums + 128, sums, 32);
  flush(sums, shift, c, (<usize>columns) << 3);
}

/** Adds one tile's sums over the span at work, times 2^shift, to i64 sums at c, flushing every `safe` pairs at most. */
function addTile(lhs: usize, table: usize, b: usize, safe: i32, shift: i32, c: usize): void {
  const sums = scratch + TILE_SUMS;
  const rest = segments - spanCount;
  const jump = leap + <usize>rest * segmentStride;
  const hop = (<usize>(rest * pairs)) << 5;
  lhs += <usize>spanFirst * segmentStride;
  b += (<usize>(spanFirst * pairs)) << 5;
  if (safe >= pairs * spanCount * images) {
    tile(lhs, table, 1, step, pairs, spanCount, skip, images, jump, hop, b, sums + 128, sums, 32);
    flush(sums, shift, c, (<usize>columns) << 3);
    return;
  }
  for (let image = 0; image < images; image++) {
    if (safe >= pairs) {
      const most = safe / pairs;
      for (let segment = 0; segment < spanCount; segment += most) {
        const count = min(most, spanCount - segment);
        stretch(lhs, table, pairs, count, b, shift, c);
        lhs += <usize>count * segmentStride;
        b += (<usize>(count * pairs)) << 5;
      }
    } else {
      for (let segment = 0; segment < spanCount; segment++) {
        for (let pair = 0; pair < pairs; pair += safe) {
          const length = min(safe, pairs - pair);
          stretch(lhs + <usize>pair * step, table, length, 1, b, shift, c);
          b += (<usize>length) << 5;
        }
        lhs += segmentStride;
      }
    }
    lhs += jump;
    b += hop;
  }
}

/** True when every sum of the block fits in 32 bits with room for rounding. */
export function provesFast(record: usize, lhsRoot: u64): bool {
  if (load<i32>(record, LHS_PLANES) != 1 || load<i32>(record, RHS_PLANES) != 1) return false;
  const drop = load<i32>(load<u32>(record, CONVERT), SITE_DROP);
  const room: u64 = drop > 0 && drop < 31 ? (<u64>1) << drop : 0;
  return lhsRoot * rhsRoot + biasMost + room < (<u64>1) << 31;
}

/** Sums of a block in i32, rows `columns` * 4 bytes apart; the caller has proved that they fit. */
function fastBlock(record: usize, lhs: usize, rows: i32): void {
  const table = scratch + load<u32>(record, AT_ROWS);
  const sums = scratch + load<u32>(record, AT_SUMS);
  const bias = scratch + load<u32>(record, AT_BIAS) + ((<usize>columns) << 3);
  const tiles = (rows + 3) >> 2;
  const stride = (<usize>columns) << 2;
  let panel = scratch + load<u32>(record, AT_RHS);
  for (let at: usize = 0; at < stride; at += 32) {
    let first = 0;
    while (first < tiles) {
      const end = openSpan(first, tiles);
      const rest = segments - spanCount;
      tile(
        lhs + <usize>spanFirst * segmentStride,
        table + ((<usize>first) << 4),
        end - first,
        step,
        pairs,
        spanCount,
        skip,
        images,
        leap + <usize>rest * segmentStride,
        (<usize>(rest * pairs)) << 5,
        panel + ((<usize>(spanFirst * pairs)) << 5),
        bias + at,
        sums + at + <usize>(4 * first) * stride,
        stride,
      );
      first = end;
    }
    panel += panelBytes;
  }
}

/**
 * Adds a block's products to i64 sums, rows `columns` * 8 bytes apart. A's elements lie in `bytes` bytes at `lhs`, or,
 * where it has several planes, in as many planes of PLANE_BYTES, the first of them there. `root` as for productBlock.
 */
export function addBlock(record: usize, lhs: usize, bytes: usize, rows: i32, root: u64): void {
  const table = scratch + load<u32>(record, AT_ROWS);
  const panels = scratch + load<u32>(record, AT_RHS);
  const planeBytes = <usize>load<u32>(record, PLANE_BYTES);
  const rhsPlanes = load<i32>(record, RHS_PLANES);
  const rhsBytes = panelBytes * ((<usize>columns) >> 3);
  let lhsPlanes = load<i32>(record, LHS_PLANES);
  let lhsBits = load<i32>(record, LHS_BITS);
  let safe = i32.MAX_VALUE;
  if (lhsPlanes > 1 || rhsPlanes > 1 || root * rhsRoot >= (<u64>1) << 31) {
    if (rhsMost < 0) rhsMost = largestMagnitude(panels, rhsBytes * rhsPlanes);
    let lhsMost = 0;
    for (let i = 0; i < lhsPlanes; i++) {
      lhsMost = max(lhsMost, largestMagnitude(lhs + <usize>i * planeBytes, (bytes + 15) & ~15));
    }
    // The last vector reaches past the block, where anything may lie; a digit is never larger than this.
    if (lhsPlanes > 1) lhsMost = min(lhsMost, 1 << (lhsBits - 1));
    safe = safePairs(lhsMost);
  }
  if (safe < FEW_PAIRS && lhsPlanes == 1) {
    const low = scratch + load<u32>(record, AT_LHS) + planeBytes;
    // Rows are read up to two bytes past their end.
    splitBytes(lhs, (bytes + 31) & ~15, low, low + planeBytes);
    lhs = low;
    lhsPlanes = 2;
    lhsBits = 8;
    safe = safePairs(128);
  }
  const split = lhsPlanes > 1 || rhsPlanes > 1;
  const short = safe < pairs * segments * images;
  countPath(
    split ? SUMMED_FULL : short ? SUMMED_FLUSH : SUMMED_FAST,
    rows,
    columns,
    2 * pairs * segments * images,
  );
  memory.fill(scratch + TILE_SUMS + 128, 0, 32);
  const stride = (<usize>columns) << 3;
  for (let i = 0; i < lhsPlanes; i++) {
    const plane = lhs + <usize>i * planeBytes;
    for (let j = 0; j < rhsPlanes; j++) {
      const shift = i * lhsBits + j * load<i32>(record, RHS_BITS);
      let panel = panels + <usize>j * rhsBytes;
      for (let column = 0; column < columns; column += 8) {
        let c = scratch + load<u32>(record, AT_SUMS) + ((<usize>column) << 3);
        for (let row = 0; row < rows; row += 4) {
          openSpan(row >> 2, (rows + 3) >> 2);
          addTile(plane, table + ((<usize>row) << 2), panel, safe, shift, c);
          c += stride << 2;
        }
        panel += panelBytes;
      }
    }
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

/**
 * Sums a block of `rows` rows and `width` of the op's `n` columns and converts it. The block's first element is `index`.
 * `root` is at least the largest norm of a row; A's elements lie in `bytes` bytes at `lhs` (or in planes there).
 */
export function productBlock(
  record: usize,
  lhs: usize,
  bytes: usize,
  root: u64,
  rows: i32,
  width: i32,
  n: i32,
  index: u32,
): void {
  const sums = scratch + load<u32>(record, AT_SUMS);
  const fast = provesFast(record, root);
  const accumulator = load<i32>(record, ACCUMULATOR);
  const bits = load<i32>(record, ACCUMULATOR_WIDTH);
  if (fast) {
    countPath(SUMMED_FAST, rows, columns, 2 * pairs * segments * images);
    fastBlock(record, lhs, rows);
    if (accumulator == WRAP && bits < 32) wrapSums<i32>(sums, rows * columns, bits);
  } else {
    const bias = scratch + load<u32>(record, AT_BIAS);
    // By hand: a memory.copy of so few bytes is mostly its call.
    let to = sums;
    for (let row = 0; row < ((rows + 3) & ~3); row++) {
      for (let at: usize = 0; at < (<usize>columns) << 3; at += 16) {
        v128.store(to, v128.load(bias + at));
        to += 16;
      }
    }
    addBlock(record, lhs, bytes, rows, root);
    if (accumulator == WRAP) wrapSums<i64>(sums, rows * columns, bits);
  }
  const site = load<u32>(record, CONVERT);
  const out = load<u32>(record, OUT);
  if (width == n) {
    // Whole rows: one run of neighbours.
    if (width != columns) {
      if (fast) compact<i32>(sums, rows, width, columns);
      else compact<i64>(sums, rows, width, columns);
    }
    if (fast) convertNarrow(site, sums, out, index, rows * n);
    else convertSums(site, sums, out, index, rows * n);
    return;
  }
  for (let row = 0; row < rows; row++) {
    const at = <usize>(row * columns);
    if (fast) convertNarrow(site, sums + (at << 2), out, index, width);
    else convertSums(site, sums + (at << 3), out, index, width);
    index += n;
  }
}

/*
 * The product at work: how rows of A are walked, how columns of B lie in panels, and what bounds their sums. Set by
 * matmul.ts, conv.ts and conv-gradient.ts, read by products.ts and stretches.ts.
 *
 * The k of a sum are pairs in segments in images. For the proofs of stretches.ts they are cut into pieces of up to PIECE
 * pairs, numbered in order; none reaches into another segment.
 */
import { AT_BIAS, AT_PIECES, BIAS, BIAS_SHIFT, BIAS_TYPE, LHS_PLANES, PIECE, TYPE_I16 } from '../layout';
import { openSparse } from './sparse';
import { scratch } from '../thread';

/** Bytes from a pair of a row of A to the next one. */
export let step: usize = 0;
/** Bytes from a row of each tile to the next one, where they are the same for all; else 0. */
export let rowsApart: i32 = 0;
export let pairs: i32 = 0;
export let segments: i32 = 0;
export let segmentStride: usize = 0;
export let images: i32 = 1;
export let imageStride: usize = 0;
/** Pieces of a segment, and of the whole sum. */
export let segmentPieces: i32 = 0;
export let allPieces: i32 = 0;

// Of a tile's segments only first .. first + count - 1 are needed: others meet nothing but padding. Two words a tile.
let spans: usize = 0;
export let spanFirst: i32 = 0;
export let spanCount: i32 = 0;

/** Planes of digits of A and B; 1: the elements themselves. */
export let lhsPlanes: i32 = 1;
export let rhsPlanes: i32 = 1;
/** At least the largest norm of a row, and of a column, where there is one plane. */
export let lhsRoot: u64 = 0;
export let rhsRoot: u64 = 0;
/** Columns of B's block, a multiple of 8, and the bytes of a panel of eight. */
export let columns: i32 = 0;
export let panelBytes: usize = 0;
export let biasMost: u64 = 0;

/** Sums of squares, u64 each: the largest over rows of A, by plane and piece; over a panel's columns, by plane, panel and piece. */
export let lhsPieces: usize = 0;
export let rhsPieces: usize = 0;
/** Whether these tables are filled in. */
export let lhsPiecesKnown: bool = false;
export let rhsPiecesKnown: bool = false;

/** Sets how rows of A are walked: `segmentPairs` pairs `pairStep` bytes apart, in segments, in images; `between` as rowsApart. */
export function openRows(
  record: usize,
  pairStep: usize,
  between: i32,
  segmentPairs: i32,
  segmentCount: i32,
  stride: usize,
  imageCount: i32,
  apart: usize,
): void {
  step = pairStep;
  rowsApart = between;
  pairs = segmentPairs;
  segments = segmentCount;
  segmentStride = stride;
  images = imageCount;
  imageStride = apart;
  spans = 0;
  openSparse(false, 0, 0, 0);
  segmentPieces = (pairs + PIECE - 1) / PIECE;
  allPieces = images * segments * segmentPieces;
  lhsPieces = scratch + load<u32>(record, AT_PIECES);
  // Behind a table more than A has planes: that of bytes into which int16 are split.
  rhsPieces = lhsPieces + <usize>(allPieces * (load<i32>(record, LHS_PLANES) + 1)) * 8;
}

/** Limits the segments of each tile to those in the table at `tiles`: first and count (at least 1), u32 each. */
export function openSpans(tiles: usize): void {
  spans = tiles;
}

/** Whether some tiles may leave segments out. */
export function hasSpans(): bool {
  return spans != 0;
}

/** Sets the span at work to that of tile `tile`; returns the first of the following tiles, up to `end`, with another. */
export function openSpan(tile: i32, end: i32): i32 {
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

/** Sets A's block: `root` as above, and whether its pieces are `known`. */
export function openLhs(planes: i32, root: u64, known: bool): void {
  lhsPlanes = planes;
  lhsRoot = root;
  lhsPiecesKnown = known;
}

/** Sets B's block of `blockColumns` columns. */
export function openColumns(planes: i32, blockColumns: i32, root: u64): void {
  rhsPlanes = planes;
  columns = blockColumns;
  panelBytes = (<usize>(images * segments * pairs)) << 5;
  rhsRoot = root;
  rhsPiecesKnown = false;
}

/** The bytes between B's planes. */
export function rhsPlaneBytes(): usize {
  return panelBytes * ((<usize>columns) >> 3);
}

export function setLhsPiecesKnown(known: bool): void {
  lhsPiecesKnown = known;
}

export function setRhsPiecesKnown(): void {
  rhsPiecesKnown = true;
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
    // The builder proves that an exact sum fits in 63 bits, its bias included. What does not is larger than any bound.
    const magnitude = <u64>(raw < 0 ? -raw : raw);
    biasMost = max(biasMost, <i32>clz(magnitude) > shift + 1 ? magnitude << (<u64>shift) : (<u64>1) << 62);
  }
}

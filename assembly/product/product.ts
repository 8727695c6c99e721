/*
 * The product at work: how rows of A are walked, how columns of B lie in panels, and what bounds their sums. It is a block
 * of the thread's scratch region that openProduct() fills and its callers hand on: matmul.ts, conv.ts and
 * conv-gradient.ts to products.ts and stretches.ts.
 *
 * The k of a sum are pairs in segments in images. For the proofs of stretches.ts they are cut into pieces of up to PIECE
 * pairs, numbered in order; none reaches into another segment.
 */
import {
  AT_BIAS,
  AT_PIECES,
  BIAS,
  BIAS_SHIFT,
  BIAS_TYPE,
  LHS_PLANES,
  PIECE,
  SCRATCH_FRAME,
  SCRATCH_PRODUCT,
  TYPE_I16,
} from '../layout';
import { scratch } from '../thread';

@unmanaged
export class Product {
  record: usize;

  /** Bytes from a pair of a row of A to the next one. */
  pairStep: usize;
  /** Bytes from a row of each tile to the next one if they are the same for all; else 0. */
  rowStride: i32;
  pairs: i32;
  segments: i32;
  segmentStride: usize;
  images: i32;
  imageStride: usize;
  /** Pieces of a segment, and of the whole sum. */
  segmentPieces: i32;
  allPieces: i32;

  /** The first segment and the number of segments that each tile needs, u32 each; 0: tiles need all. Others meet padding. */
  spans: usize;
  /** The span of the tiles at work. */
  spanFirst: i32;
  spanCount: i32;

  /** Planes of digits of A and B; 1: the elements themselves. */
  lhsPlanes: i32;
  rhsPlanes: i32;
  /** At least the largest norm of a row, and of a column, if there is one plane. */
  lhsRoot: u64;
  rhsRoot: u64;
  /** Columns of B's block, a multiple of 8, and the bytes of a panel of eight. */
  columns: i32;
  panelBytes: usize;
  /** The largest magnitude of an aligned bias. */
  biasMost: u64;

  /** Sums of squares, u64 each: of A the largest over rows, by plane and piece; of B over a panel's columns, by plane, panel and piece. */
  lhsPieces: usize;
  rhsPieces: usize;
  /** Whether these tables are filled in. */
  lhsPiecesKnown: bool;
  rhsPiecesKnown: bool;

  /** Whether tileSparse() stands for the rows of A, with the pairs kept at `kept` and the table of their starts. */
  sparse: bool;
  kept: usize;
  starts: usize;

  // The sums that stretches.ts adds up: of `tiles` tiles of rows and the panel at `panel`, the first one at `sums`.
  tiles: i32;
  panel: usize;
  sums: usize;
  /** The bits below the cut of split sums; 0: sums are i64. */
  cut: i32;
  stretches: i32;
  /** There are no sums yet to which the panel's first stretch could be added. */
  fresh: bool;

  /** Sets A's block: `root` as above, and whether its pieces are `known`. */
  setLhs(planes: i32, root: u64, known: bool): void {
    this.lhsPlanes = planes;
    this.lhsRoot = root;
    this.lhsPiecesKnown = known;
    this.sparse = false;
  }

  /** Sets B's block of `columns` columns, a multiple of 8. */
  setRhs(planes: i32, columns: i32, root: u64): void {
    this.rhsPlanes = planes;
    this.columns = columns;
    this.panelBytes = (<usize>(this.images * this.segments * this.pairs)) << 5;
    this.rhsRoot = root;
    this.rhsPiecesKnown = false;
  }

  /** The bytes between B's planes. */
  rhsPlaneBytes(): usize {
    return this.panelBytes * ((<usize>this.columns) >> 3);
  }

  /** Pairs of k of the whole sum. */
  allPairs(): i32 {
    return this.pairs * this.segments * this.images;
  }

  /** Sets the span at work to that of tile `tile`; returns the first of the following tiles, up to `end`, with another. */
  openSpan(tile: i32, end: i32): i32 {
    const spans = this.spans;
    if (!spans) {
      this.spanFirst = 0;
      this.spanCount = this.segments;
      return end;
    }
    const at = spans + ((<usize>tile) << 3);
    this.spanFirst = load<i32>(at);
    this.spanCount = load<i32>(at, 4);
    return endOfSpan(spans, tile, end);
  }

  /** Writes the aligned bias of `width` columns from `first` on, i64 and i32, 0 up to whole panels and for an op without one. */
  setBias(first: i32, width: i32): void {
    const record = this.record;
    const bias = load<u32>(record, BIAS);
    const columns = (width + 7) & ~7;
    const wide = scratch + load<u32>(record, AT_BIAS);
    const narrow = wide + ((<usize>columns) << 3);
    memory.fill(wide, 0, <usize>columns * 12);
    let most: u64 = 0;
    const isNarrow = load<i32>(record, BIAS_TYPE) == TYPE_I16;
    const shift = load<i32>(record, BIAS_SHIFT);
    for (let i = 0; bias && i < width; i++) {
      const at = <usize>(first + i);
      const raw = isNarrow ? <i64>load<i16>(bias + (at << 1)) : <i64>load<i32>(bias + (at << 2));
      store<i64>(wide + ((<usize>i) << 3), raw << shift);
      store<i32>(narrow + ((<usize>i) << 2), <i32>(raw << shift));
      // The builder proves that an exact sum fits in 63 bits, its bias included. What does not is larger than any bound.
      const magnitude = <u64>(raw < 0 ? -raw : raw);
      most = max(most, <i32>clz(magnitude) > shift + 1 ? magnitude << (<u64>shift) : (<u64>1) << 62);
    }
    this.biasMost = most;
  }
}

/** The first tile from `tile` on, up to `end`, whose span is not that of `tile`. */
export function endOfSpan(spans: usize, tile: i32, end: i32): i32 {
  const span = load<u64>(spans + ((<usize>tile) << 3));
  do tile++;
  while (tile < end && load<u64>(spans + ((<usize>tile) << 3)) == span);
  return tile;
}

/**
 * The thread's product, whose rows of A are `pairs` pairs `pairStep` bytes apart, in segments, in images; as yet without
 * bias, spans and sparse rows. Both operands' blocks are still to be set.
 */
export function openProduct(
  record: usize,
  pairStep: usize,
  rowStride: i32,
  pairs: i32,
  segments: i32,
  segmentStride: usize,
  images: i32,
  imageStride: usize,
): Product {
  if (<i32>offsetof<Product>() > SCRATCH_FRAME - SCRATCH_PRODUCT)
    ERROR('a product needs more of the scratch region');
  const product = changetype<Product>(scratch + SCRATCH_PRODUCT);
  product.record = record;
  product.pairStep = pairStep;
  product.rowStride = rowStride;
  product.pairs = pairs;
  product.segments = segments;
  product.segmentStride = segmentStride;
  product.images = images;
  product.imageStride = imageStride;
  const segmentPieces = (pairs + PIECE - 1) / PIECE;
  const allPieces = images * segments * segmentPieces;
  product.segmentPieces = segmentPieces;
  product.allPieces = allPieces;
  product.lhsPieces = scratch + load<u32>(record, AT_PIECES);
  // Behind a table more than A has planes: that of bytes into which int16 are split.
  product.rhsPieces = product.lhsPieces + <usize>(allPieces * (load<i32>(record, LHS_PLANES) + 1)) * 8;
  product.spans = 0;
  product.biasMost = 0;
  product.sparse = false;
  return product;
}

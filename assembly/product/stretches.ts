/*
 * Sums whose 32-bit lanes cannot be proved to fit as a whole are made in stretches which can, each added to wider sums:
 * i64, or, for a convert that drops 1 .. 28 bits, split at the cut into a high and a low i32 (m = 2^drop high + low), which
 * convert-narrow.ts takes like narrow ones.
 *
 * Proof: |sum over some pieces| <= |row part| |column part| by Cauchy-Schwarz. Squares are known for each piece, the largest
 * of the block's rows and of a panel's columns, so a stretch is as many pieces as keep the product of the roots below 2^31.
 * A single piece always fits if A's digits are at most 2^10 in magnitude: 32 2^10 2^15 = 2^30. docs/kernels.md.
 */
import {
  AT_LHS,
  AT_RHS,
  AT_ROWS,
  AT_SUMS,
  CONVERT,
  DIGIT_BITS,
  PIECE,
  PLANE_BYTES,
  SCRATCH_SUMS,
  SITE_DROP,
  SUMMED_FAST,
  SUMMED_FLUSH,
  SUMMED_FULL,
} from '../layout';
import { columnSquares, fits, largestMagnitude, rootAbove } from './norms';
import {
  allPieces,
  columns,
  images,
  imageStride,
  lhsPieces,
  lhsPiecesKnown,
  lhsPlanes,
  lhsRoot,
  openSpan,
  pairs,
  panelBytes,
  rhsPieces,
  rhsPiecesKnown,
  rhsPlaneBytes,
  rhsPlanes,
  rhsRoot,
  rowsApart,
  segmentPieces,
  segments,
  segmentStride,
  setLhsPiecesKnown,
  setRhsPiecesKnown,
  spanCount,
  spanFirst,
  step,
} from './operands';
import { splitBytes } from './pack';
import { countPath } from './paths';
import { sparse, tileSparse } from './sparse';
import { scratch } from '../thread';
import { flush, flushSplit, openWalk, tile } from './tile';

/** Room for the sums of some tiles, and 32 bytes of zeros: the shared run buffer, free while products are at work. */
const STRIP = SCRATCH_SUMS;
const STRIP_TILES: i32 = 32;
const ZEROS = STRIP + 128 * 32;

/** Pairs of piece `piece` of a segment. */
function piecePairs(piece: i32): i32 {
  return min(PIECE, pairs - piece * PIECE);
}

/** Fills in B's table from its panels: by plane, panel and piece. */
function fillColumnPieces(panels: usize): void {
  let entry = rhsPieces;
  for (let left = rhsPlanes * (columns >> 3) * images * segments; left > 0; left--) {
    for (let piece = 0; piece < segmentPieces; piece++) {
      const count = piecePairs(piece);
      store<u64>(entry, max(columnSquares(panels, count, 32), columnSquares(panels + 16, count, 32)));
      panels += (<usize>count) << 5;
      entry += 8;
    }
  }
  setRhsPiecesKnown();
}

/** Fills in A's table from rows of one segment each, packed four rows a tile, all planes. */
function fillRowPieces(lhs: usize, planeBytes: usize): void {
  memory.fill(lhsPieces, 0, (<usize>(allPieces * lhsPlanes)) << 3);
  for (let plane = 0; plane < lhsPlanes; plane++) {
    let at = lhs + <usize>plane * planeBytes;
    for (let i = 0; i < tiles; i++) {
      let entry = lhsPieces + ((<usize>(plane * allPieces)) << 3);
      for (let piece = 0; piece < segmentPieces; piece++) {
        const count = piecePairs(piece);
        const square = columnSquares(at, count, 16);
        if (square > load<u64>(entry)) store<u64>(entry, square);
        at += (<usize>count) << 4;
        entry += 8;
      }
    }
  }
  setLhsPiecesKnown(true);
}

/** Fills in A's table for one plane from bounds: no `count` pairs have more squares than `most` and 2 count largest^2. */
export function boundRowPieces(plane: i32, most: u64, largest: i32): void {
  let entry = lhsPieces + ((<usize>(plane * allPieces)) << 3);
  const square = <u64>(<i64>largest * largest);
  for (let segment = images * segments; segment > 0; segment--) {
    for (let piece = 0; piece < segmentPieces; piece++) {
      store<u64>(entry, min(most, square * <u64>(2 * piecePairs(piece))));
      entry += 8;
    }
  }
}

/** The same for each plane of the block at `lhs`, from the largest magnitudes in its `bytes` bytes. */
export function boundRows(lhs: usize, bytes: usize, planeBytes: usize): void {
  for (let plane = 0; plane < lhsPlanes; plane++) {
    const largest = largestMagnitude(lhs + <usize>plane * planeBytes, (bytes + 15) & ~15);
    // The last vector reaches past the block, where anything may lie; a digit is never larger than this.
    boundRowPieces(plane, u64.MAX_VALUE, lhsPlanes > 1 ? min(largest, 1 << (DIGIT_BITS - 1)) : largest);
  }
  setLhsPiecesKnown(true);
}

/**
 * The end of the longest run of pieces from `first` on, in whole units of `unit` pieces and not past `end`, whose sum
 * surely fits in 32 bits; `first` where not even one unit does. `a` and `b` are the tables of the planes.
 */
function reach(a: usize, b: usize, first: i32, end: i32, unit: i32): i32 {
  let squaresA: u64 = 0;
  let squaresB: u64 = 0;
  while (first < end) {
    for (let piece = first; piece < first + unit; piece++) {
      squaresA += load<u64>(a + ((<usize>piece) << 3));
      squaresB += load<u64>(b + ((<usize>piece) << 3));
    }
    if (!fits(squaresA, squaresB)) break;
    first += unit;
  }
  return first;
}

/** True where each piece fits by itself. */
function everyPieceFits(a: usize, b: usize): bool {
  const end = a + ((<usize>allPieces) << 3);
  for (; a < end; a += 8, b += 8) {
    if (!fits(load<u64>(a), load<u64>(b))) return false;
  }
  return true;
}

// The sums at work: of the panel at `panel`, whose first sum is at `sums`.
let rowTable: usize = 0;
let tiles: i32 = 0;
let panel: usize = 0;
let sums: usize = 0;
/** The bits below the cut of split sums; 0: sums are i64. */
let cut: i32 = 0;
let stretches: i32 = 0;
/** Nothing is there yet to which the panel's first stretch could be added. */
let fresh: bool = false;
/** The rows that tileSparse() may stand for; 0: none. */
let sparseRows: usize = 0;

/** Bytes from the high halves of split sums to the low ones. */
export function splitApart(rows: i32): usize {
  return (<usize>(((rows + 3) & ~3) * columns)) << 2;
}

/**
 * Adds products of the panel, times 2^shift: `count` segments from `first` on, of each `length` pairs from pair `offset` on
 * (all, unless `count` is 1), in `imageCount` images from `image` on.
 */
function addStretch(
  lhs: usize,
  shift: i32,
  image: i32,
  imageCount: i32,
  first: i32,
  count: i32,
  offset: i32,
  length: i32,
): void {
  const strip = scratch + STRIP;
  const zeros = scratch + ZEROS;
  const walk = openWalk(step, rowsApart, length, 32);
  walk.segmentGap = segmentStride - <usize>length * step;
  walk.images = imageCount;
  stretches++;
  let done = 0;
  while (done < tiles) {
    const end = openSpan(done, tiles);
    const from = max(first, spanFirst);
    const segmentCount = min(first + count, spanFirst + spanCount) - from;
    if (segmentCount <= 0) {
      done = end;
      continue;
    }
    const a = lhs + <usize>image * imageStride + <usize>from * segmentStride + <usize>offset * step;
    const b = panel + ((<usize>((image * segments + from) * pairs + offset)) << 5);
    walk.segments = segmentCount;
    walk.imageGap = imageStride - <usize>segmentCount * segmentStride;
    walk.panelGap = (<usize>((segments - segmentCount) * pairs)) << 5;
    while (done < end) {
      const some = min(STRIP_TILES, end - done);
      const table = rowTable + ((<usize>done) << 4);
      if (lhs == sparseRows) tileSparse(done, some, offset, offset + length, panel, zeros, strip, 32);
      else tile(walk, a, table, some, b, zeros, strip);
      const at = <usize>(4 * done * columns);
      const stride = <usize>columns;
      if (cut)
        flushSplit(strip, 4 * some, shift, cut, sums + (at << 2), splitApart(tiles << 2), stride << 2, fresh);
      else flush(strip, 4 * some, shift, sums + (at << 3), stride << 3, fresh);
      done += some;
    }
  }
  fresh = false;
}

/**
 * Adds the products of one plane of A with the panel, times 2^shift, in the fewest stretches of whole images, segments or
 * pieces. `a` and `b` are the planes' tables; each piece fits by itself.
 */
function addPlanes(lhs: usize, shift: i32, a: usize, b: usize): void {
  const imagePieces = segments * segmentPieces;
  let at = 0;
  // One segment: whole or not, it is pieces.
  const single = allPieces == segmentPieces;
  while (at < allPieces) {
    const image = at / imagePieces;
    const segment = (at % imagePieces) / segmentPieces;
    const piece = at % segmentPieces;
    let end = at;
    if (!single && segment == 0 && piece == 0) {
      end = reach(a, b, at, allPieces, imagePieces);
      if (end > at) addStretch(lhs, shift, image, (end - at) / imagePieces, 0, segments, 0, pairs);
    }
    if (!single && end == at && piece == 0) {
      end = reach(a, b, at, (image + 1) * imagePieces, segmentPieces);
      if (end > at) addStretch(lhs, shift, image, 1, segment, (end - at) / segmentPieces, 0, pairs);
    }
    if (end == at) {
      end = reach(a, b, at, at - piece + segmentPieces, 1);
      // The proof of this file's header does not hold: better no sum than a wrong one.
      if (end == at) unreachable();
      const offset = piece * PIECE;
      const length = min((piece + end - at) * PIECE, pairs) - offset;
      addStretch(lhs, shift, image, 1, segment, 1, offset, length);
    }
    at = end;
  }
}

/**
 * Bits at which sums may be split, 0 where they may not: each half must fit in 32 bits whatever is added to it. The rests of
 * all stretches stay below 2^30, and so does |sum| / 2^drop.
 */
function cutOf(record: usize, most: u64): i32 {
  const drop = load<i32>(load<u32>(record, CONVERT), SITE_DROP);
  if (drop < 1 || drop > 28) return 0;
  const flushes = <u64>allPieces * <u64>(max(lhsPlanes, 2) * rhsPlanes) + 1;
  return flushes << drop < (<u64>1) << 30 && most >> drop < (<u64>1) << 29 ? drop : 0;
}

/** Bound of the magnitude of all sums from the tables, or where there is one plane each from the norms. */
function sumBound(): u64 {
  if (lhsPlanes == 1 && rhsPlanes == 1) return lhsRoot * rhsRoot;
  const panels = columns >> 3;
  let most: u64 = 0;
  for (let i = 0; i < panels; i++) {
    const table = rhsPieces + ((<usize>(i * allPieces)) << 3);
    most = max(most, tableRoot(table, rhsPlanes, panels * allPieces));
  }
  return tableRoot(lhsPieces, lhsPlanes, allPieces) * most;
}

/** At least the norm of a row, or column, of which the table has the squares of all planes, `apart` entries apart. */
function tableRoot(table: usize, planes: i32, apart: i32): u64 {
  let root: u64 = 0;
  for (let plane = 0; plane < planes; plane++) {
    let square: u64 = 0;
    for (let piece = 0; piece < allPieces; piece++) square += load<u64>(table + ((<usize>piece) << 3));
    root += rootAbove(square) << (plane * DIGIT_BITS);
    table += (<usize>apart) << 3;
  }
  return root;
}

/** True where one sum of the whole surely fits in 32 bits. */
export function provesWhole(): bool {
  return lhsPlanes == 1 && rhsPlanes == 1 && lhsRoot * rhsRoot < (<u64>1) << 31;
}

/**
 * Makes the tables known that the block needs; false where one sum of the whole surely fits, and they are not needed.
 * A's elements lie at `lhs`, its planes PLANE_BYTES apart, packed four rows a tile (else its table is known).
 */
function openPieces(record: usize, lhs: usize, rows: i32): bool {
  if (provesWhole()) return false;
  tiles = (rows + 3) >> 2;
  if (!rhsPiecesKnown) fillColumnPieces(scratch + load<u32>(record, AT_RHS));
  if (!lhsPiecesKnown) fillRowPieces(lhs, <usize>load<u32>(record, PLANE_BYTES));
  return true;
}

/** As cutOf, for the block at work. */
export function blockCut(record: usize, lhs: usize, rows: i32, bias: u64): i32 {
  openPieces(record, lhs, rows);
  return cutOf(record, sumBound() + bias);
}

/**
 * Adds a block's products to wide sums, rows `columns` elements apart: i64, or split at bit `at`. A's elements lie in
 * `bytes` bytes at `lhs`, or in as many planes, PLANE_BYTES apart. `isFresh`: there are no sums yet, these are the first; all
 * tiles must need all segments.
 */
export function addBlock(record: usize, lhs: usize, bytes: usize, rows: i32, at: i32, isFresh: bool): void {
  const planeBytes = <usize>load<u32>(record, PLANE_BYTES);
  const steps = 2 * pairs * segments * images;
  const proved = !openPieces(record, lhs, rows);
  const single = lhsPlanes == 1 && rhsPlanes == 1;
  const apart = (<usize>allPieces) << 3;
  // A's two planes of bytes, for the panels that need them, and one table for both.
  const low = scratch + load<u32>(record, AT_LHS) + planeBytes;
  const byteTable = lhsPieces + <usize>lhsPlanes * apart;
  let hasBytes = false;
  rowTable = scratch + load<u32>(record, AT_ROWS);
  tiles = (rows + 3) >> 2;
  panel = scratch + load<u32>(record, AT_RHS);
  sums = scratch + load<u32>(record, AT_SUMS);
  cut = at;
  sparseRows = sparse ? lhs : 0;
  memory.fill(scratch + ZEROS, 0, 32);
  const firstPanel = panel;
  for (let column = 0; column < columns; column += 8) {
    const b = rhsPieces + <usize>(column >> 3) * apart;
    stretches = 0;
    fresh = isFresh;
    let path: usize = SUMMED_FULL;
    if (proved) {
      addStretch(lhs, 0, 0, images, 0, segments, 0, pairs);
      path = SUMMED_FAST;
    } else if (single && !everyPieceFits(lhsPieces, b)) {
      if (!hasBytes) {
        // Rows are read up to two bytes past their end.
        splitBytes(lhs, (bytes + 31) & ~15, low, low + planeBytes);
        boundRowPieces(lhsPlanes, u64.MAX_VALUE, 128);
        hasBytes = true;
      }
      addPlanes(low, 0, byteTable, b);
      addPlanes(low + planeBytes, 8, byteTable, b);
    } else {
      for (let i = 0; i < lhsPlanes; i++) {
        const a = lhsPieces + <usize>i * apart;
        const plane = lhs + <usize>i * planeBytes;
        for (let j = 0; j < rhsPlanes; j++) {
          panel = firstPanel + panelBytes * <usize>(column >> 3) + <usize>j * rhsPlaneBytes();
          addPlanes(plane, (i + j) * DIGIT_BITS, a, b + <usize>(j * (columns >> 3)) * apart);
        }
      }
      if (single) path = stretches > 1 ? SUMMED_FLUSH : SUMMED_FAST;
    }
    countPath(path, rows, 8, steps);
    panel = firstPanel + panelBytes * <usize>((column >> 3) + 1);
    sums += cut ? 32 : 64;
  }
}

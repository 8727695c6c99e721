/*
 * Sums whose 32-bit lanes cannot be proved to fit as a whole are made in stretches which can, each added to wider sums:
 * i64, or, for a convert that drops 1 .. 28 bits, split at the cut into a high and a low i32 (m = 2^drop high + low), which
 * convert/narrow.ts takes like narrow ones.
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
import { splitBytes } from './pack';
import { countPath } from './paths';
import { Product } from './product';
import { tileSparse } from './sparse';
import { scratch } from '../thread';
import { flush, flushSplit, openWalk, tile } from './tile';

/** Room for the sums of some tiles, and 32 bytes of zeros: the shared run buffer, free while products are at work. */
const STRIP = SCRATCH_SUMS;
const STRIP_TILES: i32 = 32;
const ZEROS = STRIP + 128 * 32;

/** Pairs of piece `piece` of a segment. */
function piecePairs(product: Product, piece: i32): i32 {
  return min(PIECE, product.pairs - piece * PIECE);
}

/** Fills in B's table from its panels: by plane, panel and piece. */
function fillColumnPieces(product: Product, panels: usize): void {
  let entry = product.rhsPieces;
  const segments = product.images * product.segments;
  for (let left = product.rhsPlanes * (product.columns >> 3) * segments; left > 0; left--) {
    for (let piece = 0; piece < product.segmentPieces; piece++) {
      const count = piecePairs(product, piece);
      store<u64>(entry, max(columnSquares(panels, count, 32), columnSquares(panels + 16, count, 32)));
      panels += (<usize>count) << 5;
      entry += 8;
    }
  }
  product.rhsPiecesKnown = true;
}

/** Fills in A's table from `tiles` tiles of rows of one segment each, packed four rows a tile, all planes. */
function fillRowPieces(product: Product, lhs: usize, tiles: i32, planeBytes: usize): void {
  const tableBytes = (<usize>product.allPieces) << 3;
  memory.fill(product.lhsPieces, 0, tableBytes * product.lhsPlanes);
  for (let plane = 0; plane < product.lhsPlanes; plane++) {
    let at = lhs + <usize>plane * planeBytes;
    for (let i = 0; i < tiles; i++) {
      let entry = product.lhsPieces + <usize>plane * tableBytes;
      for (let piece = 0; piece < product.segmentPieces; piece++) {
        const count = piecePairs(product, piece);
        const square = columnSquares(at, count, 16);
        if (square > load<u64>(entry)) store<u64>(entry, square);
        at += (<usize>count) << 4;
        entry += 8;
      }
    }
  }
  product.lhsPiecesKnown = true;
}

/** Fills in A's table for one plane from bounds: no `count` pairs have more squares than `most` and 2 count largest^2. */
export function boundRowPieces(product: Product, plane: i32, most: u64, largest: i32): void {
  let entry = product.lhsPieces + ((<usize>(plane * product.allPieces)) << 3);
  const square = <u64>(<i64>largest * largest);
  for (let segment = product.images * product.segments; segment > 0; segment--) {
    for (let piece = 0; piece < product.segmentPieces; piece++) {
      store<u64>(entry, min(most, square * <u64>(2 * piecePairs(product, piece))));
      entry += 8;
    }
  }
}

/** The same for each plane of the block at `lhs`, from the largest magnitudes in its `bytes` bytes. */
export function boundRows(product: Product, lhs: usize, bytes: usize, planeBytes: usize): void {
  const planes = product.lhsPlanes;
  for (let plane = 0; plane < planes; plane++) {
    const largest = largestMagnitude(lhs + <usize>plane * planeBytes, (bytes + 15) & ~15);
    // The last vector reaches past the block, where anything may lie; a digit is never larger than this.
    const bound = planes > 1 ? min(largest, 1 << (DIGIT_BITS - 1)) : largest;
    boundRowPieces(product, plane, u64.MAX_VALUE, bound);
  }
  product.lhsPiecesKnown = true;
}

/**
 * The end of the longest run of pieces from `first` on, in whole units of `unit` pieces and not past `end`, whose sum
 * surely fits in 32 bits; `first` if not even one unit does. `a` and `b` are the tables of the planes.
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

/** True if each of `count` pieces fits alone. */
function everyPieceFits(a: usize, b: usize, count: i32): bool {
  const end = a + ((<usize>count) << 3);
  for (; a < end; a += 8, b += 8) {
    if (!fits(load<u64>(a), load<u64>(b))) return false;
  }
  return true;
}

/** Bytes from the high halves of split sums to the low ones. */
export function splitApart(rows: i32, columns: i32): usize {
  return (<usize>(((rows + 3) & ~3) * columns)) << 2;
}

/**
 * Adds products of the panel, times 2^shift: `count` segments from `first` on, of each `length` pairs from pair `offset` on
 * (all, unless `count` is 1), in `imageCount` images from `image` on.
 */
function addStretch(
  product: Product,
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
  const rows = scratch + load<u32>(product.record, AT_ROWS);
  const tiles = product.tiles;
  const columns = product.columns;
  const segments = product.segments;
  const segmentStride = product.segmentStride;
  const step = product.pairStep;
  const walk = openWalk(step, product.rowStride, length, 32);
  walk.segmentGap = segmentStride - <usize>length * step;
  walk.images = imageCount;
  product.stretches++;
  let done = 0;
  while (done < tiles) {
    const end = product.openSpan(done, tiles);
    const from = max(first, product.spanFirst);
    const segmentCount = min(first + count, product.spanFirst + product.spanCount) - from;
    if (segmentCount <= 0) {
      done = end;
      continue;
    }
    const a = lhs + <usize>image * product.imageStride + <usize>from * segmentStride + <usize>offset * step;
    const b = product.panel + ((<usize>((image * segments + from) * product.pairs + offset)) << 5);
    walk.segments = segmentCount;
    walk.imageGap = product.imageStride - <usize>segmentCount * segmentStride;
    walk.panelGap = (<usize>((segments - segmentCount) * product.pairs)) << 5;
    while (done < end) {
      const some = min(STRIP_TILES, end - done);
      if (product.sparse) {
        tileSparse(product, done, some, offset, offset + length, product.panel, zeros, strip, 32);
      } else {
        tile(walk, a, rows + ((<usize>done) << 4), some, b, zeros, strip);
      }
      const at = <usize>(4 * done * columns);
      const stride = <usize>columns;
      if (product.cut) {
        const apart = splitApart(tiles << 2, columns);
        const to = product.sums + (at << 2);
        flushSplit(strip, 4 * some, shift, product.cut, to, apart, stride << 2, product.fresh);
      } else {
        flush(strip, 4 * some, shift, product.sums + (at << 3), stride << 3, product.fresh);
      }
      done += some;
    }
  }
  product.fresh = false;
}

/**
 * Adds the products of one plane of A with the panel, times 2^shift, in the fewest stretches of whole images,
 * segments or pieces. `a` and `b` are the planes' tables; each piece fits alone.
 */
function addPlanes(product: Product, lhs: usize, shift: i32, a: usize, b: usize): void {
  const pairs = product.pairs;
  const segments = product.segments;
  const allPieces = product.allPieces;
  const segmentPieces = product.segmentPieces;
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
      const images = (end - at) / imagePieces;
      if (end > at) addStretch(product, lhs, shift, image, images, 0, segments, 0, pairs);
    }
    if (!single && end == at && piece == 0) {
      end = reach(a, b, at, (image + 1) * imagePieces, segmentPieces);
      const count = (end - at) / segmentPieces;
      if (end > at) addStretch(product, lhs, shift, image, 1, segment, count, 0, pairs);
    }
    if (end == at) {
      end = reach(a, b, at, at - piece + segmentPieces, 1);
      // The proof of this file's header does not hold: better no sum than a wrong one.
      if (end == at) unreachable();
      const offset = piece * PIECE;
      const length = min((piece + end - at) * PIECE, pairs) - offset;
      addStretch(product, lhs, shift, image, 1, segment, 1, offset, length);
    }
    at = end;
  }
}

/**
 * Bits at which sums may be split, 0 if they may not: each half must fit in 32 bits whatever is added to it. The rests of
 * all stretches stay below 2^30, and so does |sum| / 2^drop.
 */
function cutOf(product: Product, most: u64): i32 {
  const drop = load<i32>(load<u32>(product.record, CONVERT), SITE_DROP);
  if (drop < 1 || drop > 28) return 0;
  const planes = <u64>(max(product.lhsPlanes, 2) * product.rhsPlanes);
  const flushes = <u64>product.allPieces * planes + 1;
  return flushes << drop < (<u64>1) << 30 && most >> drop < (<u64>1) << 29 ? drop : 0;
}

/** Bound of the magnitude of all sums, from the tables, or from the norms if there is one plane each. */
function sumBound(product: Product): u64 {
  if (product.lhsPlanes == 1 && product.rhsPlanes == 1) return product.lhsRoot * product.rhsRoot;
  const panels = product.columns >> 3;
  const pieces = product.allPieces;
  let most: u64 = 0;
  for (let i = 0; i < panels; i++) {
    const table = product.rhsPieces + ((<usize>(i * pieces)) << 3);
    most = max(most, tableRoot(table, product.rhsPlanes, pieces, panels * pieces));
  }
  return tableRoot(product.lhsPieces, product.lhsPlanes, pieces, pieces) * most;
}

/**
 * At least the norm of a row, or column, of which the table has the squares of all planes: `pieces` entries each,
 * `apart` entries apart.
 */
function tableRoot(table: usize, planes: i32, pieces: i32, apart: i32): u64 {
  let root: u64 = 0;
  for (let plane = 0; plane < planes; plane++) {
    let square: u64 = 0;
    for (let piece = 0; piece < pieces; piece++) square += load<u64>(table + ((<usize>piece) << 3));
    root += rootAbove(square) << (plane * DIGIT_BITS);
    table += (<usize>apart) << 3;
  }
  return root;
}

/** True if one sum of the whole surely fits in 32 bits. */
export function provesWhole(product: Product): bool {
  if (product.lhsPlanes != 1 || product.rhsPlanes != 1) return false;
  return product.lhsRoot * product.rhsRoot < (<u64>1) << 31;
}

/**
 * Makes the tables known that the block needs; false if one sum of the whole surely fits, and they are not needed.
 * A's elements lie at `lhs`, its planes PLANE_BYTES apart, packed four rows a tile (else its table is known).
 */
function openPieces(product: Product, lhs: usize, rows: i32): bool {
  if (provesWhole(product)) return false;
  const record = product.record;
  if (!product.rhsPiecesKnown) fillColumnPieces(product, scratch + load<u32>(record, AT_RHS));
  if (!product.lhsPiecesKnown) {
    fillRowPieces(product, lhs, (rows + 3) >> 2, <usize>load<u32>(record, PLANE_BYTES));
  }
  return true;
}

/** As cutOf, for the block at `lhs`, whose sums begin with a bias of magnitude `bias` at most. */
export function blockCut(product: Product, lhs: usize, rows: i32): i32 {
  openPieces(product, lhs, rows);
  return cutOf(product, sumBound(product) + product.biasMost);
}

/**
 * Adds a block's products to wide sums, rows `columns` elements apart: i64, or split at bit `cut`. A's elements lie in
 * `bytes` bytes at `lhs`, or in as many planes, PLANE_BYTES apart. `fresh`: there are no sums yet, these are the first; all
 * tiles must need all segments.
 */
export function addBlock(product: Product, lhs: usize, bytes: usize, rows: i32, cut: i32, fresh: bool): void {
  const record = product.record;
  const planeBytes = <usize>load<u32>(record, PLANE_BYTES);
  const proved = !openPieces(product, lhs, rows);
  const lhsPlanes = product.lhsPlanes;
  const rhsPlanes = product.rhsPlanes;
  const columns = product.columns;
  const single = lhsPlanes == 1 && rhsPlanes == 1;
  const pieces = product.allPieces;
  const apart = (<usize>pieces) << 3;
  // A's two planes of bytes, for the panels that need them, and one table for both.
  const low = scratch + load<u32>(record, AT_LHS) + planeBytes;
  const byteTable = product.lhsPieces + <usize>lhsPlanes * apart;
  const isSparse = product.sparse;
  let hasBytes = false;
  let panel = scratch + load<u32>(record, AT_RHS);
  product.tiles = (rows + 3) >> 2;
  product.sums = scratch + load<u32>(record, AT_SUMS);
  product.cut = cut;
  memory.fill(scratch + ZEROS, 0, 32);
  for (let column = 0; column < columns; column += 8) {
    const b = product.rhsPieces + <usize>(column >> 3) * apart;
    product.panel = panel;
    product.stretches = 0;
    product.fresh = fresh;
    let path: usize = SUMMED_FULL;
    if (proved) {
      addStretch(product, lhs, 0, 0, product.images, 0, product.segments, 0, product.pairs);
      path = SUMMED_FAST;
    } else if (single && !everyPieceFits(product.lhsPieces, b, pieces)) {
      if (!hasBytes) {
        // Rows are read up to two bytes past their end.
        splitBytes(lhs, (bytes + 31) & ~15, low, low + planeBytes);
        boundRowPieces(product, lhsPlanes, u64.MAX_VALUE, 128);
        hasBytes = true;
      }
      // The pairs that are kept are those of the elements, not of their bytes.
      product.sparse = false;
      addPlanes(product, low, 0, byteTable, b);
      addPlanes(product, low + planeBytes, 8, byteTable, b);
      product.sparse = isSparse;
    } else {
      for (let i = 0; i < lhsPlanes; i++) {
        const a = product.lhsPieces + <usize>i * apart;
        const plane = lhs + <usize>i * planeBytes;
        for (let j = 0; j < rhsPlanes; j++) {
          product.panel = panel + <usize>j * product.rhsPlaneBytes();
          addPlanes(product, plane, (i + j) * DIGIT_BITS, a, b + <usize>(j * (columns >> 3)) * apart);
        }
      }
      if (single) path = product.stretches > 1 ? SUMMED_FLUSH : SUMMED_FAST;
    }
    countPath(path, rows, 8, 2 * product.allPairs());
    panel += product.panelBytes;
    product.sums += cut ? 32 : 64;
  }
}

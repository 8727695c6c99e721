/*
 * Dense products out[m, n] = sum_k lhs[m, k] rhs[k, n] by tiles, operands stored either way round. B is packed block by
 * block of columns (L2), A block by block of rows, four rows a tile.
 */
import {
  AT_BLOCKS,
  AT_KEPT,
  AT_KEPT_STARTS,
  AT_NARROW,
  AT_PACKED,
  AT_RHS,
  AT_ROWS,
  BATCH_AXIS,
  BLOCK_COLUMNS,
  BLOCK_ROWS,
  BY_ROWS,
  COUNT,
  K,
  KEEPS_ROWS,
  KEPT_BYTES,
  LHS,
  LHS_TYPE,
  M,
  N,
  PLANE_BYTES,
  RHS,
  RHS_TYPE,
  TRANSPOSE_LHS,
  TRANSPOSE_RHS,
  TYPE_I16,
} from '../layout';
import { columnSquares, columnsRoot, largestOf, rootAbove } from './norms';
import { copyRows, packPanels, packRows, packTransposed, planesFor } from './pack';
import { openProduct, Product } from './product';
import { productBlock } from './products';
import { keepPairs, startsOf } from './sparse';
import { scratch, shareEnd, shareStart } from '../thread';

/** Packs `width` columns of B from `column` on, all planes: B's block of the product. */
function packColumns(product: Product, k: i32, column: i32, width: i32): void {
  const record = product.record;
  const pairs = (k + 1) >> 1;
  const transposed = load<i32>(record, TRANSPOSE_RHS);
  const rhs = load<u32>(record, RHS);
  const panels = scratch + load<u32>(record, AT_RHS);
  const padded = (width + 7) & ~7;
  // Elements between rows as they are stored: steps of k, or columns if it is transposed.
  const stride = transposed ? load<i32>(record, K) : load<i32>(record, N);
  const first = transposed ? column * stride : column;
  if (load<i32>(record, RHS_TYPE) == TYPE_I16) {
    const along = transposed ? 2 : 2 * stride;
    const across = transposed ? 2 * stride : 2;
    packPanels(rhs + ((<usize>first) << 1), 1, 0, 1, 0, k, along, width, across, panels);
    product.setRhs(1, padded, columnsRoot(panels, pairs, width));
    return;
  }
  const from = rhs + ((<usize>first) << 2);
  const rows = transposed ? width : k;
  const length = transposed ? k : width;
  const planes = planesFor(largestOf(from, rows, length, (<usize>stride) << 2));
  const narrow = scratch + load<u32>(record, AT_NARROW);
  let to = panels;
  for (let plane = 0; plane < planes; plane++) {
    copyRows(from, rows, length, (<usize>stride) << 2, plane, planes, narrow);
    const along = transposed ? 2 : 2 * width;
    to = packPanels(narrow, 1, 0, 1, 0, k, along, width, transposed ? 2 * k : 2, to);
  }
  product.setRhs(planes, padded, planes == 1 ? columnsRoot(panels, pairs, width) : 0);
}

/** What is known of a block of packed rows: its largest norm (u64; 0 of several planes), its planes, whether it is sparse. */
const BLOCK_BYTES: usize = 16;
const BLOCK_PLANES: usize = 8;
const BLOCK_SPARSE: usize = 12;

/** Packs `rows` rows of A from `row` on, all planes, to where tile `tile` of the packed rows begins; notes on `block` what they are. */
function packLhs(record: usize, k: i32, row: i32, rows: i32, tile: i32, block: usize): void {
  const narrow = load<i32>(record, LHS_TYPE) == TYPE_I16;
  const transposed = load<i32>(record, TRANSPOSE_LHS);
  const planeBytes = <usize>load<u32>(record, PLANE_BYTES);
  const pairs = (k + 1) >> 1;
  const packed = scratch + load<u32>(record, AT_PACKED) + ((<usize>(tile * pairs)) << 4);
  const size: i32 = narrow ? 1 : 2;
  // Rows and their lengths as they are stored.
  const count = transposed ? k : rows;
  const length = transposed ? rows : k;
  let stride = (<usize>(transposed ? load<i32>(record, M) : load<i32>(record, K))) << size;
  let from = <usize>load<u32>(record, LHS) + (transposed ? (<usize>row) << size : <usize>row * stride);
  const source = from;
  const apart = stride;
  const planes = narrow ? 1 : planesFor(largestOf(from, count, length, stride));
  for (let plane = 0; plane < planes; plane++) {
    const to = packed + <usize>plane * planeBytes;
    if (!narrow) {
      from = scratch + load<u32>(record, AT_NARROW);
      copyRows(source, count, length, apart, plane, planes, from);
      stride = (<usize>length) << 1;
    }
    if (transposed) packTransposed(from, k, stride, rows, to);
    else packRows(from, k, stride, rows, to);
  }
  const tiles = (rows + 3) >> 2;
  let most: u64 = 0;
  let kept = false;
  if (planes == 1) {
    for (let i = 0; i < tiles; i++) {
      most = max(most, columnSquares(packed + ((<usize>(i * pairs)) << 4), pairs, 16));
    }
    kept = keepPairs(packed, tiles, pairs, keptTile(record, tile, pairs), startsTile(record, tile, pairs));
  }
  store<u64>(block, planes == 1 ? rootAbove(most) : 0);
  store<i32>(block, planes, BLOCK_PLANES);
  store<i32>(block, kept, BLOCK_SPARSE);
}

/** Makes the block of which `block` has the notes, packed at tile `tile`, A's block of the product. */
function openBlock(product: Product, tile: i32, block: usize): void {
  product.setLhs(load<i32>(block, BLOCK_PLANES), load<u64>(block), false);
  product.sparse = <bool>load<i32>(block, BLOCK_SPARSE);
  product.kept = keptTile(product.record, tile, product.pairs);
  product.starts = startsTile(product.record, tile, product.pairs);
}

/** Where the records of tile `tile` begin, and their table of starts. */
function keptTile(record: usize, tile: i32, pairs: i32): usize {
  return scratch + load<u32>(record, AT_KEPT) + <usize>(tile * pairs * KEPT_BYTES);
}

function startsTile(record: usize, tile: i32, pairs: i32): usize {
  return scratch + load<u32>(record, AT_KEPT_STARTS) + <usize>tile * startsOf(pairs);
}

export function matmulTiled(record: usize): void {
  const axis = load<i32>(record, BATCH_AXIS);
  const count = load<i32>(COUNT);
  const m = axis == 1 ? count : load<i32>(record, M);
  const n = load<i32>(record, N);
  const k = axis == 2 ? count : load<i32>(record, K);
  const pairs = (k + 1) >> 1;
  const byRows = load<i32>(record, BY_ROWS);
  const firstRow = byRows ? shareStart(m, 4) : 0;
  const endRow = byRows ? shareEnd(m, 4) : m;
  const firstColumn = byRows ? 0 : shareStart(n, 8);
  const endColumn = byRows ? n : shareEnd(n, 8);
  if (firstRow >= endRow || firstColumn >= endColumn) return;

  const blockRows = load<i32>(record, BLOCK_ROWS);
  const blockColumns = load<i32>(record, BLOCK_COLUMNS);
  const keepsRows = load<i32>(record, KEEPS_ROWS);
  const table = scratch + load<u32>(record, AT_ROWS);
  const product = openProduct(record, 16, 4, pairs, 1, 0, 1, 0);

  const tileBytes = (<usize>pairs) << 4;
  for (let i = 0; i < blockRows; i += 4) {
    store<u32>(table + ((<usize>i) << 2), <u32>(<usize>(i >> 2) * tileBytes));
  }
  // The open block of rows; if it is the only one, it stays open for all columns.
  let open = -1;
  for (let column = firstColumn; column < endColumn; column += blockColumns) {
    const width = min(blockColumns, endColumn - column);
    packColumns(product, k, column, width);
    product.setBias(column, width);
    for (let row = firstRow; row < endRow; row += blockRows) {
      const rows = min(blockRows, endRow - row);
      const place = keepsRows ? row - firstRow : 0;
      const block = scratch + load<u32>(record, AT_BLOCKS) + <usize>(place / blockRows) * BLOCK_BYTES;
      if (row != open) {
        open = row;
        if (!keepsRows || column == firstColumn) packLhs(record, k, row, rows, place >> 2, block);
        openBlock(product, place >> 2, block);
      }
      const packed = scratch + load<u32>(record, AT_PACKED) + <usize>(place >> 2) * tileBytes;
      const bytes = <usize>((rows + 3) >> 2) * tileBytes;
      productBlock(product, packed, bytes, rows, width, n, row * n + column);
    }
  }
}

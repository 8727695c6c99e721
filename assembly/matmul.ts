/*
 * Dense products out[m, n] = sum_k lhs[m, k] rhs[k, n] by tiles, operands stored either way round. B is packed block by
 * block of columns (L2), A is read where it lies when it is contiguous along k, else packed block by block of rows.
 */
import {
  AT_LHS,
  AT_NARROW,
  AT_RHS,
  AT_ROWS,
  BATCH_AXIS,
  BLOCK_COLUMNS,
  BLOCK_ROWS,
  BY_ROWS,
  COUNT,
  K,
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
} from './layout';
import { columnSquares, columnsRoot, largestOf, rootAbove, squares } from './norms';
import { openBias, openColumns, openLhs, openRows } from './operands';
import { copyDigits, copyRows, packPanels, packRows, planesFor } from './pack';
import { productBlock } from './products';
import { scratch, shareEnd, shareStart } from './thread';

/** Packs `width` columns of B from `column` on, all planes, and opens them. */
function packColumns(record: usize, k: i32, column: i32, width: i32): void {
  const pairs = (k + 1) >> 1;
  const transposed = load<i32>(record, TRANSPOSE_RHS);
  const rhs = load<u32>(record, RHS);
  const panels = scratch + load<u32>(record, AT_RHS);
  const padded = (width + 7) & ~7;
  // Elements between rows as they are stored: steps of k, or columns where it is transposed.
  const stride = transposed ? load<i32>(record, K) : load<i32>(record, N);
  const first = transposed ? column * stride : column;
  if (load<i32>(record, RHS_TYPE) == TYPE_I16) {
    const along = transposed ? 2 : 2 * stride;
    const across = transposed ? 2 * stride : 2;
    packPanels(rhs + ((<usize>first) << 1), 1, 0, 1, 0, k, along, width, across, panels);
    openColumns(1, padded, columnsRoot(panels, pairs, width));
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
  openColumns(planes, padded, planes == 1 ? columnsRoot(panels, pairs, width) : 0);
}

/** Packs or copies `rows` rows of A from `row` on to the scratch region, all planes, and opens them. */
function packLhs(record: usize, k: i32, row: i32, rows: i32, bytes: usize): void {
  const narrow = load<i32>(record, LHS_TYPE) == TYPE_I16;
  const planeBytes = <usize>load<u32>(record, PLANE_BYTES);
  const packed = scratch + load<u32>(record, AT_LHS);
  const lhs = load<u32>(record, LHS);
  const size: i32 = narrow ? 1 : 2;
  let planes = 1;
  let root: u64 = 0;
  if (load<i32>(record, TRANSPOSE_LHS)) {
    const stride = (<usize>load<i32>(record, M)) << size;
    const from = lhs + ((<usize>row) << size);
    if (narrow) {
      packRows(from, k, stride, rows, packed);
    } else {
      const copy = scratch + load<u32>(record, AT_NARROW);
      planes = planesFor(largestOf(from, k, rows, stride));
      for (let plane = 0; plane < planes; plane++) {
        copyRows(from, k, rows, stride, plane, planes, copy);
        packRows(copy, k, (<usize>rows) << 1, rows, packed + <usize>plane * planeBytes);
      }
    }
    const pairs = (k + 1) >> 1;
    for (let at: usize = 0; at < bytes; at += (<usize>pairs) << 4) {
      root = max(root, columnSquares(packed + at, pairs, 16));
    }
  } else {
    const stride = load<i32>(record, K);
    const from = lhs + ((<usize>(row * stride)) << size);
    planes = planesFor(largestOf(from, 1, rows * stride, 0));
    for (let plane = 0; plane < planes; plane++) {
      const to = packed + <usize>plane * planeBytes;
      copyDigits<i32>(from, rows * stride, plane, planes, to);
      // The last pair of an odd row reads one element more.
      store<i16>(to + ((<usize>(rows * stride)) << 1), 0);
    }
    root = rowsRoot(packed, rows, k, (<usize>stride) << 1);
  }
  openLhs(planes, planes == 1 ? rootAbove(root) : 0, false);
}

/** The largest sum of squares of `rows` rows of k int16. */
function rowsRoot(from: usize, rows: i32, k: i32, stride: usize): u64 {
  let most: u64 = 0;
  for (; rows > 0; rows--) {
    most = max(most, squares(from, k));
    from += stride;
  }
  return most;
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

  const transposed = load<i32>(record, TRANSPOSE_LHS);
  const inPlace = load<i32>(record, LHS_TYPE) == TYPE_I16 && !transposed;
  const stride = load<i32>(record, K) << 1;
  const blockRows = load<i32>(record, BLOCK_ROWS);
  const blockColumns = load<i32>(record, BLOCK_COLUMNS);
  const packed = scratch + load<u32>(record, AT_LHS);
  const table = scratch + load<u32>(record, AT_ROWS);
  openRows(record, transposed ? 16 : 4, pairs, 1, 0, 1, 0);

  // The block of rows that is packed and open: it stays so for all columns where it is the only one.
  let open = -1;
  for (let column = firstColumn; column < endColumn; column += blockColumns) {
    const width = min(blockColumns, endColumn - column);
    packColumns(record, k, column, width);
    openBias(record, column, width, (width + 7) & ~7);
    for (let row = firstRow; row < endRow; row += blockRows) {
      const rows = min(blockRows, endRow - row);
      const bytes = transposed ? <usize>((rows + 3) >> 2) * ((<usize>pairs) << 4) : <usize>rows * stride;
      const lhs = inPlace ? load<u32>(record, LHS) + <usize>row * stride : packed;
      if (row != open) {
        open = row;
        if (inPlace) openLhs(1, rootAbove(rowsRoot(lhs, rows, k, stride)), false);
        else packLhs(record, k, row, rows, bytes);
        // Rows that fill up the last tile are the block's last row once more.
        for (let i = 0; i < ((rows + 3) & ~3); i++) {
          const r = min(i, rows - 1);
          const offset = transposed ? (r >> 2) * (pairs << 4) + ((r & 3) << 2) : r * stride;
          store<u32>(table + ((<usize>i) << 2), offset);
        }
      }
      productBlock(record, lhs, bytes, rows, width, n, row * n + column);
    }
  }
}

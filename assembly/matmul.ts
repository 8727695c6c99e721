/*
 * Dense products out[m, n] = sum_k lhs[m, k] rhs[k, n] by tiles, operands stored either way round. B is packed block by
 * block of columns (L2), A is read where it lies when it is contiguous along k, else packed block by block of rows.
 */
import {
  AT_LHS,
  AT_RHS,
  AT_ROWS,
  BATCH_AXIS,
  BLOCK_COLUMNS,
  BLOCK_ROWS,
  BY_ROWS,
  COUNT,
  K,
  LHS,
  LHS_BITS,
  LHS_PLANES,
  LHS_TYPE,
  M,
  N,
  PLANE_BYTES,
  RHS,
  RHS_BITS,
  RHS_PLANES,
  RHS_TYPE,
  TRANSPOSE_LHS,
  TRANSPOSE_RHS,
  TYPE_I16,
} from './layout';
import { columnSquares, rootAbove, squares } from './norms';
import { copyDigits, packPanels, packRows } from './pack';
import { openBias, openColumns, openRows, productBlock } from './products';
import { scratch, shareEnd, shareStart } from './thread';

/** Packs `width` columns of B from `column` on. */
function packColumns<T>(record: usize, k: i32, column: i32, width: i32): void {
  const size: i32 = sizeof<T>();
  const transposed = load<i32>(record, TRANSPOSE_RHS);
  const along = transposed ? size : load<i32>(record, N) * size;
  const across = transposed ? load<i32>(record, K) * size : size;
  packPanels<T>(
    load<u32>(record, RHS) + column * across,
    1,
    0,
    1,
    0,
    k,
    along,
    width,
    across,
    load<i32>(record, RHS_PLANES),
    load<i32>(record, RHS_BITS),
    scratch + load<u32>(record, AT_RHS),
  );
}

/** Largest norm of the packed columns (of one plane). */
function columnsRoot(record: usize, pairs: i32, width: i32): u64 {
  let most: u64 = 0;
  let panel = scratch + load<u32>(record, AT_RHS);
  for (let column = 0; column < width; column += 8) {
    most = max(most, max(columnSquares(panel, pairs, 32), columnSquares(panel + 16, pairs, 32)));
    panel += (<usize>pairs) << 5;
  }
  return rootAbove(most);
}

/** Packs or copies `rows` rows of A from `row` on to the scratch region, all planes. */
function packLhs<T>(record: usize, k: i32, row: i32, rows: i32): void {
  const planes = load<i32>(record, LHS_PLANES);
  const bits = load<i32>(record, LHS_BITS);
  const stride = load<i32>(record, K);
  for (let plane = 0; plane < planes; plane++) {
    const to = scratch + load<u32>(record, AT_LHS) + <usize>plane * load<u32>(record, PLANE_BYTES);
    if (load<i32>(record, TRANSPOSE_LHS)) {
      const from = load<u32>(record, LHS) + <usize>row * sizeof<T>();
      packRows<T>(from, k, <usize>load<i32>(record, M) * sizeof<T>(), rows, plane, planes, bits, to);
    } else {
      const from = load<u32>(record, LHS) + <usize>(row * stride) * sizeof<T>();
      copyDigits<T>(from, rows * stride, plane, planes, bits, to);
    }
  }
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
  const narrow = load<i32>(record, LHS_TYPE) == TYPE_I16;
  const inPlace = narrow && !transposed;
  const stride = load<i32>(record, K) << 1;
  const blockRows = load<i32>(record, BLOCK_ROWS);
  const blockColumns = load<i32>(record, BLOCK_COLUMNS);
  const packed = scratch + load<u32>(record, AT_LHS);
  const table = scratch + load<u32>(record, AT_ROWS);
  openRows(transposed ? 16 : 4, pairs, 1, 0, 1, 0);

  let root: u64 = 0;
  if (inPlace) {
    for (let row = firstRow; row < endRow; row++) {
      root = max(root, squares(load<u32>(record, LHS) + <usize>row * stride, k));
    }
    root = rootAbove(root);
  }
  for (let column = firstColumn; column < endColumn; column += blockColumns) {
    const width = min(blockColumns, endColumn - column);
    const padded = (width + 7) & ~7;
    if (load<i32>(record, RHS_TYPE) == TYPE_I16) packColumns<i16>(record, k, column, width);
    else packColumns<i32>(record, k, column, width);
    openColumns(padded, load<i32>(record, RHS_PLANES) == 1 ? columnsRoot(record, pairs, width) : 0);
    openBias(record, column, width, padded);
    for (let row = firstRow; row < endRow; row += blockRows) {
      const rows = min(blockRows, endRow - row);
      const bytes = transposed ? <usize>((rows + 3) >> 2) * ((<usize>pairs) << 4) : <usize>rows * stride;
      if (!inPlace) {
        if (narrow) packLhs<i16>(record, k, row, rows);
        else packLhs<i32>(record, k, row, rows);
      }
      if (narrow && transposed) {
        root = 0;
        for (let at: usize = 0; at < bytes; at += (<usize>pairs) << 4) {
          root = max(root, columnSquares(packed + at, pairs, 16));
        }
        root = rootAbove(root);
      }
      // Rows that fill up the last tile are the block's last row once more.
      for (let i = 0; i < ((rows + 3) & ~3); i++) {
        const r = min(i, rows - 1);
        const offset = transposed ? (r >> 2) * (pairs << 4) + ((r & 3) << 2) : r * stride;
        store<u32>(table + ((<usize>i) << 2), offset);
      }
      const lhs = inPlace ? load<u32>(record, LHS) + <usize>row * stride : packed;
      productBlock(record, lhs, bytes, root, rows, width, n, row * n + column);
    }
  }
}

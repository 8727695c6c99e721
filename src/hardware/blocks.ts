/**
 * The order in which the array computes a product: blocks of outputs, the stretches of slices in which they
 * are fed, and the loads of operands in the order of their first use. Simulator, estimate and generated
 * hardware all walk these lists. Derived in docs/hardware.md, section "Memory".
 */
import { InputError } from '../numerics/index.js';
import type { ArrayConfig } from './array.js';
import type { ProductSize } from './product.js';

/**
 * A block of outputs that the array computes at once; `rows` x `cols` of them are results, the others
 * padding.
 */
export interface Block {
  /** Position in the schedule. */
  readonly index: number;
  /** First row and column of `out`. */
  readonly row: number;
  readonly column: number;
  readonly rows: number;
  readonly cols: number;
}

/** Operands on their way from memory to a buffer. */
export interface Load {
  readonly buffer: 'lhs' | 'rhs';
  /**
   * The contents of the buffer's half `tile` mod 2; the half is free again when no stretch needs the tile.
   */
  readonly tile: number;
  readonly bytes: number;
}

/** Slices of one block that are fed in sequence, once their operands are loaded. */
export interface Stretch {
  readonly block: Block;
  readonly firstSlice: number;
  readonly slices: number;
  /** Whether it begins or ends the block's sums. */
  readonly isFirst: boolean;
  readonly isLast: boolean;
  /** The tiles that it reads. */
  readonly lhsTile: number;
  readonly rhsTile: number;
  /** Loads that it needs in addition to those of earlier stretches, in order. */
  readonly loads: readonly Load[];
}

/** How the buffers hold a product on chip. */
export interface Layout {
  readonly blockRows: number;
  readonly blockCols: number;
  /** Block rows whose lhs panels are in the buffer together; 0 if K is streamed. */
  readonly macroRows: number;
  /** True if all of rhs fits in its buffer and is loaded once. */
  readonly rhsResident: boolean;
  /** Slices of a stretch: K, or fewer if K is streamed. */
  readonly slices: number;
}

/**
 * How the buffers hold a product: whole panels if one of each fits in a half, otherwise stretches of K.
 * @throws RangeError if a half cannot hold one slice.
 */
export function layoutOf(config: ArrayConfig, { m, k, n, lhsBytes, rhsBytes }: ProductSize): Layout {
  const { rows, cols } = config;
  const blockRows = Math.ceil(m / rows);
  const blockCols = Math.ceil(n / cols);
  /** Slices of a panel that fit in half a buffer. */
  const lhsSlices = Math.floor(config.lhsBufferBytes / 2 / (rows * lhsBytes));
  const rhsSlices = Math.floor(config.rhsBufferBytes / 2 / (cols * rhsBytes));
  if (lhsSlices < 1 || rhsSlices < 1) {
    const [side, bytes] = lhsSlices < 1 ? ['lhs', rows * lhsBytes] : ['rhs', cols * rhsBytes];
    throw new InputError(
      `array: half of ${side}BufferBytes must hold a slice of ${bytes} bytes, got ${String(config[`${side as 'lhs' | 'rhs'}BufferBytes`])}; make the buffer larger or the array smaller`,
    );
  }
  const rhsResident = blockCols * cols * k * rhsBytes <= config.rhsBufferBytes;
  const macroRows = Math.min(blockRows, Math.floor(lhsSlices / k));
  if (macroRows > 0 && (rhsResident || rhsSlices >= k)) {
    return { blockRows, blockCols, macroRows, rhsResident, slices: k };
  }
  return {
    blockRows,
    blockCols,
    macroRows: 0,
    rhsResident: false,
    slices: Math.min(k, lhsSlices, rhsSlices),
  };
}

/**
 * The blocks of a product in the order of the schedule: macro rows of `macroRows` block rows, in each all
 * block columns, and in each of these the macro row's block rows. If K is streamed, the order is row by row.
 */
export function* blocksOf(config: ArrayConfig, size: ProductSize): Generator<Block> {
  const { blockRows, blockCols, macroRows } = layoutOf(config, size);
  const { rows, cols } = config;
  const height = Math.max(1, macroRows);
  let index = 0;
  for (let first = 0; first < blockRows; first += height) {
    for (let q = 0; q < blockCols; q += 1) {
      for (let p = first; p < Math.min(first + height, blockRows); p += 1) {
        const [row, column] = [p * rows, q * cols];
        yield {
          ...{ index, row, column },
          rows: Math.min(rows, size.m - row),
          cols: Math.min(cols, size.n - column),
        };
        index += 1;
      }
    }
  }
}

/** The stretches of a product in the order in which they are fed, with the loads for which they wait. */
export function* stretchesOf(config: ArrayConfig, size: ProductSize): Generator<Stretch> {
  const layout = layoutOf(config, size);
  yield* layout.macroRows > 0 ? wholePanels(config, size, layout) : streamedPanels(config, size, layout);
}

function* wholePanels(config: ArrayConfig, size: ProductSize, layout: Layout): Generator<Stretch> {
  const { k, lhsBytes, rhsBytes } = size;
  const { macroRows, rhsResident } = layout;
  let column = -1;
  let macroRow = -1;
  let rhsTile = -1;
  for (const block of blocksOf(config, size)) {
    const lhsTile = Math.floor(block.row / (config.rows * macroRows));
    const loads: Load[] = [];
    // A macro row first needs its lhs panels in its first block column, and each rhs panel in its first block
    // row.
    if (block.column === 0) loads.push({ buffer: 'lhs', tile: lhsTile, bytes: block.rows * k * lhsBytes });
    if (block.column !== column || lhsTile !== macroRow) {
      column = block.column;
      macroRow = lhsTile;
      rhsTile = rhsResident ? 0 : rhsTile + 1;
      if (!rhsResident || lhsTile === 0) {
        loads.push({ buffer: 'rhs', tile: rhsTile, bytes: block.cols * k * rhsBytes });
      }
    }
    yield { block, firstSlice: 0, slices: k, isFirst: true, isLast: true, lhsTile, rhsTile, loads };
  }
}

function* streamedPanels(config: ArrayConfig, size: ProductSize, layout: Layout): Generator<Stretch> {
  const { k, lhsBytes, rhsBytes } = size;
  let tile = 0;
  for (const block of blocksOf(config, size)) {
    for (let firstSlice = 0; firstSlice < k; firstSlice += layout.slices) {
      const slices = Math.min(layout.slices, k - firstSlice);
      yield {
        ...{ block, firstSlice, slices },
        isFirst: firstSlice === 0,
        isLast: firstSlice + slices === k,
        lhsTile: tile,
        rhsTile: tile,
        loads: [
          { buffer: 'lhs', tile, bytes: block.rows * slices * lhsBytes },
          { buffer: 'rhs', tile, bytes: block.cols * slices * rhsBytes },
        ],
      };
      tile += 1;
    }
  }
}

/**
 * A product on the array, cycle by cycle: the control that feeds slices, the memory that delays it, the
 * rounding units and the order of the results. It is slow and literal. schedule.ts computes the same cycles
 * and product-job.ts the same numbers directly; tests compare them.
 */
import { drainSpacing } from './array.js';
import { stretchesOf, type Block, type Stretch } from './blocks.js';
import { ReadChannel, WriteChannel } from './memory-channels.js';
import { PeArray, type Slice } from './pe-array.js';
import { outIndex, type ProductJob } from './product-job.js';
import type { Schedule, Stalls } from './schedule.js';

/**
 * Decides which slice is fed when: one per cycle, unless the drain chain, the operands or the result buffers
 * forbid it.
 */
class Control {
  /** The position of the next slice. */
  #stretchIndex = 0;
  #sliceIndex = 0;
  /** Loads that the current stretch needs, counted from the first. */
  #loadsNeeded: number;
  /** The first cycle in which the drain chain allows a block to begin. */
  #beginFrom = 0;
  slices = 0;

  readonly #stretches: readonly Stretch[];
  readonly #k: number;
  readonly #spacing: number;

  constructor(stretches: readonly Stretch[], k: number, spacing: number) {
    this.#stretches = stretches;
    this.#k = k;
    this.#spacing = spacing;
    this.#loadsNeeded = stretches[0]!.loads.length;
  }

  get isFinished(): boolean {
    return this.#stretchIndex === this.#stretches.length;
  }

  /** The stretch of the next slice. */
  get stretch(): Stretch {
    return this.#stretches[this.#stretchIndex]!;
  }

  /** The next slice of K. */
  get slice(): number {
    return this.stretch.firstSlice + this.#sliceIndex;
  }

  get isLastSlice(): boolean {
    return this.stretch.isLast && this.#sliceIndex === this.stretch.slices - 1;
  }

  /** The obstacle to feeding the next slice in this cycle, or null. */
  obstacle(cycle: number, loadsDone: number, hasResultBuffer: boolean): keyof Stalls | null {
    if (this.slice === 0 && cycle < this.#beginFrom) return 'drain';
    if (loadsDone < this.#loadsNeeded) return this.slices === 0 ? 'fill' : 'read';
    return this.isLastSlice && !hasResultBuffer ? 'write' : null;
  }

  /** Feeds the slice; returns true if it was the last of its stretch. */
  advance(cycle: number): boolean {
    // At the earliest, the sums of the next block end K - 1 cycles after it begins.
    if (this.isLastSlice) this.#beginFrom = cycle + this.#spacing - (this.#k - 1);
    this.slices += 1;
    this.#sliceIndex += 1;
    if (this.#sliceIndex < this.stretch.slices) return false;
    this.#sliceIndex = 0;
    this.#stretchIndex += 1;
    if (!this.isFinished) this.#loadsNeeded += this.stretch.loads.length;
    return true;
  }
}

/**
 * Walks the results of the schedule in the order in which they leave one row: block after block, columns
 * ascending.
 */
class ResultCounter {
  #block = 0;
  #column = 0;

  readonly #blocks: readonly Block[];
  readonly #cols: number;

  constructor(blocks: readonly Block[], cols: number) {
    this.#blocks = blocks;
    this.#cols = cols;
  }

  next(): { readonly block: Block; readonly column: number } {
    const result = { block: this.#blocks[this.#block]!, column: this.#column };
    this.#column += 1;
    if (this.#column === this.#cols) {
      this.#column = 0;
      this.#block += 1;
    }
    return result;
  }
}

/** The left edge: a rounding unit per row, and the delays that align the results of a column again. */
class Edge {
  /** Results of each row on their way through its delay, newest first; null for an empty place. */
  readonly #delays: (number | null)[][];
  /** The next result that each row rounds, and the next column to be completed. */
  readonly #rounded: readonly ResultCounter[];
  readonly #written: ResultCounter;

  readonly #job: ProductJob;

  constructor(job: ProductJob, blocks: readonly Block[]) {
    this.#job = job;
    const { rows, cols } = job.config;
    this.#delays = Array.from({ length: rows }, (_, i) => Array.from({ length: rows - 1 - i }, () => null));
    this.#rounded = Array.from({ length: rows }, () => new ResultCounter(blocks, cols));
    this.#written = new ResultCounter(blocks, cols);
  }

  /**
   * Rounds the sums that leave the array in this cycle and writes the completed column. Returns the block
   * that it completes, or null.
   */
  cycle(array: PeArray): Block | null {
    const { rows, cols } = this.#job.config;
    const results: (number | null)[] = [];
    for (let i = 0; i < rows; i += 1) {
      const delay = this.#delays[i]!;
      delay.unshift(this.#round(array, i));
      results.push(delay.pop()!);
    }
    if (results.every((result) => result === null)) return null;
    if (results.includes(null)) throw new Error('internal: array: the rows of a column came apart');
    const { block, column: j } = this.#written.next();
    results.forEach((result, i) => {
      const index = outIndex(block, this.#job.product.n, i, j);
      if (index >= 0) this.#job.out[index] = result!;
    });
    return j === cols - 1 ? block : null;
  }

  #round(array: PeArray, row: number): number | null {
    const sum = array.leaving(row);
    if (sum === null) return null;
    const { product, operands, unit, words } = this.#job;
    const { block, column: j } = this.#rounded[row]!.next();
    const index = outIndex(block, product.n, row, j);
    const word = words.next(row, index);
    return index < 0 ? 0 : unit.round(sum, operands.bias(block.column + j), word);
  }
}

/**
 * Runs a product PE by PE, writes its results and returns its cost.
 * @throws RangeError if a buffer cannot hold one slice.
 */
export function simulateProduct(job: ProductJob): Schedule {
  const { config, product, operands } = job;
  const { rows, cols } = config;
  const { k, outBytes } = product;
  const stretches = [...stretchesOf(config, product)];
  const blocks = stretches.filter(({ isFirst }) => isFirst).map(({ block }) => block);
  const control = new Control(stretches, k, drainSpacing(config));
  const reads = new ReadChannel(stretches, config.bandwidth);
  const writes = new WriteChannel(config.bandwidth);
  const array = new PeArray(config);
  const edge = new Edge(job, blocks);
  const stalls: Stalls = { fill: 0, drain: 0, read: 0, write: 0, flush: 0 };
  let completed = 0;
  let usefulMacs = 0;
  let cycle = 0;

  const sliceOf = (): Slice => {
    const { block } = control.stretch;
    const t = control.slice;
    const lhs = Int32Array.from({ length: rows }, (_, i) =>
      i < block.rows ? operands.lhs(block.row + i, t) : 0,
    );
    const rhs = Int32Array.from({ length: cols }, (_, j) =>
      j < block.cols ? operands.rhs(t, block.column + j) : 0,
    );
    usefulMacs += block.rows * block.cols;
    return { lhs, rhs, first: t === 0, last: control.isLastSlice };
  };

  for (; ; cycle += 1) {
    reads.settle();
    writes.settle();
    if (control.isFinished && completed === blocks.length && writes.isEmpty) break;
    const loadsDone = reads.done;
    const hasResultBuffer = writes.isFree;
    reads.cycle();
    writes.cycle();
    let slice: Slice | null = null;
    if (control.isFinished) {
      stalls[completed < blocks.length ? 'flush' : 'write'] += 1;
    } else {
      const obstacle = control.obstacle(cycle, loadsDone, hasResultBuffer);
      if (obstacle === null) {
        slice = sliceOf();
        if (slice.last) writes.reserve();
        const { stretch } = control;
        if (control.advance(cycle)) reads.release(stretch);
      } else {
        stalls[obstacle] += 1;
      }
    }
    const block = edge.cycle(array);
    if (block !== null) {
      completed += 1;
      writes.fill(block.rows * block.cols * outBytes);
    }
    array.step(slice);
  }
  return {
    cycles: cycle,
    slices: control.slices,
    stalls,
    blocks: blocks.length,
    macs: usefulMacs,
    edgeMacs: control.slices * rows * cols - usefulMacs,
    bytesRead: reads.bytesRead,
    bytesWritten: writes.bytesWritten,
  };
}

/**
 * Cycles of a product without simulating its PEs, by one short recurrence over the stretches of its blocks.
 * pe-array.ts finds the same numbers cycle by cycle. Derived in docs/hardware.md, section "Timing".
 */
import { drainCycles, drainSpacing, type ArrayConfig } from './array.js';
import { layoutOf, stretchesOf } from './blocks.js';
import type { ProductSize } from './product.js';

/** Cycles in which no slice is fed, by cause. */
export interface Stalls {
  /** Before the first slice, while its operands are loaded. */
  fill: number;
  /** Results would meet those of the previous block in the drain chain, because K is below 2 C - 1. */
  drain: number;
  /** Operands are still being loaded. */
  read: number;
  /** Both output buffers hold results, or, at the end, the last results are being written. */
  write: number;
  /** After the last slice, until the last result leaves the array. */
  flush: number;
}

/** The cost of a product on the array. */
export interface Schedule {
  /** From the first byte read to the last byte written: `slices` and all stalls. */
  readonly cycles: number;
  /** Slices fed: blocks * K. */
  readonly slices: number;
  readonly stalls: Readonly<Stalls>;
  readonly blocks: number;
  /** Useful multiply-accumulates, M * N * K; the rest of `slices` * R * C is lost at the edges. */
  readonly macs: number;
  /** Multiply-accumulates of PEs beyond the edges of `out`, while slices are fed. */
  readonly edgeMacs: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/** One half of an operand buffer. */
class Half {
  /** First cycle after the last slice read from it. */
  usedUntil = 0;
  #tile = -1;
  #freeFrom = 0;

  /** First cycle in which a tile may be written to it. */
  freeFor(tile: number): number {
    if (tile !== this.#tile) {
      this.#tile = tile;
      this.#freeFrom = this.usedUntil;
    }
    return this.#freeFrom;
  }
}

/**
 * Cycles, stalls and bytes of a product.
 * @throws RangeError if a buffer cannot hold one slice.
 */
export function schedule(config: ArrayConfig, size: ProductSize): Schedule {
  const { m, k, n, outBytes } = size;
  const { blockRows, blockCols } = layoutOf(config, size);
  const blocks = blockRows * blockCols;
  const stalls = { fill: 0, drain: 0, read: 0, write: 0, flush: drainCycles(config) };
  const transfer = (bytes: number): number => Math.ceil(bytes / config.bandwidth);
  const halves = { lhs: [new Half(), new Half()], rhs: [new Half(), new Half()] };
  /** First cycles in which the channels and each output buffer are free. */
  let readFree = 0;
  let writeFree = 0;
  const outputFree = [0, 0];
  let bytesRead = 0;
  /** First cycle that can feed the next slice, without and with the limit of the drain. */
  let next = 0;
  let drained = 0;
  for (const { block, slices, isFirst, isLast, lhsTile, rhsTile, loads } of stretchesOf(config, size)) {
    for (const { buffer, tile, bytes } of loads) {
      readFree = Math.max(readFree, halves[buffer][tile % 2]!.freeFor(tile)) + transfer(bytes);
      bytesRead += bytes;
    }
    if (isFirst && drained > next) {
      stalls.drain += drained - next;
      next = drained;
    }
    if (readFree > next) {
      stalls[block.index === 0 && isFirst ? 'fill' : 'read'] += readFree - next;
      next = readFree;
    }
    next += slices;
    if (isLast) {
      // The last slice waits for the buffer of its results.
      const wait = Math.max(0, outputFree[block.index % 2]! - (next - 1));
      stalls.write += wait;
      next += wait;
      drained = next - 1 + drainSpacing(config) + 1 - k;
      writeFree =
        Math.max(writeFree, next + drainCycles(config)) + transfer(block.rows * block.cols * outBytes);
      outputFree[block.index % 2] = writeFree;
    }
    halves.lhs[lhsTile % 2]!.usedUntil = next;
    halves.rhs[rhsTile % 2]!.usedUntil = next;
  }
  stalls.write += writeFree - next - stalls.flush;
  return {
    cycles: writeFree,
    slices: blocks * k,
    stalls,
    blocks,
    macs: m * n * k,
    edgeMacs: blocks * k * config.rows * config.cols - m * n * k,
    bytesRead,
    bytesWritten: m * n * outBytes,
  };
}

/** The sums of several schedules in sequence. */
export function addSchedules(schedules: readonly Schedule[]): Schedule {
  const sum = (of: (schedule: Schedule) => number): number =>
    schedules.reduce((total, one) => total + of(one), 0);
  return {
    cycles: sum((s) => s.cycles),
    slices: sum((s) => s.slices),
    stalls: {
      fill: sum((s) => s.stalls.fill),
      drain: sum((s) => s.stalls.drain),
      read: sum((s) => s.stalls.read),
      write: sum((s) => s.stalls.write),
      flush: sum((s) => s.stalls.flush),
    },
    blocks: sum((s) => s.blocks),
    macs: sum((s) => s.macs),
    edgeMacs: sum((s) => s.edgeMacs),
    bytesRead: sum((s) => s.bytesRead),
    bytesWritten: sum((s) => s.bytesWritten),
  };
}

/**
 * The memory channels of the array, cycle by cycle: one that fills the operand buffers, and one that empties
 * the result buffers. Bytes are counted, not stored. docs/hardware.md, section "Memory".
 */
import type { Load, Stretch } from './blocks.js';

/** One half of an operand buffer, with the tile in it. */
interface Half {
  tile: number;
}

/** Carries out loads in the order of their first use, each as soon as its half is free. */
export class ReadChannel {
  readonly #loads: Load[];
  /** Stretches that still read a tile, by buffer and tile. */
  readonly #readers = { lhs: new Map<number, number>(), rhs: new Map<number, number>() };
  readonly #halves: Readonly<Record<'lhs' | 'rhs', readonly [Half, Half]>> = {
    lhs: [{ tile: -1 }, { tile: -1 }],
    rhs: [{ tile: -1 }, { tile: -1 }],
  };
  /** Number of completed loads. */
  done = 0;
  bytesRead = 0;
  #bytesLeft = 0;
  #isMoving = false;

  readonly #bandwidth: number;

  constructor(stretches: readonly Stretch[], bandwidth: number) {
    this.#bandwidth = bandwidth;
    this.#loads = stretches.flatMap(({ loads }) => loads);
    const { lhs, rhs } = this.#readers;
    for (const { lhsTile, rhsTile } of stretches) {
      lhs.set(lhsTile, (lhs.get(lhsTile) ?? 0) + 1);
      rhs.set(rhsTile, (rhs.get(rhsTile) ?? 0) + 1);
    }
  }

  /** Begins a cycle. A memory that never keeps the array waiting completes every load that has a place. */
  settle(): void {
    while (this.#bandwidth === Infinity && this.#begin()) this.#finish();
  }

  /** Transfers the bytes of one cycle. */
  cycle(): void {
    if (!this.#begin()) return;
    this.#bytesLeft -= this.#bandwidth;
    if (this.#bytesLeft <= 0) this.#finish();
  }

  /** Records that the last slice of a stretch was fed. */
  release({ lhsTile, rhsTile }: Stretch): void {
    const { lhs, rhs } = this.#readers;
    lhs.set(lhsTile, lhs.get(lhsTile)! - 1);
    rhs.set(rhsTile, rhs.get(rhsTile)! - 1);
  }

  /**
   * True if a load is under way. The next one begins if its half already holds its tile, or nothing that is
   * still needed.
   */
  #begin(): boolean {
    const load = this.#loads[this.done];
    if (this.#isMoving || load === undefined) return this.#isMoving;
    const half = this.#halves[load.buffer][load.tile % 2 === 0 ? 0 : 1];
    const readers = this.#readers[load.buffer].get(half.tile) ?? 0;
    if (half.tile !== load.tile && readers > 0) return false;
    half.tile = load.tile;
    this.#bytesLeft = load.bytes;
    this.bytesRead += load.bytes;
    this.#isMoving = true;
    return true;
  }

  #finish(): void {
    this.#isMoving = false;
    this.done += 1;
  }
}

/** Two buffers, each for the results of one block, and the channel that empties them in order. */
export class WriteChannel {
  bytesWritten = 0;
  /** Numbers of blocks that have a buffer, were drained completely, and were written. */
  #reserved = 0;
  #written = 0;
  /** Bytes of the blocks waiting to be written. */
  readonly #waiting: number[] = [];
  #bytesLeft = 0;

  readonly #bandwidth: number;

  constructor(bandwidth: number) {
    this.#bandwidth = bandwidth;
  }

  /** True if a block may take a buffer. */
  get isFree(): boolean {
    return this.#reserved - this.#written < 2;
  }

  /** True if no block has a buffer. */
  get isEmpty(): boolean {
    return this.#reserved === this.#written;
  }

  reserve(): void {
    this.#reserved += 1;
  }

  /** Records that a block is complete; it is written from the next cycle on. */
  fill(bytes: number): void {
    this.#waiting.push(bytes);
  }

  settle(): void {
    while (this.#bandwidth === Infinity && this.#waiting.length > 0) this.#finish();
  }

  cycle(): void {
    const [bytes] = this.#waiting;
    if (bytes === undefined) return;
    if (this.#bytesLeft === 0) this.#bytesLeft = bytes;
    this.#bytesLeft -= Math.min(this.#bytesLeft, this.#bandwidth);
    if (this.#bytesLeft === 0) this.#finish();
  }

  #finish(): void {
    this.bytesWritten += this.#waiting.shift()!;
    this.#written += 1;
  }
}

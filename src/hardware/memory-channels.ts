/**
 * Memory as the array meets it, cycle by cycle: a channel that fills the operand buffers, and one that empties the
 * result buffers. Bytes are counted, not stored. docs/hardware.md, section "Memory".
 */
import type { Load, Stretch } from './blocks.js';

/** One half of an operand buffer: which tile stands in it. */
interface Half {
  tile: number;
}

/** Loads in the order of their first use, each once the half that it goes to is free. */
export class ReadChannel {
  readonly #loads: Load[];
  /** Stretches that still read a tile, by buffer and tile. */
  readonly #readers = { lhs: new Map<number, number>(), rhs: new Map<number, number>() };
  readonly #halves: Readonly<Record<'lhs' | 'rhs', readonly [Half, Half]>> = {
    lhs: [{ tile: -1 }, { tile: -1 }],
    rhs: [{ tile: -1 }, { tile: -1 }],
  };
  /** Loads that are there. */
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

  /** The cycle begins: a memory that never keeps the array waiting brings whatever has a place. */
  settle(): void {
    while (this.#bandwidth === Infinity && this.#begin()) this.#finish();
  }

  /** The bytes of one cycle. */
  cycle(): void {
    if (!this.#begin()) return;
    this.#bytesLeft -= this.#bandwidth;
    if (this.#bytesLeft <= 0) this.#finish();
  }

  /** The last slice of a stretch was fed. */
  release({ lhsTile, rhsTile }: Stretch): void {
    const { lhs, rhs } = this.#readers;
    lhs.set(lhsTile, lhs.get(lhsTile)! - 1);
    rhs.set(rhsTile, rhs.get(rhsTile)! - 1);
  }

  /** True when a load is under way; the next one begins where its half holds its tile already or nothing needed. */
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

/** Two buffers for the results of a block each, and the channel that empties them in order. */
export class WriteChannel {
  bytesWritten = 0;
  /** Blocks that have a buffer, were drained completely, were written. */
  #reserved = 0;
  #written = 0;
  /** Bytes of the blocks that wait to be written. */
  readonly #waiting: number[] = [];
  #bytesLeft = 0;
  readonly #bandwidth: number;

  constructor(bandwidth: number) {
    this.#bandwidth = bandwidth;
  }

  /** True when a block may take a buffer. */
  get isFree(): boolean {
    return this.#reserved - this.#written < 2;
  }

  /** True when nothing has a buffer. */
  get isEmpty(): boolean {
    return this.#reserved === this.#written;
  }

  reserve(): void {
    this.#reserved += 1;
  }

  /** A block is complete: from the next cycle on it is written. */
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

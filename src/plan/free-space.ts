/**
 * Where an arena is free over a span of time: finds the lowest offset at which no buffer placed before is alive at the same
 * time. A tree over time keeps the occupied bytes as few joined stretches, so a place takes a number of steps near the
 * logarithm of the plan's length, and a plan of n ops about n log n in all. docs/plan.md, "Memory".
 */
import type { Life } from './lifetimes.js';

/** Bytes that are occupied: stretches in ascending order that neither overlap nor touch. */
class Stretches {
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];

  /** Adds the bytes from `start` to `end`; stretches that it reaches become one. */
  add(start: number, end: number): void {
    const first = this.#endingFrom(start);
    let after = first;
    while (after < this.#starts.length && this.#starts[after]! <= end) after += 1;
    const [low, high] =
      after === first
        ? [start, end]
        : [Math.min(start, this.#starts[first]!), Math.max(end, this.#ends[after - 1]!)];
    this.#starts.splice(first, after - first, low);
    this.#ends.splice(first, after - first, high);
  }

  /** The lowest offset from `offset` on at which `size` bytes are free. */
  free(offset: number, size: number): number {
    // A stretch that ends at the offset is not in the way.
    let at = this.#endingFrom(offset);
    let lowest = offset;
    while (at < this.#starts.length && this.#starts[at]! < lowest + size) {
      lowest = Math.max(lowest, this.#ends[at]!);
      at += 1;
    }
    return lowest;
  }

  /** Index of the first stretch that ends at `offset` or behind it. */
  #endingFrom(offset: number): number {
    let low = 0;
    let high = this.#ends.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ends[middle]! < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** A span of time, halved down to single ops. */
interface Span {
  /** Bytes occupied during the whole span. */
  readonly always: Stretches;
  /** Bytes occupied at any time in it, `always` left out where it comes from a wider span. */
  readonly ever: Stretches;
}

/** The occupied bytes of a program of `length` ops. */
export class FreeSpace {
  readonly #length: number;
  readonly #base: number;
  readonly #spans = new Map<number, Span>();

  /** Offsets begin at `base`. */
  constructor(length: number, base: number) {
    this.#length = length;
    this.#base = base;
  }

  /** Occupies `size` bytes at the lowest offset that is free during `life`, and returns it. */
  take(life: Life, size: number): number {
    const inTheWay: Stretches[] = [];
    this.#visit(life, 1, 0, this.#length - 1, (span, isWithin) => {
      inTheWay.push(isWithin ? span.ever : span.always);
    });
    let offset = this.#base;
    for (let before = -1; before !== offset;) {
      before = offset;
      for (const stretches of inTheWay) offset = stretches.free(offset, size);
    }
    this.#visit(life, 1, 0, this.#length - 1, (span, isWithin) => {
      if (isWithin) span.always.add(offset, offset + size);
      span.ever.add(offset, offset + size);
    });
    return offset;
  }

  /** The spans that make up a life, and those around them, from the widest down. */
  #visit(
    life: Life,
    key: number,
    first: number,
    last: number,
    see: (span: Span, isWithin: boolean) => void,
  ): void {
    let span = this.#spans.get(key);
    if (!span) this.#spans.set(key, (span = { always: new Stretches(), ever: new Stretches() }));
    const isWithin = life.first <= first && last <= life.last;
    see(span, isWithin);
    if (isWithin) return;
    const middle = (first + last) >>> 1;
    if (life.first <= middle) this.#visit(life, 2 * key, first, middle, see);
    if (life.last > middle) this.#visit(life, 2 * key + 1, middle + 1, last, see);
  }
}

/**
 * The array itself, register by register: skewed operand edges, PEs, drain chain. One call of `step` is one clock cycle.
 * It knows neither blocks nor memory: simulation.ts feeds it. docs/hardware.md, section "The array", has the picture.
 */
import { Wide } from '../numerics/index.js';
import type { ArrayConfig } from './array.js';

/** The input of one cycle: a column of the lhs block and a row of the rhs block, with their tags. */
export interface Slice {
  /** One word per row. */
  readonly lhs: Int32Array;
  /** One word per column. */
  readonly rhs: Int32Array;
  /** Whether the sums begin, or end, with this slice. */
  readonly first: boolean;
  readonly last: boolean;
}

/** The operand registers and sum of one PE, and its register in the drain chain. */
class Pe {
  lhs = 0;
  rhs = 0;
  valid = false;
  first = false;
  last = false;
  readonly accumulator = new Wide();
  /** The last product was added in the previous cycle, so the sum now moves to the drain register. */
  isDone = false;
  readonly drain = new Wide();
  isDraining = false;
}

/**
 * Delays a slice by one cycle for each row or column: the word of row i (column j) arrives i (j) cycles late.
 */
class Skew {
  /** The slices of the last cycles, the newest at `head`. */
  readonly #past: (Slice | null)[];
  #head = 0;

  readonly #length: number;

  constructor(length: number) {
    this.#length = length;
    this.#past = Array.from({ length }, () => null);
  }

  push(slice: Slice | null): void {
    this.#head = this.#head === 0 ? this.#length - 1 : this.#head - 1;
    this.#past[this.#head] = slice;
  }

  /** The slice fed `cycles` cycles ago. */
  delayed(cycles: number): Slice | null {
    const at = this.#head + cycles;
    return this.#past[at >= this.#length ? at - this.#length : at]!;
  }
}

/** The array between two clock edges. */
export class PeArray {
  readonly #rows: number;
  readonly #cols: number;
  readonly #width: number;
  readonly #skew: Skew;
  readonly #pes: Pe[][];

  constructor({ rows, cols, accumulatorBits }: Pick<ArrayConfig, 'rows' | 'cols' | 'accumulatorBits'>) {
    this.#rows = rows;
    this.#cols = cols;
    this.#width = accumulatorBits;
    this.#skew = new Skew(Math.max(rows, cols));
    this.#pes = Array.from({ length: rows }, () => Array.from({ length: cols }, () => new Pe()));
  }

  /**
   * The sum that row `row` of the drain chain passes to its rounding unit in this cycle, if any; valid until
   * the next step.
   */
  leaving(row: number): Wide | null {
    const { isDraining, drain } = this.#pes[row]![0]!;
    return isDraining ? drain : null;
  }

  /**
   * One clock cycle in which `slice` is fed; null is a bubble.
   * @throws Error if two results meet in the drain chain.
   */
  step(slice: Slice | null): void {
    this.#skew.push(slice);
    for (let i = 0; i < this.#rows; i += 1) this.#drainRow(this.#pes[i]!);
    // The order starts at the far corner, so that each PE still sees its left and upper neighbours as they
    // were before this cycle.
    for (let i = this.#rows - 1; i >= 0; i -= 1) {
      for (let j = this.#cols - 1; j >= 0; j -= 1) this.#multiply(i, j);
    }
  }

  /** Sums move one PE to the left; a finished PE puts its own sum into the chain. */
  #drainRow(row: readonly Pe[]): void {
    for (let j = 0; j < this.#cols; j += 1) {
      const pe = row[j]!;
      const right = row[j + 1];
      const arriving = right?.isDraining ? right.drain : null;
      if (pe.isDone && arriving)
        throw new Error(`internal: array: two results met in column ${j} of the drain chain`);
      if (pe.isDone) pe.drain.copy(pe.accumulator);
      else if (arriving) pe.drain.copy(arriving);
      pe.isDraining = pe.isDone || arriving !== null;
    }
  }

  #multiply(i: number, j: number): void {
    const pe = this.#pes[i]![j]!;
    if (j > 0) {
      const left = this.#pes[i]![j - 1]!;
      ({ lhs: pe.lhs, valid: pe.valid, first: pe.first, last: pe.last } = left);
    } else {
      const slice = this.#skew.delayed(i);
      pe.lhs = slice?.lhs[i] ?? 0;
      pe.valid = slice !== null;
      pe.first = slice?.first ?? false;
      pe.last = slice?.last ?? false;
    }
    pe.rhs = i > 0 ? this.#pes[i - 1]![j]!.rhs : (this.#skew.delayed(j)?.rhs[j] ?? 0);
    pe.isDone = pe.valid && pe.last;
    if (!pe.valid) return;
    if (pe.first) pe.accumulator.clear();
    pe.accumulator.addProduct(pe.lhs, pe.rhs);
    pe.accumulator.wrapTo(this.#width);
  }
}

/**
 * The ops of a plan as records of int32 words (assembly/layout.ts has the fields). Sites, counters and scratch around them
 * are in encode.ts.
 */
import type { Op, Plan, TensorId } from '../../../plan/index.js';
import * as layout from '../layout.generated.js';
import type { KernelChoice } from '../choice.js';
import type { Regions } from '../regions.js';
import * as elementwise from './elementwise.js';
import * as normalisation from './normalisation.js';
import * as pools from './pools.js';
import * as products from './products.js';
import { RecordBuilder, type Surroundings, type Table } from './record.js';
import { sgd, softmaxCrossEntropy } from './training.js';

export type { Table } from './record.js';

/** A program's records. */
export interface Program {
  readonly address: number;
  readonly length: number;
}

/** A step's records. */
export interface StepProgram {
  readonly ops: Program;
  /** The same behind one record that makes the input from pixels; null without an input. */
  readonly fromPixels: Program | null;
}

/** Addresses of a batch's pixels and of their table. */
export interface Pixels {
  readonly bytes: number;
  readonly table: number;
}

/** Fills the record of an op, by its kind. */
const RECORDS: { readonly [K in Op['kind']]: (op: Extract<Op, { kind: K }>, record: RecordBuilder) => void } =
  {
    ...products,
    ...elementwise,
    ...pools,
    ...normalisation,
    softmaxCrossEntropy,
    sgd,
  };

/** Writes the records of programs, and takes the regions that they lie in. */
export class RecordWriter {
  readonly tables: Table[] = [];
  readonly #shared: Surroundings;

  constructor(
    plan: Plan,
    threads: number,
    arena: number,
    sites: number,
    regions: Regions,
    choice: KernelChoice,
  ) {
    const scratchBytes: number = layout.SCRATCH_OPERANDS;
    this.#shared = { plan, threads, choice, arena, sites, regions, tables: this.tables, scratchBytes };
  }

  /** Bytes of the largest scratch region that an op needs. */
  get scratchBytes(): number {
    return this.#shared.scratchBytes;
  }

  program(ops: readonly Op[], input: TensorId | null, pixels: Pixels): StepProgram {
    const records = ops.flatMap((op) => {
      const record = new RecordBuilder(this.#shared);
      const fill = RECORDS[op.kind] as (op: Op, record: RecordBuilder) => void;
      fill(op, record);
      return record.records();
    });
    if (input !== null) records.unshift(this.#pixels(input, pixels));
    const { regions } = this.#shared;
    const address = regions.take(records.length * layout.RECORD_BYTES);
    records.forEach((words, index) => {
      this.tables.push({ address: address + index * layout.RECORD_BYTES, words });
    });
    const all = { address, length: records.length };
    if (input === null) return { ops: all, fromPixels: null };
    return { ops: { address: address + layout.RECORD_BYTES, length: all.length - 1 }, fromPixels: all };
  }

  #pixels(input: TensorId, { bytes, table }: Pixels): Int32Array {
    const record = new RecordBuilder(this.#shared);
    record.put(layout.KIND, layout.KIND_PIXELS);
    record.put(layout.LHS, bytes);
    record.put(layout.RHS, table);
    record.operand(layout.OUT, input);
    record.put(layout.SIZE, record.perExample(input));
    return record.words;
  }
}

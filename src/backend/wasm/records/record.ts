/**
 * One record at work: int32 words at the offsets of assembly/layout.ts, with every address resolved. What an op puts into its
 * record is in the files beside this one, a file for each family.
 */
import type { Convert, Plan, Tensor, TensorId, Window } from '../../../plan/index.js';
import { elements } from '../../../plan/index.js';
import * as layout from '../layout.generated.js';
import type { KernelChoice } from '../choice.js';
import type { Regions } from '../regions.js';
import type { Tiling } from '../tiling.js';

/** Words to be stored at an address. */
export interface Table {
  readonly address: number;
  readonly words: Int32Array;
}

/** What all records of a plan share: where things lie, and what the records turn out to need. */
export interface Surroundings {
  readonly plan: Plan;
  readonly threads: number;
  readonly choice: KernelChoice;
  /** Addresses of the arena and of the first rounding site. */
  readonly arena: number;
  readonly sites: number;
  readonly regions: Regions;
  readonly tables: Table[];
  /** Bytes of the largest scratch region that an op needs. */
  scratchBytes: number;
}

const TYPES = {
  uint8: layout.TYPE_U8,
  int16: layout.TYPE_I16,
  int32: layout.TYPE_I32,
  float32: layout.TYPE_F32,
} as const;

/** Builds one record field by field. */
export class RecordBuilder {
  readonly words = new Int32Array(layout.RECORD_BYTES >> 2);
  readonly #shared: Surroundings;
  #end: number | null = null;

  constructor(shared: Surroundings) {
    this.#shared = shared;
  }

  get plan(): Plan {
    return this.#shared.plan;
  }

  get threads(): number {
    return this.#shared.threads;
  }

  get choice(): KernelChoice {
    return this.#shared.choice;
  }

  put(field: number, value: number): void {
    this.words[field >> 2] = value;
  }

  get(field: number): number {
    return this.words[field >> 2]!;
  }

  tensor(id: TensorId): Tensor {
    return this.plan.tensors[id]!;
  }

  typeOf(id: TensorId): number {
    return TYPES[this.tensor(id).storage];
  }

  address(id: TensorId): number {
    return this.#shared.arena + this.tensor(id).offset;
  }

  /** Address and element type of a tensor, in consecutive fields. */
  operand(field: number, id: TensorId): void {
    this.put(field, this.address(id));
    this.put(field + 4, this.typeOf(id));
  }

  perExample(id: TensorId): number {
    const { shape, batched } = this.tensor(id);
    return elements(batched ? shape.slice(1) : shape);
  }

  /** The address of a rounding site, 0 in float32. */
  convert(field: number, convert: Convert | null): void {
    this.put(field, convert ? this.#shared.sites + convert.statistics * layout.SITE_BYTES : 0);
  }

  window(window: Window): void {
    this.put(layout.HEIGHT, window.height);
    this.put(layout.WIDTH, window.width);
    this.put(layout.CHANNELS, window.channels);
    this.put(layout.KERNEL_HEIGHT, window.kernelHeight);
    this.put(layout.KERNEL_WIDTH, window.kernelWidth);
    this.put(layout.STRIDE_Y, window.strideY);
    this.put(layout.STRIDE_X, window.strideX);
    this.put(layout.PAD_TOP, window.padTop);
    this.put(layout.PAD_LEFT, window.padLeft);
    this.put(layout.OUT_HEIGHT, window.outHeight);
    this.put(layout.OUT_WIDTH, window.outWidth);
  }

  /** Sizes of a tiling, and room for its scratch region. */
  scratch({ fields, bytes }: Tiling): void {
    for (const [field, value] of fields) this.put(field, value);
    this.#shared.scratchBytes = Math.max(this.#shared.scratchBytes, bytes);
  }

  /** Stores a table and puts its address. */
  table(field: number, words: Int32Array): void {
    const address = this.#shared.regions.take(words.byteLength);
    this.#shared.tables.push({ address, words });
    this.put(field, address);
  }

  /** The threads share the sums out over the batch; a second record of this kind adds their parts up. */
  addUpBy(kind: number): void {
    this.#end = kind;
  }

  /** The record, and the one that adds up: the same by another kind. */
  records(): Int32Array[] {
    if (this.#end === null) return [this.words];
    const end = this.words.slice();
    end[layout.KIND >> 2] = this.#end;
    return [this.words, end];
  }
}

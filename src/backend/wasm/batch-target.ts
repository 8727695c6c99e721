/**
 * The destination of a program's examples: its input, or a region of pixels from which a record makes the
 * input.
 */
import type { Plan, TensorId } from '../../plan/index.js';
import { PIXEL_VALUES, type Batch, type TensorData } from '../contract.js';
import type { Program, StepProgram } from './records/index.js';
import type { SessionMemory } from './memory.js';

export class BatchTarget {
  readonly ops: Program;
  /** Only the record that makes the input from pixels. */
  readonly pixels: Program | null;
  readonly #fromPixels: Program | null;
  // Views that are made once; null without an input, or without labels.
  readonly #inputs: TensorData | null = null;
  readonly #bytes: TensorData | null = null;
  readonly #table: TensorData | null = null;
  readonly #labels: TensorData | null = null;

  constructor(plan: Plan, input: TensorId | null, { ops, fromPixels }: StepProgram, memory: SessionMemory) {
    this.ops = ops;
    this.#fromPixels = fromPixels;
    this.pixels = fromPixels && { address: fromPixels.address, length: 1 };
    if (plan.labels !== null) this.#labels = memory.view(plan.tensors[plan.labels]!);
    if (input === null) return;
    const tensor = plan.tensors[input]!;
    const { bytes, table } = memory.encoded.pixels;
    this.#inputs = memory.view(tensor);
    this.#bytes = memory.array('uint8', bytes, this.#inputs.length);
    this.#table = memory.array(tensor.storage, table, PIXEL_VALUES);
  }

  /** Copies a batch in, and returns the program that runs it. */
  put({ inputs, pixelTable, labels }: Batch): Program {
    this.#labels?.set(labels);
    if (pixelTable === undefined) {
      this.#inputs?.set(inputs);
      return this.ops;
    }
    this.#bytes?.set(inputs);
    this.#table?.set(pixelTable);
    return this.#fromPixels ?? this.ops;
  }
}

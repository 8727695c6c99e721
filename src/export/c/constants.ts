/**
 * The constant arrays of the generated C: weights with the outputs first, so that a sum walks both operands side by side; biases;
 * and what batch normalisation makes of its running statistics, which are constants in an inference.
 */
import { UnsupportedError } from '../../backend/index.js';
import { formatText, inverseRoot } from '../../numerics/index.js';
import type { BatchNormOp, RunningMomentsOp, Tensor, TensorId } from '../../plan/index.js';
import { Names } from '../files.js';
import type { ExportSubject, ExportTensor, Integers } from '../subject.js';
import { constantArray, typeOf } from './text.js';

/** A channel's shift is this less half the shift of its variance (docs/numerics.md, section "Batch normalisation"). */
const WHOLE_SHIFT = 44;

/** A parameter as a C array. */
export interface CArray {
  readonly name: string;
  readonly type: string;
  /** In the order in which the array holds it. */
  readonly tensor: ExportTensor;
}

/** Collects the arrays that ops ask for. */
export class Constants {
  /** Their definitions, in the order in which they were asked for. */
  readonly definitions: string[] = [];
  sizeBytes = 0;
  readonly #subject: ExportSubject;
  readonly #names = new Names();
  readonly #arrays = new Map<TensorId, CArray>();
  readonly #registers = new Map<TensorId, string>();

  constructor(subject: ExportSubject) {
    this.#subject = subject;
  }

  /** The plan's tensor. */
  tensor(id: TensorId): Tensor {
    return this.#subject.plan.tensors[id]!;
  }

  /** A weight [terms, outputs] as an array [outputs, terms]; `layout` is for its comment. */
  weights(id: TensorId, outputs: number, layout: string): CArray {
    const tensor = this.#stored(id);
    const terms = tensor.data.length / outputs;
    const data = tensor.data.map((_, i) => tensor.data[(i % terms) * outputs + Math.floor(i / terms)]!);
    return this.#array(id, { ...tensor, data }, layout);
  }

  /** A vector of parameters. */
  parameter(id: TensorId): CArray {
    const tensor = this.#stored(id);
    return this.#array(id, tensor, `[${tensor.shape.join(', ')}]`);
  }

  /** A table of an op; returns its name. */
  table(name: string, comment: string, values: Integers | readonly number[]): string {
    const own = this.#names.take(name);
    this.definitions.push(constantArray(`${name}: ${comment}`, 'int32_t', own, values));
    this.sizeBytes += 4 * values.length;
    return own;
  }

  /** Computes the registers [3, channels] of running statistics: mean, mantissa of the inverse deviation, shift. */
  setRegisters(op: RunningMomentsOp): void {
    const { channels, width, epsilon } = op;
    const [mean, variance] = [this.#stored(op.mean).data, this.#stored(op.variance).data];
    const values = new Int32Array(3 * channels);
    for (let c = 0; c < channels; c++) {
      const spread = rounded(BigInt(Math.max(0, variance[c]!)), 33 - 2 * width) + BigInt(epsilon);
      const { mantissa, halfShift } = inverseRoot(spread);
      values[c] = Number(rounded(BigInt(mean[c]!), 32 - width));
      values[channels + c] = mantissa;
      values[2 * channels + c] = WHOLE_SHIFT - halfShift;
    }
    const comment = `[3, ${channels}]: mean, mantissa and shift of the inverse deviation`;
    this.#registers.set(op.registers, this.table(`${op.layer}/registers`, comment, values));
  }

  /** Name of the registers of a normalisation. */
  registers({ registers, layer }: BatchNormOp): string {
    const name = this.#registers.get(registers);
    if (name !== undefined) return name;
    throw new UnsupportedError(
      `${layer}: statistics of a batch cannot be exported to C; they belong to training`,
    );
  }

  #array(id: TensorId, tensor: ExportTensor, layout: string): CArray {
    const known = this.#arrays.get(id);
    if (known) return known;
    const { format, data } = tensor;
    const array = { name: this.#names.take(tensor.name), type: typeOf(format), tensor };
    const comment = `${tensor.name} ${formatText(format)}, ${layout}`;
    this.definitions.push(constantArray(comment, array.type, array.name, data));
    this.sizeBytes += data.byteLength;
    this.#arrays.set(id, array);
    return array;
  }

  #stored(id: TensorId): ExportTensor {
    const { name } = this.tensor(id);
    const tensor = this.#subject.tensors.find((known) => known.name === name);
    if (tensor) return tensor;
    throw new UnsupportedError(`${name}: an operand must be a parameter of the network to be exported to C`);
  }
}

/** value / 2^bits to nearest, halves up; a left shift where `bits` is not above 0. */
function rounded(value: bigint, bits: number): bigint {
  return bits <= 0 ? value << BigInt(-bits) : (value + (1n << BigInt(bits - 1))) >> BigInt(bits);
}

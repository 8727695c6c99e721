/**
 * The ops of a plan as records of int32 words (assembly/layout.ts has the fields), with every address resolved. What is
 * around them, sites, counters and scratch, is in encode.ts.
 */
import { wordLength, type Format, type NumberFormat } from '../../numerics/index.js';
import type { Convert, MaxPoolGradientOp, Op, Plan, TensorId, Window } from '../../plan/index.js';
import type { KernelChoice } from './choice.js';
import * as layout from './layout.generated.js';
import type { Regions } from './regions.js';
import {
  tileBatchNorm,
  tileBiasGradient,
  tileMaxPoolGradient,
  tileProduct,
  type ProductOp,
  type Tiling,
} from './tiling.js';

/** Words to be stored at an address. */
export interface Table {
  readonly address: number;
  readonly words: Int32Array;
}

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

const TYPES = {
  uint8: layout.TYPE_U8,
  int16: layout.TYPE_I16,
  int32: layout.TYPE_I32,
  float32: layout.TYPE_F32,
} as const;

const AXES = { m: 1, k: 2 } as const;

/** True where every raw integer of `from` is one of `to`. */
function inside(from: NumberFormat | null, to: Format): boolean {
  return from !== null && from !== 'float32' && wordLength(from) <= wordLength(to);
}

/** The kind of the record that adds up what threads have summed; null for an op of one record. */
function endOf(op: Op, tiled: boolean): number | null {
  switch (op.kind) {
    case 'conv2dWeightGradient':
      return tiled ? layout.KIND_CONV_WEIGHT_GRADIENT_END : null;
    case 'biasGradient':
      return op.convert && layout.KIND_BIAS_GRADIENT_END;
    case 'batchMoments':
      return op.meanConvert && layout.KIND_BATCH_MOMENTS_END;
    case 'batchNormGradient':
      return op.gammaConvert && layout.KIND_BATCH_NORM_GRADIENT_END;
    default:
      return null;
  }
}

/** Writes the records of programs, and takes the regions that they lie in. */
export class RecordWriter {
  readonly tables: Table[] = [];
  /** Bytes of the largest scratch region that an op needs. */
  scratchBytes: number = layout.SCRATCH_OPERANDS;
  readonly #plan: Plan;
  readonly #threads: number;
  readonly #arena: number;
  readonly #sites: number;
  readonly #regions: Regions;
  readonly #choice: KernelChoice;
  #words = new Int32Array(0);

  constructor(
    plan: Plan,
    threads: number,
    arena: number,
    sites: number,
    regions: Regions,
    choice: KernelChoice,
  ) {
    this.#plan = plan;
    this.#threads = threads;
    this.#arena = arena;
    this.#sites = sites;
    this.#regions = regions;
    this.#choice = choice;
  }

  program(ops: readonly Op[], input: TensorId | null, pixels: Pixels): StepProgram {
    const records: Int32Array[] = [];
    if (input !== null) records.push(this.#pixels(input, pixels));
    for (const op of ops) {
      this.#words = new Int32Array(layout.RECORD_BYTES >> 2);
      this.#op(op);
      records.push(this.#words);
      const second = this.#secondRecord(op);
      if (second) records.push(second);
    }
    const address = this.#regions.take(records.length * layout.RECORD_BYTES);
    records.forEach((words, index) => {
      this.tables.push({ address: address + index * layout.RECORD_BYTES, words });
    });
    const all = { address, length: records.length };
    if (input === null) return { ops: all, fromPixels: null };
    return { ops: { address: address + layout.RECORD_BYTES, length: all.length - 1 }, fromPixels: all };
  }

  /** Sums that the threads share out over the batch are added up in a record of their own: the first one, by another name. */
  #secondRecord(op: Op): Int32Array | null {
    const tiled = this.#words[layout.PATH >> 2] === layout.PATH_TILED;
    const end = endOf(op, tiled);
    if (end === null) return null;
    const words = this.#words.slice();
    words[layout.KIND >> 2] = end;
    return words;
  }

  #pixels(input: TensorId, { bytes, table }: Pixels): Int32Array {
    this.#words = new Int32Array(layout.RECORD_BYTES >> 2);
    this.#put(layout.KIND, layout.KIND_PIXELS);
    this.#put(layout.LHS, bytes);
    this.#put(layout.RHS, table);
    this.#operand(layout.OUT, input);
    this.#put(layout.SIZE, this.#perExample(input));
    return this.#words;
  }

  #put(field: number, value: number): void {
    this.#words[field >> 2] = value;
  }

  #tensor(id: TensorId) {
    const tensor = this.#plan.tensors[id];
    if (!tensor) throw new Error(`internal: wasm: the plan has no tensor ${String(id)}`);
    return tensor;
  }

  /** Address and element type of a tensor, in consecutive fields. */
  #operand(field: number, id: TensorId): void {
    const tensor = this.#tensor(id);
    this.#put(field, this.#arena + tensor.offset);
    this.#put(field + 4, TYPES[tensor.storage]);
  }

  #perExample(id: TensorId): number {
    const { shape, batched } = this.#tensor(id);
    return (batched ? shape.slice(1) : shape).reduce((product, size) => product * size, 1);
  }

  #convert(field: number, convert: Convert | null): void {
    this.#put(field, convert ? this.#sites + convert.statistics * layout.SITE_BYTES : 0);
  }

  #window(window: Window): void {
    this.#put(layout.HEIGHT, window.height);
    this.#put(layout.WIDTH, window.width);
    this.#put(layout.CHANNELS, window.channels);
    this.#put(layout.KERNEL_HEIGHT, window.kernelHeight);
    this.#put(layout.KERNEL_WIDTH, window.kernelWidth);
    this.#put(layout.STRIDE_Y, window.strideY);
    this.#put(layout.STRIDE_X, window.strideX);
    this.#put(layout.PAD_TOP, window.padTop);
    this.#put(layout.PAD_LEFT, window.padLeft);
    this.#put(layout.OUT_HEIGHT, window.outHeight);
    this.#put(layout.OUT_WIDTH, window.outWidth);
  }

  #accumulator(op: Extract<Op, { accumulator: unknown }>): void {
    const { accumulator } = op;
    if (accumulator === 'exact') {
      this.#put(layout.ACCUMULATOR, layout.EXACT);
      return;
    }
    this.#put(layout.ACCUMULATOR, accumulator.overflow === 'wrap' ? layout.WRAP : layout.SATURATE);
    this.#put(layout.ACCUMULATOR_WIDTH, accumulator.width);
  }

  #bias(bias: TensorId | null, shift: number): void {
    if (bias === null) return;
    this.#operand(layout.BIAS, bias);
    this.#put(layout.BIAS_SHIFT, shift);
  }

  /** Cuts a product into tiles. Sums that saturate after every product keep their order instead. */
  #tile(op: ProductOp): void {
    const saturates = op.accumulator !== 'exact' && op.accumulator.overflow === 'saturate';
    if (!saturates) this.#scratch(tileProduct(this.#plan, op, this.#threads, this.#choice));
  }

  #scratch({ fields, bytes }: Tiling): void {
    for (const [field, value] of fields) this.#put(field, value);
    this.scratchBytes = Math.max(this.scratchBytes, bytes);
  }

  /** True where each cell gets at most one error, of int16, and in the format that it has. */
  #isDirect({ dOutput, out, window, convert }: MaxPoolGradientOp): boolean {
    const overlap = window.strideY < window.kernelHeight || window.strideX < window.kernelWidth;
    if (overlap || convert?.drop !== 0) return false;
    const [from, to] = [dOutput, out].map((id) => this.#tensor(id));
    // Without dropped bits the formats differ in their integer bits at most.
    return from?.storage === 'int16' && to?.storage === 'int16' && inside(from.format, convert.format);
  }

  /** Reciprocals of cell counts: integers, or the values themselves in float32. */
  #reciprocals(table: readonly number[]): void {
    const address = this.#regions.take(table.length * 4);
    const words =
      this.#plan.arithmetic === 'fixed'
        ? Int32Array.from(table)
        : new Int32Array(Float32Array.from(table, (_, cells) => (cells === 0 ? 0 : 1 / cells)).buffer);
    this.tables.push({ address, words });
    this.#put(layout.TABLE, address);
  }

  #op(op: Op): void {
    switch (op.kind) {
      case 'matmul':
        this.#put(layout.KIND, layout.KIND_MATMUL);
        this.#operand(layout.LHS, op.lhs);
        this.#operand(layout.RHS, op.rhs);
        this.#operand(layout.OUT, op.out);
        this.#bias(op.bias, op.biasShift);
        this.#put(layout.M, op.m);
        this.#put(layout.N, op.n);
        this.#put(layout.K, op.k);
        this.#put(layout.BATCH_AXIS, op.batchAxis ? AXES[op.batchAxis] : 0);
        this.#put(layout.TRANSPOSE_LHS, Number(op.transposeLhs));
        this.#put(layout.TRANSPOSE_RHS, Number(op.transposeRhs));
        this.#accumulator(op);
        this.#convert(layout.CONVERT, op.convert);
        this.#tile(op);
        break;
      case 'conv2d':
        this.#put(layout.KIND, layout.KIND_CONV);
        this.#operand(layout.LHS, op.input);
        this.#operand(layout.RHS, op.weight);
        this.#operand(layout.OUT, op.out);
        this.#bias(op.bias, op.biasShift);
        this.#convolution(op);
        this.#tile(op);
        break;
      case 'conv2dInputGradient':
        this.#put(layout.KIND, layout.KIND_CONV_INPUT_GRADIENT);
        this.#operand(layout.LHS, op.dOutput);
        this.#operand(layout.RHS, op.weight);
        this.#operand(layout.OUT, op.out);
        this.#convolution(op);
        this.#tile(op);
        break;
      case 'conv2dWeightGradient':
        this.#put(layout.KIND, layout.KIND_CONV_WEIGHT_GRADIENT);
        this.#operand(layout.LHS, op.input);
        this.#operand(layout.RHS, op.dOutput);
        this.#operand(layout.OUT, op.out);
        this.#convolution(op);
        this.#tile(op);
        break;
      case 'biasGradient':
        this.#put(layout.KIND, layout.KIND_BIAS_GRADIENT);
        this.#operand(layout.LHS, op.dOutput);
        this.#operand(layout.OUT, op.out);
        this.#put(layout.N, op.n);
        this.#put(layout.SIZE, op.rowsPerExample);
        this.#convert(layout.CONVERT, op.convert);
        if (op.convert !== null) this.#scratch(tileBiasGradient(op));
        break;
      case 'relu':
        this.#put(layout.KIND, layout.KIND_RELU);
        this.#operand(layout.LHS, op.input);
        this.#operand(layout.OUT, op.out);
        this.#put(layout.SIZE, this.#perExample(op.out));
        break;
      case 'reluGradient':
        this.#put(layout.KIND, layout.KIND_RELU_GRADIENT);
        this.#operand(layout.LHS, op.output);
        this.#operand(layout.RHS, op.dOutput);
        this.#operand(layout.OUT, op.out);
        this.#put(layout.SIZE, this.#perExample(op.out));
        break;
      case 'add':
        this.#put(layout.KIND, layout.KIND_ADD);
        this.#operand(layout.LHS, op.lhs);
        this.#operand(layout.RHS, op.rhs);
        this.#operand(layout.OUT, op.out);
        this.#put(layout.SIZE, this.#perExample(op.out));
        this.#put(layout.SHIFT_LHS, op.shifts.lhs);
        this.#put(layout.SHIFT_RHS, op.shifts.rhs);
        this.#convert(layout.CONVERT, op.convert);
        break;
      case 'maxPool':
        this.#put(layout.KIND, layout.KIND_MAX_POOL);
        this.#operand(layout.LHS, op.input);
        this.#operand(layout.OUT, op.out);
        if (op.position !== null) this.#operand(layout.EXTRA, op.position);
        this.#window(op.window);
        break;
      case 'maxPoolGradient':
        this.#put(layout.KIND, layout.KIND_MAX_POOL_GRADIENT);
        this.#operand(layout.LHS, op.dOutput);
        this.#operand(layout.EXTRA, op.position);
        this.#operand(layout.OUT, op.out);
        this.#window(op.window);
        this.#convert(layout.CONVERT, op.convert);
        this.#put(layout.DIRECT, Number(this.#isDirect(op)));
        this.#scratch(tileMaxPoolGradient(op));
        break;
      case 'averagePool':
        this.#put(layout.KIND, layout.KIND_AVERAGE_POOL);
        this.#operand(layout.LHS, op.input);
        this.#operand(layout.OUT, op.out);
        this.#window(op.window);
        this.#reciprocals(op.reciprocals);
        this.#convert(layout.CONVERT, op.convert);
        break;
      case 'averagePoolGradient':
        this.#put(layout.KIND, layout.KIND_AVERAGE_POOL_GRADIENT);
        this.#operand(layout.LHS, op.dOutput);
        this.#operand(layout.OUT, op.out);
        this.#window(op.window);
        this.#reciprocals(op.reciprocals);
        this.#convert(layout.CONVERT, op.convert);
        break;
      case 'batchMoments':
        this.#put(layout.KIND, layout.KIND_BATCH_MOMENTS);
        this.#operand(layout.LHS, op.input);
        this.#normalisation(op);
        this.#moments(op);
        this.#put(layout.SIZE, op.rowsPerExample);
        this.#put(layout.NORM_RATE, op.rate);
        this.#convert(layout.CONVERT, op.meanConvert);
        this.#convert(layout.CONVERT_PARAMETER, op.varianceConvert);
        if (op.meanConvert !== null) this.#scratch(tileBatchNorm(op));
        break;
      case 'runningMoments':
        this.#put(layout.KIND, layout.KIND_RUNNING_MOMENTS);
        this.#put(layout.LHS_TYPE, TYPES[this.#tensor(op.mean).storage]);
        this.#normalisation(op);
        this.#moments(op);
        break;
      case 'batchNorm':
        this.#put(layout.KIND, layout.KIND_BATCH_NORM);
        this.#operand(layout.LHS, op.input);
        this.#operand(layout.OUT, op.out);
        this.#operand(layout.NORM_GAMMA, op.gamma);
        this.#operand(layout.NORM_BETA, op.beta);
        this.#normalisation(op);
        this.#put(layout.SIZE, this.#perExample(op.out) / op.channels);
        this.#put(layout.NORM_SHIFT_GAMMA, op.shifts.gamma);
        this.#put(layout.NORM_SHIFT_BETA, op.shifts.beta);
        this.#convert(layout.CONVERT, op.convert);
        break;
      case 'batchNormGradient':
        this.#put(layout.KIND, layout.KIND_BATCH_NORM_GRADIENT);
        this.#operand(layout.LHS, op.input);
        this.#operand(layout.RHS, op.dOutput);
        this.#operand(layout.OUT, op.dGamma);
        this.#operand(layout.NORM_GAMMA, op.gamma);
        this.#operand(layout.NORM_BETA, op.dBeta);
        this.#normalisation(op);
        this.#put(layout.NORM_FACTORS, this.#address(op.factors));
        this.#put(layout.SIZE, op.rowsPerExample);
        this.#put(layout.NORM_ERROR_BITS, op.errorBits);
        this.#put(layout.NORM_FACTOR_SHIFT, op.factorShift);
        this.#convert(layout.CONVERT, op.gammaConvert);
        this.#convert(layout.CONVERT_PARAMETER, op.betaConvert);
        if (op.gammaConvert !== null) this.#scratch(tileBatchNorm(op));
        break;
      case 'batchNormInputGradient':
        this.#put(layout.KIND, layout.KIND_BATCH_NORM_INPUT_GRADIENT);
        this.#operand(layout.LHS, op.input);
        this.#operand(layout.RHS, op.dOutput);
        this.#operand(layout.OUT, op.out);
        this.#normalisation(op);
        this.#put(layout.NORM_FACTORS, this.#address(op.factors));
        this.#put(layout.SIZE, this.#perExample(op.out) / op.channels);
        this.#put(layout.NORM_ERROR_BITS, op.errorBits);
        this.#convert(layout.CONVERT, op.convert);
        break;
      case 'dropout':
        this.#put(layout.KIND, layout.KIND_DROPOUT);
        this.#operand(layout.LHS, op.input);
        this.#operand(layout.OUT, op.out);
        this.#put(layout.SIZE, this.#perExample(op.out));
        this.#put(layout.EXTRA, op.maskHash);
        this.#put(layout.THRESHOLD, op.threshold);
        this.#put(layout.SCALE, op.scale);
        this.#convert(layout.CONVERT, op.convert);
        break;
      case 'softmaxCrossEntropy': {
        const { format } = this.#tensor(op.logits);
        this.#put(layout.KIND, layout.KIND_SOFTMAX);
        this.#operand(layout.LHS, op.logits);
        this.#operand(layout.EXTRA, op.labels);
        if (op.error !== null) this.#operand(layout.OUT, op.error);
        this.#put(layout.PROBABILITIES, this.#arena + this.#tensor(op.probabilities).offset);
        this.#put(layout.SIZE, op.classes);
        this.#put(layout.FRACTION_BITS, format === null || format === 'float32' ? 0 : format.fl);
        this.#convert(layout.CONVERT, op.convert);
        break;
      }
      case 'sgd':
        this.#put(layout.KIND, layout.KIND_SGD);
        this.#operand(layout.OUT, op.parameter);
        this.#operand(layout.RHS, op.gradient);
        this.#operand(layout.EXTRA, op.update);
        this.#put(layout.SIZE, this.#perExample(op.parameter));
        this.#put(layout.GROUP, op.group);
        this.#put(layout.DECAYS, Number(op.decays));
        this.#put(layout.SHIFT_UPDATE, op.shifts.update);
        this.#put(layout.SHIFT_GRADIENT, op.shifts.gradient);
        this.#put(layout.SHIFT_PARAMETER, op.shifts.parameter);
        this.#put(layout.SUM_SHIFT_PARAMETER, op.sumShifts.parameter);
        this.#put(layout.SUM_SHIFT_UPDATE, op.sumShifts.update);
        this.#convert(layout.CONVERT, op.updateConvert);
        this.#convert(layout.CONVERT_PARAMETER, op.parameterConvert);
        break;
    }
  }

  #address(id: TensorId): number {
    return this.#arena + this.#tensor(id).offset;
  }

  /** What the ops of a batch normalisation have in common. */
  #normalisation(op: { registers: TensorId; channels: number; extraBits: number }): void {
    this.#put(layout.NORM_REGISTERS, this.#address(op.registers));
    this.#put(layout.N, op.channels);
    this.#put(layout.NORM_EXTRA_BITS, op.extraBits);
  }

  /** Running statistics and epsilon, of 64 bits. */
  #moments(op: { mean: TensorId; variance: TensorId; epsilon: number; width: number }): void {
    this.#put(layout.NORM_MEAN, this.#address(op.mean));
    this.#put(layout.NORM_VARIANCE, this.#address(op.variance));
    this.#put(layout.NORM_WIDTH, op.width);
    const words =
      this.#plan.arithmetic === 'fixed'
        ? new Int32Array(BigInt64Array.of(BigInt(op.epsilon)).buffer)
        : new Int32Array(Float64Array.of(op.epsilon * 2 ** -40).buffer);
    this.#put(layout.NORM_EPSILON, words[0]!);
    this.#put(layout.NORM_EPSILON_HIGH, words[1]!);
  }

  #convolution(op: Extract<Op, { kind: 'conv2d' | 'conv2dInputGradient' | 'conv2dWeightGradient' }>): void {
    this.#window(op.window);
    this.#put(layout.OUT_CHANNELS, op.outChannels);
    this.#accumulator(op);
    this.#convert(layout.CONVERT, op.convert);
  }
}

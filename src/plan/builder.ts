/**
 * Builds a plan op by op. Layers (or a test) say which tensors an op connects; the builder derives every size, shift
 * and rounding site, checks shapes, formats and accumulators, and lays out memory in `finish`. It computes nothing.
 * Derived in docs/plan.md. Errors name the layer, the rule, what was given and the way out.
 */
import { storageOf, type Accumulator, type NumberFormat, type Storage } from '../numerics/index.js';
import { proveAccumulator } from './checks.js';
import { ShapeError, shapeText } from './errors.js';
import { planMemory } from './memory.js';
import type { Convert, Op, Plan, Tensor, TensorId, Window } from './ops.js';
import { SiteRegistry, type SiteSettings } from './sites.js';
import { alignUpdate, fractionBits, magnitudeBits } from './update-alignment.js';
import { convolutionShapes, elements, matrixShape, poolShapes, reciprocalTable } from './shapes.js';

export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly batched: boolean;
  readonly role: Tensor['role'];
  /** Ignored for labels and positions. In a float32 plan: `float32`. */
  readonly format: NumberFormat | null;
  readonly persistent?: boolean;
}

/** The tensors that a finished plan names. */
export type PlanEnds = Partial<
  Pick<
    Plan,
    | 'trainInput'
    | 'evaluateInput'
    | 'labels'
    | 'logits'
    | 'probabilities'
    | 'parameters'
    | 'updates'
    | 'groups'
  >
>;

const BYTES: Readonly<Record<Storage, number>> = { uint8: 1, int16: 2, int32: 4, float32: 4 };
/** Fraction bits of probabilities, optimiser coefficients and reciprocals. */
const COEFFICIENT_BITS = 30;
/** Fraction bits of the dropout scale. */
const SCALE_BITS = 24;

/** Number of bits that hold 0 .. n-1: ceil(log2 n). */
function bitsFor(n: number): number {
  return n <= 1 ? 0 : 32 - Math.clz32(n - 1);
}

export class PlanBuilder {
  readonly arithmetic: 'fixed' | 'float32';
  readonly batch: number;
  /** Parameter gradients are stored as 2^-gradientShift * sum over the batch. */
  readonly gradientShift: number;
  readonly #name: string;
  readonly #tensors: Tensor[] = [];
  readonly #sites = new SiteRegistry();
  readonly #programs = { train: [] as Op[], evaluate: [] as Op[] };
  #program: 'train' | 'evaluate' = 'train';
  #layer = '';
  #phase: Op['phase'] = 'forward';

  constructor(options: { name: string; arithmetic: 'fixed' | 'float32'; batch: number }) {
    if (!Number.isInteger(options.batch) || options.batch < 1 || options.batch > 1 << 20) {
      throw new RangeError(`batch: must be a whole number from 1 to 1048576, got ${String(options.batch)}`);
    }
    this.#name = options.name;
    this.arithmetic = options.arithmetic;
    this.batch = options.batch;
    this.gradientShift = options.arithmetic === 'fixed' ? bitsFor(options.batch) : 0;
  }

  /** Following tensors and ops belong to this program; tensors of an evaluation are named `inference/...`. */
  program(program: 'train' | 'evaluate'): this {
    this.#program = program;
    return this;
  }

  /** Following ops are emitted by this layer. */
  layer(name: string, phase: Op['phase'] = 'forward'): this {
    this.#layer = name;
    this.#phase = phase;
    return this;
  }

  /** Adds a tensor; its batch dimension comes first in `shape` where `batched`. */
  tensor(spec: TensorSpec): TensorId {
    const name = this.#program === 'evaluate' ? `inference/${spec.name}` : spec.name;
    if (this.#tensors.some((tensor) => tensor.name === name)) {
      throw new TypeError(`${name}: two tensors have this name; give each layer a name of its own`);
    }
    if (spec.batched && spec.shape[0] !== this.batch) {
      throw new ShapeError(
        `${name}: a batched tensor starts with the batch size ${String(this.batch)}, got ${shapeText(spec.shape)}`,
      );
    }
    const id = this.#tensors.length;
    const { format, storage } = this.#elementType(spec);
    this.#tensors.push({
      id,
      name,
      shape: spec.shape,
      batched: spec.batched,
      role: spec.role,
      format,
      storage,
      persistent: spec.persistent ?? false,
      offset: 0,
      sizeBytes: elements(spec.shape) * BYTES[storage],
    });
    return id;
  }

  /** The tensor as it stands; its offset is known after `finish`. */
  get(id: TensorId): Tensor {
    const tensor = this.#tensors[id];
    if (!tensor) throw new RangeError(`plan: there is no tensor ${String(id)}`);
    return tensor;
  }

  /** The tensor of that name in the current program. */
  find(name: string): TensorId {
    const full = this.#program === 'evaluate' ? `inference/${name}` : name;
    const tensor = this.#tensors.find((candidate) => candidate.name === full);
    if (!tensor) throw new RangeError(`plan: there is no tensor ${full}`);
    return tensor.id;
  }

  /** The tensor keeps its value after the step and shares memory with no other. */
  keep(id: TensorId): void {
    this.#tensors[id] = { ...this.get(id), persistent: true };
  }

  /** out = lhs rhs + bias, operands stored transposed where said. A gradient result is scaled by 2^-gradientShift. */
  matmul(
    args: {
      lhs: TensorId;
      rhs: TensorId;
      bias?: TensorId | null;
      out: TensorId;
      transposeLhs?: boolean;
      transposeRhs?: boolean;
      accumulator?: Accumulator;
    } & SiteSettings,
  ): void {
    const lhs = this.get(args.lhs);
    const rhs = this.get(args.rhs);
    const out = this.get(args.out);
    const transposeLhs = args.transposeLhs ?? false;
    const transposeRhs = args.transposeRhs ?? false;
    const [lhsRows, lhsColumns] = matrixShape(lhs.shape);
    const [rhsRows, rhsColumns] = matrixShape(rhs.shape);
    const [m, k] = transposeLhs ? [lhsColumns, lhsRows] : [lhsRows, lhsColumns];
    const [k2, n] = transposeRhs ? [rhsColumns, rhsRows] : [rhsRows, rhsColumns];
    if (k !== k2) {
      throw new ShapeError(
        `${this.#layer}: inner sizes must match, got ${shapeText(lhs.shape)} and ${shapeText(rhs.shape)} (${String(k)} vs ${String(k2)})`,
      );
    }
    this.#expectElements(out, m * n);
    const bias = args.bias ?? null;
    if (bias !== null) this.#expectElements(this.get(bias), n);
    const accumulator = args.accumulator ?? 'exact';
    const biasShift = this.#products(lhs, rhs, k, bias, accumulator);
    const batched = transposeLhs ? lhs.batched && rhs.batched : lhs.batched;
    this.#push({
      ...this.#base(),
      kind: 'matmul',
      lhs: args.lhs,
      rhs: args.rhs,
      bias,
      out: args.out,
      transposeLhs,
      transposeRhs,
      m,
      n,
      k,
      batchAxis: batched ? (transposeLhs ? 'k' : 'm') : null,
      biasShift,
      accumulator,
      convert: this.#convert(out, this.#productBits(lhs, rhs, out), args),
    });
  }

  /** Convolution of input [B,H,W,C] with weight [KH,KW,C,OC]. */
  conv2d(
    args: {
      input: TensorId;
      weight: TensorId;
      bias?: TensorId | null;
      out: TensorId;
      window: Window;
      accumulator?: Accumulator;
    } & SiteSettings,
  ): void {
    const input = this.get(args.input);
    const weight = this.get(args.weight);
    const out = this.get(args.out);
    const { outChannels, k } = convolutionShapes(this.#layer, args.window, input, weight, out);
    const bias = args.bias ?? null;
    if (bias !== null) this.#expectElements(this.get(bias), outChannels);
    const accumulator = args.accumulator ?? 'exact';
    const biasShift = this.#products(input, weight, k, bias, accumulator);
    this.#push({
      ...this.#base(),
      kind: 'conv2d',
      input: args.input,
      weight: args.weight,
      bias,
      out: args.out,
      window: args.window,
      outChannels,
      biasShift,
      accumulator,
      convert: this.#convert(out, this.#productBits(input, weight, out), args),
    });
  }

  /** Gradient of a convolution by its input. */
  conv2dInputGradient(
    args: {
      dOutput: TensorId;
      weight: TensorId;
      out: TensorId;
      window: Window;
      accumulator?: Accumulator;
    } & SiteSettings,
  ): void {
    const dOutput = this.get(args.dOutput);
    const weight = this.get(args.weight);
    const out = this.get(args.out);
    const { outChannels } = convolutionShapes(this.#layer, args.window, out, weight, dOutput);
    const accumulator = args.accumulator ?? 'exact';
    const { window } = args;
    this.#products(
      dOutput,
      weight,
      window.kernelHeight * window.kernelWidth * outChannels,
      null,
      accumulator,
    );
    const convert = this.#convert(out, this.#productBits(dOutput, weight, out), args);
    const { dOutput: dOutputId, weight: weightId, out: outId } = args;
    this.#push({
      ...this.#base(),
      kind: 'conv2dInputGradient',
      dOutput: dOutputId,
      weight: weightId,
      out: outId,
      window,
      outChannels,
      accumulator,
      convert,
    });
  }

  /** Gradient of a convolution by its weight, stored as 2^-gradientShift * sum. */
  conv2dWeightGradient(
    args: {
      input: TensorId;
      dOutput: TensorId;
      out: TensorId;
      window: Window;
      accumulator?: Accumulator;
    } & SiteSettings,
  ): void {
    const input = this.get(args.input);
    const dOutput = this.get(args.dOutput);
    const out = this.get(args.out);
    const { outChannels } = convolutionShapes(this.#layer, args.window, input, out, dOutput);
    const accumulator = args.accumulator ?? 'exact';
    const { window } = args;
    this.#products(input, dOutput, this.batch * window.outHeight * window.outWidth, null, accumulator);
    const convert = this.#convert(out, this.#productBits(input, dOutput, out), args);
    this.#push({
      ...this.#base(),
      kind: 'conv2dWeightGradient',
      input: args.input,
      dOutput: args.dOutput,
      out: args.out,
      window,
      outChannels,
      accumulator,
      convert,
    });
  }

  /** Sum of an error over all rows, [.., N] -> [N], stored as 2^-gradientShift * sum. */
  biasGradient(args: { dOutput: TensorId; out: TensorId } & SiteSettings): void {
    const dOutput = this.get(args.dOutput);
    const out = this.get(args.out);
    const n = dOutput.shape[dOutput.shape.length - 1]!;
    this.#expectElements(out, n);
    let rowsPerExample = 1;
    for (const size of dOutput.shape.slice(1, -1)) rowsPerExample *= size;
    const convert = this.#convert(out, fractionBits(dOutput) + this.gradientShift, args);
    this.#push({
      ...this.#base(),
      kind: 'biasGradient',
      dOutput: args.dOutput,
      out: args.out,
      rowsPerExample,
      n,
      convert,
    });
  }

  relu(args: { input: TensorId; out: TensorId }): void {
    this.#expectSame(this.get(args.input), this.get(args.out));
    this.#push({ ...this.#base(), kind: 'relu', ...args });
  }

  reluGradient(args: { output: TensorId; dOutput: TensorId; out: TensorId }): void {
    this.#expectSame(this.get(args.dOutput), this.get(args.out));
    this.#expectElements(this.get(args.output), elements(this.get(args.out).shape));
    this.#push({ ...this.#base(), kind: 'reluGradient', ...args });
  }

  maxPool(args: { input: TensorId; out: TensorId; position: TensorId | null; window: Window }): void {
    const input = this.get(args.input);
    const out = this.get(args.out);
    poolShapes(this.#layer, args.window, input, out);
    this.#expectFormat(input, out);
    if (args.position !== null) this.#expectElements(this.get(args.position), elements(out.shape));
    this.#push({ ...this.#base(), kind: 'maxPool', ...args });
  }

  maxPoolGradient(
    args: { dOutput: TensorId; position: TensorId; out: TensorId; window: Window } & SiteSettings,
  ): void {
    const { dOutput, position, out, window } = args;
    const result = this.get(out);
    poolShapes(this.#layer, window, result, this.get(dOutput));
    const convert = this.#convert(result, fractionBits(this.get(dOutput)), args);
    this.#push({ ...this.#base(), kind: 'maxPoolGradient', dOutput, position, out, window, convert });
  }

  averagePool(args: { input: TensorId; out: TensorId; window: Window } & SiteSettings): void {
    const { input, out, window } = args;
    const result = this.get(out);
    poolShapes(this.#layer, window, this.get(input), result);
    const convert = this.#convert(result, fractionBits(this.get(input)) + COEFFICIENT_BITS, args);
    this.#push({
      ...this.#base(),
      kind: 'averagePool',
      input,
      out,
      window,
      reciprocals: reciprocalTable(window),
      convert,
    });
  }

  averagePoolGradient(args: { dOutput: TensorId; out: TensorId; window: Window } & SiteSettings): void {
    const { dOutput, out, window } = args;
    const result = this.get(out);
    poolShapes(this.#layer, window, result, this.get(dOutput));
    const convert = this.#convert(result, fractionBits(this.get(dOutput)) + COEFFICIENT_BITS, args);
    this.#push({
      ...this.#base(),
      kind: 'averagePoolGradient',
      dOutput,
      out,
      window,
      reciprocals: reciprocalTable(window),
      convert,
    });
  }

  /** Forward pass on activations, or the same on errors: both draw the mask of site `${mask}`. */
  dropout(
    args: { input: TensorId; out: TensorId; mask: string; threshold: number; scale: number } & SiteSettings,
  ): void {
    const { input, out, threshold, scale } = args;
    const result = this.get(out);
    this.#expectElements(result, elements(this.get(input).shape));
    const convert = this.#convert(result, fractionBits(this.get(input)) + SCALE_BITS, args);
    this.#push({
      ...this.#base(),
      kind: 'dropout',
      input,
      out,
      maskHash: this.#sites.claim(args.mask),
      threshold,
      scale,
      convert,
    });
  }

  /** `error` is null in an evaluation. */
  softmaxCrossEntropy(
    args: {
      logits: TensorId;
      labels: TensorId;
      probabilities: TensorId;
      error: TensorId | null;
    } & SiteSettings,
  ): void {
    const { logits, labels, probabilities, error } = args;
    const [rows, classes] = matrixShape(this.get(logits).shape);
    if (classes < 2)
      throw new ShapeError(
        `${this.#layer}: needs at least 2 classes, got logits ${shapeText([rows, classes])}`,
      );
    this.#expectElements(this.get(labels), rows);
    this.#expectElements(this.get(probabilities), rows * classes);
    if (error !== null) this.#expectElements(this.get(error), rows * classes);
    const convert = error === null ? null : this.#convert(this.get(error), COEFFICIENT_BITS, args);
    this.#push({
      ...this.#base(),
      kind: 'softmaxCrossEntropy',
      logits,
      labels,
      probabilities,
      error,
      classes,
      convert,
    });
  }

  sgd(
    args: { parameter: TensorId; gradient: TensorId; update: TensorId; group: number; decays: boolean } & {
      updateSettings: SiteSettings;
      parameterSettings: SiteSettings;
    },
  ): void {
    const { parameter, gradient, update, group, decays } = args;
    const w = this.get(parameter);
    const g = this.get(gradient);
    const u = this.get(update);
    this.#expectElements(g, elements(w.shape));
    this.#expectElements(u, elements(w.shape));
    const alignment = this.arithmetic === 'float32' ? null : alignUpdate(w, g, u, decays);
    this.#push({
      ...this.#base(),
      kind: 'sgd',
      parameter,
      gradient,
      update,
      group,
      decays,
      shifts: alignment?.shifts ?? { update: 0, gradient: 0, parameter: 0 },
      sumShifts: alignment?.sumShifts ?? { parameter: 0, update: 0 },
      updateConvert: alignment && this.#convert(u, alignment.from, args.updateSettings),
      parameterConvert: alignment && this.#convert(w, alignment.sumFrom, args.parameterSettings),
    });
  }

  /** Lays out memory and returns the plan. */
  finish(ends: PlanEnds = {}): Plan {
    const { train, evaluate } = this.#programs;
    const { tensors, arenaBytes } = planMemory(this.#tensors, [train, evaluate]);
    return {
      name: this.#name,
      arithmetic: this.arithmetic,
      batch: this.batch,
      gradientShift: this.gradientShift,
      tensors,
      sites: this.#sites.list,
      train,
      evaluate,
      trainInput: null,
      evaluateInput: null,
      labels: null,
      logits: null,
      probabilities: null,
      parameters: [],
      updates: [],
      groups: 0,
      ...ends,
      arenaBytes,
    };
  }

  #base(): { layer: string; phase: Op['phase'] } {
    return { layer: this.#layer, phase: this.#phase };
  }

  #push(op: Op): void {
    this.#programs[this.#program].push(op);
  }

  #elementType(spec: TensorSpec): Pick<Tensor, 'format' | 'storage'> {
    if (spec.role === 'label') return { format: null, storage: 'int32' };
    if (spec.role === 'position') return { format: null, storage: 'uint8' };
    const { format } = spec;
    if (format === null || (format === 'float32') !== (this.arithmetic === 'float32')) {
      throw new TypeError(
        `${spec.name}: a ${this.arithmetic} plan needs ${this.arithmetic === 'fixed' ? 'a fixed-point format' : 'float32'} here`,
      );
    }
    return { format, storage: storageOf(format) };
  }

  /** Fraction bits of a product sum; a gradient is a mean, so its sum has gradientShift more. */
  #productBits(lhs: Tensor, rhs: Tensor, out: Tensor): number {
    return fractionBits(lhs) + fractionBits(rhs) + (out.role === 'gradient' ? this.gradientShift : 0);
  }

  /** Proves the accumulation and returns the shift that aligns the bias. */
  #products(lhs: Tensor, rhs: Tensor, k: number, biasId: TensorId | null, accumulator: Accumulator): number {
    const who = this.#layer;
    if (lhs.format === null || rhs.format === null || lhs.format === 'float32' || rhs.format === 'float32')
      return 0;
    const bias = biasId === null ? null : this.get(biasId).format;
    if (bias === null || bias === 'float32') {
      proveAccumulator(who, lhs.format, rhs.format, k, null, accumulator);
      return 0;
    }
    const shift = lhs.format.fl + rhs.format.fl - bias.fl;
    if (shift < 0) {
      throw new RangeError(
        `${who}: the bias may have at most the product's ${String(lhs.format.fl + rhs.format.fl)} fraction bits, got ${String(bias.fl)}; choose a bias format with fewer`,
      );
    }
    proveAccumulator(who, lhs.format, rhs.format, k, { format: bias, shift }, accumulator);
    return shift;
  }

  /** Registers the rounding site of a tensor; null in float32. */
  #convert(out: Tensor, from: number, settings: SiteSettings): Convert | null {
    return out.format === null || out.format === 'float32'
      ? null
      : this.#sites.add(out.name, from, out.format, settings);
  }

  #expectElements(tensor: Tensor, count: number): void {
    if (elements(tensor.shape) !== count) {
      throw new ShapeError(
        `${this.#layer}: ${tensor.name} must have ${String(count)} elements, got shape ${shapeText(tensor.shape)}`,
      );
    }
  }

  #expectFormat(a: Tensor, b: Tensor): void {
    if (
      a.storage !== b.storage ||
      fractionBits(a) !== fractionBits(b) ||
      magnitudeBits(a.format) !== magnitudeBits(b.format)
    ) {
      throw new TypeError(
        `${this.#layer}: ${b.name} must have the format of ${a.name}; the layer does not round`,
      );
    }
  }

  #expectSame(a: Tensor, b: Tensor): void {
    this.#expectElements(b, elements(a.shape));
    this.#expectFormat(a, b);
  }
}

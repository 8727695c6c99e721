/**
 * Builds a plan op by op. Layers (or a test) say which tensors an op connects; the builder derives every size, shift
 * and rounding site, and checks shapes, formats and accumulators. It computes nothing. Derived in docs/plan.md.
 * Errors name the layer, the rule, what was given and the way out.
 */
import { MAX_CLASSES, type Accumulator, InputError } from '../numerics/index.js';
import { proveAccumulator, proveExact } from './checks.js';
import { BatchNormDraft } from './batch-norm.js';
import { ShapeError, shapeText } from './errors.js';
import type { Tensor, TensorId, Window } from './ops.js';
import { convolutionShapes, elements, matrixShape, poolShapes, reciprocalTable } from './shapes.js';
import type { SiteSettings } from './sites.js';
import { alignUpdate, COEFFICIENT_BITS, fractionBits, magnitudeBits } from './update-alignment.js';

/** Fraction bits of the dropout scale. */
const SCALE_BITS = 24;
/** Cells of a max-pooling window: a position is a byte. */
const MAX_POSITIONS = 256;
/** Cells of an average: its sum of products with reciprocals stays well below 2^62. */
const MAX_AVERAGED = 65536;

/** Builds a plan op by op. A method takes its op's fields and derives the rest; what does not fit throws ShapeError with the layer. */
export class PlanBuilder extends BatchNormDraft {
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
        `${this.who}: inner sizes must match, got ${shapeText(lhs.shape)} and ${shapeText(rhs.shape)} (${String(k)} vs ${String(k2)})`,
      );
    }
    this.expectElements(out, m * n);
    const bias = args.bias ?? null;
    if (bias !== null) this.expectElements(this.get(bias), n);
    const accumulator = args.accumulator ?? 'exact';
    const biasShift = this.#products(lhs, rhs, k, bias, accumulator);
    const batched = transposeLhs ? lhs.batched && rhs.batched : lhs.batched;
    this.push({
      ...this.base(),
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
      convert: this.convert(out, this.#productBits(lhs, rhs, out), args),
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
    const { outChannels, k } = convolutionShapes(this.who, args.window, input, weight, out);
    const bias = args.bias ?? null;
    if (bias !== null) this.expectElements(this.get(bias), outChannels);
    const accumulator = args.accumulator ?? 'exact';
    const biasShift = this.#products(input, weight, k, bias, accumulator);
    this.push({
      ...this.base(),
      kind: 'conv2d',
      input: args.input,
      weight: args.weight,
      bias,
      out: args.out,
      window: args.window,
      outChannels,
      biasShift,
      accumulator,
      convert: this.convert(out, this.#productBits(input, weight, out), args),
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
    const { outChannels } = convolutionShapes(this.who, args.window, out, weight, dOutput);
    const accumulator = args.accumulator ?? 'exact';
    const { window } = args;
    this.#products(
      dOutput,
      weight,
      window.kernelHeight * window.kernelWidth * outChannels,
      null,
      accumulator,
    );
    const convert = this.convert(out, this.#productBits(dOutput, weight, out), args);
    const { dOutput: dOutputId, weight: weightId, out: outId } = args;
    this.push({
      ...this.base(),
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
    const { outChannels } = convolutionShapes(this.who, args.window, input, out, dOutput);
    const accumulator = args.accumulator ?? 'exact';
    const { window } = args;
    this.#products(input, dOutput, this.batch * window.outHeight * window.outWidth, null, accumulator);
    const convert = this.convert(out, this.#productBits(input, dOutput, out), args);
    this.push({
      ...this.base(),
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
    this.expectElements(out, n);
    let rowsPerExample = 1;
    for (const size of dOutput.shape.slice(1, -1)) rowsPerExample *= size;
    const convert = this.convert(out, fractionBits(dOutput) + this.gradientShift, args);
    this.push({
      ...this.base(),
      kind: 'biasGradient',
      dOutput: args.dOutput,
      out: args.out,
      rowsPerExample,
      n,
      convert,
    });
  }

  /** out = max(input, 0); both have one shape and format. */
  relu(args: { input: TensorId; out: TensorId }): void {
    this.expectSame(this.get(args.input), this.get(args.out));
    this.push({ ...this.base(), kind: 'relu', ...args });
  }

  /** out = output > 0 ? dOutput : 0. */
  reluGradient(args: { output: TensorId; dOutput: TensorId; out: TensorId }): void {
    this.expectSame(this.get(args.dOutput), this.get(args.out));
    this.expectElements(this.get(args.output), elements(this.get(args.out).shape));
    this.push({ ...this.base(), kind: 'reluGradient', ...args });
  }

  /** The exact sum of two tensors of one size, rounded once; their formats may differ. */
  add(args: { lhs: TensorId; rhs: TensorId; out: TensorId } & SiteSettings): void {
    const [lhs, rhs, out] = [this.get(args.lhs), this.get(args.rhs), this.get(args.out)];
    this.expectElements(lhs, elements(out.shape));
    this.expectElements(rhs, elements(out.shape));
    const from = Math.max(fractionBits(lhs), fractionBits(rhs));
    const shifts = { lhs: from - fractionBits(lhs), rhs: from - fractionBits(rhs) };
    if (this.arithmetic === 'fixed') {
      const terms = [
        { count: 1, bits: magnitudeBits(lhs), shift: shifts.lhs },
        { count: 1, bits: magnitudeBits(rhs), shift: shifts.rhs },
      ];
      proveExact(this.who, 'the sum', terms, 'choose formats with closer fraction bits');
    }
    const convert = this.convert(out, from, args);
    this.push({
      ...this.base(),
      kind: 'add',
      lhs: args.lhs,
      rhs: args.rhs,
      out: args.out,
      shifts,
      convert,
    });
  }

  /** The largest element of each window; `position` keeps where it was, for the backward pass. */
  maxPool(args: { input: TensorId; out: TensorId; position: TensorId | null; window: Window }): void {
    const input = this.get(args.input);
    const out = this.get(args.out);
    poolShapes(this.who, args.window, input, out, MAX_POSITIONS);
    this.expectFormat(input, out);
    if (args.position !== null) this.expectElements(this.get(args.position), elements(out.shape));
    this.push({ ...this.base(), kind: 'maxPool', ...args });
  }

  /** Errors go back to the cell that won; a cell may win several windows. */
  maxPoolGradient(
    args: { dOutput: TensorId; position: TensorId; out: TensorId; window: Window } & SiteSettings,
  ): void {
    const { dOutput, position, out, window } = args;
    const result = this.get(out);
    poolShapes(this.who, window, result, this.get(dOutput), MAX_POSITIONS);
    const convert = this.convert(result, fractionBits(this.get(dOutput)), args);
    this.push({ ...this.base(), kind: 'maxPoolGradient', dOutput, position, out, window, convert });
  }

  /** The mean of each window over the cells that it has. */
  averagePool(args: { input: TensorId; out: TensorId; window: Window } & SiteSettings): void {
    const { input, out, window } = args;
    const result = this.get(out);
    poolShapes(this.who, window, this.get(input), result, MAX_AVERAGED);
    const convert = this.convert(result, fractionBits(this.get(input)) + COEFFICIENT_BITS, args);
    this.push({
      ...this.base(),
      kind: 'averagePool',
      input,
      out,
      window,
      reciprocals: reciprocalTable(window),
      convert,
    });
  }

  /** Errors go back to all cells of their window alike. */
  /** Fits in 64 bits for any error: at most as many windows cover a cell as the smallest of them has cells. */
  averagePoolGradient(args: { dOutput: TensorId; out: TensorId; window: Window } & SiteSettings): void {
    const { dOutput, out, window } = args;
    const result = this.get(out);
    poolShapes(this.who, window, result, this.get(dOutput), MAX_AVERAGED);
    const convert = this.convert(result, fractionBits(this.get(dOutput)) + COEFFICIENT_BITS, args);
    this.push({
      ...this.base(),
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
    this.expectElements(result, elements(this.get(input).shape));
    const convert = this.convert(result, fractionBits(this.get(input)) + SCALE_BITS, args);
    this.push({
      ...this.base(),
      kind: 'dropout',
      input,
      out,
      maskHash: this.claim(args.mask),
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
    if (classes < 2 || classes > MAX_CLASSES) {
      throw new ShapeError(
        `${this.who}: needs 2 to ${String(MAX_CLASSES)} classes, got logits ${shapeText([rows, classes])}`,
      );
    }
    this.expectElements(this.get(labels), rows);
    this.expectElements(this.get(probabilities), rows * classes);
    if (error !== null) this.expectElements(this.get(error), rows * classes);
    const convert = error === null ? null : this.convert(this.get(error), COEFFICIENT_BITS, args);
    this.push({
      ...this.base(),
      kind: 'softmaxCrossEntropy',
      logits,
      labels,
      probabilities,
      error,
      classes,
      convert,
    });
  }

  /** The update of one parameter: two rounding sites, both results persistent. */
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
    this.expectElements(g, elements(w.shape));
    this.expectElements(u, elements(w.shape));
    const alignment = this.arithmetic === 'float32' ? null : alignUpdate(w, g, u, decays);
    this.push({
      ...this.base(),
      kind: 'sgd',
      parameter,
      gradient,
      update,
      group,
      decays,
      shifts: alignment?.shifts ?? { update: 0, gradient: 0, parameter: 0 },
      sumShifts: alignment?.sumShifts ?? { parameter: 0, update: 0 },
      updateConvert: alignment && this.convert(u, alignment.from, args.updateSettings),
      parameterConvert: alignment && this.convert(w, alignment.sumFrom, args.parameterSettings),
    });
  }

  /** Fraction bits of a product sum; a gradient is a mean, so its sum has gradientShift more. */
  #productBits(lhs: Tensor, rhs: Tensor, out: Tensor): number {
    return fractionBits(lhs) + fractionBits(rhs) + (out.role === 'gradient' ? this.gradientShift : 0);
  }

  /** Proves the accumulation and returns the shift that aligns the bias. */
  #products(lhs: Tensor, rhs: Tensor, k: number, biasId: TensorId | null, accumulator: Accumulator): number {
    const { who } = this;
    if (lhs.format === null || rhs.format === null || lhs.format === 'float32' || rhs.format === 'float32')
      return 0;
    const bias = biasId === null ? null : this.get(biasId).format;
    if (bias === null || bias === 'float32') {
      proveAccumulator(who, lhs.format, rhs.format, k, null, accumulator);
      return 0;
    }
    const shift = lhs.format.fl + rhs.format.fl - bias.fl;
    if (shift < 0) {
      throw new InputError(
        `${who}: the bias may have at most the product's ${String(lhs.format.fl + rhs.format.fl)} fraction bits, got ${String(bias.fl)}; choose a bias format with fewer`,
      );
    }
    proveAccumulator(who, lhs.format, rhs.format, k, { format: bias, shift }, accumulator);
    return shift;
  }
}

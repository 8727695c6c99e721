/**
 * Builds a plan op by op. Layers (or a test) name the tensors that an op connects; the emit functions in ops/ derive every
 * size, shift and rounding site, and check shapes, formats and accumulators. It computes nothing. Derived in docs/plan.md.
 * Errors name the layer, the rule, what was given and the way out.
 */
import { PlanDraft, type TensorSpec } from './draft.js';
import { planMemory } from './memory.js';
import * as batchNorm from './ops/batch-norm.js';
import * as elementwise from './ops/elementwise.js';
import type { Op } from './ops/index.js';
import * as loss from './ops/loss.js';
import * as pool from './ops/pool.js';
import * as product from './ops/product.js';
import * as update from './ops/update.js';
import type { Plan, PlanEnds } from './plan.js';
import type { Tensor, TensorId } from './types.js';
import { verifyPlan } from './verify.js';

/** Builds a plan op by op. A method takes its op's fields and derives the rest; the error for what does not fit names the layer. */
export class PlanBuilder {
  readonly #name: string;
  readonly #draft: PlanDraft;
  readonly #programs = { train: [] as Op[], evaluate: [] as Op[] };
  #program: 'train' | 'evaluate' = 'train';

  constructor(options: { name: string; arithmetic: 'fixed' | 'float32'; batch: number }) {
    this.#name = options.name;
    this.#draft = new PlanDraft(options);
  }

  get arithmetic(): 'fixed' | 'float32' {
    return this.#draft.arithmetic;
  }

  get batch(): number {
    return this.#draft.batch;
  }

  /** Parameter gradients are stored as 2^-gradientShift * sum over the batch. */
  get gradientShift(): number {
    return this.#draft.gradientShift;
  }

  /** Following tensors and ops belong to this program; tensors of an evaluation are named `inference/...`. */
  program(program: 'train' | 'evaluate'): this {
    this.#program = program;
    this.#draft.program(program);
    return this;
  }

  /** Following ops are emitted by this layer. */
  layer(name: string, phase: Op['phase'] = 'forward'): this {
    this.#draft.layer(name, phase);
    return this;
  }

  /** Adds a tensor; its batch dimension comes first in `shape` if `batched`. */
  tensor(spec: TensorSpec): TensorId {
    return this.#draft.tensor(spec);
  }

  /** The tensor as it stands; its offset is known after `finish`. */
  get(id: TensorId): Tensor {
    return this.#draft.get(id);
  }

  /** The tensor of that name in the current program. */
  find(name: string): TensorId {
    return this.#draft.find(name);
  }

  /** The tensor keeps its value after the step and shares memory with no other. */
  keep(id: TensorId): void {
    this.#draft.keep(id);
  }

  /** Lays out memory, verifies the plan and returns it. */
  finish(ends: PlanEnds = {}): Plan {
    const { train, evaluate } = this.#programs;
    const { tensors, arenaBytes } = planMemory(this.#draft.tensors, [train, evaluate]);
    return verifyPlan({
      name: this.#name,
      arithmetic: this.arithmetic,
      batch: this.batch,
      gradientShift: this.gradientShift,
      tensors,
      sites: this.#draft.sites,
      train,
      evaluate,
      trainInput: null,
      evaluateInput: null,
      labels: null,
      logits: null,
      probabilities: null,
      parameters: [],
      updates: [],
      states: [],
      groups: 0,
      ...ends,
      arenaBytes,
    });
  }

  /** out = lhs rhs + bias, with operands that may be stored transposed. A gradient result is scaled by 2^-gradientShift. */
  matmul(args: product.MatmulArgs): void {
    this.#push(product.emitMatmul(this.#draft, args));
  }

  /** Convolution of input [B,H,W,C] with weight [KH,KW,C,OC]. */
  conv2d(args: product.Conv2dArgs): void {
    this.#push(product.emitConv2d(this.#draft, args));
  }

  /** Gradient of a convolution by its input. */
  conv2dInputGradient(args: product.Conv2dInputGradientArgs): void {
    this.#push(product.emitConv2dInputGradient(this.#draft, args));
  }

  /** Gradient of a convolution by its weight, stored as 2^-gradientShift * sum. */
  conv2dWeightGradient(args: product.Conv2dWeightGradientArgs): void {
    this.#push(product.emitConv2dWeightGradient(this.#draft, args));
  }

  /** Sum of an error over all rows, [.., N] -> [N], stored as 2^-gradientShift * sum. */
  biasGradient(args: product.BiasGradientArgs): void {
    this.#push(product.emitBiasGradient(this.#draft, args));
  }

  /** out = max(input, 0); both have one shape and format. */
  relu(args: elementwise.ReluArgs): void {
    this.#push(elementwise.emitRelu(this.#draft, args));
  }

  /** out = output > 0 ? dOutput : 0. */
  reluGradient(args: elementwise.ReluGradientArgs): void {
    this.#push(elementwise.emitReluGradient(this.#draft, args));
  }

  /** The exact sum of two tensors of one size, rounded once; their formats may differ. */
  add(args: elementwise.AddArgs): void {
    this.#push(elementwise.emitAdd(this.#draft, args));
  }

  /** The largest element of each window; `position` keeps its position for the backward pass. */
  maxPool(args: pool.MaxPoolArgs): void {
    this.#push(pool.emitMaxPool(this.#draft, args));
  }

  /** Errors go back to the cell that won; a cell may win several windows. */
  maxPoolGradient(args: pool.MaxPoolGradientArgs): void {
    this.#push(pool.emitMaxPoolGradient(this.#draft, args));
  }

  /** The mean of each window over the cells that it has. */
  averagePool(args: pool.AveragePoolArgs): void {
    this.#push(pool.emitAveragePool(this.#draft, args));
  }

  /**
   * The error of each window goes to all of its cells in equal shares. The sum fits in 64 bits for any error: at most as many
   * windows cover a cell as the smallest of them has cells.
   */
  averagePoolGradient(args: pool.AveragePoolGradientArgs): void {
    this.#push(pool.emitAveragePoolGradient(this.#draft, args));
  }

  /** Statistics of a batch; the running ones move towards them by `rate` (16 fraction bits). */
  batchMoments(args: batchNorm.BatchMomentsArgs): void {
    this.#push(batchNorm.emitBatchMoments(this.#draft, args));
  }

  /** The registers of the running statistics as they stand; `input` is the tensor that they describe. */
  runningMoments(args: batchNorm.RunningMomentsArgs): void {
    this.#push(batchNorm.emitRunningMoments(this.#draft, args));
  }

  /** out = gamma * normalised(input) + beta, by channel. */
  batchNorm(args: batchNorm.BatchNormArgs): void {
    this.#push(batchNorm.emitBatchNorm(this.#draft, args));
  }

  /** Gradients of gamma and beta, stored as 2^-gradientShift * sum, and the numbers that the input's error is made of. */
  batchNormGradient(args: batchNorm.BatchNormGradientArgs): void {
    this.#push(batchNorm.emitBatchNormGradient(this.#draft, args));
  }

  /** The input's error; `factors` are those of batchNormGradient. */
  batchNormInputGradient(args: batchNorm.BatchNormInputGradientArgs): void {
    this.#push(batchNorm.emitBatchNormInputGradient(this.#draft, args));
  }

  /** Forward pass on activations, or the backward pass on errors: both draw the mask of the site `mask`. */
  dropout(args: elementwise.DropoutArgs): void {
    this.#push(elementwise.emitDropout(this.#draft, args));
  }

  /** `error` is null in an evaluation. */
  softmaxCrossEntropy(args: loss.SoftmaxCrossEntropyArgs): void {
    this.#push(loss.emitSoftmaxCrossEntropy(this.#draft, args));
  }

  /** The update of one parameter: two rounding sites, both results persistent. */
  sgd(args: update.SgdArgs): void {
    this.#push(update.emitSgd(this.#draft, args));
  }

  #push(op: Op): void {
    this.#programs[this.#program].push(op);
  }
}

/**
 * A plan run in BigInt, straight from the formulas of ops.ts: the rung of the ladder that every backend stands on.
 * Tensors are lists in logical order, memory is never shared, nothing is fast. Only shapes, formats and ops come
 * from the plan; rounding, random words and softmax are the oracle's own (test/support/oracle.ts).
 */
import type { Convert, Op, Plan, TensorId } from '../../src/plan/index.js';
import type { Coefficients, SiteStatistics, TensorData } from '../../src/backend/contract.js';
import { fitOracle, randomWordOracle, roundOracle, siteHashOracle } from '../support/oracle.js';
import { add, dropout, relu, reluGradient, sgd, softmaxCrossEntropy } from './oracle-elements.js';
import {
  batchMoments,
  batchNorm,
  batchNormGradient,
  batchNormInputGradient,
  runningMoments,
} from './oracle-batch-norm.js';
import {
  biasGradient,
  conv2d,
  conv2dInputGradient,
  conv2dWeightGradient,
  matmul,
} from './oracle-products.js';
import { averagePool, averagePoolGradient, maxPool, maxPoolGradient } from './oracle-windows.js';

export interface OracleStepOptions {
  readonly count: number;
  readonly step: number;
  readonly coefficients: readonly Coefficients[];
}

type Counters = { -readonly [K in keyof SiteStatistics]: SiteStatistics[K] };

export class Oracle {
  /** Contents of every tensor, by id. */
  readonly tensors: number[][];
  /** Sum of losses with 24 fraction bits, and correct rows, of the step. */
  loss = 0n;
  correct = 0;
  count = 0;
  coefficients: readonly Coefficients[] = [];
  private step = 0;
  private counters: Map<string, Counters>;

  constructor(
    readonly plan: Plan,
    readonly seed: bigint,
  ) {
    this.tensors = plan.tensors.map(({ shape }) => Array<number>(shape.reduce((a, b) => a * b, 1)).fill(0));
    this.counters = this.zeroCounters();
  }

  write(id: TensorId, data: TensorData): void {
    this.tensors[id] = [...data];
  }

  run(ops: readonly Op[], { count, step, coefficients }: OracleStepOptions): void {
    this.loss = 0n;
    this.correct = 0;
    this.count = count;
    this.step = step;
    this.coefficients = coefficients;
    for (const op of ops) this.runOp(op);
  }

  /** Counters since the last call. */
  takeStatistics(): SiteStatistics[] {
    const statistics = [...this.counters.values()];
    this.counters = this.zeroCounters();
    return statistics;
  }

  /** First dimension of the tensor in this step. */
  rows(id: TensorId): number {
    const { batched, shape } = this.plan.tensors[id]!;
    return batched ? this.count : shape[0]!;
  }

  /** Number of elements of the tensor in this step. */
  length(id: TensorId): number {
    return this.plan.tensors[id]!.shape.slice(1).reduce((a, b) => a * b, this.rows(id));
  }

  /** Random word of an element at a site, in this step. */
  word(hash: number, index: number, width: 16 | 32): number {
    return randomWordOracle(this.seed, hash, this.step, index, width);
  }

  /** Writes element `index` of `id`: m converted and counted at the site, or m itself in float32. */
  set(id: TensorId, convert: Convert | null, index: number, m: bigint): number {
    const value = convert === null ? Number(m) : this.convert(convert, index, m);
    this.tensors[id]![index] = value;
    return value;
  }

  countStep({ site }: Convert, hasGradient: boolean, isSwallowed: boolean): void {
    const counters = this.counters.get(site)!;
    counters.gradients += Number(hasGradient);
    counters.swallowed += Number(isSwallowed);
    counters.swallowedGradients += Number(hasGradient && isSwallowed);
  }

  private convert(convert: Convert, index: number, m: bigint): number {
    const { site, from, format, rounding, overflow } = convert;
    const drop = from - format.fl;
    const width = drop <= 16 ? 16 : 32;
    const stochastic = rounding.mode === 'stochastic';
    const mode = stochastic ? `stochastic:${String(rounding.randomBits)}` : rounding.mode;
    const random = stochastic
      ? ({ word: this.word(siteHashOracle(site), index, width), width } as const)
      : undefined;
    const rounded = roundOracle(m, drop, mode, random);
    const result = fitOracle(rounded, format, overflow);
    const limit = 2n ** BigInt(format.il + format.fl - 1);
    const counters = this.counters.get(site)!;
    counters.elements += 1;
    if (rounded >= limit) counters.saturatedHigh += 1;
    if (rounded < -limit) counters.saturatedLow += 1;
    if (m !== 0n && result === 0n) counters.flushed += 1;
    counters.maxMagnitude = Math.max(counters.maxMagnitude, Math.abs(Number(result)));
    return Number(result);
  }

  private zeroCounters(): Map<string, Counters> {
    const zero = {
      elements: 0,
      saturatedHigh: 0,
      saturatedLow: 0,
      flushed: 0,
      maxMagnitude: 0,
      swallowed: 0,
      gradients: 0,
      swallowedGradients: 0,
    };
    return new Map(this.plan.sites.map(({ site }) => [site, { site, ...zero }]));
  }

  private runOp(op: Op): void {
    switch (op.kind) {
      case 'matmul':
        return matmul(op, this);
      case 'conv2d':
        return conv2d(op, this);
      case 'conv2dInputGradient':
        return conv2dInputGradient(op, this);
      case 'conv2dWeightGradient':
        return conv2dWeightGradient(op, this);
      case 'biasGradient':
        return biasGradient(op, this);
      case 'relu':
        return relu(op, this);
      case 'reluGradient':
        return reluGradient(op, this);
      case 'add':
        return add(op, this);
      case 'maxPool':
        return maxPool(op, this);
      case 'maxPoolGradient':
        return maxPoolGradient(op, this);
      case 'averagePool':
        return averagePool(op, this);
      case 'averagePoolGradient':
        return averagePoolGradient(op, this);
      case 'batchMoments':
        return batchMoments(op, this);
      case 'runningMoments':
        return runningMoments(op, this);
      case 'batchNorm':
        return batchNorm(op, this);
      case 'batchNormGradient':
        return batchNormGradient(op, this);
      case 'batchNormInputGradient':
        return batchNormInputGradient(op, this);
      case 'dropout':
        return dropout(op, this);
      case 'softmaxCrossEntropy':
        return softmaxCrossEntropy(op, this);
      case 'sgd':
        return sgd(op, this);
    }
  }
}

/**
 * Coefficients of stochastic gradient descent: u' = momentum*u - rate*g - decay*w, w' = w + u'.
 * The gradient is stored as 2^-s * sum over the batch, so the rate carries 2^s / batch: the mean without a divider in
 * the datapath. A smaller last batch of an epoch keeps the rate: each of its examples weighs as much as any other. Derived in docs/training.md, "Optimiser".
 */
import { checkArgument, optional, realNumber, record, wholeNumber } from '../numerics/arguments.js';
import { toCoefficient, InputError } from '../numerics/index.js';
import type { OptimizerConfiguration } from './configuration.js';
import { learningRate } from './schedule.js';

/** What the sgd op needs to know of a step. */
export interface StepRates {
  readonly momentum: number;
  readonly rate: number;
  readonly decay: number;
}

const FINITE = realNumber(-Number.MAX_VALUE, Number.MAX_VALUE);
const OPTIMIZER = record('an optimiser { kind: "sgd", learningRate, momentum, weightDecay }', {
  momentum: optional(FINITE),
  weightDecay: optional(FINITE),
});
const STEP = record('a step { arithmetic, gradientShift, batch, epoch }', {
  gradientShift: wholeNumber(0, 31),
  batch: wholeNumber(1),
});

/**
 * The three coefficients of a step: integers with 30 fraction bits, rounded to nearest (float32: the values).
 * @throws RangeError if lr * 2^s / batch reaches 2, or momentum or lr * decay exceed 1: the registers end there.
 */
export function coefficientsOf(
  optimizer: OptimizerConfiguration,
  step: {
    readonly arithmetic: 'fixed' | 'float32';
    readonly gradientShift: number;
    /** Examples of a full batch. */
    readonly batch: number;
    readonly epoch: number;
  },
): StepRates {
  checkArgument('optimizer', optimizer, OPTIMIZER);
  checkArgument('optimizer: step', step, STEP);
  const lr = learningRate(optimizer.learningRate, step.epoch);
  const rate = (lr * (1 << step.gradientShift)) / step.batch;
  const momentum = optimizer.momentum ?? 0;
  const decay = lr * (optimizer.weightDecay ?? 0);
  if (step.arithmetic === 'float32') return { momentum, rate, decay };
  if (!(rate >= 0 && rate < 2)) {
    throw new InputError(
      `optimizer: learning rate * 2^${step.gradientShift} / ${step.batch} must be at least 0 and below 2, got ${rate}; choose a smaller learning rate`,
    );
  }
  if (!(momentum >= 0 && momentum <= 1) || !(decay >= 0 && decay <= 1)) {
    throw new InputError(
      `optimizer: momentum and learning rate * weight decay must be from 0 to 1, got ${momentum} and ${decay}`,
    );
  }
  return { momentum: toCoefficient(momentum), rate: toCoefficient(rate), decay: toCoefficient(decay) };
}

/**
 * Warnings of training: it runs, and does not do what was meant. This file defines them and finds those that
 * follow from figures; `Network` reports each kind once. docs/training.md, section "Warnings".
 */
import type { Session } from '../backend/index.js';
import { formatText, roundingText, type Format, type Rounding } from '../numerics/index.js';
import { learningRate, type OptimizerConfiguration, type StepRates } from '../optim/index.js';
import type { InputCounts } from './input-counter.js';

/**
 * `batch`: there are fewer examples than a batch has; `inputs`: real inputs saturate; `learningRate`, `momentum`,
 * `weightDecay`: the coefficient, or the largest step that it allows, rounds to 0; `diverged`: a loss is not a number.
 */
export type WarningKind = 'batch' | 'inputs' | 'learningRate' | 'momentum' | 'weightDecay' | 'diverged';

/** Something that training does, and that is hardly meant. */
export interface TrainingWarning {
  readonly kind: WarningKind;
  /** One sentence: what happens with its figures; the way out. */
  readonly message: string;
}

/** A batch larger than the data: the mean of a step divides by the batch. */
export function batchWarning(examples: number, batch: number): TrainingWarning | null {
  if (examples >= batch) return null;
  const times = Number((batch / examples).toPrecision(3));
  return {
    kind: 'batch',
    message: `batch: ${examples} examples are fewer than a batch of ${batch}, by which a step divides their sum, so that every step is ${times} times smaller than with a full batch; choose a batch of at most ${examples}`,
  };
}

/** Real inputs outside of the input's format. */
export function inputsWarning(counts: InputCounts): TrainingWarning | null {
  const { format, elements, outside, lowest, highest } = counts;
  if (outside === 0) return null;
  const unit = 2 ** -format.fl;
  const most = 2 ** (format.il - 1);
  const percent = Number(((100 * outside) / elements).toPrecision(3));
  return {
    kind: 'inputs',
    message: `inputs: ${outside} of ${elements} (${percent} %) saturate in ${formatText(format)}, which holds ${-most} to ${short(most - unit)}, because the inputs range from ${short(lowest)} to ${short(highest)}; normalise the data, or give the input more integer bits`,
  };
}

/** A loss that is not a number. */
export function lossWarning(what: string, loss: number): TrainingWarning | null {
  if (Number.isFinite(loss)) return null;
  return {
    kind: 'diverged',
    message: `${what} is ${Number.isNaN(loss) ? 'not a number' : 'infinite'}: the network has diverged; train it again with a lower learning rate`,
  };
}

/** Coefficients of an epoch that are not 0 as configured and are 0, or can move nothing, as rounded. */
export function coefficientWarnings(
  optimizers: readonly OptimizerConfiguration[],
  rates: readonly StepRates[],
  { plan }: Pick<Session, 'plan'>,
  epoch: number,
): TrainingWarning[] {
  if (plan.arithmetic === 'float32') return [];
  const warnings = optimizers.flatMap((optimizer, group) => {
    const { momentum, rate, decay } = rates[group]!;
    const lr = learningRate(optimizer.learningRate, epoch);
    const { weightDecay = 0 } = optimizer;
    const vanished = (kind: WarningKind, what: string, exact: number, rounded: number): TrainingWarning[] =>
      exact === 0 || rounded > 0
        ? []
        : [
            {
              kind,
              message: `${what} rounds to 0: its coefficient has 30 fraction bits; choose a larger one`,
            },
          ];
    return [
      ...vanished('learningRate', `learning rate ${lr} with a batch of ${plan.batch}`, lr, rate),
      ...vanished('momentum', `momentum ${optimizer.momentum}`, optimizer.momentum ?? 0, momentum),
      ...vanished(
        'weightDecay',
        `weight decay ${weightDecay} times learning rate ${lr}`,
        lr * weightDecay,
        decay,
      ),
    ];
  });
  return [...warnings, ...smallSteps(optimizers, rates, plan, epoch)];
}

/** Parameters that even the largest gradient of its format cannot move, because the step rounds to 0. */
function smallSteps(
  optimizers: readonly OptimizerConfiguration[],
  rates: readonly StepRates[],
  { train, tensors }: Session['plan'],
  epoch: number,
): TrainingWarning[] {
  for (const op of train) {
    if (op.kind !== 'sgd' || op.updateConvert === null) continue;
    const { name } = tensors[op.parameter]!;
    const gradient = tensors[op.gradient]!.format as Format;
    const rate = rates[op.group]!.rate * 2 ** -30;
    const { format, rounding } = op.updateConvert;
    const step = rate * 2 ** (gradient.il - 1);
    if (rate === 0 || step >= leastStep(format, rounding)) continue;
    const lr = learningRate(optimizers[op.group]!.learningRate, epoch);
    return [
      {
        kind: 'learningRate',
        message: `learning rate ${lr}: the largest gradient of ${name}, ${short(2 ** (gradient.il - 1))} in ${formatText(gradient)}, makes an update of ${short(step, 3)}, which rounds to 0 in ${formatText(format)} with ${roundingText(rounding)} (a unit is ${short(2 ** -format.fl)}); choose a larger rate, more fraction bits or stochastic rounding`,
      },
    ];
  }
  return [];
}

/** The smallest magnitude of either sign that does not round to 0 for certain. */
function leastStep({ fl }: Format, { mode }: Rounding): number {
  if (mode.startsWith('nearest')) return 2 ** -fl / 2;
  return mode === 'toward-zero' ? 2 ** -fl : 0;
}

/** A number with few digits. */
function short(value: number, digits = 5): string {
  return String(Number(value.toPrecision(digits)));
}

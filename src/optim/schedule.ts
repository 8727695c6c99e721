/**
 * Learning-rate schedules. Only + - * / on doubles (no Math.pow, no Math.exp), so that every engine computes the same
 * rate. Derived in docs/training.md, "Learning rate".
 */
import {
  checkArgument,
  checkOptions,
  listOf,
  oneOf,
  realNumber,
  record,
  shown,
  TEXT,
  wholeNumber,
  type ArgumentRule,
  type OptionRules,
} from '../numerics/arguments.js';
import { InputError } from '../numerics/index.js';
import type { Schedule } from './configuration.js';

const RATE = realNumber(0, Number.MAX_VALUE);
const FACTOR = realNumber(Number.MIN_VALUE, Number.MAX_VALUE);
const RULES: Readonly<Record<Schedule['kind'], Readonly<Record<string, ArgumentRule>>>> = {
  constant: { kind: TEXT, rate: RATE },
  exponential: { kind: TEXT, rate: RATE, factor: FACTOR },
  step: { kind: TEXT, rate: RATE, factor: FACTOR, milestones: listOf(wholeNumber()) },
  poly: { kind: TEXT, rate: RATE, power: wholeNumber(), epochs: wholeNumber(1) },
};
const SCHEDULE = record('a rate, or a schedule { kind: "constant" | "exponential" | "step" | "poly", ... }', {
  kind: oneOf(Object.keys(RULES)),
});

/** base^exponent for a whole exponent >= 0, by repeated multiplication in a fixed order, until nothing changes any more. */
function wholePower(base: number, exponent: number): number {
  let power = 1;
  for (let i = 0; i < exponent && power !== 0 && base !== 1 && Number.isFinite(power); i++) power *= base;
  return power;
}

/**
 * The learning rate of an epoch (0-based). It is constant within an epoch.
 * @throws RangeError for a negative or fractional epoch.
 */
export function learningRate(schedule: number | Schedule, epoch: number): number {
  if (!Number.isInteger(epoch) || epoch < 0) {
    throw new InputError(`schedule: epoch must be a whole number from 0, got ${shown(epoch)}`);
  }
  if (typeof schedule === 'number') {
    checkArgument('schedule: rate', schedule, RATE);
    return schedule;
  }
  checkArgument('schedule', schedule, SCHEDULE);
  const { [schedule.kind]: rules } = RULES;
  checkOptions(
    'schedule',
    schedule,
    rules as OptionRules<Schedule>,
    Object.keys(rules) as (keyof Schedule)[],
  );
  switch (schedule.kind) {
    case 'constant':
      return schedule.rate;
    case 'exponential':
      return schedule.rate * wholePower(schedule.factor, epoch);
    case 'step':
      return (
        schedule.rate * wholePower(schedule.factor, schedule.milestones.filter((m) => epoch >= m).length)
      );
    case 'poly':
      return epoch >= schedule.epochs
        ? 0
        : schedule.rate * wholePower(1 - epoch / schedule.epochs, schedule.power);
  }
}

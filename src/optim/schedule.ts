/**
 * Learning-rate schedules. Only + - * / on doubles (no Math.pow, no Math.exp), so that every engine computes the same
 * rate. Derived in docs/training.md, "Learning rate".
 */
import { InputError } from '../numerics/index.js';
import type { Schedule } from './configuration.js';

/** base^exponent for a whole exponent >= 0, by repeated multiplication in a fixed order. */
function wholePower(base: number, exponent: number): number {
  let power = 1;
  for (let i = 0; i < exponent; i++) power *= base;
  return power;
}

/**
 * The learning rate of an epoch (0-based). It is constant within an epoch.
 * @throws RangeError for a negative or fractional epoch.
 */
export function learningRate(schedule: number | Schedule, epoch: number): number {
  if (!Number.isInteger(epoch) || epoch < 0) {
    throw new InputError(`schedule: epoch must be a whole number from 0, got ${epoch}`);
  }
  if (typeof schedule === 'number') return schedule;
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

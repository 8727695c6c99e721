/** Reads numbers from the command line; an error names the option, the rule and what was given. */
import { parseSeed } from '../../numerics/index.js';
import type { Schedule } from '../../optim/index.js';
import { UsageError } from '../console/errors.js';

/** A parser of whole numbers from `min` to `max` for the option. */
export function wholeNumber(
  option: string,
  min: number,
  max = Number.MAX_SAFE_INTEGER,
): (text: string) => number {
  const range = max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `from ${min} to ${max}`;
  return (text) => {
    const value = /^[+-]?\d+$/.test(text.trim()) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    throw new UsageError(`${option}: must be a whole number ${range}, got "${text}"`);
  };
}

/** A parser of real numbers from `min` to `max` for the option. */
export function realNumber(option: string, min: number, max = Infinity): (text: string) => number {
  const range = max === Infinity ? `from ${min}` : `from ${min} to ${max}`;
  return (text) => {
    const value = text.trim() === '' ? NaN : Number(text);
    if (Number.isFinite(value) && value >= min && value <= max) return value;
    throw new UsageError(`${option}: must be a number ${range}, got "${text}"`);
  };
}

/** A seed of 64 bits: a number if it is exact, else its decimal text. @throws the errors of parseSeed */
export function seedOf(text: string): number | string {
  const trimmed = text.trim();
  parseSeed(trimmed);
  return Number.isSafeInteger(Number(trimmed)) ? Number(trimmed) : trimmed;
}

/**
 * A learning rate: `0.1`; `0.1*0.95`, times 0.95 after every epoch; `0.1*0.5@8,12`, times 0.5 at epochs 8 and 12.
 */
export function learningRateOf(text: string): number | Schedule {
  const match = /^([^*@]+)(?:\*([^*@]+)(?:@([\d,\s]+))?)?$/.exec(text.trim());
  if (!match) {
    throw new UsageError(
      `--learning-rate: expected a rate such as 0.1, "0.1*0.95" (times 0.95 after every epoch) or "0.1*0.5@8,12" (at epochs 8 and 12), got "${text}"`,
    );
  }
  const number = realNumber('--learning-rate', 0);
  const rate = number(match[1] ?? '');
  if (match[2] === undefined) return rate;
  const factor = number(match[2]);
  if (match[3] === undefined) return { kind: 'exponential', rate, factor };
  const milestones = match[3].split(',').map(wholeNumber('--learning-rate', 0));
  return { kind: 'step', rate, factor, milestones };
}

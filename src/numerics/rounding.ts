/**
 * Rounding modes and overflow behaviour by name. What each one computes is in convert.ts;
 * this file only names and reads them.
 */
import { checkArgument, NUMBER, optional, oneOf, record } from './arguments.js';
import { InputError, InputTypeError } from './errors.js';

/** Rounding modes; `stochastic` may keep fewer random bits (`stochastic:n`). */
export const ROUNDING_MODES = [
  'stochastic',
  'nearest-away',
  'nearest-even',
  'nearest-down',
  'nearest-up',
  'floor',
  'toward-zero',
] as const;

const ROUNDING = record('a mode such as "nearest-even", or { mode, randomBits }', {
  mode: oneOf(ROUNDING_MODES),
  randomBits: optional(NUMBER),
});

/** The name of a rounding mode. */
export type RoundingMode = (typeof ROUNDING_MODES)[number];

/** What happens to a result outside the format's range. */
export type Overflow = 'saturate' | 'wrap';

/** A rounding mode; `randomBits` (1..32) matters to `stochastic` only, 32 keeps every bit drawn. */
export interface Rounding {
  readonly mode: RoundingMode;
  readonly randomBits: number;
}

/** Every spelling of a rounding that is accepted: `stochastic`, `stochastic:8`, `nearest` ... or an object. */
export type RoundingLike = Rounding | string;

/**
 * Reads a rounding mode. `nearest` is `nearest-away`; `stochastic:n` keeps the n top random bits.
 * @throws TypeError for an unknown name, RangeError for n outside 1..32.
 */
export function parseRounding(input: RoundingLike): Rounding {
  if (typeof input !== 'string') return parseRounding(roundingText(input));
  const text = input.trim();
  const [name, bits, ...rest] = text.split(':');
  const mode = name === 'nearest' ? 'nearest-away' : ROUNDING_MODES.find((known) => known === name);
  if (mode === undefined || rest.length > 0 || (bits !== undefined && mode !== 'stochastic')) {
    throw new InputTypeError(
      `rounding: unknown mode "${text}"; choose one of ${ROUNDING_MODES.join(', ')}, nearest, stochastic:n`,
    );
  }
  if (bits === undefined) return { mode, randomBits: 32 };
  const randomBits = /^\d+$/.test(bits) ? Number(bits) : NaN;
  if (!(randomBits >= 1 && randomBits <= 32)) {
    throw new InputError(`rounding: stochastic:n needs n from 1 to 32, got "${text}"`);
  }
  return { mode, randomBits };
}

/**
 * True for `floor` and `toward-zero`. These lose a whole unit if a result that should be exact is the least bit below it,
 * so ops divide exactly for them, and multiply by a rounded reciprocal for all others.
 */
export function cutsDown(rounding: Rounding): boolean {
  return rounding.mode === 'floor' || rounding.mode === 'toward-zero';
}

/** The text form: `nearest-even`, `stochastic`, `stochastic:8`. */
export function roundingText(rounding: Rounding): string {
  checkArgument('rounding', rounding, ROUNDING);
  return rounding.mode === 'stochastic' && rounding.randomBits !== 32
    ? `stochastic:${rounding.randomBits}`
    : rounding.mode;
}

/** The one kind of axis that all charts have, and the ticks that are worth reading on it. panel.ts draws it. */

/** An axis of numbers. */
export interface Axis {
  readonly type: 'linear' | 'log';
  /** Its two ends; where `low` is above `high` it is drawn from right to left. */
  readonly low: number;
  readonly high: number;
  /** Values with a text, all of them. */
  readonly ticks: readonly number[];
  /** Default: the number with a true minus sign. */
  readonly text?: (tick: number) => string;
  readonly label?: string;
  /**
   * Of a logarithmic y axis: the place of zero, which is its first tick, and the end of the numbers above it. The axis is
   * broken between them, because no distance on a logarithmic axis is right for zero.
   */
  readonly zero?: { readonly at: number; readonly above: number };
  /** Of an x axis: short lines below it at its ticks, or lines across the panel. */
  readonly lines?: 'ticks' | 'grid';
}

/** The value, or the end of the axis beyond which it lies. A number that is non-zero does not lie at the place of zero. */
export function clamped({ low, high, zero }: Axis, value: number): number {
  const least = zero === undefined || value === 0 ? low : zero.above;
  return Math.min(Math.max(value, least), high);
}

/** A number as the text of a tick. */
export function tickText(tick: number): string {
  return String(tick).replace('-', '−');
}

/** Shares of 100 in percent. */
export const PERCENT_AXIS: Axis = {
  type: 'linear',
  low: 0,
  high: 100,
  ticks: [0, 20, 40, 60, 80, 100],
  text: (tick) => `${tick} %`,
};

/** Errors of data sets of up to 100,000 examples. */
const ERROR_TICKS = [
  ...[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5],
  ...[1, 2, 5, 10, 20, 50, 100],
];

/**
 * The axis of errors in percent: logarithmic, because errors lie between a fraction of a percent and chance. It reaches from the
 * tick below the smallest of the errors to the one above the largest. If there is an error of zero, it is broken below them.
 */
export function errorAxis(errors: readonly number[]): Axis {
  const smallest = Math.min(...errors.filter((error) => error > 0), 50);
  const largest = Math.max(...errors, 1);
  const low = ERROR_TICKS.filter((tick) => tick <= Math.min(0.95 * smallest, 0.5 * largest)).at(-1) ?? 0.001;
  const high = ERROR_TICKS.find((tick) => tick >= largest) ?? 100;
  const ticks = ERROR_TICKS.filter((tick) => tick >= low && tick <= high);
  const axis: Axis = { type: 'log', low, high, ticks, text: (tick) => `${tick} %` };
  return errors.includes(0) ? withZero(axis, '0 %') : axis;
}

/** Ratio of the largest to the smallest loss from which on the axis is logarithmic. */
const WIDE_LOSSES = 8;

/** The axis of losses in nats: from 0 on, or logarithmic if the later ones would lie flat on such an axis. */
export function lossAxis(losses: readonly number[]): Axis {
  const text = (tick: number): string => tickText(Number(tick.toPrecision(3)));
  const positive = losses.filter((loss) => loss > 0);
  const largest = Math.max(...positive, 0.01);
  const smallest = Math.min(...positive, largest);
  if (largest / smallest < WIDE_LOSSES) {
    const top = niceTop(largest);
    const ticks = [0, 1, 2, 3, 4].map((i) => (i * top) / 4);
    return { type: 'linear', low: 0, high: top, ticks, text };
  }
  const ends = { low: smallest / 1.25, high: largest * 1.25 };
  const axis: Axis = { type: 'log', ...ends, ticks: logTicks(ends.low, ends.high), text };
  return losses.includes(0) ? withZero(axis, '0') : axis;
}

/** The logarithmic axis with a place for zero below its numbers. */
function withZero(axis: Axis, zeroText: string): Axis {
  const { low: above, high, ticks, text = tickText } = axis;
  // An eighth of the axis by ratio, from repeated square roots: engines round these alike, a power they do not.
  const at = above / Math.sqrt(Math.sqrt(Math.sqrt(high / above)));
  return {
    ...axis,
    ...{ low: at, zero: { at, above }, ticks: [at, ...ticks] },
    text: (tick) => (tick === at ? zeroText : text(tick)),
  };
}

/** The next of 1, 2, 4, 6, 8 times a power of ten: quarters of it are short numbers. */
function niceTop(value: number): number {
  let power = 1;
  while (power < value) power *= 10;
  while (power / 10 >= value) power = power / 10;
  return [0.1, 0.2, 0.4, 0.6, 0.8, 1].map((part) => part * power).find((top) => top >= value) ?? power;
}

/** More whole numbers than this are too many. */
const MAX_WHOLE = 12;

/** The axis of time: epochs or steps from 0 on. Whole numbers have a tick each while there is room. */
export function timeAxis(unit: 'epochs' | 'steps', end: number): Axis {
  const last = Math.max(end, 1);
  const isWhole = unit === 'epochs' && last <= MAX_WHOLE;
  return {
    type: 'linear',
    low: 0,
    high: last,
    ticks: isWhole ? Array.from({ length: Math.floor(last) + 1 }, (_, tick) => tick) : nearTicks(0, last, 6),
    label: unit === 'epochs' ? 'Epochs trained' : 'Steps trained',
    lines: 'ticks',
  };
}

/** Steps between ticks, and up to which wanted step each is the nearest by ratio. */
const STEPS = [
  { step: 1, nearest: Math.sqrt(2) },
  { step: 2, nearest: Math.sqrt(10) },
  { step: 5, nearest: Math.sqrt(50) },
  { step: 10, nearest: Infinity },
];

/** At most about `count` multiples of 1, 2 or 5 times a power of ten. */
export function evenTicks(low: number, high: number, count: number): number[] {
  return multiples(low, high, (high - low) / count, ({ step }, wanted) => wanted <= step);
}

/** The same, as near to `count` as possible, fewer or more. */
export function nearTicks(low: number, high: number, count: number): number[] {
  return multiples(low, high, (high - low) / count, ({ nearest }, wanted) => wanted < nearest);
}

function multiples(
  low: number,
  high: number,
  wanted: number,
  isEnough: (one: (typeof STEPS)[number], wanted: number) => boolean,
): number[] {
  const power = powerBelow(wanted);
  const step = (STEPS.find((one) => isEnough(one, wanted / power))?.step ?? 10) * power;
  const first = Math.ceil(low / step);
  const count = Math.floor(high / step) - first + 1;
  return Array.from({ length: count }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** The largest power of ten that is not larger. */
function powerBelow(value: number): number {
  let power = 1;
  while (power > value) power /= 10;
  while (power * 10 <= value) power *= 10;
  return power;
}

const MAX_LOG_TICKS = 8;

/** 1, 2 and 5 times powers of ten; only the powers if those are many. */
export function logTicks(low: number, high: number): number[] {
  const of = (steps: readonly number[]): number[] => {
    const ticks: number[] = [];
    for (let power = powerBelow(low); power <= high; power *= 10)
      ticks.push(...steps.map((step) => Number((step * power).toPrecision(6))));
    return ticks.filter((tick) => tick >= low && tick <= high);
  };
  const fine = of([1, 2, 5]);
  return fine.length <= MAX_LOG_TICKS ? fine : of([1]);
}

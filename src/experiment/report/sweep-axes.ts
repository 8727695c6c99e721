/** The axes of a sweep's charts: how far they reach, and which ticks are worth reading. */
import { evenTicks, logTicks, tickText, type Axis } from '../draw/axis.js';
import type { SweepAxis } from './sweep-series.js';

/** Round ticks of an axis, about. */
const TICKS = 6;
/** If there are at most this many values, each is marked. */
const MAX_VALUES = 12;
const MAX_LOG_VALUES = 6;
/** Neighbours on a logarithmic axis closer than this ratio would be written over each other. */
const CLOSE_RATIO = 1.5;

/** The axis of settings: a tick at every value if there is room for all of them. */
export function settingAxis({ label, type, values }: SweepAxis): Axis & { readonly label: string } {
  const known = [...new Set(values.filter((value) => value !== null))].sort((a, b) => a - b);
  const low = known[0] ?? 0;
  const high = known.at(-1) ?? 1;
  const text = (tick: number): string => tickText(Number(tick.toPrecision(3)));
  const between = known.slice(1).map((value, i) => ({ value, before: known[i]! }));
  if (type === 'log') {
    const isRoomy =
      known.length <= MAX_LOG_VALUES && between.every(({ value, before }) => value / before >= CLOSE_RATIO);
    const ends = { low: low / 1.3, high: high * 1.3 };
    return { label, type, ...ends, ticks: isRoomy ? known : logTicks(ends.low, ends.high), text };
  }
  const span = high - low;
  const room = span === 0 ? 1 : 0.07 * span;
  const ends = { low: low - room, high: high + room };
  const isRoomy = between.every(({ value, before }) => value - before >= span / MAX_VALUES);
  return { label, type, ...ends, ticks: isRoomy ? known : evenTicks(ends.low, ends.high, TICKS), text };
}

/** Costs lie over orders of magnitude or side by side. */
const WIDE_RATIO = 20;
/** An axis that would begin below this share of its end begins at 0. */
const NEAR_ZERO = 0.25;

const UNITS = [
  { name: 'bit', size: 1 },
  { name: 'kbit', size: 1e3 },
  { name: 'Mbit', size: 1e6 },
  { name: 'Gbit', size: 1e9 },
];

/** The axis of bits moved, in the unit in which the largest is a number of few digits. */
export function costAxis(costs: readonly number[]): Axis & { readonly label: string } {
  const most = Math.max(...costs, 1);
  const least = Math.min(...costs, most);
  const unit = UNITS.filter(({ size }) => size <= most).at(-1) ?? UNITS[0]!;
  const label = `${unit.name} moved per training example`;
  const text = (tick: number): string => tickText(Number((tick / unit.size).toPrecision(4)));
  if (most / least < WIDE_RATIO) {
    const room = 0.1 * (most - least) || 0.1 * most;
    const high = most + room;
    const low = least - room < NEAR_ZERO * high ? 0 : least - room;
    return { label, type: 'linear', low, high, ticks: evenTicks(low, high, TICKS), text };
  }
  const ends = { low: least / 1.3, high: most * 1.3 };
  return { label, type: 'log', ...ends, ticks: logTicks(ends.low, ends.high), text };
}

/** A number of bits with its unit. */
export function bitsText(bits: number): string {
  const unit = UNITS.filter(({ size }) => size <= bits).at(-1) ?? UNITS[0]!;
  return `${Number((bits / unit.size).toPrecision(3))} ${unit.name}`;
}

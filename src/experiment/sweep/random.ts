/**
 * Random search: value number `index` of a field as a function of the search's seed, the field and the index,
 * by the counter generator (docs/randomness.md). Adding a field changes no draw of the others, and a longer
 * search begins with the shorter one. It uses only operations that every engine rounds alike, hence roots
 * instead of powers.
 */
import { parseSeed, RandomSite, siteHash, type Seed } from '../../numerics/index.js';
import type { JsonValue } from './field.js';

/** Numbers from `from` to `to`, inclusive. */
export interface NumberRange {
  readonly from: number;
  readonly to: number;
  /** `log`: equally likely per factor instead of per difference. Default `linear`. */
  readonly scale?: 'linear' | 'log';
  /** Whole numbers only. */
  readonly whole?: boolean;
}

/** The source of a field's values: a list, or a range. */
export type Draw = readonly JsonValue[] | NumberRange;

const WORDS = 4294967296;
/** Significant digits of drawn reals: enough for a search, and few enough to read and type. */
const DIGITS = 3;
const WIDTH = 32;

/** Value number `index` of the field. */
export function drawnValue(seed: Seed, field: string, draw: Draw, index: number): JsonValue {
  const word = new RandomSite(parseSeed(seed), siteHash(`sweep/${field}`), 0, WIDTH).word(index);
  if (isList(draw)) return draw[Math.floor((word * draw.length) / WORDS)] ?? null;
  const { from, to, scale = 'linear', whole = false } = draw;
  if (whole && scale === 'linear') return from + Math.floor((word * (to - from + 1)) / WORDS);
  const part = word / WORDS;
  const value = scale === 'log' ? from * rootPower(to / from, part) : from + (to - from) * part;
  const rounded = whole ? Math.round(value) : Number(value.toPrecision(DIGITS));
  return Math.min(Math.max(rounded, from), to);
}

function isList(draw: Draw): draw is readonly JsonValue[] {
  return Array.isArray(draw);
}

/** base^part for a part in [0, 1) with 32 bits: the product of base^(1/2), base^(1/4) ... that its bits select. */
function rootPower(base: number, part: number): number {
  let result = 1;
  let root = base;
  let rest = part;
  for (let bit = 0; bit < WIDTH; bit++) {
    root = Math.sqrt(root);
    rest *= 2;
    if (rest < 1) continue;
    rest -= 1;
    result *= root;
  }
  return result;
}

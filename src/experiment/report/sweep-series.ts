/**
 * The data behind the charts of a sweep: the axis on which its settings lie, the series that differ in colour, the
 * Pareto front, the cells of a heat map. Pure functions of settings; sweep-view.ts asks for them, sweep-charts.ts draws them.
 */
import type { Spread } from './spread.js';
import { bitAxis } from './sweep-bits.js';
import { byError, groupBySeed, doneError, divergedCount, type MeasuredGroup } from './sweep-groups.js';
import { ConfigurationError } from '../run/errors.js';
import { fieldsName, fieldTextIn } from '../sweep/run-fields.js';

/** Where settings lie along one field. */
export interface SweepAxis {
  readonly label: string;
  readonly type: 'linear' | 'log';
  /** Fields that the axis stands for; the others make series. */
  readonly fields: readonly string[];
  /** By setting; null for one that has no place on it, like float32 on an axis of bits. */
  readonly values: readonly (number | null)[];
}

/** Settings in one colour, ordered along the axis. */
export interface SweepSeries {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly setting: MeasuredGroup }[];
}

/** What a chart along an axis shows. */
export interface AlongAxis {
  readonly axis: SweepAxis;
  readonly series: readonly SweepSeries[];
  /** Settings without a place on the axis: levels across the chart. */
  readonly levels: readonly MeasuredGroup[];
  /** Fields in which the series differ. */
  readonly named: readonly string[];
  /** Fields that vary within a series, because there are too many settings for a colour each: such a series is no curve. */
  readonly hidden: readonly string[];
}

/** More colours than this look alike. */
const MAX_SERIES = 7;
/** More levels than this are a grid. */
const MAX_LEVELS = 2;
/** From this ratio on numbers are spread over a logarithmic axis. */
const LOG_RATIO = 8;

/** The bits of formats if these vary, else the random bits of stochastic rounding, else the first field of numbers; or null. */
export function sweepAxis(settings: readonly MeasuredGroup[], fields: readonly string[]): SweepAxis | null {
  const ofFormats = fields.filter((field) => field.split('.').includes('formats'));
  const bits = ofFormats.length === 0 ? null : bitAxis(settings.map((setting) => setting.bits));
  if (bits !== null) return { ...bits, type: 'linear', fields: ofFormats };
  const isWide = (values: readonly number[]): boolean =>
    Math.min(...values) > 0 && Math.max(...values) / Math.min(...values) >= LOG_RATIO;
  const typeOf = (values: readonly number[]): 'log' | 'linear' => (isWide(values) ? 'log' : 'linear');
  const roundings = fields.filter((field) => field.split('.').includes('rounding'));
  const [rounding = '', ...otherRoundings] = roundings;
  const randomBits = settings.map(({ texts }) => {
    const bits = /^stochastic:(\d+)$/.exec(texts[rounding] ?? '')?.[1];
    return bits === undefined ? null : Number(bits);
  });
  const known = randomBits.filter((value) => value !== null);
  if (otherRoundings.length === 0 && new Set(known).size > 1) {
    const label = 'Random bits of stochastic rounding';
    return { label, type: typeOf(known), fields: [rounding], values: randomBits };
  }
  for (const field of fields) {
    if (ofFormats.includes(field)) continue;
    const values = settings.map(({ texts }) => Number(texts[field] ?? NaN));
    if (new Set(values).size < 2 || values.some((value) => !Number.isFinite(value))) continue;
    return { label: field, type: typeOf(values), fields: [field], values };
  }
  return null;
}

/** The settings along their axis; null if nothing has a place on one. */
export function alongAxis(settings: readonly MeasuredGroup[], fields: readonly string[]): AlongAxis | null {
  const axis = sweepAxis(settings, fields);
  if (axis === null) return null;
  const others = fields.filter((field) => !axis.fields.includes(field));
  const placed = settings.flatMap((setting, i) => {
    const x = axis.values[i] ?? null;
    return x === null ? [] : [{ x, setting }];
  });
  const named = distinguishing(
    placed.map(({ setting }) => setting),
    others,
  );
  const groups = new Map<string, { x: number; setting: MeasuredGroup }[]>();
  for (const point of placed) {
    const name = fieldsName(point.setting.texts, named);
    groups.set(name, [...(groups.get(name) ?? []), point]);
  }
  const levels = byError(settings.filter((_, i) => axis.values[i] === null));
  return {
    axis,
    series: [...groups].map(([name, points]) => ({ name, points: points.sort((a, b) => a.x - b.x) })),
    levels: levels.length > MAX_LEVELS ? levels.slice(0, 1) : levels,
    named,
    hidden: others.filter((field) => !named.includes(field)),
  };
}

/** All of the fields if they make few series; else the first that makes some but not too many, or none. */
function distinguishing(settings: readonly MeasuredGroup[], fields: readonly string[]): readonly string[] {
  const count = (of: readonly string[]): number =>
    new Set(settings.map(({ texts }) => fieldsName(texts, of))).size;
  if (count(fields) <= MAX_SERIES) return fields;
  const single = fields.find((field) => count([field]) > 1 && count([field]) <= MAX_SERIES);
  return single === undefined ? [] : [single];
}

/** Settings that no other beats: none moves fewer bits with no more error. By bits; settings without an error take no part. */
export function paretoFront(settings: readonly MeasuredGroup[]): MeasuredGroup[] {
  const cost = ({ bits }: MeasuredGroup): number => bits.movedPerExample;
  const sorted = byError(settings.filter(({ error }) => error !== null)).sort((a, b) => cost(a) - cost(b));
  let best = Infinity;
  return sorted.filter(({ error }) => {
    if (error === null || error.mean >= best) return false;
    best = error.mean;
    return true;
  });
}

/** A cell of a heat map: the setting of these two values, the best if several have them. */
export interface HeatCell {
  /** null if it diverged, or none of its runs is done. */
  readonly error: Spread | null;
  readonly diverged: number;
  readonly runs: number;
  /** Settings that have the cell's values. */
  readonly settings: number;
}

/** A heat map: values of one field across, of another down; null if there is no run. */
export interface HeatMap {
  readonly x: string;
  readonly y: string;
  readonly columns: readonly string[];
  readonly rows: readonly {
    readonly value: string;
    readonly cells: readonly (HeatCell | null)[];
    readonly isWide: boolean;
  }[];
  /** Fields that vary within a cell; of their settings the best is shown. */
  readonly within: readonly string[];
}

/** What stands for a field that a run does not have. */
const ABSENT = '–';

/**
 * The heat map of two fields. A row whose runs do not have the field across (float32 has no rounding) is one wide cell.
 * @param fields all that vary, the seed among them if it is to be one of the two
 * @throws ConfigurationError for a field that no run has
 */
export function heatMap(
  settings: readonly MeasuredGroup[],
  fields: readonly string[],
  { x, y }: { readonly x: string; readonly y: string },
): HeatMap {
  const runs = settings.flatMap((setting) =>
    setting.runs.map((run) => ({
      ...run,
      across: fieldTextIn(run.configuration, x) ?? ABSENT,
      down: fieldTextIn(run.configuration, y) ?? ABSENT,
    })),
  );
  const check = (field: string, values: readonly string[]): void => {
    if (values.some((value) => value !== ABSENT)) return;
    throw new ConfigurationError(
      `heat map: no run has a field "${field}"; these vary: ${[...fields, 'seed'].join(', ')}`,
    );
  };
  check(
    x,
    runs.map(({ across }) => across),
  );
  check(
    y,
    runs.map(({ down }) => down),
  );
  const cellOf = (row: string, column: string): HeatCell | null => {
    const own = runs.filter(({ across, down }) => across === column && down === row);
    if (own.length === 0) return null;
    const groups = groupBySeed(own, fields).map((group) => ({
      error: doneError(group.runs),
      diverged: divergedCount(group.runs),
      runs: group.runs.length,
    }));
    return { ...byError(groups)[0]!, settings: groups.length };
  };
  const downward = inOrder(
    y,
    runs.map(({ down }) => down),
  );
  const known = inOrder(
    x,
    runs.map(({ across }) => across).filter((value) => value !== ABSENT),
  );
  const rowOf = (value: string, columns: readonly string[]) => columns.map((column) => cellOf(value, column));
  const isMixed = downward.some(
    (value) => cellOf(value, ABSENT) !== null && rowOf(value, known).some((cell) => cell !== null),
  );
  const columns = isMixed ? [...known, ABSENT] : known;
  const rows = downward.map((value) => {
    const wide = isMixed ? null : cellOf(value, ABSENT);
    return wide === null
      ? { value, cells: rowOf(value, columns), isWide: false }
      : { value, cells: [wide], isWide: true };
  });
  const isSeveral = rows.some(({ cells }) => cells.some((cell) => cell !== null && cell.settings > 1));
  return {
    x,
    y,
    columns,
    rows,
    within: isSeveral ? fields.filter((field) => field !== x && field !== y) : [],
  };
}

/** The two fields of the heat map that needs no choice: across is the one that some runs do not have. */
export function heatFields(
  settings: readonly MeasuredGroup[],
  fields: readonly string[],
): { x: string; y: string } | null {
  const [first, second, ...others] = fields;
  if (first === undefined || second === undefined || others.length > 0) return null;
  const isPartial = settings.some(({ texts }) => texts[first] === undefined);
  return isPartial ? { x: first, y: second } : { x: second, y: first };
}

/** Each value once: numbers by size, texts (formats look like numbers, and are none) as they come first. */
function inOrder(field: string, texts: readonly string[]): string[] {
  const values = [...new Set(texts)];
  const isNumber =
    !field.split('.').includes('formats') && values.every((text) => Number.isFinite(Number(text)));
  return isNumber ? values.sort((a, b) => Number(a) - Number(b)) : values;
}

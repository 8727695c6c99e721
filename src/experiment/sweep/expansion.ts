/**
 * The runs of a sweep: every point of the list with every point of the grid with every point drawn, each
 * applied to the sweep's run. It is a pure function of the definition: every machine gets the same runs with
 * the same names.
 */
import { siteHash } from '../../numerics/index.js';
import { ConfigurationError } from '../run/errors.js';
import { folderName } from '../run/setting-text.js';
import {
  completeConfiguration,
  configurationDifference,
  type PartialRunConfiguration,
  type RunConfiguration,
} from '../run/configuration.js';
import type { GridValues, ListPoint, SweepDefinition } from './definition.js';
import { FIXED_POINT_ONLY, parseField, withFields, type FieldValues, type JsonValue } from './field.js';
import { drawnValue } from './random.js';

/** One run of a sweep. */
export interface SweepRun {
  /** Name of its folder below the sweep's. */
  readonly name: string;
  /** Its values in readable form: `formats=4.12 seed=2`. */
  readonly label: string;
  readonly values: FieldValues;
  readonly configuration: RunConfiguration;
}

/** The runs, and the number of points left out because an earlier one is the same run. */
export interface Expansion {
  readonly runs: readonly SweepRun[];
  readonly repeated: number;
}

/** A point of the space: its values, and the words that represent them, each with its field. */
interface Point {
  readonly labels: readonly { readonly field: string | null; readonly text: string }[];
  readonly values: FieldValues;
}

const MAX_RUNS = 10_000;
const MAX_NAME = 100;
const MAX_VALUE = 60;

/**
 * The sweep's runs in order.
 * @param source the sweep's name in errors
 * @throws ConfigurationError for a point that does not make a configuration, naming the point
 */
export function expandSweep(definition: SweepDefinition, source: string): Expansion {
  const points = pointsOf(definition, source);
  const runs: (Omit<SweepRun, 'name'> & { stem: string })[] = [];
  const seen = new Map<string, RunConfiguration[]>();
  for (const point of points) {
    const run = withFields(definition.run, point.values, `${source}: run "${textOf(point)}"`);
    const configuration = complete(run, definition.run);
    const { labels, values } = withoutIdle(point, configuration);
    const label = textOf({ labels });
    // A first sieve by text; the others are compared field by field.
    const key = JSON.stringify([configuration.network.formats, configuration.network.seed]);
    const alike = seen.get(key) ?? [];
    if (alike.some((other) => configurationDifference(other, configuration) === null)) continue;
    seen.set(key, [...alike, configuration]);
    runs.push({ stem: stemOf(label), label, values, configuration });
  }
  const stems = new Map<string, number>();
  for (const { stem } of runs) stems.set(stem, (stems.get(stem) ?? 0) + 1);
  const named = runs.map(({ stem, ...run }) => ({
    name: stems.get(stem) === 1 ? stem : `${stem}-${hash(run.label)}`,
    ...run,
  }));
  checkNames(named, source);
  return { runs: named, repeated: points.length - runs.length };
}

/** No two runs share a folder. */
function checkNames(runs: readonly SweepRun[], source: string): void {
  const labels = new Map<string, string>();
  for (const { name, label } of runs) {
    const other = labels.get(name);
    if (other !== undefined) {
      throw new ConfigurationError(
        `${source}: the runs "${other}" and "${label}" would have one folder, ${name}; give one of them another name`,
      );
    }
    labels.set(name, label);
  }
}

function textOf({ labels }: Pick<Point, 'labels'>): string {
  return labels.map(({ text }) => text).join(' ');
}

/** Fields that float32 does not have; in a run's name they would be false. */
const IDLE = [...FIXED_POINT_ONLY, 'randomBits'];

function withoutIdle(point: Point, { network }: RunConfiguration): Point {
  if (network.formats !== 'float32') return point;
  const isIdle = (field: string | null): boolean =>
    field !== null &&
    IDLE.some((idle) => parseField(idle).join('.') === parseField(field).slice(0, 2).join('.'));
  return {
    labels: point.labels.filter(({ field }) => !isIdle(field)),
    values: Object.fromEntries(Object.entries(point.values).filter(([field]) => !isIdle(field))),
  };
}

function complete(run: PartialRunConfiguration, base: RunConfiguration): RunConfiguration {
  return completeConfiguration({ ...run, data: run.data ?? base.data });
}

/** The points, by number, of one of the three spaces or of one field of the grid. */
interface Axis {
  readonly size: number;
  readonly point: (index: number) => Point;
}

function pointsOf(definition: SweepDefinition, source: string): Point[] {
  const axes = axesOf(definition);
  const size = axes.reduce((product, axis) => product * axis.size, 1);
  if (size > MAX_RUNS) {
    throw new ConfigurationError(
      `${source}: makes ${String(size)} points, at most ${String(MAX_RUNS)} are allowed; vary less, or draw some with a random search`,
    );
  }
  return axes.reduce<Point[]>(
    (points, axis) => {
      const others = Array.from({ length: axis.size }, (_, index) => axis.point(index));
      return points.flatMap((point) => others.map((other) => joined(point, other)));
    },
    [{ labels: [], values: {} }],
  );
}

function joined(point: Point, other: Point): Point {
  return { labels: [...point.labels, ...other.labels], values: { ...point.values, ...other.values } };
}

function axesOf({ list = [], grid = {}, random }: SweepDefinition): Axis[] {
  const axes = list.length === 0 ? [] : [axisOf(list.map(listPoint))];
  for (const [field, values] of Object.entries(grid)) axes.push(gridAxis(field, values));
  if (random) {
    const { runs, seed, fields } = random;
    const draws = Object.entries(fields);
    const drawn = (index: number): FieldValues =>
      Object.fromEntries(draws.map(([field, draw]) => [field, drawnValue(seed, field, draw, index)]));
    axes.push({ size: runs, point: (index) => pointOf(drawn(index)) });
  }
  return axes;
}

function axisOf(points: readonly Point[]): Axis {
  return { size: points.length, point: (index) => points[index] ?? { labels: [], values: {} } };
}

function gridAxis(field: string, values: GridValues): Axis {
  if (!('from' in values)) return axisOf(values.map((value) => pointOf({ [field]: value })));
  const { from, to, step = 1 } = values;
  return {
    size: Math.floor((to - from) / step + 1e-9) + 1,
    // 0.1 + 2 * 0.1 is 0.30000000000000004, which is not the intended value.
    point: (index) => pointOf({ [field]: Number((from + index * step).toPrecision(12)) }),
  };
}

function listPoint(point: ListPoint): Point {
  if (typeof point === 'string') return pointOf({ setting: point });
  const { name, ...values } = point;
  return typeof name === 'string' ? { labels: [{ field: null, text: name }], values } : pointOf(values);
}

function pointOf(values: FieldValues): Point {
  const labels = Object.entries(values).map(([field, value]) => {
    // The value of a setting needs no field name; of a path, the end is enough.
    if (field === 'setting') return { field, text: valueText(value) };
    const short = field === 'data' && typeof value === 'string' ? (value.split(/[/\\]/).at(-1) ?? '') : value;
    return { field, text: `${field}=${valueText(short)}` };
  });
  return { labels, values };
}

/**
 * A value in readable form: text unchanged, formats `<4,12>` as `4.12`, lists and objects as their values.
 */
export function valueText(value: JsonValue): string {
  const text = leaves(value)
    .join(' ')
    .replace(/<\s*(-?\d+)\s*,\s*(-?\d+)\s*>/g, '$1.$2');
  return text.length <= MAX_VALUE ? text : `${text.slice(0, MAX_VALUE - 9)}-${hash(JSON.stringify(value))}`;
}

function leaves(value: JsonValue): string[] {
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(leaves);
  return [String(value)];
}

/** Endings of the files that lie beside the runs: sweep.json, report.html ... */
const FILE_ENDING = /\.(?=(?:json|jsonl|html|log|lock)$)/;

/** A folder's name for the label, cut if it is too long. It is the name of no file of the sweep, and never empty. */
function stemOf(label: string): string {
  const name = folderName(label, `run-${hash(label)}`).replace(FILE_ENDING, '-');
  return name.length <= MAX_NAME ? name : `${name.slice(0, MAX_NAME - 9)}-${hash(label)}`;
}

function hash(text: string): string {
  return siteHash(text).toString(16).padStart(8, '0');
}

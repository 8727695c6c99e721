/**
 * The definition of a sweep: a run, the fields that vary, and how poor runs are pruned. It is plain JSON
 * data, the contents of a sweep.json, and this file checks it. expansion.ts derives the runs;
 * docs/experiments.md, section "Sweeps".
 */
import { checkDepth, isFewbitError, shownText } from '../../numerics/index.js';
import { z } from 'zod';
import { ConfigurationError } from '../run/errors.js';
import type { Halving } from './halving.js';
import { parseRunConfiguration } from '../run/schema.js';
import type { PartialRunConfiguration, RunConfiguration } from '../run/configuration.js';
import { parseField, type FieldValues, type JsonValue } from './field.js';
import type { Draw } from './random.js';

/** One point of a list: a setting in one line, or values by field; `name` replaces them in the run's name. */
export type ListPoint = string | ({ readonly name?: string } & FieldValues);

/** Values of a field of the grid: a list, or numbers from `from` to `to` in steps (default 1). */
export type GridValues =
  readonly JsonValue[] | { readonly from: number; readonly to: number; readonly step?: number };

/** Random search: a number of points, each with a value drawn for every field. */
export interface RandomSearch {
  readonly runs: number;
  readonly seed: number | string;
  readonly fields: Readonly<Record<string, Draw>>;
}

/** The space of a sweep: each point of the list, with each point of the grid, with each point drawn. */
export interface SweepSpace {
  readonly list?: readonly ListPoint[];
  readonly grid?: Readonly<Record<string, GridValues>>;
  readonly random?: RandomSearch;
}

/** A complete sweep. */
export interface SweepDefinition extends SweepSpace {
  readonly name?: string;
  /** The run to which the fields are applied. */
  readonly run: RunConfiguration;
  readonly halving?: Halving;
}

/** A sweep as users write it: `run` may be the name of a network, a recipe or a file. */
export type SweepDraft = Omit<SweepDefinition, 'run'> & { readonly run: string | PartialRunConfiguration };

const fields = z.record(z.string(), z.json());
const point = z.union(
  [z.string(), fields],
  'expected a setting such as "4.12/6.10 nearest", or values by field',
);
const gridValues = z.union(
  [
    z.array(z.json()).min(1, 'expected at least one value'),
    z.strictObject({ from: z.number(), to: z.number(), step: z.number().positive().optional() }),
  ],
  'expected a list of values, or { "from": 1, "to": 5, "step": 1 }',
);
const draw = z.union(
  [
    z.array(z.json()).min(1, 'expected at least one value'),
    z.strictObject({
      from: z.number(),
      to: z.number(),
      scale: z.literal(['linear', 'log']).optional(),
      whole: z.boolean().optional(),
    }),
  ],
  'expected a list of values, or { "from": 0.01, "to": 0.3, "scale": "log" }',
);
const count = z.int('expected a whole number from 1').min(1, 'expected a whole number from 1');
const sweep = z.strictObject({
  name: z.string('expected text').optional(),
  run: z.union(
    [z.string(), z.record(z.string(), z.unknown())],
    'expected a run configuration, or the name of a network, a recipe or a .json file',
  ),
  list: z.array(point, 'expected a list').min(1, 'expected at least one point').optional(),
  grid: z.record(z.string(), gridValues, 'expected lists of values by field').optional(),
  random: z
    .strictObject({
      runs: count,
      seed: z.union(
        [z.int().min(0), z.string().regex(/^\d+$/)],
        'expected a whole number from 0, or its decimal text',
      ),
      fields: z.record(z.string(), draw, 'expected lists or ranges by field'),
    })
    .optional(),
  halving: z
    .strictObject({
      rungs: z.array(count, 'expected a list of epochs').min(1, 'expected at least one number of epochs'),
      eta: z.number('expected a number from 2').min(2, 'expected a number from 2').optional(),
      by: z.literal(['test', 'training'], 'expected "test" or "training"').optional(),
    })
    .optional(),
});

/** True for JSON data meant as a sweep, not as a run or a network. */
export function isSweep(input: unknown): boolean {
  return typeof input === 'object' && input !== null && 'run' in input;
}

/**
 * Reads a sweep from JSON data.
 * @param source its name in errors, for example that of the file
 * @throws ConfigurationError naming source, field, rule and what was given
 */
export function parseSweep(input: unknown, source: string): SweepDraft {
  checkDepth(source, input);
  const result = sweep.safeParse(input);
  if (!result.success) throw new ConfigurationError(`${source}: ${issueText(result.error, input)}`);
  const { run, ...rest } = JSON.parse(JSON.stringify(result.data)) as SweepDraft;
  const draft = {
    ...rest,
    run: typeof run === 'string' ? run : parseRunConfiguration(run, `${source}: run`),
  };
  checkSweep(draft, source);
  return draft;
}

/**
 * Checks the rules that the types of the fields do not express.
 * @throws ConfigurationError
 */
export function checkSweep(draft: Omit<SweepDraft, 'run'>, source: string): void {
  const fail = (message: string): never => {
    throw new ConfigurationError(`${source}: ${message}`);
  };
  const { list = [], grid = {}, random, halving } = draft;
  const listed = new Set(list.flatMap((one) => (typeof one === 'string' ? ['setting'] : namesOf(one))));
  const names = [...listed, ...Object.keys(grid), ...Object.keys(random?.fields ?? {})];
  if (names.length === 0) fail('varies nothing; give it a list, a grid or a random search');
  const seen = new Map<string, string>();
  for (const name of names) {
    let path = '';
    try {
      path = parseField(name).join('.');
    } catch (error) {
      if (!isFewbitError(error)) throw error;
      fail(error.message);
    }
    const before = seen.get(path);
    if (before !== undefined)
      fail(`field ${name} is varied twice${before === name ? '' : `, as ${before} too`}; leave one out`);
    seen.set(path, name);
  }
  for (const [name, values] of Object.entries(grid)) {
    if ('from' in values && values.from > values.to) fail(`grid.${name}: "from" must not be above "to"`);
  }
  for (const [name, values] of Object.entries(random?.fields ?? {})) {
    if (!('from' in values)) continue;
    if (values.from > values.to) fail(`random.fields.${name}: "from" must not be above "to"`);
    if (values.scale === 'log' && values.from <= 0) {
      fail(`random.fields.${name}: a logarithmic range begins above 0, got ${String(values.from)}`);
    }
    if (values.whole === true && !(Number.isInteger(values.from) && Number.isInteger(values.to))) {
      fail(`random.fields.${name}: whole numbers lie between whole numbers, got ${JSON.stringify(values)}`);
    }
  }
  const { rungs = [] } = halving ?? {};
  if (rungs.some((rung, index) => rung <= (rungs[index - 1] ?? 0))) {
    fail(`halving.rungs: must ascend, got ${rungs.join(', ')}`);
  }
}

/** The fields of a list's point without its name. */
function namesOf(one: FieldValues): string[] {
  return Object.keys(one).filter((name) => name !== 'name');
}

/** The first issue as `field: rule, got X`. */
function issueText(error: z.ZodError, input: unknown): string {
  const issue = error.issues[0];
  if (!issue) return error.message;
  const field = issue.path.map(String).join('.');
  const place = field === '' ? '' : `${field}: `;
  if (issue.code === 'unrecognized_keys') {
    const known = field === '' ? `; the fields are ${Object.keys(sweep.shape).join(', ')}` : '';
    return `${place}unknown field ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}${known}`;
  }
  let got: unknown = input;
  for (const key of issue.path) got = (got as Record<PropertyKey, unknown> | undefined)?.[key];
  const shown = shownText(got);
  return field === ''
    ? `expected a sweep { "run": ..., "grid": ... }, got ${shown}`
    : `${place}${issue.message}, got ${shown}`;
}

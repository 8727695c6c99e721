/**
 * The definition of a sweep from the command line: a sweep.json, a sweep's folder, or a network and options.
 */
import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { DATA_NAMES } from '../../../data/node/index.js';
import {
  checkSweep,
  expandSweep,
  folderName,
  isSweep,
  parseField,
  parseSweep,
  type Draw,
  type Expansion,
  type GridValues,
  type Halving,
  type JsonValue,
  type SweepDefinition,
  type SweepDraft,
} from '../../../experiment/index.js';
import { isSweepFolder, readSweep } from '../../../experiment/store/index.js';
import { parseJson } from '../../../numerics/index.js';
import { UsageError } from '../../console/errors.js';
import { readJsonFile } from '../../options/json-file.js';
import { learningRateOf, realNumber, seedOf, wholeNumber } from '../../options/numbers.js';
import { applyOptions, DEFAULT_SEED, networkArgument, type RunOptions } from '../../options/run-options.js';

/** The options of `fewbit sweep` that say which runs there are. */
export interface SpaceOptions extends RunOptions {
  readonly settings?: string;
  readonly setting?: readonly string[];
  readonly grid?: readonly string[];
  readonly random?: number;
  readonly draw?: readonly string[];
  readonly searchSeed?: number | string;
  /** Rungs, or false for --no-halving. */
  readonly halving?: readonly number[] | false;
  readonly eta?: number;
  readonly by?: 'test' | 'training';
}

/** A sweep as the command line asks for it. */
export interface RequestedSweep {
  /** Folder of the sweep. */
  readonly out: string;
  readonly definition: SweepDefinition;
  readonly expansion: Expansion;
}

/** @throws UsageError, ConfigurationError for what cannot be understood, RunFolderError for a damaged sweep folder */
export function requestedSweep(argument: string, options: SpaceOptions): RequestedSweep {
  const isFolder = isSweepFolder(argument);
  const { draft, source } = isFolder
    ? { draft: readSweep(argument), source: join(argument, 'sweep.json') }
    : draftOf(argument);
  const base =
    typeof draft.run === 'string' ? networkArgument(besideOf(source, draft.run), options) : draft.run;
  const run = applyOptions(base, options);
  const definition: SweepDefinition = { ...withAbsoluteData(withOptions(draft, options)), run };
  checkSweep(definition, source);
  const stem = basename(source, '.json');
  const name =
    definition.name ?? (isSweepFile(draft, argument) && stem !== 'sweep' ? stem : run.network.name);
  const out =
    options.out ?? (isFolder ? argument : join('runs', `sweep-${folderName(name ?? '', 'network')}`));
  return { out, definition, expansion: expandSweep(definition, source) };
}

/** A file that a sweep names may lie beside the sweep's own. */
function besideOf(source: string, run: string): string {
  const path = join(dirname(source), run);
  return run.endsWith('.json') && existsSync(path) ? path : run;
}

/** A path holds wherever a run is started from. */
function withAbsoluteData(space: Omit<SweepDraft, 'run'>): Omit<SweepDraft, 'run'> {
  const { list, grid, random } = space;
  const absolute = (value: JsonValue): JsonValue =>
    typeof value === 'string' && !DATA_NAMES.includes(value) && existsSync(value) ? resolve(value) : value;
  const inFields = <T>(fields: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(
      Object.entries(fields).map(([field, values]) =>
        field === 'data' && Array.isArray(values) ? [field, values.map(absolute) as T] : [field, values],
      ),
    );
  return {
    ...space,
    ...(list && {
      list: list.map((point) =>
        typeof point === 'string' || point['data'] === undefined
          ? point
          : { ...point, data: absolute(point['data']) },
      ),
    }),
    ...(grid && { grid: inFields(grid) }),
    ...(random && { random: { ...random, fields: inFields(random.fields) } }),
  };
}

function isSweepFile(draft: SweepDraft, argument: string): boolean {
  return draft.run !== argument;
}

/** A sweep's file; or a network, whose name or file becomes the run of a sweep of options alone. */
function draftOf(argument: string): { draft: SweepDraft; source: string } {
  if (argument.endsWith('.json')) {
    const contents = readJsonFile(argument);
    if (isSweep(contents)) return { draft: parseSweep(contents, argument), source: argument };
  }
  return { draft: { run: argument }, source: 'sweep' };
}

/** The sweep with what the options add to it. */
function withOptions(draft: SweepDraft, options: SpaceOptions): Omit<SweepDraft, 'run'> {
  const { random, setting = [], grid: varied = [], draw = [], searchSeed, halving } = options;
  const settings = [...(options.settings?.split(';') ?? []), ...setting]
    .map((text) => text.trim())
    .filter((text) => text !== '');
  const list = [...(draft.list ?? []), ...settings];
  const grid = { ...draft.grid, ...fieldsOf('--grid', varied, gridOf, draft.grid) };
  const drawn = { ...draft.random?.fields, ...fieldsOf('--draw', draw, drawOf, draft.random?.fields) };
  const runs = random ?? draft.random?.runs;
  const hasDraws = Object.keys(drawn).length > 0;
  if (hasDraws !== (runs !== undefined)) {
    throw new UsageError(
      hasDraws
        ? 'sweep: --draw needs the number of points to draw; give it with --random <n>'
        : 'sweep: --random needs a field to draw; give one with --draw, for example --draw "learningRate=0.01..0.3 log"',
    );
  }
  const rungs = halving === false ? undefined : (halving ?? draft.halving?.rungs);
  if (rungs === undefined && (options.eta !== undefined || options.by !== undefined)) {
    throw new UsageError('sweep: --eta and --by belong to --halving <epochs>');
  }
  return {
    ...(draft.name === undefined ? {} : { name: draft.name }),
    ...(list.length === 0 ? {} : { list }),
    ...(Object.keys(grid).length === 0 ? {} : { grid }),
    ...(runs === undefined
      ? {}
      : { random: { runs, seed: searchSeed ?? draft.random?.seed ?? DEFAULT_SEED, fields: drawn } }),
    ...(rungs === undefined ? {} : { halving: halvingOf(rungs, draft.halving, options) }),
  };
}

function halvingOf(rungs: readonly number[], before: Halving | undefined, options: SpaceOptions): Halving {
  const { eta = before?.eta, by = before?.by } = options;
  return { rungs, ...(eta === undefined ? {} : { eta }), ...(by === undefined ? {} : { by }) };
}

/** `field=values` of an option that may be repeated; a field may be given once. */
function fieldsOf<T>(
  option: string,
  texts: readonly string[],
  read: (option: string, field: string, values: string) => T,
  before: Readonly<Record<string, T>> = {},
): Record<string, T> {
  const fields: Record<string, T> = {};
  for (const text of texts) {
    const [, field, values] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/s.exec(text) ?? [];
    if (field === undefined || values === undefined || values === '') {
      throw new UsageError(`${option}: expected field=value; value; ..., got "${text}"`);
    }
    if (field in fields || field in before) {
      throw new UsageError(`${option}: field ${field} is varied twice; put its values into one list`);
    }
    fields[field] = read(option, field, values);
  }
  return fields;
}

const NUMBER = String.raw`[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?`;
const GRID_RANGE = new RegExp(String.raw`^(${NUMBER})\.\.(${NUMBER})(?:\s+step\s+(${NUMBER}))?$`, 'i');
const DRAW_RANGE = new RegExp(String.raw`^(${NUMBER})\.\.(${NUMBER})((?:\s+(?:log|whole))*)$`, 'i');

function gridOf(option: string, field: string, values: string): GridValues {
  const [range, from, to, step] = GRID_RANGE.exec(values) ?? [];
  if (range === undefined) return valuesOf(option, field, values);
  return { from: Number(from), to: Number(to), ...(step === undefined ? {} : { step: Number(step) }) };
}

function drawOf(option: string, field: string, values: string): Draw {
  const [range, from, to, words = ''] = DRAW_RANGE.exec(values) ?? [];
  if (range === undefined) return valuesOf(option, field, values);
  return {
    from: Number(from),
    to: Number(to),
    ...(/log/i.test(words) ? { scale: 'log' } : {}),
    ...(/whole/i.test(words) ? { whole: true } : {}),
  };
}

function valuesOf(option: string, field: string, text: string): JsonValue[] {
  const values = text
    .split(';')
    .map((value) => value.trim())
    .filter((value) => value !== '');
  if (values.length === 0) throw new UsageError(`${option}: expected values of ${field}, got none`);
  return values.map((value) => valueOf(field, value));
}

/** Fields whose values are text, even if they look like numbers: a format is 4.10, not 4.1. */
const TEXT = ['formats', 'rounding', 'accumulator', 'setting', 'data', 'network', 'overflow', 'augment'];

function valueOf(field: string, text: string): JsonValue {
  const path = parseField(field);
  const last = path.at(-1) ?? '';
  if (TEXT.includes(last) || path.includes('formats')) return text;
  if (last === 'seed') return seedOf(text);
  if (last === 'learningRate') return learningRateOf(text);
  try {
    return parseJson(text) as JsonValue;
  } catch {
    return text;
  }
}

/** `--halving 1,3`: epochs. */
export function rungsOf(text: string): number[] {
  return text.split(',').map(wholeNumber('--halving', 1));
}

export const etaOf = realNumber('--eta', 2);

/**
 * The fields that a sweep varies, by path: `batch`, `network.optimizer.momentum`,
 * `layers.conv1.formats.weight` ..., with short names for the most common ones. This file applies values of
 * some fields to a configuration and checks the result like a config.json. docs/experiments.md, section
 * "Fields", lists them.
 */
import { ROLES, zoo, ZOO_NAMES, type NetworkConfiguration } from '../../nn/index.js';
import {
  parseAccumulator,
  parseRounding,
  roundingText,
  InputTypeError,
  isFewbitError,
  shownText,
} from '../../numerics/index.js';
import { ConfigurationError } from '../run/errors.js';
import { parseRunConfiguration } from '../run/schema.js';
import { parseAugmentation, parseFormats, parseRoundings, parseSetting } from '../run/setting-text.js';
import { changeNetwork, type PartialRunConfiguration, type RunConfiguration } from '../run/configuration.js';

/** Any JSON value. */
export type JsonValue =
  null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** Values by field. */
export type FieldValues = Readonly<Record<string, JsonValue>>;

const NETWORK_FIELDS = [
  ...['seed', 'formats', 'rounding', 'inferenceRounding', 'overflow', 'accumulator', 'weightInit'],
  ...['optimizer', 'input', 'layers', 'precisionSchedule'],
];
const OPTIMIZER_FIELDS = ['learningRate', 'momentum', 'weightDecay'];
/** Fields that the run writes or that do not affect its result; a sweep over them would repeat one run. */
const FIXED_FIELDS = ['fewbit', 'dataDigest', 'threads'];
const SETTING = 'setting';
const RANDOM_BITS = 'randomBits';
const MAX_RANDOM_BITS = 32;

/**
 * Fields about the whole run come first, then narrower and narrower ones. If several set the same thing, the
 * last one applies.
 */
const ORDER = { run: 0, network: 1, setting: 2, path: 3, randomBits: 4 } as const;

/** A field's path in a run configuration: `['network', 'optimizer', 'momentum']`. */
export type FieldPath = readonly string[];

/**
 * Reads a field.
 * @throws ConfigurationError for one that cannot be varied; whether it exists depends on the configuration.
 */
export function parseField(text: string): FieldPath {
  const words = [...text.matchAll(/\[([^\]]*)\]|[^.[\]]+/g)].map((match) => match[1] ?? match[0]);
  const [first = ''] = words;
  if (first === '' || words.includes('')) {
    throw new ConfigurationError(
      `field: expected a path such as learningRate or layers.conv1.formats.weight, got "${text}"`,
    );
  }
  if (FIXED_FIELDS.includes(first)) {
    throw new ConfigurationError(`field: ${first} changes no result and is not varied; leave it out`);
  }
  if (NETWORK_FIELDS.includes(first)) return ['network', ...words];
  if (OPTIMIZER_FIELDS.includes(first)) return ['network', 'optimizer', ...words];
  return words;
}

/** A field by its shortest name: `network.optimizer.learningRate` is `learningRate`. */
export function fieldText(path: FieldPath): string {
  const [, second = '', third = ''] = path;
  const inOptimizer = path[0] === 'network' && second === 'optimizer' && OPTIMIZER_FIELDS.includes(third);
  const inNetwork = path[0] === 'network' && NETWORK_FIELDS.includes(second);
  return path.slice(inOptimizer ? 2 : inNetwork ? 1 : 0).join('.');
}

/**
 * The configuration with the values applied, checked, without settings that its arithmetic does not have.
 * @param source its name in errors
 * @throws ConfigurationError naming source and field
 */
export function withFields(
  base: RunConfiguration | PartialRunConfiguration,
  values: FieldValues,
  source: string,
): PartialRunConfiguration {
  const fields = Object.entries(values)
    .map(([text, value]) => ({ text, path: parseField(text), value }))
    .sort((a, b) => rank(a.path) - rank(b.path) || a.path.length - b.path.length);
  let configuration = JSON.parse(JSON.stringify(base)) as JsonValue;
  for (const { text, path, value } of fields) {
    try {
      configuration = withField(configuration, path, value);
    } catch (error) {
      if (!isFewbitError(error)) throw error;
      throw new ConfigurationError(`${source}: ${text}: ${error.message}`, { cause: error });
    }
  }
  return parseRunConfiguration(withoutIdle(configuration), source);
}

function rank([first, second]: FieldPath): number {
  if (first === SETTING) return ORDER.setting;
  if (first === RANDOM_BITS) return ORDER.randomBits;
  if (first !== 'network') return ORDER.run;
  return second === undefined ? ORDER.network : ORDER.path;
}

function withField(configuration: JsonValue, path: FieldPath, value: JsonValue): JsonValue {
  if (!isObject(configuration)) return configuration;
  const network = configuration['network'] ?? {};
  const [first, second] = path;
  if (path.length === 1 && first === SETTING) {
    return { ...configuration, network: settingOf(network, value) };
  }
  if (path.length === 1 && first === RANDOM_BITS) {
    return { ...configuration, network: withRandomBits(network, value) };
  }
  if (first === 'network' && second === undefined) {
    return { ...configuration, network: networkOf(configuration, value) };
  }
  return withValue(configuration, path, value);
}

/** A network by its name in the zoo, with the seed and the length of the run, or a complete configuration. */
function networkOf(configuration: Readonly<Record<string, JsonValue>>, value: JsonValue): JsonValue {
  if (typeof value !== 'string') return value;
  const { network, epochs } = configuration;
  const name = ZOO_NAMES.find((known) => known === value);
  if (name === undefined) {
    throw new InputTypeError(
      `expected ${ZOO_NAMES.join(', ')} or a network configuration, got ${shownText(value)}`,
    );
  }
  const seed = isObject(network) ? network['seed'] : undefined;
  return zoo[name]({
    seed: seed as number,
    ...(typeof epochs === 'number' ? { epochs } : {}),
  }) as unknown as JsonValue;
}

/** Formats, rounding and accumulator of a setting in one line, in the form that `compare` reads. */
function settingOf(network: JsonValue, value: JsonValue): JsonValue {
  if (typeof value !== 'string') {
    throw new InputTypeError(`expected text such as "4.12/6.10 nearest", got ${shownText(value)}`);
  }
  const changed = changeNetwork(network as unknown as NetworkConfiguration, parseSetting(value).changes);
  return JSON.parse(JSON.stringify(changed)) as JsonValue;
}

/** Sets the value at the end of the path and copies everything on the way. */
function withValue(target: JsonValue | undefined, path: FieldPath, value: JsonValue): JsonValue {
  const [word, ...rest] = path;
  if (word === undefined) return value;
  if (Array.isArray(target)) {
    const items = target as readonly JsonValue[];
    const found = layerIndex(items, word);
    return items.map((item, index) => (index === found ? withValue(item, rest, value) : item));
  }
  if (target !== undefined && !isObject(target)) {
    throw new InputTypeError(`expected an object to have ${word}, got ${shownText(target)}`);
  }
  if (rest.length > 0) return { ...target, [word]: withValue(perRole(word, target?.[word]), rest, value) };
  const leaf = leafOf(word, value);
  if (leaf !== null) return { ...target, [word]: leaf };
  return Object.fromEntries(Object.entries(target ?? {}).filter(([key]) => key !== word));
}

/** A value with a text form on the command line may be given in that form. null removes the field. */
function leafOf(word: string, value: JsonValue): JsonValue {
  if (typeof value !== 'string') return value;
  if (word === 'augment') return value === 'none' ? null : (parseAugmentation(value) as JsonValue);
  if (word === 'formats') return parseFormats(value) as JsonValue;
  if (word === 'rounding') return parseRoundings(value) as JsonValue;
  if (word === 'accumulator') return parseAccumulator(value) as unknown as JsonValue;
  return value;
}

/** Expands one format or rounding for all roles to each role, so that one role can be given another. */
function perRole(word: string, value: JsonValue | undefined): JsonValue | undefined {
  if (typeof value !== 'string' || (word !== 'formats' && word !== 'rounding')) return value;
  return Object.fromEntries(ROLES.map((role) => [role, value]));
}

/** The index of a layer, by its name or its number from 0. */
function layerIndex(items: readonly JsonValue[], word: string): number {
  const names = items.map((item) => (isObject(item) ? item['name'] : undefined));
  const index = names.includes(word) ? names.indexOf(word) : /^\d+$/.test(word) ? Number(word) : -1;
  if (index >= 0 && index < items.length) return index;
  const known = names.filter((name) => typeof name === 'string').join(', ');
  throw new InputTypeError(
    `there is no layer "${word}"; choose ${known === '' ? '' : `${known}, or `}a number from 0 to ${String(items.length - 1)}`,
  );
}

/**
 * Gives every stochastic rounding of the network, its layers and its later stages that number of random bits.
 */
function withRandomBits(network: JsonValue, value: JsonValue): JsonValue {
  const isCount = typeof value === 'number' && Number.isInteger(value);
  if (!isCount || value < 1 || value > MAX_RANDOM_BITS) {
    throw new InputTypeError(
      `expected a whole number from 1 to ${String(MAX_RANDOM_BITS)}, got ${shownText(value)}`,
    );
  }
  if (!isObject(network)) return network;
  const everyRole = Object.fromEntries(ROLES.map((role) => [role, 'stochastic']));
  const { rounding = 'stochastic', layers, precisionSchedule } = network;
  return {
    ...network,
    rounding: drawing(isObject(rounding) ? { ...everyRole, ...rounding } : rounding, value),
    ...(layers === undefined ? {} : { layers: eachDrawing(layers, value) }),
    ...(precisionSchedule === undefined ? {} : { precisionSchedule: eachDrawing(precisionSchedule, value) }),
  };
}

/** Does the same for the parts of a list that have their own rounding. */
function eachDrawing(parts: JsonValue, randomBits: number): JsonValue {
  if (!Array.isArray(parts)) return parts;
  return (parts as readonly JsonValue[]).map((part) =>
    isObject(part) && part['rounding'] !== undefined
      ? { ...part, rounding: drawing(part['rounding'], randomBits) }
      : part,
  );
}

function drawing(rounding: JsonValue, randomBits: number): JsonValue {
  if (isObject(rounding)) {
    return Object.fromEntries(
      Object.entries(rounding).map(([role, mode]) => [role, drawing(mode, randomBits)]),
    );
  }
  if (typeof rounding !== 'string') return rounding;
  const parsed = parseRounding(rounding);
  return parsed.mode === 'stochastic' ? roundingText({ ...parsed, randomBits }) : rounding;
}

/** Fields that float32 does not have; they would distinguish two equal runs. */
export const FIXED_POINT_ONLY = ['rounding', 'accumulator', 'precisionSchedule'];

function withoutIdle(configuration: JsonValue): JsonValue {
  if (!isObject(configuration)) return configuration;
  const { network } = configuration;
  if (!isObject(network) || network['formats'] !== 'float32') return configuration;
  const kept = Object.entries(network).filter(([field]) => !FIXED_POINT_ONLY.includes(field));
  return { ...configuration, network: Object.fromEntries(kept) };
}

/** True for a JSON object, false for a list. */
export function isObject(value: JsonValue | undefined): value is Readonly<Record<string, JsonValue>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The fields that a sweep varies, by path: `batch`, `network.optimizer.momentum`, `layers.conv1.formats.weight` ..., with
 * short names for what is varied most. Turns a configuration and values for some fields into another configuration;
 * the result is checked like a config.json. docs/experiments.md, section "Fields", lists them.
 */
import { ROLES, zoo, ZOO_NAMES, type NetworkConfiguration } from '../../nn/index.js';
import {
  parseAccumulator,
  parseRounding,
  roundingText,
  InputTypeError,
  isFewbitError,
} from '../../numerics/index.js';
import { ConfigurationError } from '../run/errors.js';
import { parseRunConfiguration } from '../run/schema.js';
import { parseAugmentation, parseFormats, parseRoundings, parseSetting } from '../run/setting-text.js';
import { changeNetwork, type PartialRunConfiguration, type RunConfiguration } from '../run/configuration.js';

/** What JSON can say. */
export type JsonValue =
  null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** Values by field. */
export type FieldValues = Readonly<Record<string, JsonValue>>;

const NETWORK_FIELDS = [
  ...['seed', 'formats', 'rounding', 'inferenceRounding', 'overflow', 'accumulator', 'weightInit'],
  ...['optimizer', 'input', 'layers', 'precisionSchedule'],
];
const OPTIMIZER_FIELDS = ['learningRate', 'momentum', 'weightDecay'];
/** Written by the run, or without effect on its result: a sweep over them would repeat one run. */
const FIXED_FIELDS = ['fewbit', 'dataDigest', 'threads'];
const SETTING = 'setting';
const RANDOM_BITS = 'randomBits';
const MAX_RANDOM_BITS = 32;

/** Fields about the whole run first, then ever narrower ones: the last one that speaks of a thing holds. */
const ORDER = { run: 0, network: 1, setting: 2, path: 3, randomBits: 4 } as const;

/** A field's path in a run configuration, in words: `['network', 'optimizer', 'momentum']`. */
export type FieldPath = readonly string[];

/**
 * Reads a field. @throws ConfigurationError for one that cannot be varied; whether it exists, the configuration tells.
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
 * The configuration with the values in it, checked, settings that its arithmetic does not have left out.
 * @param source what errors call it
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

/** A network by its name in the zoo, with the seed and the length of the run; or as it stands. */
function networkOf(configuration: Readonly<Record<string, JsonValue>>, value: JsonValue): JsonValue {
  if (typeof value !== 'string') return value;
  const { network, epochs } = configuration;
  const name = ZOO_NAMES.find((known) => known === value);
  if (name === undefined) {
    throw new InputTypeError(
      `expected ${ZOO_NAMES.join(', ')} or a network configuration, got ${JSON.stringify(value)}`,
    );
  }
  const seed = isObject(network) ? network['seed'] : undefined;
  return zoo[name]({
    seed: seed as number,
    ...(typeof epochs === 'number' ? { epochs } : {}),
  }) as unknown as JsonValue;
}

/** Formats, rounding and accumulator of a setting in one line, as `compare` reads it. */
function settingOf(network: JsonValue, value: JsonValue): JsonValue {
  if (typeof value !== 'string') {
    throw new InputTypeError(`expected text such as "4.12/6.10 nearest", got ${JSON.stringify(value)}`);
  }
  const changed = changeNetwork(network as unknown as NetworkConfiguration, parseSetting(value).changes);
  return JSON.parse(JSON.stringify(changed)) as JsonValue;
}

/** The value at the end of the path, everything on the way copied. */
function withValue(target: JsonValue | undefined, path: FieldPath, value: JsonValue): JsonValue {
  const [word, ...rest] = path;
  if (word === undefined) return value;
  if (Array.isArray(target)) {
    const items = target as readonly JsonValue[];
    const found = layerIndex(items, word);
    return items.map((item, index) => (index === found ? withValue(item, rest, value) : item));
  }
  if (target !== undefined && !isObject(target)) {
    throw new InputTypeError(`expected an object to have ${word}, got ${JSON.stringify(target)}`);
  }
  if (rest.length > 0) return { ...target, [word]: withValue(perRole(word, target?.[word]), rest, value) };
  const leaf = leafOf(word, value);
  if (leaf !== null) return { ...target, [word]: leaf };
  return Object.fromEntries(Object.entries(target ?? {}).filter(([key]) => key !== word));
}

/** What has a text form on the command line may be written in it. null: the field is not there. */
function leafOf(word: string, value: JsonValue): JsonValue {
  if (typeof value !== 'string') return value;
  if (word === 'augment') return value === 'none' ? null : (parseAugmentation(value) as JsonValue);
  if (word === 'formats') return parseFormats(value) as JsonValue;
  if (word === 'rounding') return parseRoundings(value) as JsonValue;
  if (word === 'accumulator') return parseAccumulator(value) as unknown as JsonValue;
  return value;
}

/** One format (rounding) for all roles becomes the same for each, so that one role can be given another. */
function perRole(word: string, value: JsonValue | undefined): JsonValue | undefined {
  if (typeof value !== 'string' || (word !== 'formats' && word !== 'rounding')) return value;
  return Object.fromEntries(ROLES.map((role) => [role, value]));
}

/** The place of a layer, by its name or its number from 0. */
function layerIndex(items: readonly JsonValue[], word: string): number {
  const names = items.map((item) => (isObject(item) ? item['name'] : undefined));
  const index = names.includes(word) ? names.indexOf(word) : /^\d+$/.test(word) ? Number(word) : -1;
  if (index >= 0 && index < items.length) return index;
  const known = names.filter((name) => typeof name === 'string').join(', ');
  throw new InputTypeError(
    `there is no layer "${word}"; choose ${known === '' ? '' : `${known}, or `}a number from 0 to ${String(items.length - 1)}`,
  );
}

/** Every stochastic rounding of the network, its layers and its later stages with that many random bits. */
function withRandomBits(network: JsonValue, value: JsonValue): JsonValue {
  const isCount = typeof value === 'number' && Number.isInteger(value);
  if (!isCount || value < 1 || value > MAX_RANDOM_BITS) {
    throw new InputTypeError(
      `expected a whole number from 1 to ${String(MAX_RANDOM_BITS)}, got ${JSON.stringify(value)}`,
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

/** Likewise the parts of a list that have a rounding of their own. */
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

/** What float32 does not have: it would tell two equal runs apart. */
export const FIXED_POINT_ONLY = ['rounding', 'accumulator', 'precisionSchedule'];

function withoutIdle(configuration: JsonValue): JsonValue {
  if (!isObject(configuration)) return configuration;
  const { network } = configuration;
  if (!isObject(network) || network['formats'] !== 'float32') return configuration;
  const kept = Object.entries(network).filter(([field]) => !FIXED_POINT_ONLY.includes(field));
  return { ...configuration, network: Object.fromEntries(kept) };
}

/** True for a JSON object; a list is none. */
export function isObject(value: JsonValue | undefined): value is Readonly<Record<string, JsonValue>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

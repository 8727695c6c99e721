/** The options that `train` and `compare` share, and how they become a run configuration. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { Augmentation } from '../../data/index.js';
import { DATA_NAMES } from '../../data/node/index.js';
import { parseBackendName, type BackendName } from '../../backend/index.js';
import {
  changeNetwork,
  completeConfiguration,
  parseAugmentation,
  parseFormats,
  parseRoundings,
  parseRunConfiguration,
  recipeConfiguration,
  recipes,
  RUN_DEFAULTS,
  type NetworkChanges,
  type PartialRunConfiguration,
  type RunConfiguration,
} from '../../experiment/index.js';
import { parsePrecisionSchedule, zoo, ZOO_NAMES, type PrecisionStage } from '../../nn/index.js';
import { parseAccumulator, type Accumulator, isFewbitError } from '../../numerics/index.js';
import { UsageError } from '../console/errors.js';
import { readJsonFile } from './json-file.js';
import { learningRateOf, realNumber, seedOf, wholeNumber } from './numbers.js';
import { addVoiceOptions } from './define-command.js';
import { packageVersion } from './version.js';

/** Fewbit has no hidden randomness; this is the seed if the command line gives none. */
export const DEFAULT_SEED = 5;
/** Most threads of a session. */
export const MAX_THREADS = 64;

/** Options of the network; a comparison varies some of them itself. */
export interface NetworkOptions {
  readonly formats?: NetworkChanges['formats'];
  readonly rounding?: NetworkChanges['rounding'];
  readonly accumulator?: Accumulator;
  readonly precisionSchedule?: readonly PrecisionStage[];
  readonly learningRate?: NetworkChanges['learningRate'];
  readonly momentum?: number;
  readonly weightDecay?: number;
  readonly seed?: number | string;
}

export interface RunOptions extends NetworkOptions {
  readonly data?: string;
  readonly augment?: Augmentation;
  readonly epochs?: number;
  readonly steps?: number;
  readonly batch?: number;
  readonly backend?: BackendName;
  readonly threads?: number;
  readonly checkpointEvery?: number;
  readonly out?: string;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** `--formats`, `--rounding`, `--accumulator`. */
export function addArithmeticOptions(command: Command): Command {
  return command
    .optionsGroup('Arithmetic:')
    .option(
      '--formats <formats>',
      'float32; 6.10 for all roles; 4.12/6.10, the second for activations; or by role (weight, bias, activation, error, gradient, update), as in weight=4.12,activation=6.10',
      parseFormats,
    )
    .option(
      '--rounding <mode>',
      'stochastic, stochastic:n, nearest (nearest-away), nearest-even, nearest-down, nearest-up, floor, toward-zero; or by role, as in weight=nearest',
      parseRoundings,
    )
    .option('--accumulator <kind>', 'exact, wrap:48 or saturate:32', parseAccumulator)
    .optionsGroup('Options:');
}

/** Everything else that train and compare have in common. */
export function addRunOptions(command: Command): Command {
  command
    .optionsGroup('Data:')
    .option('--data <data>', `${DATA_NAMES.join(', ')}, or a path: IDX or CIFAR files, images by class, CSV`)
    .option(
      '--augment <how>',
      'change training images: flip, crop (shift by up to 4 pixels), crop:2, or flip,crop',
      parseAugmentation,
    )
    .option('--batch <n>', `examples per step (default: ${RUN_DEFAULTS.batch})`, wholeNumber('--batch', 1))
    .optionsGroup('Training:')
    .option(
      '--epochs <n>',
      `passes over the training data (default: ${RUN_DEFAULTS.epochs}, or no limit with --steps)`,
      wholeNumber('--epochs', 1),
    )
    .option('--steps <n>', 'stop after n training steps', wholeNumber('--steps', 1))
    .option(
      '--learning-rate <rate>',
      '0.1; "0.1*0.95", times 0.95 after every epoch; "0.1*0.5@8,12", times 0.5 at epochs 8 and 12',
      learningRateOf,
    )
    .option('--momentum <m>', 'momentum of the optimiser', realNumber('--momentum', 0, 1))
    .option('--weight-decay <d>', 'weight decay of the optimiser', realNumber('--weight-decay', 0))
    .option(
      '--precision-schedule <file>',
      'JSON list of later formats and rounding: [{ "epoch": 12, "formats": "4.16" }], or "whenStalled": { "epochs": 2 }',
      precisionScheduleOf,
    )
    .option(
      '--seed <n>',
      `seed of weights, shuffling and rounding, up to 64 bits (default: ${DEFAULT_SEED})`,
      seedOf,
    )
    .optionsGroup('Running:')
    .addOption(backendOption())
    .addOption(threadsOption())
    .option(
      '--checkpoint-every <steps>',
      `steps between checkpoints; every epoch also ends with one (default: ${RUN_DEFAULTS.checkpointEvery})`,
      wholeNumber('--checkpoint-every', 1),
    )
    .optionsGroup('Output:');
  return addVoiceOptions(command, 'result', ' a line');
}

/**
 * The schedule in a JSON file.
 * @throws UsageError naming the file and the field.
 */
function precisionScheduleOf(path: string): readonly PrecisionStage[] {
  const json = readJsonFile(path);
  try {
    return parsePrecisionSchedule(json);
  } catch (error) {
    if (!isFewbitError(error)) throw error;
    throw new UsageError(`${path}: ${error.message}`, { cause: error });
  }
}

export function backendOption(): Option {
  return new Option(
    '--backend <name>',
    `wasm, reference, or systolic (the array of docs/hardware.md, as in systolic:8x8,lfsr); default: ${RUN_DEFAULTS.backend}`,
  ).argParser(parseBackendName);
}

export function threadsOption(): Option {
  return new Option(
    '--threads <n>',
    'threads of the backend; the result is the same for any number (default: as many as the network keeps busy)',
  ).argParser(wholeNumber('--threads', 1, MAX_THREADS));
}

/** The network named on the command line: of the zoo, a recipe, or a JSON file. */
export const NETWORK_HELP = `${ZOO_NAMES.join(', ')}, a recipe (${recipes.map(({ name }) => name).join(', ')}), or a .json file`;

/** Finds the network and the settings of its recipe or file. */
export function networkArgument(name: string, options: RunOptions): PartialRunConfiguration {
  const { seed = DEFAULT_SEED, epochs } = options;
  const zooOptions = { seed, ...(epochs === undefined ? {} : { epochs }) };
  const recipe = recipes.find((known) => known.name === name || known.network === name);
  if (recipe) {
    const { network, data = recipe.data, batch = recipe.batch } = recipeConfiguration(recipe, zooOptions);
    // A number of steps alone means just that, however many epochs the recipe has.
    return { network, data, batch, ...(options.steps === undefined ? { epochs: recipe.epochs } : {}) };
  }
  const zooName = ZOO_NAMES.find((known) => known === name);
  if (zooName !== undefined) return { network: zoo[zooName](zooOptions) };
  if (name.endsWith('.json') || existsSync(name)) return parseRunConfiguration(readJsonFile(name), name);
  throw new UsageError(`network: expected ${NETWORK_HELP}, got "${name}"`);
}

/** What the options change in a network. */
export function networkChanges(options: NetworkOptions): NetworkChanges {
  const { formats, rounding, accumulator, precisionSchedule } = options;
  const { learningRate, momentum, weightDecay, seed } = options;
  return defined({
    ...{ formats, rounding, accumulator, precisionSchedule },
    ...{ learningRate, momentum, weightDecay, seed },
  });
}

/**
 * A configuration with the options laid over it; complete. @throws UsageError if no data are named.
 */
export function applyOptions(base: PartialRunConfiguration, options: RunOptions): RunConfiguration {
  const { augment, epochs, steps, batch, backend, threads, checkpointEvery } = options;
  const data = options.data ?? base.data;
  if (data === undefined) {
    throw new UsageError(
      'data: this network has no default data; name them with --data, for example --data synthetic',
    );
  }
  // A recorded digest is that of the data with the seed of then.
  const { dataDigest, ...rest } = base;
  const sameData = options.data === undefined && (options.seed === undefined || base.dataSeed !== undefined);
  return completeConfiguration({
    fewbit: packageVersion(),
    ...rest,
    ...(sameData && dataDigest !== undefined && { dataDigest }),
    network: changeNetwork(base.network, networkChanges(options)),
    ...defined({ augment, epochs, steps, batch, backend, threads, checkpointEvery }),
    data: dataSpec(data),
  });
}

/** Data as a run records them: a path holds wherever the run is resumed from. */
export function dataSpec(data: string): string {
  return existsSync(data) && !DATA_NAMES.includes(data) ? resolve(data) : data;
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function defined<T extends object>(options: T): Defined<T> {
  return Object.fromEntries(Object.entries(options).filter((entry) => entry[1] !== undefined)) as Defined<T>;
}

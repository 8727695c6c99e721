/**
 * The configuration of one run, as plain JSON data: network, data, batch, length, backend and how often to
 * write. The config.json of a run folder is exactly this data, complete, so that people can read it, the run
 * can be resumed, and another run can reuse it.
 */
import { InputTypeError } from '../../numerics/index.js';
import type { BackendName } from '../../backend/index.js';
import type { Augmentation } from '../../data/index.js';
import {
  mapLayers,
  type FormatSettings,
  type NetworkConfiguration,
  type PrecisionStage,
  type RoundingSettings,
} from '../../nn/index.js';
import type { Accumulator } from '../../numerics/index.js';
import type { Schedule } from '../../optim/index.js';

/** Which examples are used. */
export interface Subset {
  /** The first n examples of each part. */
  readonly train?: number;
  readonly test?: number;
  /**
   * This number of training examples, drawn with a fixed seed, is held out and replaces the test examples,
   * for decisions that must not see the test data.
   */
  readonly validation?: number;
}

/** A run's complete configuration; nothing depends on the defaults of the program's version. */
export interface RunConfiguration {
  /** Version of the program that wrote it; informative. */
  readonly fewbit?: string;
  readonly network: NetworkConfiguration;
  /** A name (`mnist`, `cifar10`, `synthetic`) or a path. */
  readonly data: string;
  /** SHA-256 of the data with which the run began; other data are refused. */
  readonly dataDigest?: string;
  /** Seed of the synthetic set, and of the split of data without a test part; default: the network's. */
  readonly dataSeed?: number | string;
  /** Which examples are used; default: all. */
  readonly subset?: Subset;
  /** Changes to training images, drawn with the network's seed. Test images are unchanged. */
  readonly augment?: Augmentation;
  /** Examples per training step. */
  readonly batch: number;
  /**
   * Passes over the training data. At least one of `epochs` and `steps` is present; the limit reached first
   * ends the run.
   */
  readonly epochs?: number;
  /** Most training steps. */
  readonly steps?: number;
  readonly backend: BackendName;
  /** Default: all threads of the machine. Changes no result. */
  readonly threads?: number;
  /** Steps between checkpoints; every epoch also ends with one. */
  readonly checkpointEvery: number;
  /** Steps between lines of metrics.jsonl; every checkpoint also writes one. */
  readonly metricsEvery: number;
}

/** The fields that a user's config.json may omit, with their defaults. */
export const RUN_DEFAULTS = {
  batch: 100,
  epochs: 3,
  backend: 'wasm',
  checkpointEvery: 200,
  metricsEvery: 100,
} as const satisfies Partial<RunConfiguration>;

/** A configuration as users write it: network and data, and optionally the other fields. */
export type PartialRunConfiguration = Partial<RunConfiguration> & Pick<RunConfiguration, 'network'>;

/** Settings of a network that a command line or a comparison varies between runs. */
export interface NetworkChanges {
  readonly seed?: number | string;
  readonly formats?: FormatSettings;
  readonly rounding?: RoundingSettings;
  readonly accumulator?: Accumulator;
  readonly precisionSchedule?: readonly PrecisionStage[];
  readonly learningRate?: number | Schedule;
  readonly momentum?: number;
  readonly weightDecay?: number;
}

/**
 * The network with changed settings; layers that override a setting keep their own.
 * @throws TypeError for a rounding, an accumulator or a precision schedule of a float32 network, which would
 * ignore it.
 */
export function changeNetwork(network: NetworkConfiguration, changes: NetworkChanges): NetworkConfiguration {
  const { learningRate, momentum, weightDecay, ...settings } = changes;
  const changed: NetworkConfiguration = {
    ...network,
    ...withoutUndefined(settings),
    optimizer: { ...network.optimizer, ...withoutUndefined({ learningRate, momentum, weightDecay }) },
  };
  if (changed.formats !== 'float32') return changed;
  const fixedPointOnly = [
    ['rounding', 'rounding'],
    ['accumulator', 'accumulator'],
    ['precisionSchedule', 'precision schedule'],
  ] as const;
  for (const [setting, name] of fixedPointOnly) {
    if (changes[setting] !== undefined) {
      throw new InputTypeError(
        `network: float32 has no ${name}; leave it out, or choose fixed-point formats`,
      );
    }
  }
  // The settings for its fixed-point formats would only mislead readers of the configuration.
  return without(changed, ['rounding', 'accumulator', 'precisionSchedule']);
}

/** The same network in float32, including layers with their own formats. */
export function float32Network(network: NetworkConfiguration): NetworkConfiguration {
  const layers = mapLayers(network.layers, (layer) => {
    if (!('formats' in layer)) return layer;
    const { formats: _formats, ...rest } = layer;
    return rest;
  });
  return changeNetwork({ ...network, layers }, { formats: 'float32' });
}

/** A copy without some of its properties. */
function without<T extends object, K extends keyof T & string>(settings: T, keys: readonly K[]): Omit<T, K> {
  const kept = Object.entries(settings).filter(([key]) => !keys.some((left) => left === key));
  return Object.fromEntries(kept) as Omit<T, K>;
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Only the defined properties, because an undefined one would hide the value that it is spread over. */
function withoutUndefined<T extends object>(settings: T): Defined<T> {
  return Object.fromEntries(Object.entries(settings).filter((entry) => entry[1] !== undefined)) as Defined<T>;
}

/** The order of fields in a config.json. */
const FIELDS = [
  'fewbit',
  'data',
  'dataDigest',
  'dataSeed',
  'subset',
  'augment',
  'batch',
  'epochs',
  'steps',
  'backend',
  'threads',
  'checkpointEvery',
  'metricsEvery',
  'network',
] as const satisfies readonly (keyof RunConfiguration)[];

/** Fills in the defaults. If no length is given, the run takes the default number of epochs. */
export function completeConfiguration(
  configuration: PartialRunConfiguration & Pick<RunConfiguration, 'data'>,
): RunConfiguration {
  const hasLength = configuration.epochs !== undefined || configuration.steps !== undefined;
  const { epochs, ...defaults } = RUN_DEFAULTS;
  const complete: RunConfiguration = { ...defaults, ...(hasLength ? {} : { epochs }), ...configuration };
  const entries = FIELDS.map((field) => [field, complete[field]]).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as RunConfiguration;
}

/** True when the run's steps or epochs are done. */
export function isFinished(configuration: RunConfiguration, done: { epoch: number; step: number }): boolean {
  const { epochs = Infinity, steps = Infinity } = configuration;
  return done.epoch >= epochs || done.step >= steps;
}

/** The number of training steps the run takes. */
export function plannedSteps(configuration: RunConfiguration, trainingExamples: number): number {
  const { batch, epochs = Infinity, steps = Infinity } = configuration;
  return Math.min(epochs * Math.ceil(trainingExamples / batch), steps);
}

/** A field in which two runs differ. */
export interface Difference {
  readonly field: string;
  readonly recorded: unknown;
  readonly given: unknown;
}

/** Fields that change no result; a run may be continued with other values of them. */
const FREE_FIELDS: readonly string[] = ['fewbit', 'threads', 'dataDigest'];

/**
 * The first field that makes a given configuration a different run from the recorded one; null if it is the
 * same run.
 */
export function configurationDifference(
  recorded: RunConfiguration,
  given: RunConfiguration,
): Difference | null {
  return firstDifference(withoutFree(recorded), withoutFree(given), '');
}

function withoutFree(configuration: RunConfiguration): unknown {
  const entries = Object.entries(configuration).filter(([field]) => !FREE_FIELDS.includes(field));
  return Object.fromEntries(entries);
}

/** The first difference of two values of JSON; `field` names them in a larger one. */
export function firstDifference(recorded: unknown, given: unknown, field = ''): Difference | null {
  if (!isRecord(recorded) || !isRecord(given)) {
    return Object.is(recorded, given) ? null : { field, recorded, given };
  }
  for (const key of new Set([...Object.keys(recorded), ...Object.keys(given)])) {
    const inner = Array.isArray(recorded) ? `${field}[${key}]` : field === '' ? key : `${field}.${key}`;
    const difference = firstDifference(recorded[key], given[key], inner);
    if (difference) return difference;
  }
  return null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

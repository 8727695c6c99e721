/**
 * What one run is made of, as plain JSON data: network, data, batch, length, backend and how often to write. A run folder's
 * config.json is exactly this, complete, so it can be read by people, resumed, and used again for another run.
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
  /** The first so many of each part. */
  readonly train?: number;
  readonly test?: number;
  /**
   * So many training examples, drawn by a fixed seed, are held out and take the place of the test examples: for decisions
   * that must not see the test data.
   */
  readonly validation?: number;
}

/** A run's configuration, complete: nothing is left to a default of the moment. */
export interface RunConfiguration {
  /** Version of the program that wrote it; informative. */
  readonly fewbit?: string;
  readonly network: NetworkConfiguration;
  /** A name (`mnist`, `cifar10`, `synthetic`) or a path. */
  readonly data: string;
  /** SHA-256 of the data the run was begun with: other data are refused. */
  readonly dataDigest?: string;
  /** Which examples are used; default: all. */
  readonly subset?: Subset;
  /** What is done to training images; drawn with the network's seed. Test images stay as they are. */
  readonly augment?: Augmentation;
  /** Examples per training step. */
  readonly batch: number;
  /** Passes over the training data; at least one of `epochs` and `steps` is there, whichever comes first ends the run. */
  readonly epochs?: number;
  /** Training steps at most. */
  readonly steps?: number;
  readonly backend: BackendName;
  /** Default: all that the machine has. Changes no result. */
  readonly threads?: number;
  /** Steps between checkpoints; there is one after every epoch too. */
  readonly checkpointEvery: number;
  /** Steps between lines of metrics.jsonl; there is one at every checkpoint too. */
  readonly metricsEvery: number;
}

/** What a user's config.json may leave out, and what stands in for it. */
export const RUN_DEFAULTS = {
  batch: 100,
  epochs: 3,
  backend: 'wasm',
  checkpointEvery: 200,
  metricsEvery: 100,
} as const satisfies Partial<RunConfiguration>;

/** A configuration as users write it: network and data, anything else if it matters. */
export type PartialRunConfiguration = Partial<RunConfiguration> & Pick<RunConfiguration, 'network'>;

/** Settings of a network that a command line or a comparison changes from run to run. */
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
 * @throws TypeError for a rounding, an accumulator or a precision schedule of a float32 network: it would be ignored.
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
  // What it had for its fixed-point formats would only mislead whoever reads the configuration.
  return without(changed, ['rounding', 'accumulator', 'precisionSchedule']);
}

/** The same network in float32, its layers' own formats included. */
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

/** Only the properties that are there; an undefined one would hide what it is spread over. */
function withoutUndefined<T extends object>(settings: T): Defined<T> {
  return Object.fromEntries(Object.entries(settings).filter((entry) => entry[1] !== undefined)) as Defined<T>;
}

/** The order in which a config.json has its fields. */
const FIELDS = [
  'fewbit',
  'data',
  'dataDigest',
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

/** Fills in the defaults. Without a length the run takes the default number of epochs. */
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

/** Fields that change no result: a run may be continued with other ones. */
const FREE_FIELDS: readonly string[] = ['fewbit', 'threads', 'dataDigest'];

/** The first field in which a given configuration is another run than the recorded one; null if it is the same. */
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

function firstDifference(recorded: unknown, given: unknown, field: string): Difference | null {
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

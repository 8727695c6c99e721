/**
 * The magnitudes of a network's tensors while it trains, and the effect of the formats on them. There are two
 * ways. Either a network is trained in float32, whose range no tensor leaves, and its values are compared
 * with the formats; or a run continues from its checkpoint in its own formats, and its rounding sites are
 * counted. Every tensor of the plan has separate memory (keepTrainingTensors), so all can be read after a
 * step; no number changes. docs/formats.md explains the figures.
 */
import { selectBackend, type Backend, type BackendName, type Session } from '../../backend/index.js';
import { ArrayDataSetIterator, type DataSet } from '../../data/index.js';
import { defineNetwork, type NetworkConfiguration } from '../../nn/index.js';
import { formatText, type Format, InputTypeError } from '../../numerics/index.js';
import { keepTrainingTensors, type Convert, type Plan, type Role, type Tensor } from '../../plan/index.js';
import { Network, type FitOptions, type TrainingListener } from '../../train/index.js';
import { MagnitudeCounts, type MagnitudeBin } from './magnitudes.js';
import { countsBySite, type SiteCounts } from '../run/metrics.js';
import { loadCheckpoint } from '../run/execute.js';
import { float32Network, type RunConfiguration } from '../run/configuration.js';
import { WideRates, type RangeRates } from './wide-rates.js';

/** One tensor over the observed steps. */
export interface TensorRange extends RangeRates {
  /** `conv1/weight`, `conv1/output` ... */
  readonly name: string;
  readonly role: Role;
  readonly il: number;
  readonly fl: number;
  /** `<4,12>`. */
  readonly format: string;
  readonly elements: number;
  readonly zeros: number;
  /** Infinities and NaN of a training that went wrong. */
  readonly notFinite: number;
  /** Non-zero magnitudes by octave, ascending: 2^exponent <= magnitude < 2^(exponent + 1). */
  readonly bins: readonly MagnitudeBin[];
  /** Octave of the median of the non-zero magnitudes; null if all are zero. */
  readonly median: number | null;
  /** Integer bits that the largest magnitude leaves unused; negative where some are missing; null if all are zero. */
  readonly headroomBits: number | null;
}

/** The analysis of a network or run. */
export interface RangeAnalysis {
  readonly name: string;
  /** `float32`: compared with the formats; `run`: counted in a run's own formats. */
  readonly arithmetic: 'float32' | 'run';
  readonly data: string;
  readonly seed: number | string;
  readonly batch: number;
  /** Training steps before the first and after the last that took part. */
  readonly firstStep: number;
  readonly lastStep: number;
  /** Steps after which tensors were read. */
  readonly observed: number;
  readonly tensors: readonly TensorRange[];
}

/** What to analyse. */
export interface RangeRequest {
  /** Of a run, its own; its network has fixed-point formats. */
  readonly configuration: RunConfiguration;
  readonly train: DataSet;
  /**
   * A run's checkpoint to continue from, and its file for messages; null trains in float32 from the
   * beginning.
   */
  readonly checkpoint: { readonly file: string; readonly bytes: Uint8Array } | null;
  /** Steps to train, and how many of them are observed. */
  readonly steps: number;
  readonly observe: number;
}

/**
 * Trains some steps and counts. Writes nothing. `onProgress` hears the part done, 0 to 1, after every step.
 * @throws TypeError for a float32 network: it has no formats to hold the ranges against; what networks and data throw.
 */
export async function analyzeRanges(
  { configuration, train, checkpoint, steps, observe }: RangeRequest,
  {
    onProgress,
    signal,
    onWarning,
  }: Pick<FitOptions, 'signal' | 'onWarning'> & { onProgress?: (done: number) => void | Promise<void> } = {},
): Promise<RangeAnalysis> {
  const { network: settings, batch, backend, threads, augment, data } = configuration;
  const definition = checkRangeNetwork(settings);
  const keeper = new KeepingBackend(backend);
  const options = { backend: keeper, ...(threads === undefined ? {} : { threads }) };
  const network =
    checkpoint === null
      ? await Network.create(float32Network(settings), options)
      : await loadCheckpoint(checkpoint.file, checkpoint.bytes, settings, options);
  try {
    const { seed } = settings;
    const iterator = new ArrayDataSetIterator(train, {
      batch,
      shuffle: seed,
      ...(augment && { augment: { ...augment, seed } }),
    });
    if (network.iteratorPosition) iterator.seek(network.iteratorPosition);
    const firstStep = network.step;
    const every = Math.max(1, Math.floor(steps / observe));
    const collector = new Collector(checkpoint === null ? new WideRates(definition.plan(batch), seed) : null);
    const listener: TrainingListener = {
      iterationDone: async ({ step }, { count }) => {
        const done = step - firstStep;
        if (done % every === 0) await collector.observe(keeper.session(), count, step - 1);
        await onProgress?.(done / steps);
      },
    };
    await network.fit(iterator, {
      // The first of them may be the end of one that is done.
      epochs: steps + 1,
      maxSteps: steps,
      listeners: [listener],
      ...(onWarning && { onWarning }),
      ...(signal && { signal }),
    });
    signal?.throwIfAborted();
    const counted = countsBySite(await network.statistics());
    return {
      name: definition.name,
      arithmetic: checkpoint === null ? 'float32' : 'run',
      data,
      seed,
      batch,
      firstStep,
      lastStep: network.step,
      observed: collector.observed,
      tensors: collector.ranges(counted),
    };
  } finally {
    await network.close();
  }
}

/**
 * The network, defined.
 * @throws TypeError for a float32 network.
 */
export function checkRangeNetwork(settings: NetworkConfiguration): ReturnType<typeof defineNetwork> {
  const definition = defineNetwork(settings);
  if (definition.arithmetic === 'fixed') return definition;
  throw new InputTypeError(
    'analyze: a network must have fixed-point formats to hold its ranges against, got float32; name some with --formats 4.12/6.10',
  );
}

/** A backend whose sessions keep all training tensors, and the last session that it opened. */
class KeepingBackend implements Backend {
  readonly name: string;
  readonly #inner: Backend;
  #session: Session | null = null;

  constructor(name: BackendName) {
    this.#inner = selectBackend(name);
    this.name = this.#inner.name;
  }

  readonly open: Backend['open'] = async (plan, options) => {
    this.#session = await this.#inner.open(keepTrainingTensors(plan), options);
    return this.#session;
  };

  session(): Session {
    if (this.#session === null) throw new Error('internal: analyze: there is no session yet');
    return this.#session;
  }
}

/** Reads tensors after steps, and counts. */
class Collector {
  observed = 0;
  readonly #wide: WideRates | null;
  readonly #counts = new Map<string, { tensor: Tensor; counts: MagnitudeCounts }>();

  constructor(wide: WideRates | null) {
    this.#wide = wide;
  }

  async observe(session: Session, count: number, step: number): Promise<void> {
    this.observed += 1;
    const { plan } = session;
    for (const tensor of rangedTensors(this.#wide?.plan ?? plan)) {
      const data = await session.read(tensor.name);
      const rows = tensor.batched ? count : tensor.shape[0]!;
      const values = data.subarray(0, (data.length / tensor.shape[0]!) * rows);
      const entry = this.#counts.get(tensor.name) ?? { tensor, counts: new MagnitudeCounts() };
      // A later stage of a precision schedule has other formats.
      entry.tensor = tensor;
      this.#counts.set(tensor.name, entry);
      if (this.#wide) this.#wide.add(tensor, entry.counts, Float32Array.from(values), step);
      else entry.counts.addRaws(values, formatOf(tensor).fl);
    }
  }

  /** @param counted counters of a run's rounding sites; those of a float32 network are the collector's own */
  ranges(counted: Readonly<Record<string, SiteCounts>>): TensorRange[] {
    return [...this.#counts.values()].map(({ tensor, counts }) => {
      const { name } = tensor;
      const { il, fl } = formatOf(tensor);
      const rates = this.#wide?.rates(tensor) ?? siteRates(counted[name], isParameter(tensor));
      const largest = counts.bins.at(-1)?.exponent;
      return {
        name,
        role: roleOf(tensor),
        il,
        fl,
        format: formatText({ il, fl }),
        elements: counts.elements,
        zeros: counts.zeros,
        notFinite: counts.notFinite,
        bins: counts.bins,
        median: counts.median,
        headroomBits: largest === undefined ? null : il - 2 - largest,
        ...rates,
      };
    });
  }
}

function siteRates(counts: SiteCounts | undefined, parameter: boolean): RangeRates {
  const of = (count: number): number =>
    counts === undefined || counts.elements === 0 ? 0 : count / counts.elements;
  return {
    saturated: of((counts?.saturatedHigh ?? 0) + (counts?.saturatedLow ?? 0)),
    flushed: of(counts?.flushed ?? 0),
    swallowed: parameter ? of(counts?.swallowed ?? 0) : null,
  };
}

/**
 * The input and every tensor that a training step rounds; a ReLU's output, which rounds nothing, adds no
 * information, and the formats of running statistics follow from their input's.
 */
function rangedTensors({ tensors, trainInput, sites }: Plan): Tensor[] {
  const rounded = new Set(sites.map(({ site }: Convert) => site));
  return tensors.filter(
    ({ id, name, role }) =>
      id === trainInput || (rounded.has(name) && role !== 'running' && !name.startsWith('inference/')),
  );
}

function formatOf({ name, format }: Tensor): Format {
  if (format === null || format === 'float32') throw new Error(`internal: analyze: ${name} has no format`);
  return format;
}

function roleOf({ name, role }: Tensor): Role {
  if (
    role === 'label' ||
    role === 'position' ||
    role === 'probability' ||
    role === 'running' ||
    role === 'register'
  ) {
    throw new Error(`internal: analyze: ${name} has no role`);
  }
  return role;
}

function isParameter({ role }: Tensor): boolean {
  return role === 'weight' || role === 'bias';
}

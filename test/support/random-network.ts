/**
 * Random networks for a search: valid configurations drawn from a seed, with formats of 2 to 32 bits, every
 * layer, rounding and accumulator, and steps of training on them with random contents. A configuration that
 * the library refuses does not count.
 */
import type { Batch, Coefficients, TensorData } from '../../src/backend/contract.js';
import { defineNetwork, type LayerConfiguration, type NetworkConfiguration } from '../../src/nn/index.js';
import { maxRaw, minRaw, parseSeed, RandomSite, siteHash } from '../../src/numerics/index.js';
import type { Plan, Tensor } from '../../src/plan/index.js';

/** Draws from one seed: numbers, choices, chances. */
class Draws {
  readonly #words: RandomSite;
  #next = 0;

  constructor(seed: number, name: string) {
    this.#words = new RandomSite(parseSeed(seed), siteHash(name), 0, 32);
  }

  /** An integer from `low` to `high`, inclusive. */
  integer(low: number, high: number): number {
    return low + ((this.#words.word(this.#next++) >>> 0) % (high - low + 1));
  }

  choice<T>(values: readonly T[]): T {
    return values[this.integer(0, values.length - 1)]!;
  }

  /** True once in `n` times. */
  once(n: number): boolean {
    return this.integer(1, n) === 1;
  }
}

const ROUNDINGS = [
  'stochastic',
  'stochastic',
  'stochastic:8',
  'stochastic:1',
  'nearest',
  'nearest-even',
].concat(['nearest-down', 'nearest-up', 'floor', 'toward-zero']);

/** Word lengths: mostly short ones, and those around the borders of int16 and int32 storage. */
function formatOf(draws: Draws): string {
  const bits = draws.choice([draws.integer(2, 32), draws.integer(6, 20), 8, 12, 16, 16, 16, 17, 20, 24, 32]);
  const il = draws.integer(1, Math.min(bits, 8));
  return `<${il},${bits - il}>`;
}

function accumulatorOf(draws: Draws): string {
  if (!draws.once(4)) return 'exact';
  return `${draws.choice(['wrap', 'saturate'])}:${draws.choice([16, 24, 31, 32, 33, 40, 48, 63])}`;
}

function layerOf(draws: Draws, isImage: boolean): LayerConfiguration {
  const overrides = draws.once(4) ? { formats: { error: formatOf(draws), activation: formatOf(draws) } } : {};
  const products = draws.once(5)
    ? { ...overrides, accumulator: accumulatorOf(draws) as never, rounding: draws.choice(ROUNDINGS) as never }
    : overrides;
  const activation = draws.choice(['relu', 'identity'] as const);
  const pair = (low: number, high: number): [number, number] => [
    draws.integer(low, high),
    draws.integer(low, high),
  ];
  const flat = ['dense', 'dense', 'dropout', 'relu', 'batchNorm'] as const;
  const image = [
    'conv2d',
    'conv2d',
    'conv2d',
    'maxPool',
    'averagePool',
    'batchNorm',
    'residual',
    'dropout',
  ] as const;
  const type = draws.choice<string>(isImage ? image : flat);
  switch (type) {
    case 'dense':
      return { type, units: draws.integer(1, 40), activation, bias: !draws.once(4), ...products };
    case 'conv2d':
      return {
        type,
        channels: draws.integer(1, 20),
        kernel: draws.choice([3, 3, 1, 5, pair(1, 4)]),
        stride: draws.choice([1, 1, 1, 2, pair(1, 3)]),
        padding: draws.choice([0, 1, 1, pair(0, 2)]),
        activation,
        bias: !draws.once(4),
        ...products,
      };
    case 'maxPool':
    case 'averagePool':
      return { type, kernel: pair(1, 3), stride: pair(1, 3), clip: !draws.once(3), ...overrides };
    case 'batchNorm':
      return { type, activation, ...overrides };
    case 'residual': {
      const inner = { type: 'conv2d', channels: draws.integer(1, 12), kernel: 3, padding: 1 } as const;
      const shortcut = { ...inner, kernel: 1, padding: 0 } as const;
      return { type, activation, layers: [{ ...inner, ...products }], shortcut: [shortcut], ...overrides };
    }
    case 'dropout':
      return { type, rate: draws.choice([0.25, 0.5, 0.3]), ...overrides };
    default:
      return { type: 'relu' };
  }
}

/** A drawn configuration; it may break a rule of the library. */
function drawConfiguration(draws: Draws): NetworkConfiguration {
  const isImage = !draws.once(4);
  const layers: LayerConfiguration[] = [];
  for (let count = draws.integer(1, 4); count > 0; count--) layers.push(layerOf(draws, isImage));
  const roles = ['weight', 'bias', 'activation', 'error', 'gradient', 'update'] as const;
  const formats = draws.once(3)
    ? formatOf(draws)
    : Object.fromEntries(
        roles.filter((role) => role === 'weight' || !draws.once(3)).map((r) => [r, formatOf(draws)]),
      );
  return {
    seed: draws.integer(0, 1 << 30),
    formats,
    rounding: draws.choice(ROUNDINGS),
    overflow: draws.choice(['saturate', 'saturate', 'wrap']),
    accumulator: accumulatorOf(draws) as never,
    optimizer: { kind: 'sgd', learningRate: 0.1, momentum: draws.choice([0, 0.9]) },
    input: isImage
      ? { height: draws.integer(1, 14), width: draws.integer(1, 14), channels: draws.integer(1, 9) }
      : { size: draws.integer(1, 80) },
    layers: [...layers, { type: 'dense', units: draws.integer(2, 12) }],
  };
}

/** A random network and its plan; null if the library refuses what was drawn. */
export function randomNetwork(seed: number): { configuration: NetworkConfiguration; plan: Plan } | null {
  const draws = new Draws(seed, 'network');
  const configuration = drawConfiguration(draws);
  try {
    return { configuration, plan: defineNetwork(configuration).plan(draws.integer(1, 7)) };
  } catch (error) {
    if (error instanceof Error && isRefusal(error)) return null;
    throw error;
  }
}

function isRefusal({ name }: Error): boolean {
  return name !== 'Error' && name !== 'RuntimeError';
}

/** Contents: the whole range, small numbers, mostly zero, or the two ends, as drawn. */
function contentsOf(
  tensor: Tensor,
  draws: Draws,
  count = tensor.shape.reduce((a, b) => a * b, 1),
): TensorData {
  const data = tensor.storage === 'int16' ? new Int16Array(count) : new Int32Array(count);
  const { format } = tensor;
  if (format === null || format === 'float32') return data;
  const [low, high] = [minRaw(format), maxRaw(format)];
  const style = draws.choice(['full', 'small', 'sparse', 'ends']);
  const near = Math.min(high, 40);
  for (let i = 0; i < count; i++) {
    if (style === 'sparse' && !draws.once(8)) continue;
    data[i] =
      style === 'ends'
        ? draws.choice([low, high])
        : style === 'small'
          ? draws.integer(Math.max(low, -near), near)
          : wide(draws, low, high);
  }
  return data;
}

/** A number of a range that may have 2^32 values. */
function wide(draws: Draws, low: number, high: number): number {
  const span = high - low + 1;
  return low + ((draws.integer(0, 2 ** 31 - 1) * 2 + draws.integer(0, 1)) % span);
}

/** What one step of a search is given. */
export interface RandomStep extends Batch {
  readonly step: number;
  readonly coefficients: readonly Coefficients[];
}

/** Contents of parameters and optimiser state, and steps of training, partial batches among them. */
export function randomTraining(
  plan: Plan,
  seed: number,
  steps: number,
): { readonly contents: ReadonlyMap<string, TensorData>; readonly steps: readonly RandomStep[] } {
  const draws = new Draws(seed, 'training');
  const contents = new Map<string, TensorData>();
  for (const id of [...plan.parameters, ...plan.updates]) {
    const tensor = plan.tensors[id]!;
    contents.set(tensor.name, contentsOf(tensor, draws));
  }
  const input = plan.tensors[plan.trainInput!]!;
  const classes = plan.tensors[plan.logits!]!.shape[1]!;
  const size = input.shape.slice(1).reduce((a, b) => a * b, 1);
  const coefficients = Array.from({ length: plan.groups }, () => ({
    momentum: draws.choice([0, 966367642, 2 ** 30]),
    rate: draws.choice([2 ** 26, 2 ** 30, 2 ** 31 - 1, draws.integer(0, 2 ** 31 - 1)]),
    decay: draws.choice([0, 0, 2 ** 18]),
  }));
  return {
    contents,
    steps: Array.from({ length: steps }, (_, step) => {
      const count = draws.integer(1, plan.batch);
      return {
        count,
        inputs: contentsOf(input, draws, count * size),
        labels: Int32Array.from({ length: count }, () => draws.integer(0, classes - 1)),
        step: step * 4294967299,
        coefficients,
      };
    }),
  };
}

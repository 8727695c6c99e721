/**
 * The golden runs: two training steps of a few networks, and the SHA-256 of all weights that digests.json records for each.
 * One digest for every backend and thread count, the same today as when it was recorded: a change of any bit of the
 * arithmetic shows here. `FEWBIT_UPDATE_GOLDEN=1 npx vitest run test/golden --maxWorkers=1` records new digests: only for
 * a change of meaning, which CHANGELOG.md then explains.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { ArrayDataSetIterator, type DataSet } from '../../src/data/index.js';
import { defineNetwork, zoo, type NetworkConfiguration, type NetworkDefinition } from '../../src/nn/index.js';
import { parseSeed, RandomSite, siteHash } from '../../src/numerics/index.js';
import { Network, type NetworkOptions } from '../../src/train/index.js';

const FILE = new URL('digests.json', import.meta.url);
const update = process.env['FEWBIT_UPDATE_GOLDEN'] === '1';

/** The recorded digests by the names of their runs. */
export function recordedDigests(): Record<string, string> {
  return JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, string>;
}

const THREADS = [1, 2, 3, 7];
const STEPS = 2;
/** Three examples in batches of two: the second step has one. */
const BATCH = 2;
const EXAMPLES = 3;
const pixels = new RandomSite(parseSeed(1), siteHash('test/golden'), 0, 16);
const data: DataSet = {
  features: Uint8Array.from({ length: EXAMPLES * 784 }, (_, i) => Math.max(0, (pixels.word(i) & 511) - 256)),
  labels: Int32Array.from({ length: EXAMPLES }, (_, i) => (7 * i + 3) % 10),
  count: EXAMPLES,
  shape: [28, 28, 1],
  classes: 10,
};

/** One format for weights and the like, one with two more integer bits for activations, both of the word length. */
function formatsOf(wl: number) {
  return { weight: { il: 2, fl: wl - 2 }, activation: { il: 4, fl: wl - 4 } };
}

/** Trains from a checkpoint and returns the digest. */
async function digestAfter(checkpoint: Uint8Array, steps: number, options: NetworkOptions): Promise<string> {
  const network = await Network.load(checkpoint, options);
  try {
    const iterator = new ArrayDataSetIterator(data, { batch: BATCH, shuffle: 3 });
    await network.fit(iterator, { epochs: 3, maxSteps: steps });
    return await network.digest();
  } finally {
    await network.close();
  }
}

async function initialCheckpoint(definition: NetworkDefinition): Promise<Uint8Array> {
  const network = await Network.create(definition, { backend: 'reference' });
  const bytes = await network.save();
  await network.close();
  return bytes;
}

/** A training whose digest is recorded under its name. */
export interface GoldenRun {
  readonly name: string;
  readonly network: () => NetworkConfiguration;
  /** Default: two. */
  readonly steps?: number;
}

/** LeNet and the paper's dense network in formats of four lengths, with every kind of rounding. */
function paperRuns(network: 'lenet' | 'dnn'): GoldenRun[] {
  // Larger initial weights than the recipes', so that errors are not all below the shortest format's resolution.
  const weightInit =
    network === 'lenet' ? ('he-normal' as const) : { distribution: 'normal' as const, deviation: 0.05 };
  return [16, 12, 8, 20].flatMap((wl) =>
    ['stochastic', 'stochastic:8', 'nearest-away'].map((rounding) => ({
      name: `${network} ${String(wl)} ${rounding}`,
      network: () => zoo[network]({ seed: 1, formats: formatsOf(wl), rounding, weightInit }),
    })),
  );
}

/** Small networks. */
export const GOLDEN_RUNS: readonly GoldenRun[] = [
  ...paperRuns('lenet'),
  // Batch normalisation, residual addition with and without projection, global average pooling, strides.
  ...[16, 20].map((wl) => ({
    name: `resnet8 ${String(wl)} stochastic`,
    network: () => ({
      ...zoo.resnet8({ seed: 1, formats: formatsOf(wl), rounding: 'stochastic' }),
      input: { height: 28, width: 28, channels: 1 },
    }),
  })),
  {
    name: 'lenet precision schedule',
    network: () =>
      zoo.lenet({
        seed: 1,
        formats: formatsOf(16),
        weightInit: 'he-normal',
        precisionSchedule: [
          { epoch: 1, formats: formatsOf(20) },
          { epoch: 2, formats: formatsOf(12), rounding: 'stochastic:8' },
        ],
      }),
    // With two steps per epoch, the last stage begins with the fifth.
    steps: 2 * STEPS + 1,
  },
];

/** The dense network, whose 1.8 million weights take the reference several seconds a run. */
export const SLOW_GOLDEN_RUNS: readonly GoldenRun[] = paperRuns('dnn');

/** Expects the recorded digest of the reference, of the paper's array, and of wasm on every number of threads. */
export async function expectGolden({ name, network, steps = STEPS }: GoldenRun): Promise<void> {
  const start = await initialCheckpoint(defineNetwork(network()));
  const digest = await digestAfter(start, steps, { backend: 'reference' });
  expect(digest, 'the weights move').not.toBe(await digestAfter(start, 0, { backend: 'reference' }));
  if (update) record(name, digest);
  expect(digest, 'reference').toBe(recordedDigests()[name]);
  // The paper's array, with accumulators that hold sums of 20-bit products too.
  expect(await digestAfter(start, steps, { backend: 'systolic:acc64' }), 'systolic').toBe(digest);
  for (const threads of THREADS) {
    expect(
      await digestAfter(start, steps, { backend: 'wasm', threads }),
      `wasm, ${String(threads)} threads`,
    ).toBe(digest);
  }
}

/** Writes a digest, and drops those of runs that are no more. */
function record(name: string, digest: string): void {
  const digests = { ...recordedDigests(), [name]: digest };
  const names = [...GOLDEN_RUNS, ...SLOW_GOLDEN_RUNS].map((run) => run.name);
  const kept = Object.fromEntries(Object.entries(digests).filter(([key]) => names.includes(key)));
  writeFileSync(FILE, `${JSON.stringify(kept, null, 2)}\n`);
}

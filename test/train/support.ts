/** Tiny networks and data for the train room's tests. */
import { ArrayDataSetIterator, type DataSet } from '../../src/data/index.js';
import type { NetworkConfiguration } from '../../src/nn/index.js';
import { parseSeed, RandomSite, siteHash } from '../../src/numerics/index.js';

/** Images of 4 x 4 pixels in three classes: the class determines which of three rows is bright. */
export function tinyData(count: number, seed = 5): DataSet {
  const site = new RandomSite(parseSeed(seed), siteHash('test/data'), 0, 32);
  const features = new Uint8Array(count * 16);
  const labels = new Int32Array(count);
  for (let example = 0; example < count; example++) {
    labels[example] = example % 3;
    for (let pixel = 0; pixel < 16; pixel++) {
      const bright = pixel >> 2 === example % 3 ? 150 : 0;
      features[example * 16 + pixel] = bright + (site.word(example * 16 + pixel) & 63);
    }
  }
  return { features, labels, count, shape: [4, 4, 1], classes: 3 };
}

export function tinyIterator(count: number, batch: number, shuffle?: number): ArrayDataSetIterator {
  return new ArrayDataSetIterator(tinyData(count), { batch, ...(shuffle === undefined ? {} : { shuffle }) });
}

/** Everything that has state or draws random words: momentum, decay, schedule, dropout, stochastic rounding. */
export function tinyConfiguration(overrides: Partial<NetworkConfiguration> = {}): NetworkConfiguration {
  return {
    name: 'tiny',
    seed: 7,
    formats: { weight: '<4,12>', activation: '<6,10>' },
    rounding: 'stochastic',
    weightInit: { distribution: 'normal', deviation: 0.2 },
    optimizer: {
      kind: 'sgd',
      learningRate: { kind: 'exponential', rate: 0.1, factor: 0.5 },
      momentum: 0.9,
      weightDecay: 0.0005,
    },
    input: { height: 4, width: 4, channels: 1 },
    layers: [
      { type: 'conv2d', name: 'conv', channels: 2, kernel: 3, padding: 1, activation: 'relu' },
      { type: 'maxPool', name: 'pool', kernel: 2 },
      { type: 'dropout', name: 'drop', rate: 0.25 },
      { type: 'dense', name: 'fc', units: 3 },
    ],
    ...overrides,
  };
}

// Examples to train on: the real set if it is in the cache (nothing is fetched here), else synthetic bars.
// Speed depends on magnitudes, so the choice matters, and every table states it.
import { synthetic } from '../dist/data/index.js';
import { loadData } from '../dist/data/node/index.js';
import { BatchEncoder } from '../dist/train/batch.js';
import { elements } from '../dist/plan/index.js';

const SET = { dnn: 'mnist', lenet: 'mnist', cifar: 'cifar10' };
const SIDE = 32;

/** Loads each set once. */
export class TrainingData {
  #loaded = new Map();

  /** `{ name, train }` for a network of the zoo. */
  async of(network) {
    const set = SET[network];
    if (!this.#loaded.has(set)) this.#loaded.set(set, await load(set));
    return this.#loaded.get(set);
  }
}

async function load(set) {
  try {
    const { train } = await loadData(set, { seed: 1, offline: true });
    return { name: set, train };
  } catch (error) {
    if (error.name !== 'DataError') throw error;
    const { train } = synthetic({ seed: 1 });
    return { name: 'synthetic', train: set === 'cifar10' ? coloured(train) : train };
  }
}

/** Grey bars of 28 x 28 as colour images of 32 x 32, each in a different colour. */
function coloured(grey) {
  const { count, shape, features } = grey;
  const [height, width] = shape;
  const pixels = new Uint8Array(count * SIDE * SIDE * 3);
  for (let at = 0; at < features.length; at++) {
    const example = Math.floor(at / (height * width));
    const y = 2 + (Math.floor(at / width) % height);
    const x = 2 + (at % width);
    for (let channel = 0; channel < 3; channel++) {
      const shade = 8 + ((example * (5 + 2 * channel)) % 9);
      pixels[((example * SIDE + y) * SIDE + x) * 3 + channel] = (features[at] * shade) >> 4;
    }
  }
  return { ...grey, features: pixels, shape: [SIDE, SIDE, 3] };
}

/** A function that makes batch `index` of a plan in its input format; batches follow each other through the set. */
export function batchesFor(plan, { features, labels, count }) {
  const tensor = plan.tensors[plan.trainInput];
  const { batch } = plan;
  const size = elements(tensor.shape.slice(1));
  const encoder = new BatchEncoder(tensor.format, size, batch);
  return (index) => {
    const first = (index * batch) % (count - batch + 1);
    const rows = features.subarray(first * size, (first + batch) * size);
    const encoded = encoder.encode(rows, labels.slice(first, first + batch));
    return { ...encoded, inputs: encoded.inputs.slice() };
  };
}

/** A program as a user writes it, for Node and for the browser alike: trains a network that is large enough for several threads and gives its digest. */
import { ArrayDataSetIterator, synthetic } from 'fewbit';
import { defineNetwork } from 'fewbit/nn';
import { parseFormat, wordLength } from 'fewbit/numerics';
import { Network } from 'fewbit/train';

const definition = defineNetwork({
  seed: 7,
  formats: {
    weight: '<4,12>',
    activation: '<6,10>',
    bias: '<4,12>',
    error: '<4,12>',
    gradient: '<4,12>',
    update: '<4,12>',
  },
  rounding: 'stochastic',
  optimizer: { kind: 'sgd', learningRate: 0.05, momentum: 0.9 },
  input: { height: 28, width: 28, channels: 1 },
  layers: [
    { type: 'conv2d', channels: 16, kernel: 5, stride: 2, activation: 'relu' },
    { type: 'maxPool', kernel: 2 },
    { type: 'dense', units: 10 },
  ],
});

/** Something of `fewbit/numerics`, so that the bundle has to carry it. */
const bits = wordLength(parseFormat('<4,12>'));

/** SHA-256 of all weights after one epoch over 100 examples. */
export async function train(backend, threads) {
  const { train: examples } = synthetic({ seed: 1, train: 100, test: 1 });
  const network = await Network.create(definition, { backend, threads });
  try {
    await network.fit(new ArrayDataSetIterator(examples, { batch: 100, shuffle: 3 }), { epochs: 1 });
    return { digest: await network.digest(), bits };
  } finally {
    await network.close();
  }
}

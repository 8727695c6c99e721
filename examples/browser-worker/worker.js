// @ts-check
// The worker: trains on images of bars and posts a line of text after each epoch.
/** @import { TrainingListener } from 'fewbit' */
import { ArrayDataSetIterator, Network, synthetic } from 'fewbit';

const EPOCHS = 4;
const { train, test } = synthetic({ seed: 1, train: 1000 });
const network = await Network.create({
  seed: 1,
  formats: { weight: '<4,12>', activation: '<6,10>' },
  optimizer: { kind: 'sgd', learningRate: 0.03, momentum: 0.9 },
  input: { height: 28, width: 28, channels: 1 },
  layers: [
    { type: 'conv2d', channels: 8, kernel: 5, stride: 2, activation: 'relu' },
    { type: 'dense', units: 10 },
  ],
});
/** @type {TrainingListener} */
const report = {
  onEpochEnd(_model, { epoch, score }) {
    postMessage({ done: (epoch + 1) / (EPOCHS + 1), text: `epoch ${epoch + 1}: loss ${score.toFixed(4)}` });
  },
};
await network.fit(new ArrayDataSetIterator(train, { batch: 50, shuffle: 1 }), {
  epochs: EPOCHS,
  listeners: [report],
});
const evaluation = await network.evaluate(new ArrayDataSetIterator(test, { batch: 50 }));
const digest = await network.digest();
postMessage({ done: 1, text: `test error ${evaluation.errorPercent()} %, weights ${digest.slice(0, 12)}` });

// @ts-check
// Stops when the validation error no longer falls, and keeps the best network, not the last one.
import { readFile, writeFile } from 'node:fs/promises';
import {
  ArrayDataSetIterator,
  EarlyStoppingTrainer,
  errorScore,
  Network,
  splitDataSet,
  synthetic,
} from 'fewbit';

const { train: examples, test } = synthetic({ seed: 1, train: 400 });
const [train, validation] = splitDataSet(examples, 0.8, 1);

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
const score = errorScore(new ArrayDataSetIterator(validation, { batch: 40 }));
const trainer = new EarlyStoppingTrainer(
  { score, maxEpochs: 50, patience: 4 },
  network,
  new ArrayDataSetIterator(train, { batch: 40, shuffle: 1 }),
);
const { details, scores, bestEpoch, bestModel } = await trainer.fit();
console.log('validation error in %:', scores.map(({ score }) => score.toFixed(1)).join(' '));
console.log(`ended: ${details}`);
if (bestModel) await writeFile('best.safetensors', bestModel);

const best = await Network.load(await readFile('best.safetensors'));
const evaluation = await best.evaluate(new ArrayDataSetIterator(test, { batch: 40 }));
console.log(`the network after epoch ${bestEpoch} has a test error of ${evaluation.errorPercent()} %`);

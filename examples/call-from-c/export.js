// @ts-check
// Trains a network on images of bars and writes it as C99 into the folder `generated`, together with its golden vectors.
import { mkdir, writeFile } from 'node:fs/promises';
import { ArrayDataSetIterator, Network, synthetic } from 'fewbit';
import { cFiles, goldenVectors, openSubject } from 'fewbit/export';

const { train, test } = synthetic({ seed: 1, train: 1000 });
const network = await Network.create({
  name: 'bars',
  seed: 1,
  formats: { weight: '<4,12>', activation: '<6,10>' },
  // Rounding to nearest after training: the C code then needs no random words.
  inferenceRounding: 'nearest',
  optimizer: { kind: 'sgd', learningRate: 0.03, momentum: 0.9 },
  input: { height: 28, width: 28, channels: 1 },
  layers: [
    { type: 'conv2d', channels: 8, kernel: 5, stride: 2, activation: 'relu' },
    { type: 'dense', units: 10 },
  ],
});
await network.fit(new ArrayDataSetIterator(train, { batch: 50, shuffle: 1 }), { epochs: 4 });

const subject = await openSubject(await network.save(), { batch: 50 });
const golden = await goldenVectors(subject, { data: test, count: 100 });
await mkdir('generated', { recursive: true });
for (const [name, content] of cFiles(subject, golden).files) await writeFile(`generated/${name}`, content);

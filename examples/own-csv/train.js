// @ts-check
// Trains a small network on a CSV file whose label column holds words, then classifies new rows.
import { fileURLToPath } from 'node:url';
import { ArrayDataSetIterator, Network } from 'fewbit';
import { loadData } from 'fewbit/data/node';

const path = fileURLToPath(new URL('fruit.csv', import.meta.url));
// The file has no test part, so the seed holds a quarter of the rows back. All columns are standardised.
const { train, test } = await loadData(path, { seed: 1, testFraction: 0.25 });

const network = await Network.create({
  seed: 1,
  formats: { weight: '<4,12>', activation: '<6,10>' },
  optimizer: { kind: 'sgd', learningRate: 0.05, momentum: 0.9 },
  input: { size: 3 },
  layers: [
    { type: 'dense', units: 8, activation: 'relu' },
    { type: 'dense', units: train.classes },
  ],
});
await network.fit(new ArrayDataSetIterator(train, { batch: 10, shuffle: 1 }), { epochs: 20 });
console.log((await network.evaluate(new ArrayDataSetIterator(test, { batch: 10 }))).stats());

// New rows are in the units of the file; the network knows how its data were standardised. Diameter in mm, mass in g, redness.
const rows = Float32Array.of(45, 60, 0.8, 80, 200, 0.4);
for (const label of await network.predict(rows)) {
  console.log('new fruit:', network.dataSchema?.labelNames?.[label]);
}

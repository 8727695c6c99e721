// @ts-check
// Trains on points that are drawn as they are needed, and watches what rounding does to the weights.
/** @import { TrainingListener } from 'fewbit' */
import { Network } from 'fewbit';
import { RingIterator } from './ring.js';

/**
 * Prints, after every fourth epoch, the error and the share of updates that rounding swallowed.
 * @type {TrainingListener}
 */
const watch = {
  async onEpochEnd(model, { epoch, examples, correct, score }) {
    if (epoch % 4 !== 3) return;
    const parameters = (await model.statistics()).filter(({ site }) => /^dense\d\/weight$/.test(site));
    const total = parameters.reduce((sum, { elements }) => sum + elements, 0);
    const swallowed = parameters.reduce((sum, site) => sum + site.swallowed, 0);
    console.log(
      `epoch ${epoch + 1}: loss ${score.toFixed(4)}, error ${((1 - correct / examples) * 100).toFixed(1)} %,`,
      `swallowed ${((swallowed / total) * 100).toFixed(1)} %`,
    );
  },
};

const network = await Network.create({
  seed: 1,
  formats: { weight: '<4,12>', activation: '<6,10>' },
  optimizer: { kind: 'sgd', learningRate: 0.05, momentum: 0.9 },
  input: { size: 2 },
  layers: [
    { type: 'dense', units: 24, activation: 'relu', weightInit: 'he-normal' },
    { type: 'dense', units: 24, activation: 'relu', weightInit: 'he-normal' },
    { type: 'dense', units: 2 },
  ],
});
await network.fit(new RingIterator(1), { epochs: 20, listeners: [watch] });
console.log('error on new points:', (await network.evaluate(new RingIterator(2))).errorPercent(), '%');

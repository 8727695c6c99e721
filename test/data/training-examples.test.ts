/** How many examples an epoch of a named set has, known without fetching anything. */
import { expect, test } from 'vitest';
import { trainingExamples } from '../../src/data/node/index.js';

test.each([
  ['mnist', 60_000],
  ['cifar10', 50_000],
  ['synthetic', null],
  ['./mnist', null],
])('%s has %s training examples', (name, count) => {
  expect(trainingExamples(name)).toBe(count);
});

// A program that trains LeNet for one step and ends; overhead.mjs times it from outside. Prints which data it had.
import { ArrayDataSetIterator } from '../dist/data/index.js';
import { Network } from '../dist/train/index.js';
import { TrainingData } from './data.mjs';
import { BATCH, define } from './fewbit.mjs';

const { name, train } = await new TrainingData().of('lenet');
const network = await Network.create(define('lenet').configuration);
await network.fit(new ArrayDataSetIterator(train, { batch: BATCH, shuffle: 1 }), { maxSteps: 1 });
await network.close();
console.log(name);

/** Small runs in temporary folders. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { synthetic } from '../../src/data/index.js';
import {
  completeConfiguration,
  type IntervalLine,
  type RunConfiguration,
  type RunData,
} from '../../src/experiment/index.js';

/** A temporary folder that goes when the test file is done. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fewbit-run-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** 60 training examples: three steps an epoch with the configuration below. */
export const DATA: RunData = { ...synthetic({ seed: 5, train: 60, test: 30 }), digest: 'd'.repeat(64) };

/** Eight steps: two epochs and two steps of a third. */
export const CONFIGURATION: RunConfiguration = completeConfiguration({
  network: {
    name: 'tiny',
    seed: 5,
    formats: { weight: '<4,12>', activation: '<6,10>' },
    rounding: 'stochastic',
    weightInit: { distribution: 'normal', deviation: 0.05 },
    optimizer: { kind: 'sgd', learningRate: 0.1, momentum: 0.5 },
    input: { height: 28, width: 28, channels: 1 },
    layers: [
      { type: 'dense', name: 'fc1', units: 4, activation: 'relu' },
      { type: 'dense', name: 'fc2', units: 10 },
    ],
  },
  data: 'synthetic',
  augment: { flip: true, crop: 2 },
  batch: 20,
  epochs: 5,
  steps: 8,
  backend: 'reference',
  checkpointEvery: 2,
  metricsEvery: 3,
});

/** A line of metrics with nothing in it but its place. */
export function intervalLine(from: number, step: number, changes: Partial<IntervalLine> = {}): IntervalLine {
  return {
    event: 'interval',
    epoch: 1,
    from,
    step,
    examples: 10 * (step - from),
    lossSum: step - from,
    correct: 0,
    seconds: 1,
    sites: {},
    ...changes,
  };
}

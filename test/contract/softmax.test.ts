/** Softmax and cross-entropy on every backend, exactly: probabilities, errors, losses and correct rows. */
import { describe } from 'vitest';
import { contractSuite, settings, type Case, type Group } from './suite.js';
import { OVERFLOWS, pick, ROUNDINGS, STYLES } from './tables.js';

const CLASSES = [2, 3, 4, 5, 7, 8, 9, 10, 16, 17, 100];

/** Formats of logits: fraction bits from below zero to all, where distances are tiny, usual or huge. */
const LOGITS = [
  '<6,10>',
  '<2,14>',
  '<8,8>',
  '<4,4>',
  '<6,14>',
  '<16,16>',
  '<1,31>',
  '<20,-4>',
  '<32,0>',
  '<-4,20>',
  '<40,-24>',
];
const ERRORS = ['<2,14>', '<4,12>', '<2,6>', '<0,12>', '<4,16>', '<2,30>', '<1,15>'];

function softmax(classes: number, logits: string, i: number): Case {
  const [errors, rounding, overflow] = [pick(ERRORS, i), pick(ROUNDINGS, i), pick(OVERFLOWS, i)];
  const last = i % 5 === 4;
  return {
    name: `${String(classes)} classes, ${logits} to ${last ? 'no error' : `${errors}, ${rounding} ${overflow}`}`,
    style: pick(STYLES, i),
    add: (w) => {
      const shape = [w.batch, classes];
      w.builder.softmaxCrossEntropy({
        logits: w.tensor('logits', shape, logits, { batched: true }),
        labels: w.tensor('labels', [w.batch], null, { batched: true, role: 'label', limit: classes }),
        probabilities: w.tensor('probabilities', shape, '<2,30>', { batched: true, role: 'probability' }),
        error: last ? null : w.tensor('error', shape, errors, { batched: true, role: 'error' }),
        ...settings(rounding, overflow),
      });
    },
  };
}

const cases = CLASSES.flatMap((classes, c) =>
  [0, 1, 2, 3].map((turn) => softmax(classes, pick(LOGITS, 3 * c + turn), 4 * c + turn)),
);

describe('softmax and cross-entropy', () => {
  contractSuite(
    [1, 8].map((batch): Group => ({
      name: `batch ${String(batch)}`,
      batch,
      counts: batch > 1 ? [1, 3, 7] : [],
      cases,
    })),
  );
});

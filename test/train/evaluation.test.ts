import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { Evaluation } from '../../src/train/evaluation.js';

/** Adds one example per [actual, predicted] pair. */
function evaluationOf(
  classes: number,
  pairs: readonly (readonly [number, number])[],
  labelNames?: string[],
): Evaluation {
  const evaluation = new Evaluation({ classes, ...(labelNames ? { labelNames } : {}) });
  for (const [actual, predicted] of pairs) {
    const logits = new Int16Array(classes);
    logits[predicted] = 1;
    evaluation.add(Int32Array.of(actual), logits, 0.5);
  }
  return evaluation;
}

/** Class 2 is never predicted, class 3 has no examples and is never predicted. */
const PAIRS = [
  [0, 0],
  [0, 0],
  [0, 1],
  [1, 1],
  [2, 0],
] as const;

describe('Evaluation', () => {
  it('counts accuracy, error, loss and the confusion matrix', () => {
    const evaluation = evaluationOf(4, PAIRS);
    expect(evaluation.examples).toBe(5);
    expect(evaluation.accuracy()).toBe(3 / 5);
    expect(evaluation.errorPercent()).toBe(40);
    expect(evaluation.loss()).toBe(0.5);
    expect(evaluation.toJSON().confusion).toEqual([
      [2, 1, 0, 0],
      [0, 1, 0, 0],
      [1, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
    expect(evaluation.confusion(0, 1)).toBe(1);
  });

  it('gives precision, recall and F1 per class, null for 0/0', () => {
    const evaluation = evaluationOf(4, PAIRS);
    const per = (of: (index: number) => number | null): (number | null)[] => [0, 1, 2, 3].map(of);
    expect(per((c) => evaluation.precision(c))).toEqual([2 / 3, 1 / 2, null, null]);
    expect(per((c) => evaluation.recall(c))).toEqual([2 / 3, 1, 0, null]);
    expect(per((c) => evaluation.f1(c))).toEqual([2 / 3, (2 * (1 / 2) * 1) / (1 / 2 + 1), null, null]);
  });

  it('leaves undefined classes out of the macro average; micro is the accuracy', () => {
    const evaluation = evaluationOf(4, PAIRS);
    expect(evaluation.precision()).toBe((2 / 3 + 1 / 2) / 2);
    expect(evaluation.recall('macro')).toBe((2 / 3 + 1 + 0) / 3);
    expect(evaluation.f1()).toBe((2 / 3 + 2 / 3) / 2);
    expect(evaluation.precision('micro')).toBe(3 / 5);
    expect(evaluation.recall('micro')).toBe(3 / 5);
    expect(evaluation.f1('micro')).toBeCloseTo(3 / 5, 15);
  });

  it('has an F1 of 0 where precision and recall are 0', () => {
    const evaluation = evaluationOf(2, [
      [0, 1],
      [1, 0],
    ]);
    expect(evaluation.f1(0)).toBe(0);
    expect(evaluation.f1()).toBe(0);
  });

  it('takes the first largest logit on a tie, and ranks a tied label by its index', () => {
    const logits = Int32Array.of(5, 7, 7, 7);
    for (const [label, correct, top2, top3] of [
      [0, 0, 0, 0],
      [1, 1, 1, 1],
      [2, 0, 1, 1],
      [3, 0, 0, 1],
    ] as const) {
      const results = [1, 2, 3].map((topN) => {
        const evaluation = new Evaluation({ classes: 4, topN });
        evaluation.add(Int32Array.of(label), logits);
        return evaluation;
      });
      expect(results.map((evaluation) => evaluation.accuracy())).toEqual([correct, correct, correct]);
      expect(results.map((evaluation) => evaluation.topNAccuracy())).toEqual([correct, top2, top3]);
    }
  });

  it('agrees with sorting, for any logits', () => {
    const row = fc.tuple(
      fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 5, maxLength: 5 }),
      fc.nat(4),
    );
    fc.assert(
      fc.property(fc.array(row, { minLength: 1 }), fc.integer({ min: 1, max: 5 }), (rows, topN) => {
        const evaluation = new Evaluation({ classes: 5, topN });
        evaluation.add(
          Int32Array.from(rows, ([, label]) => label),
          Int32Array.from(rows.flatMap(([logits]) => logits)),
        );
        const order = rows.map(([logits]) =>
          [0, 1, 2, 3, 4].sort((a, b) => logits[b]! - logits[a]! || a - b),
        );
        const among = (n: number): number =>
          rows.filter(([, label], index) => order[index]!.slice(0, n).includes(label)).length / rows.length;
        expect(evaluation.accuracy()).toBe(among(1));
        expect(evaluation.topNAccuracy()).toBe(among(topN));
      }),
    );
  });

  it('gives an example whose logits are no numbers no class, and counts it as wrong', () => {
    const evaluation = new Evaluation({ classes: 3, topN: 3 });
    const rows = [
      [NaN, 1, 2],
      [1, NaN, 2],
      [1, 2, NaN],
      [Infinity, 0, 1],
      [-Infinity, 1, 0],
      [-Infinity, -Infinity, -Infinity],
      [2, 1, 0],
    ];
    evaluation.add(Int32Array.of(0, 0, 2, 0, 1, 0, 0), Float32Array.from(rows.flat()), NaN);
    expect([evaluation.examples, evaluation.withoutClass()]).toEqual([7, 5]);
    expect([0, 1, 2].map((index) => evaluation.withoutClass(index))).toEqual([4, 0, 1]);
    expect(evaluation.accuracy()).toBe(2 / 7);
    expect(evaluation.topNAccuracy()).toBe(2 / 7);
    expect(evaluation.errorPercent()).toBe(500 / 7);
    expect([0, 1, 2].map((index) => evaluation.recall(index))).toEqual([1 / 5, 1, 0]);
    expect([0, 1, 2].map((index) => evaluation.precision(index))).toEqual([1, 1, null]);
    expect([0, 1, 2].map((index) => evaluation.actualCount(index))).toEqual([5, 1, 1]);
    const json = evaluation.toJSON();
    expect(json).toMatchObject({ examples: 7, withoutClass: 5, diverged: true, loss: null });
    expect(json.confusion.flat().reduce((sum, count) => sum + count, 0)).toBe(2);
    expect(evaluation.stats().split('\n').slice(0, 9)).toEqual([
      'Evaluation',
      'Warning: the logits of 5 of 7 examples are not numbers, which counts as wrong: the network has diverged; train it again with a lower learning rate',
      'Examples                   7',
      'Without class              5',
      'Classes                    3',
      'Accuracy              0.2857',
      'Top-3 accuracy        0.2857',
      'Error %                71.43',
      'Loss            not a number',
    ]);
    expect(evaluation.stats()).toContain('   0  1  2  no class\n0  1  0  0         4');
  });

  it('says that the loss is infinite although every example has a class', () => {
    const evaluation = new Evaluation({ classes: 2 });
    evaluation.add(Int32Array.of(0), Float32Array.of(1, 0), Infinity);
    expect(evaluation.toJSON()).toMatchObject({ withoutClass: 0, diverged: true, loss: null, accuracy: 1 });
    expect(evaluation.stats()).toContain('Warning: the loss is not a number: the network has diverged;');
    expect(evaluationOf(4, PAIRS).toJSON()).toMatchObject({ withoutClass: 0, diverged: false });
  });

  it('finds no right answer among the n best of a row of NaN', () => {
    const evaluation = new Evaluation({ classes: 3, topN: 2 });
    evaluation.add(Int32Array.of(1), Float32Array.of(NaN, NaN, NaN), NaN);
    expect(evaluation.topNAccuracy()).toBe(0);
    expect(evaluation.accuracy()).toBe(0);
    expect(evaluation.toJSON().loss).toBeNull();
  });

  it('prints a table', () => {
    expect(evaluationOf(4, PAIRS, ['cat', 'dog', 'bird', 'fish']).stats()).toBe(
      `Evaluation
Examples       5
Classes        4
Accuracy  0.6000
Error %    40.00
Loss      0.5000

Class  Precision  Recall      F1  Examples
cat       0.6667  0.6667  0.6667         3
dog       0.5000  1.0000  0.6667         1
bird           -  0.0000       -         1
fish           -       -       -         0
macro     0.5833  0.5556  0.6667
micro     0.6000  0.6000  0.6000
Never predicted, left out of the macro precision and F1: bird, fish
Without examples, left out of the macro recall and F1: fish

Confusion matrix (a row is the actual class, a column the predicted one)
      cat  dog  bird  fish
cat     2    1     0     0
dog     0    1     0     0
bird    1    0     0     0
fish    0    0     0     0`
        .replace('Error    40', 'Error     40')
        .replace(/^(Examples|Classes) /gm, '$1 '),
    );
  });

  it('leaves a wide confusion matrix out of the table and shows top-n', () => {
    const evaluation = new Evaluation({ classes: 21, topN: 5 });
    evaluation.add(Int32Array.of(4), new Int16Array(21));
    expect(evaluation.stats()).toContain('Top-5 accuracy  1.0000\nError %         100.00');
    expect(evaluation.stats()).toContain('Confusion matrix left out: more than 20 classes');
  });

  it('is undefined, not wrong, without examples', () => {
    const evaluation = new Evaluation({ classes: 2 });
    expect(evaluation.toJSON()).toMatchObject({
      accuracy: null,
      errorPercent: null,
      loss: null,
      topNAccuracy: null,
    });
    expect(evaluation.toJSON().macro).toEqual({ precision: null, recall: null, f1: null });
    expect(evaluation.stats()).toContain('Accuracy  -');
  });

  it.each<[string, () => unknown, string]>([
    [
      'no classes',
      () => new Evaluation({ classes: 0 }),
      'evaluation: classes must be a whole number of at least 1, got 0',
    ],
    [
      'a topN above the classes',
      () => new Evaluation({ classes: 3, topN: 4 }),
      'evaluation: topN must be 1 to 3 (the classes), got 4',
    ],
    [
      'too few names',
      () => new Evaluation({ classes: 3, labelNames: ['a'] }),
      'evaluation: one label name per class, got 1 names for 3 classes',
    ],
    [
      'logits of another size',
      () => new Evaluation({ classes: 3 }).add(Int32Array.of(1), new Int16Array(4)),
      'evaluation: logits must be [1, 3], got 4 values',
    ],
    [
      'a label that is no class',
      () => new Evaluation({ classes: 3 }).add(Int32Array.of(3), new Int16Array(3)),
      'evaluation: label must be 0 to 2, got 3',
    ],
    [
      'a class that is none',
      () => new Evaluation({ classes: 3 }).precision(3),
      'evaluation: class must be 0 to 2, got 3',
    ],
  ])('refuses %s', (_, act, message) => {
    expect(act).toThrow(new RangeError(message));
  });
});

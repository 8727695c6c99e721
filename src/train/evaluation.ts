/**
 * How well a classifier did: accuracy, top-n, precision, recall and F1 per class and averaged, confusion
 * matrix, loss; after Deeplearning4j's Evaluation. This file counts; evaluation-table.ts makes the table.
 * Defined in docs/training.md.
 */
import { checkOptions, listOf, NUMBER, TEXT, checkArgument, NUMBERS } from '../numerics/arguments.js';
import { classOf, InputError, NO_CLASS } from '../numerics/index.js';
import type { TensorData } from '../backend/index.js';
import { divergenceText, evaluationTable, type Averaging, type EvaluationJson } from './evaluation-table.js';

/** Options of an evaluation. */
export interface EvaluationOptions {
  readonly classes: number;
  /** Default `0`, `1`, ... */
  readonly labelNames?: readonly string[];
  /** An example counts as right in `topNAccuracy` if its label is among the n largest logits; default 1. */
  readonly topN?: number;
}

const quotient = (a: number, b: number): number | null => (b === 0 ? null : a / b);

/**
 * Counts predictions against labels. The prediction is the first largest logit, as in the arithmetic. An example
 * whose logits are no numbers has no class: it is wrong in every measure, and `withoutClass` counts it.
 */
export class Evaluation {
  readonly classes: number;
  readonly labelNames: readonly string[];
  readonly topN: number;
  readonly #confusion: Float64Array;
  /** Examples without a class, by label. */
  readonly #withoutClass: Float64Array;
  #examples = 0;
  #topNCorrect = 0;
  #lossSum = 0;

  /** @throws RangeError if classes, topN or the number of label names do not fit. */
  constructor(options: EvaluationOptions) {
    checkOptions('evaluation', options, { classes: NUMBER, labelNames: listOf(TEXT), topN: NUMBER }, [
      'classes',
    ]);
    const { classes, topN = 1 } = options;
    if (!Number.isInteger(classes) || classes < 1) {
      throw new InputError(`evaluation: classes must be a whole number of at least 1, got ${classes}`);
    }
    if (!Number.isInteger(topN) || topN < 1 || topN > classes) {
      throw new InputError(`evaluation: topN must be 1 to ${classes} (the classes), got ${topN}`);
    }
    this.labelNames = options.labelNames ?? Array.from({ length: classes }, (_, index) => String(index));
    if (this.labelNames.length !== classes) {
      throw new InputError(
        `evaluation: one label name per class, got ${this.labelNames.length} names for ${classes} classes`,
      );
    }
    this.classes = classes;
    this.topN = topN;
    this.#confusion = new Float64Array(classes * classes);
    this.#withoutClass = new Float64Array(classes);
  }

  /**
   * Adds examples. `logits` [labels.length, classes], in any scale, because only their order matters.
   * `lossSum`: the sum of their losses.
   * @throws RangeError if the sizes differ or a label is not a class.
   */
  add(labels: Int32Array, logits: TensorData, lossSum = 0): void {
    checkArgument('evaluation: labels', labels, NUMBERS);
    checkArgument('evaluation: logits', logits, NUMBERS);
    checkArgument('evaluation: lossSum', lossSum, NUMBER);
    const { classes } = this;
    if (logits.length !== labels.length * classes) {
      throw new InputError(
        `evaluation: logits must be [${labels.length}, ${classes}], got ${logits.length} values`,
      );
    }
    for (const label of labels) {
      if (!(label >= 0 && label < classes)) {
        throw new InputError(`evaluation: label must be 0 to ${classes - 1}, got ${label}`);
      }
    }
    for (let row = 0; row < labels.length; row++) {
      const label = labels[row]!;
      const offset = row * classes;
      const predicted = classOf(logits, offset, classes);
      if (predicted === NO_CLASS) {
        this.#withoutClass[label]!++;
        continue;
      }
      const score = logits[offset + label]!;
      let ahead = 0;
      for (let c = 0; c < classes; c++) {
        const other = logits[offset + c]!;
        if (other > score || (other === score && c < label)) ahead++;
      }
      this.#confusion[label * classes + predicted]!++;
      if (ahead < this.topN) this.#topNCorrect++;
    }
    this.#examples += labels.length;
    this.#lossSum += lossSum;
  }

  get examples(): number {
    return this.#examples;
  }

  /** Number of examples that have no class, because their logits are no numbers: of all, or of one class. */
  withoutClass(of?: number): number {
    if (of !== undefined) return this.#withoutClass[this.#index(of)]!;
    return this.#withoutClass.reduce((sum, count) => sum + count, 0);
  }

  /** Number of examples of class `actual` that were predicted as class `predicted`. */
  confusion(actual: number, predicted: number): number {
    return this.#confusion[this.#index(actual) * this.classes + this.#index(predicted)]!;
  }

  /** Share of right predictions, 0 to 1; NaN without examples. */
  accuracy(): number {
    return this.#truePositives() / this.#examples;
  }

  /** Share of wrong predictions in per cent; NaN without examples. */
  errorPercent(): number {
    return (100 * (this.#examples - this.#truePositives())) / this.#examples;
  }

  /** Share of examples whose label is among the `topN` largest logits; NaN without examples. */
  topNAccuracy(): number {
    return this.#topNCorrect / this.#examples;
  }

  /** Mean loss in nats; NaN without examples, and if logits are no numbers. */
  loss(): number {
    return this.#lossSum / this.#examples;
  }

  /** Right among those predicted to be of the class; null if none was predicted. */
  precision(of: number | Averaging = 'macro'): number | null {
    if (of === 'micro') return quotient(this.#truePositives(), this.#examples);
    if (of === 'macro') return this.#macro((index) => this.precision(index));
    return quotient(this.confusion(of, of), this.predictedCount(of));
  }

  /** Right among the examples of the class; null if there are none. */
  recall(of: number | Averaging = 'macro'): number | null {
    if (of === 'micro') return quotient(this.#truePositives(), this.#examples);
    if (of === 'macro') return this.#macro((index) => this.recall(index));
    return quotient(this.confusion(of, of), this.actualCount(of));
  }

  /** Harmonic mean of precision and recall; null if one of them is undefined, 0 if both are 0. */
  f1(of: number | Averaging = 'macro'): number | null {
    if (of === 'macro') return this.#macro((index) => this.f1(index));
    const precision = this.precision(of);
    const recall = this.recall(of);
    if (precision === null || recall === null) return null;
    return precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
  }

  /** Examples of the class. */
  actualCount(index: number): number {
    let sum = this.withoutClass(index);
    for (let c = 0; c < this.classes; c++) sum += this.confusion(index, c);
    return sum;
  }

  /** Examples predicted to be of the class. */
  predictedCount(index: number): number {
    let sum = 0;
    for (let c = 0; c < this.classes; c++) sum += this.confusion(c, index);
    return sum;
  }

  /**
   * One sentence for a network whose logits or loss are no numbers, with the figure and the way out; null for all others.
   */
  get divergence(): string | null {
    return divergenceText(this.toJSON());
  }

  /** All results as a plain text table. */
  stats(): string {
    return evaluationTable(this.toJSON());
  }

  /** All results as plain data; null if a quotient is undefined, or (with `diverged`) if the loss is not a number. */
  toJSON(): EvaluationJson {
    const number = (value: number): number | null => (Number.isFinite(value) ? value : null);
    const average = (of: Averaging): EvaluationJson['macro'] => ({
      precision: this.precision(of),
      recall: this.recall(of),
      f1: this.f1(of),
    });
    return {
      examples: this.#examples,
      withoutClass: this.withoutClass(),
      diverged: !Number.isFinite(this.#lossSum) || this.withoutClass() > 0,
      classes: this.classes,
      accuracy: number(this.accuracy()),
      errorPercent: number(this.errorPercent()),
      topN: this.topN,
      topNAccuracy: number(this.topNAccuracy()),
      loss: number(this.loss()),
      macro: average('macro'),
      micro: average('micro'),
      perClass: this.labelNames.map((label, index) => ({
        label,
        examples: this.actualCount(index),
        withoutClass: this.withoutClass(index),
        precision: this.precision(index),
        recall: this.recall(index),
        f1: this.f1(index),
      })),
      confusion: this.labelNames.map((_, index) => [
        ...this.#confusion.subarray(index * this.classes, (index + 1) * this.classes),
      ]),
    };
  }

  #index(index: number): number {
    if (!Number.isInteger(index) || index < 0 || index >= this.classes) {
      throw new InputError(`evaluation: class must be 0 to ${this.classes - 1}, got ${index}`);
    }
    return index;
  }

  #truePositives(): number {
    let sum = 0;
    for (let c = 0; c < this.classes; c++) sum += this.confusion(c, c);
    return sum;
  }

  #macro(of: (index: number) => number | null): number | null {
    const defined = this.labelNames.map((_, index) => of(index)).filter((value) => value !== null);
    return quotient(
      defined.reduce((sum, value) => sum + value, 0),
      defined.length,
    );
  }
}

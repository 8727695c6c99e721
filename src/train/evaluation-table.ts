/**
 * The results of an evaluation as plain data, and the same data as a plain text table (no colours).
 * evaluation.ts counts them.
 */

/** `macro`: the mean over the classes for which it is defined; `micro`: from the counts of all classes together. */
export type Averaging = 'macro' | 'micro';

/** All results as plain data; null if a quotient is undefined (0/0), and for a loss that is not a number. */
export interface EvaluationJson {
  readonly examples: number;
  /** Examples whose logits are no numbers. They count as wrong. */
  readonly withoutClass: number;
  /** The loss is not a number, or infinite: JSON has neither, so that `loss` is null. */
  readonly diverged: boolean;
  readonly classes: number;
  readonly accuracy: number | null;
  readonly errorPercent: number | null;
  readonly topN: number;
  readonly topNAccuracy: number | null;
  readonly loss: number | null;
  readonly macro: {
    readonly precision: number | null;
    readonly recall: number | null;
    readonly f1: number | null;
  };
  readonly micro: {
    readonly precision: number | null;
    readonly recall: number | null;
    readonly f1: number | null;
  };
  readonly perClass: readonly {
    readonly label: string;
    readonly examples: number;
    readonly withoutClass: number;
    readonly precision: number | null;
    readonly recall: number | null;
    readonly f1: number | null;
  }[];
  /** `confusion[actual][predicted]`. */
  readonly confusion: readonly (readonly number[])[];
}

/** With more classes than this, a confusion matrix is wider than a terminal and is left out. */
const MATRIX_CLASSES = 20;

const NO_CLASS = 'no class';
const share = (value: number | null): string => (value === null ? '-' : value.toFixed(4));

/** Columns as wide as their widest cell: the first one flush left, the others flush right. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, c) => Math.max(...rows.map((row) => (row[c] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, c) => (c === 0 ? cell.padEnd(widths[c] ?? 0) : cell.padStart(widths[c] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

/** Names the classes that a macro average leaves out, as Deeplearning4j's warning does. */
function excluded(evaluation: EvaluationJson): string[] {
  const names = (of: 'precision' | 'recall'): string =>
    evaluation.perClass
      .filter((row) => row[of] === null)
      .map((row) => row.label)
      .join(', ');
  const never = names('precision');
  const absent = names('recall');
  return [
    ...(never === '' ? [] : [`Never predicted, left out of the macro precision and F1: ${never}`]),
    ...(absent === '' ? [] : [`Without examples, left out of the macro recall and F1: ${absent}`]),
  ];
}

/** What is wrong with a network that diverged, and the way out; null if nothing is. */
export function divergenceText({ examples, withoutClass, diverged }: EvaluationJson): string | null {
  const way = 'the network has diverged; train it again with a lower learning rate';
  if (withoutClass > 0)
    return `the logits of ${withoutClass} of ${examples} examples are not numbers, which counts as wrong: ${way}`;
  return diverged ? `the loss is not a number: ${way}` : null;
}

/** The table that `Evaluation.stats` returns. */
export function evaluationTable(evaluation: EvaluationJson): string {
  const { macro, micro, topN, errorPercent, withoutClass, diverged } = evaluation;
  const problem = divergenceText(evaluation);
  const summary = columns([
    ['Examples', String(evaluation.examples)],
    ...(withoutClass > 0 ? [['Without class', String(withoutClass)]] : []),
    ['Classes', String(evaluation.classes)],
    ['Accuracy', share(evaluation.accuracy)],
    ...(topN > 1 ? [[`Top-${topN} accuracy`, share(evaluation.topNAccuracy)]] : []),
    ['Error %', errorPercent === null ? '-' : errorPercent.toFixed(2)],
    ['Loss', diverged ? 'not a number' : share(evaluation.loss)],
  ]);
  const perClass = columns([
    ['Class', 'Precision', 'Recall', 'F1', 'Examples'],
    ...evaluation.perClass.map((row) => [
      row.label,
      share(row.precision),
      share(row.recall),
      share(row.f1),
      String(row.examples),
    ]),
    ['macro', share(macro.precision), share(macro.recall), share(macro.f1), ''],
    ['micro', share(micro.precision), share(micro.recall), share(micro.f1), ''],
  ]);
  const lines = [
    'Evaluation',
    ...(problem === null ? [] : [`Warning: ${problem}`]),
    ...summary,
    '',
    ...perClass,
    ...excluded(evaluation),
    '',
  ];
  if (evaluation.classes > MATRIX_CLASSES) {
    lines.push(
      `Confusion matrix left out: more than ${MATRIX_CLASSES} classes; see confusion(actual, predicted)`,
    );
  } else {
    lines.push(
      'Confusion matrix (a row is the actual class, a column the predicted one)',
      ...columns([
        ['', ...evaluation.perClass.map((row) => row.label), ...(withoutClass > 0 ? [NO_CLASS] : [])],
        ...evaluation.perClass.map((row, index) => [
          row.label,
          ...(evaluation.confusion[index] ?? []).map(String),
          ...(withoutClass > 0 ? [String(row.withoutClass)] : []),
        ]),
      ]),
    );
  }
  return lines.join('\n');
}

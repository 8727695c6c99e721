/**
 * The order of figures that may be no numbers. Every comparison with NaN is false, so a search for the largest
 * that begins with the first element takes NaN for class 0, and a sort leaves it anywhere. Whatever ranks
 * scores, errors, losses or logits asks this file: what is no number comes last, and has no class.
 */

/** The class of an example whose logits are no numbers. */
export const NO_CLASS = -1;

/** A figure, or what stands for one that is not a number: NaN, an infinity, null, undefined. */
export type Figure = number | null | undefined;

/**
 * The predicted class of the row logits[offset .. offset + classes - 1]: the index of its first largest element. It is
 * `NO_CLASS` if an element is NaN or the largest is infinite, so that the row has no softmax.
 */
export function classOf(logits: ArrayLike<number>, offset: number, classes: number): number {
  let best = 0;
  for (let i = 0; i < classes; i += 1) {
    const logit = logits[offset + i]!;
    if (Number.isNaN(logit)) return NO_CLASS;
    if (logit > logits[offset + best]!) best = i;
  }
  return Number.isFinite(logits[offset + best]!) ? best : NO_CLASS;
}

/** True for a finite number. */
export function isNumber(figure: Figure): figure is number {
  return Number.isFinite(figure);
}

/** Compares two figures for `sort`: the smaller first; those that are no numbers last, as equals. */
export function compareFigures(a: Figure, b: Figure): number {
  if (isNumber(a) && isNumber(b)) return a - b;
  return Number(!isNumber(a)) - Number(!isNumber(b));
}

/** A sorted copy: the smallest figure first, no number last, equals in their order. */
export function smallestFirst<T>(items: readonly T[], figureOf: (item: T) => Figure): T[] {
  return [...items].sort((a, b) => compareFigures(figureOf(a), figureOf(b)));
}

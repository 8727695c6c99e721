// <2,14> has no room for activations: dnn and LeNet diverge in it. On the way there sums outgrow 32 bits and
// need stretches only, for a few steps; then more and more numbers are the largest that the format has, and
// 8-bit digits are needed. Both are worth measuring separately. This finds their steps from the sums of each
// step.

/** The networks that diverge in <2,14>. */
export const DIVERGING = ['dnn', 'lenet'];
/** Steps that are measured in such a place before training starts there again: soon after it is another place. */
export const SPAN = 3;
/** Steps to look for it; on data on which a network does not diverge, the best place among them is taken. */
export const MOST_STEPS = 400;
/** Next to no sum may need digits where stretches are measured. */
const FEW_FULL = 0.02;
/** Where sums still fit in 32 bits next to none may need either. */
const NEARLY_NONE = 0.001;
/** Past that many there is no way back. */
const MANY_FULL = 0.1;
/** Then dnn makes a third of its sums in digits, LeNet a quarter. */
const LATER = 40;

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** `share`: what part of a step's multiply-adds is summed how: `{ flush, full }`. */
export function isPastStretches({ full }) {
  return full > MANY_FULL;
}

/**
 * Training steps before each of three places, from every step's shares. `stretches`: the SPAN steps after it and one that
 * warms caches make the most of their sums in stretches, and fewer than FEW_FULL in digits. `fitting`: the last place before
 * it where sums still fit in 32 bits. `diverging`: further on.
 */
export function placesIn(shares) {
  let best = { step: 0, flush: -1, fitting: 0 };
  let fitting = 0;
  for (let step = 0; step + SPAN < shares.length; step++) {
    const span = shares.slice(step + 1, step + 1 + SPAN);
    const flush = mean(span.map((share) => share.flush));
    const full = mean(span.map((share) => share.full));
    if (full < FEW_FULL && flush > best.flush) best = { step, flush, fitting };
    if (flush + full < NEARLY_NONE) fitting = step;
  }
  return { fitting: best.fitting, stretches: best.step, diverging: best.step + LATER };
}

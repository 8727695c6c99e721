// <2,14> has no room for activations: dnn and LeNet diverge in it. On the way there sums outgrow 32 bits and need
// stretches only, for a few steps; then more and more numbers are the largest that the format has, and 8-bit digits are
// needed. Both are worth measuring, each by itself: this finds where they are.
import { BATCH, openSession, pathsOf, SPAN, stepsFor, writeAll } from './fewbit.mjs';

/** The networks that diverge in <2,14>. */
export const DIVERGING = ['dnn', 'lenet'];
/** Next to no sum may need digits where stretches are to be measured. */
const FEW_FULL = 0.02;
/** Past that many there is no way back. */
const MANY_FULL = 0.1;
/** Steps to look for it; on data where a network does not diverge it is the best place among them. */
const MOST_STEPS = 400;
/** Then dnn makes a third of its sums in digits, LeNet a quarter. */
const LATER = 40;

/** What share of its multiply-adds each training step sums which way, until it diverges. */
async function sharesByStep(definition, { data, threads }) {
  const plan = definition.plan(BATCH);
  const session = await openSession(plan, threads, () => performance.now());
  await writeAll(session, definition.initialParameters(plan));
  const stepOf = stepsFor(definition, plan, data);
  const shares = [];
  for (let step = 0; step < MOST_STEPS; step++) {
    await session.train([stepOf(step)]);
    const paths = pathsOf((await session.profile()).slice(-1));
    const total = Object.values(paths).reduce((sum, macs) => sum + macs, 0);
    const share = (way) => (paths[way] ?? 0) / total;
    shares.push({ flush: share('flush'), full: share('full') });
    if (shares.at(-1).full > MANY_FULL) break;
  }
  await session.close();
  return shares;
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * The step after which SPAN steps, the first one left out, make the most of their sums in stretches and fewer than FEW_FULL in
 * digits; where two do alike, the earlier.
 */
export function stretchesAt(shares) {
  let best = { step: 0, flush: -1 };
  for (let step = 0; step + SPAN < shares.length; step++) {
    const span = shares.slice(step + 1, step + 1 + SPAN);
    const flush = mean(span.map((share) => share.flush));
    const full = mean(span.map((share) => share.full));
    if (full < FEW_FULL && flush > best.flush) best = { step, flush };
  }
  return best.step;
}

/** Training steps before each of the two places: `stretches`, `diverging`. */
export async function placesOf(definition, options) {
  const stretches = stretchesAt(await sharesByStep(definition, options));
  return { stretches, diverging: stretches + LATER };
}

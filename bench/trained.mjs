// Networks that have been trained for a while: where most contenders start.
import { isPastStretches, MOST_STEPS, placesIn, SPAN } from './divergence.mjs';
import { BATCH, define, openSession, pathsOf, stepsFor, trainedParameters, writeAll } from './fewbit.mjs';

/** Training steps before anything is measured. */
const STEPS = { dnn: 180, lenet: 184, cifar: 50 };
const QUICK_STEPS = 10;

/** Trains each once. */
export class Trained {
  #data;
  #quick;
  #threads;
  #progress;
  #networks = new Map();
  #places = new Map();

  constructor({ data, quick, threads, progress }) {
    this.#data = data;
    this.#quick = quick;
    this.#threads = threads;
    this.#progress = progress;
  }

  /**
   * What stepContender starts from, and the name of the set that it was trained on. `place`: the step at
   * which a network that diverges is measured (divergence.mjs).
   */
  async of(network, formats, place) {
    const key = `${network} ${formats} ${place}`;
    if (!this.#networks.has(key)) {
      this.#progress.show(`${network}${formats === undefined ? '' : ` in ${formats}`}: training for a while`);
      const definition = define(network, formats);
      const { name: set, train: data } = await this.#data.of(network);
      const threads = this.#threads;
      const usual = this.#quick ? QUICK_STEPS : STEPS[network];
      const from = place === undefined ? usual : (await this.#placesOf(network, definition, data))[place];
      const parameters = await trainedParameters(definition, { data, steps: from, threads });
      const span = place === undefined ? Infinity : SPAN;
      this.#networks.set(key, { definition, set, data, parameters, from, span });
    }
    return this.#networks.get(key);
  }

  async #placesOf(network, definition, data) {
    if (!this.#places.has(network)) {
      const shares = await sharesByStep(definition, { data, threads: this.#threads });
      this.#places.set(network, placesIn(shares));
    }
    return this.#places.get(network);
  }
}

/** What part of its multiply-adds each training step sums how, until training is past stretches. */
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
    shares.push({ flush: (paths.flush ?? 0) / total, full: (paths.full ?? 0) / total });
    if (isPastStretches(shares.at(-1))) break;
  }
  await session.close();
  return shares;
}

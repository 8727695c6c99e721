// Networks that have been trained for a while: where most contenders start.
import { placesOf } from './divergence.mjs';
import { define, SPAN, trainedParameters } from './fewbit.mjs';

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
   * What stepContender starts from, and the name of the set that it was trained on. `place`: where a network that diverges
   * is to be measured (divergence.mjs).
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
      this.#places.set(network, await placesOf(definition, { data, threads: this.#threads }));
    }
    return this.#places.get(network);
  }
}

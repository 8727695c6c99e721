/**
 * Optimiser: SGD coefficients and learning-rate schedules.
 *
 * @module fewbit/optim
 */
export type * from './configuration.js';
export { learningRate } from './schedule.js';
export { coefficientsOf, type StepRates } from './sgd.js';

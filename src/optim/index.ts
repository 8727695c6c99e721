/** Optimiser: SGD coefficients and learning-rate schedules. */
export type * from './configuration.js';

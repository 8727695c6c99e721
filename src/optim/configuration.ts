/** Configuration of the optimiser and its learning-rate schedule. Plain JSON data. */

/** Learning rate as a function of progress. Only + - * / on doubles, so every engine computes the same rate. */
export type Schedule =
  | { readonly kind: 'constant'; readonly rate: number }
  /** rate * factor^epoch. */
  | { readonly kind: 'exponential'; readonly rate: number; readonly factor: number }
  /** rate * factor^(number of milestones reached); milestones are epochs, ascending. */
  | {
      readonly kind: 'step';
      readonly rate: number;
      readonly factor: number;
      readonly milestones: readonly number[];
    }
  /** rate * (1 - epoch / epochs)^power, power a whole number; 0 after the end. */
  | { readonly kind: 'poly'; readonly rate: number; readonly power: number; readonly epochs: number };

/** Stochastic gradient descent with momentum and weight decay (decay on weights, not biases). */
export interface OptimizerConfiguration {
  readonly kind: 'sgd';
  /** A constant rate, or a schedule. */
  readonly learningRate: number | Schedule;
  /** Default 0. */
  readonly momentum?: number;
  /** Default 0. */
  readonly weightDecay?: number;
}

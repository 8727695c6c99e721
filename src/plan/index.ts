/** Plans: the operations of a training and an evaluation step as data. */
export type * from './ops.js';

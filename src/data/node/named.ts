/** The data sets known by name. A new one is one more entry. */
import { checkArgument, TEXT } from '../../numerics/arguments.js';
import { DataError } from '../index.js';
import { CIFAR10 } from './cifar10.js';
import { MNIST } from './mnist.js';
import type { NamedSet } from './named-set.js';

export const NAMED_SETS: readonly NamedSet[] = [MNIST, CIFAR10];

/** The set of that name. @throws DataError for an unknown name. */
export function namedSet(name: string): NamedSet {
  checkArgument('data: name', name, TEXT);
  const set = NAMED_SETS.find((known) => known.name === name);
  if (set) return set;
  const names = NAMED_SETS.map((known) => known.name).join(', ');
  throw new DataError(`data: the name must be one of ${names}, got "${name}"`);
}

/** Training examples of the set of that name; null for other data, whose count is known only after reading. */
export function trainingExamples(name: string): number | null {
  return NAMED_SETS.find((known) => known.name === name)?.trainingExamples ?? null;
}

/** One case: an original of a target, mutated as seed and number say, and what the entrance made of it. */
import { isFewbitError } from '../../src/numerics/index.js';
import { Draws } from './mutation.js';
import type { Input, Target } from './targets.js';

/** How a case ended. */
export interface Outcome {
  readonly kind: 'accepted' | 'refused' | 'crash' | 'silent';
  readonly input: Input;
  /** The stack of a crash. */
  readonly detail?: string;
}

/** A target with its originals and, for a strict one, what is read of them. */
export interface Prepared {
  readonly target: Target;
  readonly originals: readonly Input[];
  readonly results: readonly string[];
}

/** Reads the originals. @throws if one of them does not pass: then the target is wrong */
export async function prepare(target: Target): Promise<Prepared> {
  const originals = await target.originals();
  const results: string[] = [];
  for (const original of originals) results.push(textOf(await target.read(original)));
  return { target, originals, results };
}

/** Runs a case. */
export async function runCase(
  { target, originals, results }: Prepared,
  seed: number,
  index: number,
): Promise<Outcome> {
  const draws = new Draws(seed, target.name, index);
  const which = draws.below(originals.length);
  const input = target.mutate(originals[which]!, draws);
  try {
    const read = textOf(await target.read(input));
    const isSilent = target.isStrict === true && read !== results[which];
    return { kind: isSilent ? 'silent' : 'accepted', input };
  } catch (error) {
    // What the system refuses is no fault of the program.
    if (isFewbitError(error) || (error instanceof Error && 'syscall' in error))
      return { kind: 'refused', input };
    return {
      kind: 'crash',
      input,
      detail: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
}

function textOf(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner)) ??
    'nothing'
  );
}

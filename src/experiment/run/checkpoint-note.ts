/**
 * What a run's checkpoint records besides the network: the seal, which binds it to the other files of the run,
 * and the interval that was open when it was written. Described in docs/experiments.md, section "A run folder is
 * one whole".
 */
import { z } from 'zod';
import type { IntervalState } from './interval.js';

/** The state of a run's other files when a checkpoint was written. */
export interface RunSeal {
  /** SHA-256 by name of the files that never change. */
  readonly files: Readonly<Record<string, string>>;
  /** The number of metrics lines, and the chain's digest after the last of them. */
  readonly metrics: { readonly lines: number; readonly chain: string };
}

/** A checkpoint's record of its run. */
export interface CheckpointNote {
  /** null if the store of the run seals nothing. */
  readonly seal: RunSeal | null;
  /** The steps since the last interval line; null without any. */
  readonly interval: IntervalState | null;
}

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const counts = z.object({
  elements: z.number(),
  saturatedHigh: z.number(),
  saturatedLow: z.number(),
  flushed: z.number(),
  maxMagnitude: z.number(),
  swallowed: z.number(),
});
const note = z.object({
  seal: z
    .object({
      files: z.record(z.string(), digest),
      metrics: z.object({ lines: z.int().min(0), chain: digest }),
    })
    .nullable(),
  interval: z
    .object({
      from: z.int(),
      epoch: z.int(),
      examples: z.int(),
      lossSum: z.number().nullable(),
      correct: z.int(),
      seconds: z.number(),
      sites: z.record(z.string(), z.looseObject(counts.shape)),
    })
    .nullable(),
}) satisfies z.ZodType<CheckpointNote>;

/** The note as the text that a checkpoint stores. */
export function noteText(value: CheckpointNote): string {
  return JSON.stringify(value);
}

/** The note in a checkpoint; null if there is none, or it is of another program. */
export function readNote(text: string | null): CheckpointNote | null {
  if (text === null) return null;
  try {
    return note.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

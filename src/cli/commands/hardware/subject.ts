/**
 * What is computed on hardware: steps of a network that begins, or of a run that continues in memory; nothing
 * in its folder changes.
 */
import type { Backend } from '../../../backend/index.js';
import { ArrayDataSetIterator } from '../../../data/index.js';
import { checkRunData, RunFolderError, type RunConfiguration } from '../../../experiment/index.js';
import { isRunFolder, openStoredRun } from '../../../experiment/store/index.js';
import { productsOf, type Product } from '../../../hardware/index.js';
import { defineNetwork } from '../../../nn/index.js';
import { Network } from '../../../train/index.js';
import { openData } from '../../shared/open-data.js';
import { UsageError } from '../../console/errors.js';
import {
  applyOptions,
  networkArgument,
  type NetworkOptions,
  type RunOptions,
} from '../../options/run-options.js';
import type { Terminal } from '../../console/terminal.js';

/** A network and where its training stands. */
export interface Subject {
  readonly configuration: RunConfiguration;
  /** null at the beginning. */
  readonly checkpoint: Uint8Array | null;
  /** Stage of the precision schedule that its next step has, with the products of that step. */
  readonly products: readonly Product[];
}

/** Options that a run itself sets. */
const OF_A_RUN = ['formats', 'rounding', 'accumulator', 'seed', 'data'] as const;

/**
 * The run in a folder, or a network with options. @param batch examples per step; default: the
 * configuration's @throws UsageError for options that the run sets, RunFolderError for one without a
 * checkpoint
 */
export async function subjectOf(
  name: string,
  options: Pick<RunOptions, 'data' | 'batch'> & NetworkOptions,
): Promise<Subject> {
  if (!isRunFolder(name)) return subject(applyOptions(networkArgument(name, options), options), null);
  const given = OF_A_RUN.find((option) => options[option] !== undefined);
  if (given !== undefined) {
    throw new UsageError(
      `hardware: a run has its own ${given}, so --${given} must be left out, got it with ${name}; or name the network`,
    );
  }
  const { configuration, checkpoint } = openStoredRun(name);
  if (checkpoint === null) {
    throw new RunFolderError(`run folder ${name}: has no checkpoint yet; continue it with --resume`);
  }
  const { batch = configuration.batch } = options;
  return subject({ ...configuration, batch }, checkpoint);
}

/** @throws UnsupportedError for the float32 baseline */
export async function subject(
  configuration: RunConfiguration,
  checkpoint: Uint8Array | null,
): Promise<Subject> {
  let stage = 0;
  if (checkpoint) {
    const network = await Network.load(checkpoint);
    stage = network.stage;
    await network.close();
  }
  const plan = defineNetwork(configuration.network).stages[stage]!.plan(configuration.batch);
  return { configuration, checkpoint, products: productsOf(plan, 'train') };
}

/** A subject's training data. */
export type Examples = Awaited<ReturnType<typeof openData>>;

/** @throws the errors of `openData`, and of data that are not the run's */
export async function dataOf(
  terminal: Terminal,
  { configuration, checkpoint }: Subject,
  signal: AbortSignal,
): Promise<Examples> {
  const data = await openData(terminal, configuration, signal);
  if (checkpoint) checkRunData('hardware', configuration, data);
  return data;
}

/** Some steps of training, and the digest of the weights after them and the checkpoint. */
export async function train(
  { configuration, checkpoint }: Subject,
  { train: examples }: Examples,
  { backend, steps, signal }: { backend: Backend | 'wasm'; steps: number; signal: AbortSignal },
): Promise<{ readonly digest: string; readonly checkpoint: Uint8Array }> {
  const { network: settings, batch, augment } = configuration;
  const network = await (checkpoint
    ? Network.load(checkpoint, { backend })
    : Network.create(settings, { backend }));
  try {
    const { seed } = settings;
    const iterator = new ArrayDataSetIterator(examples, {
      batch,
      shuffle: seed,
      ...(augment && { augment: { ...augment, seed } }),
    });
    if (network.iteratorPosition) iterator.seek(network.iteratorPosition);
    await network.fit(iterator, { epochs: steps + 1, maxSteps: steps, signal });
    signal.throwIfAborted();
    return { digest: await network.digest(), checkpoint: await network.save() };
  } finally {
    await network.close();
  }
}

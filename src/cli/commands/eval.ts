/** `fewbit eval`: how well the network of a run does, in full. */
import type { BackendName } from '../../backend/index.js';
import { ArrayDataSetIterator } from '../../data/index.js';
import { loadCheckpoint, RunFolderError } from '../../experiment/index.js';
import { openRun } from '../shared/open-run.js';
import { openTestData } from '../shared/test-data.js';
import type { CommandContext } from '../console/interrupt.js';
import { defineCommand } from '../options/define-command.js';
import { backendOption, threadsOption } from '../options/run-options.js';
import { grouped } from '../console/terminal.js';

interface EvalOptions {
  readonly data?: string;
  readonly backend?: BackendName;
  readonly threads?: number;
  readonly json?: boolean;
}

const TOP_N = 3;
const EXAMPLES = `
Examples:
  $ fewbit eval runs/lenet-1
  $ fewbit eval runs/lenet-1 --data ./my-digits
  $ fewbit eval runs/iris --data fresh.csv        all rows; columns and classes by name, normalised as in the training
  $ fewbit eval runs/lenet-1 --json`;

export const evalCommand = defineCommand({
  name: 'eval',
  summary: 'evaluate the network of a run',
  description:
    'Evaluates the last checkpoint of a run on its test data: accuracy, top-3, figures per class, confusion matrix.',
  options: (command) =>
    command
      .argument('<run>', 'run folder')
      .option(
        '--data <data>',
        "other data: their test part, or all examples if they have none (default: the test data of the run's own)",
      )
      .addOption(backendOption())
      .addOption(threadsOption())
      .option('--json', 'print the figures as one JSON object'),
  examples: EXAMPLES,
  run: evaluate,
});

async function evaluate(
  { terminal, signal }: CommandContext,
  path: string,
  options: EvalOptions,
): Promise<number> {
  const { configuration, checkpoint } = openRun(terminal, path);
  if (checkpoint === null) {
    throw new RunFolderError(`run folder ${path}: has no checkpoint yet; continue it with --resume`);
  }
  const { network: settings, batch } = configuration;
  const backend = options.backend ?? configuration.backend;
  const threads = options.threads ?? configuration.threads;
  const network = await loadCheckpoint(`${path}/checkpoint.safetensors`, checkpoint, settings, {
    backend,
    ...(threads === undefined ? {} : { threads }),
  });
  try {
    const { test, name, source } = await openTestData(terminal, {
      ...{ run: path, configuration, schema: network.dataSchema, other: options.data, signal },
    });
    const topN = Math.min(TOP_N, network.definition.classes);
    const evaluation = await network.evaluate(new ArrayDataSetIterator(test, { batch }), { topN });
    terminal.json({ event: 'evaluation', run: path, step: network.step, ...evaluation.toJSON() });
    terminal.print(`${path} at step ${grouped(network.step)}, test data of ${name} (${source})\n`);
    terminal.print(evaluation.stats());
    return 0;
  } finally {
    await network.close();
  }
}

/** `fewbit analyze`: where the magnitudes of a network's tensors lie, and what its formats make of them. */
import { join } from 'node:path';
import type { Augmentation } from '../../data/index.js';
import {
  analyzeRanges,
  checkRangeNetwork,
  checkRunData,
  folderName,
  RANGE_COLUMNS,
  rangeChart,
  rangeLines,
  rangeOrigin,
  rangePage,
  rangeRows,
  RUN_DEFAULTS,
  RunFolderError,
  type RangeAnalysis,
  type RunConfiguration,
} from '../../experiment/index.js';
import { isRunFolder, openStoredRun, writeWhole } from '../../experiment/store/index.js';
import type { BackendName } from '../../backend/index.js';
import { openData } from '../shared/open-data.js';
import { UsageError } from '../console/errors.js';
import type { CommandContext } from '../console/interrupt.js';
import { addVoiceOptions, defineCommand } from '../options/define-command.js';
import { seedOf, wholeNumber } from '../options/numbers.js';
import { checkOutFolder, makeOutFolder } from '../options/out-folder.js';
import { PartProgress } from '../console/part-progress.js';
import {
  addArithmeticOptions,
  applyOptions,
  backendOption,
  DEFAULT_SEED,
  NETWORK_HELP,
  networkArgument,
  threadsOption,
  type NetworkOptions,
} from '../options/run-options.js';
import { tableText } from '../console/table.js';
import type { Terminal } from '../console/terminal.js';

interface AnalyzeOptions extends NetworkOptions {
  readonly data?: string;
  readonly augment?: Augmentation;
  readonly batch?: number;
  readonly steps: number;
  readonly observe: number;
  readonly backend?: BackendName;
  readonly threads?: number;
  readonly out?: string;
  readonly force?: boolean;
}

/** Options that a run itself sets. */
const OF_A_RUN = ['formats', 'rounding', 'accumulator', 'seed', 'data', 'batch'] as const;

const EXAMPLES = `
A network is trained in float32, and its values are compared with the formats. A run continues from its checkpoint in its own
formats, in memory: nothing in its folder changes.

Examples:
  $ fewbit analyze lenet
  $ fewbit analyze dnn --formats 4.12/6.10 --data synthetic --steps 40    a first try, without fetching anything
  $ fewbit analyze config.json --steps 500 --observe 20 --out runs/ranges
  $ fewbit analyze runs/lenet-1 --json

Writes ranges.svg, ranges.html and ranges.json. How to choose formats from them: docs/formats.md.`;

export const analyzeCommand = defineCommand({
  name: 'analyze',
  summary: 'ranges of all tensors against their formats',
  description:
    'Trains a few steps and shows for every tensor the distribution of its magnitudes with the format over it, what saturates, is flushed or swallowed, and the bits of headroom.',
  options: (command) =>
    addVoiceOptions(
      addArithmeticOptions(command.argument('<network>', `${NETWORK_HELP}; or a run folder`))
        .option('--data <data>', 'data of the network, as in fewbit train')
        .option('--steps <n>', 'training steps', wholeNumber('--steps', 1, 1_000_000), 100)
        .option(
          '--observe <n>',
          'number of steps after which all tensors are read, spread over the training',
          wholeNumber('--observe', 1),
          10,
        )
        .option(
          '--batch <n>',
          `examples per step (default: ${RUN_DEFAULTS.batch})`,
          wholeNumber('--batch', 1),
        )
        .option('--seed <n>', `seed of the network (default: ${DEFAULT_SEED})`, seedOf)
        .addOption(backendOption())
        .addOption(threadsOption())
        .option('--out <folder>', 'folder of the figures: new, or empty (default: runs/ranges-<network>)')
        .option('--force', 'replace the files of an earlier analysis in the folder'),
      'files',
      '',
    ),
  examples: EXAMPLES,
  run: analyze,
});

interface Subject {
  readonly configuration: RunConfiguration;
  readonly checkpoint: { readonly file: string; readonly bytes: Uint8Array } | null;
}

async function analyze(
  { terminal, signal }: CommandContext,
  network: string,
  options: AnalyzeOptions,
): Promise<number> {
  const { configuration, checkpoint } = isRunFolder(network)
    ? runSubject(network, options)
    : networkSubject(network, options);
  const { name } = checkRangeNetwork(configuration.network);
  const out = options.out ?? join('runs', `ranges-${folderName(name, 'network')}`);
  checkOutFolder(out, options.force === true);
  const data = await openData(terminal, configuration, signal);
  if (checkpoint) checkRunData(network, configuration, data);
  const { steps, observe } = options;
  const progress = new PartProgress(terminal, 'analysis');
  let analysis: RangeAnalysis;
  try {
    analysis = await analyzeRanges(
      { configuration, train: data.train, checkpoint, steps, observe },
      { onProgress: progress.show, signal, onWarning: ({ message }) => terminal.warn(message) },
    );
  } finally {
    progress.end();
  }
  makeOutFolder(out);
  writeWhole(out, 'ranges.svg', rangeChart(analysis));
  writeWhole(out, 'ranges.json', JSON.stringify(analysis, null, 2) + '\n');
  writeWhole(out, 'ranges.html', rangePage(analysis));
  const files = ['ranges.svg', 'ranges.json', 'ranges.html'].map((file) => join(out, file));
  report(terminal, analysis, files);
  return 0;
}

function networkSubject(name: string, options: AnalyzeOptions): Subject {
  const { steps: _steps, out: _out, ...given } = options;
  return { configuration: applyOptions(networkArgument(name, given), given), checkpoint: null };
}

function runSubject(path: string, options: AnalyzeOptions): Subject {
  const given = OF_A_RUN.find((name) => options[name] !== undefined);
  if (given !== undefined) {
    throw new UsageError(
      `analyze: a run has its own ${given}, so --${given} must be left out, got it with ${path}; or name the network`,
    );
  }
  const { configuration, checkpoint: bytes } = openStoredRun(path);
  if (bytes === null) {
    throw new RunFolderError(`run folder ${path}: has no checkpoint yet; continue it with --resume`);
  }
  const { backend, threads } = options;
  return {
    configuration: {
      ...configuration,
      ...(backend && { backend }),
      ...(threads === undefined ? {} : { threads }),
    },
    checkpoint: { file: join(path, 'checkpoint.safetensors'), bytes },
  };
}

function report(terminal: Terminal, analysis: RangeAnalysis, files: readonly string[]): void {
  terminal.json({ event: 'done', ...analysis, files });
  const { lines, low, high } = rangeLines(analysis);
  const rows = rangeRows(analysis).map((row, i) => [...row, lines[i] ?? '']);
  const head = [...RANGE_COLUMNS, `magnitudes 2^${low} .. 2^${high}`];
  terminal.say(`${rangeOrigin(analysis)}\n`);
  terminal.say(tableText(terminal, head, rows, 'llrrrrrrl'));
  terminal.say('');
  for (const file of files) terminal.print(file);
}

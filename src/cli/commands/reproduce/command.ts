/** `fewbit reproduce`: the paper's figures, each from one command. */
import { join } from 'node:path';
import { Argument } from 'commander';
import type { BackendName } from '../../../backend/index.js';
import { DATA_NAMES } from '../../../data/node/index.js';
import { figures } from '../../../experiment/index.js';
import type { CommandContext } from '../../console/interrupt.js';
import { shellWord } from '../../console/shell.js';
import { addVoiceOptions, defineCommand } from '../../options/define-command.js';
import { wholeNumber } from '../../options/numbers.js';
import { reproduce } from './reproduce.js';
import { backendOption, dataSpec, threadsOption } from '../../options/run-options.js';
import { packageVersion } from '../../options/version.js';

interface ReproduceOptions {
  readonly epochs?: number;
  readonly seeds: number;
  readonly firstSeed: number;
  readonly quick?: boolean;
  readonly data?: string;
  readonly backend?: BackendName;
  readonly threads?: number;
  readonly out?: string;
}

const OUT = join('runs', 'reproduce');
const lengths = figures.map(({ name, epochs }) => `${name} ${epochs}`).join(', ');
/** Enough to say how wide a spread is; more is a sweep. */
const MAX_SEEDS = 100;

const EXAMPLES = `
Figures:
${figures.map(({ name, title }) => `  ${name.padEnd(8)}  ${title.replace(/^(Figure \d|Beyond the paper): /, '')}`).join('\n')}

Examples:
  $ fewbit reproduce figure1 --quick                 a trial on a small part of the data: minutes
  $ fewbit reproduce figure1 --epochs 10
  $ fewbit reproduce figure2 --epochs 10 --seeds 3   mean and spread over three seeds
  $ fewbit reproduce resnet8 --epochs 8
  $ fewbit reproduce all --out runs/paper

Each setting and seed is a run folder in the output folder, which also gets, for each figure, the chart as SVG and PNG, light
and dark, and the table against the paper as Markdown and HTML. Ctrl-C or a crash loses nothing: give the same command again;
finished runs are not repeated, a stopped run resumes.`;

export const reproduceCommand = defineCommand({
  name: 'reproduce',
  summary: "train and draw the paper's figures",
  description:
    "Trains the settings of the paper's figures, draws training error and test error against epochs, and compares them with the paper's numbers. Also trains two residual networks that are not in the paper and compares them with float32.",
  options: (command) =>
    addVoiceOptions(
      command
        .addArgument(
          new Argument('<figure>', 'the figure; all: those of the paper').choices([
            ...figures.map(({ name }) => name),
            'all',
          ]),
        )
        .option(
          '--epochs <n>',
          `passes over the training data (default: ${lengths})`,
          wholeNumber('--epochs', 1),
        )
        .option('--seeds <n>', 'runs of every setting', wholeNumber('--seeds', 1, MAX_SEEDS), 1)
        .option(
          '--first-seed <n>',
          'seed of the first run; the next ones count up',
          wholeNumber('--first-seed', 0),
          1,
        )
        .option('--quick', 'a trial: few epochs on a small part of the data')
        .option('--data <data>', `other data of the same shape: ${DATA_NAMES.join(', ')}, or a path`)
        .addOption(backendOption())
        .addOption(threadsOption())
        .option(
          '--out <folder>',
          `folder of figures and runs (default: ${OUT}, or ${OUT}-quick with --quick)`,
        ),
      'tables',
      ' a line',
    ),
  examples: EXAMPLES,
  run,
});

async function run(
  { terminal, interrupt }: CommandContext,
  name: string,
  options: ReproduceOptions,
): Promise<number> {
  const { epochs, seeds, firstSeed, quick = false, data, backend, threads } = options;
  const done = await reproduce(
    terminal,
    {
      figures: figures.filter((figure) =>
        name === 'all' ? figure.against === 'paper' : figure.name === name,
      ),
      seeds: Array.from({ length: seeds }, (_, i) => firstSeed + i),
      ...(epochs === undefined ? {} : { epochs }),
      quick,
      run: {
        fewbit: packageVersion(),
        ...(data === undefined ? {} : { data: dataSpec(data) }),
        ...(backend === undefined ? {} : { backend }),
        ...(threads === undefined ? {} : { threads }),
      },
      out: options.out ?? (quick ? `${OUT}-quick` : OUT),
      command: commandLine(name, options),
    },
    interrupt,
  );
  return done ? 0 : interrupt.exitCode;
}

/** What makes the same figures again, wherever they are put. */
function commandLine(name: string, options: ReproduceOptions): string {
  const { epochs, seeds, firstSeed, quick, data, backend } = options;
  return [
    `fewbit reproduce ${name}`,
    ...(epochs === undefined ? [] : [`--epochs ${epochs}`]),
    ...(seeds === 1 ? [] : [`--seeds ${seeds}`]),
    ...(firstSeed === 1 ? [] : [`--first-seed ${firstSeed}`]),
    ...(quick === true ? ['--quick'] : []),
    ...(data === undefined ? [] : [`--data ${shellWord(data)}`]),
    ...(backend === undefined ? [] : [`--backend ${backend}`]),
  ].join(' ');
}

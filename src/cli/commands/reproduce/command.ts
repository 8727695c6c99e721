/** `fewbit reproduce`: the paper's figures, each from one command. */
import { join } from 'node:path';
import { Argument, Command, Option } from 'commander';
import type { BackendName } from '../../../backend/index.js';
import { DATA_NAMES } from '../../../data/node/index.js';
import { figures } from '../../../experiment/index.js';
import { interruptible, type Interrupt } from '../../console/interrupt.js';
import { wholeNumber } from '../../options/numbers.js';
import { reproduce } from './reproduce.js';
import { backendOption, dataSpec, threadsOption, voiceOf } from '../../options/run-options.js';
import type { Terminal } from '../../console/terminal.js';
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
  readonly quiet?: boolean;
  readonly json?: boolean;
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

Each setting and seed is a run folder below the output folder. Beside them, for each figure: the chart as SVG and PNG, light
and dark, and the table against the paper as Markdown and HTML. Ctrl-C or a crash loses nothing: give the same command again;
runs that are done are not repeated, one that was stopped is continued.`;

export function reproduceCommand(terminal: Terminal): Command {
  return new Command('reproduce')
    .summary("train and draw the paper's figures")
    .description(
      "Trains the settings of the paper's figures, draws training error and test error against epochs, and sets them beside the paper's numbers; the same for residual networks, beyond the paper, beside float32.",
    )
    .addArgument(
      new Argument('<figure>', "which one; all: the paper's").choices([
        ...figures.map(({ name }) => name),
        'all',
      ]),
    )
    .option('--epochs <n>', `passes over the training data (default: ${lengths})`, wholeNumber('--epochs', 1))
    .option('--seeds <n>', 'runs of every setting', wholeNumber('--seeds', 1, MAX_SEEDS), 1)
    .option(
      '--first-seed <n>',
      'seed of the first of them; the next ones count on',
      wholeNumber('--first-seed', 0),
      1,
    )
    .option('--quick', 'a trial: few epochs on a small part of the data')
    .option('--data <data>', `other data of the same shape: ${DATA_NAMES.join(', ')}, or a path`)
    .addOption(backendOption())
    .addOption(threadsOption())
    .option('--out <folder>', `folder of figures and runs (default: ${OUT}, or ${OUT}-quick with --quick)`)
    .option('--quiet', 'print the tables alone')
    .addOption(new Option('--json', 'print one JSON object a line').conflicts('quiet'))
    .addHelpText('after', EXAMPLES)
    .action(async (figure: string, options: ReproduceOptions) => {
      process.exitCode = await interruptible(terminal, (interrupt) =>
        run(terminal, figure, options, interrupt),
      );
    });
}

async function run(
  terminal: Terminal,
  name: string,
  options: ReproduceOptions,
  interrupt: Interrupt,
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
      voice: voiceOf(options),
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
    ...(data === undefined ? [] : [`--data ${data}`]),
    ...(backend === undefined ? [] : [`--backend ${backend}`]),
  ].join(' ');
}

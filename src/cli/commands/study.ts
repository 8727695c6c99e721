/** `fewbit study`: studies of the arithmetic itself, without a network. */
import { join } from 'node:path';
import { Command, Option } from 'commander';
import {
  panelChart,
  roundingStudy,
  roundingStudyFigures,
  roundingStudyPage,
  STUDY_COLUMNS,
  studyTables,
} from '../../experiment/index.js';
import { writeWhole } from '../../experiment/store/index.js';
import { commandGroup } from '../options/command-group.js';
import { interruptible, type Interrupt } from '../console/interrupt.js';
import { seedOf, wholeNumber } from '../options/numbers.js';
import { checkOutFolder, makeOutFolder } from '../options/out-folder.js';
import { PartProgress } from '../console/part-progress.js';
import { DEFAULT_SEED, voiceOf } from '../options/run-options.js';
import { tableText } from '../console/table.js';
import { grouped, type Terminal } from '../console/terminal.js';

interface RoundingOptions {
  readonly samples: number;
  readonly weights: number;
  readonly seed: number | string;
  readonly out: string;
  readonly force?: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

const GROUP_EXAMPLES = `
Examples:
  $ fewbit study rounding                    bias and variance of every rounding mode, as figures`;

const EXAMPLES = `
Examples:
  $ fewbit study rounding                                          some seconds
  $ fewbit study rounding --samples 1000000 --weights 20000 --out runs/long-study
  $ fewbit study rounding --seed 7 --json

Writes five figures (SVG), rounding-study.html with all of them, and study.json. What they show, and where the lines come from:
docs/rounding-study.md.`;

export function studyCommand(terminal: Terminal): Command {
  const command = commandGroup(new Command('study'))
    .summary('studies of the arithmetic itself')
    .description('Measures the arithmetic at the level of single numbers and holds it against theory.')
    .addHelpText('after', GROUP_EXAMPLES);
  command
    .command('rounding')
    .summary('bias and variance of rounding and narrow accumulators')
    .description(
      'Measures bias and variance of every rounding mode on a dot product and on a weight that takes small updates, against the number of random bits and the width of the accumulator, beside the lines of theory.',
    )
    .option('--samples <n>', 'dot products', wholeNumber('--samples', 100, 1_000_000), 50_000)
    .option('--weights <n>', 'weights', wholeNumber('--weights', 100, 100_000), 2_000)
    .option('--seed <n>', 'seed of all that is drawn', seedOf, DEFAULT_SEED)
    .option('--out <folder>', 'folder of the figures: new, or empty', join('runs', 'study-rounding'))
    .option('--force', 'replace the files of an earlier study in the folder')
    .option('--quiet', 'print the files alone')
    .addOption(new Option('--json', 'print one JSON object').conflicts('quiet'))
    .addHelpText('after', EXAMPLES)
    .action(async (options: RoundingOptions) => {
      process.exitCode = await interruptible(terminal, (interrupt) => rounding(terminal, options, interrupt));
    });
  return command;
}

async function rounding(
  terminal: Terminal,
  options: RoundingOptions,
  { signal }: Interrupt,
): Promise<number> {
  const { seed, samples, weights, out } = options;
  const voice = voiceOf(options);
  checkOutFolder(out, options.force === true);
  const progress = new PartProgress(terminal, 'rounding study', voice);
  let study;
  try {
    study = await roundingStudy({ seed, samples, weights }, { onProgress: progress.show, signal });
  } finally {
    progress.end();
  }
  makeOutFolder(out);
  const files: string[] = [];
  const write = (name: string, content: string): void => {
    writeWhole(out, name, content);
    files.push(join(out, name));
  };
  for (const figure of roundingStudyFigures(study)) write(`${figure.name}.svg`, await panelChart(figure));
  write('study.json', JSON.stringify(study, null, 2) + '\n');
  write('rounding-study.html', await roundingStudyPage(study));
  if (voice === 'json') {
    terminal.json({ event: 'done', ...study, files });
    return 0;
  }
  if (voice === 'people') {
    const drawn = `${grouped(samples)} dot products, ${grouped(weights)} weights, seed ${seed}`;
    terminal.print(`${drawn}; bias in eps, variance in eps^2, eps the step of the format`);
    for (const { experiment, rows } of studyTables(study)) {
      terminal.print(`\n${terminal.colour.bold(experiment)}\n`);
      terminal.print(tableText(terminal, STUDY_COLUMNS, rows, 'lrrrrr'));
    }
    terminal.print('');
  }
  for (const file of files) terminal.print(file);
  return 0;
}

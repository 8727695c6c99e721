/** `fewbit sweep`: many runs of one experiment, here or on a cluster. */
import { Option } from 'commander';
import { DEFAULT_ETA } from '../../../experiment/index.js';
import { checkSweepFolder, lockHolder, readJobs, SweepFolder } from '../../../experiment/store/index.js';
import { canAsk, isYes } from '../../console/ask.js';
import { EXIT, UsageError } from '../../console/errors.js';
import type { CommandContext } from '../../console/interrupt.js';
import { defineCommand } from '../../options/define-command.js';
import { realNumber, seedOf, wholeNumber } from '../../options/numbers.js';
import { isWorthReport, sweepReportRuns, writeSweepReport } from '../../shared/write-report.js';
import {
  addArithmeticOptions,
  addRunOptions,
  DEFAULT_SEED,
  NETWORK_HELP,
} from '../../options/run-options.js';
import { etaOf, requestedSweep, rungsOf, type RequestedSweep, type SpaceOptions } from './definition.js';
import { driveSweep } from './drive.js';
import type { Engine } from './engine.js';
import { LocalEngine, localJobs, type LocalOptions } from './local.js';
import { SweepProgress } from './progress.js';
import { printPreview, SweepReport } from './report.js';
import { cancelSweep, SlurmEngine } from './slurm.js';
import { checkedMacs, SweepWork, trainingExamples } from './work.js';
import type { Terminal } from '../../console/terminal.js';

interface SweepOptions extends SpaceOptions {
  readonly dryRun?: boolean;
  readonly jobs?: number;
  readonly retries: number;
  readonly engine: 'local' | 'slurm';
  readonly slurmOption?: readonly string[];
  readonly poll: number;
  readonly cancel?: boolean;
  /** Whether report.html is written; by default, if the runs took long enough. */
  readonly report?: boolean;
}

const DEFAULT_RETRIES = 2;
const POLL_SECONDS = 5;

const EXAMPLES = `
A field is a path in the configuration; short names: seed, formats, formats.weight, rounding, randomBits, accumulator,
learningRate, momentum, weightDecay, batch, epochs, data, network, setting, layers.conv1.formats.weight ...
The sweep has a run for every combination of a setting of the list, a value of each field of the grid and a drawn point.

Examples:
  $ fewbit sweep sweep.json --dry-run                       lists the runs
  $ fewbit sweep sweep.json                                 runs them, as many at a time as there are cores
  $ fewbit sweep lenet --grid "formats=4.12/6.10; 2.14/6.10" --grid "rounding=stochastic; nearest" --grid seed=1..3
  $ fewbit sweep lenet --settings "float32; 4.12 nearest; 4.12 stochastic:8" --grid seed=1..5 --jobs 2
  $ fewbit sweep dnn --grid "randomBits=2; 4; 8; 32" --grid "layers.fc3.formats.weight=4.12; 4.8"
  $ fewbit sweep dnn --random 27 --draw "learningRate=0.01..0.3 log" --draw "formats=8.8; 6.10" --halving 1,3 --epochs 9
  $ fewbit sweep runs/sweep-lenet                           continues a sweep where it stopped
  $ fewbit sweep sweep.json --engine slurm --slurm-option=--partition=long --jobs 50
  $ fewbit sweep sweep.json --cancel                        cancels its Slurm jobs

Finished runs are not repeated; runs that were stopped or killed continue from their checkpoints: give the same command again.
Exit codes: 0 done, 3 done but some runs failed, 130 after Ctrl-C.`;

const collect = (text: string, before: readonly string[] = []): string[] => [...before, text];

export const sweepCommand = defineCommand({
  name: 'sweep',
  summary: 'train many variants of one run, here or on a cluster',
  description:
    'Trains every combination of some settings, drawn settings, or a list of them. Each run has a folder; the sweep has one index, one table, one report.',
  options: (command) =>
    addRunOptions(
      addArithmeticOptions(
        command
          .argument('<sweep>', `a sweep's .json or folder; or ${NETWORK_HELP}`)
          .optionsGroup('What varies:')
          .option(
            '--grid <field=values>',
            'vary a field: "rounding=stochastic; nearest", "seed=1..5", "momentum=0..0.9 step 0.3"; may be repeated',
            collect,
          )
          .option('--settings <list>', 'settings as in fewbit compare, separated by ";"')
          .option('--setting <setting>', 'one more setting; may be repeated', collect)
          .option('--random <n>', 'draw n points', wholeNumber('--random', 1))
          .option(
            '--draw <field=values>',
            'draw a field: "formats=4.12; 2.14", "learningRate=0.01..0.3 log", "batch=10..200 whole"; may be repeated',
            collect,
          )
          .option('--search-seed <n>', `seed of the draws (default: ${DEFAULT_SEED})`, seedOf)
          .optionsGroup('Halving:')
          .option(
            '--halving <epochs>',
            'successive halving: after each of these epochs, as in 1,3, only the best continue',
            rungsOf,
          )
          .option('--no-halving', 'train every run to its end, including pruned ones')
          .option('--eta <n>', `keep one run in n, rounded up (default: ${DEFAULT_ETA})`, etaOf)
          .addOption(
            new Option('--by <error>', 'error that decides (default: test)').choices(['test', 'training']),
          ),
      ),
    )
      .option('--out <folder>', 'folder of the sweep and its run folders (default: runs/sweep-<name>)')
      .option('--dry-run', 'list the runs and do nothing')
      .option('--report', 'write report.html at the end (default: after 20 seconds of training or more)')
      .option('--no-report', 'write no report')
      .optionsGroup('Where the runs run:')
      .addOption(
        new Option('--engine <name>', 'this machine, or Slurm').choices(['local', 'slurm']).default('local'),
      )
      .option(
        '--jobs <n>',
        'runs at a time (default: the number of cores; Slurm: no limit)',
        wholeNumber('--jobs', 1),
      )
      .option(
        '--retries <n>',
        'restarts of a run that ends early without progress',
        wholeNumber('--retries', 0),
        DEFAULT_RETRIES,
      )
      .option(
        '--slurm-option <option>',
        'option for sbatch, as in --slurm-option=--time=2:00:00; may be repeated',
        collect,
      )
      .option(
        '--poll <seconds>',
        "time between two looks at Slurm's queue",
        realNumber('--poll', 0.1),
        POLL_SECONDS,
      )
      .option('--cancel', "cancel the sweep's jobs in Slurm"),
  examples: EXAMPLES,
  run,
});

async function run(
  { terminal, interrupt }: CommandContext,
  argument: string,
  options: SweepOptions,
): Promise<number> {
  interrupt.notice =
    options.engine === 'slurm'
      ? 'stopping to follow the jobs; once more to stop at once'
      : 'stopping the runs after their current steps; once more to stop at once';
  const request = requestedSweep(argument, options);
  const { out, definition, expansion } = request;
  const { runs } = expansion;
  if (options.cancel === true) return cancelled(terminal, out);
  if (options.engine === 'local') checkLocal(out, options);
  const macs = checkedMacs(runs);
  checkRungs(request);
  checkSweepFolder(out, runs);
  if (options.dryRun === true) {
    printPreview(terminal, request);
    return 0;
  }
  const examples = await trainingExamples(terminal, runs, interrupt.signal);
  const folder = SweepFolder.open(out, definition, runs);
  const work = new SweepWork(macs, examples);
  const report = new SweepReport(terminal, request, new SweepProgress(terminal, work));
  try {
    const limits = limitsOf(options, request);
    report.begin(options.engine, engineText(options.engine, limits, runs.length));
    const engine = engineOf(options, limits, report);
    const { status } = await driveSweep(folder, definition, runs, engine, report, interrupt.signal);
    folder.writeIndex();
    if (status === 'interrupted') {
      report.interrupted(options.engine);
      return interrupt.exitCode;
    }
    return report.done(await sweepReport(out, options)) === 0 ? EXIT.done : EXIT.incomplete;
  } finally {
    report.end();
    folder.close();
  }
}

/** Writes the sweep's page if it is wanted, or if its runs took so long that the page costs little; returns its path. */
async function sweepReport(sweep: string, { report }: SweepOptions): Promise<string | null> {
  if (report === false) return null;
  const runs = sweepReportRuns(sweep);
  if (report !== true && !isWorthReport(runs.flatMap(({ metrics }) => metrics))) return null;
  return writeSweepReport(sweep, { runs });
}

/** Halving needs runs that are longer than its rungs. */
function checkRungs({ definition, expansion }: RequestedSweep): void {
  const last = definition.halving?.rungs.at(-1);
  if (last === undefined) return;
  for (const { label, configuration } of expansion.runs) {
    const { epochs = Infinity } = configuration;
    if (epochs > last) continue;
    throw new UsageError(
      `sweep: the last rung of halving must come before the end, got rung ${last} and run "${label}" of ${epochs} epochs; choose earlier rungs or more --epochs`,
    );
  }
}

/** The sweep's own number of threads holds for each run. */
function limitsOf({ jobs, retries }: SweepOptions, { definition }: RequestedSweep): LocalOptions {
  const { threads } = definition.run;
  return {
    retries,
    ...(jobs === undefined ? {} : { jobs }),
    ...(threads === undefined ? {} : { threads }),
  };
}

function engineOf(options: SweepOptions, limits: LocalOptions, report: SweepReport): Engine {
  const { engine, slurmOption = [], poll } = options;
  if (engine === 'local') return new LocalEngine(limits);
  return new SlurmEngine({
    ...limits,
    options: slurmOption,
    pollSeconds: poll,
    shouldCancel: async (tasks) => {
      report.end();
      return canAsk() && (await isYes(`cancel the ${tasks} jobs that are left?`));
    },
  });
}

function checkLocal(out: string, { slurmOption = [] }: SweepOptions): void {
  if (slurmOption.length > 0) throw new UsageError('sweep: --slurm-option belongs to --engine slurm');
  if (readJobs(out).length > 0) {
    throw new UsageError(
      `sweep: ${out} may have jobs in Slurm; follow them with --engine slurm, or cancel them with --cancel`,
    );
  }
}

function cancelled(terminal: Terminal, out: string): number {
  const follower = lockHolder(out);
  if (follower !== null) {
    throw new UsageError(
      `sweep: ${out} is followed by process ${follower.pid} on ${follower.host}, which would submit its jobs again; stop that one with Ctrl-C first`,
    );
  }
  const count = cancelSweep(out);
  terminal.print(
    count === 0
      ? `${out}: has no jobs in the queue`
      : `${out}: cancelled ${count} jobs; their runs continue from their checkpoints when the sweep is started again`,
  );
  return 0;
}

function engineText(engine: string, limits: LocalOptions, runs: number): string {
  if (engine === 'slurm') return 'as a job array of Slurm';
  const { jobs, threads } = localJobs(limits, runs);
  const { count, isExact } = threads;
  const upTo = isExact || count === 1 ? '' : 'up to ';
  return `${jobs} at a time with ${upTo}${count === 1 ? '1 thread' : `${count} threads`} each`;
}

/** `fewbit train`: one run from the command line to its run folder, or the rest of one with --resume. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  augmentationText,
  completeConfiguration,
  configurationDifference,
  executeRun,
  folderName,
  plannedSteps,
  resultRow,
  RunFolderError,
  testErrorOf,
  trainErrorOf,
  usedData,
  type RunConfiguration,
  type RunContext,
  type RunOutcome,
  type RunResult,
} from '../../experiment/index.js';
import { isRunFolder, readMetrics, RunFolder } from '../../experiment/store/index.js';
import type { LoadedData } from '../../data/node/index.js';
import type { NetworkDefinition } from '../../nn/index.js';
import { formatText, roundingText } from '../../numerics/index.js';
import { profileTable, type ProfileTable, type TrainingProfile } from '../../train/index.js';
import { checkNetwork } from '../options/check-network.js';
import { checkRecordedData, openData } from '../shared/open-data.js';
import { openRun } from '../shared/open-run.js';
import { isSystemError, UsageError } from '../console/errors.js';
import type { CommandContext, Interrupt } from '../console/interrupt.js';
import { shellCommand } from '../console/shell.js';
import { defineCommand } from '../options/define-command.js';
import { checkTraceFile, profileText, traceNote, writeTrace } from '../shared/profile.js';
import { RunProgress } from '../console/progress.js';
import { isWorthReport, reportPath, writeReport } from '../shared/write-report.js';
import {
  addArithmeticOptions,
  addRunOptions,
  applyOptions,
  DEFAULT_SEED,
  NETWORK_HELP,
  networkArgument,
  type RunOptions,
} from '../options/run-options.js';
import { byRoleText, errorText, grouped, lossText, type Terminal } from '../console/terminal.js';

interface TrainOptions extends RunOptions {
  readonly resume?: boolean;
  /** Whether report.html is written; by default, if the run took long enough. */
  readonly report?: boolean;
  /** True, or the name of a trace file. */
  readonly profile?: boolean | string;
}

/** A run that is to be executed: its folder exists already, or is made once the data are there. */
interface Task {
  readonly configuration: RunConfiguration;
  readonly path: string;
  readonly checkpoint: Uint8Array | null;
  readonly result: RunResult | null;
  readonly isNew: boolean;
}

const EXAMPLES = `
Examples:
  $ fewbit train lenet                                      LeNet on MNIST, <4,12> and activations <6,10>, stochastic
  $ fewbit train lenet --formats 4.12/6.10 --rounding nearest --epochs 2 --seed 7
  $ fewbit train dnn --formats weight=2.14,activation=6.10 --out runs/dnn
  $ fewbit train lenet --formats float32                    the baseline
  $ fewbit train cifar10-cnn --augment flip,crop            CIFAR-10, its training images mirrored and shifted
  $ fewbit train cifar10-mixed                              16 bits, then 20 bits for the last epochs
  $ fewbit train lenet --precision-schedule later.json      other formats from an epoch on, or once the error stalls
  $ fewbit train dnn --data synthetic --steps 60            a first try, without fetching anything
  $ fewbit train cifar10-resnet8 --formats float32          a residual network with batch normalisation, the baseline
  $ fewbit train --resume --out runs/dnn                    continues where runs/dnn stopped, bit for bit
  $ fewbit train lenet --steps 200 --profile trace.json      where the time goes, op by op
  $ fewbit train config.json --data ./my-images --json      JSON for scripts

Without --seed the seed is ${DEFAULT_SEED} (a config.json has its own); without --out the folder is runs/<network>-<n>.
Ctrl-C stops after the current step with a checkpoint and prints the command that resumes.`;

export const trainCommand = defineCommand({
  name: 'train',
  summary: 'train a network',
  description:
    'Trains a network and keeps the run in a folder: config.json, metrics.jsonl, checkpoint, result.json.',
  options: (command) =>
    addRunOptions(addArithmeticOptions(command.argument('[network]', NETWORK_HELP)))
      .option('--out <folder>', 'run folder (default: runs/<network>-<n>)')
      .option('--resume', 'continue the run in --out as it was configured')
      .option(
        '--profile [file]',
        'measure the steps op by op and print where the time goes; with a file also write a trace for Perfetto',
      )
      .option('--report', 'write report.html at the end (default: after 20 seconds of training or more)')
      .option('--no-report', 'write no report'),
  examples: EXAMPLES,
  run: train,
});

async function train(
  { terminal, interrupt }: CommandContext,
  network: string | undefined,
  options: TrainOptions,
): Promise<number> {
  const task = options.resume === true ? resumedTask(terminal, network, options) : newTask(network, options);
  const { configuration, path } = task;
  const traceFile = typeof options.profile === 'string' ? options.profile : null;
  if (traceFile !== null) checkTraceFile('--profile', traceFile);
  if (task.result) {
    terminal.say(`run folder ${path}: the run is done; it is not repeated`);
    printResult(terminal, task.result, path, configuration);
    return 0;
  }
  // Mistakes in the network show before anything is fetched or written.
  const definition = checkNetwork(configuration);
  const loaded = await openData(terminal, configuration, interrupt.signal);
  if (task.isNew) checkRecordedData('train', configuration, loaded);
  let profile: TrainingProfile | null = null;
  const wantsProfile = options.profile !== undefined;
  const outcome = await execute(terminal, task, definition, loaded, interrupt, {
    ...(wantsProfile && {
      onProfile: (measured) => {
        profile = measured;
      },
    }),
  });
  const profiled = wantsProfile ? printProfile(terminal, profile, traceFile) : {};
  if (outcome.status === 'interrupted') {
    const { step } = outcome;
    const resume = shellCommand('fewbit', 'train', '--resume', '--out', outcome.path);
    terminal.json({ event: 'interrupted', step, run: outcome.path, resume, ...profiled });
    terminal.stopped(`stopped at step ${grouped(step)} with a checkpoint; continue with: ${resume}`);
    return interrupt.exitCode;
  }
  const wantsReport = options.report ?? isWorthReport(readMetrics(outcome.path));
  const report = wantsReport ? { report: await writeReport(outcome.path, { data: loaded }) } : {};
  printResult(terminal, outcome.result, outcome.path, configuration, { ...profiled, ...report });
  terminal.say(
    wantsReport ? `report ${reportPath(path)}` : `report: ${shellCommand('fewbit', 'report', path)}`,
  );
  return 0;
}

/** Shows what was measured, and returns it for JSON. */
function printProfile(
  terminal: Terminal,
  profile: TrainingProfile | null,
  traceFile: string | null,
): { readonly profile?: ProfileTable; readonly trace?: string } {
  if (profile === null) {
    terminal.note('no step was done, so there is no profile');
    return {};
  }
  const table = profileTable(profile);
  if (traceFile !== null) writeTrace(traceFile, [profile]);
  terminal.aside(`\n${profileText(terminal, table)}`);
  if (traceFile !== null) terminal.aside(traceNote(traceFile));
  terminal.aside('');
  return { profile: table, ...(traceFile === null ? {} : { trace: traceFile }) };
}

async function execute(
  terminal: Terminal,
  task: Task,
  definition: NetworkDefinition,
  data: LoadedData,
  { signal }: Interrupt,
  wishes: Pick<RunContext, 'onProfile'>,
): Promise<RunOutcome & { path: string }> {
  const configuration: RunConfiguration = task.isNew
    ? completeConfiguration({ ...task.configuration, dataDigest: data.digest })
    : task.configuration;
  const folder = task.isNew ? RunFolder.create(task.path, configuration) : RunFolder.resume(task.path);
  const progress = new RunProgress(terminal, { configuration });
  try {
    const outcome = await executeRun(folder, configuration, task.checkpoint, {
      data,
      now: () => performance.now(),
      onEvent: (event) => {
        if (event.event === 'start') terminal.say(introduction(terminal, task, definition, data));
        progress.event(event);
      },
      signal,
      ...wishes,
    });
    return { ...outcome, path: task.path };
  } catch (error) {
    if (task.isNew) folder.discard();
    if (isSystemError(error) && isRunFolder(task.path)) {
      terminal.note(
        `nothing is lost up to the last checkpoint; continue with: fewbit train --resume --out ${task.path}`,
      );
    }
    throw error;
  } finally {
    progress.end();
    folder.close();
  }
}

function newTask(network: string | undefined, options: TrainOptions): Task {
  if (network === undefined) {
    const { profile } = options;
    const taken = typeof profile === 'string' ? ` ("${profile}" was taken for the file of --profile)` : '';
    throw new UsageError(`train: a network is needed${taken}: ${NETWORK_HELP}; or --resume --out <folder>`);
  }
  const configuration = applyOptions(networkArgument(network, options), options);
  const path = options.out ?? freeFolder(configuration.network.name ?? 'network');
  if (isRunFolder(path)) {
    throw new RunFolderError(
      `run folder ${path}: holds a run already; continue it with --resume, or choose another folder with --out`,
    );
  }
  return { configuration, path, checkpoint: null, result: null, isNew: true };
}

/** The recorded run; all other options of the command line must agree with it. */
function resumedTask(terminal: Terminal, network: string | undefined, options: TrainOptions): Task {
  const { out } = options;
  if (out === undefined)
    throw new UsageError('train: --resume needs the run folder; name it with --out <folder>');
  const { configuration: recorded, checkpoint, result } = openRun(terminal, out);
  const base = network === undefined ? recorded : networkArgument(network, options);
  const given = applyOptions(base, network === undefined ? options : withRecordedData(options, recorded));
  const difference = configurationDifference(recorded, given);
  if (difference) {
    const text = (value: unknown): string => (value === undefined ? 'absent' : JSON.stringify(value));
    throw new UsageError(
      `train: --resume continues the recorded run, but ${difference.field} is ${text(difference.recorded)} there and ${text(difference.given)} here; leave the option out, or start another run`,
    );
  }
  const { threads } = options;
  const configuration = threads === undefined ? recorded : { ...recorded, threads };
  return { configuration, path: out, checkpoint, result, isNew: false };
}

/** A config.json without data was begun with --data; a resumed run need not repeat it. */
function withRecordedData(options: TrainOptions, recorded: RunConfiguration): TrainOptions {
  return options.data === undefined ? { ...options, data: recorded.data } : options;
}

/** runs/<name>-<n> with the first n behind all that are there. */
function freeFolder(network: string): string {
  const name = folderName(network, 'network');
  const used = existsSync('runs') ? readdirSync('runs') : [];
  const numbers = used
    .filter((entry) => entry.startsWith(`${name}-`))
    .map((entry) => Number(entry.slice(name.length + 1)))
    .filter((number) => Number.isInteger(number));
  return join('runs', `${name}-${Math.max(0, ...numbers) + 1}`);
}

function introduction(
  terminal: Terminal,
  { configuration, path, isNew }: Task,
  definition: NetworkDefinition,
  data: LoadedData,
): string {
  const { augment, batch, epochs, backend, threads, network } = configuration;
  const { train, test } = usedData(configuration, data);
  const changed = augment ? `; training images changed by ${augmentationText(augment)}` : '';
  const steps = plannedSteps(configuration, train.count);
  const length = epochs === undefined ? '' : `${epochs} epochs, `;
  const { bold } = terminal.colour;
  return [
    `${bold(definition.name)}  ${grouped(definition.parameterCount)} parameters, ${arithmeticText(definition)}`,
    ...scheduleText(terminal.colour, definition),
    `${bold('data')}  ${data.name}: ${grouped(train.count)} training and ${grouped(test.count)} test examples (${data.source})${changed}`,
    `${bold('run')}  ${path}${isNew ? '' : ', continued'}: seed ${network.seed}, batch ${batch}, ${length}${grouped(steps)} steps, backend ${backend}${threads === undefined ? '' : `, ${threads} thread${threads === 1 ? '' : 's'}`}`,
  ].join('\n');
}

/** `weight <4,12>, activation <6,10> ...; stochastic`. */
function arithmeticText({ arithmetic, settings }: NetworkDefinition): string {
  if (arithmetic === 'float32') return 'float32';
  const texts = <T>(byRole: Readonly<Record<string, T>>, text: (value: T) => string): string =>
    byRoleText(Object.fromEntries(Object.entries(byRole).map(([role, value]) => [role, text(value)])));
  return `${texts(settings.formats, formatText)}; ${texts(settings.rounding, roundingText)}`;
}

/** One line for every stage of the precision schedule: when it begins, and with what. */
function scheduleText({ bold }: Terminal['colour'], definition: NetworkDefinition): string[] {
  const { precisionSchedule = [] } = definition.configuration;
  return precisionSchedule.map(({ epoch, whenStalled }, i) => {
    const { epochs = 0, minDelta = 0 } = whenStalled ?? {};
    const when =
      epoch === undefined
        ? `after ${epochs} epoch${epochs === 1 ? '' : 's'} without a training error smaller by more than ${minDelta} points`
        : `from epoch ${epoch + 1}`;
    return `${bold('then')}  ${when}: ${arithmeticText(definition.stages[i + 1] ?? definition)}`;
  });
}

function printResult(
  terminal: Terminal,
  result: RunResult,
  path: string,
  { network }: RunConfiguration,
  extra: Readonly<Record<string, unknown>> = {},
): void {
  const { digest, testErrorPercent, trainErrorPercent, loss, steps, stepsPerSecond } = result;
  terminal.json({
    event: 'done',
    digest,
    testErrorPercent,
    trainErrorPercent,
    loss,
    steps,
    stepsPerSecond,
    run: path,
    seed: network.seed,
    testLoss: result.testLoss,
    diverged: resultRow(result).diverged,
    swallowed: result.swallowed,
    lost: result.lost,
    ...extra,
  });
  terminal.print(
    [
      `test error ${errorText(testErrorOf(result))}  training error ${errorText(trainErrorOf(result))}  loss ${lossText(loss)}  ${grouped(steps)} steps at ${stepsPerSecond.toFixed(1)} steps/s`,
      `digest ${digest}`,
      `run ${path} (seed ${network.seed})`,
    ].join('\n'),
  );
}

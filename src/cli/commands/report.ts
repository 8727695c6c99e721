/** `fewbit report`: a page about one run. */
import { spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';
import { Command } from 'commander';
import type { BackendName } from '../../backend/index.js';
import { DataError } from '../../data/index.js';
import { checkRunData, openStoredRun, RunFolderError, type RunData } from '../../experiment/index.js';
import { openData } from '../data.js';
import { errorLine } from '../errors.js';
import { interruptible, type Interrupt } from '../interrupt.js';
import { writeReport } from '../report.js';
import { backendOption, threadsOption, voiceOf } from '../run-options.js';
import type { Terminal } from '../terminal.js';

interface ReportOptions {
  readonly open?: boolean;
  readonly backend?: BackendName;
  readonly threads?: number;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ fewbit report runs/lenet-1
  $ fewbit report runs/lenet-1 --open        shows it in the browser
  $ fewbit report runs/lenet-1 --json

A run that goes on, or was stopped, has a report as far as it got. Where the run's data cannot be had the report has no
confusion matrix and no images, and says so.`;

export function reportCommand(terminal: Terminal): Command {
  return new Command('report')
    .summary('a page about a run')
    .description(
      'Writes report.html into a run folder: learning curves, swallowed updates, settings, confusion matrix, worst images, statistics of every tensor, histograms of the weights. One file, nothing to load.',
    )
    .argument('<run>', 'run folder')
    .option('--open', 'show the page in the browser')
    .addOption(backendOption())
    .addOption(threadsOption())
    .option('--json', 'print the path as a JSON object')
    .addHelpText('after', EXAMPLES)
    .action(async (run: string, options: ReportOptions) => {
      process.exitCode = await interruptible(terminal, (interrupt) =>
        report(terminal, run, options, interrupt),
      );
    });
}

async function report(
  terminal: Terminal,
  run: string,
  options: ReportOptions,
  interrupt: Interrupt,
): Promise<number> {
  const { backend, threads } = options;
  const found = await dataOf(terminal, run, options, interrupt);
  if (found.note !== undefined) terminal.note(found.note);
  const path = await writeReport(run, {
    ...found,
    ...(backend === undefined ? {} : { backend }),
    ...(threads === undefined ? {} : { threads }),
  });
  if (options.json === true) terminal.json({ event: 'report', run, report: path });
  else terminal.print(`report ${path}`);
  if (options.open === true) await openPage(terminal, path);
  return 0;
}

/** The run's data, or why they cannot be had. A run without a checkpoint needs none. */
async function dataOf(
  terminal: Terminal,
  run: string,
  options: ReportOptions,
  { signal }: Interrupt,
): Promise<{ data: RunData | null; note?: string }> {
  const { configuration, checkpoint } = openStoredRun(run);
  if (checkpoint === null) return { data: null };
  const { data: spec, network } = configuration;
  try {
    const data = await openData(terminal, { spec, seed: network.seed, voice: voiceOf(options), signal });
    checkRunData(run, configuration, data);
    return { data };
  } catch (error) {
    if (!(error instanceof DataError || error instanceof RunFolderError)) throw error;
    const note = `no confusion matrix and no images, because the run's data cannot be had: ${errorLine(error)}`;
    return { data: null, note };
  }
}

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
};

/** Hands the page to the system; where it has nothing to show pages with, says where the page is. */
async function openPage(terminal: Terminal, path: string): Promise<void> {
  const [command, ...args] = OPENERS[process.platform] ?? ['xdg-open'];
  const url = pathToFileURL(resolve(path)).href;
  await new Promise<void>((done) => {
    const child = spawn(command, [...args, url], { stdio: 'ignore', detached: true });
    child.on('error', () => {
      terminal.note(`report: ${command} cannot be started; open ${url} yourself`);
      done();
    });
    child.on('spawn', () => {
      child.unref();
      done();
    });
  });
}

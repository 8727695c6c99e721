/** `fewbit report`: a page about a run or a sweep; of a comparison and its like, where the page is. */
import { spawn } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { join, resolve } from 'node:path';
import type { BackendName } from '../../backend/index.js';
import { DataError } from '../../data/index.js';
import { checkRunData, RunFolderError, type RunData } from '../../experiment/index.js';
import { findRuns, isRunFolder, isSweepFolder } from '../../experiment/store/index.js';
import { openData } from '../shared/open-data.js';
import { openRun } from '../shared/open-run.js';
import { errorLine, UsageError } from '../console/errors.js';
import type { CommandContext } from '../console/interrupt.js';
import { defineCommand } from '../options/define-command.js';
import { writeReport, writeSweepReport } from '../shared/write-report.js';
import { backendOption, threadsOption } from '../options/run-options.js';
import type { Terminal } from '../console/terminal.js';

interface ReportOptions {
  readonly open?: boolean;
  readonly backend?: BackendName;
  readonly threads?: number;
  readonly x?: string;
  readonly y?: string;
}

const EXAMPLES = `
Examples:
  $ fewbit report runs/lenet-1
  $ fewbit report runs/lenet-1 --open        shows it in the browser
  $ fewbit report runs/lenet-1 --json
  $ fewbit report runs/sweep-lenet           a sweep: error against bits, Pareto front, heat map, all runs
  $ fewbit report runs/demo --open           a comparison has its page already: shows it
  $ fewbit report runs/sweep-lenet --x rounding --y formats        chooses the fields of the heat map

A run that is not finished has a report as far as it got. If the run's data cannot be loaded, the report has no confusion
matrix and no images, and states this. A sweep's report shows how far its runs are; it needs no data.`;

export const reportCommand = defineCommand({
  name: 'report',
  summary: 'a page about a run or a sweep',
  description:
    'Writes report.html into the folder of a run (learning curves, lost gradients, settings, confusion matrix, worst examples, statistics of every tensor, histograms of the weights) or of a sweep (error against bits, Pareto front, heat map, learning curves, means and spread over seeds). The page is one file and loads nothing else. For the folder of a comparison, a reproduction, advice or ranges, it prints where their pages are.',
  options: (command) =>
    command
      .argument('<folder>', 'folder of a run, a sweep or a comparison')
      .option('--open', 'show the page in the browser')
      .addOption(backendOption())
      .addOption(threadsOption())
      .option('--x <field>', 'sweep only: field across the heat map (default: one of the two that vary)')
      .option('--y <field>', 'sweep only: field down the heat map')
      .option('--json', 'print the path as a JSON object'),
  examples: EXAMPLES,
  run: (context, folder: string, options: ReportOptions) => {
    if (isSweepFolder(folder)) return reportSweep(context, folder, options);
    if (isRunFolder(folder) || !isFolder(folder)) return reportRun(context, folder, options);
    return reportPages(context, folder, options);
  },
});

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** A folder of a comparison, a reproduction, advice ...: the command that made it has written its pages. */
async function reportPages(
  { terminal }: CommandContext,
  folder: string,
  options: ReportOptions,
): Promise<number> {
  const pages = readdirSync(folder)
    .filter((name) => name.endsWith('.html'))
    .sort()
    .map((name) => join(folder, name));
  const [first] = pages;
  if (first === undefined) {
    const runs = findRuns(folder);
    const way =
      runs.length === 0
        ? 'name the folder of a run or a sweep'
        : `it holds runs: fewbit report ${runs[0] ?? ''} writes the report of one, fewbit runs compare ${folder} --out ${folder} a page about all`;
    throw new RunFolderError(`report ${folder}: holds neither a run nor a sweep, and no page; ${way}`);
  }
  const { backend, threads, x, y } = options;
  if ([backend, threads, x, y].some((option) => option !== undefined)) {
    throw new UsageError(
      `report: --backend, --threads, --x and --y change the report of a run or a sweep, and ${folder} is neither; its page is ${first}`,
    );
  }
  terminal.json({ event: 'pages', folder, pages });
  terminal.print(pages.map((page) => `page ${page}`).join('\n'));
  if (options.open === true) await openPage(terminal, first);
  return 0;
}

async function reportSweep(
  { terminal }: CommandContext,
  sweep: string,
  options: ReportOptions,
): Promise<number> {
  const { backend, threads, x, y } = options;
  if (backend !== undefined || threads !== undefined) {
    throw new UsageError(
      'report: --backend and --threads are for evaluating the checkpoint of a run; leave them out for a sweep',
    );
  }
  if ((x === undefined) !== (y === undefined)) {
    throw new UsageError('report: a heat map has two fields; give both --x and --y');
  }
  if (x !== undefined && x === y) {
    throw new UsageError(`report: --x and --y must be two fields, got "${x}" twice`);
  }
  const heat = x === undefined || y === undefined ? undefined : { x, y };
  const path = await writeSweepReport(sweep, heat && { heat });
  terminal.json({ event: 'report', sweep, report: path });
  terminal.print(`report ${path}`);
  if (options.open === true) await openPage(terminal, path);
  return 0;
}

async function reportRun(context: CommandContext, run: string, options: ReportOptions): Promise<number> {
  const { terminal } = context;
  const { backend, threads } = options;
  if (options.x !== undefined || options.y !== undefined) {
    throw new UsageError(`report: --x and --y choose the heat map of a sweep, and ${run} is none`);
  }
  const found = await dataOf(context, run);
  if (found.note !== undefined) terminal.note(found.note);
  const path = await writeReport(run, {
    ...found,
    ...(backend === undefined ? {} : { backend }),
    ...(threads === undefined ? {} : { threads }),
  });
  terminal.json({ event: 'report', run, report: path });
  terminal.print(`report ${path}`);
  if (options.open === true) await openPage(terminal, path);
  return 0;
}

/** The run's data, or why they cannot be loaded. A run without a checkpoint needs none. */
async function dataOf(
  { terminal, signal }: CommandContext,
  run: string,
): Promise<{ data: RunData | null; note?: string }> {
  const { configuration, checkpoint } = openRun(terminal, run);
  if (checkpoint === null) return { data: null };
  try {
    const data = await openData(terminal, configuration, signal);
    checkRunData(run, configuration, data);
    return { data };
  } catch (error) {
    if (!(error instanceof DataError || error instanceof RunFolderError)) throw error;
    const note = `no confusion matrix and no images, because the run's data cannot be loaded: ${errorLine(error)}`;
    return { data: null, note };
  }
}

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
};

/** Opens the page with the system's program; if there is none, a note has the address. */
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

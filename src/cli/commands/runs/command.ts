/** `fewbit runs`: what is in run folders, wherever it came from: tables, files for other programs, and their removal. */
import { Option } from 'commander';
import {
  differingFields,
  fieldsName,
  groupBySeed,
  runFields,
  RunFolderError,
  settingFields,
  summaryRow,
  type RunState,
  type RunSummary,
} from '../../../experiment/index.js';
import {
  planRemoval,
  readRecord,
  remove,
  summarizeRuns,
  writeIndex,
} from '../../../experiment/store/index.js';
import { canAsk, isYes } from '../../console/ask.js';
import { defineCommand, defineGroup } from '../../options/define-command.js';
import { finishComparison } from '../../shared/compare-runs.js';
import { EXIT, UsageError } from '../../console/errors.js';
import { epochRows, EXPORT_FORMATS, exportText, runRows, writeExport, type ExportFormat } from './export.js';
import { printRun } from './show.js';
import { byTestError, runsTable } from '../../shared/runs-table.js';
import { byGroupError, groupRow, groupsTable } from './groups.js';
import { grouped, sizeText, type Terminal } from '../../console/terminal.js';

const RUNS = 'runs';
const STATES = [
  'done',
  'running',
  'stopped',
  'pruned',
  'failed',
  'planned',
  'damaged',
] as const satisfies readonly RunState[];
/** A table with more columns fits no terminal. */
const MAX_FIELDS = 6;

const EXAMPLES = `
Examples:
  $ fewbit runs list                                   all runs below the folder runs
  $ fewbit runs list runs/sweep-lenet --sort error --state done
  $ fewbit runs list runs/sweep-lenet --group-by-seed --sort error      mean and range over seeds
  $ fewbit runs show runs/sweep-lenet/seed-1           one run: configuration, epochs, result
  $ fewbit runs compare runs/a runs/b --out runs/a-b   side by side, with chart and page
  $ fewbit runs export runs/sweep-lenet --format csv --out sweep.csv
  $ fewbit runs export runs --metrics --format parquet --out epochs.parquet      one row for each epoch
  $ fewbit runs rm runs/old runs/sweep-lenet --yes
  $ fewbit runs index runs/sweep-lenet                 rebuilds its index.json from its run folders

A run is done, running, stopped (fewbit train --resume --out <run> continues it), pruned by its sweep, failed, planned (its sweep
has not begun it) or damaged.`;

const FOLDER = ['[folder]', 'folder with runs, at any depth', RUNS] as const;

const listCommand = defineCommand({
  name: 'list',
  summary: 'list runs with the fields in which they differ',
  options: (command) =>
    command
      .argument(...FOLDER)
      .addOption(new Option('--state <state>', 'only runs in this state').choices(STATES))
      .addOption(new Option('--sort <by>', 'order').choices(['name', 'error']).default('name'))
      .option('--fields <list>', 'fields to show, separated by commas (default: those that differ)')
      .option('--group-by-seed', 'one row for runs that differ only in their seed: mean and range')
      .option('--json', 'print one JSON object a row'),
  examples: `
Examples:
  $ fewbit runs list                                   all runs below the folder runs
  $ fewbit runs list runs/sweep-lenet --sort error --state done
  $ fewbit runs list runs/sweep-lenet --group-by-seed --fields formats,rounding`,
  run: ({ terminal }, folder: string, options: ListOptions) => {
    list(terminal, folder, options);
    return EXIT.done;
  },
});

const showCommand = defineCommand({
  name: 'show',
  summary: 'show one run: configuration, epochs, result',
  options: (command) => command.argument('<run>', 'run folder').option('--json', 'print one JSON object'),
  examples: `
Example:
  $ fewbit runs show runs/lenet-1`,
  run: ({ terminal }, run: string) => {
    printRun(terminal, run);
    return EXIT.done;
  },
});

const compareCommand = defineCommand({
  name: 'compare',
  summary: 'compare finished runs: results, lost gradients, chart',
  options: (command) =>
    command
      .argument('<runs...>', 'run folders, or folders with runs')
      .option('--out <folder>', 'folder for comparison.svg and comparison.html')
      .option('--json', 'print one JSON object'),
  examples: `
Example:
  $ fewbit runs compare runs/a runs/b --out runs/a-b   side by side, with chart and page`,
  run: async ({ terminal }, paths: readonly string[], options: { readonly out?: string }) => {
    await compareRuns(terminal, paths, options.out ?? null);
    return EXIT.done;
  },
});

const exportCommand = defineCommand({
  name: 'export',
  summary: 'write runs as a table for other programs',
  options: (command) =>
    command
      .argument(...FOLDER)
      .addOption(
        new Option('--format <format>', 'format of the table').choices(EXPORT_FORMATS).default('csv'),
      )
      .option('--out <file>', 'file to write (default: print it)')
      .option('--metrics', 'one row for each epoch instead of each run')
      .option('--all-fields', 'all fields of the configurations (default: those that differ)')
      .option('--force', 'replace an existing file'),
  examples: `
Examples:
  $ fewbit runs export runs/sweep-lenet --format csv --out sweep.csv
  $ fewbit runs export runs --metrics --format parquet --out epochs.parquet`,
  run: async ({ terminal }, folder: string, options: ExportOptions) => {
    await exportRuns(terminal, folder, options);
    return EXIT.done;
  },
});

const removeCommand = defineCommand({
  name: 'rm',
  summary: 'remove runs or sweeps',
  description:
    'Removes the folders of runs or sweeps. A folder that also holds other files (an export, notes) or symbolic links, or whose config.json is not that of a run, is refused, and nothing is removed.',
  options: (command) =>
    command.argument('<runs...>', 'folders of runs or sweeps').option('--yes', 'do not ask'),
  examples: `
Example:
  $ fewbit runs rm runs/old runs/sweep-lenet --yes`,
  run: async ({ terminal }, paths: readonly string[], options: { readonly yes?: boolean }) => {
    await removeRuns(terminal, paths, options);
    return EXIT.done;
  },
});

const indexCommand = defineCommand({
  name: 'index',
  summary: "rebuild a sweep's index.json from its run folders",
  options: (command) => command.argument('<sweep>', 'folder of the sweep'),
  examples: `
Example:
  $ fewbit runs index runs/sweep-lenet`,
  run: ({ terminal }, sweep: string) => {
    terminal.print(`${sweep}: index of ${grouped(writeIndex(sweep))} runs`);
    return EXIT.done;
  },
});

export const runsCommand = defineGroup(
  {
    name: 'runs',
    summary: 'list, show, compare, export or remove runs',
    description: 'Looks at run folders from any machine, and removes them.',
    examples: EXAMPLES,
  },
  [listCommand, showCommand, compareCommand, exportCommand, removeCommand, indexCommand],
);

interface ListOptions {
  readonly state?: RunState;
  readonly sort: 'name' | 'error';
  readonly fields?: string;
  readonly groupBySeed?: boolean;
}

function list(terminal: Terminal, folder: string, options: ListOptions): void {
  const { state, sort } = options;
  const all = summarizeRuns(folder);
  const chosen = state === undefined ? all : all.filter((summary) => summary.state === state);
  if (options.groupBySeed === true) {
    listGroups(terminal, folder, chosen, options);
    return;
  }
  const summaries = sort === 'error' ? byTestError(chosen) : chosen;
  const differing = fieldsOf(summaries);
  const fields = options.fields === undefined ? differing : namedFields(options.fields, summaries);
  for (const summary of summaries) terminal.json(summaryRow(summary, fields));
  if (summaries.length === 0) {
    terminal.print(`${folder}: no runs${state === undefined ? '' : ` are ${state}`}`);
    return;
  }
  const shown = options.fields === undefined ? fields.slice(0, MAX_FIELDS) : fields;
  terminal.print(runsTable(terminal, summaries, shown, ({ path }) => path));
  for (const { path, problem } of summaries) if (problem !== null) terminal.print(`\n${path}: ${problem}`);
  const hidden = fields.length - shown.length;
  if (hidden > 0) {
    terminal.print(
      `\n${hidden} more fields differ (${fields.slice(shown.length).join(', ')}); choose with --fields`,
    );
  }
}

/** A row for each setting: what its runs have reached, over their seeds. */
function listGroups(
  terminal: Terminal,
  folder: string,
  summaries: readonly RunSummary[],
  { sort, state, fields: chosen }: ListOptions,
): void {
  const fields = chosen === undefined ? settingFields(summaries) : namedFields(chosen, summaries);
  const groups = groupBySeed(summaries, fields);
  const rows = sort === 'error' ? byGroupError(groups) : groups;
  for (const group of rows) terminal.json(groupRow(group, fields));
  if (rows.length === 0) terminal.print(`${folder}: no runs${state === undefined ? '' : ` are ${state}`}`);
  else terminal.print(groupsTable(terminal, rows, fields));
}

function fieldsOf(summaries: readonly RunSummary[]): string[] {
  return differingFields(summaries.flatMap(({ configuration }) => configuration ?? []));
}

function namedFields(text: string, summaries: readonly RunSummary[]): string[] {
  const known = allFields(summaries);
  return text.split(',').map((part) => {
    const field = part.trim();
    if (known.includes(field)) return field;
    throw new UsageError(`--fields: no run has a field "${field}"; there are ${known.join(', ')}`);
  });
}

function allFields(summaries: readonly RunSummary[]): string[] {
  const texts = summaries.map(({ configuration }) =>
    configuration === null ? {} : runFields(configuration),
  );
  return [...new Set(texts.flatMap((fields) => Object.keys(fields)))];
}

async function compareRuns(terminal: Terminal, paths: readonly string[], out: string | null): Promise<void> {
  const all = paths.flatMap((path) => summarizeRuns(path));
  const found = [...new Map(all.map((summary) => [summary.path, summary])).values()];
  const done = found.filter(({ state }) => state === 'done');
  for (const { path, state } of found) {
    if (state !== 'done') terminal.note(`${path}: is ${state} and left out; fewbit runs list shows it`);
  }
  if (done.length === 0)
    throw new RunFolderError(`runs: expected runs that are done, got none in ${paths.join(', ')}`);
  const fields = fieldsOf(done);
  const rows = done.map((summary) => {
    const { configuration, result, metrics } = readRecord(summary.path);
    if (result === null)
      throw new RunFolderError(`run folder ${summary.path}: its result has gone meanwhile; try again`);
    const name = fieldsName(runFields(configuration), fields);
    return {
      name: name === '' ? summary.path : name,
      path: summary.path,
      configuration,
      result,
      metrics,
    };
  });
  const title = `${rows.length} runs of ${[...new Set(rows.map(({ configuration }) => configuration.network.name ?? 'network'))].join(', ')}`;
  await finishComparison(terminal, { title, out }, rows);
}

interface ExportOptions {
  readonly format: ExportFormat;
  readonly out?: string;
  readonly metrics?: boolean;
  readonly allFields?: boolean;
  readonly force?: boolean;
}

async function exportRuns(terminal: Terminal, folder: string, options: ExportOptions): Promise<void> {
  const { format, out, metrics, force = false } = options;
  const summaries = summarizeRuns(folder);
  const fields = options.allFields === true ? allFields(summaries) : fieldsOf(summaries);
  const rows = metrics === true ? epochRows(summaries, fields) : runRows(summaries, fields);
  if (out !== undefined) {
    await writeExport(out, rows, { format, force });
    terminal.print(`${out}: ${grouped(rows.length)} rows`);
    return;
  }
  if (format === 'parquet')
    throw new UsageError('export: Parquet is not for terminals; name a file with --out');
  terminal.print(exportText(rows, format).trimEnd());
}

async function removeRuns(
  terminal: Terminal,
  paths: readonly string[],
  { yes }: { readonly yes?: boolean },
): Promise<void> {
  const removals = paths.map(planRemoval);
  if (yes !== true) {
    for (const { path, kind, runs, files, sizeBytes } of removals) {
      const what = kind === 'sweep' ? `a sweep of ${grouped(runs.length)} runs` : 'a run';
      terminal.print(`${path}: ${what}, ${grouped(files.length)} files, ${sizeText(sizeBytes)}`);
    }
    if (!canAsk()) throw new UsageError('runs: cannot ask without a terminal; remove with --yes');
    if (!(await isYes('remove all of it?'))) {
      terminal.print('Nothing was removed.');
      return;
    }
  }
  for (const removal of removals) {
    remove(removal);
    terminal.print(`${removal.path}: removed`);
  }
}

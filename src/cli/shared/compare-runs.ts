/** Trains several settings of one network and shows them side by side: what `compare` and `demo` do. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  comparisonChart,
  comparisonPage,
  completeConfiguration,
  errorChart,
  lostCells,
  lostShare,
  lostText,
  resultRow,
  testErrorOf,
  trainErrorOf,
  usedData,
  type RunResult,
} from '../../experiment/index.js';
import {
  checkEntries,
  runComparison,
  writeWhole,
  type ComparisonEntry,
  type ComparisonRow,
} from '../../experiment/store/index.js';
import { checkNetwork } from '../options/check-network.js';
import { checkRecordedData, openData } from './open-data.js';
import type { Interrupt } from '../console/interrupt.js';
import { RunProgress } from '../console/progress.js';
import { tableText } from '../console/table.js';
import { errorText, grouped, lossText, type Terminal } from '../console/terminal.js';

export interface ComparisonRequest {
  readonly title: string;
  /** Folder of the chart, with a run folder for each entry below. */
  readonly out: string;
  readonly entries: readonly ComparisonEntry[];
  /** The command that continues it. */
  readonly resume: string;
}

/** Runs what is left of it. Returns the rows, or null after an interruption (and prints how to continue). */
export async function compare(
  terminal: Terminal,
  request: ComparisonRequest,
  interrupt: Interrupt,
): Promise<readonly ComparisonRow[] | null> {
  const { entries, out, title, resume } = request;
  const first = entries[0];
  if (!first) return [];
  for (const { configuration } of entries) checkNetwork(configuration);
  checkEntries(entries);
  const data = await openData(terminal, first.configuration, interrupt.signal);
  checkRecordedData('compare', first.configuration, data);
  const { name: dataName, source } = data;
  const { train, test } = usedData(first.configuration, data);
  const { batch, backend, network } = first.configuration;
  terminal.say(
    `data ${dataName}: ${grouped(train.count)} training and ${grouped(test.count)} test examples (${source}); seed ${network.seed}, batch ${batch}, backend ${backend}`,
  );
  let progress: RunProgress | null = null;
  try {
    const outcome = await runComparison(
      entries.map((entry) => ({
        ...entry,
        configuration: completeConfiguration({ ...entry.configuration, dataDigest: data.digest }),
      })),
      {
        data,
        now: () => performance.now(),
        signal: interrupt.signal,
        onResult: (entry, result, reused) => {
          progress?.end();
          progress = null;
          reportRun(terminal, entry, result, reused);
        },
        onEvent: (entry, event) => {
          if (event.event === 'start') {
            terminal.say(`\n${terminal.colour.bold(entry.name)}  ${terminal.colour.dim(entry.path)}`);
          }
          const { configuration, name } = entry;
          progress ??= new RunProgress(terminal, { configuration, fields: { setting: name } });
          progress.event(event);
        },
      },
    );
    if (outcome.status === 'interrupted') {
      (progress as RunProgress | null)?.end();
      const { step, entry } = outcome;
      terminal.json({ event: 'interrupted', setting: entry.name, step, run: entry.path, resume });
      terminal.stopped(
        `stopped in "${entry.name}" at step ${grouped(step)} with a checkpoint; continue with: ${resume}`,
      );
      return null;
    }
    await finishComparison(terminal, { title, out }, outcome.rows);
    return outcome.rows;
  } finally {
    (progress as RunProgress | null)?.end();
  }
}

function reportRun(
  terminal: Terminal,
  { name, path }: ComparisonEntry,
  result: RunResult,
  reused: boolean,
): void {
  terminal.json({ event: 'run', setting: name, run: path, reused, ...resultRow(result) });
  if (reused) {
    terminal.say(`\n${terminal.colour.bold(name)}  done before, not repeated: ${path}`);
  }
}

/** Prints the tables of a comparison, and writes chart and page if there is a folder for them. */
export async function finishComparison(
  terminal: Terminal,
  { title, out }: { title: string; out: string | null },
  rows: readonly ComparisonRow[],
): Promise<void> {
  const files = out === null ? null : await writeCharts(out, title, rows);
  const runs = rows.map(({ name, path, result }) => ({ setting: name, run: path, ...resultRow(result) }));
  terminal.json({ event: 'done', runs, ...files });
  const { bold } = terminal.colour;
  terminal.print(`\n${bold(title)}\n\n${resultsText(terminal, rows)}\n`);
  const lost = lostTable(terminal, rows);
  if (lost !== null) {
    terminal.print(
      `${bold('Lost gradients')} (flushed to zero + update swallowed: parameter unchanged); share of the gradients that are non-zero before rounding\n\n${lost}\n`,
    );
  }
  if (files !== null) terminal.print(`chart ${files.svg}\npage  ${files.html}`);
}

async function writeCharts(
  out: string,
  title: string,
  rows: readonly ComparisonRow[],
): Promise<{ svg: string; html: string }> {
  mkdirSync(out, { recursive: true });
  writeWhole(out, 'comparison.svg', await errorChart(comparisonChart(title, rows)));
  writeWhole(out, 'comparison.html', await comparisonPage(title, rows));
  return { svg: join(out, 'comparison.svg'), html: join(out, 'comparison.html') };
}

function resultsText(terminal: Terminal, rows: readonly ComparisonRow[]): string {
  return tableText(
    terminal,
    ['setting', 'test error', 'training error', 'lost', 'training loss', 'steps', 'steps/s', 'digest'],
    rows.map(({ name, result }) => [
      name,
      errorText(testErrorOf(result)),
      errorText(trainErrorOf(result)),
      lostText(lostShare(result.lost)),
      lossText(result.loss),
      grouped(result.steps),
      result.stepsPerSecond.toFixed(1),
      result.digest.slice(0, 12),
    ]),
    'lrrrrrrl',
  );
}

function lostTable(terminal: Terminal, rows: readonly ComparisonRow[]): string | null {
  const cells = lostCells(rows.map(({ name, result }) => ({ name, lost: result.lost })));
  return cells && tableText(terminal, cells.head, cells.rows, 'l' + 'r'.repeat(cells.head.length - 1));
}

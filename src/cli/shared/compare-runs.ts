/** Trains several settings of one network and shows them side by side: what `compare` and `demo` do. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  comparisonChart,
  comparisonPage,
  completeConfiguration,
  errorChart,
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
import { openData } from './open-data.js';
import type { Interrupt } from '../console/interrupt.js';
import { RunProgress } from '../console/progress.js';
import { tableText } from '../console/table.js';
import { grouped, lossText, percentText, type Terminal, type Voice } from '../console/terminal.js';

export interface ComparisonRequest {
  readonly title: string;
  /** Folder of the chart, with a run folder for each entry below. */
  readonly out: string;
  readonly entries: readonly ComparisonEntry[];
  readonly voice: Voice;
  /** The command that goes on with it. */
  readonly resume: string;
}

/** Runs what is left of it. Returns the rows, or null where it was interrupted (and says how to go on). */
export async function compare(
  terminal: Terminal,
  request: ComparisonRequest,
  interrupt: Interrupt,
): Promise<readonly ComparisonRow[] | null> {
  const { entries, voice, out, title, resume } = request;
  const first = entries[0];
  if (!first) return [];
  for (const { configuration } of entries) checkNetwork(configuration);
  checkEntries(entries);
  const { data: spec, network } = first.configuration;
  const data = await openData(terminal, { spec, seed: network.seed, voice, signal: interrupt.signal });
  if (voice === 'people') {
    const { train, test, name, source } = data;
    const { batch, backend } = first.configuration;
    terminal.print(
      `data ${name}: ${grouped(train.count)} training and ${grouped(test.count)} test examples (${source}); seed ${network.seed}, batch ${batch}, backend ${backend}`,
    );
  }
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
          reportRun(terminal, voice, entry, result, reused);
        },
        onEvent: (entry, event) => {
          if (event.event === 'start' && voice === 'people') {
            terminal.print(`\n${terminal.colour.bold(entry.name)}  ${terminal.colour.dim(entry.path)}`);
          }
          const { configuration, name } = entry;
          progress ??= new RunProgress(terminal, { voice, configuration, fields: { setting: name } });
          progress.event(event);
        },
      },
    );
    if (outcome.status === 'interrupted') {
      (progress as RunProgress | null)?.end();
      const { step, entry } = outcome;
      if (voice === 'json') {
        terminal.json({ event: 'interrupted', setting: entry.name, step, run: entry.path, resume });
      }
      terminal.note(
        `stopped in "${entry.name}" at step ${grouped(step)} with a checkpoint; go on with: ${resume}`,
      );
      return null;
    }
    await finishComparison(terminal, { title, out, voice }, outcome.rows);
    return outcome.rows;
  } finally {
    (progress as RunProgress | null)?.end();
  }
}

function reportRun(
  terminal: Terminal,
  voice: Voice,
  { name, path }: ComparisonEntry,
  result: RunResult,
  reused: boolean,
): void {
  if (voice === 'json') terminal.json({ event: 'run', setting: name, run: path, reused, ...result });
  if (voice === 'people' && reused) {
    terminal.print(`\n${terminal.colour.bold(name)}  done before, not repeated: ${path}`);
  }
}

/** Prints the tables of a comparison and, where there is a folder for them, writes chart and page. */
export async function finishComparison(
  terminal: Terminal,
  { title, out, voice }: { title: string; out: string | null; voice: Voice },
  rows: readonly ComparisonRow[],
): Promise<void> {
  const files = out === null ? null : await writeCharts(out, title, rows);
  if (voice === 'json') {
    const runs = rows.map(({ name, path, result }) => ({ setting: name, run: path, ...result }));
    terminal.json({ event: 'done', runs, ...files });
    return;
  }
  const { bold } = terminal.colour;
  terminal.print(`\n${bold(title)}\n\n${resultsText(terminal, rows)}\n`);
  const swallowed = swallowedText(terminal, rows);
  if (swallowed !== null) {
    terminal.print(
      `${bold('Swallowed updates')}: not zero before rounding, parameter unchanged; share of all updates\n\n${swallowed}\n`,
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
    ['setting', 'test error', 'training error', 'training loss', 'steps', 'steps/s', 'digest'],
    rows.map(({ name, result }) => [
      name,
      percentText(result.testErrorPercent),
      percentText(result.trainErrorPercent),
      lossText(result.loss),
      grouped(result.steps),
      result.stepsPerSecond.toFixed(1),
      result.digest.slice(0, 12),
    ]),
    'lrrrrrl',
  );
}

function swallowedText(terminal: Terminal, rows: readonly ComparisonRow[]): string | null {
  const counted = rows.filter(({ result }) => result.swallowed.length > 0);
  const parameters = [
    ...new Set(counted.flatMap(({ result }) => result.swallowed.map((rate) => rate.parameter))),
  ];
  if (parameters.length === 0) return null;
  const cells = parameters.map((parameter) => [
    parameter,
    ...counted.map(({ result }) => {
      const found = result.swallowed.find((rate) => rate.parameter === parameter);
      return found === undefined ? '-' : percentText(100 * found.rate);
    }),
  ]);
  const head = ['parameter', ...counted.map(({ name }) => name)];
  return tableText(terminal, head, cells, 'l' + 'r'.repeat(counted.length));
}

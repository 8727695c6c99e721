/** Trains what is left of the paper's figures and draws them: what `fewbit reproduce` does. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DATA_NAMES, type LoadedData } from '../../../data/node/index.js';
import {
  completeConfiguration,
  figureCells,
  figureEntries,
  figureMarkdown,
  FIGURE_NOTE,
  figureHtml,
  figureRows,
  figureSvg,
  usedData,
  type Figure,
  type FigureEntry,
  type FigureRun,
  type ReproductionOptions,
  type RunResult,
  resultRow,
  testErrorOf,
} from '../../../experiment/index.js';
import { checkEntries, runComparison, writeWhole } from '../../../experiment/store/index.js';
import { checkNetwork } from '../../options/check-network.js';
import { openData } from '../../shared/open-data.js';
import type { Interrupt } from '../../console/interrupt.js';
import type { pngRenderer } from '../../console/png.js';
import { RunProgress } from '../../console/progress.js';
import { isWorthReport, reportPath, writeReport } from '../../shared/write-report.js';
import { tableText } from '../../console/table.js';
import { errorText, grouped, type Terminal } from '../../console/terminal.js';
import { Work } from './work.js';

export interface ReproductionRequest extends ReproductionOptions {
  readonly figures: readonly Figure[];
  readonly out: string;
  /** The command that makes it again, for the pages. */
  readonly command: string;
}

/** A figure and its runs. */
interface Task {
  readonly figure: Figure;
  readonly entries: readonly FigureEntry[];
}

type Renderer = Awaited<ReturnType<typeof pngRenderer>>;

/** Returns false after an interruption (and prints how to continue). */
export async function reproduce(
  terminal: Terminal,
  request: ReproductionRequest,
  interrupt: Interrupt,
): Promise<boolean> {
  const { out, seeds } = request;
  const tasks: Task[] = request.figures.map((figure) => ({
    figure,
    entries: figureEntries(figure, request, (recipe, name) => join(out, recipe, name)),
  }));
  // Mistakes show before anything is fetched or written.
  const all = tasks.flatMap(({ entries }) => entries);
  for (const { configuration, seed } of all) if (seed === seeds[0]) checkNetwork(configuration);
  checkEntries(all);
  const data = await openAll(terminal, all, interrupt.signal);
  const work = new Work(all, (entry) => usedData(entry.configuration, data(entry)).train.count);
  const { pngRenderer } = await import('../../console/png.js');
  const render = await pngRenderer();
  for (const { figure, entries } of tasks) {
    terminal.say(`\n${terminal.colour.bold(figure.title)}`);
    const runs: FigureRun[] = [];
    for (const seed of seeds) {
      const own = entries.filter((entry) => entry.seed === seed);
      const done = await runSeed(terminal, { figure, entries: own }, { work, data, interrupt });
      if (done === null) return false;
      runs.push(...done);
      // After every seed, so that there is something to look at before the last one.
      await drawFigure(terminal, request, figure, runs, render, seed === seeds.at(-1));
    }
  }
  return true;
}

/** All data that the runs need, each once; before anything is trained. */
async function openAll(
  terminal: Terminal,
  entries: readonly FigureEntry[],
  signal: AbortSignal,
): Promise<(entry: FigureEntry) => LoadedData> {
  const opened = new Map<string, LoadedData>();
  // Only data that is drawn, or has no separate test part, depends on the seed.
  const key = ({ configuration: { data }, seed }: FigureEntry): string =>
    data !== 'synthetic' && DATA_NAMES.includes(data) ? data : `${data} ${seed}`;
  for (const entry of entries) {
    if (opened.has(key(entry))) continue;
    opened.set(key(entry), await openData(terminal, entry.configuration, signal));
  }
  return (entry) => {
    const data = opened.get(key(entry));
    if (!data) throw new Error(`internal: no data for ${entry.path}`);
    return data;
  };
}

/** The finished runs of one seed; null after an interruption. */
async function runSeed(
  terminal: Terminal,
  { figure, entries }: Task,
  {
    work,
    data,
    interrupt,
  }: {
    readonly work: Work;
    readonly data: (entry: FigureEntry) => LoadedData;
    readonly interrupt: Interrupt;
  },
): Promise<FigureRun[] | null> {
  const [first] = entries;
  if (!first) return [];
  const loaded = data(first);
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  let progress: RunProgress | null = null;
  const end = (): void => {
    progress?.end();
    progress = null;
  };
  try {
    const outcome = await runComparison(
      entries.map(({ name, path, configuration }) => ({
        name,
        path,
        configuration: completeConfiguration({ ...configuration, dataDigest: loaded.digest }),
      })),
      {
        data: loaded,
        now: () => performance.now(),
        signal: interrupt.signal,
        onEvent: ({ path, configuration }, event) => {
          const entry = byPath.get(path);
          if (!entry) return;
          if (event.event === 'start') {
            work.start(entry, event.step, performance.now());
            const { bold, dim } = terminal.colour;
            terminal.say(`\n${bold(`${figure.name}: ${entry.name}`)}  ${dim(path)}`);
          }
          if (event.event === 'step') work.step(entry);
          progress ??= new RunProgress(terminal, {
            configuration,
            fields: { figure: figure.name, setting: entry.setting.name, seed: entry.seed },
            overall: () => work.text(performance.now()),
          });
          progress.event(event);
        },
        onResult: ({ path }, result, reused) => {
          end();
          const entry = byPath.get(path);
          if (entry) reportRun(terminal, figure, entry, result, reused);
        },
      },
    );
    if (outcome.status === 'interrupted') {
      end();
      const { entry, step } = outcome;
      const resume = 'the same command';
      terminal.json({ event: 'interrupted', figure: figure.name, step, run: entry.path, resume });
      terminal.stopped(
        `stopped in ${figure.name}, "${entry.name}", at step ${grouped(step)} with a checkpoint; continue with: ${resume}`,
      );
      return null;
    }
    for (const { path, metrics } of outcome.rows) {
      if (!isWorthReport(metrics) || existsSync(reportPath(path))) continue;
      await writeReport(path, { data: loaded });
    }
    return outcome.rows.flatMap((row) => {
      const entry = byPath.get(row.path);
      return entry ? [{ ...row, setting: entry.setting, seed: entry.seed }] : [];
    });
  } finally {
    end();
  }
}

function reportRun(
  terminal: Terminal,
  { name: figure }: Figure,
  { name, path, setting, seed }: FigureEntry,
  result: RunResult,
  reused: boolean,
): void {
  terminal.json({
    event: 'run',
    figure,
    setting: setting.name,
    seed,
    run: path,
    reused,
    ...resultRow(result),
  });
  if (reused) {
    terminal.say(
      `\n${terminal.colour.bold(`${figure}: ${name}`)}  test error ${errorText(testErrorOf(result))}; done before, not repeated: ${path}`,
    );
  }
}

/** Writes pictures, table and page; shows the table once all seeds are there. */
async function drawFigure(
  terminal: Terminal,
  { out, command }: ReproductionRequest,
  figure: Figure,
  runs: readonly FigureRun[],
  render: Renderer,
  isLast: boolean,
): Promise<void> {
  const { name } = figure;
  const rows = figureRows(figure, runs);
  mkdirSync(out, { recursive: true });
  for (const [mode, file] of [
    ['light', name],
    ['dark', `${name}-dark`],
  ] as const) {
    const svg = await figureSvg(figure, rows, mode);
    writeWhole(out, `${file}.svg`, svg);
    writeWhole(out, `${file}.png`, render(svg));
  }
  writeWhole(out, `${name}.md`, figureMarkdown(figure, rows, runs, { picture: `${name}.svg`, command }));
  writeWhole(out, `${name}.html`, await figureHtml(figure, rows, runs, { command }));
  if (!isLast) return;
  const path = (end: string): string => join(out, `${name}${end}`);
  const settings = rows.map(({ setting, seeds, diverged, testErrorPercent, trainErrorPercent, ...row }) => ({
    ...{ setting: setting.name, seeds, diverged, testErrorPercent, trainErrorPercent },
    ...{ paper: setting.paper, difference: row.difference, seconds: row.seconds },
    ...{ lost: row.lost, swallowed: row.swallowed, flushed: row.flushed, digest: row.digest },
  }));
  const files = { svg: path('.svg'), png: path('.png'), markdown: path('.md'), html: path('.html') };
  terminal.json({ event: 'figure', figure: name, settings, ...files });
  const cells = figureCells(figure, rows);
  terminal.print(`\n${terminal.colour.bold(figure.title)}\n`);
  terminal.print(
    tableText(terminal, cells.head, cells.rows, figure.against === 'paper' ? 'lrlrrrrrl' : 'lrrrrrrl'),
  );
  terminal.say(`\n${FIGURE_NOTE}`);
  terminal.print(
    `\nchart ${path('.svg')}, ${path('.png')} (dark: ${name}-dark.svg, ${name}-dark.png)\ntable ${path('.md')}\npage  ${path('.html')}`,
  );
}

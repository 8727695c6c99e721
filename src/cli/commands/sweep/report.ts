/** What a sweep prints: its runs before it begins, what happens in it, and how it ended. */
import { dirname, join } from 'node:path';
import {
  differingFields,
  stateCounts,
  summaryErrors,
  summaryRow,
  valueText,
  type RunSummary,
  type SweepRun,
} from '../../../experiment/index.js';
import {
  isRunFolder,
  runLog,
  summarizeRun,
  summarizeRuns,
  sweepRunPath,
} from '../../../experiment/store/index.js';
import { byTestError, runsTable } from '../../shared/runs-table.js';
import { shellCommand } from '../../console/shell.js';
import { tableText } from '../../console/table.js';
import { durationText, errorText, grouped, type Terminal } from '../../console/terminal.js';
import type { RequestedSweep } from './definition.js';
import type { SweepListener } from './drive.js';
import type { SweepProgress } from './progress.js';

/** Longer tables are for `fewbit runs list`. */
const MAX_ROWS = 30;

/** Lists the runs that a sweep makes, and what there is of them. */
export function printPreview(terminal: Terminal, { out, expansion }: RequestedSweep): void {
  const { runs, repeated } = expansion;
  const stateOf = (run: SweepRun): string => {
    const path = sweepRunPath(out, run);
    return isRunFolder(path) ? summarizeRun(path).state : 'planned';
  };
  for (const run of runs) terminal.json({ event: 'run', state: stateOf(run), ...run });
  const fields = [...new Set(runs.flatMap(({ values }) => Object.keys(values)))];
  const rows = runs.map((run, index) => [
    String(index + 1),
    ...fields.map((field) => {
      const value = run.values[field];
      return value === undefined ? '-' : valueText(value);
    }),
    stateOf(run),
    run.name,
  ]);
  terminal.print(
    tableText(terminal, ['', ...fields, 'state', 'folder'], rows, `r${'l'.repeat(fields.length + 2)}`),
  );
  terminal.print(`\n${runsText(runs.length)} in ${out}${repeatedText(repeated)}`);
}

function runsText(count: number): string {
  return count === 1 ? '1 run' : `${grouped(count)} runs`;
}

function repeatedText(repeated: number): string {
  return repeated === 0
    ? ''
    : ` (${grouped(repeated)} more points are the same as one of these, and are left out)`;
}

/** Reports what happens in a sweep. */
export class SweepReport implements SweepListener {
  readonly #terminal: Terminal;
  readonly #request: RequestedSweep;
  readonly #progress: SweepProgress;
  readonly #begun = performance.now();
  readonly #warned = new Set<string>();
  #hasWorked = false;

  constructor(terminal: Terminal, request: RequestedSweep, progress: SweepProgress) {
    this.#terminal = terminal;
    this.#request = request;
    this.#progress = progress;
  }

  /** @param how the engine, in words */
  begin(engine: string, how: string): void {
    const { out, expansion } = this.#request;
    const { runs, repeated } = expansion;
    this.#terminal.json({ event: 'start', out, runs: runs.length, engine });
    const { bold } = this.#terminal.colour;
    this.#terminal.say(`${bold('sweep')}  ${out}: ${runsText(runs.length)}${repeatedText(repeated)}, ${how}`);
  }

  readonly onWave: SweepListener['onWave'] = (tasks, decisions) => {
    this.#hasWorked = true;
    const [first] = tasks;
    const until = first?.untilEpoch ?? null;
    const before = [...decisions.values()].filter(({ kind }) => kind === 'done').length;
    if (before > 0 && tasks.length > 0 && until === null && this.#request.definition.halving === undefined) {
      this.#terminal.say(`${runsText(before)} done before, not repeated`);
    }
    this.#progress.start(until === null ? 'runs' : `to epoch ${until}`, tasks);
  };

  readonly onEnd: SweepListener['onEnd'] = (task) => {
    this.#progress.ended(task);
    const summary = summarizeRun(task.path);
    const { name, label } = task.run;
    this.#terminal.json({ event: 'run', name, label, ...summaryRow(summary, []) });
    this.#terminal.say(`${task.run.label}  ${this.#figures(summary)}`);
  };

  readonly onPruned: SweepListener['onPruned'] = ({ name, label }, pruned) => {
    this.#terminal.json({ event: 'pruned', name, label, ...pruned });
    const { epochs, errorPercent, place, runs, kept } = pruned;
    this.#terminal.say(
      this.#terminal.colour.dim(
        `${label}  pruned after epoch ${epochs}: ${errorText(errorPercent)}, place ${place} of ${runs}, ${kept} continue`,
      ),
    );
  };

  readonly onFailure: SweepListener['onFailure'] = ({ name, label }, problem) => {
    this.#terminal.json({ event: 'failed', name, label, problem });
    this.#terminal.error(`run "${label}": ${problem}`);
  };

  readonly onNote = (text: string): void => {
    this.#terminal.note(text);
  };

  readonly onQueued: SweepListener['onQueued'] = (tasks, arrays, limit) => {
    const { out } = this.#request;
    this.#terminal.json({ event: 'queued', runs: tasks, jobs: arrays, limit });
    const atOnce = limit === null ? '' : `, at most ${limit} at a time`;
    this.#terminal.say(
      `queued ${runsText(tasks)} as Slurm job${arrays.length === 1 ? '' : 's'} ${arrays.join(', ')}${atOnce}; cancel with: ${shellCommand('fewbit', 'sweep', out, '--cancel')}`,
    );
  };

  /** The first of a kind: a sweep may have hundreds, and every one of them is in the log of its run. */
  readonly onWarning: SweepListener['onWarning'] = ({ run, path }, { kind, message }) => {
    this.#terminal.json({ event: 'warning', name: run.name, label: run.label, kind, message });
    if (this.#warned.has(kind)) return;
    this.#warned.add(kind);
    this.#terminal.warn(
      `run "${run.label}": ${message} (for other runs see the logs in ${dirname(runLog(path))})`,
    );
  };

  readonly onState: SweepListener['onState'] = (running, waiting) => {
    this.#progress.state(running, waiting);
  };

  interrupted(engine: string): void {
    const { out } = this.#request;
    const sweep = shellCommand('fewbit', 'sweep', out);
    const resume = `${sweep}${engine === 'slurm' ? ' --engine slurm' : ''}`;
    this.end();
    this.#terminal.json({ event: 'interrupted', out, resume });
    this.#terminal.stopped(
      engine === 'slurm'
        ? `jobs that were not cancelled continue; follow them with: ${resume}; cancel them with: ${sweep} --cancel`
        : `stopped, every run with a checkpoint; continue with: ${resume}`,
    );
  }

  /** Prints the results, and where the report is, if there is one; returns how many runs failed. */
  done(report: string | null): number {
    this.end();
    const { out } = this.#request;
    const summaries = summarizeRuns(out);
    const failed = summaries.filter(({ state }) => state === 'failed').length;
    const fields = differingFields(summaries.flatMap(({ configuration }) => configuration ?? []));
    const index = join(out, 'index.json');
    this.#terminal.json({
      event: 'done',
      out,
      failed,
      runs: summaries.map((one) => summaryRow(one, fields)),
      index,
      ...(report !== null && { report }),
    });
    const sorted = byTestError(summaries);
    this.#terminal.print(`\n${runsTable(this.#terminal, sorted.slice(0, MAX_ROWS), fields, null)}\n`);
    if (sorted.length > MAX_ROWS)
      this.#terminal.print(
        `... ${grouped(sorted.length - MAX_ROWS)} more: ${shellCommand('fewbit', 'runs', 'list', out)}`,
      );
    const time = this.#hasWorked
      ? ` in ${durationText((performance.now() - this.#begun) / 1000)}`
      : ', nothing was left to do';
    this.#terminal.say(
      `${stateCounts(summaries)}${time}; runs in ${out}, one folder each\nindex ${index}\n${report === null ? `report: ${shellCommand('fewbit', 'report', out)}` : `report ${report}`}`,
    );
    return failed;
  }

  /** Takes down what is drawn. */
  end(): void {
    this.#progress.stop();
  }

  #figures(summary: RunSummary): string {
    const { testErrorPercent, trainErrorPercent, epochs, digest } = summary;
    const errors = summaryErrors(summary);
    const { bold, dim } = this.#terminal.colour;
    return [
      ...(testErrorPercent === null ? [] : [`test error ${bold(errorText(errors.test))}`]),
      ...(trainErrorPercent === null ? [] : [`training error ${errorText(errors.train)}`]),
      digest === null ? `epoch ${epochs}` : dim(digest.slice(0, 12)),
    ].join('  ');
  }
}

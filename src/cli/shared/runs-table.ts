/** Tables of runs: state, the fields in which they differ, how far they are and how well they do. */
import { runFields, summaryErrors, type RunSummary } from '../../experiment/index.js';
import { compareFigures } from '../../numerics/index.js';
import { tableText } from '../console/table.js';
import { errorText, grouped, type Terminal } from '../console/terminal.js';

/** One row per run; `name` gives its name, if that is shown. */
export function runsTable(
  terminal: Terminal,
  summaries: readonly RunSummary[],
  fields: readonly string[],
  name: ((summary: RunSummary) => string) | null,
): string {
  return tableText(
    terminal,
    [
      ...(name === null ? [] : ['run']),
      'state',
      ...fields,
      'epoch',
      'step',
      'test error',
      'training error',
      'digest',
    ],
    summaries.map((summary) => {
      const { configuration, epochs, steps, digest } = summary;
      const texts = configuration === null ? {} : runFields(configuration);
      return [
        ...(name === null ? [] : [name(summary)]),
        stateText(terminal, summary),
        ...fields.map((field) => texts[field] ?? '-'),
        String(epochs),
        grouped(steps),
        summary.testErrorPercent === null ? '-' : errorText(summaryErrors(summary).test),
        summary.trainErrorPercent === null ? '-' : errorText(summaryErrors(summary).train),
        digest?.slice(0, 12) ?? '-',
      ];
    }),
    `${name === null ? '' : 'l'}l${'l'.repeat(fields.length)}rrrrl`,
  );
}

function stateText({ colour }: Terminal, { state }: RunSummary): string {
  switch (state) {
    case 'done':
      return colour.green(state);
    case 'failed':
    case 'damaged':
      return colour.red(state);
    case 'running':
      return colour.cyan(state);
    case 'stopped':
    case 'pruned':
    case 'planned':
      return colour.dim(state);
  }
}

/** Runs that are done first, the best of them at the top; then the others, likewise; what has no error, or one that is not a number, comes last. */
export function byTestError(summaries: readonly RunSummary[]): RunSummary[] {
  const isOpen = ({ state }: RunSummary): number => (state === 'done' ? 0 : 1);
  return [...summaries].sort(
    (a, b) => isOpen(a) - isOpen(b) || compareFigures(summaryErrors(a).test, summaryErrors(b).test),
  );
}

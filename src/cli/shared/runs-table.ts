/** Tables of runs: state, the fields in which they differ, how far they are and how well they do. */
import { runFields, type RunSummary } from '../../experiment/index.js';
import { tableText } from '../console/table.js';
import { grouped, percentText, type Terminal } from '../console/terminal.js';

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
      const { configuration, epochs, steps, testErrorPercent, trainErrorPercent, digest } = summary;
      const texts = configuration === null ? {} : runFields(configuration);
      return [
        ...(name === null ? [] : [name(summary)]),
        stateText(terminal, summary),
        ...fields.map((field) => texts[field] ?? '-'),
        String(epochs),
        grouped(steps),
        testErrorPercent === null ? '-' : percentText(testErrorPercent),
        trainErrorPercent === null ? '-' : percentText(trainErrorPercent),
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

/** Runs that are done first, the best of them at the top; then the others, likewise; what has no error comes last. */
export function byTestError(summaries: readonly RunSummary[]): RunSummary[] {
  const isOpen = ({ state }: RunSummary): number => (state === 'done' ? 0 : 1);
  const error = ({ testErrorPercent }: RunSummary): number => testErrorPercent ?? 101;
  return [...summaries].sort((a, b) => isOpen(a) - isOpen(b) || error(a) - error(b));
}

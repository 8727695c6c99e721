/** The range analysis as rows of a table, and as one HTML page. */
import {
  htmlPage,
  NARROW_THEME,
  noteText,
  PAGE_THEME,
  section,
  textTable,
  bothWidths,
} from '../draw/page.js';
import { shareText } from '../draw/text.js';
import type { RangeAnalysis, TensorRange } from './range-analysis.js';
import { octaveAxis, octaveShares, rangeChart } from './range-chart.js';

/** Head of the table, which has one row per tensor. */
export const RANGE_COLUMNS = [
  'tensor',
  'format',
  'median',
  'largest',
  'headroom',
  'saturated',
  'flushed',
  'swallowed',
] as const;

/** The rows below RANGE_COLUMNS. */
export function rangeRows({ tensors }: RangeAnalysis): string[][] {
  return tensors.map(
    ({ name, format, median, headroomBits, bins, saturated, flushed, swallowed, notFinite }) => {
      const largest = bins.at(-1);
      return [
        name,
        format,
        median === null ? '-' : `2^${median}`,
        notFinite > 0 ? 'not finite' : largest === undefined ? '-' : `2^${largest.exponent}`,
        headroomBits === null ? '-' : String(headroomBits),
        shareText(saturated),
        shareText(flushed),
        swallowed === null ? '-' : shareText(swallowed),
      ];
    },
  );
}

const LEVELS = ' ▁▂▃▄▅▆▇█';

/** A histogram of one line, `[` and `]` around the format's window; and the octaves that the lines begin and end with. */
export function rangeLines({ tensors }: RangeAnalysis): { lines: string[]; low: number; high: number } {
  const axis = octaveAxis(tensors);
  return { ...axis, lines: tensors.map((tensor) => line(tensor, octaveShares(tensor, axis), axis.low)) };
}

function line({ il, fl }: TensorRange, shares: readonly number[], low: number): string {
  const largest = Math.max(...shares, 0.01);
  const marks = shares.map((share, i) => {
    const level = share === 0 ? 0 : Math.max(1, Math.round((8 * share) / largest));
    const exponent = low + i;
    return `${exponent === -fl ? '[' : ''}${LEVELS[level] ?? ' '}${exponent === il - 2 ? ']' : ''}`;
  });
  return marks.join('');
}

/** How the numbers came about, in a sentence. */
export function rangeOrigin({
  arithmetic,
  data,
  seed,
  batch,
  firstStep,
  lastStep,
  observed,
}: RangeAnalysis): string {
  const steps = `${observed} of the training steps ${firstStep + 1} to ${lastStep} on ${data}, batch ${batch}, seed ${seed}`;
  return arithmetic === 'float32'
    ? `Trained in float32 and compared with the formats: ${steps}. The rates are what each format would do to these values.`
    : `The run in its own formats, continued from its checkpoint: magnitudes of ${steps}. The rates are the counters of all these steps.`;
}

/** The whole page. */
export function rangePage(analysis: RangeAnalysis): string {
  const head = [
    'Tensor',
    'Format',
    'Median',
    'Largest',
    'Headroom, bits',
    'Saturated',
    'Flushed',
    'Swallowed',
  ];
  const sections = [
    noteText(rangeOrigin(analysis)),
    bothWidths(rangeChart(analysis, PAGE_THEME), rangeChart(analysis, NARROW_THEME)),
    '<p>Each histogram counts non-zero magnitudes by octave. The window is what the format holds, from one step to its largest number. Headroom counts the integer bits that the largest magnitude left unused; they could be fraction bits.</p>',
    section('All tensors', textTable({ head, rows: rangeRows(analysis) })),
    noteText(RATES_NOTE),
  ];
  return htmlPage(`Ranges of ${analysis.name}`, sections.join('\n'));
}

/** What the rates of a tensor count. */
export const RATES_NOTE =
  'Saturated: outside of the format. Flushed: not zero before rounding, zero after it. Swallowed: an update that was non-zero and left its parameter unchanged.';

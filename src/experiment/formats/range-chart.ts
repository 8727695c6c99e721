/** The ranges of a network's tensors as small multiples: one histogram each over log2 of the magnitude, all on one axis, with the format's window. */
import { framedChart } from '../draw/frame.js';
import { patchEntry, type LegendEntry } from '../draw/legend.js';
import { fixed, moved, svgText } from '../draw/svg.js';
import { countOf, sum } from '../draw/text.js';
import { colourOf, LIGHT_THEME, type ChartTheme } from '../draw/theme.js';
import type { RangeAnalysis, TensorRange } from './range-analysis.js';

/** Histograms beside each other are at least this wide. */
const LEAST = 170;
const MOST_COLUMNS = 4;
const GAP = 18;
const CELL_TITLE = 34;
const BARS = 74;
const CELL = CELL_TITLE + BARS + 40;
/** Colours in the theme: inside the window, above it, below it. */
const INSIDE = 0;
const ABOVE = 1;
const BELOW = 4;

/** The axis that all histograms share, in octaves; its lower end has all that lies below 2^-40. */
export interface OctaveAxis {
  readonly low: number;
  readonly high: number;
}

const LOWEST_SHOWN = -40;

/** From the lowest to the highest octave that a tensor or a window has. */
export function octaveAxis(tensors: readonly TensorRange[]): OctaveAxis {
  const exponents = tensors.flatMap(({ bins, il, fl }) => [
    ...bins.map(({ exponent }) => exponent),
    -fl,
    il - 2,
  ]);
  const low = Math.max(Math.min(...exponents, 0), LOWEST_SHOWN);
  return { low, high: Math.max(...exponents, low + 1) };
}

/** Share of the non-zero elements in each octave of the axis; the first has all that lies below, the last all above. */
export function octaveShares({ bins }: TensorRange, { low, high }: OctaveAxis): number[] {
  const shares = new Array<number>(high - low + 1).fill(0);
  const total = sum(bins.map(({ count }) => count));
  for (const { exponent, count } of bins) {
    shares[Math.min(Math.max(exponent, low), high) - low]! += count / total;
  }
  return shares;
}

/** The figure as a whole SVG document. */
export function rangeChart({ name, tensors }: RangeAnalysis, theme: ChartTheme = LIGHT_THEME): string {
  const axis = octaveAxis(tensors);
  return framedChart(`Magnitudes of ${name}'s tensors`, legendOf(theme), theme, (inner) => {
    const columns = Math.min(Math.floor((inner + GAP) / (LEAST + GAP)), MOST_COLUMNS);
    const width = (inner - GAP * (columns - 1)) / columns;
    const cells = tensors.map((tensor, index) =>
      moved(
        (index % columns) * (width + GAP),
        Math.floor(index / columns) * CELL,
        cell(tensor, axis, width, theme),
      ),
    );
    return { svg: cells.join(''), height: Math.ceil(tensors.length / columns) * CELL };
  });
}

function legendOf(theme: ChartTheme): LegendEntry[] {
  return [
    patchEntry(theme, 'inside the format', INSIDE),
    patchEntry(theme, 'too large: saturates', ABOVE),
    patchEntry(theme, 'below one step: flushed, or kept on average', BELOW),
    {
      name: "the format's window",
      key: `<rect y="-5.5" width="22" height="11" ${windowStyle(theme)}/>`,
      width: 22,
    },
  ];
}

function windowStyle(theme: ChartTheme): string {
  return `fill="${theme.grid}" fill-opacity="0.55" stroke="${theme.muted}" stroke-dasharray="2,2"`;
}

function cell(tensor: TensorRange, axis: OctaveAxis, width: number, theme: ChartTheme): string {
  const { name, format, il, fl, headroomBits } = tensor;
  const shares = octaveShares(tensor, axis);
  const octave = width / shares.length;
  const largest = Math.max(...shares, 0.01);
  const at = (exponent: number): number => (exponent - axis.low) * octave;
  const bottom = CELL_TITLE + BARS;
  const bars = shares.map((share, i) => {
    if (share === 0) return '';
    const exponent = axis.low + i;
    const colour = exponent < -fl ? BELOW : exponent > il - 2 ? ABOVE : INSIDE;
    // A single element among millions is still seen.
    const tall = Math.max((share / largest) * (BARS - 6), 1.2);
    return `<rect x="${fixed(at(exponent) + 0.6)}" y="${fixed(bottom - tall)}" width="${fixed(Math.max(octave - 1.2, 1))}" height="${fixed(tall)}" fill="${colourOf(theme, colour)}"/>`;
  });
  const [left, right] = [at(-fl), at(il - 1)];
  const ticks = octaveTicks(axis).map((exponent) =>
    svgText(
      at(exponent),
      bottom + 14,
      `2${superscript(exponent)}`,
      `font-size="10.5" text-anchor="middle" fill="${theme.muted}"`,
    ),
  );
  const headroom =
    headroomBits === null
      ? 'all zero'
      : headroomBits >= 0
        ? `${countOf(headroomBits, 'bit')} of headroom`
        : `${countOf(-headroomBits, 'bit')} short`;
  return (
    svgText(0, 12, name, `font-size="12" font-weight="600" fill="${theme.ink}"`) +
    svgText(0, 27, `${format}, ${headroom}`, `font-size="11" fill="${theme.muted}"`) +
    `<rect x="${fixed(left)}" y="${CELL_TITLE}" width="${fixed(right - left)}" height="${BARS}" ${windowStyle(theme)}/>` +
    bars.join('') +
    `<path d="M0,${bottom}h${fixed(width)}" stroke="${theme.muted}"/>` +
    ticks.join('')
  );
}

function superscript(exponent: number): string {
  const digits = '⁰¹²³⁴⁵⁶⁷⁸⁹';
  return String(exponent).replace(/./g, (sign) => (sign === '-' ? '⁻' : (digits[Number(sign)] ?? '')));
}

/** Every eighth octave, well inside of the axis. */
function octaveTicks({ low, high }: OctaveAxis): number[] {
  const step = 8;
  const first = Math.ceil((low + 1) / step) * step;
  return Array.from({ length: Math.floor((high - first) / step) + 1 }, (_, i) => first + i * step);
}

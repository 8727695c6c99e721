/** The ranges of a network's tensors as small multiples: one histogram each over log2 of the magnitude, all on one axis, with the format's window. */
import { escaped, LIGHT_THEME, type ChartTheme } from '../draw/theme.js';
import type { RangeAnalysis, TensorRange } from './range-analysis.js';

const WIDTH = 960;
const FRAME = 28;
const COLUMNS = 4;
const GAP = 18;
const CELL_TITLE = 34;
const BARS = 74;
const CELL = CELL_TITLE + BARS + 40;
/** Colours in the theme: inside the window, above it, below it. */
const INSIDE = 0;
const ABOVE = 1;
const BELOW = 4;

/** The axis that all histograms share, in octaves; what lies below 2^-40 is piled up at its end. */
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
  const total = bins.reduce((sum, { count }) => sum + count, 0);
  for (const { exponent, count } of bins) {
    shares[Math.min(Math.max(exponent, low), high) - low]! += count / total;
  }
  return shares;
}

/** The figure as a whole SVG document. */
export function rangeChart(analysis: RangeAnalysis, theme: ChartTheme = LIGHT_THEME): string {
  const { tensors } = analysis;
  const frame = theme.framed ? FRAME : 0;
  const axis = octaveAxis(tensors);
  const inner = WIDTH - 2 * frame;
  const width = (inner - GAP * (COLUMNS - 1)) / COLUMNS;
  const top = frame + (theme.framed ? 26 : 0);
  const cellsTop = top + 34;
  const rows = Math.ceil(tensors.length / COLUMNS);
  const height = cellsTop + rows * CELL + frame / 2;
  const title = `Magnitudes of ${analysis.name}'s tensors`;
  const cells = tensors.map((tensor, index) => {
    const x = frame + (index % COLUMNS) * (width + GAP);
    const y = cellsTop + Math.floor(index / COLUMNS) * CELL;
    return `<g transform="translate(${fixed(x)},${fixed(y)})">${cell(tensor, axis, width, theme)}</g>`;
  });
  const head = theme.framed
    ? `<rect width="100%" height="100%" fill="${theme.background}"/>` +
      text(frame, frame + 12, title, `font-size="18" font-weight="600" fill="${theme.ink}"`)
    : '';
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}"` +
    ` font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif" font-size="12"` +
    ` role="img" aria-label="${escaped(title)}"><title>${escaped(title)}</title>${head}` +
    `<g transform="translate(${frame},${top})">${legend(theme)}</g>${cells.join('')}</svg>\n`
  );
}

function legend(theme: ChartTheme): string {
  const entries = [
    { name: 'inside the format', colour: INSIDE },
    { name: 'too large: saturates', colour: ABOVE },
    { name: 'below one step: flushed, or kept on average', colour: BELOW },
  ];
  let x = 0;
  const drawn = entries.map(({ name, colour }) => {
    const entry =
      `<rect x="${x}" y="3" width="11" height="11" fill="${theme.series[colour] ?? theme.ink}"/>` +
      text(x + 17, 13, name, `fill="${theme.ink}"`);
    x += 40 + 6.6 * name.length;
    return entry;
  });
  return (
    drawn.join('') +
    `<rect x="${x}" y="3" width="22" height="11" ${windowStyle(theme)}/>` +
    text(x + 28, 13, "the format's window", `fill="${theme.ink}"`)
  );
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
    return `<rect x="${fixed(at(exponent) + 0.6)}" y="${fixed(bottom - tall)}" width="${fixed(Math.max(octave - 1.2, 1))}" height="${fixed(tall)}" fill="${theme.series[colour] ?? theme.ink}"/>`;
  });
  const [left, right] = [at(-fl), at(il - 1)];
  const ticks = octaveTicks(axis).map((exponent) =>
    text(
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
        ? `${headroomBits} bit${headroomBits === 1 ? '' : 's'} of headroom`
        : `${-headroomBits} bit${headroomBits === -1 ? '' : 's'} short`;
  return (
    text(0, 12, name, `font-weight="600" fill="${theme.ink}"`) +
    text(0, 27, `${format}, ${headroom}`, `font-size="11" fill="${theme.muted}"`) +
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

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${fixed(x)}" y="${fixed(y)}" ${attributes}>${escaped(content)}</text>`;
}

function fixed(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** Error above float32 against bits along the search for formats: what was kept, what was put back, and float32 with the budget above it. */
import type { Advice } from './advice.js';
import {
  chartTools,
  colourOf,
  escaped,
  fixed,
  FONT_SIZE,
  FONTS,
  LIGHT_THEME,
  markerPath,
  svgText,
  type ChartTheme,
} from '../draw/theme.js';
import { perElement, signed } from './advice-table.js';
import type { Trial } from './narrowing.js';

const WIDTH = 960;
const FRAME = 28;
const PLOT_HEIGHT = 400;
const LEFT = 52;
const RIGHT = 120;
const TOP = 12;
const BOTTOM = 44;
/** Places in the theme's colours. */
const KEPT = 0;
const BACK = 1;
const FLOAT32 = 7;

/** The axis ends so many budgets above float32; what is higher lies on its end. */
const HIGHEST = 3;
/** Lines of the grid per budget. */
const TICKS = 2;

/** The figure as a whole SVG document. */
export async function adviceChart(advice: Advice, theme: ChartTheme = LIGHT_THEME): Promise<string> {
  const { trials, groups, request, chosen } = advice;
  const { plot: Plot, parseHTML } = await chartTools();
  const { document } = parseHTML('<html></html>');
  const frame = theme.framed ? FRAME : 0;
  const width = WIDTH - 2 * frame;
  const { budget } = request;
  const best = Math.min(0, ...trials.map(({ difference }) => difference));
  const lowest = Math.max(Math.floor((TICKS * best) / budget), -HIGHEST * TICKS);
  const ticks = Array.from(
    { length: HIGHEST * TICKS - lowest + 1 },
    (_, i) => ((lowest + i) * budget) / TICKS,
  );
  const y = { low: ticks[0] ?? 0, high: HIGHEST * budget };
  const bitsOf = ({ bits }: Trial): number => perElement(groups, bits);
  const all = trials.map(bitsOf);
  const [low, high] = [Math.floor(Math.min(...all)), Math.ceil(Math.max(...all))];
  const kept = trials.filter((trial) => trial.kept);
  const drawn = ({ difference }: Trial): number => Math.max(Math.min(difference, y.high), y.low);
  const lines = [
    { value: 0, text: 'float32', dash: '7 5' },
    { value: budget, text: 'budget', dash: '2 4' },
  ];
  const plot = Plot.plot({
    ...{ document, width, height: PLOT_HEIGHT },
    ...{ marginTop: TOP, marginLeft: LEFT, marginBottom: BOTTOM, marginRight: RIGHT },
    style: { fontSize: `${FONT_SIZE}px`, color: theme.muted, background: 'none' },
    x: {
      domain: [high, low === high ? low - 1 : low],
      label: 'Bits per stored element of a training step, mean',
      labelAnchor: 'center',
      labelArrow: 'none',
      tickFormat: (tick: number) => String(tick),
      ticks: Math.min(high - low, 14),
      tickSize: 4,
    },
    y: { domain: [y.low, y.high], label: null, axis: null },
    marks: [
      Plot.gridY(ticks, { stroke: theme.grid, strokeOpacity: 1 }),
      Plot.text(ticks, {
        ...{ y: (tick: number) => tick, text: (tick: number) => signed(tick), frameAnchor: 'left' as const },
        ...{ textAnchor: 'end' as const, dx: -9, fill: theme.muted },
      }),
      ...lines.map(({ value, dash }) =>
        Plot.ruleY([value], { stroke: colourOf(theme, FLOAT32), strokeDasharray: dash }),
      ),
      Plot.lineY(kept, {
        ...{ x: bitsOf, y: drawn },
        ...{ stroke: colourOf(theme, KEPT), strokeWidth: 2 },
      }),
    ],
  });
  for (const style of plot.querySelectorAll('style')) style.remove();
  const [xScale, yScale] = [plot.scale('x'), plot.scale('y')];
  if (!xScale || !yScale) throw new Error('internal: chart: the plot has no axes');
  const place = (trial: Trial): [number, number] => [
    Number(xScale.apply(bitsOf(trial))),
    Number(yScale.apply(drawn(trial))),
  ];
  const crosses = trials
    .filter((trial) => !trial.kept)
    .map((trial) => {
      const [x, top] = place(trial);
      return `M${fixed(x)},${fixed(top)}m-3.5,-3.5l7,7m0,-7l-7,7`;
    });
  const dots = kept.map((trial) => markerPath(0, ...place(trial)));
  const advised = trials.filter(({ number }) => number === chosen).map(place);
  // Two lines close to each other: their texts still need a line each.
  const heights = lines.map(({ value }) => Number(yScale.apply(value)));
  const apart = Math.max(0, 15 - ((heights[0] ?? 0) - (heights[1] ?? 0))) / 2;
  const labels = lines.map(({ text }, i) =>
    svgText(
      width - RIGHT + 8,
      (heights[i] ?? 0) + 4.5 + (i === 0 ? apart : -apart),
      text,
      `fill="${theme.muted}"`,
    ),
  );
  const body =
    plot.outerHTML +
    `<path class="back" d="${crosses.join('')}" stroke="${colourOf(theme, BACK)}" stroke-width="1.8" fill="none"/>` +
    `<path class="kept" d="${dots.join('')}" fill="${colourOf(theme, KEPT)}"/>` +
    advised
      .map(
        ([x, top]) =>
          `<circle class="advised" cx="${fixed(x)}" cy="${fixed(top)}" r="8" fill="none" stroke="${theme.ink}" stroke-width="1.8"/>`,
      )
      .join('') +
    labels.join('');
  const legendTop = theme.framed ? frame + 26 : 0;
  const top = legendTop + 34;
  const height = top + PLOT_HEIGHT + frame / 2;
  const title = `${advice.configuration.network.name ?? 'network'}: held-out error less that of float32, in points, against bits`;
  const head = theme.framed
    ? `<rect width="100%" height="100%" fill="${theme.background}"/>` +
      svgText(frame, frame + 12, title, `font-size="18" font-weight="600" fill="${theme.ink}"`)
    : '';
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}"` +
    ` font-family="${FONTS}" font-size="${FONT_SIZE}" role="img" aria-label="${escaped(title)}"><title>${escaped(title)}</title>` +
    `${head}<g transform="translate(${frame},${legendTop})">${legend(theme)}</g>` +
    `<g transform="translate(${frame},${top})">${body}</g></svg>\n`
  );
}

function legend(theme: ChartTheme): string {
  const text = (x: number, content: string): string => svgText(x, 14.5, content, `fill="${theme.ink}"`);
  return (
    `<path d="M0,10h30" stroke="${colourOf(theme, KEPT)}" stroke-width="2"/><path d="${markerPath(0, 15, 10)}" fill="${colourOf(theme, KEPT)}"/>` +
    text(38, 'kept') +
    `<path d="M108,10m-3.5,-3.5l7,7m0,-7l-7,7" stroke="${colourOf(theme, BACK)}" stroke-width="1.8"/>` +
    text(122, 'put back; at the upper edge: or higher') +
    `<circle cx="408" cy="10" r="8" fill="none" stroke="${theme.ink}" stroke-width="1.8"/>` +
    text(423, 'advised')
  );
}

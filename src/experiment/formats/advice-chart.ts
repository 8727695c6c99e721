/** Error above float32 against bits along the search for formats: what was kept, what was put back, and float32 with the budget above it. */
import { clamped, nearTicks, type Axis } from '../draw/axis.js';
import { framedChart } from '../draw/frame.js';
import { lineEntry, type LegendEntry } from '../draw/legend.js';
import { chartTools, drawPanel, lineMarks } from '../draw/panel.js';
import { CHARACTER, crossPath, fixed, markerPath, svgText } from '../draw/svg.js';
import { signed } from '../draw/text.js';
import { colourOf, LIGHT_THEME, type ChartTheme } from '../draw/theme.js';
import { perElement } from './advice-table.js';
import type { Advice } from './advice.js';

const HEIGHT = 400;
const RIGHT = 80;
/** Places in the theme's colours. */
const KEPT = 0;
const BACK = 1;
const FLOAT32 = 7;
/** Radius of the circle around the advised trial, and half the width of a cross. */
const ADVISED = 8;
const CROSS = 3.5;

/** The axis ends at this many budgets above float32; what is higher lies on its end. */
const HIGHEST = 3;
/** Lines of the grid per budget. */
const TICKS = 2;

/** The figure as a whole SVG document. */
export async function adviceChart(advice: Advice, theme: ChartTheme = LIGHT_THEME): Promise<string> {
  const tools = await chartTools();
  const title = `${advice.configuration.network.name ?? 'network'}: held-out error less that of float32, in points, against bits`;
  return framedChart(title, legendOf(theme), theme, (width) => {
    const { trials, groups, request, chosen } = advice;
    const y = differenceAxis(advice);
    const places = trials.map((trial) => ({
      ...{ x: perElement(groups, trial.bits), y: trial.difference, trial },
    }));
    const kept = places.filter(({ trial }) => trial.kept);
    const lines = [
      { value: 0, text: 'float32', dash: '7 5' },
      { value: request.budget, text: 'budget', dash: '2 4' },
    ];
    const marks = [
      ...lines.map(({ value, dash }) =>
        tools.Plot.ruleY([value], { stroke: colourOf(theme, FLOAT32), strokeDasharray: dash }),
      ),
      ...lineMarks(tools, kept, y, { stroke: colourOf(theme, KEPT) }),
    ];
    const longest = Math.max(...y.ticks.map((tick) => signed(tick).length));
    const margins = { top: 12, right: RIGHT, bottom: 44, left: 18 + CHARACTER * longest };
    const x = bitAxis(places.map((place) => place.x));
    const { svg, xOf, yOf } = drawPanel(tools, { width, height: HEIGHT, margins, x, y, marks }, theme);
    const drawn = (
      of: readonly { x: number; y: number }[],
      path: (left: number, top: number) => string,
    ): string => of.map((place) => path(xOf(place.x), yOf(clamped(y, place.y)))).join('');
    const back = places.filter(({ trial }) => !trial.kept);
    const advised = places.filter(({ trial }) => trial.number === chosen);
    // Two lines close to each other: their texts still need a line each.
    const [zero = 0, budget = 0] = lines.map(({ value }) => yOf(value));
    const apart = Math.max(0, 15 - (zero - budget)) / 2;
    const labels = lines.map(({ text }, i) =>
      svgText(
        width - RIGHT + 8,
        (i === 0 ? zero + apart : budget - apart) + 4.5,
        text,
        `fill="${theme.muted}"`,
      ),
    );
    return {
      svg:
        svg +
        `<g class="back">${backPath(
          drawn(back, (left, top) => crossPath(left, top, CROSS)),
          theme,
        )}</g>` +
        `<path class="kept" d="${drawn(kept, (left, top) => markerPath(0, left, top))}" fill="${colourOf(theme, KEPT)}"/>` +
        `<g class="advised">${drawn(advised, (left, top) => advisedCircle(left, top, theme))}</g>` +
        labels.join(''),
      height: HEIGHT,
    };
  });
}

function differenceAxis({ trials, request: { budget } }: Advice): Axis {
  const best = Math.min(0, ...trials.map(({ difference }) => difference));
  const lowest = Math.max(Math.floor((TICKS * best) / budget), -HIGHEST * TICKS);
  const count = HIGHEST * TICKS - lowest + 1;
  const ticks = Array.from({ length: count }, (_, i) => ((lowest + i) * budget) / TICKS);
  return { type: 'linear', low: ticks[0] ?? 0, high: HIGHEST * budget, ticks, text: signed };
}

/** From many bits to few. */
function bitAxis(bits: readonly number[]): Axis {
  const most = Math.ceil(Math.max(...bits));
  const least = Math.min(Math.floor(Math.min(...bits)), most - 1);
  return {
    ...{ type: 'linear', low: most, high: least, lines: 'ticks' },
    ticks: nearTicks(least, most, Math.min(most - least, 14)),
    label: 'Bits per stored element of a training step, mean',
  };
}

function backPath(path: string, theme: ChartTheme): string {
  return `<path d="${path}" stroke="${colourOf(theme, BACK)}" stroke-width="1.8" fill="none"/>`;
}

function advisedCircle(x: number, y: number, { ink }: ChartTheme): string {
  return `<circle cx="${fixed(x)}" cy="${fixed(y)}" r="${ADVISED}" fill="none" stroke="${ink}" stroke-width="1.8"/>`;
}

function legendOf(theme: ChartTheme): LegendEntry[] {
  return [
    lineEntry(theme, 'kept', { colour: KEPT, marker: 0 }),
    {
      name: 'put back; at the upper edge: or higher',
      key: backPath(crossPath(CROSS, 0, CROSS), theme),
      width: 2 * CROSS,
    },
    {
      name: 'advised',
      key: advisedCircle(ADVISED, 0, theme),
      width: 2 * ADVISED,
    },
  ];
}

// The curves of the scaling part as one SVG: time of a step by batch and by width, and how much faster threads make it.
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { median } from './statistics.mjs';

const WIDTH = 960;
const FRAME = 24;
const GAP = 20;
const TOP = 92;
const PANEL_HEIGHT = 320;
const HEIGHT = TOP + PANEL_HEIGHT + 16;
const INK = '#1f2328';
const MUTED = '#59636e';
const GRID = '#d8dee4';
/** As in the charts of comparisons. */
const COLOURS = { dnn: '#0969b2', lenet: '#c2410c', cifar: '#0f7b5f' };
const DASHES = '5 4';

const milliseconds = (seconds) => 1000 * median(seconds.filter((value) => value !== undefined));

function text(x, y, content, attributes) {
  return `<text x="${x}" y="${y}" ${attributes}>${content}</text>`;
}

/** One pair of axes; `lines` are `{ network, dashed, points: [{ x, y }] }`. */
function panel({ width, x, y, lines, marks = [] }) {
  const { document } = parseHTML('<html></html>');
  const plot = Plot.plot({
    document,
    width,
    height: PANEL_HEIGHT,
    marginTop: 14,
    marginLeft: 46,
    marginRight: 14,
    marginBottom: 42,
    style: { fontSize: '12px', color: MUTED, background: 'none' },
    x: { labelAnchor: 'center', labelArrow: 'none', tickSize: 4, ...x },
    y: { label: null, tickSize: 0, ...y },
    marks: [
      Plot.gridY(y.ticks, { stroke: GRID, strokeOpacity: 1 }),
      ...marks,
      ...lines.flatMap(({ network, dashed, points }) => {
        const stroke = COLOURS[network];
        return [
          Plot.lineY(points, {
            x: 'x',
            y: 'y',
            stroke,
            strokeWidth: 2,
            ...(dashed && { strokeDasharray: DASHES }),
          }),
          Plot.dot(points, { x: 'x', y: 'y', r: 3, fill: stroke }),
        ];
      }),
    ],
  });
  for (const style of plot.querySelectorAll('style')) style.remove();
  return plot.outerHTML;
}

/** Decades from below the least value to above the largest. */
function decades(lines) {
  const values = lines.flatMap(({ points }) => points.map(({ y }) => y));
  const [low, high] = [Math.min(...values), Math.max(...values)].map(Math.log10);
  const first = Math.floor(low);
  return Array.from({ length: Math.ceil(high) - first + 1 }, (_, i) => 10 ** (first + i));
}

/** Lines by network and number of threads, in the order in which they come. */
function linesOf(points, along) {
  const lines = new Map();
  for (const { network = 'dnn', threads, seconds, ...point } of points) {
    const key = `${network} ${threads}`;
    if (!lines.has(key)) lines.set(key, { network, dashed: threads > 1, points: [] });
    lines.get(key).points.push({ x: point[along], y: milliseconds(seconds) });
  }
  return [...lines.values()];
}

/** A panel of times, both axes logarithmic. */
function timePanel(width, points, along, label, ticks) {
  const lines = linesOf(points, along);
  const levels = decades(lines);
  return panel({
    width,
    lines,
    x: { type: 'log', base: 2, label, ticks, tickFormat: String },
    y: { type: 'log', domain: [levels[0], levels.at(-1)], ticks: levels, tickFormat: String },
  });
}

function threadsPanel(width, points) {
  const most = Math.max(...points.map(({ threads }) => threads));
  const lines = [...new Set(points.map(({ network }) => network))].map((network) => ({
    network,
    dashed: false,
    points: points
      .filter((point) => point.network === network)
      .map(({ threads, speedUp }) => ({ x: threads, y: speedUp.median })),
  }));
  const counts = [...new Set(points.map(({ threads }) => threads))];
  const top = Math.max(most, ...lines.flatMap((line) => line.points.map(({ y }) => y)));
  const ideal = [1, most].map((threads) => ({ threads }));
  return panel({
    width,
    lines,
    marks: [Plot.lineY(ideal, { x: 'threads', y: 'threads', stroke: MUTED, strokeDasharray: '2 3' })],
    x: { label: 'Threads', ticks: counts, tickFormat: String },
    y: { domain: [0, top], ticks: counts, tickFormat: String },
  });
}

function legend(networks, most) {
  let x = FRAME;
  const entry = (name, stroke, dashes) => {
    const line = `<path d="M${x},50h24" stroke="${stroke}" stroke-width="2" stroke-dasharray="${dashes}"/>`;
    const label = text(x + 31, 54.5, name, `fill="${INK}"`);
    x += 31 + 7.5 * name.length + 22;
    return line + label;
  };
  return [
    ...networks.map((network) => entry(network, COLOURS[network], 'none')),
    ...(most > 1 ? [entry('1 thread', MUTED, 'none'), entry(`${most} threads`, MUTED, DASHES)] : []),
    ...(most > 1 ? [entry('as many times as threads', MUTED, '2 3')] : []),
  ].join('');
}

/** The chart as a whole SVG document. */
export async function scalingChart({ batches, widths, threads }) {
  const width = (WIDTH - 2 * FRAME - 2 * GAP) / 3;
  const networks = [...new Set(batches.map(({ network }) => network))];
  const most = Math.max(...batches.map((point) => point.threads));
  const sizes = [...new Set(widths.map(({ units }) => units))];
  const panels = [
    [
      'Time of a step by batch, ms',
      timePanel(width, batches, 'batch', 'Examples in a batch', [1, 8, 64, 512]),
    ],
    [
      'Time of a step by width, ms',
      timePanel(width, widths, 'units', 'Units of the hidden layers (dnn)', sizes),
    ],
    ['Times as fast as one thread', threadsPanel(width, threads)],
  ].map(([title, svg], index) => {
    const x = FRAME + index * (width + GAP);
    const heading = text(x, TOP - 8, title, `font-weight="600" fill="${INK}"`);
    return `${heading}<g transform="translate(${x},${TOP})">${svg}</g>`;
  });
  const title = 'Scaling of a training step';
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}"` +
    ` font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif" font-size="13" role="img" aria-label="${title}">` +
    `<title>${title}</title><rect width="100%" height="100%" fill="#ffffff"/>` +
    text(FRAME, 30, title, `font-size="18" font-weight="600" fill="${INK}"`) +
    `${legend(networks, most)}${panels.join('')}</svg>\n`
  );
}

/**
 * Panels of measured points beside the lines of a theory, as one SVG: what the rounding study is drawn with. A point is
 * measured, a line is expected. Drawn by Observable Plot in a document of its own (linkedom); titles and legend are placed here.
 */
import { escaped, LIGHT_THEME, plotSvg, type ChartTheme } from './theme.js';

/** A point of a panel. */
export interface PanelPoint {
  readonly x: number;
  readonly y: number;
  /** Drawn from y - spread to y + spread. */
  readonly spread?: number;
}

/** One setting in a panel. */
export interface PanelSeries {
  readonly name: string;
  /** Position in the theme's colours: the same setting has the same colour in every panel. */
  readonly colour: number;
  readonly measured: readonly PanelPoint[];
  readonly theory: readonly PanelPoint[];
  /** Bounds rather than values: drawn dashed and thin. */
  readonly dashed?: boolean;
}

/** An axis; ticks are given because they say what is worth reading off. */
export interface PanelAxis {
  readonly label: string;
  readonly type: 'linear' | 'log';
  readonly domain: readonly [number, number];
  readonly ticks: readonly number[];
  readonly format?: (tick: number) => string;
}

/** One pair of axes. */
export interface Panel {
  readonly title: string;
  readonly x: PanelAxis;
  readonly y: PanelAxis;
  readonly series: readonly PanelSeries[];
}

/** A figure: panels side by side under one legend. */
export interface PanelFigure {
  /** File name without extension. */
  readonly name: string;
  readonly title: string;
  /** What to see in it, in a sentence or two. */
  readonly caption: string;
  readonly panels: readonly Panel[];
}

const WIDTH = 960;
const FRAME = 28;
const GAP = 28;
const PANEL_HEIGHT = 330;
const FONT_SIZE = 13;
/** Average advance of a character of the label's font. */
const CHARACTER = 7;
const LEGEND_LINE = 22;

interface Tools {
  readonly plot: typeof import('@observablehq/plot');
  readonly parseHTML: typeof import('linkedom').parseHTML;
}

/** The figure as a whole SVG document. */
export async function panelChart(figure: PanelFigure, theme: ChartTheme = LIGHT_THEME): Promise<string> {
  const [plot, { parseHTML }] = await Promise.all([import('@observablehq/plot'), import('linkedom')]);
  const tools: Tools = { plot, parseHTML };
  const frame = theme.framed ? FRAME : 0;
  const inner = WIDTH - 2 * frame;
  const legend = legendOf(figure, inner, theme);
  const legendTop = theme.framed ? frame + 26 : 0;
  const top = legendTop + legend.height + 14;
  const height = top + 24 + PANEL_HEIGHT + frame / 2;
  const width = (inner - GAP * (figure.panels.length - 1)) / figure.panels.length;
  const panels = figure.panels.map((panel, index) => {
    const x = frame + index * (width + GAP);
    return (
      text(x, top + 14, panel.title, `font-weight="600" fill="${theme.ink}"`) +
      `<g transform="translate(${fixed(x)},${top + 24})">${drawn(tools, panel, width, theme)}</g>`
    );
  });
  const head = theme.framed
    ? `<rect width="100%" height="100%" fill="${theme.background}"/>` +
      text(frame, frame + 12, figure.title, `font-size="18" font-weight="600" fill="${theme.ink}"`)
    : '';
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}"` +
    ` font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif" font-size="${FONT_SIZE}"` +
    ` role="img" aria-label="${escaped(figure.title)}"><title>${escaped(figure.title)}</title>` +
    `${head}<g transform="translate(${frame},${legendTop})">${legend.svg}</g>${panels.join('')}</svg>\n`
  );
}

function drawn({ plot: Plot, parseHTML }: Tools, panel: Panel, width: number, theme: ChartTheme): string {
  const { document } = parseHTML('<html></html>');
  const { x, y } = panel;
  const inside = (point: PanelPoint): boolean =>
    point.x >= x.domain[0] && point.x <= x.domain[1] && point.y >= y.domain[0] && point.y <= y.domain[1];
  const shown = (axis: PanelAxis, tick: number): string => axis.format?.(tick) ?? minus(String(tick));
  const svg = Plot.plot({
    document,
    width,
    height: PANEL_HEIGHT,
    marginTop: 12,
    marginRight: 12,
    marginLeft: 18 + CHARACTER * Math.max(...y.ticks.map((tick) => shown(y, tick).length)),
    marginBottom: 44,
    style: { fontSize: `${FONT_SIZE}px`, color: theme.muted, background: 'none' },
    x: {
      type: x.type,
      domain: [...x.domain],
      label: x.label,
      labelAnchor: 'center',
      labelArrow: 'none',
      axis: null,
    },
    y: { type: y.type, domain: [...y.domain], label: null, axis: null },
    marks: [
      Plot.gridY(y.ticks, { stroke: theme.grid, strokeOpacity: 1 }),
      // Not Plot's own tick labels: on a logarithmic scale it leaves some out.
      Plot.text(y.ticks, {
        y: (tick: number) => tick,
        text: (tick: number) => shown(y, tick),
        frameAnchor: 'left',
        textAnchor: 'end',
        dx: -8,
        fill: theme.muted,
      }),
      Plot.text(x.ticks, {
        x: (tick: number) => tick,
        text: (tick: number) => shown(x, tick),
        frameAnchor: 'bottom',
        lineAnchor: 'top',
        dy: 9,
        fill: theme.muted,
      }),
      Plot.text([x.label], { frameAnchor: 'bottom', lineAnchor: 'top', dy: 28, fill: theme.ink }),
      ...panel.series.flatMap((series) => {
        const stroke = colour(theme, series.colour);
        // A logarithmic axis has no zero: where theory or measurement is zero, nothing is drawn.
        const line = series.theory.map((point) => ({ x: point.x, y: inside(point) ? point.y : NaN }));
        return [
          Plot.lineY(line, {
            x: 'x',
            y: 'y',
            stroke,
            strokeWidth: series.dashed ? 1.2 : 1.8,
            ...(series.dashed && { strokeDasharray: '4,3' }),
          }),
          Plot.ruleX(
            series.measured.filter((point) => inside(point) && point.spread !== undefined),
            {
              x: 'x',
              y1: (point: PanelPoint) => Math.max(point.y - (point.spread ?? 0), y.domain[0]),
              y2: (point: PanelPoint) => Math.min(point.y + (point.spread ?? 0), y.domain[1]),
              stroke,
              strokeOpacity: 0.55,
              strokeWidth: 1.5,
            },
          ),
          Plot.dot(series.measured.filter(inside), { x: 'x', y: 'y', r: 3.6, fill: stroke }),
        ];
      }),
    ],
  });
  return plotSvg(svg);
}

/** One entry for each name, in the order of first appearance. */
function legendOf(
  { panels }: PanelFigure,
  available: number,
  theme: ChartTheme,
): { readonly svg: string; readonly height: number } {
  const entries = new Map<string, PanelSeries>();
  for (const { series } of panels)
    for (const one of series) entries.set(one.name, entries.get(one.name) ?? one);
  let x = 0;
  let y = 0;
  const drawnEntries = [...entries.values()].map((series) => {
    const width = 34 + CHARACTER * series.name.length + 22;
    if (x > 0 && x + width > available) {
      x = 0;
      y += LEGEND_LINE;
    }
    const stroke = colour(theme, series.colour);
    const dash = series.dashed ? ' stroke-dasharray="4,3" stroke-width="1.2"' : ' stroke-width="1.8"';
    const dot =
      series.measured.length > 0 ? `<circle cx="${x + 12}" cy="${y + 10}" r="3.6" fill="${stroke}"/>` : '';
    const line = series.theory.length > 0 ? `<path d="M${x},${y + 10}h24" stroke="${stroke}"${dash}/>` : '';
    const entry = line + dot + text(x + 32, y + 14.5, series.name, `fill="${theme.ink}"`);
    x += width;
    return entry;
  });
  return { svg: drawnEntries.join(''), height: y + LEGEND_LINE };
}

function colour(theme: ChartTheme, index: number): string {
  return theme.series[index % theme.series.length] ?? theme.ink;
}

function minus(number: string): string {
  return number.replace('-', '\u2212');
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${fixed(x)}" y="${fixed(y)}" ${attributes}>${escaped(content)}</text>`;
}

function fixed(value: number): string {
  return String(Math.round(value * 100) / 100);
}

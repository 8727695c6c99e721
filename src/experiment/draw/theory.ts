/** Panels of measured points beside the lines of a theory: what the rounding study is drawn with. A point is measured, a line is expected. */
import { tickText, type Axis } from './axis.js';
import { columns, framedChart } from './frame.js';
import type { LegendEntry } from './legend.js';
import { chartTools, drawPanel, lineMarks, type ChartTools, type PanelPoint } from './panel.js';
import { CHARACTER } from './svg.js';
import { colourOf, LIGHT_THEME, type ChartTheme } from './theme.js';

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

/** One pair of axes. */
export interface TheoryPanel {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly PanelSeries[];
}

/** A figure: panels side by side under one legend. */
export interface PanelFigure {
  /** File name without extension. */
  readonly name: string;
  readonly title: string;
  /** What to see in it, in a sentence or two. */
  readonly caption: string;
  readonly panels: readonly TheoryPanel[];
}

const HEIGHT = 330;
const LEGEND_LINE = 24;
const DOT = 3.6;

/** The figure as a whole SVG document. */
export async function panelChart(figure: PanelFigure, theme: ChartTheme = LIGHT_THEME): Promise<string> {
  const tools = await chartTools();
  return framedChart(figure.title, legendOf(figure, theme), theme, (width) =>
    columns(
      figure.panels.map((panel) => ({
        title: panel.title,
        draw: (own) => ({ svg: drawn(tools, panel, own, theme), height: HEIGHT }),
      })),
      width,
      theme,
    ),
  );
}

function styleOf({ colour, dashed = false }: PanelSeries, theme: ChartTheme) {
  return { stroke: colourOf(theme, colour), width: dashed ? 1.2 : 1.8, ...(dashed && { dash: '4,3' }) };
}

function drawn(tools: ChartTools, panel: TheoryPanel, width: number, theme: ChartTheme): string {
  const { Plot } = tools;
  const { x, y } = panel;
  const isInside = (axis: Axis, value: number): boolean => value >= axis.low && value <= axis.high;
  // A logarithmic axis has no zero: if theory or measurement is zero, nothing is drawn.
  const isShown = (point: PanelPoint): boolean =>
    isInside(x, point.x) && point.y !== null && isInside(y, point.y);
  const marks = panel.series.flatMap((series) => {
    const style = styleOf(series, theme);
    const { stroke } = style;
    const shown = series.measured.filter(isShown);
    return [
      ...lineMarks(
        tools,
        series.theory.map((point) => (isShown(point) ? point : { x: point.x, y: null })),
        y,
        style,
      ),
      Plot.ruleX(
        shown.filter(({ range }) => range !== undefined),
        {
          x: 'x',
          y1: ({ range }: PanelPoint) => Math.max(range?.[0] ?? NaN, y.low),
          y2: ({ range }: PanelPoint) => Math.min(range?.[1] ?? NaN, y.high),
          ...{ stroke, strokeOpacity: 0.55, strokeWidth: 1.5 },
        },
      ),
      Plot.dot(shown, { x: 'x', y: 'y', r: DOT, fill: stroke }),
    ];
  });
  const longest = Math.max(...y.ticks.map((tick) => (y.text ?? tickText)(tick).length));
  const margins = { top: 12, right: 12, bottom: 44, left: 18 + CHARACTER * longest };
  return drawPanel(tools, { width, height: HEIGHT, margins, x, y, marks }, theme).svg;
}

/** One entry for each name, in the order of first appearance. */
function legendOf({ panels }: PanelFigure, theme: ChartTheme): LegendEntry[] {
  const all = panels.flatMap(({ series }) => series);
  const first = all.filter(({ name }, i) => all.findIndex((other) => other.name === name) === i);
  return first.map((series) => {
    const { stroke, width, dash } = styleOf(series, theme);
    const dashes = dash === undefined ? '' : ` stroke-dasharray="${dash}"`;
    const line = `<path d="M0,0h${LEGEND_LINE}" stroke="${stroke}" stroke-width="${width}"${dashes}/>`;
    const dot = `<circle cx="${LEGEND_LINE / 2}" cy="0" r="${DOT}" fill="${stroke}"/>`;
    return {
      name: series.name,
      key: (series.theory.length > 0 ? line : '') + (series.measured.length > 0 ? dot : ''),
      width: LEGEND_LINE,
    };
  });
}

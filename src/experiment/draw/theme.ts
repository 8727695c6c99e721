/** The colours of charts: for a separate file, light or dark; a page passes variables (page.ts). */

/** Colours as CSS has them. */
export interface ChartTheme {
  /** A separate picture has a margin and the title; on a page the page has both. */
  readonly framed: boolean;
  /** Of a whole chart, pixels; default 960. */
  readonly width?: number;
  readonly background: string;
  readonly ink: string;
  readonly muted: string;
  readonly grid: string;
  /** Used in turn; distinct for people with colour-blindness as well. */
  readonly series: readonly string[];
}

/** For a separate file, on white. */
export const LIGHT_THEME: ChartTheme = {
  framed: true,
  background: '#ffffff',
  ink: '#1f2328',
  muted: '#59636e',
  grid: '#d8dee4',
  series: ['#0969b2', '#c2410c', '#0f7b5f', '#8250a8', '#9a6700', '#1b7c96', '#b3246b', '#57606a'],
};

/** For a separate file, in the dark. */
export const DARK_THEME: ChartTheme = {
  framed: true,
  background: '#14181d',
  ink: '#e6edf3',
  muted: '#9aa7b4',
  grid: '#323b45',
  series: ['#58a6ff', '#ff8f5a', '#3fc69b', '#c297f0', '#e3b341', '#4fc3dc', '#f778ba', '#a5b0ba'],
};

/** How a curve looks: places in the theme's colours and among the markers. */
export interface Look {
  readonly colour: number;
  readonly marker: number;
  readonly dashed?: boolean;
}

/** The colour at a place of the theme; ink for a negative place. */
export function colourOf(theme: ChartTheme, index: number): string {
  return theme.series[index % theme.series.length] ?? theme.ink;
}

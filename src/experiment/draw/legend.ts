/** The legend of a chart: names behind keys that look like what they name. Above a drawing, or as HTML of a page. */
import { CHARACTER, escaped, markerPath, moved, svgText, type Drawing } from './svg.js';
import { colourOf, type ChartTheme, type Look } from './theme.js';

/** A name, and its key as SVG from x = 0 on, around y = 0. */
export interface LegendEntry {
  readonly name: string;
  readonly key: string;
  /** Width of the key, pixels. */
  readonly width: number;
}

const LINE = 22;
const KEY_GAP = 8;
const ENTRY_GAP = 22;
const LINE_KEY = 30;

/** An entry whose key is a line with a marker. */
export function lineEntry(theme: ChartTheme, name: string, { colour, marker, dashed }: Look): LegendEntry {
  const paint = colourOf(theme, colour);
  const dashes = dashed === true ? ' stroke-dasharray="7 5"' : '';
  const line = `<path d="M0,0h${LINE_KEY}" stroke="${paint}" stroke-width="2"${dashes}/>`;
  return {
    name,
    width: LINE_KEY,
    key: `${line}<path d="${markerPath(marker, LINE_KEY / 2, 0)}" fill="${paint}"/>`,
  };
}

/** An entry whose key is a thin line. */
export function thinEntry(theme: ChartTheme, name: string, { colour }: Look): LegendEntry {
  const key = `<path d="M0,0h${LINE_KEY}" stroke="${colourOf(theme, colour)}" stroke-width="1.2" stroke-opacity="0.45"/>`;
  return { name, width: LINE_KEY, key };
}

/** An entry whose key is a marker alone. */
export function markerEntry(theme: ChartTheme, name: string, { colour, marker }: Look): LegendEntry {
  const key = `<path d="${markerPath(marker, 6, 0)}" fill="${colourOf(theme, colour)}"/>`;
  return { name, key, width: 12 };
}

/** An entry whose key is a patch of a colour. */
export function patchEntry(theme: ChartTheme, name: string, colour: number): LegendEntry {
  return { name, key: `<path d="M0,-6h12v12h-12Z" fill="${colourOf(theme, colour)}"/>`, width: 12 };
}

/** The entries in as many rows as they need. */
export function legend(entries: readonly LegendEntry[], available: number, theme: ChartTheme): Drawing {
  let x = 0;
  let y = 0;
  const drawn = entries.map(({ name, key, width }) => {
    const taken = width + KEY_GAP + CHARACTER * name.length + ENTRY_GAP;
    if (x > 0 && x + taken > available) {
      x = 0;
      y += LINE;
    }
    const entry = moved(x, y + 10, key) + svgText(x + width + KEY_GAP, y + 14.5, name, `fill="${theme.ink}"`);
    x += taken;
    return entry;
  });
  return { svg: drawn.join(''), height: entries.length === 0 ? 0 : y + LINE };
}

/** An entry as HTML: its key and its name. */
export function entryHtml({ name, key, width }: LegendEntry): string {
  return `<svg class="key" width="${width}" height="12" aria-hidden="true">${moved(0, 6, key)}</svg>${escaped(name)}`;
}

/** The entries as a paragraph of a page. */
export function legendHtml(entries: readonly LegendEntry[]): string {
  const spans = entries.map((entry) => `<span>${entryHtml(entry)}</span>`);
  return spans.length === 0 ? '' : `<p class="legend">${spans.join(' ')}</p>`;
}

/** Text, coordinates and markers as SVG: what charts place themselves, beside what Observable Plot draws. */

export const FONT_SIZE = 13;
export const FONTS = `system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif`;
/** Average advance of a character of the font; what is placed by it only needs to be wide enough. */
export const CHARACTER = 7;
export const BOLD_CHARACTER = 9;

/** Something drawn as SVG from 0, 0 on, and its height. */
export interface Drawing {
  readonly svg: string;
  readonly height: number;
}

/** A coordinate, to a hundredth of a pixel. */
export function fixed(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** Controls and halves of pairs, which no XML may hold, and changes of direction that would reach beyond a name. */
const FORBIDDEN = /(?![\t\n\r])[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069\ufffe\uffff]/gu;

/** XML or HTML without characters that XML forbids, whatever drew it. */
export function xmlCharacters(document: string): string {
  return document.replace(FORBIDDEN, '\ufffd');
}

/** Text as it may stand in XML and HTML, attributes included. */
export function escaped(content: string): string {
  return xmlCharacters(content).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A text element; y is its baseline. */
export function svgText(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${fixed(x)}" y="${fixed(y)}" ${attributes}>${escaped(content)}</text>`;
}

/** Moves a drawing. */
export function moved(x: number, y: number, svg: string): string {
  return `<g transform="translate(${fixed(x)},${fixed(y)})">${svg}</g>`;
}

/** Circle, square, triangle, diamond, triangle upside down: distinct without colour. */
const MARKERS: readonly ((x: string, y: string) => string)[] = [
  (x, y) => `M${x},${y}m-3.5,0a3.5,3.5 0 1,0 7,0a3.5,3.5 0 1,0 -7,0Z`,
  (x, y) => `M${x},${y}m-3.2,-3.2h6.4v6.4h-6.4Z`,
  (x, y) => `M${x},${y}m0,-4.4l4.3,7.5h-8.6Z`,
  (x, y) => `M${x},${y}m0,-4.6l4.6,4.6l-4.6,4.6l-4.6,-4.6Z`,
  (x, y) => `M${x},${y}m0,4.4l4.3,-7.5h-8.6Z`,
];

/** The outline of a marker around a point, to be filled. */
export function markerPath(index: number, x: number, y: number): string {
  const outline = MARKERS[index % MARKERS.length] ?? MARKERS[0]!;
  return outline(fixed(x), fixed(y));
}

/** A cross around a point, to be stroked; `size` is half its width. */
export function crossPath(x: number, y: number, size: number): string {
  return `M${fixed(x)},${fixed(y)}m-${size},-${size}l${2 * size},${2 * size}m0,-${2 * size}l-${2 * size},${2 * size}`;
}

/** Names beside the marks of a chart, none outside: each takes the first free place around its mark. */
import { CHARACTER, fixed, svgText } from './svg.js';
import type { ChartTheme } from './theme.js';

/** A mark with a name; earlier ones choose first. */
export interface LabelledMark {
  readonly x: number;
  readonly y: number;
  /** Radius of the mark. */
  readonly radius: number;
  readonly text: string;
}

/** A part of a drawing, pixels. */
export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** A name and the place that it has found. */
export interface PlacedLabel {
  readonly mark: LabelledMark;
  readonly box: Box;
}

/** Height of a name. */
const LINE = 15;
const GAP = 4;
/** Beside the mark, at the end of a leader line: how far, and the tops of the names from nearest on. */
const LEADER = 9;
const LEADER_TOPS = [-20, 6, -36, 22, -52, 38];

/**
 * Places names. Those without a free place are left out, or with `leads`, which allows lines to places further away, put over others. A name that is too wide for the area is left out.
 * @param area what names must stay inside of
 * @param taken boxes that must stay free besides the marks
 */
export function placeLabels(
  marks: readonly LabelledMark[],
  area: Box,
  { taken = [], leads = false }: { readonly taken?: readonly Box[]; readonly leads?: boolean } = {},
): PlacedLabel[] {
  const boxes: Box[] = [
    ...taken,
    ...marks.map(({ x, y, radius }) => ({
      ...{ left: x - radius, right: x + radius, top: y - radius, bottom: y + radius },
    })),
  ];
  return marks.flatMap((mark) => {
    const width = CHARACTER * mark.text.length;
    const places = leads ? besideMark(mark, width + 2) : aroundMark(mark, width);
    const inside = places.filter((place) => isInside(place, area));
    const free = inside.find((place) => !boxes.some((other) => overlap(place, other)));
    const box = free ?? (leads ? inside[0] : undefined);
    if (box === undefined) return [];
    boxes.push(box);
    return [{ mark, box }];
  });
}

/** Placed names as SVG, with lines to their marks if these are further away. */
export function labelsSvg(labels: readonly PlacedLabel[], theme: ChartTheme, leads = false): string {
  const texts = labels.map(({ mark, box }) => {
    const baseline = (box.top + box.bottom) / 2 + 4.5;
    if (!leads) return svgText(box.left, baseline, mark.text, `class="label" fill="${theme.ink}"`);
    const isRight = box.left > mark.x;
    const line = `M${fixed(mark.x)},${fixed(mark.y)}L${fixed(isRight ? box.left - 2 : box.right)},${fixed((box.top + box.bottom) / 2)}`;
    return (
      `<path d="${line}" stroke="${theme.muted}" stroke-opacity="0.6" fill="none"/>` +
      svgText(
        isRight ? box.left : box.right - 3,
        baseline,
        mark.text,
        `class="label" text-anchor="${isRight ? 'start' : 'end'}" fill="${theme.ink}"`,
      )
    );
  });
  return texts.join('');
}

/** Beside the mark, above and below it, at its corners; then the same a little further away. */
function aroundMark({ x, y, radius }: LabelledMark, width: number): Box[] {
  return [GAP, 3 * GAP].flatMap((gap) => {
    const away = radius + gap;
    const up = away + LINE / 2;
    const places = [
      [x + away, y],
      [x - away - width, y],
      [x - width / 2, y - up],
      [x - width / 2, y + up],
      [x + radius, y + up - 2],
      [x + radius, y - up + 2],
      [x - radius - width, y + up - 2],
      [x - radius - width, y - up + 2],
    ] as const;
    return places.map(([left, middle]) => boxOf(left, middle - LINE / 2, width));
  });
}

/** Right of the mark, then left of it, at growing heights. */
function besideMark({ x, y }: LabelledMark, width: number): Box[] {
  return [x + LEADER, x - LEADER - width].flatMap((left) =>
    LEADER_TOPS.map((top) => boxOf(left, y + top, width)),
  );
}

function boxOf(left: number, top: number, width: number): Box {
  return { left, right: left + width, top, bottom: top + LINE };
}

function isInside(box: Box, area: Box): boolean {
  return box.left >= area.left && box.right <= area.right && box.top >= area.top && box.bottom <= area.bottom;
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

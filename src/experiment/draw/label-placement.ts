/** Names beside the marks of a scatter chart, none over another and none outside: each takes the first free place around its mark. */

/** A mark with a name; earlier ones choose first. */
export interface LabelledMark {
  readonly x: number;
  readonly y: number;
  /** Radius of the mark. */
  readonly radius: number;
  readonly text: string;
}

/** Where the middle of a name's left end stands. */
export interface PlacedLabel {
  readonly text: string;
  readonly x: number;
  readonly y: number;
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const GAP = 4;

/**
 * Places what finds room; the others are left out.
 * @param area what names must stay inside of
 * @param taken boxes that must stay free besides the marks
 */
export function placeLabels(
  marks: readonly LabelledMark[],
  area: Box,
  { character, line }: { readonly character: number; readonly line: number },
  taken: readonly Box[] = [],
): PlacedLabel[] {
  const boxes: Box[] = [
    ...taken,
    ...marks.map(({ x, y, radius }) => ({
      left: x - radius,
      right: x + radius,
      top: y - radius,
      bottom: y + radius,
    })),
  ];
  const placed: PlacedLabel[] = [];
  for (const { x, y, radius, text } of marks) {
    const width = character * text.length;
    const box = candidates({ x, y, radius }, width, line).find(
      (place) => inside(place, area) && !boxes.some((other) => overlap(place, other)),
    );
    if (box === undefined) continue;
    boxes.push(box);
    placed.push({ text, x: box.left, y: (box.top + box.bottom) / 2 });
  }
  return placed;
}

/** Beside the mark, above and below it, at its corners; then the same a little further away. */
function candidates({ x, y, radius }: Omit<LabelledMark, 'text'>, width: number, line: number): Box[] {
  return [GAP, 3 * GAP].flatMap((gap) => {
    const away = radius + gap;
    const up = away + line / 2;
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
    return places.map(([left, middle]) => ({
      left,
      right: left + width,
      top: middle - line / 2,
      bottom: middle + line / 2,
    }));
  });
}

function inside(box: Box, area: Box): boolean {
  return box.left >= area.left && box.right <= area.right && box.top >= area.top && box.bottom <= area.bottom;
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

/** A tensor shape that breaks an operation's rule; the message names layer, rule, what was given and the way out. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';
}

/** Text of a shape: `[100, 24, 24, 8]`. */
export function shapeText(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

/** The error of this room, and the text of a shape for its messages. */
import { FewbitError } from '../numerics/index.js';

/** A tensor shape that breaks an operation's rule; the message names layer, rule, what was given and the way out. */
export class ShapeError extends FewbitError {
  override readonly name = 'ShapeError';
}

/** Text of a shape: `[100, 24, 24, 8]`. */
export function shapeText(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

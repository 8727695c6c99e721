/** Small readers shared by the layers that work on images. */
import { ShapeError, shapeText } from '../plan/index.js';
import type { Pair } from './configuration.js';
import type { Shape } from './layer.js';

/** The pair [vertical, horizontal] of a size given once or per axis. */
export function pair(size: Pair): readonly [number, number] {
  return typeof size === 'number' ? [size, size] : size;
}

/** The input shape as an image. */
export function imageShape(
  layer: string,
  shape: Shape,
): readonly [height: number, width: number, channels: number] {
  const [height, width, channels] = shape;
  if (shape.length !== 3 || height === undefined || width === undefined || channels === undefined) {
    throw new ShapeError(
      `${layer}: the input must be an image [height, width, channels], got ${shapeText(shape)}; give the network an image input, or move this layer before the first dense or flatten layer`,
    );
  }
  return [height, width, channels];
}

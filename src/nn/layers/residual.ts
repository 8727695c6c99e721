/** The sum at the end of a residual layer: the output of its layers plus that of its shortcut, rounded once. */
import { ShapeError, shapeText } from '../../plan/index.js';
import { activation, type Layer, type Shape } from '../layer.js';
import type { Settings } from '../settings.js';

/**
 * Its input is the end of the layers, and `emission.shortcut` is the end of the shortcut. Both receive the
 * error of the sum.
 */
export function residualLayer(
  name: string,
  settings: Settings,
  inputShape: Shape,
  shortcutShape: Shape,
): Layer {
  if (shapeText(inputShape) !== shapeText(shortcutShape)) {
    throw new ShapeError(
      `${name}: the layers and the shortcut must give one shape, got ${shapeText(inputShape)} and ${shapeText(shortcutShape)}; give it a shortcut such as a 1x1 convolution with the stride and channels of the layers`,
    );
  }
  const layer: Layer = {
    name,
    type: 'residual',
    settings,
    inputShape,
    outputShape: inputShape,
    parameters: [],
    forward: (input, emission) => {
      const { builder, shortcut } = emission;
      const output = activation(builder, layer);
      builder.add({ lhs: input, rhs: shortcut, out: output, ...emission.site('activation') });
      return { output, backward: (dOutput) => dOutput };
    },
  };
  return layer;
}

/** Makes the layers of a configuration; the only list of layer types. */
import type { LayerConfiguration } from '../configuration.js';
import type { Layer, Shape } from '../layer.js';
import type { Settings } from '../settings.js';
import { batchNormLayer } from './batch-norm.js';
import { conv2dLayer } from './conv2d.js';
import { denseLayer } from './dense.js';
import { dropoutLayer, flattenLayer, reluLayer } from './elementwise.js';
import { globalAveragePoolLayer, poolLayer } from './pool.js';
import { residualLayer } from './residual.js';

/**
 * The layer of a configuration entry, with sizes inferred from its input and, for a residual layer, its
 * shortcut's shape.
 */
export function makeLayer(
  name: string,
  entry: LayerConfiguration,
  settings: Settings,
  inputShape: Shape,
  shortcutShape: Shape,
): Layer {
  switch (entry.type) {
    case 'dense':
      return denseLayer(name, entry, settings, inputShape);
    case 'conv2d':
      return conv2dLayer(name, entry, settings, inputShape);
    case 'maxPool':
    case 'averagePool':
      return poolLayer(name, entry, settings, inputShape);
    case 'globalAveragePool':
      return globalAveragePoolLayer(name, settings, inputShape);
    case 'batchNorm':
      return batchNormLayer(name, entry, settings, inputShape);
    case 'residual':
      return residualLayer(name, settings, inputShape, shortcutShape);
    case 'relu':
      return reluLayer(name, settings, inputShape);
    case 'dropout':
      return dropoutLayer(name, entry, settings, inputShape);
    case 'flatten':
      return flattenLayer(name, settings, inputShape);
  }
}

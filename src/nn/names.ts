/**
 * The names of layers: a given name, or type and number in the order of the configuration. Residual layers
 * are numbered before those inside.
 */
import { checkArgument, FUNCTION, listOf, record } from '../numerics/arguments.js';
import type { LayerConfiguration } from './configuration.js';

const DEFAULT_NAMES: Readonly<Record<LayerConfiguration['type'], string>> = {
  dense: 'dense',
  conv2d: 'conv',
  maxPool: 'pool',
  averagePool: 'pool',
  globalAveragePool: 'pool',
  batchNorm: 'norm',
  residual: 'residual',
  relu: 'relu',
  dropout: 'dropout',
  flatten: 'flatten',
};

/**
 * Applies `change` to each layer, including those inside of residual layers, with the name that the layer has
 * in errors and plans.
 */
export function mapLayers(
  layers: readonly LayerConfiguration[],
  change: (layer: LayerConfiguration, name: string) => LayerConfiguration,
): LayerConfiguration[] {
  checkArgument('layers', layers, listOf(record('a layer')));
  checkArgument('layers: change', change, FUNCTION);
  const counts = new Map<string, number>();
  const map = (entries: readonly LayerConfiguration[]): LayerConfiguration[] =>
    entries.map((entry) => {
      const stem = DEFAULT_NAMES[entry.type];
      const count = (counts.get(stem) ?? 0) + 1;
      counts.set(stem, count);
      const name = entry.name ?? `${stem}${String(count)}`;
      if (entry.type !== 'residual') return change(entry, name);
      const inner = map(entry.layers);
      return change(
        { ...entry, layers: inner, ...(entry.shortcut && { shortcut: map(entry.shortcut) }) },
        name,
      );
    });
  return map(layers);
}

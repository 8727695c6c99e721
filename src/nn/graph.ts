/** The layers of a configuration in the order in which they run, each with its name and the layers it reads. */
import { InputTypeError } from '../numerics/index.js';
import type { LayerConfiguration, NetworkConfiguration } from './configuration.js';
import { mapLayers } from './names.js';

/** A layer in the order in which they run, with the layers it reads; -1 is the network's input. */
export interface Node {
  readonly name: string;
  readonly entry: LayerConfiguration;
  readonly input: number;
  /** The second summand of a residual layer; for all others the input. */
  readonly shortcut: number;
}

/**
 * Gives every layer its name and its inputs: `activation: 'relu'` becomes a separate layer; a residual layer
 * becomes the layers of its two paths, then the sum.
 */
export function layOutLayers(configuration: NetworkConfiguration): Node[] {
  const nodes: Node[] = [];
  const add = (name: string, entry: LayerConfiguration, input: number, shortcut = input): number =>
    nodes.push({ name, entry, input, shortcut }) - 1;
  const addPath = (entries: readonly LayerConfiguration[], from: number): number =>
    entries.reduce((input, entry) => {
      const name = entry.name!;
      let end: number;
      if (entry.type === 'residual') {
        const sum = addPath(entry.layers, input);
        end = add(name, entry, sum, addPath(entry.shortcut ?? [], input));
      } else {
        end = add(name, entry, input);
      }
      const relu = 'activation' in entry && entry.activation === 'relu';
      return relu ? add(`${name}.relu`, { type: 'relu' }, end) : end;
    }, from);
  addPath(
    mapLayers(configuration.layers, (entry, name) => ({ ...entry, name })),
    -1,
  );
  const seen = new Set<string>();
  for (const { name } of nodes) {
    if (seen.has(name) || name === 'loss' || name === 'inference') {
      throw new InputTypeError(
        `${name}: a layer's name must be its own (and not loss or inference); rename one of the layers`,
      );
    }
    seen.add(name);
  }
  return nodes;
}

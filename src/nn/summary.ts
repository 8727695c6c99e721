/** The text table of a network's layers. */
import { formatText, roundingText } from '../numerics/index.js';
import { elements } from '../plan/index.js';
import type { Layer } from './layer.js';

/** Elements of all parameters of these layers. */
export function parameterCount(layers: readonly Layer[]): number {
  return layers
    .flatMap(({ parameters }) => parameters)
    .reduce((count, { shape }) => count + elements(shape), 0);
}

/** A table of the layers: name, type, shapes, parameters, formats and rounding. */
export function summaryOf(layers: readonly Layer[], arithmetic: 'fixed' | 'float32'): string {
  const head = ['layer', 'type', 'input', 'output', 'parameters', 'weight', 'activation', 'rounding'];
  const rows = layers.map((layer) => {
    const count = parameterCount([layer]);
    const { formats, rounding } = layer.settings;
    const rounds = layer.type !== 'relu' && layer.type !== 'flatten' && layer.type !== 'maxPool';
    return [
      layer.name,
      layer.type,
      layer.inputShape.join('x'),
      layer.outputShape.join('x'),
      String(count),
      count > 0 ? formatText(formats.weight) : '-',
      rounds ? formatText(formats.activation) : '-',
      rounds && arithmetic === 'fixed' ? roundingText(rounding.activation) : '-',
    ];
  });
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd();
  return [line(head), ...rows.map(line), `${parameterCount(layers)} parameters`].join('\n');
}

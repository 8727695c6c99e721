/** Initial parameters, drawn from the counter generator at separate sites. Derived in docs/training.md. */
import { floatsToFixed, normalWeights, uniformWeights, type Key } from '../numerics/index.js';
import { elements, type Plan, type Tensor } from '../plan/index.js';
import type { WeightInit } from './configuration.js';
import type { Layer, Parameter } from './layer.js';

type Elements = Int16Array | Int32Array | Float32Array;

/** Real-valued weights, computed only with + - * / and sqrt, which every engine rounds alike. */
function draw(init: WeightInit, parameter: Parameter, key: Key, site: string): Float64Array {
  const count = elements(parameter.shape);
  if (init === 'he-normal')
    return normalWeights(key, site, count).map((z) => z * Math.sqrt(2 / parameter.fanIn));
  if (init === 'xavier-uniform') {
    const limit = Math.sqrt(6 / (parameter.fanIn + parameter.fanOut));
    return uniformWeights(key, site, count).map((z) => z * limit);
  }
  return init.distribution === 'normal'
    ? normalWeights(key, site, count).map((z) => z * init.deviation)
    : uniformWeights(key, site, count).map((z) => z * init.limit);
}

/** An array of one value, rounded to the format, in the tensor's storage. */
function filled(tensor: Tensor, value: number): Elements {
  const values = new Float64Array(elements(tensor.shape)).fill(value);
  const { format } = tensor;
  return format === null || format === 'float32'
    ? Float32Array.from(values)
    : floatsToFixed(values, format, 'nearest');
}

/**
 * Initial value of every parameter and update tensor of a plan, by tensor name: weights are drawn and rounded
 * to nearest; biases, updates and running means are zero; scales and running variances are one.
 */
export function initialParameters(layers: readonly Layer[], key: Key, plan: Plan): Map<string, Elements> {
  const values = new Map<string, Elements>();
  const scales = new Set(
    layers.flatMap(({ name, parameters }) =>
      parameters.filter(({ isScale }) => isScale).map(({ role }) => `${name}/${role}`),
    ),
  );
  for (const id of [...plan.parameters, ...plan.updates, ...plan.states]) {
    const tensor = plan.tensors[id]!;
    const isVariance = tensor.role === 'running' && tensor.name.endsWith('/variance');
    values.set(tensor.name, filled(tensor, isVariance || scales.has(tensor.name) ? 1 : 0));
  }
  for (const layer of layers) {
    const weight = layer.parameters.find(({ role }) => role === 'weight');
    if (!weight || weight.isScale) continue;
    const name = `${layer.name}/weight`;
    const drawn = draw(layer.settings.weightInit, weight, key, `${name}.initial`);
    const { weight: format } = layer.settings.formats;
    values.set(
      name,
      format === 'float32' ? Float32Array.from(drawn) : floatsToFixed(drawn, format, 'nearest'),
    );
  }
  return values;
}

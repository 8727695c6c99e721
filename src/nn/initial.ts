/** Initial parameters, drawn from the counter generator at sites of their own. Derived in docs/training.md. */
import { floatsToFixed, normalWeights, uniformWeights, type Key } from '../numerics/index.js';
import { elements, type Plan, type Tensor } from '../plan/index.js';
import type { WeightInit } from './configuration.js';
import type { Layer, Parameter } from './layer.js';

type Elements = Int16Array | Int32Array | Float32Array;

/** Real-valued weights; only + - * / and sqrt, which every engine rounds alike. */
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

/** An array of zeros in the tensor's storage. */
function zeros(tensor: Tensor): Elements {
  const count = elements(tensor.shape);
  if (tensor.storage === 'float32') return new Float32Array(count);
  return tensor.storage === 'int16' ? new Int16Array(count) : new Int32Array(count);
}

/**
 * Initial value of every parameter and update tensor of a plan, by tensor name: weights drawn and rounded to nearest,
 * biases and updates zero.
 */
export function initialParameters(layers: readonly Layer[], key: Key, plan: Plan): Map<string, Elements> {
  const values = new Map<string, Elements>();
  for (const id of [...plan.parameters, ...plan.updates])
    values.set(plan.tensors[id]!.name, zeros(plan.tensors[id]!));
  for (const layer of layers) {
    const weight = layer.parameters.find(({ role }) => role === 'weight');
    if (!weight) continue;
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

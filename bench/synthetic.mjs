// Training steps on synthetic inputs, the same at every call: pixels of which a fifth is not black, as in MNIST.
import { coefficientsOf } from '../dist/optim/index.js';

/** A function that makes training step `step` of a network. */
export function syntheticStep(definition, plan) {
  const tensor = plan.tensors[plan.trainInput];
  const { arithmetic, gradientShift, batch } = plan;
  const scale = arithmetic === 'float32' ? 1 : 2 ** tensor.format.fl;
  const kind = { int16: Int16Array, int32: Int32Array, float32: Float32Array }[tensor.storage];
  let state = 1;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const inputs = kind.from({ length: tensor.shape.reduce((a, b) => a * b, 1) }, () =>
    random() < 0.8 ? 0 : random() * scale,
  );
  const labels = Int32Array.from({ length: batch }, () => Math.floor(random() * 10));
  const coefficients = definition.optimizers.map((optimizer) =>
    coefficientsOf(optimizer, { arithmetic, gradientShift, batch, epoch: 0 }),
  );
  return (step) => ({ inputs, labels, coefficients, count: batch, step });
}

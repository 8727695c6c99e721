// A network of the zoo on TensorFlow.js, measured on request: reads a configuration (a line of JSON), answers with
// versions; then, for every `{ steps }`, trains and answers with the seconds that it took.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

// stdout is for answers alone.
console.log = console.info = console.warn = console.error;
const answer = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
// Both packages are CommonJS in Node.
const require = createRequire(import.meta.url);

/** The layers of a Fewbit configuration as a function of the images, and its variables. */
function build(tf, { layers, shape, deviation }) {
  let current = shape;
  const variables = [];
  const variable = (dimensions, fanIn) => {
    const spread = deviation ?? Math.sqrt(2 / fanIn);
    variables.push(tf.variable(tf.randomNormal(dimensions, 0, spread)));
    return variables.at(-1);
  };
  const bias = (size) => {
    variables.push(tf.variable(tf.zeros([size])));
    return variables.at(-1);
  };
  const steps = layers.flatMap((layer) => {
    const [height, width, channels] = current;
    const relu = layer.activation === 'relu' ? [(x) => tf.relu(x)] : [];
    if (layer.type === 'conv2d') {
      const { kernel, padding = 0 } = layer;
      const sides = [height, width].map((side) => side + 2 * padding - kernel + 1);
      current = [...sides, layer.channels];
      const w = variable([kernel, kernel, channels, layer.channels], kernel * kernel * channels);
      const b = bias(layer.channels);
      return [(x) => tf.conv2d(x, w, 1, padding).add(b), ...relu];
    }
    if (layer.type === 'maxPool') {
      const { kernel, stride = kernel } = layer;
      const sides = [height, width].map((side) => Math.ceil((side - kernel) / stride) + 1);
      current = [...sides, channels];
      return [(x) => tf.maxPool(x, kernel, stride, 'same')];
    }
    const size = current.reduce((product, side) => product * side, 1);
    current = [layer.units];
    const w = variable([size, layer.units], size);
    const b = bias(layer.units);
    return [(x) => x.reshape([x.shape[0], size]).matMul(w).add(b), ...relu];
  });
  return { variables, predict: (images) => steps.reduce((x, step) => step(x), images) };
}

/** Batches from the file: float32 images in NHWC, all of them, then int32 labels. */
function readBatches(tf, { data, batch, batches, shape, classes }) {
  const { buffer, byteOffset } = readFileSync(data);
  const size = shape.reduce((product, side) => product * side, batch);
  const images = new Float32Array(buffer, byteOffset, size * batches);
  const labels = new Int32Array(buffer, byteOffset + 4 * images.length, batch * batches);
  return Array.from({ length: batches }, (_, i) => ({
    images: tf.tensor4d(images.slice(i * size, (i + 1) * size), [batch, ...shape]),
    targets: tf.oneHot(tf.tensor1d(labels.slice(i * batch, (i + 1) * batch), 'int32'), classes).toFloat(),
  }));
}

async function main() {
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const setup = JSON.parse((await lines.next()).value);
  const tf = require('@tensorflow/tfjs');
  if (setup.backend === 'wasm') require('@tensorflow/tfjs-backend-wasm');
  await tf.setBackend(setup.backend);
  const { learningRate, momentum, weightDecay } = setup;
  const { variables, predict } = build(tf, setup);
  const batches = readBatches(tf, setup);
  const optimizer = momentum > 0 ? tf.train.momentum(learningRate, momentum) : tf.train.sgd(learningRate);
  const step = ({ images, targets }) =>
    tf.tidy(() => {
      const loss = () => tf.losses.softmaxCrossEntropy(targets, predict(images));
      const { value, grads } = tf.variableGrads(loss, variables);
      if (weightDecay > 0) {
        for (const one of variables) grads[one.name] = grads[one.name].add(one.mul(weightDecay));
      }
      optimizer.applyGradients(grads);
      return value.dataSync()[0];
    });
  answer({ version: tf.version_core });
  let number = 0;
  for await (const line of lines) {
    const { steps } = JSON.parse(line);
    const start = performance.now();
    try {
      for (let i = 0; i < steps; i++) step(batches[number++ % batches.length]);
      answer((performance.now() - start) / 1000);
    } catch (error) {
      answer({ error: error.message.split('\n')[0] });
    }
  }
}

await main();

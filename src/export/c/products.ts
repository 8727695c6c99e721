/** Dense layers and convolutions in C. */
import { UnsupportedError } from '../../backend/index.js';
import type { Conv2dOp, MatmulOp, TensorId } from '../../plan/index.js';
import { integerFormat } from '../subject.js';
import type { Constants } from './constants.js';
import { converted } from './convert.js';
import { indexOf, overPixels, type OpCode } from './op-code.js';
import { sumRegister } from './sums.js';
import { windowCode } from './window.js';

/** out[o] = convert(sum of input[k] * weight[o][k], then the bias). */
export function matmul(op: MatmulOp, constants: Constants, positive: ReadonlySet<TensorId>): OpCode {
  if (op.transposeLhs || op.transposeRhs) {
    throw new UnsupportedError(
      `${op.layer}: a product of transposed operands cannot be exported to C; it is one of training alone`,
    );
  }
  const { n, k, lhs, rhs, bias, out, convert, biasShift, accumulator } = op;
  const input = integerFormat(constants.tensor(lhs));
  const weights = constants.weights(rhs, n, `[outputs, inputs] = [${n}, ${k}]`);
  const biases = bias === null ? null : constants.parameter(bias);
  const sum = sumRegister({
    ...{ input, isPositive: positive.has(lhs), weight: weights.tensor, bias: biases?.tensor ?? null },
    ...{ outputs: n, biasShift, accumulator },
  });
  return {
    operands: [
      ['input', lhs],
      ['out', out],
    ],
    notes: [sum.text],
    body: `for (int32_t o = 0; o < ${n}; o++) {
    const ${weights.type} *weight = ${weights.name} + o * ${k};
    ${sum.start}
    for (int32_t k = 0; k < ${k}; k++) ${sum.add('input[k]', 'weight[k]')}
${biases ? `    ${sum.addBias(`${biases.name}[o]`)}\n` : ''}    out[o] = ${converted(convert!, sum.result, indexOf('o'))};
}
`,
  };
}

/** out[y, x, o] = convert(sum over the window's cells inside of the image, row by row, then the bias). */
export function conv2d(op: Conv2dOp, constants: Constants, positive: ReadonlySet<TensorId>): OpCode {
  const { window: w, outChannels, convert, biasShift, accumulator, bias } = op;
  const { kernelHeight, kernelWidth, channels } = w;
  const input = integerFormat(constants.tensor(op.input));
  const layout = `[outputs, rows, columns, channels] = [${[outChannels, kernelHeight, kernelWidth, channels].join(', ')}]`;
  const weights = constants.weights(op.weight, outChannels, layout);
  const biases = bias === null ? null : constants.parameter(bias);
  const sum = sumRegister({
    ...{ input, isPositive: positive.has(op.input), weight: weights.tensor, bias: biases?.tensor ?? null },
    ...{ outputs: outChannels, biasShift, accumulator },
  });
  const { vertical, horizontal } = windowCode(w);
  const columns = horizontal.isClipped ? '(j1 - j0)' : String(kernelWidth);
  const j0 = horizontal.isClipped ? ' + j0' : '';
  const length = horizontal.isClipped ? `${columns} * ${channels}` : String(kernelWidth * channels);
  // The cells of a row of the window lie side by side in the image and in the weight.
  const pixel = `for (int32_t o = 0; o < ${outChannels}; o++) {
    ${sum.start}
    for (int32_t i = ${vertical.from}; i < ${vertical.to}; i++) {
        const int32_t at = ((${vertical.first} + i) * ${w.width} + ${horizontal.first}${j0}) * ${channels};
        const int32_t tap = ((o * ${kernelHeight} + i) * ${kernelWidth}${j0}) * ${channels};
        for (int32_t t = 0; t < ${length}; t++) ${sum.add('input[at + t]', `${weights.name}[tap + t]`)}
    }
${biases ? `    ${sum.addBias(`${biases.name}[o]`)}\n` : ''}    out[n] = ${converted(convert!, sum.result, indexOf('n'))};
    n++;
}
`;
  return {
    operands: [
      ['input', op.input],
      ['out', op.out],
    ],
    notes: [sum.text],
    body: overPixels(w, pixel),
  };
}

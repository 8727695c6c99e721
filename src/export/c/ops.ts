/** The ops of an evaluation as C functions: loops with the plan's sizes, shifts and rounding written into them. */
import { UnsupportedError } from '../../backend/index.js';
import { formatText } from '../../numerics/index.js';
import {
  elements,
  type AddOp,
  type AveragePoolOp,
  type BatchNormOp,
  type Conv2dOp,
  type MatmulOp,
  type MaxPoolOp,
  type Op,
  type ReluOp,
  type TensorId,
} from '../../plan/index.js';
import { integerFormat } from '../subject.js';
import type { Constants } from './constants.js';
import { converted } from './convert.js';
import { sumRegister } from './sums.js';
import { indented, timesPower, typeOf } from './text.js';
import { windowCode } from './window.js';

/** What an op is in C. */
export interface OpCode {
  /** Parameters of its function by name: tensors that it reads, then `out`. */
  readonly operands: readonly (readonly [name: string, id: TensorId])[];
  /** More about it for the comment. */
  readonly notes: readonly string[];
  /** Statements; elements are counted from `first` where random words are drawn. */
  readonly body: string;
}

/** Index of an element in its batch, of which this example begins at `first`. */
const indexOf = (index: 'n' | 'o'): string => `first + (uint32_t)${index}`;

/**
 * The C of an op, `positive` being tensors that are never negative; null where all of it is known beforehand, or nobody asks for its result.
 * @throws UnsupportedError naming the layer, for an op that no evaluation of a network has.
 */
export function opCode(op: Op, constants: Constants, positive: ReadonlySet<TensorId>): OpCode | null {
  switch (op.kind) {
    case 'matmul':
      return matmul(op, constants, positive);
    case 'conv2d':
      return conv2d(op, constants, positive);
    case 'relu':
      return relu(op, constants);
    case 'add':
      return add(op, constants);
    case 'maxPool':
      return maxPool(op, constants);
    case 'averagePool':
      return averagePool(op, constants);
    case 'batchNorm':
      return batchNorm(op, constants);
    case 'runningMoments':
      constants.setRegisters(op);
      return null;
    case 'softmaxCrossEntropy':
      return null;
    default:
      throw new UnsupportedError(
        `${op.layer}: the op ${op.kind} cannot be exported to C; it is one of training alone`,
      );
  }
}

function matmul(op: MatmulOp, constants: Constants, positive: ReadonlySet<TensorId>): OpCode {
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

function conv2d(op: Conv2dOp, constants: Constants, positive: ReadonlySet<TensorId>): OpCode {
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

function relu(op: ReluOp, constants: Constants): OpCode {
  const out = constants.tensor(op.out);
  const type = typeOf(integerFormat(out));
  return {
    operands: [
      ['input', op.input],
      ['out', op.out],
    ],
    notes: [],
    body: overElements(out.shape, `out[n] = (${type})(input[n] > 0 ? input[n] : 0);`),
  };
}

function add(op: AddOp, constants: Constants): OpCode {
  const { lhs, rhs, out, shifts, convert } = op;
  const sum = `${timesPower(64, 'lhs[n]', shifts.lhs)} + ${timesPower(64, 'rhs[n]', shifts.rhs)}`;
  return {
    operands: [
      ['lhs', lhs],
      ['rhs', rhs],
      ['out', out],
    ],
    notes: [],
    body: overElements(constants.tensor(out).shape, `out[n] = ${converted(convert!, sum, indexOf('n'))};`),
  };
}

function maxPool(op: MaxPoolOp, constants: Constants): OpCode {
  const type = typeOf(integerFormat(constants.tensor(op.out)));
  const { window: w } = op;
  const { vertical, horizontal } = windowCode(w);
  const cell = (i: string, j: string): string => cellOf(w, i, j);
  const pixel = `for (int32_t c = 0; c < ${w.channels}; c++) {
    ${type} largest = input[${cell(vertical.from, horizontal.from)}];
    for (int32_t i = ${vertical.from}; i < ${vertical.to}; i++) {
        for (int32_t j = ${horizontal.from}; j < ${horizontal.to}; j++) {
            const ${type} value = input[${cell('i', 'j')}];
            if (value > largest) largest = value;
        }
    }
    out[n] = largest;
    n++;
}
`;
  return {
    operands: [
      ['input', op.input],
      ['out', op.out],
    ],
    notes: [],
    body: overPixels(w, pixel),
  };
}

function averagePool(op: AveragePoolOp, constants: Constants): OpCode {
  const { window: w, reciprocals, convert } = op;
  const { vertical, horizontal } = windowCode(w);
  const clips = vertical.isClipped || horizontal.isClipped;
  const cells = `(${vertical.to} - ${vertical.from}) * (${horizontal.to} - ${horizontal.from})`;
  const factor = clips
    ? `${constants.table(`${op.layer}/reciprocals`, '2^30 / n for n cells', reciprocals)}[${cells}]`
    : String(reciprocals[w.kernelHeight * w.kernelWidth]!);
  const pixel = `for (int32_t c = 0; c < ${w.channels}; c++) {
    int64_t sum = 0;
    for (int32_t i = ${vertical.from}; i < ${vertical.to}; i++) {
        for (int32_t j = ${horizontal.from}; j < ${horizontal.to}; j++) sum += input[${cellOf(w, 'i', 'j')}];
    }
    out[n] = ${converted(convert!, `sum * ${factor}`, indexOf('n'))};
    n++;
}
`;
  return {
    operands: [
      ['input', op.input],
      ['out', op.out],
    ],
    notes: [],
    body: overPixels(w, pixel),
  };
}

function batchNorm(op: BatchNormOp, constants: Constants): OpCode {
  const { channels, extraBits, shifts, convert } = op;
  const registers = constants.registers(op);
  const [gamma, beta] = [constants.parameter(op.gamma), constants.parameter(op.beta)];
  const rows = elements(constants.tensor(op.out).shape.slice(1, -1));
  // gamma times 32 bits is exact in 64; aligned it is proved to be.
  const scaled = `(int64_t)${gamma.name}[c] * normal`;
  const aligned = shifts.gamma === 0 ? scaled : `${scaled} * (INT64_C(1) << ${shifts.gamma})`;
  return {
    operands: [
      ['input', op.input],
      ['out', op.out],
    ],
    notes: ['running mean and variance'],
    body: `int32_t n = 0;
for (int32_t row = 0; row < ${rows}; row++) {
    for (int32_t c = 0; c < ${channels}; c++) {
        const int64_t apart = (int64_t)input[n] * ${2 ** extraBits} - ${registers}[c];
        const int32_t shift = ${registers}[${2 * channels} + c];
        const int64_t normal = clamp(round_nearest_up(apart * ${registers}[${channels} + c], shift), INT32_MIN, INT32_MAX);
        const int64_t sum = ${aligned} + ${timesPower(64, `${beta.name}[c]`, shifts.beta)};
        out[n] = ${converted(convert!, 'sum', indexOf('n'))};
        n++;
    }
}
`,
  };
}

/** Index of a cell of the window at (y, x) in the image. */
function cellOf(w: Parameters<typeof windowCode>[0], i: string, j: string): string {
  const { vertical, horizontal } = windowCode(w);
  const plus = (cell: string): string => (cell === '0' ? '' : ` + ${cell}`);
  return `((${vertical.first}${plus(i)}) * ${w.width} + ${horizontal.first}${plus(j)}) * ${w.channels} + c`;
}

function overPixels(w: Parameters<typeof windowCode>[0], statements: string): string {
  const { vertical, horizontal } = windowCode(w);
  return `int32_t n = 0;
for (int32_t y = 0; y < ${w.outHeight}; y++) {
${indented(vertical.declarations, 1)}    for (int32_t x = 0; x < ${w.outWidth}; x++) {
${indented(horizontal.declarations, 2)}${indented(statements, 2)}    }
}
`;
}

function overElements(shape: readonly number[], statement: string): string {
  return `for (int32_t n = 0; n < ${elements(shape.slice(1))}; n++) {\n    ${statement}\n}\n`;
}

/** `conv1/output [24, 24, 8] <6,10>`. */
export function tensorText({ name, shape, format }: ReturnType<Constants['tensor']>): string {
  return `${name} [${shape.slice(1).join(', ')}] ${format === null ? '' : formatText(format)}`;
}

/** Ops that work element by element, in C: ReLU, sums, batch normalisation. */
import { elements, type AddOp, type BatchNormOp, type ReluOp } from '../../plan/index.js';
import { integerFormat } from '../subject.js';
import type { Constants } from './constants.js';
import { converted } from './convert.js';
import { indexOf, overElements, type OpCode } from './op-code.js';
import { timesPower, typeOf } from './text.js';

/** out = max(input, 0). */
export function relu(op: ReluOp, constants: Constants): OpCode {
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

/** out = convert(lhs * 2^a + rhs * 2^b). */
export function add(op: AddOp, constants: Constants): OpCode {
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

/** out = convert(gamma * normalised(input) + beta), docs/numerics.md, section "Batch normalisation". */
export function batchNorm(op: BatchNormOp, constants: Constants): OpCode {
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

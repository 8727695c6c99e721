/** Max and average pooling in C. */
import type { AveragePoolOp, MaxPoolOp, Window } from '../../plan/index.js';
import { integerFormat } from '../subject.js';
import type { Constants } from './constants.js';
import { converted } from './convert.js';
import { indexOf, overPixels, type OpCode } from './op-code.js';
import { typeOf } from './text.js';
import { windowCode } from './window.js';

/** out = the largest cell of the window. */
export function maxPool(op: MaxPoolOp, constants: Constants): OpCode {
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

/**
 * out = convert(sum of the cells * 2^30 / their number): the factor is common to all cells of a window. A sum that is divided
 * exactly is floor(sum * 2^30 / cells), in two divisions that stay in 64 bits.
 */
export function averagePool(op: AveragePoolOp, constants: Constants): OpCode {
  const { window: w, reciprocals, convert } = op;
  const { vertical, horizontal } = windowCode(w);
  const clips = vertical.isClipped || horizontal.isClipped;
  const cells = `(${vertical.to} - ${vertical.from}) * (${horizontal.to} - ${horizontal.from})`;
  const all = w.kernelHeight * w.kernelWidth;
  const count = clips ? `(${cells})` : String(all);
  const mean = (): string => {
    if (op.divides) return `quotient(sum, ${count})`;
    const table = clips && constants.table(`${op.layer}/reciprocals`, '2^30 / n for n cells', reciprocals);
    return `sum * ${clips ? `${table}[${count}]` : String(reciprocals[all]!)}`;
  };
  const pixel = `for (int32_t c = 0; c < ${w.channels}; c++) {
    int64_t sum = 0;
    for (int32_t i = ${vertical.from}; i < ${vertical.to}; i++) {
        for (int32_t j = ${horizontal.from}; j < ${horizontal.to}; j++) sum += input[${cellOf(w, 'i', 'j')}];
    }
    out[n] = ${converted(convert!, mean(), indexOf('n'))};
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

/** Index of a cell of the window at (y, x) in the image. */
function cellOf(w: Window, i: string, j: string): string {
  const { vertical, horizontal } = windowCode(w);
  const plus = (cell: string): string => (cell === '0' ? '' : ` + ${cell}`);
  return `((${vertical.first}${plus(i)}) * ${w.width} + ${horizontal.first}${plus(j)}) * ${w.channels} + c`;
}

/** What an op of the plan is in C, and the loops that several of them have. */
import { formatText } from '../../numerics/index.js';
import { elements, type Tensor, type TensorId, type Window } from '../../plan/index.js';
import { indented } from './text.js';
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
export const indexOf = (index: 'n' | 'o'): string => `first + (uint32_t)${index}`;

/** Statements for every pixel (y, x) that a window makes; `n` counts the elements written. */
export function overPixels(w: Window, statements: string): string {
  const { vertical, horizontal } = windowCode(w);
  return `int32_t n = 0;
for (int32_t y = 0; y < ${w.outHeight}; y++) {
${indented(vertical.declarations, 1)}    for (int32_t x = 0; x < ${w.outWidth}; x++) {
${indented(horizontal.declarations, 2)}${indented(statements, 2)}    }
}
`;
}

/** A statement for every element `n` of one example. */
export function overElements(shape: readonly number[], statement: string): string {
  return `for (int32_t n = 0; n < ${elements(shape.slice(1))}; n++) {\n    ${statement}\n}\n`;
}

/** `conv1/output [24, 24, 8] <6,10>`. */
export function tensorText({ name, shape, format }: Tensor): string {
  return `${name} [${shape.slice(1).join(', ')}] ${format === null ? '' : formatText(format)}`;
}
